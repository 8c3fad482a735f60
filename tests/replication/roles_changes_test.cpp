// In a run only what changed of a role is carried: the rest is a migration's, or can't be said on an older
// server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "replication/clone/roles_changes.hpp"
#include "tests/replication/roles_fixture.hpp"

namespace pgteal::replication {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

/// What is sent to the target.
std::vector<std::string> sent(const Roles& source, const Roles& target, const RoleChanges& changes,
                              std::set<std::string>* left_out = nullptr) {
    std::vector<std::string> texts;
    for (const auto& statement :
         plan_roles(with_changes(source, target, changes, left_out), target, "pgteal").statements) {
        texts.push_back(statement.text.display());
    }
    return texts;
}

RoleChanges changed(const std::string& name, std::set<std::string> parts) {
    return {{name, {false, std::move(parts)}}};
}
RoleChanges all_of(const std::string& name) { return {{name, {true, {}}}}; }

TEST(RoleParts, are_what_differs_from_a_new_role) {
    Role app = role("app");
    app.login = true;
    app.inherit = false;
    app.password = "md5x";
    app.valid_until = "infinity";
    app.settings = {{"work_mem", "1MB"}};
    const auto parts =
        parts_of(server(170000, {app, role("plain")},
                        {{"g", "app", "postgres", true, false, true}, {"g", "app", "x", false, true, true}}));
    EXPECT_THAT(parts.at("app"),
                UnorderedElementsAre(Pair("LOGIN", "on"), Pair("INHERIT", "off"), Pair("PASSWORD", "md5x"),
                                     Pair("IN g", "a-s by ;-is by x;")));
    EXPECT_THAT(parts.at("plain"), IsEmpty());
}

TEST(RoleParts, of_a_membership_up_to_15_are_its_admin_alone) {
    const auto inherits =
        parts_of(server(150000, {role("app")}, {{"g", "app", "postgres", false, true, true}}));
    const auto does_not =
        parts_of(server(150000, {role("app")}, {{"g", "app", "someone", false, false, true}}));
    EXPECT_EQ(inherits.at("app"), does_not.at("app"));
    EXPECT_THAT(inherits.at("app"), ElementsAre(Pair("IN g", "-")));
}

TEST(RoleChanges, leave_what_a_migration_gave_and_what_others_have) {
    Role here = role("app");
    here.password = "md5new";
    Role there = role("app");
    there.password = "md5old";
    there.create_db = true;
    there.connection_limit = 7;
    there.settings = {{"jit", "off"}};
    Role other_here = role("other");
    other_here.create_role = true;
    auto source = server(150000, {here, other_here, role("g")}, {{"g", "other", "postgres"}});
    source.settings_for_all = {{"work_mem", "1MB"}};
    const auto target = server(170000, {there, role("other"), role("g")}, {{"g", "app", "postgres"}});
    EXPECT_THAT(sent(source, target, changed("app", {"PASSWORD"})),
                ElementsAre("ALTER ROLE \"app\" WITH PASSWORD :'password_1'"));
    EXPECT_THAT(sent(source, target, {}), IsEmpty());
    EXPECT_THAT(sent(source, target, all_of("app")),
                ElementsAre("ALTER ROLE \"app\" WITH NOCREATEDB CONNECTION LIMIT -1 PASSWORD :'password_1'",
                            "REVOKE \"g\" FROM \"app\" CASCADE"));
}

TEST(RoleChanges, make_a_new_role_whole_with_its_settings) {
    Role fresh = role("fresh");
    fresh.settings = {{"work_mem", "1MB"}};
    const auto source =
        server(150000, {fresh, role("g")}, {{"g", "fresh", "postgres"}, {"gone", "fresh", "postgres"}});
    std::set<std::string> left_out;
    EXPECT_THAT(sent(source, server(170000, {role("g")}), all_of("fresh"), &left_out),
                ElementsAre(HasSubstr("CREATE ROLE \"fresh\""), HasSubstr("SET \"work_mem\""),
                            HasSubstr("GRANT \"g\" TO \"fresh\"")));
    EXPECT_THAT(left_out, ElementsAre(HasSubstr("role gone is not there")));
}

TEST(RoleChanges, give_and_take_the_memberships_that_changed) {
    const auto source = server(170000, {role("a"), role("g"), role("h"), role("m")},
                               {{"g", "a", "postgres", false, true, false}});
    const auto target = server(180000, {role("a"), role("g"), role("h"), role("m")},
                               {{"h", "a", "postgres"}, {"m", "a", "postgres"}});
    EXPECT_THAT(sent(source, target, changed("a", {"IN g", "IN h"})),
                ElementsAre("REVOKE \"h\" FROM \"a\" CASCADE",
                            "GRANT \"g\" TO \"a\" WITH ADMIN FALSE, INHERIT TRUE, SET FALSE"));
}

TEST(RoleChanges, by_a_grantor_who_may_not_grant_there_are_the_superusers) {
    const std::vector<Role> roles{role("a"), role("b"), role("g")};
    const auto source = server(170000, roles, {{"g", "a", "b"}, {"g", "b", "postgres", true}});
    EXPECT_THAT(sent(source, server(180000, roles, {{"g", "b", "postgres", true}}), changed("a", {"IN g"})),
                ElementsAre(HasSubstr("GRANTED BY \"b\"")));
    EXPECT_THAT(sent(source, server(180000, roles), changed("a", {"IN g"})),
                ElementsAre("GRANT \"g\" TO \"a\" WITH ADMIN FALSE, INHERIT TRUE, SET TRUE"));
}

constexpr bool no = false;

TEST(RoleChanges, widen_no_membership_that_the_older_server_cannot_say) {
    const auto old = server(150000, {role("a"), role("g")}, {{"g", "a", "postgres"}});
    const auto narrow = server(170000, {role("a"), role("g")}, {{"g", "a", "postgres", no, no, no}});
    EXPECT_THAT(sent(old, narrow, changed("a", {"IN g"})), IsEmpty());
    EXPECT_THAT(sent(old, narrow, all_of("a")), IsEmpty());
    EXPECT_THAT(sent(old, narrow, changed("a", {"INHERIT"})), IsEmpty());
    auto admin = old;
    admin.memberships.front().admin = true;
    EXPECT_THAT(sent(admin, narrow, changed("a", {"IN g"})),
                ElementsAre("GRANT \"g\" TO \"a\" WITH ADMIN TRUE, INHERIT FALSE, SET FALSE"));
    // What gives nothing is not made where it would give all.
    std::set<std::string> left_out;
    EXPECT_THAT(sent(narrow, server(150000, {role("a"), role("g")}), changed("a", {"IN g"}), &left_out),
                IsEmpty());
    EXPECT_THAT(left_out, ElementsAre(HasSubstr("role a belongs to g without INHERIT, SET and ADMIN")));
    auto may_set = narrow;
    may_set.memberships.front().set = true;
    EXPECT_THAT(sent(may_set, server(150000, {role("a"), role("g")}), changed("a", {"IN g"})),
                ElementsAre("GRANT \"g\" TO \"a\""));
}

TEST(RoleChanges, of_inherit_on_15_reach_the_grants_that_have_it_as_an_option) {
    Role heir = role("a");
    heir.inherit = false;
    const auto old = server(150000, {heir, role("g"), role("h")}, {{"g", "a", "postgres", no, no, true}});
    const auto target =
        server(170000, {role("a"), role("g"), role("h")}, {{"g", "a", "postgres"}, {"h", "a", "postgres"}});
    EXPECT_THAT(sent(old, target, changed("a", {"INHERIT"})),
                ElementsAre("ALTER ROLE \"a\" WITH NOINHERIT",
                            "GRANT \"g\" TO \"a\" WITH ADMIN FALSE, INHERIT FALSE, SET TRUE"));
}

} // namespace
} // namespace pgteal::replication
