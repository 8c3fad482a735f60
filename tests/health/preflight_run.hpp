// Preflight on real servers, for tests: run it, look a check up, and know what the catalogs held before.
#pragma once

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "health/checks/preflight.hpp"
#include "tests/support/co_test.hpp"
#include "tests/support/lab.hpp"

namespace pgteal::health::testing_support {

using Results = std::map<std::string, CheckResult>;

inline Deadline soon() { return after(std::chrono::seconds(60)); }

inline PreflightInput input_for(const std::vector<std::string>& databases) {
    PreflightInput input;
    input.databases = databases;
    input.run_name = "lab";
    input.dump_version = 150020;
    input.blue_peer_conninfo = support::shared_lab().dsn("blue").conninfo();
    input.green_peer_conninfo = support::shared_lab().dsn("green").conninfo();
    return input;
}

inline Task<Results> run_preflight(postgres::Dsn blue_dsn, postgres::Dsn green_dsn, PreflightInput input) {
    postgres::Server blue("blue", std::move(blue_dsn));
    postgres::Server green("green", std::move(green_dsn));
    auto list = co_await preflight(blue, green, std::move(input), soon());
    Results results;
    for (auto& result : list) {
        EXPECT_EQ(results.count(result.check), 0U) << result.check << " twice";
        for (const auto& finding : result.findings) {
            EXPECT_EQ(finding.check, result.check);
            EXPECT_FALSE(finding.message.empty());
        }
        results.insert_or_assign(result.check, std::move(result));
    }
    co_return results;
}

inline Task<Results> run_preflight(PreflightInput input) {
    auto& lab = support::shared_lab();
    auto results = co_await run_preflight(lab.dsn("blue"), lab.dsn("green"), std::move(input));
    co_return results;
}

/// The findings of one check as "level side object" lines.
inline std::vector<std::string> lines(const Results& results, const std::string& check) {
    std::vector<std::string> out;
    const auto found = results.find(check);
    if (found == results.end()) {
        return {"no such check"};
    }
    for (const auto& finding : found->second.findings) {
        out.push_back(to_string(finding.level) + " " + finding.side + " " + finding.object);
    }
    return out;
}

inline std::vector<std::string> errors(const Results& results) {
    std::vector<std::string> out;
    for (const auto& [check, result] : results) {
        for (const auto& finding : result.findings) {
            if (finding.level == Level::error) {
                out.push_back(check + ": " + finding.message);
            }
        }
    }
    return out;
}

/// SQL on one side of the shared lab, in one database, as pgteal.
inline Task<void> run_sql(std::string side, std::string database, std::string sql) {
    postgres::Server server(side, support::shared_lab().dsn(side));
    co_await server.script(std::move(database), std::move(sql), soon());
}

} // namespace pgteal::health::testing_support
