// Two servers of different majors, and a database of its own on both for each test.
#pragma once

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pqxx/pqxx>

#include "base/error.hpp"
#include "migration/schema/drift.hpp"
#include "postgres/quote.hpp"
#include "tests/support/lab.hpp"

namespace pgteal::migration::schema {

inline std::string rich_schema() {
    std::ifstream in(PGTEAL_SOURCE_DIR "/tests/migration/schema/rich.sql");
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

struct Planted {
    std::string on_green; ///< what somebody did there
    std::string kind, object, what;
    std::string fix;    ///< part of the SQL that reconciles; of nothing but comments when it begins with one
    std::string undo{}; ///< when that SQL is a comment or nothing, or others of the differences remain
};

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

    /// One after the other: each is found, and gone when the SQL that reconciles and `undo` were run.
    void plant_each(const std::vector<Planted>& planted) const {
        for (const auto& plant : planted) {
            SCOPED_TRACE(plant.on_green);
            sql("green", plant.on_green);
            const auto report = drifted();
            const auto found =
                std::find_if(report.drift.begin(), report.drift.end(), [&plant](const Finding& one) {
                    return one.kind == plant.kind && one.object == plant.object;
                });
            if (found == report.drift.end()) {
                ADD_FAILURE() << "not found; instead:\n" << words(report);
                sql("green", plant.undo);
                continue;
            }
            if (plant.undo.empty()) {
                EXPECT_EQ(report.drift.size(), 1U) << words(report);
            }
            check(*found, plant);
            // Each alone, as CONCURRENTLY has to be.
            for (std::size_t from = 0; from < found->sql.size();) {
                const auto to = std::min(found->sql.find(";\n", from), found->sql.size());
                EXPECT_NO_THROW(sql("green", found->sql.substr(from, to - from))) << found->sql;
                from = to + 2;
            }
            sql("green", plant.undo);
            const auto after = drifted();
            // A column that was added again is the last one.
            EXPECT_TRUE(after.equal()) << "after the fix:\n" << found->sql << "\n" << words(after);
        }
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
    static void check(const Finding& found, const Planted& plant) {
        EXPECT_THAT(found.what, testing::HasSubstr(plant.what));
        EXPECT_THAT(found.sql, testing::HasSubstr(plant.fix));
        EXPECT_EQ(found.side, "green");
        EXPECT_EQ(found.blue.has_value(), found.what.find("only on green") == std::string::npos);
        EXPECT_EQ(found.green.has_value(), found.what != "missing on green");
        EXPECT_NE(found.blue, found.green);
        // What drops or takes away is a comment.
        std::istringstream lines(found.sql);
        for (std::string line; std::getline(lines, line);) {
            EXPECT_TRUE(line.starts_with("-- ") ||
                        (!plant.fix.starts_with("-- ") && line.find("DROP TABLE") == std::string::npos &&
                         line.find("DROP COLUMN") == std::string::npos &&
                         line.find("REVOKE") == std::string::npos))
                << line;
        }
    }
    static Task<std::vector<std::string>> create(std::string name) {
        std::vector<std::string> statements{"CREATE DATABASE " + postgres::quote_identifier(name) +
                                            " TEMPLATE template0"};
        co_return statements;
    }
    static Task<std::string> tools() { co_return lab().value("CLIENT_BIN"); }
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
