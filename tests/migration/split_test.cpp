// Text to statements with their lines, and bad input.
#include <random>

#include "migration/files/find.hpp"
#include "tests/migration/refused.hpp"

namespace pgteal::migration {
namespace {

std::vector<std::string> texts(const std::string& text) {
    std::vector<std::string> result;
    for (const auto& statement : split_statements("V1__x.sql", text)) {
        result.push_back(statement.text);
    }
    return result;
}

std::vector<int> lines(const std::string& text) {
    std::vector<int> result;
    for (const auto& statement : split_statements("V1__x.sql", text)) {
        result.push_back(statement.line);
    }
    return result;
}

void refused(const std::string& text, const std::string& part) {
    expect_error(ErrorCode::migration, part, [&] { parse_file("V1__x.sql", text); });
}

using testing::ElementsAre;
using namespace std::string_literals;

TEST(Split, SemicolonsThatDontEndAStatement) {
    EXPECT_THAT(
        texts("SELECT ';', E'\\';', \";\", $$;$$, $a$;$$;$a$ /* ; /* ; */ ; */ -- ;\n, 'it''s;'; SELECT 2"),
        ElementsAre(testing::StartsWith("SELECT ';'"), "SELECT 2"));
    EXPECT_THAT(texts("CREATE RULE r AS ON INSERT TO t DO ALSO (SELECT 1; SELECT 2); SELECT 3"),
                ElementsAre(testing::EndsWith("SELECT 2)"), "SELECT 3"));
}

TEST(Split, FunctionBodiesStayWhole) {
    const auto atomic = "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql BEGIN ATOMIC\n"
                        "  SELECT CASE WHEN a > 0 THEN 1 ELSE 2 END;\n  SELECT 2;\nEND"s;
    const auto quoted = "CREATE FUNCTION g() RETURNS void LANGUAGE plpgsql AS $f$ BEGIN PERFORM 1; END; $f$"s;
    EXPECT_THAT(texts(atomic + ";\n" + quoted + ";\nSELECT 1;"), ElementsAre(atomic, quoted, "SELECT 1"));
    // Also when another statement is of a grammar that libpg_query doesn't know.
    const auto newer = "CREATE TABLE v(a int, b int GENERATED ALWAYS AS (a) VIRTUAL)"s;
    EXPECT_THAT(texts(atomic + ";\n" + newer + ";\n" + quoted + ";"), ElementsAre(atomic, newer, quoted));
    const auto empty = "CREATE PROCEDURE p() BEGIN ATOMIC END"s;
    EXPECT_THAT(texts(empty + ";" + newer + ";SELECT 1"), ElementsAre(empty, newer, "SELECT 1"));
}

TEST(Split, LinesAreThoseOfTheFirstToken) {
    EXPECT_THAT(lines("-- one\n/* two\n /* three */ */\n\n SELECT 1;\nSELECT\n 2;;\n;SELECT 3"),
                ElementsAre(5, 6, 8));
    EXPECT_THAT(lines("SELECT 1;\r\n\r\nSELECT 2;\r\n"), ElementsAre(1, 3));
    EXPECT_THAT(lines("SELECT 1;\r\rSELECT 2;\r"), ElementsAre(1, 3));
    EXPECT_THAT(lines("SELECT 'ééé';\nSELECT 'ß';\nSELECT 3;"), ElementsAre(1, 2, 3));
}

TEST(Split, NewerGrammarIsLeftToTheServer) {
    const auto statements =
        split_statements("V1__x.sql", "SELECT 1;\nALTER TABLE a MERGE PARTITIONS (b, c) INTO d;\nVACUUM;");
    ASSERT_EQ(statements.size(), 3U);
    EXPECT_TRUE(statements[0].analysed);
    EXPECT_FALSE(statements[1].analysed);
    EXPECT_TRUE(statements[1].transactional);
    EXPECT_EQ(statements[1].line, 2);
    EXPECT_TRUE(statements[2].analysed);
    EXPECT_FALSE(statements[2].transactional);
}

TEST(Split, NothingGetsLost) {
    // Pieces without any keyword: libpg_query's splitter by tokens leaves them out.
    EXPECT_THAT(texts("foo;\nSELECT 1;\nbar baz;\nSELECT 2;\nqux"),
                ElementsAre("foo", "SELECT 1", testing::StartsWith("bar baz"), "SELECT 2", "qux"));
}

TEST(Split, ManyStatementsQuickly) {
    std::string text;
    for (int i = 0; i < 100'000; ++i) {
        text += "INSERT INTO t VALUES (1);\n";
    }
    for (const auto* last : {"SELECT 1", "CREATE TABLE v(a int, b int GENERATED ALWAYS AS (a) VIRTUAL)"}) {
        const auto found = lines(text + last);
        ASSERT_EQ(found.size(), 100'001U);
        EXPECT_EQ(found.back(), 100'001);
    }
}

TEST(ParseFile, TellsWhetherOneTransactionHoldsIt) {
    EXPECT_TRUE(parse_file("V1__x.sql", "CREATE TABLE a(id int); CREATE INDEX ON a(id);").transactional);
    EXPECT_FALSE(parse_file("V1__x.sql", "CREATE TABLE a(id int); CREATE INDEX CONCURRENTLY i ON a(id);")
                     .transactional);
    const auto asked = parse_file("V1__x.sql", "-- why\n--  pgteal: no-transaction\r\nSELECT 1;");
    EXPECT_FALSE(asked.transactional);
    EXPECT_TRUE(asked.no_transaction_asked);
    EXPECT_TRUE(parse_file("V1__x.sql", "/*\n-- pgteal: no-transaction\n*/ SELECT 1;").transactional);
    EXPECT_TRUE(parse_file("V1__x.sql", "SELECT '\n-- pgteal: no-transaction\n';").transactional);
}

TEST(ParseFile, ByteOrderMarkIsNoText) {
    const auto file = parse_file("V1__x.sql", "\xEF\xBB\xBFSELECT 1;");
    EXPECT_EQ(file.text, "SELECT 1;");
    EXPECT_EQ(file.statements.at(0).text, "SELECT 1");
}

TEST(ParseFile, RefusesUnreadableBytes) {
    refused("SELECT 1;\nSELECT '\0';"s, "V1__x.sql:2: a NUL byte");
    refused("SELECT 1;\n\nSELECT 'caf\xE9';", "V1__x.sql:3: not valid UTF-8");
    refused("SELECT '\xED\xA0\x80';", "V1__x.sql:1: not valid UTF-8");
    refused("SELECT '\xC0\x80';", "not valid UTF-8");
    refused("\xFF\xFES\0E\0"s, "UTF-16");
}

TEST(ParseFile, RefusesAFileWithoutStatement) {
    for (const auto* text : {"", "\n\n", "-- only words\n", ";;", "/* nothing */ ; -- x"}) {
        refused(text, "V1__x.sql: holds no statement");
    }
}

TEST(ParseFile, OpenQuotesNameTheLineTheyBeginOn) {
    refused("SELECT 1;\nSELECT 'é', 'open;\n\nSELECT 2;", "V1__x.sql:2: unterminated quoted string");
    refused("SELECT 1;\n\nCREATE FUNCTION f() RETURNS int AS $x$ BEGIN;\n",
            "V1__x.sql:3: unterminated dollar-quoted string");
    refused("SELECT 1;\nSELECT \"a;\n", "V1__x.sql:2: unterminated quoted identifier");
    refused("SELECT 1; /* a /* b */\nSELECT 2;", "V1__x.sql:1: unterminated /* comment");
}

TEST(ParseFile, RefusesPsqlCommands) {
    refused("SELECT 1;\n\\echo it's on\nSELECT 2;", "V1__x.sql:2: psql command \\echo");
    refused("\\set ON_ERROR_STOP on\nSELECT 1;", "V1__x.sql:1: psql command \\set");
    refused("SELECT 1 \\gexec\n", "V1__x.sql:1: psql command \\gexec");
    refused("CREATE TABLE v(a int, b int GENERATED ALWAYS AS (a) VIRTUAL);\nSELECT 1;\n\\d",
            "V1__x.sql:3: psql command \\d");
    EXPECT_EQ(texts("SELECT '\\d', E'\\\\d'").size(), 1U);
}

TEST(ParseFile, RefusesTransactionControl) {
    for (const auto* text :
         {"BEGIN", "START TRANSACTION", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT a", "RELEASE a",
          "ROLLBACK TO a", "PREPARE TRANSACTION 'a'", "COMMIT PREPARED 'a'", "commit and chain"}) {
        refused("SELECT 1;\n"s + text + ";", "V1__x.sql:2: transaction control");
    }
    EXPECT_EQ(texts("PREPARE p AS SELECT 1; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE").size(), 2U);
}

TEST(ParseFile, RefusesTheClientsData) {
    refused("SELECT 1;\nCOPY t FROM stdin;\n1\tit's\n\\.\nSELECT 2;",
            "V1__x.sql:2: COPY with the client's data");
    refused("COPY t (a, b) FROM STDIN WITH (FORMAT csv);", "COPY with the client's data");
    refused("COPY (SELECT a FROM t) TO STDOUT;", "COPY with the client's data");
    EXPECT_EQ(texts("COPY t FROM '/tmp/x'; COPY t FROM PROGRAM 'x'").size(), 2U);
}

TEST(ParseFile, RefusesUnknownDirectives) {
    refused("-- pgteal: no-transactions\nSELECT 1;",
            "V1__x.sql:1: unknown directive: pgteal: no-transactions");
    refused("SELECT 1;\n\n-- pgteal: backfil table=t\nSELECT 2;", "V1__x.sql:3: unknown directive");
    refused("SELECT 1;\n-- pgteal: typo\n", "V1__x.sql:2: unknown directive");
    refused("SELECT 1;\n-- pgteal: no-transaction\nSELECT 2;",
            "V1__x.sql:2: pgteal: no-transaction concerns");
    refused("SELECT 1;\n-- pgteal: phase contract\nSELECT 2;",
            "V1__x.sql:2: pgteal: phase contract concerns");
    EXPECT_EQ(texts("-- pgteal: allow drop-column: nobody reads it\nSELECT 1;").size(), 1U);
}

TEST(ParseFile, ReadsThePhase) {
    EXPECT_EQ(parse_file("V1__x.sql", "SELECT 1;").phase, Phase::expand);
    EXPECT_EQ(parse_file("V1__x.sql", "-- pgteal: phase expand\nSELECT 1;").phase, Phase::expand);
    EXPECT_EQ(parse_file("V1__x.sql", "-- why\n\n-- pgteal: phase contract\r\n-- pgteal: "
                                      "no-transaction\r\nSELECT 1;")
                  .phase,
              Phase::contract);
    for (const auto* phase : {"", "Contract", "shrink", "contract later"}) {
        refused("-- pgteal: phase "s + phase + "\nSELECT 1;", "V1__x.sql:1: no such phase");
    }
}

TEST(ParseFile, ReadsABackfill) {
    const auto file = parse_file("V1__x.sql", "ALTER TABLE t ADD n int;\n"
                                              "-- pgteal: backfill table=public.t key=id batch=500 sleep=2s\n"
                                              "UPDATE t SET n = ':from', m = a[1:2]::int /* :to */\n"
                                              " WHERE id >= :from AND id <= :TO;\nSELECT ':from';");
    ASSERT_EQ(file.statements.size(), 3U);
    EXPECT_FALSE(file.statements[0].backfill);
    const auto& statement = file.statements[1];
    ASSERT_TRUE(statement.backfill);
    EXPECT_EQ(statement.backfill->table, "public.t");
    EXPECT_EQ(statement.backfill->key, "id");
    EXPECT_EQ(statement.backfill->batch, 500);
    EXPECT_EQ(statement.backfill->sleep, std::chrono::seconds(2));
    EXPECT_EQ(statement.line, 3);
    EXPECT_TRUE(statement.analysed);
    EXPECT_EQ(statement.text, "UPDATE t SET n = ':from', m = a[1:2]::int /* :to */\n"
                              " WHERE id >= $1    AND id <= $2");
    EXPECT_EQ(file.statements[2].text, "SELECT ':from'");
    EXPECT_FALSE(file.transactional);
    EXPECT_FALSE(file.no_transaction_asked);
    EXPECT_EQ(file.checksum, checksum(file.text));
    EXPECT_THAT(file.text, testing::HasSubstr(":from AND id <= :TO"));
    const auto first =
        parse_file("V1__x.sql", "-- pgteal: backfill table=t\nDELETE FROM t WHERE id BETWEEN $1 "
                                "AND $2");
    EXPECT_EQ(first.statements.at(0).backfill->batch, 1000);
    EXPECT_EQ(first.statements.at(0).backfill->key, "");
}

TEST(ParseFile, RefusesABackfillThatMakesNoSense) {
    const auto with = [](const std::string& words, const std::string& sql = "UPDATE t SET a = 1 WHERE id "
                                                                            "BETWEEN :from AND :to;") {
        return "SELECT 1;\n-- pgteal: backfill " + words + "\n" + sql;
    };
    refused(with(""), "V1__x.sql:2: the backfill names no table");
    refused(with("table=t batch=0"), "V1__x.sql:2: batch=0 is no number");
    refused(with("table=t batch=1k"), "batch=1k is no number");
    refused(with("table=t sleep=100"), "sleep=100 is no time");
    refused(with("table=t sleep=2h"), "sleep=2h is no time");
    refused(with("table=t column=id"), "a backfill has no 'column'");
    refused(with("table=t key"), "'key' is no key=value");
    refused(with("table=t", "UPDATE t SET a = 1;"), "V1__x.sql:3: a backfill without :from");
    refused(with("table=t", "UPDATE t SET a = 1 WHERE id > :from;"), "V1__x.sql:3: a backfill without :to");
    refused(with("table=t", "ALTER TABLE t ADD a int DEFAULT $1 + $2;"),
            "V1__x.sql:3: a backfill of something");
    refused(with("table=t", ""), "no statement follows");
}

TEST(ParseFile, DeepNestingIsSurvived) {
    const std::string deep = "SELECT " + std::string(100'000, '(') + "1" + std::string(100'000, ')');
    const auto file = parse_file("V1__x.sql", deep);
    EXPECT_FALSE(file.statements.at(0).analysed);
    std::string wide = "CREATE TABLE a AS SELECT 1";
    for (int i = 0; i < 100'000; ++i) {
        wide += "+1";
    }
    EXPECT_EQ(texts(wide).size(), 1U);
}

// Text cut and mixed at random: a file, or Error(migration) with a line, and never anything else.
TEST(ParseFile, GarbageIsRefusedInOrder) {
    const std::string seed =
        "\xEF\xBB\xBF-- pgteal: no-transaction\nCREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 'é;'; "
        "END;\r\n"
        "SELECT $a$ ; $a$, E'\\'', U&'\\0041' /* ( */ ;\nMERGE INTO a USING b ON true WHEN NOT MATCHED BY "
        "SOURCE "
        "THEN DELETE;\nCREATE INDEX CONCURRENTLY IF NOT EXISTS \"i\" ON ONLY s.\"t\" (a);\n(VALUES (1));\nx";
    std::minstd_rand random(7);
    int accepted = 0;
    int refused_ones = 0;
    for (int round = 0; round < 3000; ++round) {
        std::string text = seed;
        for (auto changes = random() % 4; changes > 0; --changes) {
            const auto from = random() % text.size();
            const auto piece = text.substr(from, random() % 12);
            random() % 2 == 0 ? text.erase(from, piece.size()) : text.insert(random() % text.size(), piece);
            text[random() % text.size()] = "\\';$(\"-/*\n\0\xC3"[random() % 12];
        }
        const auto error =
            error_of([&] { parse_file("V1__x.sql", text).statements.empty() ? void() : void(++accepted); });
        if (error) {
            ++refused_ones;
            ASSERT_EQ(error->code(), ErrorCode::migration) << error->what();
            ASSERT_THAT(error->what(), testing::StartsWith("V1__x.sql:"));
        }
    }
    EXPECT_GT(accepted, 300);
    EXPECT_GT(refused_ones, 300);
}

} // namespace
} // namespace pgteal::migration
