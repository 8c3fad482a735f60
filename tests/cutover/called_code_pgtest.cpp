// Functions that break where pgteal runs them: named, and their advice typed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "cutover/checks/called_code.hpp"
#include "postgres/server.hpp"
#include "tests/support/co_test.hpp"
#include "tests/support/lab.hpp"

namespace pgteal::cutover {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::vector<std::string> none;

Deadline soon() { return after(60s); }

Task<void> made(postgres::Server* blue, std::string name, std::string sql) {
    co_await blue->script("", "DROP DATABASE IF EXISTS " + name, soon());
    co_await blue->script("", "CREATE DATABASE " + name, soon());
    co_await blue->script(name, "SET search_path = app, public; SET check_function_bodies = off;" + sql,
                          soon());
    blue->close_idle(); // with their search_path
}

Task<std::vector<health::CheckResult>> judged(postgres::Server* blue, std::string database,
                                              std::vector<std::string> accept) {
    std::vector<CalledCode> code;
    auto one = co_await read_called_code(blue, database, soon());
    code.push_back(std::move(one));
    co_return judge_called_code(code, accept);
}

std::vector<std::string> lines(const health::CheckResult& result) {
    std::vector<std::string> out;
    for (const auto& finding : result.findings) {
        out.push_back(health::to_string(finding.level) + " " + finding.object);
    }
    return out;
}

/// Up to the last semicolon: what can be typed.
std::string typed(const std::string& fix) {
    const std::size_t from = fix.starts_with("on blue, ") ? fix.find(":  ") + 3 : 0;
    return fix.substr(from, fix.rfind(';') + 1 - from);
}

/// Triggers fire for clients, and not in sessions of pgteal.
const std::string as_client = "SET LOCAL session_replication_role = origin; ";

/// "" when the server takes it with an empty search_path, as copy, restore and apply have it.
Task<std::string> problem_of(postgres::Server* blue, std::string database, std::string sql) {
    try {
        co_await blue->script(database, "BEGIN; SET LOCAL search_path = ''; " + sql + "; ROLLBACK", soon());
    } catch (const Error& error) {
        blue->close_idle();
        co_return error.what();
    }
    co_return "";
}

constexpr const char* broken = R"(
    CREATE SCHEMA app; CREATE SCHEMA "Odd one"; CREATE TYPE app.mood AS ENUM ('good', 'bad');
    CREATE TABLE app.limits (most int); INSERT INTO app.limits VALUES (100);
    CREATE TABLE "Odd one"."Rates" (r int);
    CREATE FUNCTION app.plus(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 + 1';
    CREATE FUNCTION app.bare_call(a int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN plus(a); END';
    CREATE FUNCTION app.bare_type(a text) RETURNS int IMMUTABLE LANGUAGE plpgsql AS
      'DECLARE m mood := a; BEGIN RETURN CASE m WHEN ''good'' THEN 1 ELSE 0 END; END';
    CREATE FUNCTION app.through(a int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT app.bare_call(a) /* plus(a) */';
    CREATE FUNCTION app.op(a int, b int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN plus(a) > b; END';
    CREATE OPERATOR app.>>>> (LEFTARG = int, RIGHTARG = int, FUNCTION = app.op);
    CREATE FUNCTION app.by_constant() RETURNS trigger LANGUAGE plpgsql AS
      $f$ BEGIN EXECUTE 'INSERT INTO "Rates" VALUES (1)'; RETURN new; END $f$;
    CREATE FUNCTION app.summed() RETURNS bigint LANGUAGE sql AS 'WITH limits2 AS (SELECT * FROM limits) SELECT sum(most) FROM limits2';
    CREATE DOMAIN app.small AS int CHECK (app.bare_call(VALUE) < 1000);
    CREATE TABLE app.orders (id int PRIMARY KEY, n int CHECK (app.through(n) > 0), m text, s app.small,
      g int GENERATED ALWAYS AS (app.bare_type(m)) STORED);
    CREATE INDEX by_op ON app.orders ((n OPERATOR(app.>>>>) 3));
    CREATE TRIGGER always BEFORE INSERT ON app.orders FOR EACH ROW EXECUTE FUNCTION app.by_constant();
    ALTER TABLE app.orders ENABLE ALWAYS TRIGGER always;
    CREATE VIEW app.between AS SELECT app.summed() AS n;
    CREATE MATERIALIZED VIEW app.totals AS SELECT n FROM app.between WITH NO DATA;)";

constexpr const char* harmless = R"(
    CREATE SCHEMA app; CREATE TYPE app.mood AS ENUM ('good', 'bad'); CREATE TABLE app.status (id int); CREATE TABLE app.other (id int);
    CREATE FUNCTION app.plus(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 + 1';
    CREATE FUNCTION app.own_path(a int) RETURNS int IMMUTABLE LANGUAGE plpgsql SET search_path = app, pg_temp AS 'BEGIN RETURN inner_one(a); END';
    CREATE FUNCTION app.inner_one(a int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN plus(a); END';
    CREATE FUNCTION app.builtins(status text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS
      $f$ DECLARE other text := 'plus(1)'; r record; BEGIN -- FROM status
        other := lower(status) || '…' || to_char(1, 'FM0'); SELECT 1 AS status, other INTO r; status := r.status;
        RETURN other || coalesce(substring(status FROM 1 FOR 2), app.plus(1)::text); END $f$;
    CREATE FUNCTION app.cte(a int) RETURNS bigint IMMUTABLE LANGUAGE sql AS 'WITH other AS (SELECT $1 AS x) SELECT sum(x) FROM other';
    CREATE FUNCTION app.bound(a int) RETURNS int IMMUTABLE LANGUAGE sql BEGIN ATOMIC SELECT plus(a); END;
    CREATE FUNCTION app.clients_only() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM plus(1); RETURN new; END';
    CREATE FUNCTION app.defaults() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN plus(1); END';
    CREATE TABLE app.t (id int PRIMARY KEY DEFAULT app.defaults(), a int CHECK (app.own_path(a) > 0), b text CHECK (app.builtins(b) <> ''),
      c int CHECK (app.cte(c) > 0), d int CHECK (app.bound(d) > 0), m app.mood CHECK (m <> 'bad'));
    CREATE TRIGGER usual BEFORE INSERT ON app.t FOR EACH ROW EXECUTE FUNCTION app.clients_only();)";

} // namespace

CO_TEST(CalledCode, NamesWithoutASchemaAreToldWithWhatMendsThem) {
    postgres::Server blue("blue", support::shared_lab().dsn("blue"));
    co_await made(&blue, "called", broken);
    const auto before =
        co_await problem_of(&blue, "called", "INSERT INTO app.orders VALUES (1, 1, 'good', 1)");
    EXPECT_THAT(before, HasSubstr("does not exist"));
    auto results = co_await judged(&blue, "called", none);
    EXPECT_THAT(lines(results.at(0)),
                ElementsAre("error called: app.bare_call(integer)", "error called: app.bare_type(text)",
                            "error called: app.op(integer,integer)", "error called: app.by_constant()",
                            "warning called: app.summed()"));
    EXPECT_THAT(
        results.at(0).findings.at(0).message,
        HasSubstr("names function plus without a schema, and constraint \"small_check\" of app.small, "
                  "constraint \"orders_n_check\" of app.orders come to it"));
    const std::vector<std::string> accept{"function-names", "reads-tables"};
    const auto accepted = co_await judged(&blue, "called", accept);
    EXPECT_EQ(accepted.at(0).findings.at(0).level, health::Level::warning);
    for (const auto& finding : results.at(0).findings) {
        co_await blue.script("called", typed(finding.fix), soon());
    }
    results = co_await judged(&blue, "called", none);
    EXPECT_THAT(lines(results.at(0)), IsEmpty());
    const auto after_it =
        co_await problem_of(&blue, "called", "INSERT INTO app.orders VALUES (1, 1, 'good', 1)");
    EXPECT_EQ(after_it, "");
    const auto filled = co_await problem_of(&blue, "called", "REFRESH MATERIALIZED VIEW app.totals");
    EXPECT_EQ(filled, "");
}

CO_TEST(CalledCode, WhatIsFoundWithAnEmptyPathIsNoFinding) {
    postgres::Server blue("blue", support::shared_lab().dsn("blue"));
    co_await made(&blue, "calm", harmless);
    const auto problem =
        co_await problem_of(&blue, "calm", "INSERT INTO app.t VALUES (1, 1, 'b', 1, 1, 'good')");
    EXPECT_EQ(problem, "") << "sessions of pgteal fire no ordinary triggers, as copy and apply do not";
    const auto results = co_await judged(&blue, "calm", none);
    for (const auto& result : results) {
        EXPECT_THAT(lines(result), IsEmpty())
            << result.check << ": " << (result.findings.empty() ? "" : result.findings[0].message);
    }
}

CO_TEST(CalledCode, ConstraintsThatReadTables) {
    postgres::Server blue("blue", support::shared_lab().dsn("blue"));
    co_await made(&blue, "readers", R"(
        CREATE SCHEMA app; CREATE TABLE app.customers (id int PRIMARY KEY); INSERT INTO app.customers VALUES (1);
        CREATE FUNCTION app.known(c int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql SET search_path = app, pg_temp AS
          'BEGIN RETURN inner_known(c); END';
        CREATE FUNCTION app.inner_known(c int) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT EXISTS (SELECT FROM customers WHERE id = c)';
        CREATE FUNCTION app.bound(c int) RETURNS boolean IMMUTABLE LANGUAGE sql BEGIN ATOMIC SELECT EXISTS (SELECT FROM customers WHERE id = c); END;
        CREATE FUNCTION app.catalogs(c int) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT EXISTS (SELECT FROM pg_class)';
        CREATE DOMAIN app.customer AS int CHECK (app.bound(VALUE));
        CREATE TABLE app.orders (id int PRIMARY KEY, c int CHECK (app.known(c)), d app.customer, e int CHECK (app.catalogs(e)),
          g boolean GENERATED ALWAYS AS (app.known(id)) STORED, EXCLUDE USING btree ((app.bound(id)::int) WITH =));
        CREATE INDEX by_known ON app.orders (id) WHERE app.bound(c);)");
    auto results = co_await judged(&blue, "readers", none);
    EXPECT_THAT(lines(results.at(0)), IsEmpty());
    EXPECT_THAT(lines(results.at(1)),
                testing::UnorderedElementsAre("error readers: app.orders", "error readers: app.orders",
                                              "error readers: app.orders", "error readers: app.orders",
                                              "error readers: app.customer"));
    for (const auto& finding : results.at(1).findings) {
        EXPECT_THAT(finding.message, HasSubstr("customers"));
        co_await blue.script("readers", typed(finding.fix), soon());
    }
    results = co_await judged(&blue, "readers", none);
    EXPECT_TRUE(results.at(1).check == "reads-tables");
    EXPECT_THAT(lines(results.at(1)), IsEmpty());
    // Of the check and of the generated column triggers are left, which say and do the same.
    const auto refused =
        co_await problem_of(&blue, "readers", as_client + "INSERT INTO app.orders VALUES (1, 7)");
    EXPECT_THAT(refused, HasSubstr("(table app.orders, constraint orders_c_check)"));
    const auto odd = co_await problem_of(
        &blue, "readers",
        as_client + "INSERT INTO app.orders VALUES (1, 1); SELECT 1 / g::int FROM app.orders");
    EXPECT_EQ(odd, "") << "g is known(1)";
    const auto other = co_await problem_of(
        &blue, "readers",
        as_client + "INSERT INTO app.orders VALUES (2, 1); SELECT 1 / g::int FROM app.orders");
    EXPECT_THAT(other, HasSubstr("division by zero")) << "g is not known(2)";
    const auto applied = co_await problem_of(
        &blue, "readers",
        "SET LOCAL session_replication_role = replica; INSERT INTO app.orders VALUES (1, 7, 1)");
    EXPECT_EQ(applied, "") << "in copy and apply nothing looks";
}

CO_TEST(CalledCode, ANameOfSeveralSchemasIsSaidToBecomeOne) {
    postgres::Server blue("blue", support::shared_lab().dsn("blue"));
    co_await made(&blue, "tenants", R"(
        CREATE SCHEMA app; CREATE SCHEMA one; CREATE SCHEMA two;
        CREATE FUNCTION one.plus(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 + 1';
        CREATE FUNCTION two.plus(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 + 2';
        CREATE FUNCTION app.called(a int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN plus(a); END';
        CREATE TABLE app.t (id int PRIMARY KEY CHECK (app.called(id) > 0));)");
    const auto results = co_await judged(&blue, "tenants", none);
    EXPECT_THAT(lines(results.at(0)), ElementsAre("error tenants: app.called(integer)"));
    EXPECT_THAT(results.at(0).findings.at(0).fix,
                HasSubstr("SET search_path = \"one\", pg_temp;  (other schemas have plus too"));
}

} // namespace pgteal::cutover
