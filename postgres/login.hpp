// Private to postgres/: a login that the server answered, and refused.
#pragma once

#include <string>

#include "base/error.hpp"

namespace pgteal::postgres {

/// Another host would not be a better answer.
class LoginRefused : public Error {
public:
    LoginRefused(std::string sqlstate, const std::string& side, const std::string& message,
                 const std::string& hint)
        : Error(ErrorCode::unreachable, side, message, hint), sqlstate_(std::move(sqlstate)) {}
    [[nodiscard]] const std::string& sqlstate() const { return sqlstate_; }

private:
    std::string sqlstate_;
};

} // namespace pgteal::postgres
