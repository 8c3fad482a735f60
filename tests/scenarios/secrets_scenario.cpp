// No secret in what pgteal prints, keeps or passes on.

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
               "ALTER TABLE workload.events ADD COLUMN note text;\n"
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
    std::string printed;
    for (const auto& words : std::vector<Scenario::Words>{{"-v", "check"},
                                                          {"-v", "plan"},
                                                          {"-v", "prepare"},
                                                          {"-v", "status"},
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
