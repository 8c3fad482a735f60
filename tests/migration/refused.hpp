// For tests that expect an Error.
#pragma once

#include <functional>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"

namespace pgteal::migration {

inline std::optional<Error> error_of(const std::function<void()>& work) {
    try {
        work();
    } catch (const Error& error) {
        return error;
    }
    return std::nullopt;
}

/// Fails unless `work` throws an Error of that code whose message holds `part`; every such error has a next
/// step.
inline void expect_error(ErrorCode code, const std::string& part, const std::function<void()>& work) {
    const auto error = error_of(work);
    ASSERT_TRUE(error) << "no error, expected: " << part;
    EXPECT_EQ(name(error->code()), name(code)) << error->what();
    EXPECT_THAT(error->what(), testing::HasSubstr(part));
    EXPECT_THAT(error->what(), testing::Not(testing::HasSubstr("\n")));
    EXPECT_FALSE(error->hint().empty()) << error->what();
}

} // namespace pgteal::migration
