// Roles from 15 to 17, and the database's own properties: applied once, nothing is left to do.
#include <gmock/gmock.h>

#include "replication/clone/roles_changes.hpp"
#include "tests/replication/clone_lab.hpp"
#include "tests/support/co_test.hpp"

namespace pgteal::replication::clone_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

CO_TEST(Roles, AfterThePlanIsAppliedAnotherPlanIsEmpty) {
    postgres::Server blue("blue", lab().dsn("blue"));
    postgres::Server green("green", lab().dsn("green"));
    co_await blue.script("", R"sql(
        CREATE ROLE "Ro'le ""x" LOGIN PASSWORD 'secret' CONNECTION LIMIT 4 VALID UNTIL '2031-02-03 04:05:06+07';
        CREATE ROLE staff NOINHERIT CREATEROLE; CREATE ROLE boss CREATEDB; CREATE ROLE worker LOGIN NOINHERIT;
        GRANT staff TO boss WITH ADMIN OPTION; GRANT staff TO worker; GRANT pg_monitor TO worker; GRANT boss TO "Ro'le ""x";
        ALTER ROLE boss SET search_path = "$user", "My Schema", public; ALTER ROLE boss SET work_mem = '13MB';
        ALTER ROLE worker SET app.note = 'a:"b" \ c'; ALTER ROLE ALL SET app.everyone = 'yes';
        COMMENT ON ROLE staff IS '{"kind":"group"}';
    )sql",
                         soon());
    co_await green.script("",
                          "CREATE ROLE boss SUPERUSER; ALTER ROLE boss SET jit = off; CREATE ROLE onlygreen; "
                          "GRANT boss TO onlygreen",
                          soon());
    const auto source = co_await read_roles(blue, soon());
    const auto target = co_await read_roles(green, soon());
    const auto plan = plan_roles(source, target, "pgteal");
    EXPECT_THAT(plan.created, ElementsAre("Ro'le \"x", "app", "staff", "worker"));
    co_await apply(green, plan.statements, plan.secrets);

    const auto after_it = co_await read_roles(green, soon());
    const auto again = plan_roles(source, after_it, "pgteal");
    EXPECT_THAT(again.created, IsEmpty());
    EXPECT_EQ(again.differing, 0);
    for (const auto& statement : again.statements) {
        ADD_FAILURE() << statement.text.display();
    }
    const auto secret = co_await scalar(
        green, "",
        "SELECT count(*) FROM pg_catalog.pg_authid WHERE rolname ~ '^Ro' AND rolpassword ~ '^SCRAM'");
    EXPECT_EQ(secret, "1");
    const auto inherits = co_await scalar(
        green, "",
        "SELECT bool_or(inherit_option) FROM pg_catalog.pg_auth_members WHERE member = 'worker'::regrole");
    EXPECT_EQ(inherits, "f");
    const auto kept = co_await scalar(
        green, "", "SELECT count(*) FROM pg_catalog.pg_auth_members WHERE member = 'onlygreen'::regrole");
    EXPECT_EQ(kept, "1");
}

/// What changed of the roles of `from` since `was`, on the other server as well.
Task<void> carry_parts(postgres::Server& from, postgres::Server& to, Roles was) {
    const auto source = co_await read_roles(from, soon());
    const auto target = co_await read_roles(to, soon());
    const auto before = parts_of(was);
    RoleChanges changes;
    for (const auto& [name, parts] : parts_of(source)) {
        for (const auto& [part, value] : parts) {
            const auto old = before.at(name).find(part);
            if (old == before.at(name).end() || old->second != value) {
                changes[name].parts.insert(part);
            }
        }
    }
    EXPECT_FALSE(changes.empty());
    const auto plan = plan_roles(with_changes(source, target, changes), target, "pgteal");
    co_await apply(to, plan.statements, plan.secrets);
}

// And what one server can't say of a membership stays as the other has it.
CO_TEST(Roles, AreCarriedInPartsBothWays) {
    postgres::Server blue("blue", lab().dsn("blue"));
    postgres::Server green("green", lab().dsn("green"));
    for (postgres::Server* server : {&blue, &green}) {
        co_await server->script(
            "", "CREATE ROLE parts LOGIN; CREATE ROLE crew; CREATE ROLE mates; GRANT mates TO parts", soon());
    }
    const std::string narrow = "GRANT mates TO parts WITH INHERIT FALSE, SET FALSE";
    co_await green.script("", "ALTER ROLE parts CREATEDB; GRANT crew TO parts; " + narrow, soon());
    const auto blue_was = co_await read_roles(blue, soon());
    co_await blue.script(
        "", "ALTER ROLE parts PASSWORD 'new' CONNECTION LIMIT 3; GRANT mates TO parts WITH ADMIN OPTION",
        soon());
    co_await carry_parts(blue, green, blue_was);
    const std::string of_role =
        "SELECT rolcreatedb || ' ' || rolconnlimit || ' ' || (rolpassword IS NOT NULL) FROM "
        "pg_catalog.pg_authid WHERE rolname = 'parts'";
    const auto on_green = co_await scalar(green, "", of_role);
    EXPECT_EQ(on_green, "true 3 true");
    const std::string of_groups =
        "SELECT string_agg(roleid::regrole || ' ' || admin_option || ' ' || inherit_option || ' ' || "
        "set_option, ', ' ORDER BY roleid::regrole::text) FROM pg_catalog.pg_auth_members WHERE member "
        "= 'parts'::regrole";
    const auto groups = co_await scalar(green, "", of_groups);
    EXPECT_EQ(groups, "crew false true true, mates true false false");

    const auto green_was = co_await read_roles(green, soon());
    co_await green.script(
        "", "ALTER ROLE parts CONNECTION LIMIT 4; GRANT crew TO parts WITH SET FALSE, INHERIT FALSE", soon());
    co_await carry_parts(green, blue, green_was);
    const auto on_blue = co_await scalar(blue, "", of_role);
    EXPECT_EQ(on_blue, "false 4 true");
    const std::string of_crew =
        "SELECT count(*) FROM pg_catalog.pg_auth_members WHERE member = 'parts'::regrole AND roleid = "
        "'crew'::regrole";
    const auto crew = co_await scalar(blue, "", of_crew);
    EXPECT_EQ(crew, "0") << "it gives nothing on 17, and would give all on 15";
}

std::string drop_all() {
    return drop_roles({"admin", "reader", "bob", "owner", "O'dd", "never was"}).text.plain();
}
std::string drop_owner() { return drop_roles({"owner"}).text.plain(); }

CO_TEST(Roles, ThatPgtealMadeGoTogetherAndThoseInUseAreNamed) {
    postgres::Server green("green", lab().dsn("green"));
    co_await green.script(
        "",
        "CREATE ROLE admin CREATEROLE; CREATE ROLE reader; CREATE ROLE bob; CREATE ROLE owner; "
        "GRANT reader TO admin WITH ADMIN OPTION; "
        "CREATE ROLE \"O'dd\"; SET ROLE admin; GRANT reader TO bob; RESET ROLE; "
        "CREATE SCHEMA AUTHORIZATION owner",
        soon());
    const auto dropped = co_await green.script("", drop_all(), soon());
    EXPECT_EQ(dropped.back().text(0, 0), "owner");
    co_await green.script("", "DROP SCHEMA owner", soon());
    const auto again = co_await green.script("", drop_owner(), soon());
    EXPECT_EQ(again.back().text(0, 0), "");
}

CO_TEST(Database, IsMadeAsItWas) {
    postgres::Server blue("blue", lab().dsn("blue"));
    postgres::Server green("green", lab().dsn("green"));
    for (postgres::Server* server : {&blue, &green}) {
        co_await server->script("", "CREATE ROLE shopkeeper; CREATE ROLE guest", soon());
    }
    co_await blue.script("",
                         "CREATE DATABASE \"Shop\" OWNER shopkeeper CONNECTION LIMIT 42 TEMPLATE template0 "
                         "LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'",
                         soon());
    co_await blue.script("", R"sql(
        ALTER DATABASE "Shop" SET search_path = "A b", public; ALTER DATABASE "Shop" SET default_transaction_read_only = on;
        ALTER DATABASE "Shop" SET DateStyle = 'ISO, DMY'; ALTER DATABASE "Shop" SET app.title = 'it''s:"x"';
        REVOKE ALL ON DATABASE "Shop" FROM PUBLIC; GRANT CONNECT ON DATABASE "Shop" TO guest WITH GRANT OPTION;
        COMMENT ON DATABASE "Shop" IS '{"a":"b"}';
        ALTER ROLE guest IN DATABASE "Shop" SET work_mem = '3MB';
    )sql",
                         soon());
    const auto before = co_await read_database(blue, "Shop", soon());
    EXPECT_EQ(before.settings.size(), 3U) << "the fence is pgteal's, not the database's";
    auto creation = create_database(before, 170000);
    co_await apply(green, std::move(creation));
    const auto made = co_await read_database(green, "Shop", soon());
    EXPECT_EQ(made.owner, "shopkeeper");
    EXPECT_EQ(made.encoding, before.encoding);
    EXPECT_EQ(made.collate, "C");
    EXPECT_EQ(made.ctype, "C.UTF-8");
    EXPECT_EQ(made.provider, before.provider);
    EXPECT_EQ(made.connection_limit, 42);
    EXPECT_EQ(made.settings, before.settings);
    EXPECT_EQ(made.grants, before.grants);
    EXPECT_EQ(made.comment, before.comment);

    const auto source = co_await read_roles(blue, soon());
    auto settings = plan_database_settings(source, {"Shop"});
    co_await apply(green, std::move(settings));
    const auto carried = co_await scalar(
        green, "",
        "SELECT setconfig::text FROM pg_catalog.pg_db_role_setting WHERE setrole = 'guest'::regrole");
    EXPECT_EQ(carried, "{work_mem=3MB}");
}

} // namespace
} // namespace pgteal::replication::clone_test
