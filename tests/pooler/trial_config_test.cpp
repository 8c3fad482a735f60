// The private PgBouncer's config and log, without one.
#include "pooler/trial/trial_config.hpp"

#include <gmock/gmock.h>

#include "base/error.hpp"
#include "pooler/trial/trial_log.hpp"

namespace pgteal::pooler {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TrialPlace place() {
    return {"/tmp/x",
            {{"auth_file", "/etc/pgbouncer/userlist.txt"},
             {"auth_type", "scram-sha-256"},
             {"server_tls_sslmode", "verify-full"},
             {"server_tls_ca_file", ""},
             {"listen_addr", "0.0.0.0"},
             {"admin_users", "root"},
             {"unix_socket_dir", "/var/run/postgresql"}},
            {"app", "pgteal"}};
}

const LoginToTry app{"shop", "app", {"green", "5433", "shop"}};

TEST(TrialConfig, takes_the_server_side_and_nothing_of_the_clients) {
    const auto text = trial_config({"host='green' user='app'"}, place());
    EXPECT_THAT(text, HasSubstr("t0 = host='green' user='app'\n"));
    EXPECT_THAT(text, HasSubstr("server_tls_sslmode = verify-full\n"));
    EXPECT_THAT(text, HasSubstr("auth_file = /etc/pgbouncer/userlist.txt\n"));
    EXPECT_THAT(text, HasSubstr("auth_type = trust\n"));
    EXPECT_THAT(text, HasSubstr("listen_addr =\n"));
    EXPECT_THAT(text, HasSubstr("unix_socket_dir = /tmp/x\n"));
    EXPECT_THAT(text, Not(HasSubstr("admin_users")));
    EXPECT_THAT(text, Not(HasSubstr("server_tls_ca_file")));
    auto nobody = place();
    nobody.known.clear();
    EXPECT_THAT(trial_config({}, nobody), HasSubstr("auth_type = any\n"));
}

TEST(TrialConfig, an_entry_forces_its_user) {
    EXPECT_EQ(
        trial_entry(app, {{"host", "blue"}, {"pool_size", "5"}, {"connect_query", "SELECT boom()"}}, place()),
        "host='green' port='5433' dbname='shop' user='app'");
    EXPECT_EQ(trial_entry(app, {{"user", "app"}, {"password", "o'k"}, {"timezone", "UTC"}}, place()),
              "host='green' port='5433' dbname='shop' user='app' password='o''k' timezone='UTC'");
    EXPECT_THAT(trial_entry({"shop", "auth", app.target}, {{"user", "app"}, {"password", "secret"}}, place()),
                Not(HasSubstr("secret")))
        << "the password is the forced user's";
    EXPECT_THAT(trial_entry({"shop", "unlisted", app.target}, {}, place()),
                HasSubstr("password='SCRAM-SHA-256$4096:"));
    EXPECT_THAT(trial_entry({"shop", "app", {"", "5433", "shop"}}, {}, place()),
                HasSubstr("host='/var/run/postgresql'"));
    EXPECT_THROW(trial_entry({"shop", "a\nb", app.target}, {}, place()), Error);
}

TEST(TrialConfig, the_files_settings_beat_those_of_the_process) {
    const auto settings =
        effective_settings({{"auth_file", "/old"}, {"server_tls_sslmode", "disable"}},
                           "[databases]\nauth_file = host=x\n[pgbouncer]\nauth_file = /new\n");
    EXPECT_EQ(settings.at("auth_file"), "/new");
    EXPECT_EQ(settings.at("server_tls_sslmode"), "disable");
}

TEST(TrialConfig, users_of_an_auth_file) {
    EXPECT_THAT(
        users_in(
            "; a comment\n\"app\" \"secret\"\n  \"o\"\"k\" \"\"\n\nno quotes\n\"\" \"x\"\n\"last\" \"y\""),
        ::testing::ElementsAre("app", "o\"k", "last"));
}

struct Heard {
    TrialLog log;
    std::string given_up, wants_key;
    Heard() {
        log.on_given_up = [this](const std::string& entry, const std::string& why) {
            given_up += entry + ": " + why + "\n";
        };
        log.on_wants_key = [this](const std::string& entry) { wants_key += entry + "\n"; };
    }
};

// As 1.18 writes them.
TEST(TrialLog, tells_why_a_server_was_given_up) {
    Heard heard;
    const std::string text =
        "2026-11-29 19:04:50.700 UTC [1] LOG S-0x55: t0/app@127.0.0.1:1 closing because: connect failed "
        "(age=0s)\n"
        "2026-11-29 19:04:55.824 UTC [1] WARNING DNS lookup failed: nosuch.invalid: result=0\n"
        "2026-11-29 19:04:55.824 UTC [1] LOG S-0x56: t12/a/b@(bad-af):0 closing because: server DNS lookup "
        "failed (age=0s)\n"
        "2026-11-29 19:04:56.000 UTC [1] LOG S-0x57: t3/app@127.0.0.1:1 closing because: login failed "
        "(age=0s)\n"
        "2026-11-29 19:04:56.000 UTC [1] LOG C-0x58: t4/app@unix:6432 closing because: client close request "
        "(age=0s)\n"
        "2026-11-29 19:04:57.000 UTC [1] ERROR S-0x59: t5/app@127.0.0.1:1 cannot do SCRAM authentication: "
        "password is "
        "SCRAM secret but client authentication did not provide SCRAM keys\n";
    for (const char c : text) { // pieces of any length
        heard.log.add(std::string(1, c));
    }
    EXPECT_EQ(
        heard.given_up,
        "t0: connect failed\nt12: server DNS lookup failed (DNS lookup failed: nosuch.invalid: result=0)\n");
    EXPECT_EQ(heard.wants_key, "t5\n");
}

} // namespace
} // namespace pgteal::pooler
