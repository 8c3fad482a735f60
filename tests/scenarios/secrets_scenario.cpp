// No secret in what pgteal prints, keeps or passes on, nor in what the servers keep and show of its
// statements; and no code of a database's owner in its sessions, whatever the database's search_path is.

#include <atomic>
#include <set>
#include <sstream>
#include <thread>

#include "tests/scenarios/world.hpp"
#include "tests/support/scenario.hpp"

namespace pgteal::support {

namespace {

void add_migration(Scenario& scenario) {
    write_file(scenario.lab().dir() + "/migrations/app/V1__note.sql",
               "ALTER TABLE workload.events ADD COLUMN note pg_catalog.text;\n"
               "CREATE INDEX CONCURRENTLY events_note ON workload.events (note);\n");
}

/// Passwords of the lab, as its passfile has them.
std::vector<std::string> passwords(Lab& lab) {
    std::set<std::string> found;
    std::istringstream in(read_file(lab.value("PASSFILE")));
    for (std::string line; std::getline(in, line);) {
        found.insert(line.substr(line.rfind(':') + 1));
    }
    return {found.begin(), found.end()};
}

/// Reads every process's argv, over and over, in a thread of its own.
class ArgvWatch {
public:
    explicit ArgvWatch(std::vector<std::string> secrets)
        : secrets_(std::move(secrets)), thread_([this] { watch(); }) {}
    ~ArgvWatch() { stop(); }
    ArgvWatch(const ArgvWatch&) = delete;
    ArgvWatch& operator=(const ArgvWatch&) = delete;

    void stop() {
        stop_ = true;
        if (thread_.joinable()) {
            thread_.join();
        }
    }
    // After stop() only.
    std::set<std::string> leaks;
    std::set<std::string> programs;

private:
    void watch() {
        while (!stop_) {
            for (const auto& process : std::filesystem::directory_iterator("/proc")) {
                std::ifstream in(process.path() / "cmdline", std::ios::binary);
                std::ostringstream text;
                text << in.rdbuf(); // a process that ended meanwhile reads as an error, and counts as empty
                const auto argv = text.str();
                programs.insert(std::filesystem::path(argv.substr(0, argv.find('\0'))).filename());
                for (const auto& secret : secrets_) {
                    if (argv.find(secret) != std::string::npos) {
                        leaks.insert(argv.substr(0, argv.find('\0')));
                    }
                }
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(3));
        }
    }
    std::vector<std::string> secrets_;
    std::atomic<bool> stop_ = false;
    std::thread thread_;
};

/// Both servers keep all that they can of statements.
void keep_everything(Lab& lab) {
    for (const std::string side : {"blue", "green"}) {
        const auto file = lab.dir() + "/" + side + "/postgresql.conf";
        write_file(file, read_file(file) + R"(
shared_preload_libraries = 'pg_stat_statements, auto_explain'
pg_stat_statements.track = all
auto_explain.log_min_duration = 0
auto_explain.log_nested_statements = on
log_statement = all
log_min_duration_statement = 0
log_min_duration_sample = 0
log_statement_sample_rate = 1
log_transaction_sample_rate = 1
log_min_error_statement = debug5
log_parameter_max_length_on_error = -1
log_replication_commands = on
)");
        lab.stop(side);
        lab.start(side);
    }
}

/// Reads what sessions show, over and over, in a thread of its own.
class ActivityWatch {
public:
    ActivityWatch(Lab& lab, const std::string& side, std::vector<std::string> secrets)
        : secrets_(std::move(secrets)),
          dsn_(lab.dsn(side)
                   .with_database("postgres")
                   .with("options", "-c log_statement=none -c log_min_duration_statement=-1 "
                                    "-c log_min_duration_sample=-1 -c "
                                    "log_transaction_sample_rate=0 -c "
                                    "auto_explain.log_min_duration=-1")),
          thread_([this] { watch(); }) {}
    ~ActivityWatch() { stop(); }
    ActivityWatch(const ActivityWatch&) = delete;
    ActivityWatch& operator=(const ActivityWatch&) = delete;
    void stop() {
        stop_ = true;
        if (thread_.joinable()) {
            thread_.join();
        }
    }
    // After stop() only.
    std::set<std::string> leaks;
    bool saw_pgteal = false;

private:
    void watch() {
        workload::Session session;
        if (!session.connect(dsn_.conninfo(), std::chrono::seconds(30))) {
            return;
        }
        while (!stop_) {
            const auto reply =
                session.run("SELECT query, application_name FROM pg_stat_activity WHERE pid <> "
                            "pg_backend_pid() AND backend_type = 'client backend'");
            for (int row = 0; reply.ok() && row < reply.rows(); ++row) {
                const std::string query(reply.text(row, 0));
                saw_pgteal = saw_pgteal || std::string(reply.text(row, 1)).starts_with("pgteal");
                for (const auto& secret : secrets_) {
                    if (query.find(secret) != std::string::npos) {
                        leaks.insert(query.substr(0, query.find(' ', 7)));
                    }
                }
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
    }
    std::vector<std::string> secrets_;
    postgres::Dsn dsn_;
    std::atomic<bool> stop_ = false;
    std::thread thread_;
};

/// What an owner of a database may put in front of pg_catalog. Each says in the server's log when a superuser
/// runs it.
constexpr const char* traps = R"(
CREATE SCHEMA trap;
GRANT USAGE ON SCHEMA trap TO PUBLIC;
CREATE FUNCTION trap.ran(what pg_catalog.text) RETURNS bool LANGUAGE plpgsql AS $$
BEGIN
  IF pg_catalog.current_setting('is_superuser') OPERATOR(pg_catalog.=) 'on' THEN
    RAISE LOG 'trap: % (%)', what, pg_catalog.current_setting('application_name');
  END IF;
  RETURN true;
END $$;
CREATE DOMAIN trap.text AS pg_catalog.text CHECK (trap.ran('text'));
CREATE DOMAIN trap.int4 AS pg_catalog.int4 CHECK (trap.ran('int4'));
CREATE DOMAIN trap.int8 AS pg_catalog.int8 CHECK (trap.ran('int8'));
CREATE DOMAIN trap.regclass AS pg_catalog.regclass CHECK (trap.ran('regclass'));
CREATE DOMAIN trap.name AS pg_catalog.name CHECK (trap.ran('name'));
DO $$
DECLARE
  one record;
BEGIN
  FOR one IN SELECT * FROM (VALUES ('=', 'name', 'text'), ('=', 'name', 'name'), ('=', 'text', 'text'), ('=', 'oid', 'oid'),
      ('=', 'int4', 'int4'), ('=', '"char"', '"char"'), ('<>', 'text', 'text'), ('<>', 'name', 'name'), ('<>', 'oid', 'oid'),
      ('>', 'int4', 'int4'), ('>', 'int8', 'int8'), ('>=', 'oid', 'oid')) AS v (op, l, r) LOOP
    EXECUTE pg_catalog.format('CREATE FUNCTION trap.%I(pg_catalog.%s, pg_catalog.%s) RETURNS bool LANGUAGE sql AS '
      '$f$ SELECT trap.ran(%L) AND $1 OPERATOR(pg_catalog.%s) $2 $f$', 'f' || one.op || one.l || one.r, one.l, one.r,
      one.op || ' of ' || one.l, one.op);
    EXECUTE pg_catalog.format('CREATE OPERATOR trap.%s (LEFTARG = pg_catalog.%s, RIGHTARG = pg_catalog.%s, FUNCTION = trap.%I)',
      one.op, one.l, one.r, 'f' || one.op || one.l || one.r);
  END LOOP;
  FOR one IN SELECT * FROM (VALUES ('now', '', 'timestamptz'), ('version', '', 'text'), ('current_database', '', 'name'),
      ('pg_backend_pid', '', 'int4'), ('clock_timestamp', '', 'timestamptz'), ('current_setting', 'text', 'text'),
      ('quote_ident', 'text', 'text'), ('format', 'text', 'text'), ('upper', 'text', 'text')) AS v (f, a, r) LOOP
    EXECUTE pg_catalog.format('CREATE FUNCTION trap.%I(%s) RETURNS pg_catalog.%s LANGUAGE sql AS '
      '$f$ SELECT CASE WHEN trap.ran(%L) THEN pg_catalog.%I(%s) END $f$', one.f, CASE one.a WHEN '' THEN '' ELSE 'pg_catalog.' || one.a END,
      one.r, one.f || '()', one.f, CASE one.a WHEN '' THEN '' ELSE '$1' END);
  END LOOP;
END $$;
CREATE FUNCTION trap.cat(pg_catalog.text, pg_catalog.text) RETURNS pg_catalog.text LANGUAGE sql AS
  $$ SELECT CASE WHEN trap.ran('||') THEN pg_catalog.textcat($1, $2) END $$;
CREATE OPERATOR trap.|| (LEFTARG = pg_catalog.text, RIGHTARG = pg_catalog.text, FUNCTION = trap.cat);
CREATE FUNCTION trap.count_on(pg_catalog.int8) RETURNS pg_catalog.int8 LANGUAGE sql AS
  $$ SELECT CASE WHEN trap.ran('count()') THEN $1 OPERATOR(pg_catalog.+) 1 END $$;
CREATE AGGREGATE trap.count(*) (SFUNC = trap.count_on, STYPE = pg_catalog.int8, INITCOND = '0');
ALTER DATABASE app SET search_path = trap, pg_catalog, public)";

Task<void> run_script(postgres::Dsn dsn, std::string sql) {
    auto connection =
        co_await postgres::Connection::open(std::move(dsn), "setup", after(std::chrono::seconds(20)));
    co_await connection.script(std::move(sql), after(std::chrono::seconds(20)));
}

/// Several statements.
void script(const postgres::Dsn& dsn, const std::string& sql) {
    run_here([&] { return run_script(dsn, sql); });
}

void expect_no_secret(const std::vector<std::string>& secrets, const std::string& bytes,
                      const std::string& where) {
    for (const auto& secret : secrets) {
        EXPECT_EQ(bytes.find(secret), std::string::npos) << "a password is in " << where;
    }
}

} // namespace

TEST(Secrets, stay_out_of_output_journal_and_argv) {
    Scenario scenario;
    auto& lab = scenario.lab();
    add_migration(scenario);
    const auto secrets = passwords(lab);
    ASSERT_EQ(secrets.size(), 2U);
    script(lab.dsn("blue").with_database("app"),
           "CREATE EXTENSION postgres_fdw; CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw; CREATE "
           "USER "
           "MAPPING FOR app SERVER elsewhere OPTIONS (user 'x', password 'mapped-hunter')");
    script(lab.app_dsn("blue", "app"), traps);
    keep_everything(lab);
    for (const std::string side : {"blue", "green"}) {
        scenario.query(side, "postgres", "CREATE EXTENSION pg_stat_statements");
    }
    auto kept = secrets;
    kept.emplace_back("SCRAM-SHA-256$");
    kept.emplace_back("mapped-hunter");
    std::map<std::string, std::size_t> logged;
    for (const std::string side : {"blue", "green"}) {
        logged[side] = read_file(lab.dir() + "/" + side + ".log").size();
    }
    // In the DSN itself instead of a file: the harder case.
    const auto line = read_file(lab.value("PASSFILE"));
    const auto start = line.find(":pgteal:") + 8;
    const auto password = line.substr(start, line.find('\n', start) - start);
    auto config = read_file(lab.config());
    for (int i = 0; i < 2; ++i) {
        config = replaced(config, "user=pgteal passfile=" + lab.dir() + "/passfile\"",
                          "user=pgteal  password=" + password + "\"");
    }
    write_file(lab.config(), config);

    ArgvWatch watch(secrets);
    ActivityWatch on_blue(lab, "blue", kept);
    ActivityWatch on_green(lab, "green", kept);
    std::string printed;
    for (const auto& words : std::vector<Scenario::Words>{{"-v", "check"},
                                                          {"-v", "plan"},
                                                          {"migrate", "lint"},
                                                          {"migrate", "rehearse"},
                                                          {"-v", "prepare"},
                                                          {"-v", "status"},
                                                          {"migrate", "status"},
                                                          {"migrate", "drift"},
                                                          {"-v", "compare"},
                                                          {"-v", "cutover", "--dry-run"},
                                                          {"-v", "cutover"},
                                                          {"-v", "--json", "switch-back"},
                                                          {"-v", "--json", "plan"},
                                                          {"--json", "status"},
                                                          {"-v", "finish"}}) {
        const auto run = scenario.pgteal(words);
        ASSERT_EQ(run.exit_code, 0) << run;
        printed += run.out + run.err;
    }
    watch.stop();
    for (auto* activity : {&on_blue, &on_green}) {
        activity->stop();
        EXPECT_TRUE(activity->saw_pgteal) << "the watch saw nothing";
        EXPECT_TRUE(activity->leaks.empty())
            << "pg_stat_activity showed a secret in " << *activity->leaks.begin();
    }
    as_client(lab, "blue", "app", "SELECT 4711");
    for (const std::string side : {"blue", "green"}) {
        const auto log = read_file(lab.dir() + "/" + side + ".log").substr(logged[side]);
        expect_no_secret(kept, log, side + "'s log");
        EXPECT_EQ(side == "blue", log.find("SELECT 4711") != std::string::npos)
            << "blue logs what clients do";
        const auto trap = log.find("trap: ");
        EXPECT_EQ(trap, std::string::npos)
            << "an owner's code ran as superuser on " << side << ": " << log.substr(trap, 60);
        const auto statistics = scenario.value(
            side, "postgres", "SELECT pg_catalog.string_agg(query, E'\\n') FROM pg_stat_statements");
        EXPECT_FALSE(statistics.empty());
        expect_no_secret(kept, statistics, "pg_stat_statements of " + side);
    }
    EXPECT_TRUE(watch.programs.contains("pgteal")) << "the watch saw nothing";
    EXPECT_TRUE(watch.programs.contains("pg_dump") || watch.programs.contains("pg_restore"))
        << "the watch was too slow";
    EXPECT_TRUE(watch.leaks.empty()) << *watch.leaks.begin() << " has a password in its argv";

    // A login that fails names the role, not the word that it failed with.
    write_file(lab.config(), replaced(config, "password=" + password, "password=wr0ng-" + password));
    const auto failed = scenario.pgteal({"-v", "check"});
    EXPECT_EQ(failed.exit_code, 3) << failed;
    printed += failed.out + failed.err;

    expect_no_secret(secrets, printed, "what pgteal printed");
    EXPECT_EQ(printed.find("SCRAM-SHA-256$"), std::string::npos) << "a password's verifier was printed";
    int files = 0;
    for (const auto& file : std::filesystem::recursive_directory_iterator(lab.dir() + "/state")) {
        if (file.is_regular_file()) {
            const auto bytes = read_file(file.path());
            expect_no_secret(secrets, bytes, file.path());
            EXPECT_EQ(bytes.find("SCRAM-SHA-256$"), std::string::npos)
                << "a password's verifier is in " << file.path();
            ++files;
        }
    }
    EXPECT_GE(files, 1);
}

} // namespace pgteal::support
