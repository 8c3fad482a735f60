// What check advises, typed as it stands: each fault that it names goes away by its own advice.
#include <csignal>
#include <set>

#include <gmock/gmock.h>
#include <unistd.h>

#include "tests/scenarios/typist.hpp"

namespace pgteal::support {

using testing::HasSubstr;
using testing::Not;

namespace {

/// What the test's own sessions are found as.
bool of_sessions(const std::string& check) {
    return check == "superuser-sessions" || check == "long-transactions";
}

void plant(Scenario& scenario) {
    auto& lab = scenario.lab();
    script(lab, "green", "postgres",
           "CREATE DATABASE app ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
    script(lab, "green", "app", "CREATE TABLE public.left_over (id int)");
    script(lab, "green", "postgres", "CREATE ROLE boss SUPERUSER");
    script(lab, "blue", "postgres", "ALTER SYSTEM SET max_prepared_transactions = 5");
    script(lab, "green", "postgres", "ALTER SYSTEM SET wal_level = 'replica'");
    script(lab, "green", "postgres", "ALTER SYSTEM SET max_replication_slots = 0");
    script(lab, "green", "postgres", "ALTER SYSTEM SET max_logical_replication_workers = 0");
    script(lab, "green", "postgres", "ALTER SYSTEM SET timezone = 'Asia/Tokyo'");
    script(lab, "green", "postgres", "ALTER SYSTEM SET default_transaction_read_only = on");
    script(lab, "green", "postgres", "ALTER SYSTEM SET max_wal_senders = 0");
    script(lab, "blue", "postgres", "ALTER SYSTEM SET session_preload_libraries = 'auto_explain'");
    script(lab, "blue", "postgres", "ALTER SYSTEM SET max_slot_wal_keep_size = -1");
    for (const auto* side : {"blue", "green"}) {
        lab.stop(side);
        lab.start(side);
    }
    script(lab, "blue", "app", R"(
        CREATE TABLE public.keyless (v text);
        CREATE TABLE public.json_only (v json);
        CREATE TABLE public.full_json (v json); ALTER TABLE public.full_json REPLICA IDENTITY FULL;
        CREATE TABLE public.unique_one (id int NOT NULL UNIQUE);
        CREATE TABLE public.late (id int PRIMARY KEY DEFERRABLE);
        CREATE TABLE public.nothing (id int PRIMARY KEY); ALTER TABLE public.nothing REPLICA IDENTITY NOTHING;
        CREATE TABLE public."Odd ""name" (id int); ALTER TABLE public."Odd ""name" REPLICA IDENTITY NOTHING;
        CREATE UNLOGGED TABLE public.fleeting (id int PRIMARY KEY);
        CREATE TABLE public.audited (id int PRIMARY KEY);
        CREATE FUNCTION public.noop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
        CREATE TRIGGER audit BEFORE INSERT ON public.audited FOR EACH ROW EXECUTE FUNCTION public.noop();
        ALTER TABLE public.audited ENABLE ALWAYS TRIGGER audit;
        CREATE SEQUENCE public.tired AS smallint START 32000; SELECT nextval('public.tired');
        CREATE FUNCTION public.changer() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN CREATE TABLE x (); RETURN new; END';
        CREATE TRIGGER changer BEFORE INSERT ON public.audited FOR EACH ROW EXECUTE FUNCTION public.changer();
        CREATE EXTENSION pgcrypto SCHEMA public;
        CREATE TABLE public.of_extension (id int PRIMARY KEY); ALTER EXTENSION pgcrypto ADD TABLE public.of_extension;
        CREATE TABLE information_schema.own (id int PRIMARY KEY);
        SELECT lo_create(0);
        CREATE EXTENSION adminpack;
        CREATE TABLE public.poor (id int PRIMARY KEY); ALTER TABLE public.poor OWNER TO app; REVOKE UPDATE ON public.poor FROM app;
        CREATE TABLE public.secret (id int PRIMARY KEY); ALTER TABLE public.secret OWNER TO app;
        ALTER TABLE public.secret ENABLE ROW LEVEL SECURITY; ALTER TABLE public.secret FORCE ROW LEVEL SECURITY;
        CREATE FUNCTION public.fine(int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN true; END';
        CREATE TABLE public.checked (id int PRIMARY KEY CHECK (public.fine(id))); ALTER FUNCTION public.fine(int) OWNER TO app;
        CREATE SCHEMA pgteal AUTHORIZATION app;)");
    const auto folder = lab.dir() + "/run/fast";
    script(lab, "blue", "postgres", "COPY (SELECT 1) TO PROGRAM 'mkdir " + folder + "'");
    script(lab, "blue", "postgres", "CREATE TABLESPACE fast LOCATION '" + folder + "'");
    script(lab, "blue", "app", "CREATE TABLE public.quick (id int PRIMARY KEY) TABLESPACE fast");
    script(lab, "blue", "postgres", R"(
        CREATE ROLE "stub born"; ALTER ROLE "stub born" SET default_transaction_read_only = off;
        ALTER ROLE "stub born" IN DATABASE app SET default_transaction_read_only = off;
        ALTER ROLE pgteal SET lock_timeout = '5s';
        ALTER ROLE pgteal SET array_nulls = off;
        CREATE ROLE boss LOGIN; CREATE ROLE writer LOGIN PASSWORD 'of all data' IN ROLE pg_write_all_data;)");
    script(lab, "blue", "app",
           "CREATE SUBSCRIPTION feed CONNECTION 'host=127.0.0.1 port=1 dbname=x' PUBLICATION p "
           "WITH (connect = false, slot_name = 'feed')");
    script(lab, "blue", "app", "ALTER SUBSCRIPTION feed ENABLE");
    for (const std::string slot : {"pgteal_old_app_1_blue", "of_nobody"}) {
        script(lab, "blue", "app", "SELECT pg_create_logical_replication_slot('" + slot + "', 'pgoutput')");
    }
    script(lab, "blue", "app",
           "BEGIN; INSERT INTO public.unique_one VALUES (1); PREPARE TRANSACTION 'for''gotten'");
    const auto ini = lab.dir() + "/pgb1/pgbouncer.ini";
    auto text =
        replaced(read_file(ini), "query_wait_timeout = 30", "query_wait_timeout = 3\nquery_timeout = 2");
    text =
        replaced(text, "[databases]\n",
                 "[databases]\nreaders = host=127.0.0.1 port=1 dbname=app\npostgres = host=127.0.0.1 port=" +
                     lab.port("blue") + " dbname=postgres\n");
    reconfigure(lab, "pgb1", text + "\n[users]\nbatch = pool_mode=session\n");
    std::filesystem::create_hard_link(ini, lab.dir() + "/pgb1/other.ini");
    write_file(lab.config(), replaced(read_file(lab.config()), "[[pooler]]\n",
                                      "[[pooler]]\nentries = [\"app\", \"gone\"]\n"));
    write_file(lab.dir() + "/migrations/app/V1__first.sql",
               "CREATE TABLE public.first (id int PRIMARY KEY);\n");
    write_file(lab.dir() + "/migrations/app/second.sql",
               "CREATE TABLE public.second (id int PRIMARY KEY);\n");
}

/// Streams from blue as a standby does.
class Standby {
public:
    explicit Standby(const Lab& lab) {
        const auto folder = lab.dir() + "/received";
        std::filesystem::create_directory(folder);
        pid_ = std::stoi(shell("PGPASSFILE=" + lab.value("PASSFILE") + " " + lab.value("CLIENT_BIN") +
                               "/pg_receivewal -h 127.0.0.1 -U pgteal -p " + lab.port("blue") + " -D " +
                               folder + " >/dev/null 2>&1 & echo $!"));
    }
    ~Standby() { ::kill(pid_, SIGKILL); }
    Standby(const Standby&) = delete;
    Standby& operator=(const Standby&) = delete;

private:
    int pid_ = 0;
};

struct Typed {
    std::set<std::string> named;
    std::string said; ///< by whom typed advice was refused: another fault may have been in the way
    std::vector<Found> last;
    int exit_code = -1;
};

/// Types what is said, until it stays the same.
Typed typed(Scenario& scenario, int rounds) {
    Typist typist(scenario);
    Typed all;
    auto& last = all.last;
    for (int round = 0; round < rounds; ++round) {
        const auto before = std::move(last);
        last = findings_of(scenario, &all.exit_code);
        std::erase_if(last, [](const Found& one) { return one.level == "info" || of_sessions(one.check); });
        scenario.say(std::to_string(last.size()) + " findings");
        if (last == before) {
            break;
        }
        for (const auto& one : last) {
            all.named.insert(one.check);
            EXPECT_THAT(one.fix, Not(HasSubstr("…"))) << one.check;
            if (one.level == "error") {
                EXPECT_FALSE(one.fix.empty()) << one.check << " " << one.object;
            }
            try {
                typist.type(one);
            } catch (const std::exception& error) {
                all.said += one.check + ": " + error.what() + "\n";
            }
        }
    }
    return all;
}

/// Of a run that is prepared.
void expect_lanes_mended(Scenario& scenario) {
    auto& lab = scenario.lab();
    run_here([&] {
        return send_each(lab.dsn("green").with_database("app"),
                         {"SET default_transaction_read_only = off", "SET pgteal.ddl = on",
                          "ALTER SUBSCRIPTION pgteal_lab_app_1_blue DISABLE"});
    });
    script(lab, "blue", "postgres", "ALTER ROLE app SET statement_timeout = '1h'");
    const auto writer =
        lab.dsn("blue").with_database("app").with("user", "writer").with("password", "of all data");
    workload::Session locker;
    ASSERT_TRUE(locker.connect(writer.conninfo(), std::chrono::seconds(30))) << locker.take_error();
    ASSERT_TRUE(locker.run("BEGIN").ok());
    ASSERT_TRUE(locker.run("LOCK TABLE pgteal.run IN ACCESS EXCLUSIVE MODE").ok());
    std::set<std::string> named;
    Typed seen;
    for (int tries = 0; tries < 40 && seen.exit_code != 0; ++tries) { // a worker takes a moment to start
        seen = typed(scenario, 1);
        named.merge(seen.named);
    }
    for (const std::string check : {"lanes", "client-settings", "own-tables"}) {
        EXPECT_TRUE(named.contains(check)) << check << " was not found";
    }
    EXPECT_EQ(seen.exit_code, 0) << seen.said;
}

} // namespace

TEST(Advice, of_check_can_be_typed_and_each_fault_is_gone_by_its_own) {
    Scenario scenario({"--blue", "15", "--green", "17"});
    plant(scenario);
    const std::set<std::string> planted{"replica-identity",
                                        "unlogged-tables",
                                        "large-objects",
                                        "triggers",
                                        "sequences",
                                        "schema-changes",
                                        "extension-members",
                                        "own-schema",
                                        "role-settings",
                                        "lane-timeouts",
                                        "lane-settings",
                                        "other-subscriptions",
                                        "leftovers",
                                        "prepared-transactions",
                                        "capacity",
                                        "wal-level",
                                        "senders",
                                        "origins",
                                        "libraries",
                                        "system-schemas",
                                        "slots",
                                        "workers",
                                        "session-settings",
                                        "slot-retention",
                                        "green-empty",
                                        "pooler-timeouts",
                                        "pooler-entries",
                                        "poolers",
                                        "pooler-files",
                                        "standby-entries",
                                        "migrations",
                                        "locale",
                                        "extensions",
                                        "tablespaces",
                                        "owner-privileges",
                                        "owners-code",
                                        "row-security",
                                        "role-names",
                                        "read-only",
                                        "other-slots",
                                        "pool-mode"};
    Typed seen;
    {
        const Standby standby(scenario.lab());
        seen = typed(scenario, 8);
    }
    for (const auto& check : planted) {
        EXPECT_TRUE(seen.named.contains(check)) << check << " was not found";
    }
    EXPECT_EQ(seen.exit_code, 0);
    // Accepting is no mend, and a disabled subscription may be enabled again: those stay as warnings.
    const std::set<std::string> stay{"large-objects", "schema-changes", "pooler-entries",
                                     "other-subscriptions"};
    for (const auto& one : seen.last) {
        EXPECT_NE(one.level, "error") << one.check << " " << one.object << ": " << one.fix << "\n"
                                      << seen.said;
        EXPECT_TRUE(stay.contains(one.check)) << one.check << " " << one.object << ": " << one.fix << "\n"
                                              << seen.said;
    }
    const auto prepared = scenario.pgteal({"prepare"});
    ASSERT_EQ(prepared.exit_code, 0) << prepared;
    expect_lanes_mended(scenario);
    EXPECT_EQ(scenario.pgteal({"abort"}).exit_code, 0);
}

// Read before hours of copying, not after them: the lane would stop at the first row that blue sends.
TEST(Advice, of_check_on_migrations_that_replication_does_not_live_with) {
    Scenario scenario;
    script(scenario.lab(), "blue", "app", "CREATE TABLE public.t (id int PRIMARY KEY, a text, n int)");
    script(scenario.lab(), "blue", "app", "CREATE TABLE public.gone (id int PRIMARY KEY)");
    const auto folder = scenario.lab().dir() + "/migrations/app/";
    const auto said = [&] {
        std::vector<std::string> found;
        const auto run = scenario.pgteal_json({"check", "--quick"});
        EXPECT_EQ(run.exit_code, 0) << run;
        const auto document = run.json();
        for (const auto& one : document.at("findings").as_array()) {
            if (one.at("check").as_string() == "migrations") {
                EXPECT_EQ(one.at("level").as_string(), "warning") << one;
                found.push_back(std::string(one.at("object").as_string()) + " " +
                                std::string(one.at("message").as_string()) + " " +
                                std::string(one.at("fix").as_string()));
            }
        }
        return found;
    };
    write_file(folder + "V1__add.sql", "ALTER TABLE public.t ADD COLUMN extra text;\n");
    write_file(folder + "V2__rename.sql", "SET LOCAL lock_timeout = '2s';\n"
                                          "ALTER TABLE public.t RENAME COLUMN a TO b;\n");
    write_file(folder + "V3__wide.sql", "ALTER TABLE public.t ALTER COLUMN n TYPE bigint;\n");
    // Nothing goes on being replicated when it runs, after finish.
    write_file(folder + "V4__gone.sql", "-- pgteal: phase contract\nDROP TABLE public.gone;\n");
    const auto first = said();
    ASSERT_EQ(first.size(), 2U) << testing::PrintToString(first);
    EXPECT_THAT(first[0], HasSubstr("app: V2__rename.sql:2 replication both ways"));
    EXPECT_THAT(first[0], HasSubstr("the lane stops at blue's next write"));
    EXPECT_THAT(first[1], HasSubstr("app: V3__wide.sql:1 replication on the way back"));
    // What it names shows the form to write, and the line that says it is meant hushes it.
    const auto shown = scenario.pgteal({"migrate", "lint"});
    EXPECT_THAT(shown.out, HasSubstr("ALTER TABLE public.t ADD COLUMN b")) << shown;
    const auto line = [](const std::string& text) {
        return text.substr(text.find("-- pgteal: allow")) + "\n";
    };
    write_file(folder + "V2__rename.sql", "SET LOCAL lock_timeout = '2s';\n" + line(first[0]) +
                                              "ALTER TABLE public.t RENAME COLUMN a TO b;\n");
    write_file(folder + "V3__wide.sql",
               line(first[1]) + "ALTER TABLE public.t ALTER COLUMN n TYPE bigint;\n");
    const auto hushed = said();
    EXPECT_TRUE(hushed.empty()) << testing::PrintToString(hushed);
}

} // namespace pgteal::support
