// Every login to green is tried through PgBouncer before anybody is held: what would shut clients out is
// named at check, or by the gate, and the fix that is printed mends it. And a config file that PgBouncer may
// read by its ACL alone goes through both switches.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>

#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tests/scenarios/world.hpp"
#include "tests/support/crash.hpp"
#include "tests/support/scenario.hpp"

namespace pgteal::support {

namespace {

/// The findings of a check that refuses, with their fixes.
boost::json::object expect_finding(Scenario& scenario, const std::string& words) {
    const auto run = scenario.pgteal_json({"check"});
    EXPECT_EQ(run.exit_code, 3) << run;
    const auto document = run.json();
    for (const auto& finding : document.at("findings").as_array()) {
        const std::string message(finding.at("message").as_string());
        if (finding.at("level").as_string() == "error" && message.find(words) != std::string::npos) {
            const auto& check = finding.at("check").as_string();
            EXPECT_TRUE(check == "tried-logins" || check == "host-lists") << finding;
            return finding.as_object();
        }
    }
    ADD_FAILURE() << "no error says \"" << words << "\"\n" << run;
    return {};
}

void expect_done(Scenario& scenario, const std::string& command) {
    const auto run = scenario.pgteal({command});
    ASSERT_EQ(run.exit_code, 0) << run;
}

void expect_refused(Scenario& scenario, const std::string& command, const std::string& words) {
    const auto run = scenario.pgteal({command});
    EXPECT_EQ(run.exit_code, 3) << run;
    EXPECT_NE(run.err.find(words), std::string::npos) << words << " is missing in\n" << run;
    EXPECT_EQ(as_client(scenario.lab(), "pgb1", "app", "SELECT 1"), "1") << "clients are served as before";
}

std::string secret_on(Scenario& scenario, const std::string& side, const std::string& role) {
    return scenario.value(side, "postgres",
                          "SELECT rolpassword FROM pg_authid WHERE rolname = '" + role + "'");
}

/// What is typed into a shell, up to the words that follow it.
void type(Scenario& scenario, const std::string& fix) {
    const auto command =
        "export PGPASSFILE='" + scenario.lab().value("PASSFILE") + "'; " + fix.substr(0, fix.find("   "));
    const auto script = scenario.lab().dir() + "/fix.sh";
    write_file(script, command + "\n");
    EXPECT_EQ(std::system(("bash -e " + script).c_str()), 0) << command;
}

void logins_that_green_refuses(Scenario& scenario) {
    auto& lab = scenario.lab();
    const auto config = read_file(lab.config());
    const auto ini_path = lab.dir() + "/pgb1/pgbouncer.ini";
    const auto users_path = lab.dir() + "/pgb1/userlist.txt";
    const auto ini = read_file(ini_path);
    const auto users = read_file(users_path);

    scenario.say("green's address as the poolers would have it leads to nobody");
    write_file(lab.config(), replaced(config, "[green]\n", "[green]\npooler_port = \"1\"\n"));
    EXPECT_NE(expect_finding(scenario, "pgb1 does not reach green (127.0.0.1:1, database app)")
                  .at("fix")
                  .as_string()
                  .find("pooler_port"),
              boost::json::string::npos);

    scenario.say("and to blue itself");
    write_file(lab.config(),
               replaced(config, "[green]\n", "[green]\npooler_port = \"" + lab.port("blue") + "\"\n"));
    EXPECT_NE(expect_finding(scenario, "where another server answers than green")
                  .at("fix")
                  .as_string()
                  .find("pooler_port of [green]"),
              boost::json::string::npos);

    scenario.say("several hosts in green's DSN");
    const auto green = "host=127.0.0.1 port=" + lab.port("green");
    write_file(lab.config(), replaced(config, green,
                                      "host=127.0.0.1,127.0.0.1 port=" + lab.port("green") + "," +
                                          lab.port("green") + " target_session_attrs=primary"));
    const auto list = expect_finding(scenario, "PgBouncer takes them in turns");
    const std::string fix(list.at("fix").as_string());
    const auto host =
        fix.substr(fix.find("pooler_host"), fix.find("  pooler_port") - fix.find("pooler_host"));
    const auto port = fix.substr(fix.find("pooler_port"));
    write_file(lab.config(),
               replaced(read_file(lab.config()), "[green]\n", "[green]\n" + host + "\n" + port + "\n"));
    expect_done(scenario, "check");
    write_file(lab.config(), config);

    scenario.say("TLS that green can't give, in the file alone");
    write_file(ini_path, ini + "server_tls_sslmode = require\n");
    expect_finding(scenario, "server refused SSL");
    write_file(ini_path, ini);

    scenario.say("the bootstrap superuser in the auth_file, with another password on green");
    scenario.query("blue", "postgres", "ALTER ROLE postgres PASSWORD 'of-blue'");
    scenario.query("green", "postgres", "ALTER ROLE postgres PASSWORD 'of-green'");
    write_file(users_path, users + "\"postgres\" \"" + secret_on(scenario, "blue", "postgres") + "\"\n");
    const auto bootstrap = expect_finding(scenario, "role postgres has another password on green");
    EXPECT_EQ(std::string(bootstrap.at("fix").as_string()).find("SCRAM"), std::string::npos)
        << "no secret is shown";
    type(scenario, std::string(bootstrap.at("fix").as_string()));
    expect_done(scenario, "check");
    write_file(users_path, users + "\"postgres\" \"of-green\"\n"); // a name that gets in nowhere is no login
    expect_done(scenario, "check");

    scenario.say("an auth_user that green refuses");
    scenario.query("green", "postgres", "ALTER ROLE postgres PASSWORD 'of-green'");
    write_file(users_path, users + "\"postgres\" \"of-blue\"\n");
    write_file(ini_path, ini + "auth_user = postgres\n");
    type(scenario,
         std::string(
             expect_finding(scenario, "role postgres has another password on green").at("fix").as_string()));
    expect_done(scenario, "check");
    write_file(ini_path, ini);
    write_file(users_path, users);

    scenario.say("pgteal's own role as a SCRAM secret");
    write_file(users_path, replaced(users, users.substr(0, users.find('\n')),
                                    "\"pgteal\" \"" + secret_on(scenario, "blue", "pgteal") + "\""));
    ASSERT_NE(secret_on(scenario, "blue", "pgteal"), secret_on(scenario, "green", "pgteal"));
    const auto own = expect_finding(scenario, "as it is pgteal's own there");
    type(scenario, std::string(own.at("fix").as_string())); // the password is the same, the secret was not
    expect_done(scenario, "check");
    write_file(users_path, users);
    EXPECT_EQ(read_file(ini_path), ini) << "check changes nothing";
}

void logins_lost_after_prepare(Scenario& scenario) {
    auto& lab = scenario.lab();
    const auto hba = lab.dir() + "/green/pg_hba.conf";
    const auto before = read_file(hba);
    // Between application and database only: pgteal gets in, and no session shows it.
    write_file(hba, "host app app 127.0.0.1/32 reject\n" + before);
    scenario.query("green", "postgres", "SELECT pg_reload_conf()");
    scenario.say("a pg_hba.conf that refuses the application after prepare");
    expect_refused(scenario, "cutover", "pg_hba.conf");
    write_file(hba, before);
    scenario.query("green", "postgres", "SELECT pg_reload_conf()");
}

/// Clients that the auth_file does not name come in by what auth_query says on the server of their entry.
void auth_query_that_green_refuses(Scenario& scenario) {
    auto& lab = scenario.lab();
    const auto ini_path = lab.dir() + "/pgb1/pgbouncer.ini";
    const auto users_path = lab.dir() + "/pgb1/userlist.txt";
    const auto ini = read_file(ini_path);
    const auto users = read_file(users_path);
    write_file(users_path, users + "\"asker\" \"of the asker\"\n");
    reconfigure(
        lab, "pgb1",
        ini + "auth_user = asker\nauth_query = SELECT usename, passwd FROM pg_shadow WHERE usename=$1\n");
    expect_done(scenario, "prepare"); // takes note of the file
    const auto nora = lab.app_dsn("pgb1", "app").with("user", "nora").with("password", "of nora");
    workload::Session session;
    ASSERT_TRUE(session.connect(nora.conninfo(), std::chrono::seconds(30))) << session.take_error();
    scenario.say("an auth_query that auth_user may not run on green");
    scenario.query("green", "postgres", "ALTER ROLE asker NOSUPERUSER");
    const auto finding =
        expect_finding(scenario, "auth_query of entry app, as asker in database app on green");
    EXPECT_NE(std::string(finding.at("message").as_string()).find("permission denied for view pg_shadow"),
              std::string::npos);
    expect_refused(scenario, "cutover", "auth_query of entry app, as asker in database app on green");
    scenario.query("green", "postgres", "ALTER ROLE asker SUPERUSER");
    expect_done(scenario, "check");
    write_file(users_path, users);
    reconfigure(lab, "pgb1", ini);
    expect_done(scenario, "prepare");
}

std::string acl_of(const std::string& path) {
    std::string value(256, '\0');
    const auto size = ::getxattr(path.c_str(), "system.posix_acl_access", value.data(), value.size());
    value.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return value;
}

/// rw for the owner, r for `user`, nothing for the group and others (source: uapi/linux/posix_acl_xattr.h).
std::string acl_for(unsigned user) {
    std::string text("\2\0\0\0", 4);
    const auto entry = [&text](char tag, char rights, unsigned id) {
        text += {tag, '\0', rights, '\0'};
        for (unsigned shift = 0; shift < 32; shift += 8) {
            text += static_cast<char>(id >> shift & 0xFFU);
        }
    };
    entry(0x01, 6, ~0U);
    entry(0x02, 4, user);
    entry(0x04, 0, ~0U);
    entry(0x10, 4, ~0U);
    entry(0x20, 0, ~0U);
    return text;
}

/// As root: PgBouncer's user has no right to the file but by an ACL.
void file_read_by_acl_alone(Scenario& scenario) {
    const auto path = scenario.lab().dir() + "/pgb1/pgbouncer.ini";
    struct stat found {};
    ASSERT_EQ(::stat(path.c_str(), &found), 0);
    const auto bouncer = found.st_uid;
    ASSERT_EQ(::chown(path.c_str(), 0, 0), 0);
    ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
    scenario.say("a config file that PgBouncer can't read");
    expect_refused(scenario, "cutover", "can't read");
    scenario.say("and one that it may read by an ACL");
    const auto acl = acl_for(bouncer);
    ASSERT_EQ(::setxattr(path.c_str(), "system.posix_acl_access", acl.data(), acl.size(), 0), 0);
    for (const std::string command : {"cutover", "switch-back"}) {
        expect_done(scenario, command);
        EXPECT_EQ(acl_of(path), acl) << command;
        EXPECT_EQ(as_client(scenario.lab(), "pgb1", "app", "SELECT 1"), "1");
    }
    ASSERT_EQ(::chown(path.c_str(), found.st_uid, found.st_gid), 0);
}

/// Up to 1.18 PgBouncer lets clients wait while logins to the server fail; 1.24 fails them with it.
bool turns_waiting_clients_away() {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> said(
        ::popen("PATH=$PATH:/usr/sbin pgbouncer --version", "r"), ::pclose);
    int minor = 0;
    return said && std::fscanf(said.get(), "PgBouncer 1.%d", &minor) == 1 && // NOLINT(cert-err34-c)
           minor > 18;
}

} // namespace

TEST(Logins, that_would_fail_on_green_are_named_before_anybody_is_held) {
    Scenario scenario;
    as_client(scenario.lab(), "pgb1", "app", "SELECT 1"); // there is a pool of role app
    scenario.query("blue", "postgres", "CREATE ROLE asker SUPERUSER LOGIN PASSWORD 'of the asker'");
    scenario.query("blue", "postgres", "CREATE ROLE nora LOGIN PASSWORD 'of nora'");
    expect_done(scenario, "check");
    logins_that_green_refuses(scenario);
    expect_done(scenario, "prepare");
    logins_lost_after_prepare(scenario);
    auth_query_that_green_refuses(scenario);
    if (::geteuid() == 0) {
        file_read_by_acl_alone(scenario);
    } else {
        expect_done(scenario, "cutover");
        expect_done(scenario, "switch-back");
    }
}

TEST(Logins, that_fail_after_the_switch_are_named_while_others_go_on) {
    if (turns_waiting_clients_away()) {
        GTEST_SKIP() << "this PgBouncer turns them away";
    }
    Scenario scenario;
    auto& lab = scenario.lab();
    scenario.query("blue", "postgres", "CREATE ROLE second LOGIN PASSWORD 'of the second'");
    const auto users = lab.dir() + "/pgb1/userlist.txt";
    write_file(users, read_file(users) + "\"second\" \"of the second\"\n");
    reconfigure(lab, "pgb1", read_file(lab.dir() + "/pgb1/pgbouncer.ini"));
    expect_done(scenario, "prepare");
    const auto second = lab.app_dsn("pgb1", "app").with("user", "second").with("password", "of the second");
    workload::Session session; // one that logs in later is turned away
    ASSERT_TRUE(session.connect(second.conninfo(), std::chrono::seconds(120))) << session.take_error();
    ASSERT_TRUE(session.run("SELECT 1").ok());
    const auto killed = scenario.pgteal({"cutover"}, kill_at("switch", "done"));
    ASSERT_TRUE(killed.killed()) << killed;
    const auto hba = lab.dir() + "/green/pg_hba.conf";
    const auto before = read_file(hba);
    write_file(hba, "host app second 127.0.0.1/32 reject\n" + before);
    scenario.query("green", "postgres", "SELECT pg_reload_conf()");
    std::atomic<bool> served = false;
    std::thread waits([&] { served = session.run("SELECT 1").ok(); });
    std::thread goes_on([&] { EXPECT_EQ(as_client(lab, "pgb1", "app", "SELECT 1"), "1"); });
    const auto resumed = scenario.pgteal({"resume"});
    goes_on.join();
    EXPECT_EQ(resumed.exit_code, 4) << resumed;
    for (const auto* words :
         {"clients of role second through entry app of pgb1 wait",
          "Clients go on, on green, but for those of role second through entry app of pgb1, "
          "and blue follows it."}) {
        EXPECT_NE(resumed.err.find(words), std::string::npos) << words << " is missing in\n" << resumed;
    }
    EXPECT_FALSE(served);
    write_file(hba, before);
    scenario.query("green", "postgres", "SELECT pg_reload_conf()");
    waits.join();
    EXPECT_TRUE(served);
    expect_done(scenario, "resume");
}

} // namespace pgteal::support
