// A database of its own on a server of the shared lab: blue is Debian's 15, green npm's 17.
#pragma once

#include <string>

#include <pqxx/pqxx>

#include "base/async.hpp"
#include "tests/support/lab.hpp"

namespace pgteal::migration::lint::test {

class SideDatabase {
public:
    explicit SideDatabase(std::string side, const std::string& like = "template1") : side_(std::move(side)) {
        static int count = 0;
        name_ = "lint_" + std::to_string(++count);
        on("postgres", "CREATE DATABASE " + name_ + " TEMPLATE " + like);
    }
    ~SideDatabase() {
        try {
            on("postgres", "DROP DATABASE " + name_ + " WITH (FORCE)");
        } catch (const std::exception& error) {
            ADD_FAILURE() << error.what();
        }
    }
    SideDatabase(const SideDatabase&) = delete;
    SideDatabase& operator=(const SideDatabase&) = delete;

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] postgres::Dsn dsn() const {
        return support::shared_lab()
            .dsn(side_)
            .with_database(name_)
            .with("options",
                  "-c statement_timeout=60000 -c lock_timeout=20000 -c client_min_messages=warning")
            .with("connect_timeout", "10");
    }
    void sql(const std::string& text) const { on(name_, text); }
    [[nodiscard]] int major() const {
        pqxx::connection connection(dsn().conninfo());
        return connection.server_version() / 10000;
    }

private:
    void on(const std::string& database, const std::string& text) const {
        pqxx::connection connection(dsn().with_database(database).conninfo());
        pqxx::nontransaction(connection).exec(text);
    }

    std::string side_, name_;
};

} // namespace pgteal::migration::lint::test
