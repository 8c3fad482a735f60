// A world of two databases and two poolers with clients at work, which one side serves: for scenarios that
// kill pgteal in a switchover, resume, and look.
#pragma once

#include <gtest/gtest.h>

#include "postgres/connection.hpp"
#include "tests/support/crash.hpp"

namespace pgteal::support {

inline std::string other_side(const std::string& side) { return side == "blue" ? "green" : "blue"; }

inline Task<void> read_config(postgres::Dsn console, std::string pooler, std::vector<std::string>* lines) {
    auto connection =
        co_await postgres::Connection::open(std::move(console), "console", after(std::chrono::seconds(10)));
    const auto results = co_await connection.script("SHOW CONFIG", after(std::chrono::seconds(10)));
    const auto& shown = results.front();
    for (int row = 0; row < shown.rows(); ++row) {
        lines->push_back(pooler + " " + std::string(shown.text(row, 0)) + " = " +
                         std::string(shown.text(row, 1)));
    }
}

class SwitchWorld : public testing::Test {
protected:
    SwitchWorld() {
        for (const std::string side : {"blue", "green"}) {
            identity_[side] = std::stoll(
                scenario.value(side, "postgres", "SELECT system_identifier FROM pg_control_system()"));
        }
    }

    void prepare() {
        const auto prepared = scenario.pgteal({"prepare"});
        ASSERT_EQ(prepared.exit_code, 0) << prepared;
        scenario.start_workload(6, 100, 10);
        tail = std::make_unique<Tail>(scenario);
        settings_ = show_config();
        scenario.say("prepared; clients work");
    }

    /// SHOW CONFIG of every pooler, "pgb1 server_login_retry = 15".
    std::vector<std::string> show_config() {
        std::vector<std::string> lines;
        for (const std::string pooler : {"pgb1", "pgb2"}) {
            run_here([&] { return read_config(scenario.lab().admin_dsn(pooler), pooler, &lines); });
        }
        return lines;
    }

    static std::string command(const std::string& to) { return to == "green" ? "cutover" : "switch-back"; }

    /// What has to be so whenever the run rests.
    void expect_rest() {
        const auto status = scenario.status();
        EXPECT_EQ(status.at("serving").as_string(), serving);
        EXPECT_EQ(status.at("epoch").as_int64(), epoch);
        for (const auto& pooler : status.at("poolers").as_array()) {
            EXPECT_TRUE(pooler.at("reachable").as_bool());
            EXPECT_EQ(pooler.at("entries").as_array().size(), 2U);
            for (const auto& entry : pooler.at("entries").as_array()) {
                EXPECT_EQ(entry.at("side").as_string(), serving) << pooler;
                EXPECT_FALSE(entry.at("paused").as_bool()) << pooler;
            }
        }
        EXPECT_EQ(show_config(), settings_);
        for (const auto& side : {serving, other_side(serving)}) {
            const bool stands = side != serving;
            const auto fence =
                scenario.query(side, "postgres",
                               "SELECT datname, datconnlimit = 0, "
                               "COALESCE('default_transaction_read_only=on' = ANY (setconfig), false)"
                               " FROM pg_database LEFT JOIN pg_db_role_setting ON setdatabase = "
                               "pg_database.oid AND setrole = 0"
                               " WHERE datname IN ('app', 'second') ORDER BY 1");
            const std::string flag = stands ? "|t|t" : "|f|f";
            EXPECT_EQ(fence, (std::vector<std::string>{"app" + flag, "second" + flag})) << side;
            EXPECT_EQ(scenario.query(side, "app", "SELECT epoch, serving FROM pgteal.run"),
                      std::vector<std::string>{std::to_string(epoch) + "|" + serving})
                << side;
        }
        tail->skip();
        EXPECT_TRUE(tail->wait_acknowledged(identity_[serving], 15, std::chrono::seconds(10)))
            << "clients don't commit on " << serving << ", or do on the other side";
    }

    void move() {
        const auto to = other_side(serving);
        const auto run = scenario.pgteal_json({command(to)});
        ASSERT_EQ(run.exit_code, 0) << run;
        serving = to;
        ++epoch;
        expect_rest();
        scenario.say("undisturbed " + command(to) + ": " + serving + " serves, epoch " +
                     std::to_string(epoch));
    }

    Scenario scenario{{"--databases", "app,second", "--poolers", "2"}};
    std::unique_ptr<Tail> tail;
    std::string serving = "blue";
    std::int64_t epoch = 1;

private:
    std::map<std::string, workload::Id> identity_;
    std::vector<std::string> settings_; ///< of the poolers, before anything was switched
};

} // namespace pgteal::support
