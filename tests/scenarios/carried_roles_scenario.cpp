// What changes of roles and privileges in a run meets what a migration, an operator or another session did on
// the other side: only what changed is carried, and what can't be is named with what mends it, typed as it is
// shown.
#include <future>
#include <thread>

#include <boost/json.hpp>
#include <gmock/gmock.h>

#include "cutover/record/journal.hpp"
#include "tests/scenarios/world.hpp"
#include "tests/support/scenario.hpp"

namespace pgteal::support {

using testing::HasSubstr;

namespace {

using namespace std::chrono_literals;

class CarriedRoles : public testing::Test {
protected:
    Lab& lab() { return scenario_.lab(); }
    void on(const std::string& side, const std::string& sql) {
        script(lab(), side, "app", "BEGIN READ WRITE; " + sql + "; COMMIT");
    }
    support::Run does(const Scenario::Words& words) {
        auto run = scenario_.pgteal(words);
        EXPECT_EQ(run.exit_code, 0) << run;
        return run;
    }
    std::string role(const std::string& side, const std::string& name) {
        return scenario_.value(
            side, "postgres",
            "SELECT concat_ws(' ', CASE WHEN rolcreatedb THEN 'createdb' END, rolconnlimit, (SELECT "
            "string_agg(roleid::regrole::text, ',' ORDER BY roleid::regrole::text) FROM pg_auth_members "
            "WHERE "
            "member = r.oid)) FROM pg_authid r WHERE rolname = '" +
                name + "'");
    }
    std::string secret(const std::string& side, const std::string& name) {
        return scenario_.value(side, "postgres",
                               "SELECT rolpassword FROM pg_authid WHERE rolname = '" + name + "'");
    }
    /// SET, INHERIT and ADMIN of a membership, as 17 knows them.
    std::string options(const std::string& group, const std::string& member) {
        return scenario_.value("green", "postgres",
                               "SELECT concat_ws(' ', set_option, inherit_option, admin_option) FROM "
                               "pg_auth_members WHERE roleid = '" +
                                   group + "'::regrole AND member = '" + member + "'::regrole");
    }
    bool may_read(const std::string& side, const std::string& role, const std::string& table) {
        return scenario_.value(side, "app",
                               "SELECT has_table_privilege('" + role + "', '" + table + "', 'SELECT')") ==
               "t";
    }
    /// What `carry-grants` is planned to send, as "where: what".
    std::vector<std::string> planned(const support::Run& plan) {
        const auto document = plan.json();
        for (const auto& step : document.at("steps").as_array()) {
            if (step.at("id").as_string() == "carry-grants") {
                return texts(step.at("actions").as_array());
            }
        }
        return {};
    }
    /// And what it sent last.
    std::vector<std::string> performed() {
        std::vector<std::string> last;
        const auto journal = cutover::Journal::peek(lab().dir() + "/state", "lab");
        for (const auto& event : journal.value().events()) {
            if (event.step == "carry-grants" && event.kind == cutover::EventKind::intent) {
                last = texts(event.body.at("actions").as_array());
            }
        }
        return last;
    }
    static std::vector<std::string> texts(const boost::json::array& actions) {
        std::vector<std::string> all;
        for (const auto& one : actions) {
            all.push_back(std::string(one.at("where").as_string()) + ": " +
                          std::string(one.at("what").as_string()));
        }
        return all;
    }
    /// What the hint says between the two.
    static std::string typed(const support::Run& run, const std::string& after, const std::string& before) {
        const auto document = run.json();
        const std::string hint(document.at("error").at("hint").as_string());
        const auto from = hint.find(after);
        const auto to = hint.find(before, from == std::string::npos ? 0 : from + after.size());
        EXPECT_TRUE(from != std::string::npos && to != std::string::npos) << hint;
        return from == std::string::npos || to == std::string::npos
                   ? ""
                   : hint.substr(from + after.size(), to - from - after.size());
    }
    void expect_served_by_blue(const support::Run& run) {
        EXPECT_THAT(run.out + run.err, HasSubstr("blue serves as before")) << run;
        EXPECT_EQ(scenario_.status().at("serving").as_string(), "blue");
    }

    Scenario scenario_{{"--blue", "15", "--green", "17"}};
};

} // namespace

TEST_F(CarriedRoles, keep_what_a_migration_did_and_widen_nothing) {
    scenario_.query("blue", "postgres", "CREATE ROLE worker LOGIN PASSWORD 'before'");
    scenario_.query("blue", "postgres", "CREATE ROLE watcher LOGIN PASSWORD 'before'");
    scenario_.query("blue", "postgres", "CREATE ROLE crew");
    scenario_.query("blue", "postgres", "CREATE ROLE mates");
    scenario_.query("blue", "postgres", "GRANT mates TO worker");
    write_file(lab().dir() + "/migrations/app/V1__worker.sql",
               "ALTER ROLE worker CREATEDB CONNECTION LIMIT 7;\nGRANT crew TO worker;\n");
    ASSERT_EQ(does({"prepare"}).exit_code, 0);
    const std::string migrated = "createdb 7 crew,mates";
    ASSERT_EQ(role("green", "worker"), migrated);
    scenario_.query("green", "postgres", "GRANT mates TO worker WITH INHERIT FALSE, SET FALSE");

    scenario_.query("blue", "postgres", "ALTER ROLE worker PASSWORD 'after'");
    does({"prepare"});
    EXPECT_EQ(secret("green", "worker"), secret("blue", "worker"));
    EXPECT_EQ(role("green", "worker"), migrated);
    EXPECT_EQ(options("mates", "worker"), "f f f");

    // Whoever has the role on blue would become more: then it is not carried, and the gate says why.
    scenario_.query("green", "postgres", "GRANT pg_monitor TO watcher");
    scenario_.query("blue", "postgres", "ALTER ROLE watcher PASSWORD 'after'");
    for (const std::string command : {"prepare", "cutover"}) {
        const auto run = scenario_.pgteal({command});
        EXPECT_EQ(run.exit_code, command == "prepare" ? 0 : 3) << run;
        EXPECT_THAT(run.out + run.err, HasSubstr("would have the rights of pg_monitor there")) << run;
        EXPECT_NE(secret("green", "watcher"), secret("blue", "watcher"));
    }
    scenario_.query("blue", "postgres", "GRANT pg_monitor TO watcher");

    // By the switch alone; and plan and the rehearsal say what it then does, word for word.
    scenario_.query("blue", "postgres", "ALTER ROLE worker PASSWORD 'third'");
    on("blue", "COMMENT ON SCHEMA workload IS 'of a client'; GRANT USAGE ON SCHEMA "
               "workload TO crew; CREATE ROLE leased LOGIN PASSWORD 'x'; GRANT crew TO leased");
    const auto plan = scenario_.pgteal_json({"plan"});
    ASSERT_EQ(plan.exit_code, 0) << plan;
    const auto said = planned(plan);
    EXPECT_THAT(said, testing::Contains("green: ALTER ROLE \"worker\" WITH PASSWORD :'password_2'"));
    EXPECT_THAT(said, testing::Contains(HasSubstr("GRANT USAGE ON SCHEMA workload TO \"crew\"")));
    const auto rehearsed = scenario_.pgteal_json({"cutover", "--dry-run"});
    ASSERT_EQ(rehearsed.exit_code, 0) << rehearsed;
    const auto document = rehearsed.json();
    EXPECT_EQ(texts(document.at("carried").as_array()), said);
    EXPECT_THAT(does({"cutover", "--dry-run"}).out, HasSubstr("GRANT USAGE ON SCHEMA workload TO \"crew\""));
    ASSERT_EQ(does({"cutover"}).exit_code, 0);
    EXPECT_EQ(performed(), said);
    EXPECT_EQ(role("green", "worker"), migrated);
    EXPECT_EQ(secret("green", "worker"), secret("blue", "worker"));

    // Blue keeps what it has, but for what changed on green; what 15 would make more of is not made there.
    scenario_.query("green", "postgres", "CREATE ROLE narrow");
    scenario_.query("green", "postgres", "GRANT narrow TO worker WITH INHERIT FALSE, SET FALSE");
    scenario_.query("green", "postgres", "ALTER ROLE worker CONNECTION LIMIT 8");
    const auto back = does({"switch-back"});
    EXPECT_EQ(role("blue", "worker"), "8 mates");
    EXPECT_THAT(back.out + back.err,
                HasSubstr("role worker belongs to narrow without INHERIT, SET and ADMIN"));
    scenario_.query("blue", "postgres", "ALTER ROLE worker PASSWORD 'fourth'");
    does({"cutover"});
    EXPECT_EQ(role("green", "worker"), "createdb 8 crew,mates,narrow");
    EXPECT_EQ(options("mates", "worker"), "f f f");
    EXPECT_EQ(options("narrow", "worker"), "f f f");
    does({"finish"});
}

TEST_F(CarriedRoles, that_cannot_be_carried_are_refused_with_what_mends_it) {
    on("blue", "CREATE TABLE public.ledger (id int PRIMARY KEY); CREATE SCHEMA vault; CREATE TABLE "
               "vault.safe (id int PRIMARY KEY);"
               "CREATE ROLE lender LOGIN; CREATE ROLE reader LOGIN PASSWORD 'reader'; GRANT USAGE ON SCHEMA "
               "vault TO lender;"
               "GRANT SELECT ON public.ledger, vault.safe TO lender WITH GRANT OPTION");
    ASSERT_EQ(does({"prepare"}).exit_code, 0);

    scenario_.say("a grantor that has no grant option on green: the gate says it");
    on("green", "REVOKE GRANT OPTION FOR SELECT ON public.ledger FROM lender");
    on("blue", "SET ROLE lender; GRANT SELECT ON public.ledger TO reader");
    const std::string grant = "GRANT SELECT ON TABLE public.ledger TO \"reader\"";
    const std::vector<Scenario::Words> commands{{"prepare"}, {"cutover", "--dry-run"}, {"plan"}, {"cutover"}};
    for (const auto& words : commands) {
        const auto run = scenario_.pgteal(words);
        EXPECT_NE(run.exit_code, 0) << run;
        EXPECT_THAT(run.err, HasSubstr("role lender granted on blue what it may not grant on green")) << run;
        EXPECT_THAT(run.err, HasSubstr(grant)) << run;
        EXPECT_THAT(run.err, HasSubstr("blue serves as before")) << run;
    }
    const auto refused = scenario_.pgteal_json({"cutover"});
    EXPECT_EQ(refused.exit_code, 3) << refused;
    EXPECT_FALSE(may_read("green", "reader", "public.ledger"));
    script(lab(), "green", "app", typed(refused, "on green, in database app: ", "; or take it back"));
    does({"prepare"});
    EXPECT_TRUE(may_read("green", "reader", "public.ledger"));

    scenario_.say("what the server refuses: the statement is shown, and what it lacks");
    on("green", "REVOKE USAGE ON SCHEMA vault FROM lender");
    on("blue", "SET ROLE lender; GRANT SELECT ON vault.safe TO reader");
    const auto denied = scenario_.pgteal_json({"cutover"});
    EXPECT_EQ(denied.exit_code, 1) << denied;
    EXPECT_THAT(denied.out, HasSubstr("permission denied for schema vault"));
    EXPECT_THAT(denied.out, HasSubstr("green, database app"));
    EXPECT_THAT(denied.out, HasSubstr("GRANT SELECT ON TABLE vault.safe TO"));
    expect_served_by_blue(denied);
    script(lab(), "green", "app",
           typed(denied, "on green, database app: ", "; then run pgteal cutover again"));
    does({"cutover", "--dry-run"});

    scenario_.say("a change of the same role on green that is not committed: who made it is named");
    workload::Session other;
    const auto dsn =
        lab().dsn("green").with_database("postgres").with("application_name", "forgotten").conninfo();
    ASSERT_TRUE(other.connect(dsn, 20s)) << other.take_error();
    ASSERT_TRUE(other.run("BEGIN READ WRITE").ok());
    ASSERT_TRUE(other.run("ALTER ROLE reader CONNECTION LIMIT 9").ok());
    const auto pid = std::string(other.run("SELECT pg_backend_pid()").text(0, 0));
    scenario_.query("blue", "postgres", "ALTER ROLE reader PASSWORD 'new'");
    const auto waited = scenario_.pgteal_json({"cutover"});
    EXPECT_EQ(waited.exit_code, 1) << waited;
    EXPECT_THAT(waited.out, HasSubstr("pid " + pid + " (role "));
    EXPECT_THAT(waited.out, HasSubstr("forgotten"));
    EXPECT_THAT(waited.out, HasSubstr("ALTER ROLE"));
    expect_served_by_blue(waited);
    script(lab(), "green", "postgres", typed(waited, "end it on green: ", "; then run pgteal cutover again"));

    scenario_.say("and one that commits in the meantime is no failure");
    workload::Session slow;
    ASSERT_TRUE(slow.connect(dsn, 20s)) << slow.take_error();
    ASSERT_TRUE(slow.run("BEGIN READ WRITE").ok());
    ASSERT_TRUE(slow.run("ALTER ROLE reader CONNECTION LIMIT 9").ok());
    auto run = std::async(std::launch::async, [this] { return scenario_.pgteal({"cutover"}); });
    const auto waits = [this] {
        return scenario_.value(
                   "green", "postgres",
                   "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'") != "0";
    };
    for (int i = 0; i < 600 && !waits() && run.wait_for(0s) != std::future_status::ready; ++i) {
        std::this_thread::sleep_for(50ms);
    }
    EXPECT_TRUE(waits()) << "nothing waited for it";
    ASSERT_TRUE(slow.run("COMMIT").ok());
    const auto over = run.get();
    EXPECT_EQ(over.exit_code, 0) << over;
    EXPECT_EQ(secret("green", "reader"), secret("blue", "reader"));
    EXPECT_EQ(role("green", "reader"), "9");
    EXPECT_TRUE(may_read("green", "reader", "vault.safe"));
}

} // namespace pgteal::support
