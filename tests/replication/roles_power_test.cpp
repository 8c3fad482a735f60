// A role goes by its name, and a name may stand on the other side for somebody who is more.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "replication/clone/privileges.hpp"
#include "replication/clone/roles_power.hpp"
#include "tests/replication/roles_fixture.hpp"

namespace pgteal::replication {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

Role role(const std::string& name, bool superuser = false) {
    Role result;
    result.name = name;
    result.superuser = superuser;
    return result;
}

Membership in(const std::string& group, const std::string& member) { return {group, member, "postgres"}; }

Membership in_name_only(const std::string& group, const std::string& member) {
    auto result = in(group, member);
    result.inherit = false;
    result.set = false;
    return result;
}

TEST(StrongerRoles, are_those_who_gave_themselves_a_name_that_is_a_superuser_there) {
    const auto source =
        server(150000, {role("eve"), role("gteal"), role("gdba")}, {in("gteal", "eve"), in("gdba", "eve")});
    const auto target = server(170000, {role("gteal", true)});
    EXPECT_THAT(stronger_roles(source, target, "gteal"),
                UnorderedElementsAre(Pair("eve", HasSubstr("gteal"))));
    EXPECT_THAT(stronger_roles(source, server(170000, {role("gdba", true)}), "pgteal"),
                UnorderedElementsAre(Pair("gdba", HasSubstr("superuser")), Pair("eve", HasSubstr("gdba"))));
    const auto bootstrap = server(150000, {role("eve"), role("boot")}, {in("boot", "eve")});
    auto there = server(170000, {});
    there.bootstrap = "boot";
    EXPECT_THAT(stronger_roles(bootstrap, there, "pgteal"),
                UnorderedElementsAre(Pair("eve", HasSubstr("boot"))));
}

TEST(StrongerRoles, are_those_whose_name_belongs_to_a_stronger_group_there) {
    const auto source = server(150000, {role("galice")});
    const auto target = server(170000, {role("galice"), role("gdba", true)}, {in("gdba", "galice")});
    EXPECT_THAT(stronger_roles(source, target, "pgteal"),
                UnorderedElementsAre(Pair("galice", HasSubstr("gdba"))));
    const auto files = server(170000, {role("galice"), role("ops")},
                              {in("ops", "galice"), in("pg_execute_server_program", "ops")});
    EXPECT_THAT(stronger_roles(source, files, "pgteal"),
                UnorderedElementsAre(Pair("galice", HasSubstr("pg_execute_server_program"))));
}

TEST(StrongerRoles, are_those_whose_membership_gives_nothing_until_an_older_server_has_it) {
    const auto source = server(170000, {role("bob"), role("dba", true)},
                               {in_name_only("dba", "bob"), in_name_only("pg_read_all_data", "bob")});
    EXPECT_THAT(stronger_roles(source, server(150000, {role("bob"), role("dba", true)}), "pgteal"),
                UnorderedElementsAre(Pair("bob", HasSubstr("rights of"))));
    // In a run it is not made there.
    const RoleChanges bob{{"bob", {true, {}}}};
    for (const int version : {150000, 180000}) {
        const auto target = server(version, {role("bob"), role("dba", true)});
        EXPECT_THAT(stronger_roles(source, target, "pgteal", &bob), IsEmpty());
    }
}

TEST(StrongerRoles, are_none_where_both_sides_are_alike_or_the_other_one_is_weaker) {
    const auto source = server(150000, {role("boss", true), role("ops"), role("app"), role("dba", true)},
                               {in("pg_execute_server_program", "ops"), in("ops", "app"), in("dba", "app"),
                                in("pg_monitor", "app")});
    EXPECT_THAT(stronger_roles(source, server(170000, {}), "pgteal"), IsEmpty());
    EXPECT_THAT(stronger_roles(source, source, "pgteal"), IsEmpty());
    // A grant that the source has no more is taken from the target when all is carried.
    auto given = source;
    given.memberships.push_back(in("boss", "app"));
    EXPECT_THAT(stronger_roles(source, given, "pgteal"), IsEmpty());
    // With a migration's grant a role is more, and in a run it is not carried over it.
    const auto plain = server(150000, {role("bob")});
    const auto granted = server(170000, {role("bob")}, {in("pg_read_all_data", "bob")});
    EXPECT_THAT(stronger_roles(plain, granted, "pgteal"), IsEmpty());
    for (const bool whole : {false, true}) {
        const RoleChanges bob{{"bob", {whole, {"PASSWORD"}}}};
        EXPECT_THAT(stronger_roles(plain, granted, "pgteal", &bob),
                    UnorderedElementsAre(Pair("bob", HasSubstr("pg_read_all_data"))));
    }
    const RoleChanges revoked{{"bob", {false, {"IN pg_read_all_data"}}}};
    EXPECT_THAT(stronger_roles(plain, granted, "pgteal", &revoked), IsEmpty());
}

/// REVOKE on the source, carried by an attempt that broke off, GRANT again; and the other way round.
TEST(Privileges, in_doubt_are_looked_at_again) {
    const PrivilegeTarget schema{"SCHEMA", "s", "", ""};
    const Privilege usage{false, false, "USAGE", "role:own", "owner"};
    const Privilege create{false, false, "CREATE", "role:own", "owner"};
    const auto having = [&schema](std::set<Privilege> entries) {
        return PrivilegeMap{{schema, {"own", "", std::move(entries)}}};
    };
    const auto plan = [&](const PrivilegeMap& base, const PrivilegeMap& doubtful, const PrivilegeMap& source,
                          const PrivilegeMap& target) {
        std::vector<std::string> texts;
        const auto planned =
            plan_privileges("app", with_doubt(base, doubtful, source), source, target, {}, {"own"}, 170000);
        for (const auto& statement : planned.statements) {
            texts.push_back(statement.text.display());
        }
        return texts;
    };
    EXPECT_THAT(plan(having({usage}), {}, having({usage}), having({})), IsEmpty());
    EXPECT_THAT(plan(having({usage}), having({usage}), having({usage}), having({})),
                testing::ElementsAre(HasSubstr("GRANT USAGE ON SCHEMA s")));
    EXPECT_THAT(plan(having({}), {}, having({}), having({create})), IsEmpty());
    EXPECT_THAT(plan(having({}), having({create}), having({}), having({create})),
                testing::ElementsAre(HasSubstr("REVOKE CREATE ON SCHEMA s")));
}

TEST(Privileges, of_a_grantor_without_the_option_there_are_refused_unless_nobody_misses_them) {
    const PrivilegeTarget table{"TABLE", "s.t", "", ""};
    const PrivilegeTarget column{"TABLE", "s.t", "c", ""};
    const Privilege select{false, false, "SELECT", "role:a", "owner"};
    const Privilege option{false, true, "SELECT", "role:a", "owner"};
    const Privilege given{false, false, "SELECT", "role:b", "role:a"};
    const auto having = [](const PrivilegeTarget& what, std::set<Privilege> entries) {
        return PrivilegeMap{{what, {"own", "", std::move(entries)}}};
    };
    const auto plan = [&](const PrivilegeMap& base, const PrivilegeMap& source, const PrivilegeMap& target) {
        return plan_privileges("app", base, source, target, {}, {"own", "a", "b"}, 170000);
    };
    const auto base = having(table, {select, option});
    const auto source = having(table, {select, option, given});
    EXPECT_THAT(plan(base, source, base).refused, IsEmpty());
    EXPECT_EQ(plan(base, source, base).changes, 1);
    EXPECT_EQ(plan(base, source, base).needs.at(0), "GRANT USAGE ON SCHEMA s TO \"a\"");
    const auto refused = plan(base, source, having(table, {select}));
    EXPECT_EQ(refused.changes, 0);
    EXPECT_THAT(refused.refused, testing::ElementsAre(Pair("a", "GRANT SELECT ON TABLE s.t TO \"b\"")));
    const Privilege otherwise{false, false, "SELECT", "role:b", "owner"};
    EXPECT_THAT(plan(base, source, having(table, {select, otherwise})).refused, IsEmpty());
    // The option comes with the same plan, or is the whole table's.
    EXPECT_EQ(plan(having(table, {}), source, having(table, {})).changes, 3);
    auto of_column = source;
    of_column[table].entries.erase(given);
    of_column[column] = {"own", "", {given}};
    auto there = base;
    there[column] = {"own", "", {}};
    EXPECT_EQ(plan(base, of_column, there).changes, 1);
}

TEST(Privileges, of_a_role_that_is_not_there_wait_for_it) {
    const PrivilegeTarget table{"TABLE", "s.t", "", ""};
    const Privilege select{false, false, "SELECT", "role:late", "owner"};
    const auto having = [&table](std::set<Privilege> entries) {
        return PrivilegeMap{{table, {"own", "", std::move(entries)}}};
    };
    const auto first = plan_privileges("app", having({}), having({select}), having({}), {}, {"own"}, 170000);
    EXPECT_THAT(first.left_out, testing::ElementsAre("role late is not there"));
    EXPECT_EQ(first.changes, 0);
    const auto again =
        plan_privileges("app", first.source_base, having({select}), having({}), {}, {"own", "late"}, 170000);
    EXPECT_EQ(again.changes, 1);
    EXPECT_EQ(again.source_base.at(table).entries, std::set<Privilege>{select});
    // Taken away again before it came: nothing is left to do.
    EXPECT_EQ(plan_privileges("app", first.source_base, having({}), having({}), {}, {"own", "late"}, 170000)
                  .changes,
              0);
}

} // namespace
} // namespace pgteal::replication
