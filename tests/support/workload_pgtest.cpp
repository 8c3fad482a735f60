// The workload through a real pooler, and damage planted in real tables.
#include <algorithm>
#include <thread>

#include <gtest/gtest.h>

#include "tests/support/lab.hpp"
#include "tests/support/workload.hpp"
#include "tests/support/workload_schema.hpp"

namespace pgteal::workload {
namespace {

using namespace std::chrono_literals;

const auto* const lab_setup =
    testing::AddGlobalTestEnvironment(new support::SharedLab({"--poolers", "2", "--scale", "0"}));

class WorkloadOnBlue : public testing::Test {
protected:
    WorkloadOnBlue() {
        auto& lab = support::shared_lab();
        blue = lab.dsn("blue").with_database("app").conninfo();
        init(lab.app_dsn("blue", "app").conninfo());
        std::filesystem::remove(log);
    }

    RunOptions options() const {
        auto& lab = support::shared_lab();
        RunOptions run;
        run.dsns = {lab.app_dsn("pgb1", "app").conninfo(), lab.app_dsn("pgb2", "app").conninfo()};
        run.log = log;
        run.probe_rate = 20;
        return run;
    }

    CheckReport check(Rules rules = {}) const {
        CheckRequest request;
        request.logs = {log};
        request.blue = blue;
        request.rules = rules;
        return check_servers(request);
    }

    void on_blue(const std::string& sql) const {
        auto session = connect_to_check(blue, "blue");
        const auto reply = session.run(sql.c_str());
        ASSERT_TRUE(reply.ok()) << reply.message;
        ASSERT_FALSE(reply.tag().ends_with(" 0")) << "nothing was changed by: " << sql;
    }

    std::string blue;
    std::filesystem::path log = support::shared_lab().dir() + "/workload.log";
};

TEST_F(WorkloadOnBlue, LosesNothingAndEveryPlantedDamageIsFound) {
    Workload workload(options());
    ASSERT_TRUE(workload.wait_acknowledged(600, 60s));
    const auto summary = workload.stop();
    EXPECT_EQ(summary.all.failed + summary.all.unknown + summary.all.missing + summary.connect_errors, 0)
        << to_text(summary);
    EXPECT_EQ(summary.dsns.size(), 2U);
    EXPECT_EQ(summary.servers.size(), 1U);
    EXPECT_EQ(summary.kinds.size(), kind_names.size()) << to_text(summary);
    const auto good = check({.min_per_side = 600, .switches = 0, .max_errors = 0});
    ASSERT_TRUE(good.ok()) << to_text(good);
    EXPECT_FALSE(check({.min_per_side = summary.all.acknowledged + 1}).ok());

    struct Damage {
        const char* sql;
        const char* mended_by; // so that the next one stands alone
        Verdict verdict;
    };
    const std::array damages{
        Damage{"WITH gone AS (DELETE FROM workload.events WHERE id = (SELECT max(id) FROM workload.events) "
               "RETURNING *) "
               "INSERT INTO public.spare SELECT id, client, payload, server FROM gone",
               "INSERT INTO workload.events SELECT * FROM public.spare", Verdict::lost},
        Damage{"UPDATE workload.events SET payload = payload || 'x' WHERE id = (SELECT max(id) FROM "
               "workload.events)",
               "UPDATE workload.events SET payload = rtrim(payload, 'x') WHERE payload LIKE '%x'",
               Verdict::wrong},
        Damage{"INSERT INTO workload.events (id, client, payload) VALUES (1, 0, md5('1'))",
               "DELETE FROM workload.events WHERE id = 1", Verdict::wrong},
        Damage{"UPDATE workload.counters SET n = n - 1 WHERE id = 2",
               "UPDATE workload.counters SET n = n + 1 WHERE id = 2", Verdict::lost},
        Damage{"UPDATE workload.counters SET n = n + 1 WHERE id = 2",
               "UPDATE workload.counters SET n = n - 1 WHERE id = 2", Verdict::duplicated},
        Damage{"UPDATE workload.accounts SET balance = balance + 1 WHERE id = 7",
               "UPDATE workload.accounts SET balance = balance - 1 WHERE id = 7", Verdict::wrong},
        Damage{
            "UPDATE workload.toasted SET big = big || 'x' WHERE id = (SELECT max(id) FROM workload.toasted)",
            "UPDATE workload.toasted SET big = rtrim(big, 'x') WHERE big LIKE '%x'", Verdict::wrong},
        Damage{
            "UPDATE workload.keyed SET server = server - 1 WHERE id = (SELECT max(id) FROM workload.keyed)",
            "UPDATE workload.keyed SET server = server + 1 WHERE id = (SELECT max(id) FROM workload.keyed)",
            Verdict::wrong},
        Damage{"INSERT INTO workload.items (id) SELECT max(id) FROM workload.tombstones",
               "DELETE FROM workload.items WHERE id = (SELECT max(id) FROM workload.tombstones)",
               Verdict::wrong},
        Damage{"INSERT INTO workload.draws (id, op, sequence, value, server) SELECT -1, op, sequence, value, "
               "server "
               "FROM workload.draws LIMIT 1",
               "DELETE FROM workload.draws WHERE id = -1", Verdict::duplicated},
    };
    on_blue("CREATE TABLE public.spare (id bigint, client int, payload text, server bigint)");
    for (const auto& damage : damages) {
        ASSERT_NO_FATAL_FAILURE(on_blue(damage.sql));
        const auto report = check();
        EXPECT_FALSE(report.ok()) << damage.sql;
        EXPECT_GE(report.findings.of(damage.verdict).count, 1) << damage.sql << '\n' << to_text(report);
        ASSERT_NO_FATAL_FAILURE(on_blue(damage.mended_by));
    }
    const auto mended = check();
    EXPECT_TRUE(mended.ok()) << to_text(mended);
    on_blue("DROP TABLE public.spare");
}

TEST_F(WorkloadOnBlue, LogsWhatAKilledWorkloadLeftUnknown) {
    Workload workload(options());
    ASSERT_TRUE(workload.wait_acknowledged(200, 60s));
    workload.kill();
    EXPECT_THROW(workload.stop(), Failure);
    const auto report = check({.faults = true});
    EXPECT_TRUE(report.ok()) << to_text(report);
    EXPECT_FALSE(report.summary.drained);
}

TEST_F(WorkloadOnBlue, SurvivesACrashOfTheServerWithoutLosingAnything) {
    auto& lab = support::shared_lab();
    Workload workload(options());
    ASSERT_TRUE(workload.wait_acknowledged(200, 60s));
    lab.kill9("blue");
    lab.start("blue");
    ASSERT_TRUE(workload.wait_acknowledged(200, 60s));
    CheckRequest request;
    request.blue = blue;
    request.rules.faults = true;
    const auto report = workload.check(request);
    EXPECT_TRUE(report.ok()) << to_text(report);
    EXPECT_GT(report.summary.all.failed + report.summary.all.unknown, 0) << "the crash was felt";
}

TEST_F(WorkloadOnBlue, MeasuresHowLongClientsWereHeld) {
    auto& lab = support::shared_lab();
    Workload workload(options());
    ASSERT_TRUE(workload.wait_acknowledged(100, 60s));
    Window window{"frozen", now_us(), 0};
    lab.freeze("blue");
    std::this_thread::sleep_for(700ms);
    lab.thaw("blue");
    window.to_us = now_us(); // stopping the server's processes takes its time too
    ASSERT_TRUE(workload.wait_acknowledged(100, 60s));
    workload.stop();
    for (const auto& gap : gaps(workload.log(), {window})) {
        EXPECT_GT(gap.longest_us, 600'000);
        EXPECT_GT(gap.max_latency_us, 600'000);
        EXPECT_EQ(gap.errors, 0);
    }
}

// Plain logical replication, no pgteal: what the checker says of two sides that are in step, and of two that
// are not.
TEST_F(WorkloadOnBlue, HoldsTheStandingSideToTheSame) {
    auto& lab = support::shared_lab();
    const auto green = lab.dsn("green").with_database("app").conninfo();
    const auto on_green = [&](const std::string& sql) {
        auto session = connect_to_check(green, "green");
        const auto reply = session.run(sql.c_str());
        ASSERT_TRUE(reply.ok()) << reply.message;
    };
    auto maintenance = connect_to_check(lab.dsn("green").with_database("postgres").conninfo(), "green");
    ASSERT_TRUE(maintenance.run("CREATE DATABASE app").ok());
    init(green);
    on_green("TRUNCATE workload.counters, workload.accounts CASCADE");
    on_blue("CREATE PUBLICATION step FOR TABLES IN SCHEMA workload");
    on_green("CREATE SUBSCRIPTION step CONNECTION $$" + blue + "$$ PUBLICATION step");

    Workload workload(options());
    ASSERT_TRUE(workload.wait_acknowledged(500, 60s));
    CheckRequest request{
        .blue = blue, .green = green, .both = true, .rules = {.switches = 0, .max_errors = 0}};
    const auto good = workload.check(request);
    EXPECT_TRUE(good.ok()) << to_text(good);
    EXPECT_TRUE(std::ranges::all_of(good.tables, [](const auto& table) { return table.equal == true; }))
        << to_text(good);

    request.logs = {log};
    request.settle = 1s;
    on_green("UPDATE workload.accounts SET balance = balance + 1 WHERE id = 3");
    const auto altered = check_servers(request);
    EXPECT_FALSE(altered.ok());
    EXPECT_EQ(altered.findings.of(Verdict::wrong).examples.front().side, "green") << to_text(altered);
    on_green("UPDATE workload.accounts SET balance = balance - 1 WHERE id = 3");
    EXPECT_TRUE(check_servers(request).ok());
    on_green("ALTER SUBSCRIPTION step DISABLE");
    on_green("DELETE FROM workload.events WHERE id = (SELECT max(id) FROM workload.events)");
    request.rules = {.serving = Side::green};
    const auto behind = check_servers(request);
    EXPECT_EQ(behind.findings.of(Verdict::lost).count, 1) << to_text(behind);
    on_green("DROP SUBSCRIPTION step");
    on_blue("DROP PUBLICATION step");
}

} // namespace
} // namespace pgteal::workload
