// The one family of errors. Every error is written for the operator at 3 a.m.: what happened and on which
// side, and what to type next. Messages never hold a secret.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace pgteal {

/// What kind of thing went wrong; the name is the stable `code` of a --json error document.
enum class ErrorCode {
    usage,           ///< the command line makes no sense
    config,          ///< the config file can't be used
    unreachable,     ///< a server or pooler does not answer, or refuses the login
    privilege,       ///< the server says the role may not
    server,          ///< the server refused a statement (see ServerError)
    connection_lost, ///< the connection broke; what was under way may or may not have happened
    deadline,        ///< a wait ran past its deadline
    program,         ///< pg_dump, pg_restore or a hook failed
    file,            ///< a file can't be read or written, or is not what it should be
    refused,         ///< a check or gate says no; nothing was touched
    conflict,        ///< what is there is not what pgteal made or expects
    busy,            ///< another controller holds the run
    wrong_state,     ///< the command doesn't fit where the run stands
    migration,       ///< a migration file failed
    damage,          ///< a comparison found different data
    internal,        ///< a mistake of ours
};

std::string_view name(ErrorCode code);

class Error : public std::runtime_error {
public:
    /// `side`: "blue", "green", a pooler's name, "controller", or "" when none is meant.
    /// `hint`: the next thing to do, as a sentence or a command; may be empty where the caller knows better.
    Error(ErrorCode code, std::string side, const std::string& message, std::string hint = {})
        : std::runtime_error(message), code_(code), side_(std::move(side)), hint_(std::move(hint)) {}

    [[nodiscard]] ErrorCode code() const { return code_; }
    [[nodiscard]] const std::string& side() const { return side_; }
    [[nodiscard]] const std::string& hint() const { return hint_; }

private:
    ErrorCode code_;
    std::string side_;
    std::string hint_;
};

/// The server answered a statement with an error.
class ServerError : public Error {
public:
    ServerError(std::string side, const std::string& message, std::string sqlstate, std::string hint = {},
                std::string detail = {})
        : Error(code_of(sqlstate), std::move(side), message, std::move(hint)), sqlstate_(std::move(sqlstate)),
          detail_(std::move(detail)) {}

    /// Five characters (PostgreSQL docs, appendix A).
    [[nodiscard]] const std::string& sqlstate() const { return sqlstate_; }
    [[nodiscard]] const std::string& detail() const { return detail_; }
    /// 1-based character position of the error in the statement, 0 when the server gave none.
    int position = 0;

private:
    static ErrorCode code_of(std::string_view sqlstate) {
        return sqlstate == "42501" ? ErrorCode::privilege : ErrorCode::server;
    }
    std::string sqlstate_;
    std::string detail_;
};

/// The connection broke. `in_doubt`: a statement had been sent and its outcome is unknown; observe, never
/// retry blindly.
class ConnectionLost : public Error {
public:
    ConnectionLost(std::string side, const std::string& message, bool in_doubt)
        : Error(ErrorCode::connection_lost, std::move(side), message), in_doubt_(in_doubt) {}
    [[nodiscard]] bool in_doubt() const { return in_doubt_; }

private:
    bool in_doubt_;
};

/// A wait ran past its deadline. The connection it happened on must not be used again.
class DeadlinePassed : public Error {
public:
    DeadlinePassed(std::string side, const std::string& message, std::string hint = {})
        : Error(ErrorCode::deadline, std::move(side), message, std::move(hint)) {}
};

} // namespace pgteal
