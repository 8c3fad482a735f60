// History in Flyway's table.
#include "tests/migration/shared.hpp"

namespace pgteal::migration {
namespace {

using testing::HasSubstr;

class Flyway : public OnGreen {
protected:
    Flyway() { options_.history = history_table("flyway", "public.flyway_schema_history"); }

    /// A row as Flyway writes it.
    void flyway_applied(const std::string& rank, const std::string& version, const std::string& text,
                        const std::string& type = "SQL", const std::string& success = "true") const {
        const auto script = type == "SQL" ? "V" + version + "__x.sql" : "<< Flyway " + type + " >>";
        sql("INSERT INTO flyway_schema_history VALUES (" + rank + ", " +
            (version.empty() ? "NULL" : "'" + version + "'") + ", 'x', '" + type + "', '" + script + "', " +
            (type == "SQL" ? checksum(text) : "NULL") + ", 'app', now(), 5, " + success + ")");
    }
    [[nodiscard]] std::string flyway_rows() const {
        return value(
            "SELECT string_agg(concat_ws('|', installed_rank, coalesce(version, '-'), description, type, "
            "script, checksum, installed_by, success), E'\\n' ORDER BY installed_rank) "
            "FROM flyway_schema_history");
    }
};

TEST_F(Flyway, TheTableIsAsFlywayMakesIt) {
    apply_texts({"SELECT 1;"});
    EXPECT_EQ(
        value(
            "SELECT string_agg(concat_ws(' ', attname, format_type(atttypid, atttypmod), "
            "CASE WHEN attnotnull THEN 'not null' END, pg_get_expr(adbin, adrelid)), E'\\n' ORDER BY attnum) "
            "FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum "
            "WHERE attrelid = 'flyway_schema_history'::regclass AND attnum > 0"),
        "installed_rank integer not null\nversion character varying(50)\n"
        "description character varying(200) not null\ntype character varying(20) not null\n"
        "script character varying(1000) not null\nchecksum integer\n"
        "installed_by character varying(100) not null\n"
        "installed_on timestamp without time zone not null now()\nexecution_time integer not null\n"
        "success boolean not null");
    EXPECT_EQ(
        value(
            "SELECT string_agg(pg_get_indexdef(indexrelid), E'\\n' ORDER BY indexrelid) FROM pg_index WHERE "
            "indrelid = 'flyway_schema_history'::regclass"),
        "CREATE UNIQUE INDEX flyway_schema_history_pk ON public.flyway_schema_history USING btree "
        "(installed_rank)\n"
        "CREATE INDEX flyway_schema_history_s_idx ON public.flyway_schema_history USING btree (success)");
    EXPECT_FALSE(exists("pgteal_migrations.history"));
}

TEST_F(Flyway, RowsAreAsFlywayWritesThem) {
    const std::vector<File> some{
        parse_file("V1__create_all__tables.sql", "CREATE TABLE a(id int);\n"),
        parse_file("V1_2__x.sql", "\xEF\xBB\xBFSELECT 'é';\r\n"),
        parse_file("V20260101120000__" + std::string(220, 'y') + ".sql", "SELECT 1;"),
        parse_file("R__all_views.sql", "CREATE OR REPLACE VIEW v AS SELECT 1 AS n;")};
    EXPECT_EQ(apply(dsn(), some, options_, nullptr).size(), 4U);
    EXPECT_EQ(flyway_rows(),
              "1|1|create all  tables|SQL|V1__create_all__tables.sql|1032505041|pgteal|t\n"
              "2|1.2|x|SQL|V1_2__x.sql|" +
                  checksum("SELECT 'é';\n") + "|pgteal|t\n3|20260101120000|" + std::string(197, 'y') +
                  "...|SQL|V20260101120000__" + std::string(220, 'y') + ".sql|" + checksum("SELECT 1;") +
                  "|pgteal|t\n4|-|all views|SQL|R__all_views.sql|" + some[3].checksum + "|pgteal|t");
    EXPECT_TRUE(apply(dsn(), some, options_, nullptr).empty());
    const auto read = history(dsn(), "green", options_.history);
    ASSERT_EQ(read.size(), 4U);
    EXPECT_EQ(read[0].checksum, "1032505041");
    EXPECT_TRUE(read[3].repeatable);
}

TEST_F(Flyway, WhatFlywayAppliedIsKnown) {
    apply_texts({});
    sql("CREATE TABLE a(id int)");
    const std::string first = "CREATE TABLE a(id int);";
    apply_texts({"SELECT 0;"});
    sql("TRUNCATE flyway_schema_history");
    flyway_applied("7", "1", first);
    apply_texts({first, "ALTER TABLE a ADD n int;"});
    EXPECT_EQ(value("SELECT string_agg(installed_rank || ' ' || version, ', ' ORDER BY installed_rank) FROM "
                    "flyway_schema_history"),
              "7 1, 8 2");
    expect_error(ErrorCode::migration, "V1__x.sql changed since it was applied", [&] {
        apply_texts({"CREATE TABLE a(id bigint);", "ALTER TABLE a ADD n int;"});
    });
    expect_error(ErrorCode::migration, "V2__x.sql (version 2) is in the database's history",
                 [&] { apply_texts({first}); });
}

TEST_F(Flyway, ItsOtherKindsOfRows) {
    apply_texts({"SELECT 1;"});
    sql("TRUNCATE flyway_schema_history");
    flyway_applied("0", "", "", "SCHEMA");
    flyway_applied("1", "2", "", "BASELINE");
    flyway_applied("2", "3", "", "JDBC");
    const auto read = history(dsn(), "green", options_.history);
    ASSERT_EQ(read.size(), 2U);
    EXPECT_EQ(apply_texts({"SELECT 1;", "SELECT 2;"}).size(), 0U) << "the baseline stands for both";
    flyway_applied("3", "4", "SELECT 4;");
    sql("INSERT INTO flyway_schema_history SELECT 4, version, description, 'UNDO_SQL', script, checksum, "
        "installed_by, installed_on, 1, true FROM flyway_schema_history WHERE version = '4'");
    const std::vector<std::string> four{"SELECT 1;", "SELECT 2;", "SELECT 3;", "SELECT 4;"};
    auto some = files(four);
    some.erase(some.begin() + 2); // of Java
    EXPECT_EQ(apply(dsn(), some, options_, nullptr).size(), 1U) << "what was undone is pending again";
    flyway_applied("9", "5", "SELECT 5;", "SQL", "false");
    some.push_back(parse_file("V5__x.sql", "SELECT 5;"));
    expect_error(ErrorCode::migration, "V5__x.sql (version 5) failed there, says Flyway's history",
                 [&] { apply(dsn(), some, options_, nullptr); });
}

TEST_F(Flyway, ARepeatableOneIsAppliedAgainWhenItChanged) {
    const auto view = [](const std::string& n) {
        return std::vector<File>{
            parse_file("V1__x.sql", "SELECT 1;"),
            parse_file("R__v.sql", "CREATE OR REPLACE VIEW v AS SELECT " + n + " AS n;")};
    };
    EXPECT_EQ(apply(dsn(), view("1"), options_, nullptr).size(), 2U);
    EXPECT_EQ(apply(dsn(), view("1"), options_, nullptr).size(), 0U);
    EXPECT_EQ(apply(dsn(), view("2"), options_, nullptr).size(), 1U);
    EXPECT_EQ(value("SELECT n FROM v"), "2");
    EXPECT_EQ(value("SELECT count(*) FROM flyway_schema_history WHERE version IS NULL"), "2");
    EXPECT_EQ(apply(dsn(), view("2"), options_, nullptr).size(), 0U);
}

TEST_F(Flyway, HalfWayIsKeptInPgtealsTableUntilItIsDone) {
    sql("CREATE TABLE a(id int); INSERT INTO a VALUES (1), (1)");
    const std::string text = "CREATE TABLE b();\nCREATE UNIQUE INDEX CONCURRENTLY i ON a(id);";
    expect_error(ErrorCode::migration, "V1__x.sql:2: could not create unique index",
                 [&] { apply_texts({text}); });
    EXPECT_EQ(flyway_rows(), "") << "Flyway knows no half-applied file";
    EXPECT_EQ(value("SELECT state || ' ' || statements_done FROM pgteal_migrations.history"), "failed 1");
    const auto read = history(dsn(), "green", options_.history);
    ASSERT_EQ(read.size(), 1U);
    EXPECT_EQ(read[0].state, "failed");
    sql("TRUNCATE a");
    EXPECT_EQ(apply_texts({text, "SELECT 2;"}).size(), 2U);
    EXPECT_EQ(value("SELECT string_agg(version, ' ' ORDER BY installed_rank) FROM flyway_schema_history"),
              "1 2");
    EXPECT_EQ(value("SELECT count(*) FROM pgteal_migrations.history"), "0");
}

TEST_F(Flyway, AFailingFileLeavesNoRow) {
    expect_error(ErrorCode::migration, "V2__x.sql:1", [&] { apply_texts({"SELECT 1;", "SELECT nothing;"}); });
    EXPECT_EQ(value("SELECT count(*) FROM flyway_schema_history"), "1");
}

TEST_F(Flyway, AnotherSchemaAndAnOwnerWhoCanGoOn) {
    maintenance("CREATE ROLE " + database_ + "_app; ");
    maintenance("ALTER DATABASE " + database_ + " OWNER TO " + database_ + "_app");
    options_.history = history_table("flyway", "Meta.History of mine");
    apply_texts({"SELECT 1;"});
    EXPECT_EQ(
        value("SELECT tableowner FROM pg_tables WHERE schemaname = 'Meta' AND tablename = 'History of mine'"),
        database_ + "_app");
    EXPECT_EQ(history(dsn(), "green", options_.history).size(), 1U);
}

TEST_F(Flyway, TheOtherSidesRowsAreTakenOver) {
    const auto blue = dsn();
    apply_texts({"SELECT 1;"});
    flyway_applied("5", "", "", "SCHEMA");
    sql("UPDATE flyway_schema_history SET installed_by = 'it''s me' WHERE installed_rank = 1");
    const auto on_blue = flyway_rows();
    const auto name = database_ + "_green";
    maintenance("CREATE DATABASE " + name + " TEMPLATE " + database_);
    const auto green = dsn().with_database(name);
    {
        pqxx::connection connection(green.conninfo());
        pqxx::nontransaction(connection)
            .exec("TRUNCATE flyway_schema_history"); // a clone has the table, empty
    }
    adopt_history(blue, green, options_.history);
    adopt_history(blue, green, options_.history); // once
    database_ = name;
    EXPECT_EQ(flyway_rows(), on_blue);
    EXPECT_EQ(apply_texts({"SELECT 1;", "SELECT 2;"}).size(), 1U);
    EXPECT_EQ(value("SELECT max(installed_rank) FROM flyway_schema_history"), "6");
    EXPECT_TRUE(
        missing_here(history(dsn(), "green", options_.history), history(blue, "blue", options_.history))
            .empty());
}

} // namespace
} // namespace pgteal::migration
