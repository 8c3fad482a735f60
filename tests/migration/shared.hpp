// What the pg tests of this room share: a database of its own on green for each test.
#pragma once

#include <thread>

#include <pqxx/pqxx>

#include "migration/apply/apply.hpp"
#include "tests/migration/refused.hpp"
#include "tests/support/lab.hpp"

namespace pgteal::migration {

using namespace std::chrono_literals;

class OnGreen : public testing::Test {
protected:
    OnGreen() {
        static int count = 0;
        database_ = "migrations_" + std::to_string(++count);
        maintenance("CREATE DATABASE " + database_);
        options_.lock_timeout = 300ms;
        options_.attempts = 2;
    }

    [[nodiscard]] postgres::Dsn dsn() const {
        return support::shared_lab().dsn("green").with_database(database_);
    }

    static void maintenance(const std::string& sql) {
        pqxx::connection connection(support::shared_lab().dsn("green").with_database("postgres").conninfo());
        pqxx::nontransaction(connection).exec(sql);
    }

    void sql(const std::string& text) const {
        pqxx::connection connection(dsn().conninfo());
        pqxx::nontransaction(connection).exec(text);
    }

    /// The first field of the answer.
    [[nodiscard]] std::string value(const std::string& text) const {
        pqxx::connection connection(dsn().conninfo());
        const auto result = pqxx::nontransaction(connection).exec(text);
        return result.empty() ? "no row" : result.at(0).at(0).c_str();
    }

    bool comes_true(const std::string& condition, std::chrono::milliseconds patience = 15s) const {
        const auto give_up = Clock::now() + patience;
        while (Clock::now() < give_up) {
            if (value("SELECT (" + condition + ")::text") == "true") {
                return true;
            }
            std::this_thread::sleep_for(20ms);
        }
        return false;
    }

    [[nodiscard]] bool exists(const std::string& relation) const {
        return value("SELECT to_regclass('" + relation + "') IS NOT NULL") == "t";
    }

    /// Files V1, V2, … of these texts.
    static std::vector<File> files(const std::vector<std::string>& texts) {
        std::vector<File> result;
        result.reserve(texts.size());
        for (const auto& text : texts) {
            result.push_back(parse_file("V" + std::to_string(result.size() + 1) + "__x.sql", text));
        }
        return result;
    }

    std::vector<Applied> apply_texts(const std::vector<std::string>& texts) {
        return apply(dsn(), files(texts), options_, nullptr);
    }

    /// "1 applied 2, 2 failed 1": version, state and statements done of each row.
    [[nodiscard]] std::string rows() const {
        std::string text;
        for (const auto& row : history(dsn())) {
            text += (text.empty() ? "" : ", ") + row.version + " " + row.state + " " +
                    std::to_string(row.statements_done);
        }
        return text;
    }

    /// Ends the session that runs a file, once `condition` holds there; every session of the apply when it
    /// never does.
    void end_worker_when(const std::string& condition) const {
        const std::string worker =
            "datname = current_database() AND application_name = 'pgteal migrate apply'";
        const bool seen =
            comes_true("EXISTS (SELECT FROM pg_stat_activity WHERE " + worker + " AND " + condition + ")");
        EXPECT_TRUE(seen) << "never so: " << condition;
        sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE " +
            (seen ? worker : "datname = current_database() AND application_name LIKE 'pgteal%'"));
    }

    std::string database_;
    Options options_;
};

} // namespace pgteal::migration
