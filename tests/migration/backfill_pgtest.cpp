// Backfills: batch by batch, interrupted and gone on with.
#include "tests/migration/shared.hpp"

namespace pgteal::migration {
namespace {

using testing::HasSubstr;

class Backfills : public OnGreen {
protected:
    Backfills() {
        sql("CREATE TABLE t(id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0, times int NOT NULL DEFAULT 0);"
            "INSERT INTO t SELECT i * 7 FROM generate_series(1, 1000) i; ANALYZE t");
    }
    static std::string fill(const std::string& words = "batch=100",
                            const std::string& set = "n = id, times = times + 1") {
        return "-- pgteal: backfill table=public.t " + words + "\nUPDATE t SET " + set +
               " WHERE id BETWEEN :from AND :to;";
    }
    [[nodiscard]] std::string filled() const {
        return value("SELECT count(*) FILTER (WHERE n = id AND times = 1) || ' of ' || count(*) FROM t");
    }
};

TEST_F(Backfills, EveryRowOnceInBatches) {
    std::vector<std::string> said;
    std::vector<double> fractions;
    options_.on_progress = [&](const std::string& text, double fraction) {
        said.push_back(text);
        fractions.push_back(fraction);
    };
    apply_texts({"ALTER TABLE t ADD more int;\n" + fill() + "\nCREATE TABLE b();"});
    EXPECT_EQ(filled(), "1000 of 1000");
    EXPECT_EQ(value("SELECT count(DISTINCT xmin::text) FROM t"), "10") << "one transaction a batch";
    ASSERT_EQ(said.size(), 10U);
    EXPECT_THAT(said[4],
                testing::MatchesRegex("V1__x.sql:3  backfill of public.t: 500 of about 1000 rows, [0-9]+/s, "
                                      "[0-9]+ s left"));
    EXPECT_DOUBLE_EQ(fractions[4], 0.5);
    EXPECT_DOUBLE_EQ(fractions[9], 1);
    EXPECT_TRUE(exists("b"));
    EXPECT_EQ(rows(), "1 applied 3");
    EXPECT_EQ(value("SELECT count(*) FROM pgteal_migrations.progress"), "0");
}

TEST_F(Backfills, KilledHalfWayGoesOnWhereItWas) {
    // The batch of rows 501 to 600 waits.
    sql("CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.id = 7 * 550 THEN "
        "PERFORM "
        "pg_sleep(60); END IF; RETURN NEW; END $$; CREATE TRIGGER slow BEFORE UPDATE ON t FOR EACH ROW "
        "EXECUTE "
        "FUNCTION slow()");
    std::optional<Error> error;
    std::thread work([&] { error = error_of([&] { apply_texts({fill()}); }); });
    end_worker_when("wait_event = 'PgSleep'");
    work.join();
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ErrorCode::connection_lost);
    EXPECT_EQ(filled(), "500 of 1000");
    EXPECT_EQ(rows(), "1 running 0");
    EXPECT_EQ(value("SELECT position || ' ' || passed || ' ' || changed FROM pgteal_migrations.progress"),
              "3500 500 500");
    sql("DROP TRIGGER slow ON t");
    apply_texts({fill()});
    EXPECT_EQ(filled(), "1000 of 1000") << "a row was filled twice, or not at all";
    EXPECT_EQ(rows(), "1 applied 1");
}

TEST_F(Backfills, AFailedBatchIsMendedAndGoneOnWith) {
    sql("UPDATE t SET n = -1 WHERE id = 7 * 333; ALTER TABLE t ADD CHECK (n <> 0 OR times = 0)");
    const auto text = fill("batch=50", "n = CASE WHEN n < 0 THEN 1 / (n + 1) ELSE id END, times = times + 1");
    const auto error = error_of([&] { apply_texts({text}); });
    ASSERT_TRUE(error);
    EXPECT_THAT(error->what(), HasSubstr("V1__x.sql:2: division by zero (22012)"));
    EXPECT_THAT(error->hint(), HasSubstr("the backfill is done for 300 rows"));
    EXPECT_EQ(rows(), "1 failed 0");
    EXPECT_EQ(filled(), "300 of 1000");
    apply_texts({fill("batch=400")});
    EXPECT_EQ(filled(), "1000 of 1000");
    EXPECT_EQ(rows(), "1 applied 1");
}

TEST_F(Backfills, LocksAreRetriedByBatch) {
    pqxx::connection holder(dsn().conninfo());
    auto held = std::make_unique<pqxx::work>(holder);
    held->exec("SELECT FROM t WHERE id = 7 * 333 FOR UPDATE");
    options_.attempts = 20;
    std::thread release([&] {
        std::this_thread::sleep_for(500ms);
        held.reset();
    });
    apply_texts({fill()});
    release.join();
    EXPECT_EQ(filled(), "1000 of 1000");
    held = std::make_unique<pqxx::work>(holder);
    held->exec("SELECT FROM t WHERE id = 7 * 333 FOR UPDATE");
    options_.attempts = 2;
    expect_error(ErrorCode::migration, "V2__x.sql:2: canceling statement due to lock timeout (55P03)", [&] {
        apply_texts({fill(), fill("batch=200")});
    });
    EXPECT_EQ(rows(), "1 applied 1, 2 failed 0");
}

TEST_F(Backfills, KeysOfOtherTypes) {
    sql("CREATE TABLE u(id uuid PRIMARY KEY DEFAULT gen_random_uuid(), n int);"
        "INSERT INTO u SELECT FROM generate_series(1, 250); "
        "CREATE TABLE c(\"Code\" text COLLATE \"C\" PRIMARY KEY, n int);"
        "INSERT INTO c SELECT 'it''s ' || i FROM generate_series(1, 250) i;"
        "CREATE TABLE p(id int PRIMARY KEY, n int) PARTITION BY RANGE (id);"
        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100);"
        "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (300);"
        "INSERT INTO p SELECT i FROM generate_series(1, 250) i; CREATE TABLE e(at timestamptz NOT NULL "
        "UNIQUE, n int);"
        "INSERT INTO e SELECT now() + i * interval '1 microsecond' FROM generate_series(1, 250) i");
    const auto fill_one = [](const std::string& table, const std::string& key, const std::string& words) {
        return "-- pgteal: backfill table=" + table + " batch=60 " + words + "\nUPDATE " + table +
               " SET n = coalesce(n, 0) + 1 WHERE " + key + " >= :from AND " + key + " <= :to;\n";
    };
    apply_texts({fill_one("u", "id", "") + fill_one("c", "\"Code\"", "key=\"Code\"") +
                 fill_one("p", "id", "") + fill_one("e", "at", "key=at")});
    for (const auto* table : {"u", "c", "p", "e"}) {
        EXPECT_EQ(value(std::string("SELECT count(*) || ' ' || min(n) || ' ' || max(n) FROM ") + table),
                  "250 1 1")
            << table;
    }
}

TEST_F(Backfills, DeletesAndInsertsToo) {
    sql("CREATE TABLE archive AS SELECT * FROM t WHERE false");
    apply_texts(
        {"-- pgteal: backfill table=t batch=300\nWITH gone AS (DELETE FROM t WHERE id BETWEEN $1 AND $2 "
         "RETURNING *) INSERT INTO archive SELECT * FROM gone;"});
    EXPECT_EQ(value("SELECT (SELECT count(*) FROM t) || ' ' || (SELECT count(*) FROM archive)"), "0 1000");
}

TEST_F(Backfills, RolesAndSettingsOfTheFileHold) {
    sql("CREATE ROLE " + database_ + "; GRANT SELECT, UPDATE ON t TO " + database_);
    apply_texts({"SET ROLE " + database_ + ";\nSET search_path = public;\n" + fill()});
    EXPECT_EQ(filled(), "1000 of 1000");
}

TEST_F(Backfills, TablesAndKeysThatCantBeUsed) {
    sql("CREATE TABLE two(a int, b int, PRIMARY KEY (a, b)); CREATE TABLE loose(id int UNIQUE)");
    const auto with = [](const std::string& words) {
        return "SELECT 1;\n-- pgteal: backfill " + words +
               "\nUPDATE t SET n = 1 WHERE id BETWEEN :from AND :to;";
    };
    const std::vector<std::pair<std::string, std::string>> cases{
        {"table=nothing", "V1__x.sql:3: there is no table nothing"},
        {"table=two", "V1__x.sql:3: public.two has no primary key of one column"},
        {"table=two key=a", "ranges of public.two can't be cut by \"a\""},
        {"table=loose key=id", "ranges of public.loose can't be cut by \"id\""},
        {"table=t key=nope", "public.t has no column nope"}};
    for (const auto& [words, message] : cases) {
        expect_error(ErrorCode::migration, message, [&] { apply_texts({with(words)}); });
        EXPECT_EQ(rows(), "1 failed 1");
    }
    apply_texts({with("table=t")});
    EXPECT_EQ(rows(), "1 applied 2");
}

TEST_F(Backfills, ATableWithoutRows) {
    sql("TRUNCATE t");
    apply_texts({fill()});
    EXPECT_EQ(rows(), "1 applied 1");
}

} // namespace
} // namespace pgteal::migration
