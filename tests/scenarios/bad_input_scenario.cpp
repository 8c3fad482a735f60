// What an operator gets wrong, and what a server or pooler is not fit for: refused with one clear message,
// and nothing is touched.
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <thread>

#include "cutover/record/journal.hpp"
#include "tests/scenarios/world.hpp"
#include "tests/support/scenario.hpp"

namespace pgteal::support {

namespace {

using namespace std::chrono_literals;
using Call = Run; // gtest has a Run of its own

/// All that pgteal could have made or changed in a database and its server.
const char* const catalogs = R"(SELECT md5(string_agg(line, E'\n' ORDER BY line)) FROM (
  SELECT 'class' || ROW(oid, relname, relnamespace, relkind, relowner, relacl::text, reloptions, relreplident, relfilenode)::text AS line FROM pg_class
  UNION ALL SELECT 'database' || ROW(oid, datname, datdba, encoding, datallowconn, datconnlimit, datacl::text)::text FROM pg_database
  UNION ALL SELECT 'role' || a::text FROM pg_authid a
  UNION ALL SELECT 'member' || m::text FROM pg_auth_members m
  UNION ALL SELECT 'publication' || p::text FROM pg_publication p
  UNION ALL SELECT 'subscription' || s::text FROM pg_subscription s
  UNION ALL SELECT 'slot' || ROW(slot_name, plugin, slot_type, database)::text FROM pg_replication_slots
  UNION ALL SELECT 'origin' || o::text FROM pg_replication_origin o
  UNION ALL SELECT 'setting' || s::text FROM pg_db_role_setting s
  UNION ALL SELECT 'event trigger' || e::text FROM pg_event_trigger e
  UNION ALL SELECT 'function' || ROW(oid, proname, pronamespace)::text FROM pg_proc
  UNION ALL SELECT 'schema' || n::text FROM pg_namespace n WHERE nspname !~ '^pg_(toast_)?temp_'
) all_of_it)";

class BadInput : public testing::Test {
protected:
    Lab& lab() { return scenario_.lab(); }

    /// The world as pgteal found it, in words that can be compared.
    std::string world() {
        std::string text;
        for (const auto* side : {"blue", "green"}) {
            for (const auto& database : scenario_.query(
                     side, "postgres", "SELECT datname FROM pg_database WHERE datallowconn ORDER BY 1")) {
                text += std::string(side) + "/" + database + " " + scenario_.value(side, database, catalogs) +
                        "\n";
            }
        }
        for (const auto& [entry, shown] : show_databases(lab(), "pgb1")) {
            text += entry + " " + shown.port + (shown.paused ? " paused" : "") + "\n";
        }
        for (const auto& file : std::filesystem::directory_iterator(lab().dir() + "/pgb1")) {
            const auto name = file.path().filename().string();
            if (name.find(".ini") != std::string::npos) {
                text += name + "\n" + read_file(file.path());
            }
        }
        return text;
    }

    /// One message for people on stderr, whose object and whose next thing to do are there.
    static void expect_one_message(const Call& run, const std::string& object, int exit_code) {
        EXPECT_EQ(run.exit_code, exit_code) << run;
        EXPECT_NE(run.err.find(object), std::string::npos) << "'" << object << "' is not named: " << run;
        int messages = 0;
        for (const auto* state : {"\n  refused  ", "\n  error  ", "\n  failed  "}) {
            const auto text = "\n" + run.err;
            for (auto at = text.find(state); at != std::string::npos; at = text.find(state, at + 1)) {
                ++messages;
            }
        }
        EXPECT_EQ(messages, 1) << run;
        EXPECT_NE(run.err.find("Nothing was changed"), std::string::npos) << run;
    }

    static void expect_hint(const Call& run, const std::string& object, int exit_code) {
        EXPECT_EQ(run.exit_code, exit_code) << run;
        const auto document = run.json();
        ASSERT_TRUE(document.as_object().contains("error")) << run;
        const auto& error = document.at("error");
        EXPECT_NE(std::string(error.at("message").as_string()).find(object), std::string::npos) << run;
        EXPECT_FALSE(error.at("hint").as_string().empty()) << run;
    }

    /// check says the same: an error of its own kind, or a finding with the object and a fix.
    static void expect_found(const Call& run, const std::string& object, int exit_code) {
        if (exit_code == 2) {
            expect_hint(run, object, 2);
            return;
        }
        EXPECT_EQ(run.exit_code, 3) << run;
        const auto document = run.json();
        const auto* findings = document.as_object().if_contains("findings");
        if (findings == nullptr) {
            expect_hint(run, object, exit_code);
            return;
        }
        bool found = false;
        for (const auto& finding : findings->as_array()) {
            const auto words = std::string(finding.at("object").as_string()) + ": " +
                               std::string(finding.at("message").as_string());
            found =
                found || (finding.at("level").as_string() == "error" &&
                          words.find(object) != std::string::npos && !finding.at("fix").as_string().empty());
        }
        EXPECT_TRUE(found) << "no finding with a fix names " << object << ": " << run;
    }

    /// prepare and check with the world as it is now: refused, and the world is as before.
    void expect_refused(const std::string& object, int exit_code) {
        const auto before = world();
        expect_one_message(scenario_.pgteal({"prepare"}), object, exit_code);
        expect_hint(scenario_.pgteal_json({"prepare"}), object, exit_code);
        expect_found(scenario_.pgteal_json({"check"}), object, exit_code);
        EXPECT_EQ(world(), before) << "something was changed";
        expect_no_run();
    }

    /// With another config, as long as this lasts.
    void expect_refused_with(const std::string& config, const std::string& object, int exit_code) {
        const auto good = read_file(lab().config());
        write_file(lab().config(), config);
        const auto before = world();
        expect_one_message(scenario_.pgteal({"prepare"}), object, exit_code);
        expect_hint(scenario_.pgteal_json({"prepare"}), object, exit_code);
        expect_found(scenario_.pgteal_json({"check"}), object, exit_code);
        EXPECT_EQ(world(), before) << "something was changed";
        write_file(lab().config(), good);
        expect_no_run();
    }

    void expect_no_run() { EXPECT_EQ(scenario_.status().at("step").as_string(), "none"); }

    /// A command that does not fit where the run stands.
    void expect_out_of_order(const Scenario::Words& words, const std::string& object) {
        SCOPED_TRACE(words.front());
        const auto before = world();
        expect_one_message(scenario_.pgteal(words), object, 3);
        expect_hint(scenario_.pgteal_json(words), object, 3);
        EXPECT_EQ(world(), before) << "something was changed";
    }

    std::string config() { return read_file(lab().config()); }

    Scenario scenario_;
};

/// A pgteal that goes on while the test does. Its pid is the program's own.
class Background {
public:
    Background(const std::string& config, const std::string& command, std::string log)
        : log_(std::move(log)) {
        std::string program = PGTEAL_BINARY;
        std::string option = "-c";
        std::string file = config;
        std::string word = command;
        std::vector<char*> argv{program.data(), option.data(), file.data(), word.data(), nullptr};
        posix_spawn_file_actions_t files;
        posix_spawn_file_actions_init(&files);
        posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, log_.c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                         0600);
        posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
        const int error = posix_spawn(&pid_, program.c_str(), &files, nullptr, argv.data(), environ);
        posix_spawn_file_actions_destroy(&files);
        if (error != 0) {
            throw std::runtime_error("can't start " + program);
        }
    }
    ~Background() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
        }
    }
    Background(const Background&) = delete;
    Background& operator=(const Background&) = delete;

    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] std::string printed() const { return read_file(log_); }
    /// Its exit code; -1 when it did not come to an end within `limit`.
    int wait(std::chrono::seconds limit) {
        const auto until = std::chrono::steady_clock::now() + limit;
        int status = 0;
        while (::waitpid(pid_, &status, WNOHANG) == 0) {
            if (std::chrono::steady_clock::now() > until) {
                return -1;
            }
            std::this_thread::sleep_for(20ms);
        }
        pid_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }

private:
    std::string log_;
    pid_t pid_ = -1;
};

bool wait_for_intent(const std::string& state, const std::string& step) {
    for (int i = 0; i < 3000; ++i) {
        if (const auto journal = cutover::Journal::peek(state, "lab")) {
            for (const auto& event : journal->events()) {
                if (event.kind == cutover::EventKind::intent && event.step == step) {
                    return true;
                }
            }
        }
        std::this_thread::sleep_for(20ms);
    }
    return false;
}

} // namespace

TEST_F(BadInput, in_the_config_is_named_with_its_line) {
    const auto good = config();
    expect_refused_with(replaced(good, "max_lag ", "max_lagg "), "max_lagg", 2);
    expect_refused_with(replaced(good, "\"5s\"", "\"5\""), "max_pause", 2);
    expect_refused_with(replaced(good, "\"5s\"", "5"), "max_pause", 2);
    expect_refused_with(good + "\n[[database]]\nname = \"app\"\n", "'app'", 2);
    expect_refused_with(replaced(good, "[run]", "[run"), "pgteal.toml:", 2);

    const auto missing = scenario_.pgteal({"-c", "/nowhere/pgteal.toml", "check"});
    EXPECT_EQ(missing.exit_code, 2) << missing;
    EXPECT_EQ(scenario_.pgteal({"cut-over"}).exit_code, 2);
    EXPECT_EQ(scenario_.pgteal({}).exit_code, 2);
    EXPECT_EQ(scenario_.pgteal({"cutover", "--lossless"}).exit_code, 2);
}

TEST_F(BadInput, that_leads_to_the_wrong_place_is_refused) {
    const auto good = config();
    const auto blue = "port=" + lab().port("blue");
    const auto green = "port=" + lab().port("green");
    {
        SCOPED_TRACE("blue is green");
        expect_refused_with(replaced(good, green, blue), "same system identifier", 3);
        write_file(lab().config(), replaced(good, green, blue));
        const auto run = scenario_.pgteal({"check"});
        EXPECT_EQ((run.out + run.err).find("DROP DATABASE"), std::string::npos)
            << "it says to drop what clients use: " << run;
        write_file(lab().config(), good);
    }
    {
        SCOPED_TRACE("nobody listens");
        expect_refused_with(replaced(good, green, "port=1"), "127.0.0.1:1", 3);
    }
    {
        SCOPED_TRACE("wrong password");
        const auto wrong = replaced(good, green + " user=pgteal passfile=" + lab().dir() + "/passfile",
                                    green + " user=pgteal password=s3cret-mistake");
        expect_refused_with(wrong, "password", 3);
        write_file(lab().config(), wrong);
        const auto run = scenario_.pgteal({"-v", "check"});
        EXPECT_EQ((run.out + run.err).find("s3cret-mistake"), std::string::npos) << run;
        write_file(lab().config(), good);
    }
    {
        SCOPED_TRACE("unknown entry");
        expect_refused_with(replaced(good, "name   = \"pgb1\"", "name   = \"pgb1\"\nentries = [\"nope\"]"),
                            "nope", 3);
    }
    const auto ini = lab().value("PGB1_INI");
    {
        SCOPED_TRACE("no such pooler config");
        expect_refused_with(replaced(good, ini, ini + ".gone"), ini + ".gone", 3);
    }
    {
        SCOPED_TRACE("a symbolic link as pooler config");
        const auto link = lab().dir() + "/link-to-pgbouncer.ini";
        std::filesystem::create_symlink(ini, link);
        expect_refused_with(replaced(good, ini, link), "symbolic link", 3);
    }
    {
        SCOPED_TRACE("no superuser");
        for (const auto* side : {"blue", "green"}) {
            scenario_.query(side, "postgres", "CREATE ROLE plain LOGIN PASSWORD 'plain'");
        }
        auto plain = good;
        for (int i = 0; i < 2; ++i) {
            plain = replaced(plain, "user=pgteal passfile=" + lab().dir() + "/passfile\"",
                             "user=plain password=plain\"");
        }
        expect_refused_with(plain, "plain", 3);
    }
}

TEST_F(BadInput, on_a_server_that_is_not_fit_is_refused) {
    {
        SCOPED_TRACE("green is not empty");
        scenario_.query("green", "postgres", "CREATE DATABASE app");
        scenario_.query("green", "app", "CREATE TABLE left_over (n int)");
        expect_refused("app", 3);
        scenario_.query("green", "postgres", "DROP DATABASE app");
    }
    {
        SCOPED_TRACE("no replica identity");
        scenario_.query("blue", "app", "CREATE TABLE workload.bare (n int)");
        expect_refused("bare", 3);
        scenario_.query("blue", "app", "DROP TABLE workload.bare");
    }
    {
        SCOPED_TRACE("wal_level");
        scenario_.query("blue", "postgres", "ALTER SYSTEM SET wal_level = replica");
        lab().stop("blue");
        lab().start("blue");
        expect_refused("wal_level", 3);
        scenario_.query("blue", "postgres", "ALTER SYSTEM RESET wal_level");
        lab().stop("blue");
        lab().start("blue");
    }
    const auto mended = scenario_.pgteal({"prepare"});
    EXPECT_EQ(mended.exit_code, 0) << "what was planted is mended, and it goes on: " << mended;
}

TEST_F(BadInput, that_would_leave_clients_behind_is_refused) {
    const auto ini = read_file(lab().value("PGB1_INI"));
    reconfigure(
        lab(), "pgb1",
        replaced(ini, "[databases]\n",
                 "[databases]\nlost = host=nowhere.invalid port=" + lab().port("blue") + " dbname=app\n"));
    expect_refused("lost", 3);
    reconfigure(lab(), "pgb1", ini);
    scenario_.query("blue", "postgres", "CREATE DATABASE second");
    expect_refused_with(config() + "\n[[database]]\nname = \"second\"\n", "leads to database second", 3);

    auto app = client(lab(), "pgb1", "app");
    ASSERT_TRUE(app.run("SELECT").ok());
    const auto hba = lab().dir() + "/green/pg_hba.conf";
    const auto open = read_file(hba);
    const auto closed = "host  all  app  127.0.0.1/32  reject\n" + open;
    write_file(hba, closed);
    expect_refused("line 1 of " + hba, 3);
    write_file(hba, open);
    ASSERT_EQ(scenario_.pgteal({"prepare"}).exit_code, 0);
    ASSERT_TRUE(app.run("SELECT").ok());
    write_file(hba, closed);
    expect_out_of_order({"cutover", "--dry-run"}, "line 1 of " + hba);
    expect_out_of_order({"cutover"}, "line 1 of " + hba);
}

TEST_F(BadInput, of_a_full_disk_for_the_output_is_no_success_and_a_reader_that_left_no_failure) {
    const auto plan = "bash -o pipefail -c '" PGTEAL_BINARY " -c " + lab().config() + " plan ";
    EXPECT_EQ(WEXITSTATUS(std::system((plan + "> /dev/full'").c_str())), 1);
    EXPECT_EQ(WEXITSTATUS(std::system((plan + "| head -n 1'").c_str())), 0);
}

TEST_F(BadInput, in_the_order_of_commands_is_refused) {
    expect_out_of_order({"cutover"}, "prepare");
    expect_out_of_order({"cutover", "--dry-run"}, "prepare");
    expect_out_of_order({"switch-back"}, "prepare");
    expect_out_of_order({"finish"}, "prepare");
    expect_out_of_order({"resume"}, "no run");
    expect_out_of_order({"abort"}, "no run");
    expect_out_of_order({"compare"}, "no run");
    expect_out_of_order({"migrate", "apply"}, "run");
    expect_no_run();

    ASSERT_EQ(scenario_.pgteal({"prepare"}).exit_code, 0);
    expect_out_of_order({"switch-back"}, "blue serves");
    expect_out_of_order({"finish"}, "nothing was cut over");
    expect_out_of_order({"resume"}, "nothing was interrupted");
    const auto prepared = world();
    EXPECT_EQ(scenario_.pgteal({"prepare"}).exit_code, 0);
    EXPECT_EQ(world(), prepared) << "prepare on a prepared run changed something";

    ASSERT_EQ(scenario_.pgteal({"cutover"}).exit_code, 0);
    expect_out_of_order({"cutover"}, "green serves");
    expect_out_of_order({"abort"}, "switched");
}

TEST_F(BadInput, of_two_controllers_at_once_leaves_the_run_to_the_first) {
    // Making the first lane's slot waits for the transactions that write.
    auto writer = client(lab(), "blue", "app");
    ASSERT_TRUE(writer.run("BEGIN").ok());
    ASSERT_TRUE(writer.run("UPDATE workload.counters SET n = n").ok());
    Background first(lab().config(), "prepare", lab().dir() + "/first.log");
    ASSERT_TRUE(wait_for_intent(lab().dir() + "/state", "copy")) << first.printed();

    const auto holder = "pid " + std::to_string(first.pid());
    for (const Scenario::Words& words :
         std::vector<Scenario::Words>{{"prepare"}, {"cutover"}, {"abort"}, {"resume"}, {"plan"}}) {
        SCOPED_TRACE(words.front());
        const auto run = scenario_.pgteal(words);
        expect_one_message(run, holder, 3);
        EXPECT_NE(run.err.find("pgteal prepare"), std::string::npos)
            << "what the other one does is not said: " << run;
        EXPECT_EQ(scenario_.pgteal_json(words).error_code(), "busy");
    }
    EXPECT_EQ(scenario_.status().at("serving").as_string(), "blue") << "looking is always allowed";

    ASSERT_TRUE(writer.run("COMMIT").ok());
    EXPECT_EQ(first.wait(60s), 0) << first.printed();
    EXPECT_EQ(scenario_.status().at("step").as_string(), "prepared");
}

} // namespace pgteal::support
