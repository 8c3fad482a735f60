// Going back demands only what going back needs, and comes by itself when nobody is served where clients were
// led.
#include <cstdio>
#include <memory>
#include <thread>

#include <gmock/gmock.h>

#include "tests/scenarios/world.hpp"
#include "tests/support/checker_snapshot.hpp"
#include "tests/support/crash.hpp"

namespace pgteal::support {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

/// One world for all: each test leaves blue serving, and the run ready for the next cutover.
class WayBack : public testing::Test {
protected:
    static void SetUpTestSuite() {
        scenario_ = std::make_unique<Scenario>(Scenario::Words{"--poolers", "2"});
        scenario_->query("blue", "app", "CREATE TABLE public.kept (id int PRIMARY KEY)");
        scenario_->query("blue", "app", "GRANT ALL ON public.kept TO app");
        const auto prepared = scenario_->pgteal({"prepare"});
        ASSERT_EQ(prepared.exit_code, 0) << prepared;
    }
    static void TearDownTestSuite() { scenario_.reset(); }

    static Scenario& scenario() { return *scenario_; }
    static Lab& lab() { return scenario_->lab(); }

    static std::string serving() { return std::string(scenario().status().at("serving").as_string()); }
    static void write(int id, const std::string& pooler = "pgb1") {
        as_client(lab(), pooler, "app", "INSERT INTO public.kept VALUES (" + std::to_string(id) + ")");
    }
    /// Whether a row that was written through a pooler comes to that side.
    static bool arrives(const std::string& side, int id) {
        for (int i = 0; i < 200; ++i) {
            if (scenario().value(side, "app",
                                 "SELECT count(*) FROM public.kept WHERE id = " + std::to_string(id)) ==
                "1") {
                return true;
            }
            std::this_thread::sleep_for(50ms);
        }
        return false;
    }
    /// Clients may be held for 29 s from now on, in this world.
    static void hold_for_long() {
        const auto text = read_file(lab().config());
        if (text.find("max_pause = \"5s\"") != std::string::npos) {
            write_file(lab().config(), replaced(text, "max_pause = \"5s\"", "max_pause = \"29s\""));
        }
    }
    static std::string slots(const std::string& side) {
        return scenario().value(side, "postgres", "SELECT count(*) FROM pg_replication_slots");
    }
    static void drop_slots(const std::string& side) {
        scenario().query(side, "postgres",
                         "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots");
    }
    /// As a superuser who means it.
    static void past_the_freeze(const std::string& side, const std::string& statement) {
        auto session = workload::connect_to_check(lab().dsn(side).with_database("app").conninfo(), side);
        ASSERT_TRUE(session.run("SET default_transaction_read_only = off").ok());
        ASSERT_TRUE(session.run("SET pgteal.ddl = on").ok());
        const auto reply = session.run(statement.c_str());
        ASSERT_TRUE(reply.ok()) << statement << ": " << reply.message;
    }
    static void drop_subscription(const std::string& side) {
        const auto name = scenario().value(side, "app", "SELECT subname FROM pg_subscription");
        past_the_freeze(side, "ALTER SUBSCRIPTION " + name + " SET (slot_name = NONE)");
        past_the_freeze(side, "DROP SUBSCRIPTION " + name);
    }
    static void switch_back() {
        const auto back = scenario().pgteal_json({"switch-back"});
        ASSERT_EQ(back.exit_code, 0) << back;
        EXPECT_EQ(back.json().at("serving").as_string(), "blue");
        EXPECT_EQ(serving(), "blue");
    }

    static std::unique_ptr<Scenario> scenario_;
};

std::unique_ptr<Scenario> WayBack::scenario_;

/// Up to 1.18 PgBouncer lets clients wait while logins to the server fail; 1.24 fails them with it.
bool turns_waiting_clients_away() {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> said(
        ::popen("PATH=$PATH:/usr/sbin pgbouncer --version", "r"), ::pclose);
    int minor = 0;
    return said && std::fscanf(said.get(), "PgBouncer 1.%d", &minor) == 1 &&
           minor > 18; // NOLINT(cert-err34-c)
}

TEST_F(WayBack, is_open_without_the_idle_slot_which_is_made_again) {
    ASSERT_EQ(scenario().pgteal({"cutover"}).exit_code, 0);
    drop_slots("blue"); // as Patroni does with what it doesn't know
    EXPECT_THAT(scenario().pgteal({"status"}).out, HasSubstr("all the same:   pgteal switch-back"));
    const auto noted = scenario().pgteal({"prepare"});
    EXPECT_EQ(noted.exit_code, 0) << noted;
    EXPECT_EQ(slots("blue"), "1");
    drop_subscription("green");
    const auto told = scenario().pgteal({"status"});
    EXPECT_THAT(told.out,
                HasSubstr("(subscription missing) is not whole. It is made again with:   pgteal prepare"));
    EXPECT_EQ(scenario().pgteal({"prepare"}).exit_code, 0);
    EXPECT_EQ(scenario().value("green", "app", "SELECT count(*) FROM pg_subscription"), "1");
    drop_subscription("green");
    drop_slots("blue");
    past_the_freeze("green", "CREATE INDEX by_hand ON public.kept (id)");
    write(1);
    const auto back = scenario().pgteal_json({"switch-back"});
    ASSERT_EQ(back.exit_code, 0) << back;
    EXPECT_THAT(back.out, HasSubstr("(slot missing, subscription missing): it is made again"));
    EXPECT_THAT(back.out, HasSubstr("index public.by_hand")) << "of the side that is left: a warning";
    EXPECT_EQ(scenario().value("blue", "app", "SELECT count(*) FROM public.kept"), "1");
    past_the_freeze("green", "DROP INDEX public.by_hand");
    write(2);
    EXPECT_TRUE(arrives("green", 2)) << "green does not follow";

    // The way forth without the way back is refused, with what makes it again.
    drop_slots("green");
    const auto refused = scenario().pgteal({"cutover"});
    EXPECT_EQ(refused.exit_code, 3) << refused;
    EXPECT_THAT(refused.err, HasSubstr("pgteal prepare makes it again"));
    EXPECT_EQ(scenario().pgteal({"prepare"}).exit_code, 0);
    EXPECT_EQ(slots("green"), "1");

    // No event trigger fires for it.
    as_client(lab(), "pgb1", "app", "EXPLAIN ANALYZE CREATE TABLE slipped AS SELECT 1 AS a");
    const auto changed = scenario().pgteal({"cutover", "--dry-run"});
    EXPECT_EQ(changed.exit_code, 3) << changed;
    EXPECT_THAT(changed.err, HasSubstr("new: table public.slipped"));
    EXPECT_THAT(changed.err, HasSubstr("SET pgteal.ddl = on; DROP TABLE public.slipped;"));
    past_the_freeze("blue", "DROP TABLE public.slipped");
    const auto open = scenario().pgteal({"cutover", "--dry-run"});
    EXPECT_EQ(open.exit_code, 0) << open;
}

TEST_F(WayBack, comes_by_itself_when_no_client_can_write_on_the_new_side) {
    const auto set = [](const std::string& statement) {
        scenario().query("green", "postgres", statement);
        scenario().query("green", "postgres", "SELECT pg_reload_conf()");
    };
    set("ALTER SYSTEM SET default_transaction_read_only = on");
    const auto refused = scenario().pgteal({"cutover"});
    EXPECT_EQ(refused.exit_code, 3) << refused;
    EXPECT_THAT(refused.err, HasSubstr("on green: ALTER SYSTEM RESET default_transaction_read_only"));
    set("ALTER SYSTEM RESET default_transaction_read_only");
    const auto killed = scenario().pgteal({"cutover"}, kill_at("switch", "done"));
    ASSERT_TRUE(killed.killed()) << killed;
    set("ALTER SYSTEM SET default_transaction_read_only = on");
    const auto resumed = scenario().pgteal({"resume"});
    EXPECT_EQ(resumed.exit_code, 1) << resumed;
    EXPECT_LT(resumed.seconds, 60) << resumed;
    EXPECT_THAT(resumed.err, HasSubstr("no client could write on green through any pooler"));
    EXPECT_THAT(resumed.err, HasSubstr("default_transaction_read_only is on in"));
    EXPECT_THAT(resumed.err, HasSubstr("on green: ALTER SYSTEM RESET default_transaction_read_only"));
    EXPECT_EQ(serving(), "blue");
    set("ALTER SYSTEM RESET default_transaction_read_only");
    write(41);
    EXPECT_TRUE(arrives("green", 41));
}

TEST_F(WayBack, is_kept_from_patroni_by_lines_that_check_prints) {
    const auto before = scenario().pgteal_json({"check"});
    EXPECT_EQ(before.out.find("ignore_slots"), std::string::npos) << before;
    const auto dsn =
        lab().dsn("green").with_database("postgres").with("application_name", "Patroni heartbeat");
    auto patroni = workload::connect_to_check(dsn.conninfo(), "green");
    ASSERT_TRUE(patroni.run("SELECT 1").ok());
    const auto run = scenario().pgteal_json({"check"});
    EXPECT_THAT(run.out, HasSubstr("ignore_slots:\\n- name: pgteal_lab_app_1_green\\n  type: logical"));
}

TEST_F(WayBack, waits_for_no_probe_of_the_side_that_is_left) {
    auto blocker = workload::connect_to_check(lab().dsn("green").with_database("app").conninfo(), "green");
    ASSERT_TRUE(blocker.run("BEGIN READ WRITE").ok());
    ASSERT_TRUE(blocker.run("LOCK TABLE pgteal.probe IN ACCESS EXCLUSIVE MODE").ok());
    const auto moved = scenario().pgteal({"cutover"});
    EXPECT_EQ(moved.exit_code, 4) << moved;
    EXPECT_LT(moved.seconds, 60) << moved;
    EXPECT_THAT(moved.err, HasSubstr("Clients go on, on green, and blue follows it."));
    EXPECT_THAT(moved.err, HasSubstr("pgteal switch-back"));
    EXPECT_EQ(serving(), "green");
    write(11);
    EXPECT_TRUE(arrives("blue", 11)) << "blue does not follow";
    const auto resumed = scenario().pgteal({"resume"});
    EXPECT_EQ(resumed.exit_code, 4) << resumed;
    EXPECT_LT(resumed.seconds, 60) << resumed;
    EXPECT_THAT(resumed.err, HasSubstr("pgteal switch-back"));
    write(12);
    EXPECT_TRUE(blocker.run("ROLLBACK").ok()); // as a transaction that old it is the gate's to refuse
    ASSERT_NO_FATAL_FAILURE(switch_back());    // with the attempt not at its end: no resume first
    EXPECT_EQ(scenario().value("blue", "app", "SELECT count(*) FROM public.kept WHERE id IN (11, 12)"), "2");
}

TEST_F(WayBack, comes_by_itself_when_no_client_reaches_the_new_side) {
    hold_for_long();
    const auto hba = scenario().value("green", "postgres", "SHOW hba_file");
    const auto before = read_file(hba);
    auto held = client(lab(), "pgb1", "app");
    support::Run run;
    for (int attempt = 0; attempt < 3; ++attempt) { // too old for the gate on a busy machine
        ASSERT_TRUE(held.run("BEGIN").ok());
        ASSERT_TRUE(held.run("SELECT 1").ok());
        std::thread cutover([&] { run = scenario().pgteal_json({"cutover"}, {}, 200s); });
        const auto until = std::chrono::steady_clock::now() + 25s;
        while (!show_databases(lab(), "pgb2").at("app").paused && std::chrono::steady_clock::now() < until) {
            std::this_thread::sleep_for(20ms);
        }
        write_file(hba, "host app app 127.0.0.1/32 reject\n" + before);
        scenario().query("green", "postgres", "SELECT pg_reload_conf()");
        std::this_thread::sleep_for(200ms);
        EXPECT_TRUE(held.run("COMMIT").ok());
        const auto began = std::chrono::steady_clock::now();
        auto served = held.run("SELECT current_setting('port')");
        EXPECT_TRUE(served.ok() || turns_waiting_clients_away()) << served.message;
        while (!served.ok() && std::chrono::steady_clock::now() - began < 60s) { // as applications do
            std::this_thread::sleep_for(100ms);
            try {
                held = client(lab(), "pgb1", "app");
                served = held.run("SELECT current_setting('port')");
            } catch (const std::exception&) { // NOLINT(bugprone-empty-catch): turned away at its login
            }
        }
        EXPECT_TRUE(served.ok()) << served.message;
        EXPECT_EQ(served.rows() == 1 ? std::string(served.text(0, 0)) : std::string(), lab().port("blue"));
        EXPECT_LT(std::chrono::steady_clock::now() - began, 60s);
        cutover.join();
        if (run.exit_code != 3) {
            break;
        }
        write_file(hba, before);
        scenario().query("green", "postgres", "SELECT pg_reload_conf()");
    }
    EXPECT_EQ(run.exit_code, 1) << run;
    EXPECT_EQ(run.json().at("outcome").as_string(), "returned") << run;
    EXPECT_EQ(run.json().at("serving").as_string(), "blue") << run;
    EXPECT_EQ(run.json().at("epoch").as_int64(), scenario().status().at("epoch").as_int64());
    EXPECT_THAT(run.out, HasSubstr("no client could reach green through any pooler"));
    EXPECT_GT(run.json().at("pause_ms").to_number<double>(), 3000) << "clients were not served meanwhile";
    EXPECT_EQ(serving(), "blue");
    EXPECT_EQ(
        scenario().value("green", "postgres", "SELECT datconnlimit FROM pg_database WHERE datname = 'app'"),
        "0")
        << "both sides are open";
    write_file(hba, before);
    scenario().query("green", "postgres", "SELECT pg_reload_conf()");
    write(21);
    EXPECT_TRUE(arrives("green", 21));
    const auto moved = scenario().pgteal({"cutover"});
    EXPECT_EQ(moved.exit_code, 0) << moved;
    ASSERT_NO_FATAL_FAILURE(switch_back());
}

TEST_F(WayBack, holds_nobody_for_who_changes_a_database_and_does_not_commit) {
    const auto change = [](const std::string& side, const std::string& statement) {
        auto owner = client(lab(), side, "postgres");
        EXPECT_TRUE(owner.run("BEGIN").ok());
        const auto reply = owner.run(statement.c_str());
        EXPECT_TRUE(reply.ok()) << side << ": " << statement << ": " << reply.message;
        return owner;
    };
    for (const std::string side : {"blue", "green"}) {
        for (const std::string statement :
             {"ALTER DATABASE app CONNECTION LIMIT 50", "ALTER DATABASE app SET work_mem = '5MB'",
              "GRANT CONNECT ON DATABASE app TO PUBLIC"}) {
            const auto owner = change(side, statement);
            const auto refused = scenario().pgteal({"cutover"});
            EXPECT_EQ(refused.exit_code, 3) << statement << refused;
            EXPECT_THAT(refused.err, HasSubstr("role app")) << statement;
            EXPECT_THAT(refused.err, HasSubstr("pg_terminate_backend(")) << statement;
        }
    }
    // After the gate has looked.
    hold_for_long();
    support::Run run;
    for (int attempt = 0; attempt < 3; ++attempt) { // too old for the gate on a busy machine
        auto held = client(lab(), "pgb1", "app");
        ASSERT_TRUE(held.run("BEGIN").ok());
        ASSERT_TRUE(held.run("SELECT 1").ok());
        std::thread cutover([&] { run = scenario().pgteal({"cutover"}, {}, 200s); });
        const auto until = std::chrono::steady_clock::now() + 25s;
        while (!show_databases(lab(), "pgb2").at("app").paused && std::chrono::steady_clock::now() < until) {
            std::this_thread::sleep_for(20ms);
        }
        auto on_blue = change("blue", "ALTER DATABASE app SET work_mem = '5MB'");
        auto on_green = change("green", "ALTER DATABASE app CONNECTION LIMIT 50");
        EXPECT_TRUE(held.run("COMMIT").ok());
        cutover.join();
        if (run.exit_code != 3) {
            EXPECT_FALSE(on_green.run("COMMIT").ok()) << "it still stands";
            break;
        }
    }
    EXPECT_EQ(run.exit_code, 0) << run;
    ASSERT_NO_FATAL_FAILURE(switch_back());
}

TEST_F(WayBack, tells_of_a_pause_that_is_nobodys) {
    const auto console = [](const std::string& command) {
        run_here([&] { return send_script(lab().admin_dsn("pgb1"), command); });
    };
    console("PAUSE app");
    for (const std::string command : {"status", "resume"}) {
        const auto told = scenario().pgteal({command});
        EXPECT_EQ(told.exit_code, command == "status" ? 0 : 4) << told;
        EXPECT_THAT(told.out + told.err, HasSubstr("RESUME \"app\";"));
        EXPECT_THAT(told.out + told.err, testing::Not(HasSubstr("In step")));
    }
    console("RESUME app;");
    lab().stop("green");
    const auto away = scenario().pgteal({"status"});
    EXPECT_THAT(away.out, HasSubstr("green can't be reached: nothing is known of the lanes"));
    EXPECT_THAT(away.out, testing::Not(HasSubstr("In step")));
    lab().start("green");
    for (int i = 0; i < 100 && scenario().pgteal({"status"}).out.find("In step") == std::string::npos; ++i) {
        std::this_thread::sleep_for(100ms);
    }
    as_client(lab(), "green", "postgres", "ALTER DATABASE app CONNECTION LIMIT -1");
    EXPECT_THAT(scenario().pgteal({"status"}).out, HasSubstr("standing, not fenced"));
    as_client(lab(), "green", "postgres", "ALTER DATABASE app CONNECTION LIMIT 0");
}

TEST_F(WayBack, is_open_without_a_pooler_that_is_dead) {
    const auto killed = scenario().pgteal({"cutover"}, kill_at("switch", "done"));
    ASSERT_TRUE(killed.killed()) << killed;
    lab().kill9("pgb2");
    const auto resumed = scenario().pgteal({"resume"});
    EXPECT_EQ(resumed.exit_code, 4) << resumed;
    EXPECT_LT(resumed.seconds, 90) << resumed;
    EXPECT_THAT(resumed.err, HasSubstr("pgb2"));
    write(31);
    EXPECT_TRUE(arrives("blue", 31)) << "the lanes waited for the dead pooler";
    const auto back = scenario().pgteal_json({"switch-back"});
    ASSERT_EQ(back.exit_code, 0) << back;
    EXPECT_THAT(back.out, HasSubstr("pgb2 was left behind"));
    EXPECT_EQ(serving(), "blue");
    write(32);
    EXPECT_TRUE(arrives("green", 32));

    const auto refused = scenario().pgteal({"cutover"});
    EXPECT_EQ(refused.exit_code, 1) << refused << "it was tried to take it along";
    EXPECT_THAT(refused.err, HasSubstr("pgb2 was left behind"));
    lab().start("pgb2"); // with a file that leads to blue
    EXPECT_EQ(as_client(lab(), "pgb2", "app", "SELECT current_setting('port')"), lab().port("blue"));
    const auto taken = scenario().pgteal({"prepare"});
    EXPECT_EQ(taken.exit_code, 0) << taken;
    const auto moved = scenario().pgteal({"cutover"});
    EXPECT_EQ(moved.exit_code, 0) << moved;
    write(33, "pgb2");
    EXPECT_TRUE(arrives("blue", 33));
    ASSERT_NO_FATAL_FAILURE(switch_back());
}

} // namespace
} // namespace pgteal::support
