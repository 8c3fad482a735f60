// What the pg tests of this room share: connections to the shared lab.
#pragma once

#include "postgres/connection.hpp"
#include "tests/support/co_test.hpp"
#include "tests/support/lab.hpp"

namespace pgteal::postgres {

using namespace std::chrono_literals;

inline Task<Connection> open_on(std::string side, std::string database = "app") {
    Dsn dsn = support::shared_lab().dsn(side).with_database(side == "green" ? "postgres" : database);
    return Connection::open(std::move(dsn), side, after(10s));
}

/// Runs a statement that must fail, and returns the error.
template <typename Expected, typename Value>
Task<std::optional<Expected>> error_of(Task<Value> task) {
    try {
        co_await std::move(task);
    } catch (const Expected& error) {
        co_return error;
    }
    ADD_FAILURE() << "the statement did not fail as expected";
    co_return std::nullopt;
}

} // namespace pgteal::postgres
