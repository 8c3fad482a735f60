// Who writes past the poolers, and what a keyboard or a dropped terminal sends: the gate names what it can't
// hold, the fence holds the rest, and nobody's acknowledged write is lost.
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "tests/scenarios/world.hpp"
#include "tests/support/scenario.hpp"

namespace pgteal::support {

namespace {

using namespace std::chrono_literals;

void expect_refused(Scenario& scenario, const std::vector<std::string>& words) {
    const auto run = scenario.pgteal({"cutover"});
    EXPECT_EQ(run.exit_code, 3) << run;
    for (const auto& word : words) {
        EXPECT_NE(run.err.find(word), std::string::npos) << word << " is missing in\n" << run;
    }
}

void expect_passes(Scenario& scenario) {
    const auto run = scenario.pgteal({"cutover", "--dry-run"});
    EXPECT_EQ(run.exit_code, 0) << run;
}

void allow_prepared_transactions(Scenario& scenario) {
    for (const std::string side : {"blue", "green"}) {
        scenario.query(side, "postgres", "ALTER SYSTEM SET max_prepared_transactions = 20");
        scenario.lab().stop(side);
        scenario.lab().start(side);
    }
}

/// Rows that a client was told are there.
class Acknowledged {
public:
    std::int64_t next() { return ++last_; }
    void add(std::int64_t id) {
        const std::lock_guard guard(lock_);
        ids_.push_back(id);
    }
    [[nodiscard]] std::vector<std::int64_t> all() const {
        const std::lock_guard guard(lock_);
        return ids_;
    }

private:
    std::atomic<std::int64_t> last_{0};
    mutable std::mutex lock_;
    std::vector<std::int64_t> ids_;
};

/// A client of role app that goes straight to both servers, over and over, and writes wherever it may.
class Intruder {
public:
    using Write = void (*)(workload::Session&, std::int64_t id, Acknowledged&);

    Intruder(const Lab& lab, Acknowledged& acknowledged, Write write)
        : lab_(lab), acknowledged_(acknowledged), write_(write), thread_([this] { run(); }) {}
    ~Intruder() {
        stop_ = true;
        thread_.join();
    }
    Intruder(const Intruder&) = delete;
    Intruder& operator=(const Intruder&) = delete;

private:
    void run() {
        workload::Session sessions[2];
        const std::string dsns[2] = {lab_.app_dsn("blue", "app").conninfo(),
                                     lab_.app_dsn("green", "app").conninfo()};
        while (!stop_) {
            for (int i = 0; i < 2; ++i) {
                if (sessions[i].open() || sessions[i].connect(dsns[i], 20s)) {
                    write_(sessions[i], acknowledged_.next(), acknowledged_);
                }
            }
            std::this_thread::sleep_for(1ms);
        }
    }

    const Lab& lab_;
    Acknowledged& acknowledged_;
    Write write_;
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

std::string insert(std::int64_t id) {
    return "INSERT INTO public.past_the_pooler VALUES (" + std::to_string(id) + ")";
}

/// Whatever the session's defaults say.
void write_read_write(workload::Session& session, std::int64_t id, Acknowledged& acknowledged) {
    if (session.run("BEGIN READ WRITE").ok() && session.run(insert(id).c_str()).ok() &&
        session.run("COMMIT").ok()) {
        acknowledged.add(id);
    } else {
        session.close();
    }
}

/// COMMIT PREPARED asks neither default_transaction_read_only nor who prepared it.
void write_in_two_phases(workload::Session& session, std::int64_t id, Acknowledged& acknowledged) {
    const auto name = "'intruder " + std::to_string(id) + "'";
    if (session.run("BEGIN READ WRITE").ok() && session.run(insert(id).c_str()).ok() &&
        session.run(("PREPARE TRANSACTION " + name).c_str()).ok() &&
        session.run(("COMMIT PREPARED " + name).c_str()).ok()) {
        acknowledged.add(id);
    } else {
        session.close();
    }
}

/// What a lost session left prepared was acknowledged to nobody.
void roll_back_prepared(Scenario& scenario) {
    for (const std::string side : {"blue", "green"}) {
        for (const auto& gid : scenario.query(
                 side, "app", "SELECT gid FROM pg_prepared_xacts WHERE database = current_database()")) {
            scenario.query(side, "app", "ROLLBACK PREPARED '" + gid + "'");
        }
    }
}

void expect_all_there(Scenario& scenario, const std::string& side, const std::vector<std::int64_t>& ids) {
    std::string list;
    for (const auto id : ids) {
        list += (list.empty() ? "" : ",") + std::to_string(id);
    }
    EXPECT_EQ(scenario.value(side, "app",
                             "SELECT coalesce(string_agg(id::text, ' ' ORDER BY id), '') FROM unnest('{" +
                                 list +
                                 "}'::bigint[]) id WHERE NOT EXISTS (SELECT FROM public.past_the_pooler p "
                                 "WHERE p.id = id.id)"),
              "")
        << "acknowledged rows are missing on " << side;
}

std::string serving_side(Scenario& scenario) {
    return std::string(scenario.status().at("serving").as_string());
}

/// Nothing is held and nothing is left to resume.
void expect_rest(Scenario& scenario) {
    const auto resumed = scenario.pgteal_json({"resume"});
    EXPECT_EQ(resumed.exit_code, 3) << resumed;
    const auto status = scenario.status();
    for (const auto& pooler : status.at("poolers").as_array()) {
        for (const auto& entry : pooler.at("entries").as_array()) {
            EXPECT_FALSE(entry.at("paused").as_bool()) << status;
            EXPECT_EQ(entry.at("side").as_string(), status.at("serving").as_string()) << status;
        }
    }
}

} // namespace

TEST(Intruders, are_named_by_the_gate_when_no_fence_could_hold_them) {
    Scenario scenario;
    allow_prepared_transactions(scenario);
    scenario.query("blue", "postgres", "CREATE ROLE boss SUPERUSER LOGIN PASSWORD 'of all'");
    scenario.query("blue", "postgres", "CREATE ROLE clerk LOGIN PASSWORD 'first'");
    const auto prepared = scenario.pgteal({"prepare"});
    ASSERT_EQ(prepared.exit_code, 0) << prepared;
    expect_passes(scenario);
    {
        workload::Session boss;
        ASSERT_TRUE(boss.connect(scenario.lab()
                                     .dsn("blue")
                                     .with_database("app")
                                     .with("user", "boss")
                                     .with("password", "of all")
                                     .conninfo(),
                                 20s))
            << boss.take_error();
        expect_refused(scenario, {"superuser boss", "past the fence", "pg_terminate_backend"});
    }
    for (int i = 0;
         i < 100 && scenario.value("blue", "postgres",
                                   "SELECT count(*) FROM pg_stat_activity WHERE usename = 'boss'") != "0";
         ++i) {
        std::this_thread::sleep_for(20ms);
    }
    expect_passes(scenario);

    scenario.query("blue", "postgres", "CREATE ROLE copyist REPLICATION LOGIN IN ROLE app");
    expect_refused(scenario, {"copyist", "REPLICATION", "NOREPLICATION"});
    scenario.query("blue", "postgres", "DROP ROLE copyist");
    expect_passes(scenario);

    scenario.query("green", "postgres", "ALTER ROLE clerk PASSWORD 'second'"); // not on the side that serves
    expect_refused(scenario, {"role clerk", "password", "could not log in"});
    const auto carried = scenario.pgteal({"prepare"}); // as the message says
    EXPECT_EQ(carried.exit_code, 0) << carried;
    expect_passes(scenario);
    scenario.query("blue", "postgres", "ALTER ROLE clerk PASSWORD 'third'"); // the cutover brings it
    expect_passes(scenario);

    const auto object = scenario.value("blue", "app", "SELECT lo_create(0)");
    expect_refused(scenario, {"large objects", "not replicated"});
    scenario.query("blue", "app", "SELECT lo_unlink(" + object + ")");
    expect_passes(scenario);

    {
        auto session = client(scenario.lab(), "blue", "app");
        ASSERT_TRUE(session.run("BEGIN").ok());
        ASSERT_TRUE(session.run("PREPARE TRANSACTION 'forgotten'").ok());
    }
    expect_refused(scenario, {"prepared transaction", "forgotten"});
    scenario.query("blue", "app", "ROLLBACK PREPARED 'forgotten'");
    expect_passes(scenario);
    const auto moved = scenario.pgteal({"cutover"});
    EXPECT_EQ(moved.exit_code, 0) << moved;
    const std::string secret = "SELECT rolpassword FROM pg_authid WHERE rolname = 'clerk'";
    EXPECT_EQ(scenario.value("green", "postgres", secret), scenario.value("blue", "postgres", secret));
}

/// Members of pg_write_all_data may lock any table in any mode, and nothing that pgteal can grant or revoke
/// keeps them from it.
TEST(Intruders, that_lock_tables_of_pgteal_are_named_and_keep_nobody_held) {
    Scenario scenario;
    auto& lab = scenario.lab();
    scenario.query("blue", "postgres",
                   "CREATE ROLE writer LOGIN PASSWORD 'of all data' IN ROLE pg_write_all_data");
    ASSERT_EQ(scenario.pgteal({"prepare"}).exit_code, 0);
    const auto writer = lab.dsn("blue")
                            .with_database("app")
                            .with("user", "writer")
                            .with("password", "of all data")
                            .conninfo();
    for (const std::string table : {"run", "marker_1", "seen"}) {
        workload::Session locker;
        ASSERT_TRUE(locker.connect(writer, 30s)) << locker.take_error();
        ASSERT_TRUE(locker.run("BEGIN").ok());
        ASSERT_TRUE(locker.run(("LOCK TABLE pgteal." + table + " IN ACCESS EXCLUSIVE MODE").c_str()).ok());
        const auto words =
            "(role writer, app \"pgteal-workload\") holds a lock on pgteal." + table + " of blue";
        const auto status = scenario.pgteal({"status"});
        EXPECT_NE(status.out.find(words), std::string::npos) << status;
        EXPECT_NE(status.out.find("SELECT pg_terminate_backend("), std::string::npos) << status;
        for (const std::string command : {"cutover", "abort", "prepare"}) {
            const auto run = scenario.pgteal({command});
            EXPECT_EQ(run.exit_code, 3) << run;
            EXPECT_NE(run.err.find(words), std::string::npos) << run;
            EXPECT_NE(run.err.find("pgteal " + command + " again"), std::string::npos) << run;
        }
    }

    scenario.say("once the gate has looked: PAUSE waits for a client, and the lock comes meanwhile");
    auto waited_for = client(lab, "pgb1", "app");
    workload::Session locker;
    ASSERT_TRUE(locker.connect(writer, 30s)) << locker.take_error();
    ASSERT_TRUE(locker.run("BEGIN").ok());
    ASSERT_TRUE(waited_for.run("BEGIN").ok());
    std::thread late([&] {
        for (int i = 0; i < 2000; ++i) {
            if (scenario.value("blue", "app", "SELECT 1 FROM pgteal.run WHERE controller IS NOT NULL") ==
                "1") {
                break;
            }
            std::this_thread::sleep_for(5ms);
        }
        EXPECT_TRUE(locker.run("LOCK TABLE pgteal.run IN EXCLUSIVE MODE").ok());
        std::this_thread::sleep_for(500ms);
        EXPECT_TRUE(waited_for.run("COMMIT").ok());
    });
    const auto moved = scenario.pgteal_json({"cutover"});
    late.join();
    EXPECT_EQ(moved.exit_code, 0) << moved;
    EXPECT_FALSE(locker.run("COMMIT").ok()) << "it was ended";
    expect_rest(scenario);
}

// A log of DDL, as many databases have one: what pgteal makes on either side is none of its business.
TEST(Intruders, event_triggers_of_the_users_do_not_fire_for_pgteal) {
    Scenario scenario;
    scenario.query("blue", "app",
                   "CREATE TABLE public.ddl_log (id bigserial PRIMARY KEY, tag text, object text)");
    scenario.query(
        "blue", "app",
        "CREATE FUNCTION public.log_ddl() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS "
        "'BEGIN INSERT INTO public.ddl_log (tag, object) SELECT command_tag, object_identity "
        "FROM pg_catalog.pg_event_trigger_ddl_commands(); END'");
    scenario.query("blue", "app",
                   "CREATE EVENT TRIGGER log_ddl ON ddl_command_end EXECUTE FUNCTION public.log_ddl()");
    scenario.query("blue", "app", "CREATE TABLE public.documents (id int PRIMARY KEY, body json)");
    scenario.query("blue", "app", "ALTER DATABASE app SET quote_all_identifiers = on");
    const auto logged = [&scenario](const std::string& side) {
        return scenario.value(side, "app", "SELECT count(*) FROM public.ddl_log");
    };
    const auto before = logged("blue");
    EXPECT_NE(before, "0");
    for (const auto* command : {"prepare", "cutover", "switch-back", "compare"}) {
        const auto run = scenario.pgteal({command});
        ASSERT_EQ(run.exit_code, 0) << run;
        EXPECT_EQ((run.out + run.err).find("json"), std::string::npos) << run;
        EXPECT_EQ(logged("blue"), before) << "after " << command;
        EXPECT_EQ(logged("green"), before) << "after " << command;
    }
}

TEST(Intruders, that_race_with_the_fence_lose_nothing_that_was_acknowledged) {
    Scenario scenario;
    allow_prepared_transactions(scenario);
    as_client(scenario.lab(), "blue", "app", "CREATE TABLE public.past_the_pooler (id bigint PRIMARY KEY)");
    const auto prepared = scenario.pgteal({"prepare"});
    ASSERT_EQ(prepared.exit_code, 0) << prepared;
    Acknowledged acknowledged;
    int switched = 0;
    int held_off = 0;
    std::string serving = "blue";
    for (int attempt = 0; attempt < 12; ++attempt) {
        const auto before = acknowledged.all().size();
        support::Run run;
        {
            const Intruder direct(scenario.lab(), acknowledged, write_read_write);
            // Every third attempt with two-phase commits, which the gate often sees and refuses.
            std::unique_ptr<Intruder> two_phases;
            if (attempt % 3 == 2) {
                two_phases = std::make_unique<Intruder>(scenario.lab(), acknowledged, write_in_two_phases);
            }
            std::this_thread::sleep_for(200ms);
            run = scenario.pgteal({serving == "blue" ? "cutover" : "switch-back"});
            std::this_thread::sleep_for(200ms);
        }
        EXPECT_GT(acknowledged.all().size(), before + 20) << "the intruder did not write";
        roll_back_prepared(scenario);
        const auto now = serving_side(scenario);
        EXPECT_EQ(now != serving, run.exit_code == 0) << run;
        EXPECT_TRUE(run.exit_code == 0 || run.exit_code == 1 || run.exit_code == 3) << run;
        (run.exit_code == 0 ? switched : held_off) += 1;
        serving = now;
        expect_rest(scenario);
        expect_all_there(scenario, serving, acknowledged.all());
    }
    EXPECT_GE(switched, 6);
    const auto compared = scenario.pgteal_json({"compare"});
    EXPECT_EQ(compared.exit_code, 0) << compared;
    scenario.say(std::to_string(acknowledged.all().size()) + " writes past the pooler, " +
                 std::to_string(switched) + " switches, " + std::to_string(held_off) +
                 " refused or taken back");
}

TEST(Signals, during_a_switch_leave_it_done_or_not_begun) {
    Scenario scenario;
    const auto prepared = scenario.pgteal({"prepare"});
    ASSERT_EQ(prepared.exit_code, 0) << prepared;
    scenario.start_workload(4, 80, 5);
    std::string serving = "blue";
    int switches = 0;
    // A terminal that goes away sends HUP and takes stdout with it; an impatient hand sends INT, often.
    const std::vector<std::pair<std::string, double>> hits{{"HUP", 0.15}, {"INT", 0.2},  {"TERM", 0.25},
                                                           {"HUP", 0.3},  {"QUIT", 0.2}, {"PIPE", 0.0},
                                                           {"PIPE", 0.0}, {"INT", 0.35}};
    for (const auto& [signal, delay] : hits) {
        const auto command = serving == "blue" ? "cutover" : "switch-back";
        const auto call = std::string(PGTEAL_BINARY) + " -c " + scenario.lab().config() + " " + command;
        const auto script = signal == "PIPE"
                                ? call + " 2>&1 | true; exit 0"
                                : call + " >/dev/null 2>&1 & pid=$!; sleep " + std::to_string(delay) +
                                      "; for i in $(seq 400); do kill -" + signal +
                                      " $pid 2>/dev/null || break; sleep 0.005; done; wait $pid; exit 0";
        ASSERT_EQ(std::system(("bash -c '" + script + "'").c_str()), 0);
        const auto now = serving_side(scenario);
        switches += now != serving ? 1 : 0;
        scenario.say("SIG" + signal + " into " + command + ": " + now + " serves");
        serving = now;
        expect_rest(scenario);
        ASSERT_TRUE(scenario.workload().wait_acknowledged(30, 30s));
    }
    EXPECT_GE(switches, 2) << "no signal came while a switch was under way";
    const auto report =
        scenario.check({.min_per_side = 50, .min_per_phase = 5, .switches = switches, .max_errors = 0});
    EXPECT_TRUE(report.ok()) << workload::to_text(report);
}

} // namespace pgteal::support
