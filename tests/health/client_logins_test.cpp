#include "health/logins/client_logins.hpp"

#include "facts_fixture.hpp"

namespace pgteal::health {
namespace {

using namespace testing_support;
using ::testing::HasSubstr;

HbaRule line(int number, std::string method, std::string user = "all") {
    HbaRule rule;
    rule.line = number;
    rule.file = "/etc/pg_hba.conf";
    rule.type = "host";
    rule.databases = {"all"};
    rule.users = {std::move(user)};
    rule.address = "all";
    rule.method = std::move(method);
    return rule;
}

HbaFacts side(const std::string& name, std::vector<HbaRule> rules) {
    return {name, std::move(rules), "10.0.0.9"};
}

ClientLogin app() {
    ClientLogin login;
    login.here = {"app", "shop", "10.0.0.7", {"app"}, Answer::no};
    login.there = {"app", "shop", "10.0.1.7", {"app"}, Answer::no};
    login.stored = "scram";
    return login;
}

const HbaFacts from = side("blue", {line(1, "scram-sha-256")});

TEST(ClientLogins, the_same_way_in_on_both_sides_is_fine) {
    expect_ok(judge_client_logins(from, side("green", {line(9, "scram-sha-256")}), {app()}));
    expect_ok(judge_client_logins(from, side("green", {line(9, "md5")}), {app()}));
    expect_ok(judge_client_logins(from, side("green", {line(9, "trust")}), {app()}));
    expect_ok(judge_client_logins(from, side("green", {}), {}));
}

TEST(ClientLogins, a_line_that_rejects_is_refused_by_name_and_place) {
    const auto finding =
        only(judge_client_logins(from, side("green", {line(9, "reject", "app"), line(10, "md5")}), {app()}),
             Level::error, "green");
    EXPECT_EQ(finding.object, "app");
    EXPECT_THAT(finding.message,
                HasSubstr("role app (database shop, from 10.0.1.7): line 9 of /etc/pg_hba.conf rejects"));
    EXPECT_THAT(finding.fix, HasSubstr("host  shop  app  10.0.1.7/32  scram-sha-256"));
}

TEST(ClientLogins, no_line_at_all_is_refused) {
    const auto finding = only(judge_client_logins(from, side("green", {line(9, "md5", "other")}), {app()}),
                              Level::error, "green");
    EXPECT_THAT(finding.message, HasSubstr("no line lets it in"));
    auto socket = app();
    socket.there.address = "";
    EXPECT_THAT(
        only(judge_client_logins(from, side("green", {line(9, "md5")}), {socket}), Level::error, "green").fix,
        HasSubstr("local  shop  app  scram-sha-256"));
}

TEST(ClientLogins, what_is_not_certain_is_a_warning) {
    auto named = line(8, "md5");
    named.address = "pooler.internal";
    only(judge_client_logins(from, side("green", {named}), {app()}), Level::warning, "green");
    auto direct = app();
    direct.of_pooler = false;
    only(judge_client_logins(from, side("green", {}), {direct}), Level::warning, "green");
}

TEST(ClientLogins, a_stored_password_that_does_not_fit_is_refused) {
    const auto md5_side = side("blue", {line(1, "md5")});
    auto old = app();
    old.stored = "md5";
    EXPECT_THAT(only(judge_client_logins(md5_side, side("green", {line(9, "scram-sha-256")}), {old}),
                     Level::error, "green")
                    .message,
                HasSubstr("stored as md5"));
    expect_ok(judge_client_logins(md5_side, side("green", {line(9, "md5")}), {old}));
    auto none = app();
    none.stored = "none";
    const auto open = side("blue", {line(1, "trust")});
    EXPECT_THAT(
        only(judge_client_logins(open, side("green", {line(9, "md5")}), {none}), Level::error, "green")
            .message,
        HasSubstr("has no password"));
}

TEST(ClientLogins, another_kind_of_proof_is_a_warning) {
    const auto finding =
        only(judge_client_logins(from, side("green", {line(9, "ident")}), {app()}), Level::warning, "green");
    EXPECT_THAT(finding.message, HasSubstr("for ident"));
    EXPECT_THAT(finding.message, HasSubstr("blue asks for scram-sha-256"));
}

TEST(ClientLogins, a_line_that_can_not_be_read_is_a_warning) {
    auto broken = line(3, "md5");
    broken.error = "invalid CIDR mask";
    const auto finding = only(judge_client_logins(from, side("green", {broken, line(9, "md5")}), {app()}),
                              Level::warning, "green");
    EXPECT_THAT(finding.message,
                HasSubstr("line 3 of /etc/pg_hba.conf on green has an error: invalid CIDR mask"));
}

} // namespace
} // namespace pgteal::health
