// What input functions make of the texts that other types print, held against what type_fit() says; and how
// values of two types are compared.
#include <fmt/format.h>

#include "catalog/type_fit.hpp"
#include "postgres/quote.hpp"
#include "replication/compare/compare.hpp"
#include "tests/replication/lane_world.hpp"
#include "tests/support/co_test.hpp"

namespace pgteal::replication::test {
namespace {

/// Puts the text that type `a` prints of `v` into a column of type `b`, as an apply worker does.
constexpr const char* arrives = R"(
    CREATE FUNCTION public.arrives(a text, b text, v text) RETURNS text LANGUAGE plpgsql AS $$
    DECLARE sent text; got text;
    BEGIN
        EXECUTE format('DROP TABLE IF EXISTS pg_temp.s, pg_temp.r; CREATE TEMP TABLE s (c %s); CREATE TEMP TABLE r (c %s); '
                       'INSERT INTO pg_temp.s VALUES (%L)', a, b, v);
        EXECUTE 'SELECT format(''%s'', c) FROM pg_temp.s' INTO sent;
        BEGIN
            EXECUTE format('INSERT INTO pg_temp.r VALUES (%L)', sent);
        EXCEPTION WHEN OTHERS THEN RETURN 'stops';
        END;
        EXECUTE 'SELECT format(''%s'', c) FROM pg_temp.r' INTO got;
        RETURN CASE WHEN got = sent THEN 'same' ELSE 'differs' END;
    END $$)";

struct Sent {
    std::string from, to;
    std::vector<std::string> values;
    bool all = true; ///< they show everything that is said; otherwise more is said, to be on the safe side
};

const std::vector<Sent>& everything_sent() {
    static const std::vector<Sent> all{
        {"text", "numeric(5,2)", {"1.25", "1.239", "x"}},
        {"text", "jsonb", {"{}", R"({"b":1,"a":1,"a":2})", "x"}},
        {"text", "json", {R"({"b":1,"a":1,"a":2})", "x"}},
        {"text", "integer", {"7", "007", "x"}},
        {"text", "double precision", {"7", "7.0", "x"}},
        {"text", "boolean", {"t", "yes", "x"}},
        {"text", "uuid", {"{00000000-0000-0000-0000-00000000000B}", "x"}},
        {"text", "date", {"2024-01-02", "2024-01-02 23:59", "x"}},
        {"text", "time without time zone", {"12:00:00", "2024-01-02 23:59", "x"}},
        {"text", "timestamp without time zone", {"2024-01-02 00:00:00", "2024-01-02", "x"}},
        {"text", "interval", {"1 day", "24 h", "x"}},
        {"text", "inet", {"10.0.0.1", "10.0.0.1/32", "x"}},
        {"text", "cidr", {"10.0.0.0/8", "10", "x"}},
        {"text", "macaddr", {"08:00:2b:01:02:03", "08002b010203", "x"}},
        {"text", "tsvector", {"'a'", "b a", "'"}},
        {"text", "bytea", {"\\x41", "A", "\\"}},
        {"text", "bit varying", {"101", "xF", "2"}},
        {"text", "point", {"(1,2)", "1,2", "x"}},
        {"text", "int4range", {"[1,5)", "[1,5]", "x"}},
        {"text", "integer[]", {"{1,2}", "{ 1, 2 }", "x"}},
        {"text", "money", {"$1.00", "1", "x"}},
        {"text", "pg_lsn", {"0/1", "0/01", "x"}},
        {"text[]", "integer[]", {"{7}", "{007}", "{x}"}},
        {"text", "\"char\"", {"x", "xyz"}},
        {"text", "name", {"x", std::string(80, 'x')}},
        {"character varying(15)", "name", {"x"}},
        {"character varying(20)[]", "character varying(5)[]", {"{x}", "{too long}"}},
        {"text", "character(5)", {"12345", "x ", "too long"}},
        {"integer", "boolean", {"7"}},
        {"integer", "oid", {"7", "-1"}},
        {"oid", "bigint", {"4000000000"}},
        {"oid", "integer", {"7", "4000000000"}},
        {"integer", "json", {"7"}},
        {"integer", "bytea", {"7"}, false},
        {"bit(3)", "integer", {"101"}, false},
        {"jsonb", "integer[]", {"{}", "[]"}, false},
        {"boolean[]", "integer", {"{t}"}},
        {"integer", "integer[]", {"7"}},
        {"text[]", "tsvector", {"{x}"}, false},
        {"int4range", "int8range", {"[1,5)"}},
        {"int8range", "int4range", {"[1,5)", "[1,5000000000)"}},
        {"int4range", "numrange", {"[1,5)"}},
        {"numrange", "int4range", {"[1,5)", "[1,5]", "[1.5,5)"}},
        {"int4range", "int4multirange", {"[1,5)"}},
        {"int4multirange", "int8multirange", {"{[1,5)}"}},
        {"timestamp without time zone", "time without time zone", {"2024-01-02 12:00"}},
        {"time with time zone", "time without time zone", {"12:00+02"}},
        {"time without time zone", "time with time zone", {"12:00"}},
        {"time without time zone", "interval", {"12:00"}},
        {"macaddr8", "macaddr", {"08:00:2b:ff:fe:01:02:03"}},
    };
    return all;
}

} // namespace

CO_TEST(CompatTypes, InputFunctionsDoWhatIsSaidOfThem) {
    LaneWorld& world = lane_world();
    const LaneScope scope(world);
    const std::string db = co_await world.fresh_database();
    co_await world.sql("green", db, arrives);
    for (const Sent& sent : everything_sent()) {
        std::set<std::string> seen;
        for (const std::string& value : sent.values) {
            const std::string text =
                fmt::format("SET timezone = 'America/New_York'; SELECT public.arrives({}, {}, {})",
                            postgres::quote_literal(sent.from), postgres::quote_literal(sent.to),
                            postgres::quote_literal(value));
            seen.insert(co_await world.value("green", db, text));
        }
        const auto fit = postgres::type_fit(sent.from, sent.to, false);
        EXPECT_FALSE(fit.always && seen.contains("same")) << sent.from << " to " << sent.to;
        seen.erase("same");
        std::set<std::string> said;
        for (const auto& [when, word] : {std::pair(fit.stops_when, "stops"), {fit.differs_when, "differs"}}) {
            if (!when.empty()) {
                said.insert(word);
            }
        }
        EXPECT_TRUE(std::ranges::includes(said, seen)) << sent.from << " to " << sent.to;
        EXPECT_TRUE(!sent.all || said == seen) << sent.from << " to " << sent.to;
    }
}

CO_TEST(CompatTypes, ValuesWithoutACastAreComparedByTheirText) {
    LaneWorld& world = lane_world();
    const LaneScope scope(world);
    const std::string db = co_await world.fresh_database();
    const std::string rows = "INSERT INTO public.t (id, v) VALUES (1, '[1,5)'), (2, '[2,6)')";
    co_await world.sql("blue", db,
                       "CREATE TABLE public.t (id int PRIMARY KEY, v numrange, n int DEFAULT 1); " + rows);
    co_await world.sql("green", db,
                       "CREATE DOMAIN public.some AS int NOT NULL; CREATE TABLE public.t (id bigint PRIMARY "
                       "KEY, v int4range, n public.some DEFAULT 1); " +
                           rows);
    const auto compared = [](LaneWorld* on, std::string database) -> Task<Comparison> {
        postgres::Server::Session blue = co_await on->blue->session(database, soon());
        postgres::Server::Session green = co_await on->green->session(database, soon());
        const std::vector<Table> serving = co_await read_tables(*blue, soon());
        const std::vector<Table> standing = co_await read_tables(*green, soon());
        std::vector<PublishedTable> tables = published(serving, standing);
        std::function<void(int, int)> silent;
        Comparison result = co_await compare_database(*on->blue, *on->green, database, {}, std::move(tables),
                                                      1, soon(), std::move(silent));
        co_return result;
    };
    const Comparison equal = co_await compared(&world, db);
    EXPECT_TRUE(equal.equal);
    EXPECT_EQ(equal.rows, 2);
    co_await world.sql("green", db, "UPDATE public.t SET v = '[2,7)' WHERE id = 2");
    const Comparison damaged = co_await compared(&world, db);
    EXPECT_FALSE(damaged.equal);
}

} // namespace pgteal::replication::test
