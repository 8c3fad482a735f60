// What majors print differently though it means the same, and what must stay different. Both texts of each
// pair were printed by real servers.
#include <gtest/gtest.h>

#include "migration/schema/normal.hpp"

namespace pgteal::migration::schema {

namespace {

bool same(const std::string& kind, const std::string& left, const std::string& right,
          int left_version = 150000, int right_version = 170000,
          const std::string& attribute = "definition") {
    Object object;
    object.kind = kind;
    return same_normal_form(left_version, right_version)(object, object, {attribute, left, right});
}

} // namespace

TEST(NormalForm, a_view_of_one_table_may_qualify_its_columns) {
    EXPECT_TRUE(same(
        "view",
        " SELECT c.id,\n    c.name AS label\n   FROM shop.customer c\n  WHERE ((c.name)::text <> ''::text)",
        " SELECT id,\n    name AS label\n   FROM shop.customer c\n  WHERE ((name)::text <> ''::text)"));
    EXPECT_TRUE(same("view", "SELECT customer.id FROM shop.customer", "SELECT id FROM shop.customer"));
    EXPECT_TRUE(same(
        "rule", "CREATE RULE r AS ON INSERT TO shop.base DO ALSO INSERT INTO shop.child (a) VALUES (new.a)",
        "CREATE RULE r AS ON INSERT TO shop.base DO ALSO  INSERT INTO shop.child (a)\n  VALUES (new.a)"));
}

TEST(NormalForm, a_qualifier_that_says_something_stays) {
    EXPECT_FALSE(same("view", "SELECT a.id FROM shop.a, shop.b", "SELECT id FROM shop.a, shop.b"));
    EXPECT_FALSE(same("view", "SELECT a.id FROM shop.a JOIN shop.b USING (x)",
                      "SELECT b.id FROM shop.a JOIN shop.b USING (x)"));
    EXPECT_FALSE(same("view", "SELECT id FROM shop.a WHERE EXISTS (SELECT 1 FROM shop.b WHERE a.x = b.x)",
                      "SELECT id FROM shop.a WHERE EXISTS (SELECT 1 FROM shop.b WHERE b.x = b.x)"));
    // ORDER BY name means the output column, ORDER BY c.name the table's.
    EXPECT_FALSE(same("view", "SELECT c.id AS name FROM shop.c ORDER BY c.name",
                      "SELECT id AS name FROM shop.c ORDER BY name"));
}

TEST(NormalForm, an_array_may_be_cast_as_a_whole_or_by_element) {
    EXPECT_TRUE(same(
        "constraint",
        "CHECK (((status)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[])))",
        "CHECK (((status)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character "
        "varying)::text])))",
        170000));
    EXPECT_FALSE(same("constraint",
                      "CHECK (((status)::text = ANY ((ARRAY['a'::character varying])::text[])))",
                      "CHECK (((status)::text = ANY (ARRAY[('b'::character varying)::text])))"));
    EXPECT_FALSE(same("constraint", "CHECK ((x = ANY ((ARRAY['a'::character varying])::text[])))",
                      "CHECK ((x = ANY (ARRAY[('a'::character varying)::name])))"));
}

TEST(NormalForm, sql_syntax_and_calls_are_the_same_across_14) {
    const auto across = [](const std::string& old, const std::string& later) {
        return same("column", old, later, 130023, 170010, "default");
    };
    EXPECT_TRUE(across("(date_part('year'::text, born))::integer", "(EXTRACT(year FROM born))::integer"));
    EXPECT_TRUE(across("\"substring\"((name)::text, 2, 3)", "SUBSTRING(name FROM 2 FOR 3)"));
    EXPECT_TRUE(across("\"overlay\"((name)::text, 'zz'::text, 2, 1)",
                       "OVERLAY(name PLACING 'zz'::text FROM 2 FOR 1)"));
    EXPECT_TRUE(across("\"position\"((name)::text, 'x'::text)", "POSITION(('x'::text) IN (name))"));
    EXPECT_TRUE(across("btrim((name)::text, 'x'::text)", "TRIM(BOTH 'x'::text FROM name)"));
    EXPECT_TRUE(across("timezone('UTC'::text, changed_at)", "(changed_at AT TIME ZONE 'UTC'::text)"));
    EXPECT_TRUE(across("(date_part('day'::text, born) > (1)::double precision)",
                       "(EXTRACT(day FROM born) > (1)::numeric)"));
    EXPECT_FALSE(across("date_part('year'::text, born)", "EXTRACT(month FROM born)"));
    EXPECT_FALSE(across("\"substring\"((name)::text, 2, 3)", "SUBSTRING(name FROM 2 FOR 4)"));
    // On one side of 14 they are two functions with two types.
    EXPECT_FALSE(same("column", "date_part('year'::text, born)", "EXTRACT(year FROM born)", 150000, 170000,
                      "default"));
    EXPECT_FALSE(same("column", "(1)::numeric", "(1)::double precision", 150000, 170000, "default"));
}

TEST(NormalForm, a_procedures_arguments_may_say_in) {
    const std::string rest = " days integer, INOUT done integer DEFAULT 0)\n LANGUAGE plpgsql\nAS "
                             "$procedure$ BEGIN END $procedure$";
    EXPECT_TRUE(same("procedure", "CREATE OR REPLACE PROCEDURE shop.clean(" + rest,
                     "CREATE OR REPLACE PROCEDURE shop.clean(IN" + rest, 130000));
    EXPECT_FALSE(same("procedure", "CREATE OR REPLACE PROCEDURE shop.clean(" + rest,
                      "CREATE OR REPLACE PROCEDURE shop.clean(OUT" + rest, 130000));
}

TEST(NormalForm, what_the_grammar_does_not_know_is_left_to_a_server) {
    const std::string newer = "SELECT g.a FROM GRAPH_TABLE (shop MATCH (c) COLUMNS (c.a)) g";
    EXPECT_FALSE(same("view", newer, newer + " "));
    Object view;
    view.kind = "view";
    EXPECT_FALSE(normal_form(view, "definition", newer, false));
    EXPECT_FALSE(normal_form(view, "definition", "", false));
    EXPECT_FALSE(normal_form(view, "definition", "SELECT 1; SELECT 2", false));
    EXPECT_TRUE(normal_form(view, "definition", "SELECT 1", false));
    EXPECT_FALSE(normal_form(view, "definition",
                             "SELECT " + std::string(50000, '(') + "1" + std::string(50000, ')'), false));
}

TEST(NormalForm, other_words_are_another_meaning) {
    EXPECT_FALSE(
        same("view", "SELECT id FROM shop.a WHERE (id > 1)", "SELECT id FROM shop.a WHERE (id > 2)"));
    EXPECT_FALSE(same("view", "SELECT id FROM shop.a", "SELECT id FROM shop.b"));
    EXPECT_FALSE(
        same("index", "CREATE INDEX i ON s.t USING btree (a)", "CREATE INDEX i ON s.t USING btree (a DESC)"));
    EXPECT_FALSE(same("constraint", "CHECK ((a > 0))", "CHECK ((a > 0)) NOT VALID"));
    EXPECT_FALSE(same("function", "CREATE OR REPLACE FUNCTION s.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
                      "CREATE OR REPLACE FUNCTION s.f() RETURNS int LANGUAGE sql AS 'SELECT  1'"));
}

} // namespace pgteal::migration::schema
