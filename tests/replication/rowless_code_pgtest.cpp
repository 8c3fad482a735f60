// Code of users that needs no row: planning and restoring would run it, with the rights of who does that.
#include <set>

#include "base/error.hpp"
#include "replication/compare/compare.hpp"
#include "replication/lane/owners_code.hpp"
#include "tests/replication/eve.hpp"
#include "tests/support/co_test.hpp"

namespace pgteal::replication::test {
namespace {

/// In schema eve; z() is called by planning or restoring, which `fine` would not tell from a call for a row.
constexpr const char* rowless = R"(
    CREATE FUNCTION eve.z(text) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM eve.grab(); RETURN 1; END $$;
    CREATE FUNCTION eve.zi(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN $1; END $$;
    CREATE FUNCTION eve.sum(int, int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN $1 + $2; END $$;
    CREATE FUNCTION eve.inlined(i int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT $1 + eve.z('x') $$;
    CREATE FUNCTION eve.harmless(i int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT $1 + 1 $$;
    CREATE FUNCTION eve.filled(i int, j int DEFAULT eve.z('x')) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
        $$ BEGIN RETURN i; END $$;
    CREATE TABLE eve.p (a int, b int, v text);
    CREATE INDEX p_const ON eve.p ((a + eve.z('x')));
    CREATE INDEX p_where ON eve.p (b) WHERE b > eve.z('x');
    CREATE INDEX p_case ON eve.p (eve.zi(CASE WHEN true THEN 1 ELSE a END));
    CREATE INDEX p_sql ON eve.p (eve.inlined(a));
    CREATE INDEX p_default ON eve.p (eve.filled(a));
    CREATE INDEX p_row ON eve.p (eve.zi(a));
    CREATE INDEX p_nested ON eve.p (eve.zi(coalesce(eve.sum(a, 1), 0)), eve.harmless(b));
    CREATE STATISTICS eve.p_stat ON (a + eve.z('x')), b FROM eve.p;
    ALTER TABLE eve.p ADD CONSTRAINT p_check CHECK (a > eve.z('x'));
    CREATE TABLE eve.g (a int, g int GENERATED ALWAYS AS (a + eve.z('x')) STORED);
    CREATE TABLE eve.k (a int) PARTITION BY LIST ((a + eve.z('x')));
    CREATE FUNCTION eve.reads(int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM eve.grab(); RETURN true; END $$;
    CREATE DOMAIN eve.d AS int CHECK (eve.reads(VALUE));
    CREATE TYPE eve.member AS (d eve.d);
    CREATE TYPE eve.range AS RANGE (subtype = eve.d);
    CREATE VIEW eve.v_array AS SELECT '{1}'::eve.d[] AS a;
    CREATE VIEW eve.v_member AS SELECT '(1)'::eve.member AS m;
    CREATE VIEW eve.v_range AS SELECT '[1,2)'::eve.range AS r;
    CREATE VIEW eve.v_fine AS SELECT '{1}'::int[] AS a;
    CREATE TABLE eve.defaults (a eve.d[] DEFAULT '{1}');
    CREATE FUNCTION eve.args(a eve.d[] DEFAULT '{1}') RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;
    CREATE FUNCTION eve.body() RETURNS eve.d[] LANGUAGE sql BEGIN ATOMIC SELECT '{1}'::eve.d[]; END;
    CREATE POLICY pol ON eve.p USING (a = ANY ('{1}'::eve.d[]));
    CREATE RULE r AS ON INSERT TO eve.g WHERE new.a = ANY ('{1}'::eve.d[]) DO INSTEAD NOTHING;
    CREATE DOMAIN eve.defaulted AS eve.d[] DEFAULT '{1}';
    CREATE FUNCTION eve.step(eve.d, int) RETURNS eve.d LANGUAGE plpgsql AS $$ BEGIN RETURN $1; END $$;
    CREATE AGGREGATE eve.agg(int) (sfunc = eve.step, stype = eve.d, initcond = '1');
    CREATE TABLE eve.bounds (k eve.d) PARTITION BY LIST (k);
    CREATE TABLE eve.bounds_1 PARTITION OF eve.bounds FOR VALUES IN (1);
)";

} // namespace

CO_TEST(RowlessCode, IsFoundAndNotPlannedOver) {
    LaneWorld& world = lane_world();
    const LaneScope scope(world);
    const std::string db = co_await world.fresh_database();
    for (const std::string side : {"blue", "green"}) {
        co_await as_eve(&world, side, db, std::string(hostile) + rowless);
        co_await world.sql(side, db, "TRUNCATE eve.ran, eve.later; ALTER ROLE eve NOSUPERUSER");
        postgres::Server::Session session = co_await world.side(side).session(db, soon());
        const std::vector<RowlessCode> parts = co_await read_rowless_code(*session, soon());
        std::set<std::string> found;
        for (const RowlessCode& part : parts) {
            found.insert(part.object + (part.planned ? " plans " : " reads ") + part.code.name);
        }
        const std::set<std::string> expected{
            "constraint p_check on table eve.p plans eve.z(text)",
            "default value for column a of table eve.defaults reads eve.reads(integer)",
            "default value for column g of table eve.g plans eve.z(text)",
            "function eve.agg(integer) reads eve.reads(integer)",
            "function eve.args(eve.d[]) reads eve.reads(integer)",
            "function eve.body() reads eve.reads(integer)",
            "index eve.p_case plans eve.zi(integer)",
            "index eve.p_const plans eve.z(text)",
            "index eve.p_default plans eve.filled(integer,integer)",
            "index eve.p_sql plans eve.inlined(integer)",
            "index eve.p_where plans eve.z(text)",
            "policy pol on table eve.p reads eve.reads(integer)",
            "rule _RETURN on view eve.v_array reads eve.reads(integer)",
            "rule _RETURN on view eve.v_member reads eve.reads(integer)",
            "rule _RETURN on view eve.v_range reads eve.reads(integer)",
            "rule r on table eve.g reads eve.reads(integer)",
            "statistics object eve.p_stat plans eve.z(text)",
            "table eve.bounds reads eve.reads(integer)",
            "table eve.bounds_1 reads eve.reads(integer)",
            "table eve.k plans eve.z(text)",
            "type eve.defaulted reads eve.reads(integer)"};
        EXPECT_EQ(found, expected) << side;
    }
    const auto compared = [](LaneWorld* on, std::string database, bool accepted) -> Task<std::string> {
        const std::vector<Table> both = co_await tables_on(on, "blue", database);
        std::vector<PublishedTable> pairs = published(both, both);
        std::function<void(int, int)> silent;
        std::string refusal;
        try {
            co_await compare_database(*on->blue, *on->green, database, {}, std::move(pairs), 1, soon(),
                                      std::move(silent), accepted);
        } catch (const Error& error) {
            refusal = std::string(error.what()) + error.hint();
        }
        co_return refusal;
    };
    const std::string refusal = co_await compared(&world, db, false);
    EXPECT_NE(refusal.find("eve.z(text)"), std::string::npos) << refusal;
    EXPECT_NE(refusal.find("ALTER FUNCTION eve."), std::string::npos) << refusal;
    const std::string ran = "SELECT count(*) FROM eve.ran";
    const std::string not_yet = co_await world.value("blue", db, ran);
    EXPECT_EQ(not_yet, "0");
    const std::string accepted = co_await compared(&world, db, true);
    EXPECT_EQ(accepted.find("ALTER FUNCTION"), std::string::npos) << accepted;
}

/// Each printed remedy is applied until nothing is left; what was printed is what ends it.
CO_TEST(RowlessCode, PrintedRemediesEndIt) {
    LaneWorld& world = lane_world();
    const LaneScope scope(world);
    const std::string db = co_await world.fresh_database();
    co_await as_eve(&world, "blue", db,
                    std::string(hostile) + rowless +
                        "CREATE FUNCTION eve.act() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM "
                        "eve.grab(); END $$;"
                        "CREATE FUNCTION eve.chk(i int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ "
                        "BEGIN PERFORM eve.act(); RETURN true; END $$;"
                        "CREATE TABLE eve.checked (id int CHECK (eve.chk(id)), v int CHECK (eve.checks(v)))");
    co_await world.sql("blue", db, "ALTER ROLE eve NOSUPERUSER");
    postgres::Server::Session session = co_await world.blue->session(db, soon());
    const std::string role = (co_await world.blue->identity(soon())).role;
    std::vector<std::string> applied;
    for (int round = 0; round < 12; ++round) {
        std::set<std::string> fixes;
        const std::vector<OwnersCode> rows = co_await read_owners_code(*session, soon());
        for (const OwnersCode& part : rows) {
            if (part.has_code()) {
                fixes.insert(ending(part.why, role));
            }
        }
        const std::vector<RowlessCode> others = co_await read_rowless_code(*session, soon());
        for (const RowlessCode& part : others) {
            fixes.insert(ending(part.code, role));
        }
        if (fixes.empty()) {
            break;
        }
        for (const std::string& fix : fixes) {
            EXPECT_NE(fix, "");
            co_await session->script(fix, soon());
            applied.push_back(fix);
        }
    }
    const std::string given = "ALTER FUNCTION eve.act() OWNER TO ";
    EXPECT_TRUE(std::ranges::any_of(applied, [&given](const auto& fix) { return fix.starts_with(given); }));
    EXPECT_TRUE(std::ranges::any_of(applied, [](const auto& fix) {
        return fix.ends_with("ALTER FUNCTION eve.checks(integer) STABLE;");
    }));
    const std::vector<OwnersCode> rows = co_await read_owners_code(*session, soon());
    EXPECT_FALSE(std::ranges::any_of(rows, [](const OwnersCode& part) { return part.has_code(); }));
    const std::vector<RowlessCode> left = co_await read_rowless_code(*session, soon());
    EXPECT_TRUE(left.empty());
}

} // namespace pgteal::replication::test
