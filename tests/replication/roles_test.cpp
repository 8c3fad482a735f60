#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "replication/clone/roles.hpp"
#include "tests/replication/roles_fixture.hpp"

namespace pgteal::replication {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::vector<std::string> texts(const std::vector<postgres::Statement>& statements) {
    std::vector<std::string> result;
    for (const auto& statement : statements) {
        EXPECT_EQ(statement.database, "");
        result.push_back(statement.text.display());
    }
    return result;
}

TEST(PlanRoles, ANewRoleIsMadeWithItsPasswordAsASecretBinding) {
    Role app = role("app");
    app.login = true;
    app.password = "SCRAM-SHA-256$4096:salt$stored:key";
    const auto plan = plan_roles(server(150000, {app}), server(170000, {}), "pgteal");
    EXPECT_THAT(texts(plan.statements), ElementsAre("CREATE ROLE \"app\" WITH NOSUPERUSER INHERIT "
                                                    "NOCREATEROLE NOCREATEDB LOGIN NOREPLICATION NOBYPASSRLS "
                                                    "CONNECTION LIMIT -1 PASSWORD :'password_1'"));
    ASSERT_TRUE(plan.secrets.contains("password_1"));
    EXPECT_EQ(plan.secrets.at("password_1").value, app.password);
    EXPECT_TRUE(plan.secrets.at("password_1").secret);
    EXPECT_THAT(plan.created, ElementsAre("app"));
    EXPECT_EQ(plan.differing, 0);
}

TEST(PlanRoles, EqualRolesNeedNothing) {
    Role never = role("app");
    never.valid_until = "infinity";
    EXPECT_THAT(plan_roles(server(150000, {role("app")}), server(170000, {never}), "").statements, IsEmpty());
}

TEST(PlanRoles, ADifferingRoleIsAlteredAndCounted) {
    Role wanted = role("app");
    wanted.connection_limit = 5;
    Role old = role("app");
    old.password = "md5x";
    old.valid_until = "2030-01-01 00:00:00+00";
    const auto plan = plan_roles(server(150000, {wanted}), server(170000, {old}), "");
    EXPECT_EQ(plan.differing, 1);
    EXPECT_THAT(plan.created, IsEmpty());
    EXPECT_THAT(
        texts(plan.statements),
        ElementsAre("ALTER ROLE \"app\" WITH CONNECTION LIMIT 5 VALID UNTIL 'infinity' PASSWORD NULL"));
}

TEST(PlanRoles, OurOwnLoginAndTheBootstrapSuperuserStayAndRolesOfTheTargetToo) {
    Role own = role("pgteal");
    own.connection_limit = 3;
    Role admin = role("admin");
    admin.login = true;
    Roles target = server(170000, {role("pgteal"), role("stranger")});
    target.bootstrap = "admin";
    const auto plan = plan_roles(server(150000, {admin, own}), target, "pgteal");
    EXPECT_THAT(plan.created, ElementsAre("postgres")) << "blue's bootstrap superuser may own objects";
    EXPECT_EQ(plan.statements.size(), 1U);
    EXPECT_THAT(plan.statements[0].text.display(), HasSubstr("CREATE ROLE \"postgres\" WITH SUPERUSER"));
}

TEST(PlanRoles, SettingsAreSetAndReset) {
    Role wanted = role("app");
    wanted.settings = {{"search_path", "\"$user\", \"My Schema\""}, {"work_mem", "64MB"}};
    Role old = role("app");
    old.settings = {{"work_mem", "1MB"}, {"jit", "off"}};
    const auto plan = plan_roles(server(150000, {wanted}), server(170000, {old}), "");
    EXPECT_THAT(texts(plan.statements),
                ElementsAre("ALTER ROLE \"app\" SET \"search_path\" TO '$user', 'My Schema'",
                            "ALTER ROLE \"app\" SET \"work_mem\" TO '64MB'",
                            "ALTER ROLE \"app\" RESET \"jit\""));
    EXPECT_EQ(plan.differing, 1);
}

TEST(PlanRoles, NamesAndValuesThatLookLikePlacesStayWhatTheyAre) {
    Role noted = role("r:'password_1'");
    noted.password = "SCRAM-SHA-256$4096:x";
    noted.comment = R"({"team":"a"})";
    noted.settings = {{"app.x", ":\"password_1\""}};
    const auto plan = plan_roles(server(150000, {noted}), server(170000, {}), "");
    std::vector<std::string> sent;
    for (const auto& statement : plan.statements) {
        sent.push_back(postgres::bind(statement.text, plan.secrets));
    }
    EXPECT_THAT(sent, ElementsAre(HasSubstr(R"(CREATE ROLE "r:'password_1'" WITH )"),
                                  R"(ALTER ROLE "r:'password_1'" SET "app.x" TO ':"password_1"')",
                                  R"(COMMENT ON ROLE "r:'password_1'" IS '{"team":"a"}')"));
    EXPECT_THAT(sent[0], HasSubstr(R"(PASSWORD  E'SCRAM-SHA-256\0444096:x')"));
}

TEST(DropRoles, ANameCantEndTheBody) {
    const auto sent = drop_roles({"a$pgteal$; ALTER ROLE eve SUPERUSER; --"}).text.plain();
    EXPECT_EQ(sent.find("$pgteal$"), sent.find("DO $pgteal$") + 3);
    EXPECT_EQ(sent.find("$pgteal$", sent.find("$pgteal$") + 1), sent.find("END $pgteal$") + 4);
}

TEST(PlanMemberships, FromFifteenToSeventeenTheMembersInheritBecomesAnOption) {
    const auto source = server(150000, {role("a"), role("group")}, {{"group", "a", "a", true, false, true}});
    const auto plan = plan_roles(source, server(170000, {role("a"), role("group")}), "");
    EXPECT_THAT(texts(plan.statements),
                ElementsAre("GRANT \"group\" TO \"a\" WITH ADMIN TRUE, INHERIT FALSE, SET TRUE"));
}

TEST(PlanMemberships, AGrantorGetsAdminBeforeItGrants) {
    const std::vector<Role> roles{role("a"), role("b"), role("group")};
    const auto source =
        server(160000, roles,
               {{"group", "a", "b", false, true, true}, {"group", "b", "postgres", true, true, true}});
    const auto plan = plan_roles(source, server(170000, roles), "");
    EXPECT_THAT(
        texts(plan.statements),
        ElementsAre("GRANT \"group\" TO \"b\" WITH ADMIN TRUE, INHERIT TRUE, SET TRUE",
                    "GRANT \"group\" TO \"a\" WITH ADMIN FALSE, INHERIT TRUE, SET TRUE GRANTED BY \"b\""));
}

TEST(PlanMemberships, OneThatTheSourceLacksIsRevokedUnlessItIsAStrangers) {
    const auto target = server(170000, {role("a"), role("group"), role("stranger")},
                               {{"group", "a", "postgres", false, true, true},
                                {"group", "stranger", "postgres", false, true, true}});
    const auto plan = plan_roles(server(150000, {role("a"), role("group")}), target, "");
    EXPECT_THAT(texts(plan.statements), ElementsAre("REVOKE \"group\" FROM \"a\" CASCADE"));
}

TEST(PlanMemberships, UpToFifteenTheTargetKnowsOnlyAdmin) {
    const auto source = server(130000, {role("a"), role("group")}, {{"group", "a", "a", true, true, true}});
    const auto plan = plan_roles(source, server(150000, {role("a"), role("group")}), "");
    EXPECT_THAT(texts(plan.statements), ElementsAre("GRANT \"group\" TO \"a\" WITH ADMIN OPTION"));
}

TEST(DatabaseSettings, OnlyForDatabasesOfTheRun) {
    Role app = role("app");
    app.database_settings = {{"shop", {{"default_transaction_read_only", "on"}}},
                             {"other", {{"jit", "off"}}}};
    EXPECT_THAT(
        texts(plan_database_settings(server(150000, {app}), {"shop"})),
        ElementsAre("ALTER ROLE \"app\" IN DATABASE \"shop\" SET \"default_transaction_read_only\" TO 'on'"));
}

} // namespace
} // namespace pgteal::replication
