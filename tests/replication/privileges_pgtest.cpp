// Privileges granted and revoked on one side are so on the other, by whoever granted them, between any two
// majors; what was there before, and what the other side has otherwise, stays.
#include "replication/clone/privileges.hpp"

#include "tests/replication/lane_world.hpp"
#include "tests/support/co_test.hpp"

namespace pgteal::replication::test {
namespace {

using Texts = std::vector<std::string>;

const char* const roles = R"(
    DO $$BEGIN
      CREATE ROLE priv_owner; CREATE ROLE "priv Given ""'by" LOGIN; CREATE ROLE priv_reader; CREATE ROLE priv_old;
    EXCEPTION WHEN duplicate_object THEN NULL; END$$)";

const char* const objects = R"(
    CREATE SCHEMA s AUTHORIZATION priv_owner;
    SET ROLE priv_owner;
    CREATE TABLE s.t (id int PRIMARY KEY, "odd ""Col" text);
    CREATE TABLE s."T 2" (id int, note text);
    CREATE VIEW s.v AS SELECT id FROM s.t;
    CREATE SEQUENCE s.q;
    CREATE FUNCTION s.f(a int, b text[], VARIADIC c int[]) RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE PROCEDURE s.p(INOUT a int) LANGUAGE sql AS 'SELECT 1';
    CREATE TYPE s.mood AS ENUM ('a');
    CREATE DOMAIN s.dom AS int;
    RESET ROLE;
    CREATE AGGREGATE s.agg(float8 ORDER BY anyelement) (sfunc = ordered_set_transition, stype = internal,
                                                        finalfunc = percentile_disc_final, finalfunc_extra);
    ALTER AGGREGATE s.agg(float8 ORDER BY anyelement) OWNER TO priv_owner;
    GRANT SELECT ON s.t TO priv_old; GRANT UPDATE (id) ON s."T 2" TO priv_old;
    ALTER DEFAULT PRIVILEGES FOR ROLE priv_owner IN SCHEMA s GRANT SELECT ON TABLES TO priv_old;
)";

/// As a tool that makes roles grants, and as an owner tidies up.
const char* const granted = R"(
    GRANT USAGE ON SCHEMA s TO "priv Given ""'by", priv_reader;
    GRANT SELECT, INSERT ON s.t TO "priv Given ""'by" WITH GRANT OPTION;
    GRANT SELECT ("odd ""Col"), UPDATE ("odd ""Col") ON s.t TO priv_reader;
    GRANT ALL ON s."T 2" TO priv_reader;
    GRANT SELECT ON s.v TO PUBLIC;
    GRANT USAGE ON SEQUENCE s.q TO priv_reader;
    REVOKE EXECUTE ON FUNCTION s.f(int, text[], int[]) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION s.f(int, text[], int[]) TO priv_reader;
    REVOKE EXECUTE ON PROCEDURE s.p(int) FROM PUBLIC;
    REVOKE EXECUTE ON FUNCTION s.agg(float8, anyelement) FROM PUBLIC;
    REVOKE USAGE ON TYPE s.mood FROM PUBLIC;
    GRANT USAGE ON TYPE s.dom TO priv_reader WITH GRANT OPTION;
    GRANT EXECUTE ON FUNCTION pg_catalog.pg_ls_waldir() TO priv_reader;
    REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC;
    GRANT CREATE ON SCHEMA public TO priv_reader;
    REVOKE SELECT ON s.t FROM priv_old;
    REVOKE UPDATE (id) ON s."T 2" FROM priv_old;
    REVOKE INSERT ON s.t FROM priv_owner;
    ALTER DEFAULT PRIVILEGES FOR ROLE priv_owner IN SCHEMA s REVOKE SELECT ON TABLES FROM priv_old;
    ALTER DEFAULT PRIVILEGES FOR ROLE priv_owner IN SCHEMA s GRANT USAGE ON SEQUENCES TO priv_reader;
    ALTER DEFAULT PRIVILEGES FOR ROLE priv_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
    ALTER DEFAULT PRIVILEGES FOR ROLE priv_owner GRANT USAGE ON SCHEMAS TO priv_reader WITH GRANT OPTION;
    SET ROLE "priv Given ""'by"; GRANT SELECT ON s.t TO priv_reader WITH GRANT OPTION;
    SET ROLE priv_reader; GRANT SELECT ON s.t TO PUBLIC; RESET ROLE;
)";

const char* const taken_back = R"(
    REVOKE ALL ON s.t FROM "priv Given ""'by" CASCADE;
    REVOKE ALL ON ALL TABLES IN SCHEMA s FROM priv_reader;
    REVOKE ALL ON SEQUENCE s.q FROM priv_reader;
    GRANT EXECUTE ON FUNCTION s.f(int, text[], int[]) TO PUBLIC;
    GRANT USAGE ON TYPE s.mood TO PUBLIC;
    GRANT INSERT ON s.t TO priv_owner;
    REVOKE GRANT OPTION FOR USAGE ON TYPE s.dom FROM priv_reader;
    ALTER DEFAULT PRIVILEGES FOR ROLE priv_owner IN SCHEMA s REVOKE USAGE ON SEQUENCES FROM priv_reader;
    ALTER DEFAULT PRIVILEGES FOR ROLE priv_owner GRANT EXECUTE ON FUNCTIONS TO PUBLIC;
)";

/// As "TABLE s.t: +SELECT* role:x by owner"; of the objects that the test made or touched.
Texts entries(const PrivilegeMap& map) {
    Texts texts;
    for (const auto& [target, one] : map) {
        for (const auto& entry : one.entries) {
            const bool ours =
                entry.grantee.find("priv") != std::string::npos || target.name.starts_with("s.") ||
                target.prefix.find("priv_owner") != std::string::npos || target.name == "plpgsql";
            if (ours && entry.name != "MAINTAIN") {
                texts.push_back(target.prefix + target.kind + " " + target.name +
                                (target.column.empty() ? "" : " (" + target.column + ")") + ": " +
                                (entry.taken ? "-" : "+") + entry.name + (entry.option ? "*" : "") + " " +
                                entry.grantee + " by " + entry.grantor);
            }
        }
    }
    return texts;
}

Task<std::set<std::string>> roles_of(LaneWorld& world, std::string side) {
    const auto rows = co_await world.sql(side, "postgres", "SELECT rolname::text FROM pg_catalog.pg_roles");
    std::set<std::string> names;
    for (int row = 0; row < rows.rows(); ++row) {
        names.insert(rows.get<std::string>(row, 0));
    }
    co_return names;
}

/// What changed since `base` on `from`, done on the other side, and looked at again.
Task<void> carry(LaneWorld& world, std::string from, std::string db, PrivilegeMap base, int at_least) {
    const auto to = other(from);
    const auto source = co_await read_privileges(world.side(from), db, {}, soon());
    auto tables = tables_with_column_privileges(source);
    tables.merge(tables_with_column_privileges(base));
    const auto target = co_await read_privileges(world.side(to), db, tables, soon());
    const auto version = (co_await world.side(to).identity(soon())).version;
    const auto there = co_await roles_of(world, to);
    const auto again = privileges_from_json(to_json(base)); // as a record keeps it
    const auto plan = plan_privileges(db, again, source, target, target, there, version);
    EXPECT_GE(plan.changes, at_least);
    EXPECT_TRUE(plan.left_out.empty());
    for (const auto& statement : plan.statements) {
        try {
            co_await world.run(to, statement);
        } catch (const std::exception& error) {
            ADD_FAILURE() << statement.text.display() << ": " << error.what();
        }
    }
    const auto now = co_await read_privileges(world.side(to), db, tables, soon());
    EXPECT_EQ(entries(now), entries(source)) << from << " to " << to;
    EXPECT_EQ(entries(plan.target_base), entries(now)) << "what is said to be there is there";
    const auto done = plan_privileges(db, again, source, now, target, there, version);
    EXPECT_EQ(done.changes, 0);
}

Task<void> both_ways(LaneWorld& world) {
    const LaneScope scope(world);
    const auto db = co_await world.fresh_database();
    co_await world.sql_both("postgres", roles);
    co_await world.sql_both(db, objects);
    const auto blue = co_await read_privileges(world.side("blue"), db, {}, soon());
    const auto green = co_await read_privileges(world.side("green"), db, {}, soon());
    EXPECT_EQ(entries(blue), entries(green)) << "majors differ in nothing";
    // What only the other side has stays.
    co_await world.sql("green", db, "GRANT TRUNCATE ON s.v TO priv_old");
    co_await world.sql("blue", db, granted);
    co_await world.sql("blue", db, "GRANT TRUNCATE ON s.v TO priv_old");
    co_await carry(world, "blue", db, blue, 30);
    const auto before = co_await read_privileges(world.side("green"), db, {}, soon());
    co_await world.sql("green", db, taken_back);
    co_await carry(world, "green", db, before, 15);
    co_await world.sql_both(db, "GRANT USAGE ON LANGUAGE plpgsql TO PUBLIC; REVOKE EXECUTE ON FUNCTION "
                                "pg_catalog.pg_ls_waldir() FROM priv_reader");
}

} // namespace

CO_TEST(Privileges, AreCarriedBetween15And17) { co_await both_ways(lane_world()); }

TEST(Privileges, AreCarriedBetween13And17) {
    LaneWorld world({"--blue", "13", "--green", "17"});
    run_here([&] { return both_ways(world); });
}

TEST(Privileges, AreCarriedBetween14And18) {
    LaneWorld world({"--blue", "14", "--green", "18"});
    run_here([&] { return both_ways(world); });
}

Task<void> what_is_not_there(LaneWorld& world) {
    const LaneScope scope(world);
    const auto db = co_await world.fresh_database();
    co_await world.sql_both("postgres", roles);
    co_await world.sql("blue", "postgres", "DROP ROLE IF EXISTS priv_alone; CREATE ROLE priv_alone");
    co_await world.sql_both(db, objects);
    const auto base = co_await read_privileges(world.side("blue"), db, {}, soon());
    co_await world.sql(
        "green", db,
        "DROP TABLE s.\"T 2\"; ALTER TABLE s.t DROP COLUMN \"odd \"\"Col\"; DROP FUNCTION s.f; "
        "CREATE FUNCTION s.f(a int, b text[], VARIADIC c int[]) RETURNS int LANGUAGE sql AS 'SELECT 2'");
    co_await world.sql(
        "blue", db,
        "GRANT SELECT ON s.\"T 2\" TO priv_reader; GRANT SELECT (\"odd \"\"Col\") ON s.t TO priv_reader; "
        "GRANT SELECT ON s.t TO priv_alone; GRANT EXECUTE ON FUNCTION s.f TO priv_reader; GRANT USAGE ON "
        "SEQUENCE s.q TO priv_reader");
    const auto source = co_await read_privileges(world.side("blue"), db, {}, soon());
    const auto target =
        co_await read_privileges(world.side("green"), db, tables_with_column_privileges(source), soon());
    const auto there = co_await roles_of(world, "green");
    const auto plan = plan_privileges(db, base, source, target, target, there, 170000);
    Texts texts;
    for (const auto& statement : plan.statements) {
        texts.push_back(statement.text.display());
    }
    // Another's function by that name is not what was granted.
    EXPECT_EQ(texts, Texts{"GRANT USAGE ON SEQUENCE s.q TO \"priv_reader\""});
    EXPECT_EQ(
        plan.left_out,
        (std::set<std::string>{"ROUTINE s.f(integer, text[], integer[]) has another owner there",
                               "TABLE s.\"T 2\" is not there by that name", "role priv_alone is not there"}));
    co_await world.sql("blue", db, "DROP OWNED BY priv_alone; DROP ROLE priv_alone");
}

CO_TEST(Privileges, OnWhatTheOtherSideHasNotAreLeftOut) { co_await what_is_not_there(lane_world()); }

} // namespace pgteal::replication::test
