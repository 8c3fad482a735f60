// Each rule where it speaks and where it is quiet, without a server. What PostgreSQL really does for each
// kind of statement is measured by measured_pgtest.cpp.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "migration/lint/rules/rules.hpp"
#include "tests/migration/lint/linted.hpp"

namespace pgteal::migration::lint::test {
namespace {

struct Example {
    const char* sql;
    const char* rules;
};

class Rules : public testing::TestWithParam<Example> {};

TEST_P(Rules, SayWhatTheyShould) {
    const auto report = linted(GetParam().sql);
    EXPECT_EQ(rules_in(report), GetParam().rules) << GetParam().sql;
    for (const auto& one : report.findings) {
        EXPECT_FALSE(one.why.empty()) << one.rule;
        EXPECT_GT(one.line, 0) << one.rule;
        EXPECT_GT(one.column, 0) << one.rule;
        EXPECT_TRUE(find_rule(one.rule) != nullptr || one.rule.starts_with("stream-")) << one.rule;
    }
}

INSTANTIATE_TEST_SUITE_P(
    Columns, Rules,
    testing::Values(
        Example{"ALTER TABLE t ADD COLUMN a int", ""},
        Example{"ALTER TABLE t ADD COLUMN a int DEFAULT 5", ""},
        Example{"ALTER TABLE t ADD COLUMN a timestamptz NOT NULL DEFAULT now()", ""},
        Example{"ALTER TABLE t ADD COLUMN a date DEFAULT CURRENT_DATE", ""},
        Example{"ALTER TABLE t ADD COLUMN a text DEFAULT lower('A') || 'b'", ""},
        Example{"ALTER TABLE t ADD COLUMN a int DEFAULT NULL", ""},
        Example{"ALTER TABLE t ADD COLUMN a uuid DEFAULT gen_random_uuid()", "add-column-volatile-default"},
        Example{"ALTER TABLE t ADD COLUMN a float DEFAULT random() * 2", "add-column-volatile-default"},
        Example{"ALTER TABLE t ADD COLUMN a timestamptz DEFAULT clock_timestamp()",
                "add-column-volatile-default"},
        Example{"ALTER TABLE t ADD COLUMN a uuid DEFAULT uuid_generate_v4()", "add-column-volatile-default"},
        Example{"ALTER TABLE t ADD COLUMN a int DEFAULT app.next_number()", "add-column-volatile-default"},
        Example{"ALTER TABLE t ADD COLUMN a bigserial", "add-column-serial"},
        Example{"ALTER TABLE t ADD COLUMN a int GENERATED ALWAYS AS IDENTITY", "add-column-identity"},
        Example{"ALTER TABLE t ADD COLUMN a int GENERATED ALWAYS AS (b + 1) STORED",
                "add-column-stored-generated"},
        Example{"ALTER TABLE t ADD COLUMN a int NOT NULL", "add-column-not-null"},
        Example{"ALTER TABLE t ADD COLUMN a int NOT NULL DEFAULT NULL", "add-column-not-null"},
        Example{"ALTER TABLE t ADD COLUMN a int CHECK (a > 0)", "add-column-check"},
        Example{"ALTER TABLE t ADD COLUMN a int REFERENCES o", "add-column-foreign-key"},
        Example{"ALTER TABLE t ADD COLUMN a int UNIQUE", "add-column-unique"},
        Example{"CREATE DOMAIN p AS int CHECK (VALUE > 0); ALTER TABLE t ADD COLUMN a p",
                "add-column-constrained-domain"},
        Example{"CREATE DOMAIN p AS int; ALTER TABLE t ADD COLUMN a p", ""},
        Example{"CREATE FUNCTION f() RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1';"
                "ALTER TABLE t ADD COLUMN a int DEFAULT f()",
                ""},
        Example{"ALTER TABLE t DROP COLUMN a", "drop-column"},
        Example{"ALTER TABLE t ADD COLUMN a int; ALTER TABLE t DROP COLUMN a", ""},
        Example{"ALTER TABLE t RENAME COLUMN a TO b", "rename-column"},
        Example{"ALTER TABLE t ADD COLUMN a int; ALTER TABLE t RENAME a TO b", ""},
        Example{"ALTER TABLE t RENAME TO u", "rename-table"},
        Example{"ALTER TABLE t SET SCHEMA archive", "set-schema"}, Example{"DROP TABLE t", "drop-table"},
        Example{"CREATE TABLE t (id int); DROP TABLE t", ""},
        Example{"CREATE TEMP TABLE t (id int); DROP TABLE t", ""},
        Example{"ALTER TABLE t ALTER a SET NOT NULL", "set-not-null"},
        Example{"ALTER TABLE t ALTER a DROP NOT NULL", "drop-not-null"},
        Example{"ALTER TABLE t ALTER a SET DEFAULT 5", ""}, Example{"ALTER TABLE t ALTER a DROP DEFAULT", ""},
        Example{"ALTER TABLE t ALTER a SET STATISTICS 100", ""}));

INSTANTIATE_TEST_SUITE_P(
    Types, Rules,
    testing::Values(Example{"ALTER TABLE t ALTER a TYPE bigint", "change-type-rewrite"},
                    Example{"ALTER TABLE t ALTER a TYPE text[]", "change-type-rewrite"},
                    Example{"ALTER TABLE t ALTER a TYPE jsonb USING a::jsonb", "change-type-rewrite"},
                    Example{"ALTER TABLE t ALTER a TYPE text USING upper(a)", "change-type-rewrite"},
                    Example{"ALTER TABLE t ALTER a TYPE text", "change-type-unknown"},
                    Example{"ALTER TABLE t ALTER a TYPE numeric(12,2)", "change-type-unknown"},
                    Example{"ALTER TABLE t ADD COLUMN a varchar(10); ALTER TABLE t ALTER a TYPE varchar(20)",
                            ""},
                    Example{"ALTER TABLE t ADD COLUMN a varchar(10); ALTER TABLE t ALTER a TYPE text", ""},
                    Example{"ALTER TABLE t ADD COLUMN a int; ALTER TABLE t ALTER a TYPE bigint",
                            "change-type-rewrite work-under-lock"},
                    Example{"CREATE TABLE t (a int); ALTER TABLE t ALTER a TYPE bigint", ""}));

INSTANTIATE_TEST_SUITE_P(
    Constraints, Rules,
    testing::Values(
        Example{"ALTER TABLE t ADD CHECK (a > 0)", "add-check"},
        Example{"ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID", "never-validated"},
        Example{"BEGIN; ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID; COMMIT;"
                "BEGIN; ALTER TABLE t VALIDATE CONSTRAINT c; COMMIT",
                "transaction-control"},
        Example{"ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT c",
                "validate-same-transaction work-under-lock"},
        Example{"ALTER TABLE t VALIDATE CONSTRAINT c", ""},
        Example{"ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES o", "add-foreign-key"},
        Example{"ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES o NOT VALID", "never-validated"},
        Example{"CREATE TABLE t (a int REFERENCES o)", "foreign-key-without-index"},
        Example{"CREATE TABLE t (a int REFERENCES o); CREATE INDEX ON t (a)", ""},
        Example{"CREATE TABLE t (a int PRIMARY KEY REFERENCES o)", ""},
        Example{"ALTER TABLE t ADD UNIQUE (a)", "add-unique"},
        Example{"ALTER TABLE t ADD PRIMARY KEY (a)", "add-primary-key"},
        Example{"ALTER TABLE t ADD CONSTRAINT u UNIQUE USING INDEX i", ""},
        Example{"ALTER TABLE t ADD EXCLUDE USING gist (r WITH &&)", "add-exclusion"},
        Example{"ALTER TABLE t DROP CONSTRAINT t_a_fkey", "drop-foreign-key"},
        Example{"ALTER TABLE t DROP CONSTRAINT t_pkey", "drop-primary-key"},
        Example{"CREATE TABLE t (a int); ALTER TABLE t ADD CHECK (a > 0), ADD UNIQUE (a)", ""}));

INSTANTIATE_TEST_SUITE_P(
    Indexes, Rules,
    testing::Values(
        Example{"CREATE INDEX i ON t (a)", "create-index"},
        Example{"CREATE INDEX CONCURRENTLY i ON t (a)", ""},
        Example{"CREATE TABLE t (a int); CREATE INDEX i ON t (a)", ""},
        Example{"CREATE INDEX i ON ONLY t (a)", ""},
        Example{"CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)", "concurrently-if-not-exists"},
        Example{"DROP INDEX CONCURRENTLY IF EXISTS i; CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)",
                ""},
        Example{"BEGIN; CREATE INDEX CONCURRENTLY i ON t (a); COMMIT",
                "concurrently-in-transaction transaction-control"},
        Example{"CREATE INDEX CONCURRENTLY i ON t (a); UPDATE t SET a = 1 WHERE a = 2",
                "concurrently-not-alone"},
        Example{"CREATE INDEX CONCURRENTLY i ON t (a); CREATE INDEX CONCURRENTLY j ON t (b)", ""},
        Example{"CREATE TABLE t (a int, b int); CREATE INDEX i ON t (a); CREATE INDEX j ON t (a)",
                "duplicate-index"},
        Example{"DROP INDEX i", "drop-index"}, Example{"DROP INDEX CONCURRENTLY i", ""},
        Example{"REINDEX TABLE t", "reindex"}, Example{"REINDEX INDEX CONCURRENTLY i", ""},
        Example{"ALTER INDEX i RENAME TO j", ""}, Example{"ALTER INDEX i SET TABLESPACE s", "move-index"}));

INSTANTIATE_TEST_SUITE_P(
    Tables, Rules,
    testing::Values(Example{"CLUSTER t USING i", "rewrite-table"}, Example{"VACUUM FULL t", "rewrite-table"},
                    Example{"VACUUM t", ""}, Example{"ALTER TABLE t SET UNLOGGED", "rewrite-table"},
                    Example{"ALTER TABLE t SET TABLESPACE s", "rewrite-table"},
                    Example{"ALTER TABLE t SET ACCESS METHOD columnar", "rewrite-table"},
                    Example{"ALTER TABLE t SET (fillfactor = 70)", ""}, Example{"TRUNCATE t", "truncate"},
                    Example{"TRUNCATE t; ALTER TABLE t ALTER a TYPE bigint", "truncate"},
                    Example{"LOCK TABLE t", "lock-table"}, Example{"LOCK TABLE t IN ROW SHARE MODE", ""},
                    Example{"REFRESH MATERIALIZED VIEW v", "refresh-materialized-view"},
                    Example{"REFRESH MATERIALIZED VIEW CONCURRENTLY v", ""},
                    Example{"REFRESH MATERIALIZED VIEW v WITH NO DATA", "refresh-without-data"},
                    Example{"DROP VIEW v", "drop-view"},
                    Example{"DROP VIEW v; CREATE VIEW v AS SELECT 1 AS a", ""},
                    Example{"CREATE VIEW v AS SELECT * FROM t", ""},
                    Example{"CREATE OR REPLACE VIEW v AS SELECT 1", ""},
                    Example{"CREATE TABLE p PARTITION OF t FOR VALUES FROM (1) TO (2)", "create-partition"},
                    Example{"ALTER TABLE t ATTACH PARTITION p FOR VALUES IN (1)", "attach-partition"},
                    Example{"CREATE TABLE p (a int); ALTER TABLE t ATTACH PARTITION p FOR VALUES IN (1)", ""},
                    Example{"ALTER TABLE t DETACH PARTITION p", "detach-partition"},
                    Example{"ALTER TABLE t DETACH PARTITION p CONCURRENTLY", ""},
                    Example{"CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f()", ""},
                    Example{"CREATE POLICY p ON t; ALTER TABLE t ENABLE ROW LEVEL SECURITY", ""},
                    Example{"COMMENT ON TABLE t IS 'x'", ""}, Example{"GRANT SELECT ON t TO app", ""}));

INSTANTIATE_TEST_SUITE_P(
    TypesAndRows, Rules,
    testing::Values(
        Example{"ALTER TYPE mood ADD VALUE 'new'", ""},
        Example{"ALTER TYPE mood ADD VALUE 'new'; UPDATE t SET m = 'new' WHERE id = 1",
                "enum-value-same-transaction"},
        Example{"ALTER TYPE mood ADD VALUE 'new'; UPDATE t SET m = 'old' WHERE id = 1", ""},
        Example{"CREATE TYPE mood AS ENUM ('a'); ALTER TYPE mood ADD VALUE 'b'; INSERT INTO t VALUES ('b')",
                ""},
        Example{"ALTER TYPE mood RENAME VALUE 'a' TO 'b'", "enum-rename-value"},
        Example{"ALTER DOMAIN d ADD CHECK (VALUE > 0)", "domain-constraint"},
        Example{"ALTER DOMAIN d ADD CONSTRAINT c CHECK (VALUE > 0) NOT VALID", ""},
        Example{"ALTER DOMAIN d SET NOT NULL", "domain-constraint"},
        Example{"CREATE DOMAIN d AS int; ALTER DOMAIN d SET NOT NULL", ""},
        Example{"DROP TYPE mood CASCADE", "drop-type"}, Example{"DROP TYPE mood", ""},
        Example{"UPDATE t SET a = 1", "update-without-where"},
        Example{"UPDATE t SET a = 1 WHERE true", "update-without-where"},
        Example{"UPDATE t SET a = 1 WHERE id < 100", ""},
        Example{"UPDATE t SET a = o.a FROM o WHERE o.id = t.id", ""},
        Example{"DELETE FROM t", "delete-without-where"}, Example{"DELETE FROM t WHERE a = 1", ""},
        Example{"WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x", "delete-without-where"},
        Example{"WITH x AS (DELETE FROM t WHERE a = 1 RETURNING *) SELECT * FROM x", ""},
        Example{"WITH x AS (UPDATE t SET a = 1) INSERT INTO o VALUES (1)", "update-without-where"},
        Example{"EXPLAIN ANALYZE DELETE FROM t", "delete-without-where"},
        Example{"EXPLAIN (ANALYZE, VERBOSE) UPDATE t SET a = 1", "update-without-where"},
        Example{"EXPLAIN DELETE FROM t", ""}, Example{"EXPLAIN (ANALYZE off) DELETE FROM t", ""},
        Example{"CLUSTER", "rewrite-table"}, Example{"CREATE TABLE t (a int); UPDATE t SET a = 1", ""},
        Example{"INSERT INTO t VALUES (1)", ""}, Example{"SELECT 1", ""},
        Example{"ALTER TABLE t ADD COLUMN a int; UPDATE u SET b = 1 WHERE c > 5", "work-under-lock"},
        Example{"ALTER TABLE t ADD COLUMN a int; ALTER TABLE u ADD COLUMN a int", ""},
        Example{"BEGIN; SELECT 1", "transaction-control transaction-left-open"},
        Example{"CREATE INDEX CONCURRENTLY i ON t (a); ALTER TABLE t ADD COLUMN b int",
                "concurrently-not-alone not-repeatable"},
        Example{"CREATE INDEX CONCURRENTLY i ON t (a); ALTER TABLE t ADD COLUMN IF NOT EXISTS b int",
                "concurrently-not-alone"}));

TEST(LintLockTimeout, IsAskedForOnceATransaction) {
    EXPECT_EQ(rules_in(linted("ALTER TABLE t ADD COLUMN a int"), true), "lock-timeout");
    EXPECT_EQ(rules_in(linted("SET LOCAL lock_timeout = '2s'; ALTER TABLE t ADD COLUMN a int"), true), "");
    EXPECT_EQ(rules_in(linted("SET lock_timeout TO 2000; ALTER TABLE t ADD COLUMN a int"), true), "");
    EXPECT_EQ(rules_in(linted("SET lock_timeout = 0; ALTER TABLE t ADD COLUMN a int"), true), "lock-timeout");
    EXPECT_EQ(
        rules_in(linted("SELECT set_config('lock_timeout', '2s', true); ALTER TABLE t ADD COLUMN a int"),
                 true),
        "");
    EXPECT_EQ(rules_in(linted("CREATE TABLE t (a int); ALTER TABLE t ADD COLUMN b int"), true), "");
    const auto twice = linted("ALTER TABLE t ADD COLUMN a int; ALTER TABLE t ADD COLUMN b int");
    EXPECT_EQ(std::count_if(twice.findings.begin(), twice.findings.end(),
                            [](const auto& one) { return one.rule == "lock-timeout"; }),
              1);
}

TEST(LintNames, AreOffUnlessConfigured) {
    const std::string sql = "CREATE TABLE Orders2 (\"Id\" int CONSTRAINT bad CHECK (true));"
                            "CREATE INDEX wrong ON orders2 (\"Id\"); ALTER TABLE o ADD COLUMN x1 int";
    EXPECT_EQ(rules_in(linted(sql)), "");
    Options options;
    options.table_names = "[a-z_]+";
    options.column_names = "[a-z_]+";
    options.index_names = "ix_.*";
    options.constraint_names = "ck_.*";
    EXPECT_EQ(rules_in(linted(sql, options)), "naming-column naming-constraint naming-index naming-table");
}

TEST(LintNames, ABadExpressionIsAnErrorOfTheConfig) {
    Options options;
    options.table_names = "[a-z";
    EXPECT_THROW(linted("CREATE TABLE t (a int)", options), Error);
}

TEST(LintChange, WhatAnEarlierFileMakesIsNewUnlessItIsHistory) {
    const std::vector<File> files{parse_any("1.sql", "CREATE TABLE t (a int)"),
                                  parse_any("2.sql", "CREATE INDEX i ON t (a)")};
    EXPECT_EQ(rules_in(lint(files, nullptr, {})), "");
    Options history;
    history.same_change = false;
    EXPECT_EQ(rules_in(lint(files, nullptr, history)), "create-index");
}

TEST(LintChange, AConstraintOfAnEarlierFileIsValidatedWell) {
    const std::vector<File> files{
        parse_any("1.sql", "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID"),
        parse_any("2.sql", "ALTER TABLE t VALIDATE CONSTRAINT c")};
    EXPECT_EQ(rules_in(lint(files, nullptr, {})), "");
}

TEST(LintChange, TheHalfThatGoesBackIsNotJudged) {
    EXPECT_EQ(
        rules_in(linted("-- migrate:up\nCREATE TABLE n (a int);\n-- migrate:down\nDROP TABLE n;", {}), true),
        "");
    const auto file =
        parse_any("x.sql", "-- +goose Up\nBEGIN;\nSELECT 1;\nCOMMIT;\n-- +goose Down\nDROP TABLE n;");
    EXPECT_EQ(file.statements.size(), 3U) << "with transaction control, too";
}

TEST(LintChange, IgnoredRulesAreSilent) {
    Options options;
    options.ignored_rules = {"drop-column", "lock-timeout"};
    const auto report = linted("ALTER TABLE t DROP COLUMN a", options);
    EXPECT_EQ(rules_in(report, true), "");
}

} // namespace
} // namespace pgteal::migration::lint::test
