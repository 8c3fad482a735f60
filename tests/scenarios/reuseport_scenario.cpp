// Two PgBouncer processes on one port: each is a pooler of its own by its unix socket.
#include <filesystem>
#include <regex>

#include <gmock/gmock.h>

#include "tests/scenarios/world.hpp"
#include "tests/support/scenario.hpp"

namespace pgteal::support {

using testing::HasSubstr;

namespace {

/// The file of a pooler with so_reuseport on the first one's port, and a folder for its own socket.
void share_port(const Lab& lab, const std::string& pooler) {
    const auto path = lab.dir() + "/" + pooler + "/pgbouncer.ini";
    auto text = read_file(path);
    text = replaced(text, "listen_port  = " + lab.port(pooler), "listen_port  = " + lab.port("pgb1"));
    text = replaced(text,
                    "unix_socket_dir =", "so_reuseport = 1\nunix_socket_dir = " + lab.dir() + "/" + pooler);
    write_file(path, text);
}

/// libpq looks for the password of a socket under its folder.
void know_password_of_socket(const Lab& lab, const std::string& pooler) {
    const auto path = lab.dir() + "/passfile";
    const auto text = read_file(path);
    const auto begin = text.find("127.0.0.1:" + lab.port("pgb1") + ":*:pgteal:");
    const auto line = text.substr(begin, text.find('\n', begin) + 1 - begin);
    write_file(path, text + replaced(line, "127.0.0.1", lab.dir() + "/" + pooler));
}

std::string fix_of(Scenario& scenario, const std::string& check, int exit_code) {
    const auto run = scenario.pgteal_json({"check", "--quick"});
    EXPECT_EQ(run.exit_code, exit_code) << run;
    const auto document = run.json();
    for (const auto& one : document.at("findings").as_array()) {
        if (one.at("check").as_string() == check && one.at("level").as_string() == "error") {
            return std::string(one.at("fix").as_string());
        }
    }
    return {};
}

/// As the advice says it: `admin` of the pooler by its own socket.
void type_admin(const Lab& lab, const std::string& pooler, const std::string& fix) {
    std::smatch match;
    ASSERT_TRUE(std::regex_search(fix, match, std::regex("admin = \"([^\"]*)\""))) << fix;
    const std::regex line("(name   = \"" + pooler + "\"\nadmin  = \")[^\"]*\"");
    const auto text = read_file(lab.config());
    write_file(
        lab.config(),
        std::regex_replace(text, line, "$1" + match[1].str() + " passfile=" + lab.dir() + "/passfile\""));
}

} // namespace

TEST(Reuseport, processes_of_one_port_are_moved_when_each_is_named_by_its_socket) {
    Scenario scenario({"--blue", "15", "--green", "17", "--poolers", "2"});
    auto& lab = scenario.lab();
    for (const auto* pooler : {"pgb1", "pgb2"}) {
        lab.stop(pooler);
    }
    const auto port = lab.port("pgb1");
    for (const auto* pooler : {"pgb1", "pgb2"}) {
        share_port(lab, pooler);
        know_password_of_socket(lab, pooler);
    }
    const auto env = lab.dir() + "/lab.env";
    write_file(env, replaced(read_file(env), "PGB2_PORT=" + lab.port("pgb2"), "PGB2_PORT=" + port));
    write_file(lab.config(), replaced(read_file(lab.config()), "port=" + lab.port("pgb2"), "port=" + port));
    for (const auto* pooler : {"pgb1", "pgb2"}) {
        lab.start(pooler);
    }

    // By the port one command reaches either of them.
    const auto fix = fix_of(scenario, "pooler-reuseport", 3);
    EXPECT_THAT(fix, HasSubstr("admin = \"host=" + lab.dir() + "/pgb"));
    const auto of = [&fix, &lab](const std::string& pooler) {
        return std::regex_replace(fix, std::regex(lab.dir() + "/pgb\\d"), lab.dir() + "/" + pooler);
    };
    // One of two, the other process is not named.
    type_admin(lab, "pgb1", of("pgb1"));
    EXPECT_THAT(fix_of(scenario, "pooler-reuseport", 3), HasSubstr("so_reuseport = 0"));
    type_admin(lab, "pgb2", of("pgb2"));
    EXPECT_EQ(fix_of(scenario, "pooler-reuseport", 0), "");

    const auto move = [&](const std::string& command, const std::string& side) {
        const auto run = scenario.pgteal({command});
        ASSERT_EQ(run.exit_code, 0) << run;
        const auto identifier = scenario.value(side, "app", who_are_you);
        for (int i = 0; i < 20; ++i) { // the kernel deals connections out to both
            EXPECT_EQ(as_client(lab, "pgb1", "app", who_are_you), identifier);
        }
    };
    const auto prepared = scenario.pgteal({"prepare"});
    ASSERT_EQ(prepared.exit_code, 0) << prepared;
    move("cutover", "green");
    move("switch-back", "blue");
    EXPECT_EQ(scenario.pgteal({"finish"}).exit_code, 0);
}

} // namespace pgteal::support
