// Materialized views that are empty on the side that takes over: named, with what fills them.
#include <sstream>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "cutover/gate/unfilled_views.hpp"
#include "postgres/server.hpp"
#include "tests/support/co_test.hpp"
#include "tests/support/lab.hpp"

namespace pgteal::cutover {
namespace {

using namespace std::chrono_literals;

Deadline soon() { return after(30s); }

constexpr const char* schema = R"(
    CREATE ROLE viewer; CREATE SCHEMA "Own app" AUTHORIZATION viewer; CREATE SCHEMA viewer AUTHORIZATION viewer;
    GRANT CREATE ON SCHEMA public TO viewer; SET client_min_messages = error; SET ROLE viewer;
    SET search_path = "Own app", public; SET check_function_bodies = off;
    CREATE TABLE "Own app".items (n int); CREATE TABLE public.more (n int); CREATE TABLE viewer.mine (n int);
    CREATE FUNCTION public.items_of() RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT count(*) FROM items) + public.more_of(); END';
    CREATE FUNCTION public.more_of() RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT count(*) FROM more); END';
    CREATE VIEW public.between AS SELECT public.items_of() AS n;
    CREATE TABLE public.divisor (n int);
    CREATE MATERIALIZED VIEW public.a_ratio AS SELECT 1 / n AS n FROM public.divisor WITH NO DATA;
    CREATE MATERIALIZED VIEW public.a AS SELECT n FROM public.between WITH NO DATA;
    CREATE MATERIALIZED VIEW "Own app"."of ""a""" AS SELECT n FROM public.a WITH NO DATA;
    CREATE MATERIALIZED VIEW public.plain AS SELECT 1 AS n WITH NO DATA;
    RESET ROLE; RESET search_path; RESET check_function_bodies)";

/// What the hint says between "as a superuser:" and what to run afterwards.
std::string typed(const std::string& hint) {
    const std::string before = "as a superuser:  ";
    const auto at = hint.find(before);
    const auto end = hint.find("  then run");
    return at == std::string::npos || end == std::string::npos
               ? ""
               : hint.substr(at + before.size(), end - at - before.size());
}

} // namespace

CO_TEST(UnfilledViews, AreNamedWithWhatFillsThem) {
    for (const std::string to_side : {"green", "blue"}) {
        const std::string from_side = to_side == "green" ? "blue" : "green";
        postgres::Server from(from_side, support::shared_lab().dsn(from_side));
        postgres::Server to(to_side, support::shared_lab().dsn(to_side));
        const std::string db = "views_" + to_side;
        for (auto* server : {&from, &to}) {
            co_await server->script("", "DROP ROLE IF EXISTS viewer", soon());
            co_await server->script("", "CREATE DATABASE " + db, soon());
            co_await server->script("", "ALTER DATABASE " + db + " SET search_path = \"Own app\", public",
                                    soon());
            co_await server->script(db, schema, soon());
        }
        auto none = co_await unfilled_views(&from, &to, db, "pgteal cutover", soon());
        EXPECT_FALSE(none);
        // As clients of the serving side do it.
        co_await from.script(
            db,
            "SET search_path = \"Own app\", public; ALTER FUNCTION public.items_of() SET "
            "search_path = \"Own app\", public; REFRESH MATERIALIZED VIEW public.a; REFRESH "
            "MATERIALIZED VIEW \"Own app\".\"of \"\"a\"\"\"; ALTER FUNCTION public.items_of() RESET "
            "search_path; RESET search_path",
            soon());
        std::string unqualified;
        try {
            co_await to.script(db, "REFRESH MATERIALIZED VIEW public.a", soon());
        } catch (const Error& error) {
            unqualified = error.what();
        }
        EXPECT_NE(unqualified.find("does not exist"), std::string::npos) << unqualified;

        auto refusal = co_await unfilled_views(&from, &to, db, "pgteal cutover", soon());
        EXPECT_TRUE(refusal);
        if (refusal) {
            EXPECT_EQ(refusal->side, to_side);
            EXPECT_NE(refusal->message.find("materialized view public.a in database "), std::string::npos)
                << refusal->message;
            EXPECT_EQ(refusal->message.find("public.plain"), std::string::npos);
            const std::string text = typed(refusal->hint);
            EXPECT_NE(text, "") << refusal->hint;
            auto fenced = co_await to.session(db, soon());
            co_await fenced->script("SET default_transaction_read_only = on", soon());
            co_await fenced->script(text, soon());
            co_await fenced->script("SET default_transaction_read_only = off", soon());
        }
        // One that can't be refreshed there spoils none of the others.
        co_await to.script(db,
                           "REFRESH MATERIALIZED VIEW public.plain WITH NO DATA; REFRESH MATERIALIZED VIEW "
                           "public.a_ratio WITH NO DATA; INSERT INTO public.divisor VALUES (0)",
                           soon());
        co_await from.script(
            db, "REFRESH MATERIALIZED VIEW public.plain; REFRESH MATERIALIZED VIEW public.a_ratio", soon());
        auto two = co_await unfilled_views(&from, &to, db, "pgteal cutover", soon());
        EXPECT_TRUE(two);
        if (two) {
            auto session = co_await to.session(db, soon());
            std::istringstream lines(typed(two->hint));
            for (std::string line; std::getline(lines, line);) { // as psql does
                bool failed = false;
                try {
                    co_await session->script(line, soon());
                } catch (const Error&) {
                    failed = true;
                }
                if (failed) {
                    co_await session->script("ROLLBACK", soon());
                }
            }
        }
        const auto populated = co_await to.exec(db,
                                                "SELECT string_agg(relname, ' ' ORDER BY relname) FROM "
                                                "pg_catalog.pg_class WHERE relkind = 'm' AND "
                                                "NOT relispopulated",
                                                {}, soon());
        EXPECT_EQ(populated.get<std::string>(0, 0), "a_ratio");
        co_await from.script(db, "REFRESH MATERIALIZED VIEW public.a_ratio WITH NO DATA", soon());
        const auto functions = co_await to.exec(
            db, "SELECT count(*) FROM pg_catalog.pg_proc WHERE proconfig IS NOT NULL AND proname LIKE '%_of'",
            {}, soon());
        EXPECT_EQ(functions.get<int>(0, 0), 0); // the schema is as it was
        auto filled = co_await unfilled_views(&from, &to, db, "pgteal cutover", soon());
        EXPECT_FALSE(filled);
        for (auto* server : {&from, &to}) {
            server->close_idle();
            co_await server->script("", "DROP DATABASE " + db + " WITH (FORCE)", soon());
        }
    }
}

} // namespace pgteal::cutover
