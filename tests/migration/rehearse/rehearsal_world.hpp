// What the pg tests of this room share: green of the shared lab, and scratch databases on it.
#pragma once

#include <thread>

#include <pqxx/pqxx>

#include "migration/rehearse/rehearse.hpp"
#include "migration/rehearse/scratch.hpp"
#include "postgres/quote.hpp"
#include "tests/migration/refused.hpp"
#include "tests/support/lab.hpp"

namespace pgteal::migration::rehearse {

using namespace std::chrono_literals;

inline std::string ident(const std::string& name) { return postgres::quote_identifier(name); }

class RehearsalWorld : public testing::Test {
protected:
    /// 15 or 17, by the lab's side.
    [[nodiscard]] static postgres::Dsn server(const std::string& side = "green") {
        return support::shared_lab().dsn(side);
    }

    static std::string value_on(const postgres::Dsn& dsn, const std::string& sql) {
        pqxx::connection connection(dsn.conninfo());
        const auto result = pqxx::nontransaction(connection).exec(sql);
        return result.empty() ? "" : result.at(0).at(0).c_str();
    }
    static void maintenance(const std::string& sql) { value_on(server().with_database("postgres"), sql); }
    static bool database_exists(const std::string& name) {
        return !value_on(server().with_database("postgres"),
                         "SELECT datname FROM pg_database WHERE datname = " + postgres::quote_literal(name))
                    .empty();
    }
    static bool role_exists(const std::string& name) {
        return !value_on(server().with_database("postgres"),
                         "SELECT rolname FROM pg_roles WHERE rolname = " + postgres::quote_literal(name))
                    .empty();
    }
};

} // namespace pgteal::migration::rehearse
