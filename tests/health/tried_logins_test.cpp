// What a tried login means, before prepare, at the gate and on the way back.
#include "health/logins/tried_logins.hpp"

#include "facts_fixture.hpp"

namespace pgteal::health {
namespace {

using namespace testing_support;
using ::testing::HasSubstr;

TriedLogin refused(const std::string& sqlstate, const std::string& problem, const std::string& user = "app") {
    TriedLogin login{"pgb1", "app", user, "app", "10.0.0.9:5432", true, false, false, sqlstate, problem};
    return login;
}

TriedLogin wants_key(const std::string& user) {
    auto login = refused("08P01", "server login failed: wrong password type", user);
    login.wants_key = true;
    return login;
}

LoginsTried all(TriedLogin login, bool at_gate = false) {
    LoginsTried facts;
    facts.from = "blue";
    facts.to = "green";
    facts.at_gate = at_gate;
    facts.own = "pgteal";
    facts.kept = {"postgres", "pgteal"};
    facts.from_dsn = "host=10.0.0.5 user=pgteal dbname=postgres";
    facts.to_dsn = "host=10.0.0.9 user=pgteal dbname=postgres";
    facts.roles = {{"app", {true, true, true}},
                   {"new", {true, false, false}},
                   {"changed", {true, true, false}},
                   {"postgres", {true, true, false}},
                   {"pgteal", {true, true, false}}};
    facts.tried = {std::move(login)};
    return facts;
}

void expect_error(const LoginsTried& facts, const std::string& words) {
    EXPECT_THAT(only(judge_tried_logins(facts), Level::error, "green").message, HasSubstr(words));
}

const std::string limit = "too many connections for database \"app\"";
const std::string no_password = "password authentication failed for user \"app\"";

TEST(TriedLogins, that_end_at_the_fence_or_in_a_session_are_fine) {
    auto open = refused("", "");
    open.open = true;
    for (const bool at_gate : {false, true}) {
        expect_ok(judge_tried_logins(all(open, at_gate)));
        expect_ok(judge_tried_logins(all(refused("53300", limit), at_gate)));
        expect_ok(judge_tried_logins(all(wants_key("app"), at_gate)));
    }
    // The server's words may be in any language.
    expect_ok(judge_tried_logins(all(refused("53300", "zu viele Verbindungen"), true)));
}

TEST(TriedLogins, that_another_server_takes_are_errors_whatever_else_works) {
    auto open = refused("", "");
    open.open = true;
    open.system = "7003";
    for (const bool at_gate : {false, true}) {
        auto facts = all(open, at_gate);
        facts.system = "7002";
        expect_error(facts, "another server answers than green");
        facts.way_back = true;
        auto other = open;
        other.pooler = "pgb2";
        other.system = "7002";
        facts.tried.push_back(other);
        expect_error(facts, "another server answers than green");
        facts.system = "7003";
        facts.tried.pop_back();
        expect_ok(judge_tried_logins(facts));
    }
}

// PgBouncer 1.18 says 08P01 whatever the server said.
TEST(TriedLogins, are_told_apart_by_the_servers_words_where_PgBouncer_keeps_the_code) {
    expect_ok(judge_tried_logins(all(refused("08P01", limit), true)));
    expect_ok(judge_tried_logins(all(refused("08P01", "database \"app\" does not exist"))));
    expect_error(all(refused("08P01", "database \"app\" does not exist"), true), "does not exist");
    expect_ok(judge_tried_logins(all(refused("08P01", no_password, "new"))));
    expect_error(all(refused("08P01", no_password)), "password authentication failed");
    expect_error(all(refused("08P01", "role \"app\" does not exist")), "does not exist");
    expect_error(all(refused("08P01", "Peer authentication failed for user \"app\"")), "Peer");
    EXPECT_THAT(only(judge_tried_logins(all(refused("08P01", "zu viele Verbindungen"), true)), Level::warning,
                     "green")
                    .fix,
                HasSubstr("lc_messages"));
}

TEST(TriedLogins, a_full_server_has_proved_nothing) {
    expect_error(all(refused("53300", "sorry, too many clients already"), true), "too many clients");
}

TEST(TriedLogins, what_prepare_makes_is_missed_at_the_gate_only) {
    for (const auto& login :
         {refused("3D000", "database \"app\" does not exist"), refused("28P01", no_password, "new"),
          refused("28P01", no_password, "changed"), refused("28000", "role \"new\" does not exist", "new")}) {
        expect_ok(judge_tried_logins(all(login)));
        expect_error(all(login, true), "would be refused once they are moved");
    }
    expect_ok(judge_tried_logins(all(wants_key("changed"))));
    expect_error(all(wants_key("changed"), true), "another password on green");
}

TEST(TriedLogins, what_is_carried_after_the_gate_is_not_missed_at_it) {
    for (const auto& login : {refused("28P01", no_password, "new"), refused("28P01", no_password, "changed"),
                              refused("28000", "role \"new\" does not exist", "new"), wants_key("changed")}) {
        auto facts = all(login, true);
        facts.coming = {"new", "changed"};
        expect_ok(judge_tried_logins(facts));
        facts.coming = {"another"};
        EXPECT_EQ(judge_tried_logins(facts).findings.size(), 1U) << login.problem;
    }
    auto facts = all(refused("42501", "permission denied for database \"app\""), true);
    expect_error(facts, "permission denied");
    facts.connect_comes = true;
    expect_ok(judge_tried_logins(facts));
}

TEST(TriedLogins, of_a_role_that_is_gone_where_clients_are_miss_nobody) {
    auto facts = all(refused("28P01", no_password, "gone"), true);
    facts.roles["gone"] = {false, true, false};
    expect_ok(judge_tried_logins(facts));
    facts.roles["gone"] = {};
    expect_ok(judge_tried_logins(facts));
}

TEST(TriedLogins, roles_that_prepare_leaves_alone_are_missed_at_once) {
    for (const std::string role : {"postgres", "pgteal"}) {
        for (const auto& login : {wants_key(role), refused("28P01", no_password, role)}) {
            const auto finding = only(judge_tried_logins(all(login)), Level::error, "green");
            EXPECT_EQ(finding.object, role);
            EXPECT_THAT(finding.message, HasSubstr("which prepare leaves alone"));
            EXPECT_THAT(finding.fix, HasSubstr("psql 'host=10.0.0.5 user=pgteal dbname=postgres' -XAtc"));
            EXPECT_THAT(finding.fix, HasSubstr("| PGOPTIONS="));
        }
    }
}

TEST(TriedLogins, a_password_that_only_PgBouncer_holds_is_its_own_trouble) {
    const auto finding = only(judge_tried_logins(all(refused("28P01", no_password))), Level::error, "green");
    EXPECT_THAT(finding.fix, HasSubstr("auth_file of pgb1"));
    expect_error(all(refused("08P01", "server login failed: wrong password type")), "wrong password type");
}

TEST(TriedLogins, that_reach_nobody_are_refused_with_the_address) {
    expect_error(all(refused("", "connect failed")), "pgb1 does not reach green (10.0.0.9:5432");
    EXPECT_THAT(only(judge_tried_logins(all(refused("", "connect failed"))), Level::error, "green").fix,
                HasSubstr("pooler_host"));
    EXPECT_THAT(only(judge_tried_logins(all(refused("", "server refused SSL"))), Level::error, "green").fix,
                HasSubstr("server_tls_sslmode"));
    auto twice = all(refused("", "connect failed"));
    twice.tried.push_back(refused("", "connect failed", "other"));
    EXPECT_EQ(judge_tried_logins(twice).findings.size(), 1U) << "it is one fault";
}

TEST(TriedLogins, pg_hba_conf_is_sure_unless_it_goes_by_membership) {
    const auto login = refused("28000", "no pg_hba.conf entry for host \"10.0.0.7\"", "new");
    expect_error(all(login), "no pg_hba.conf entry");
    auto groups = all(login);
    groups.group_rules = true;
    only(judge_tried_logins(groups), Level::warning, "green");
    groups.at_gate = true;
    expect_error(groups, "no pg_hba.conf entry");
}

TEST(TriedLogins, the_way_back_needs_one_pooler_that_gets_in) {
    auto back = all(refused("", "connect failed"), true);
    back.way_back = true;
    back.from = "green";
    back.to = "blue";
    only(judge_tried_logins(back), Level::error, "blue");
    back.tried.push_back(refused("53300", limit));
    back.tried.back().pooler = "pgb2";
    only(judge_tried_logins(back), Level::warning, "blue");
    back.untried["pgb2"] = "it is dead";
    back.tried.pop_back();
    EXPECT_EQ(judge_tried_logins(back).findings.size(), 2U);
}

TEST(TriedLogins, what_can_not_be_tried_is_refused_until_it_is_accepted) {
    auto none = all(refused("", ""));
    none.tried.front().tried = false;
    none.untried["pgb1"] = "PgBouncer runs in a container";
    const auto finding = only(judge_tried_logins(none), Level::error, "pgb1");
    EXPECT_THAT(finding.fix, HasSubstr("accept = [\"untried-logins\"]"));
    none.untried_accepted = true;
    only(judge_tried_logins(none), Level::warning, "pgb1");
    none.tried.front().user = "postgres";
    EXPECT_EQ(judge_tried_logins(none).findings.size(), 2U) << "secrets are compared all the same";
}

TEST(TriedLogins, a_file_that_PgBouncer_can_not_read_is_refused) {
    auto facts = all(refused("53300", limit));
    facts.unreadable["pgb1"] = "/etc/pgbouncer/pgbouncer.ini";
    EXPECT_THAT(only(judge_tried_logins(facts), Level::error, "pgb1").message,
                HasSubstr("RELOAD would fail"));
}

} // namespace
} // namespace pgteal::health
