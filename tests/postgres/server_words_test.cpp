// Texts are the servers' own (13 to 18), with "hunter2" for a row's value.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "postgres/server_words.hpp"

namespace pgteal::postgres {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string all_of(const ServerWords& words) { return words.message + "|" + words.detail + "|" + words.hint; }

ServerSaid said(std::string state, std::string message, std::string detail = {}, std::string context = {}) {
    ServerSaid error;
    error.sqlstate = std::move(state);
    error.message = std::move(message);
    error.detail = std::move(detail);
    error.context = std::move(context);
    return error;
}

TEST(WithoutValues, NoValueOfARowComesThrough) {
    const std::vector<ServerSaid> errors{
        said("23505", "duplicate key value violates unique constraint \"users_email_key\"",
             "Key (email)=(hunter2) already exists."),
        said("23505", "could not create unique index \"u\"", "Key (email)=(hunter2) is duplicated."),
        said("23514", "new row for relation \"t\" violates check constraint \"c\"",
             "Failing row contains (1, hunter2)."),
        said("23503", "insert or update on table \"a\" violates foreign key constraint \"f\"",
             "Key (x)=(hunter2) is not present in table \"b\"."),
        said("44000", "new row violates check option for view \"v\"", "Failing row contains (hunter2)."),
        said("22P02", "invalid input syntax for type integer: \"hunter2\""),
        said("22P02", "invalid input syntax for type integer: \"a\"hunter2\"", "",
             "COPY orders, line 3, column n: \"hunter2\""),
        said("22003", "value \"hunter2\" is out of range for type integer"),
        said("22P02", "invalid input value for enum mood: \"hunter2\""),
        said("22P02", "invalid input syntax for type json", "Token \"hunter2\" is invalid.",
             "JSON data, line 1: {hunter2...\nCOPY t, line 1, column j: \"{hunter2}\""),
        said("22008", "date/time field value out of range: \"hunter2\"", "",
             "COPY t, line 1, column d: \"hunter2\""),
        said("22007", "invalid value \"hunter2\" for \"YYYY\"", "Value must be an integer."),
        said("22P02", "ung\xC3\xBCltige Eingabesyntax f\xC3\xBCr Typ integer: \xC2\xBBhunter2\xC2\xAB"),
        said("22003", "Wert \xC2\xBBhunter2\xC2\xAB ist au\xC3\x9F"
                      "erhalb des Bereichs"),
        said("22021", "invalid byte sequence for encoding \"UTF8\": 0xhunter2"),
        said("42P01", "relation \"hunter2\" does not exist", "", "COPY t, line 1, column r: \"hunter2\""),
        said("P0001", "bad address hunter2", "hunter2",
             "PL/pgSQL function public.check_mail(text) line 3 at RAISE"),
        said("23505", "mine: hunter2", "hunter2", "PL/pgSQL function public.f() line 3 at RAISE"),
        said("XX000", "parse error - invalid geometry", "", ""),
        said("XX000", "Traceback hunter2", "", "PL/Python function \"f\""),
        said("55000", "hunter2", "", "PL/pgSQL function \"x inline_code_block y\"() line 1 at RAISE"),
        said("55000", "hunter2", "", "PL/pgSQL function \" pgteal.\".f() line 1 at RAISE"),
    };
    for (auto error : errors) {
        if (error.sqlstate == "XX000") {
            error.hint = "\"hunter2\" <-- parse error at position 2";
        }
        const auto words = without_values(error);
        EXPECT_THAT(all_of(words), Not(HasSubstr("hunter2"))) << error.message;
        EXPECT_GT(words.message.size(), 12U) << error.message;
    }
}

TEST(WithoutValues, ItIsSaidWhatItWasAbout) {
    auto unique = said("23505", "duplicate key value violates unique constraint \"users_email_key\"",
                       "Key (email)=(hunter2) already exists.");
    unique.schema = "public";
    unique.table = "users";
    unique.constraint = "users_email_key";
    EXPECT_EQ(without_values(unique).message,
              "duplicate key value violates unique constraint \"users_email_key\" (table public.users); the "
              "server's own log has the row");
    EXPECT_EQ(
        without_values(said("22P02", "invalid input syntax for type integer: \"x\"", "",
                            "COPY orders, line 3, column n: \"x\""))
            .message,
        "invalid input syntax for type integer, COPY orders, line 3, column n; the server's own log has "
        "the row");
    EXPECT_EQ(without_values(said("22023", "invalid value for parameter \"work_mem\": \"x\"")).message,
              "invalid value for parameter \"work_mem\"; the server's own log has the row");
    EXPECT_THAT(
        without_values(said("P0001", "x", "", "PL/pgSQL function public.f() line 3 at RAISE")).message,
        HasSubstr("(P0001) in PL/pgSQL function public.f() line 3 at RAISE"));
}

TEST(WithoutValues, WhatSpeaksOfObjectsStays) {
    auto drop =
        said("2BP01", "cannot drop table a because other objects depend on it", "view b depends on table a");
    drop.hint = "Use DROP ... CASCADE to drop the dependent objects too.";
    EXPECT_EQ(all_of(without_values(drop)), drop.message + "|" + drop.detail + "|" + drop.hint);
    for (const auto& error :
         {said("55006", "database \"app\" is being accessed by other users", "There is 1 other session."),
          said("42703", "column \"foo\" does not exist"), said("XX000", "tuple concurrently updated"),
          said("55000", "this attempt to switch is over", "",
               "PL/pgSQL function inline_code_block line 3 at RAISE"),
          said("P0001", "a migration's own words", "", "PL/pgSQL function inline_code_block line 1 at RAISE"),
          said("55000", "schema changes are frozen", "",
               "PL/pgSQL function pgteal.refuse_ddl(text) line 3 at RAISE")}) {
        const auto words = without_values(error);
        EXPECT_EQ(words.message, error.message);
        EXPECT_EQ(words.detail, error.detail);
    }
}

TEST(ComplaintOf, ProgramsIsTheServersErrorAndTheObject) {
    const std::string output = "pg_restore: while PROCESSING TOC:\n"
                               "pg_restore: from TOC entry 3466; 1259 16400 INDEX users_email_key app\n"
                               "pg_restore: error: could not execute query: ERROR:  could not create unique "
                               "index \"users_email_key\"\n"
                               "DETAIL:  Key (email)=(hunter2\nhunter2) is duplicated.\n"
                               "Command was: CREATE UNIQUE INDEX users_email_key ON users (email, "
                               "dblink('password=hunter2'));\n\n\n";
    EXPECT_EQ(complaint_of(output),
              "INDEX users_email_key app: could not create unique index \"users_email_key\"");
    EXPECT_THAT(
        complaint_of("pg_restore: error: could not execute query: ERROR:  invalid input syntax for type "
                     "integer: \"hunter2\"\nCommand was: x\n"),
        Not(HasSubstr("hunter2")));
    EXPECT_EQ(complaint_of("pg_dump: error: connection to server failed\n"),
              "pg_dump: error: connection to server failed\n");
}

TEST(ComplaintsOf, AreAllOfThemWithTheirObjects) {
    const auto all =
        complaints_of("pg_restore: while PROCESSING TOC:\n"
                      "pg_restore: from TOC entry 12; 1259 16400 VIEW v app\n"
                      "pg_restore: error: could not execute query: ERROR:  column \"x\" does not exist\n"
                      "LINE 2:  SELECT x\n                ^\n"
                      "Command was: CREATE VIEW v AS SELECT x, 'ERROR:  no error', 'hunter2';\n\n"
                      "pg_restore: error: could not execute query: ERROR:  relation \"v\" does not exist\n"
                      "Command was: ALTER TABLE v OWNER TO app;\n\n"
                      "pg_restore: from TOC entry 99; 0 0 ACL FUNCTION f(text) app\n"
                      "pg_restore: error: could not execute query: ERROR:  function f(text) does not exist\n"
                      "Command was: GRANT ALL ON FUNCTION f(text) TO r;\n\n\n"
                      "pg_restore: warning: errors ignored on restore: 3\n");
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(all[0].object + "|" + all[0].message + "|" + all[0].grant,
              "VIEW v app|column \"x\" does not exist|");
    EXPECT_EQ(all[1].object + "|" + all[1].message, "VIEW v app|relation \"v\" does not exist");
    EXPECT_EQ(all[2].object + "|" + all[2].message + "|" + all[2].grant,
              "ACL FUNCTION f(text) app|function f(text) does not exist|GRANT ALL ON FUNCTION f(text) TO r;");
    EXPECT_TRUE(complaints_of("pg_restore: error: could not open input file\n").empty());
}

TEST(RowFilter, KeepsRowsOutOfOtherProgramsWords) {
    RowFilter filter;
    EXPECT_EQ(filter("CREATE TABLE"), "CREATE TABLE");
    EXPECT_EQ(filter("psql:x.sql:1: ERROR:  duplicate key value violates unique constraint \"u\""),
              "psql:x.sql:1: ERROR:  duplicate key value violates unique constraint \"u\"");
    for (const auto* line :
         {"DETAIL:  Key (email)=(hunter2) already exists.", "  Detail: Failing row contains (1, hunter2",
          "hunter2).", "ERROR: invalid input syntax for type integer: \"hunter2\"",
          "psycopg2.errors.X: Key (a)=(hunter2"}) {
        EXPECT_THAT(filter(line), Not(HasSubstr("hunter2"))) << line;
    }
    EXPECT_THAT(filter("hunter2) is duplicated"), Not(HasSubstr("hunter2")));
    EXPECT_EQ(filter("Done: \"001\" applied"), "Done: \"001\" applied");
}

} // namespace
} // namespace pgteal::postgres
