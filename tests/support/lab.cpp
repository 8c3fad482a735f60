#include "tests/support/lab.hpp"

#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <fstream>

#include "base/error.hpp"
#include "base/program.hpp"

namespace pgteal::support {

namespace {

using namespace std::chrono_literals;

Task<void> run_into(postgres::Program program, postgres::ProgramOutput* output) {
    *output = co_await postgres::run_program(std::move(program), after(180s));
}

std::string run_lab(const std::string& dir, const std::vector<std::string>& words) {
    postgres::Program program{{PGTEAL_SOURCE_DIR "/scripts/lab"}, {}};
    program.argv.insert(program.argv.end(), words.begin(), words.end());
    program.argv.insert(program.argv.end(), {"--quiet", "--dir", dir});
    postgres::ProgramOutput output;
    run_here([&] { return run_into(program, &output); });
    if (output.exit_code != 0) {
        throw Error(ErrorCode::program, "controller",
                    postgres::to_string(program) + " failed:\n" + output.err + output.out);
    }
    return output.out;
}

/// A test that is killed, by ctest's timeout or an operator, runs no destructor: this shell then ends its
/// lab.
void watch_over(const std::string& dir) {
    const std::string script = "setsid sh -c 'while kill -0 \"$1\" 2>/dev/null; do sleep 1; done; "
                               "[ ! -e \"$2\" ] || \"$3\" down --quiet --dir \"$2\"' "
                               "sh \"$1\" \"$2\" \"$3\" >/dev/null 2>&1 &";
    postgres::Program program{
        {"sh", "-c", script, "sh", std::to_string(::getpid()), dir, PGTEAL_SOURCE_DIR "/scripts/lab"}, {}};
    postgres::ProgramOutput output;
    run_here([&] { return run_into(program, &output); });
}

/// Values are as bash's printf %q writes them; ports, names and paths of ours need no quotes.
std::map<std::string, std::string> read_env(const std::string& file) {
    std::map<std::string, std::string> env;
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
        const auto equals = line.find('=');
        if (equals == std::string::npos) {
            continue;
        }
        std::string value;
        for (const char c : line.substr(equals + 1)) {
            if (c != '\\' && c != '\'') {
                value += c;
            }
        }
        env[line.substr(0, equals)] = value;
    }
    return env;
}

std::string upper(std::string text) {
    for (char& c : text) {
        c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    return text;
}

std::unique_ptr<Lab>& shared() {
    static std::unique_ptr<Lab> lab;
    return lab;
}

} // namespace

Lab::Lab(std::vector<std::string> options) {
    static std::atomic<int> made{0};
    dir_ = "/tmp/pgteal-test-" + std::to_string(::getpid()) + "-" + std::to_string(++made);
    std::vector<std::string> words{"up",     "--small", "--fsync", "off", // the same on each Debian:
                                   "--blue", "15",      "--green", "17"};
    words.insert(words.end(), options.begin(), options.end());
    watch_over(dir_);
    run_lab(dir_, words);
    env_ = read_env(dir_ + "/lab.env");
}

Lab::~Lab() {
    try {
        run_lab(dir_, {"down"});
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
    }
}

std::string Lab::value(const std::string& key) const { return env_.at(key); }
std::string Lab::port(const std::string& member) const { return value(upper(member) + "_PORT"); }

postgres::Dsn Lab::dsn(const std::string& name) const {
    return postgres::Dsn::parse("host=127.0.0.1 user=pgteal")
        .with("port", port(name))
        .with("passfile", value("PASSFILE"));
}

postgres::Dsn Lab::app_dsn(const std::string& member, const std::string& database) const {
    return dsn(member).with("user", "app").with_database(database);
}

postgres::Dsn Lab::admin_dsn(const std::string& pooler) const {
    return dsn(pooler).with_database("pgbouncer");
}

std::string Lab::run(std::vector<std::string> words) { return run_lab(dir_, words); }

void SharedLab::SetUp() { shared() = std::make_unique<Lab>(options_); }
void SharedLab::TearDown() { shared().reset(); }
Lab& shared_lab() { return *shared(); }

} // namespace pgteal::support
