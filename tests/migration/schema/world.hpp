// Two servers of different majors, and a database of its own on both for each test.
#pragma once

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pqxx/pqxx>

#include "migration/schema/drift.hpp"
#include "postgres/error.hpp"
#include "postgres/quote.hpp"
#include "tests/support/lab.hpp"

namespace pgteal::migration::schema {

inline std::string rich_schema() {
    std::ifstream in(PGTEAL_SOURCE_DIR "/tests/migration/schema/rich.sql");
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

class BothSides : public testing::Test {
protected:
    BothSides() {
        static int count = 0;
        database_ = "drift_" + std::to_string(++count);
        if (count == 1) {
            sql("green", "CREATE ROLE app LOGIN", "postgres");
        }
        sql("blue", "CREATE DATABASE " + database_ + " OWNER app", "postgres");
        sql("green", "CREATE DATABASE " + database_ + " OWNER app", "postgres");
    }
    ~BothSides() override {
        EXPECT_EQ(scratch_databases(), "") << "left behind";
        sql("blue", "DROP DATABASE IF EXISTS " + database_ + " WITH (FORCE)", "postgres");
        sql("green", "DROP DATABASE IF EXISTS " + database_ + " WITH (FORCE)", "postgres");
    }

    static support::Lab& lab() { return support::shared_lab(); }

    [[nodiscard]] postgres::Dsn dsn(const std::string& side, const std::string& database = "") const {
        return lab().dsn(side).with_database(database.empty() ? database_ : database);
    }
    void sql(const std::string& side, const std::string& text, const std::string& database = "") const {
        pqxx::connection connection(dsn(side, database).conninfo());
        pqxx::nontransaction(connection).exec(text);
    }
    void both(const std::string& text) const {
        sql("blue", text);
        sql("green", text);
    }
    [[nodiscard]] std::string value(const std::string& side, const std::string& text,
                                    const std::string& database = "") const {
        pqxx::connection connection(dsn(side, database).conninfo());
        const auto result = pqxx::nontransaction(connection).exec(text);
        return result.empty() || result.at(0).at(0).is_null() ? "" : result.at(0).at(0).c_str();
    }
    [[nodiscard]] std::string scratch_databases() const {
        return value("green", "SELECT string_agg(datname, ' ') FROM pg_database WHERE datname LIKE 'pgteal%'",
                     "postgres");
    }

    /// drift of this test's database, with everything that `change` sets.
    Report drifted(const std::function<void(Request&)>& change = nullptr) const {
        Report report;
        run_here([&] { return run(this, &change, &report); });
        return report;
    }

    static std::string words(const Report& report) {
        std::string text;
        for (const auto* list : {&report.drift, &report.explained, &report.notes}) {
            for (const auto& one : *list) {
                text += one.kind + " " + one.object + ": " + one.what +
                        "\n  blue: " + one.blue.value_or("-") + "\n  green: " + one.green.value_or("-") +
                        "\n  expected: " + one.expected.value_or("-") + "\n  sql: " + one.sql + "\n";
            }
        }
        for (const auto& remark : report.remarks) {
            text += remark + "\n";
        }
        return text;
    }

    std::string database_;

private:
    static Task<std::vector<std::string>> create(std::string name) {
        std::vector<std::string> statements{"CREATE DATABASE " + postgres::quote_identifier(name) +
                                            " TEMPLATE template0"};
        co_return statements;
    }
    static Task<std::string> tools() { co_return "/usr/lib/postgresql/15/bin"; }
    static Task<void> run(const BothSides* test, const std::function<void(Request&)>* change,
                          Report* report) {
        postgres::Server blue("blue", lab().dsn("blue"));
        postgres::Server green("green", lab().dsn("green"));
        Request request{blue, green, test->database_, "", {}, {}, create, tools, {}, {}};
        if (*change) {
            (*change)(request);
        }
        *report = co_await drift(std::move(request), after(std::chrono::seconds(60)));
    }
};

} // namespace pgteal::migration::schema
