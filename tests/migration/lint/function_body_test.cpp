// What bodies of functions name, and what only looks like a name.
#include "migration/lint/world/function_body.hpp"

#include <gmock/gmock.h>

namespace pgteal::migration::lint::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

/// "relation app.orders", "function f"
std::vector<std::string> names(const BodyNames& body) {
    constexpr std::array words{"relation", "object", "function", "type", "operator"};
    std::vector<std::string> out;
    for (const auto& one : body.names) {
        out.push_back(std::string(words.at(static_cast<std::size_t>(one.kind))) + " " +
                      (one.schema.empty() ? "" : one.schema + ".") + one.name);
    }
    return out;
}

BodyNames of_sql(const std::string& source) { return names_in_body("sql", "", source); }

BodyNames of_plpgsql(const std::string& source,
                     const std::string& header = "app.f(a integer)\n RETURNS integer") {
    return names_in_body("plpgsql",
                         "CREATE OR REPLACE FUNCTION " + header + "\n LANGUAGE plpgsql\nAS $function$" +
                             source + "$function$\n",
                         source);
}

TEST(FunctionBody, OfSqlIsItsStatements) {
    EXPECT_THAT(
        names(
            of_sql("INSERT INTO app.log VALUES (1); SELECT f(x) FROM \"Orders\" o JOIN c USING (id) -- d\n")),
        ElementsAre("relation Orders", "relation c", "relation app.log", "function f"));
    EXPECT_THAT(names(of_sql("WITH c AS (SELECT 'f(1) FROM g' AS x) SELECT x FROM c")), IsEmpty());
    EXPECT_THAT(names(of_sql("SELECT nextval('ids'), 'app.t'::regclass")),
                ElementsAre("object ids", "object app.t", "function nextval", "type regclass"));
    EXPECT_NE(of_sql("SELECT FROM WHERE").why_not, "");
}

TEST(FunctionBody, OfPlpgsqlIsItsExpressions) {
    const auto body =
        of_plpgsql("DECLARE r orders%ROWTYPE; k app.lines.id%TYPE; m mood := 'x'; a2 a%TYPE; BEGIN "
                   "a := g(a); FOR r IN SELECT * FROM l LOOP PERFORM app.h(m); END LOOP; "
                   "IF EXISTS (SELECT FROM n) THEN EXECUTE 'DELETE FROM e'; END IF; "
                   "EXECUTE format('DELETE FROM %I', 'q'); RETURN a <<< 1; END");
    EXPECT_EQ(body.why_not, "");
    const auto found = names(body);
    for (const char* one : {"object orders", "object app.lines", "type mood", "function g", "relation l",
                            "function app.h", "relation n", "relation e", "operator <<<"}) {
        EXPECT_THAT(found, Contains(one));
    }
    for (const char* one : {"object a", "relation q", "object q", "relation r"}) {
        EXPECT_THAT(found, Not(Contains(one)));
    }
}

TEST(FunctionBody, OfATriggerKnowsNewAndItsOwnTemporaryTables) {
    const auto body =
        of_plpgsql("BEGIN CREATE TEMP TABLE w (id int); INSERT INTO w VALUES (new.id); NEW.n := plus(new.n); "
                   "RETURN new; END",
                   "app.f()\n RETURNS trigger");
    EXPECT_EQ(body.why_not, "");
    EXPECT_THAT(names(body), Contains("function plus"));
    EXPECT_THAT(names(body), Not(Contains("relation w")));
}

TEST(FunctionBody, ThatSetsItsPathSaysSo) {
    EXPECT_TRUE(of_plpgsql("BEGIN SET LOCAL search_path = app; RETURN 1; END").sets_path);
    EXPECT_TRUE(of_plpgsql("BEGIN PERFORM set_config('search_path', 'app', true); RETURN 1; END").sets_path);
    EXPECT_FALSE(of_plpgsql("BEGIN PERFORM set_config('app.x', 'app', true); RETURN 1; END").sets_path);
    EXPECT_NE(of_plpgsql("BEGIN RETURN 1; NONSENSE").why_not, "");
}

} // namespace
} // namespace pgteal::migration::lint::test
