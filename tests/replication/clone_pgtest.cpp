// A whole clone from 15 to 17: dump, pre-data, rows under a slot's snapshot, post-data.
#include <gmock/gmock.h>

#include "tests/replication/clone_lab.hpp"
#include "tests/support/co_test.hpp"

namespace pgteal::replication::clone_test {
namespace {

const auto* const clone_lab = testing::AddGlobalTestEnvironment(new CloneLab);

constexpr auto schema = R"sql(
CREATE SCHEMA "Weird Schema";
CREATE TYPE "Weird Schema"."Mood" AS ENUM ('happy', 'so so');
CREATE DOMAIN public.positive AS int CHECK (VALUE > 0);
CREATE TABLE public.parent (id int, at date, note text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE public.parent_2024 PARTITION OF public.parent FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE public.parent_2025 (note text, at date NOT NULL, id int NOT NULL);
ALTER TABLE public.parent ATTACH PARTITION public.parent_2025 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE public.computed (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a int, twice int GENERATED ALWAYS AS (a * 2) STORED, gone int);
ALTER TABLE public.computed DROP COLUMN gone;
CREATE TABLE "Weird Schema"."Täble ""q"" ☃" ("Id" int PRIMARY KEY, "sel'ect" text, "a\b" "Weird Schema"."Mood");
CREATE TABLE public.types (id int PRIMARY KEY, words text[], nested int[][], raw bytea, j json, jb jsonb, d public.positive, f float8, n numeric,
    ts timestamptz, span interval, ip inet, x xml, r int4range, money money, bits bit(5), ch char(5), u uuid);
CREATE TABLE public.empty_one (id int PRIMARY KEY);
CREATE TABLE public.no_columns ();
CREATE TABLE public.only_generated (g int GENERATED ALWAYS AS (1) STORED);
CREATE TABLE public.wide (id int PRIMARY KEY, body text);
ALTER TABLE public.wide ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE TABLE public.large (id int PRIMARY KEY, filler text);
CREATE TABLE public.base (id int PRIMARY KEY, v text);
CREATE TABLE public.derived (extra int) INHERITS (public.base);
CREATE UNLOGGED TABLE public.scratch (id int);
CREATE TABLE public.child (id int PRIMARY KEY, parent int REFERENCES public.large (id));
CREATE FUNCTION public.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.v := NEW.v || ''!''; RETURN NEW; END';
INSERT INTO public.parent SELECT i, date '2024-06-01' + i, 'p' || i FROM generate_series(1, 400) i;
INSERT INTO public.computed (a) SELECT generate_series(1, 50);
DELETE FROM public.computed WHERE a % 7 = 0;
INSERT INTO "Weird Schema"."Täble ""q"" ☃" VALUES (1, E'tab\tnew\nline\\N', 'so so'), (2, '', 'happy'), (3, NULL, NULL);
INSERT INTO public.types VALUES (1, ARRAY['a,b', NULL, 'NULL', '"'], '{{1,2},{3,4}}', '\x00ff5c6e', '{"a": 1,  "a":2}', '{"k":"\u00e9"}', 3,
    0.1::float8 + 0.2, 12345678901234567890.123456789, '2024-03-31 01:30:00.123456+00', '1 mon -2 days 03:04:05.6', '::1/128', '<a>b</a>',
    '[1,5)', 12.34, B'10101', 'ab', '00000000-0000-0000-0000-000000000001'), (2, '{}', NULL, '', NULL, NULL, NULL, 'NaN', 'NaN', '-infinity', NULL,
    NULL, 'text only', 'empty', NULL, NULL, NULL, NULL);
INSERT INTO public.no_columns SELECT FROM generate_series(1, 3);
INSERT INTO public.only_generated SELECT FROM generate_series(1, 2);
INSERT INTO public.wide SELECT i, repeat(md5(i::text), 60000) FROM generate_series(1, 4) i;
INSERT INTO public.large SELECT i, repeat(md5(i::text), 4) FROM generate_series(1, 40000) i;
INSERT INTO public.base VALUES (1, 'in base'); INSERT INTO public.derived VALUES (2, 'in derived', 5);
INSERT INTO public.child SELECT i, i FROM generate_series(1, 100) i;
INSERT INTO public.scratch VALUES (1);
CREATE TRIGGER touch BEFORE INSERT ON public.base FOR EACH ROW EXECUTE FUNCTION public.touch();
CREATE INDEX ON public.large (filler);
CREATE MATERIALIZED VIEW public.summary AS SELECT count(*) FROM public.large;
CREATE PUBLICATION theirs FOR TABLE public.large;
CREATE SCHEMA pgteal; CREATE TABLE pgteal.marker_1 (kind text PRIMARY KEY);
CREATE FUNCTION pgteal.freeze() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER pgteal_freeze ON ddl_command_start EXECUTE FUNCTION pgteal.freeze();
COMMENT ON EVENT TRIGGER pgteal_freeze IS 'ours';
CREATE FUNCTION public.watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER watch ON sql_drop WHEN TAG IN ('DROP VIEW') EXECUTE FUNCTION public.watch();
)sql";

Task<void> restore(postgres::Server& green, std::string file, std::string bin, Section section) {
    auto program = restore_schema(green.dsn(), "cloned", file, section, 2, bin);
    co_await run(std::move(program));
}

Task<void> dump(postgres::Server& blue, std::string file, std::string bin) {
    auto program = dump_schema(blue.dsn(), "cloned", file, bin);
    co_await run(std::move(program));
    for (auto& listing : list_schema(file, bin)) {
        co_await run(std::move(listing));
    }
}

CO_TEST(Clone, EveryTableIsThereWithTheRowsOfTheSnapshotAndNoLater) {
    postgres::Server blue("blue", lab().dsn("blue"));
    postgres::Server green("green", lab().dsn("green"));
    const std::string file = lab().dir() + "/cloned.dump";
    co_await blue.script("", "CREATE DATABASE cloned", soon());
    co_await blue.script("cloned", schema, soon());
    const auto properties = co_await read_database(blue, "cloned", soon());
    auto creation = create_database(properties, 170000);
    co_await apply(green, std::move(creation));
    const std::string bin = co_await find_dump(150000, soon(), 170000);
    co_await dump(blue, file, bin);
    co_await restore(green, file, bin, Section::pre_data);

    auto walsender = co_await blue.replication("cloned", soon());
    const std::string snapshot = co_await export_snapshot(walsender);
    const auto tables = co_await tables_of(blue, "cloned");
    const auto expected = co_await content(blue, "cloned", tables);
    co_await blue.script(
        "cloned",
        "INSERT INTO public.empty_one VALUES (1); UPDATE public.large SET filler = 'later' WHERE id < 10; "
        "DELETE FROM public.child",
        soon());

    int reports = 0;
    CopyProgress last;
    const std::function<void(const CopyProgress&)> progress = [&](const CopyProgress& now) {
        ++reports;
        EXPECT_GE(now.done.count, last.done.count);
        last = now;
    };
    CopyOptions options;
    options.split_above = Bytes{64LL * 1024};
    const auto copied =
        co_await copy_tables(blue, green, "cloned", tables, snapshot, 3, false, progress, options);
    co_await restore(green, file, bin, Section::post_data);

    const auto arrived = co_await content(green, "cloned", tables);
    EXPECT_EQ(arrived, expected);
    EXPECT_EQ(tables.size(), 13U) << "leaf partitions, no parent, no unlogged table, nothing of pgteal";
    EXPECT_GT(reports, 13);
    EXPECT_EQ(last.tables_done, static_cast<int>(tables.size()));
    EXPECT_EQ(last.tables, static_cast<int>(tables.size()));
    EXPECT_GT(last.total_estimate.count, 6'000'000);
    for (const CopiedTable& table : copied) {
        EXPECT_TRUE(expected.at(table.table).starts_with(std::to_string(table.rows) + " rows"))
            << table.table;
    }

    const auto triggers =
        co_await scalar(green, "cloned", "SELECT string_agg(evtname, ',') FROM pg_catalog.pg_event_trigger");
    EXPECT_EQ(triggers, "watch");
    const auto schemas = co_await scalar(
        green, "cloned", "SELECT count(*) FROM pg_catalog.pg_namespace WHERE nspname ~ '^pgteal'");
    EXPECT_EQ(schemas, "0");
    const auto publications =
        co_await scalar(green, "cloned", "SELECT string_agg(pubname, ',') FROM pg_catalog.pg_publication");
    EXPECT_EQ(publications, "theirs");
    const auto keys =
        co_await scalar(green, "cloned",
                        "SELECT count(*) FROM pg_catalog.pg_constraint WHERE contype = 'f' AND convalidated");
    EXPECT_EQ(keys, "1");
    const auto idle = co_await scalar(blue, "cloned",
                                      "SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE state ~ '^idle "
                                      "in' AND backend_type = 'client backend'");
    EXPECT_EQ(idle, "0");
    const auto setting = co_await scalar(green, "cloned", "SELECT current_setting('synchronous_commit')");
    EXPECT_EQ(setting, "on") << "sessions go back as they came";
}

} // namespace
} // namespace pgteal::replication::clone_test
