// The copy when something is in the way: a filled target, a killed backend, a target that lacks a table; and
// what it leaves.
#include <gmock/gmock.h>

#include "tests/replication/clone_lab.hpp"
#include "tests/support/co_test.hpp"

namespace pgteal::replication::clone_test {
namespace {

using testing::HasSubstr;

constexpr auto definition =
    "CREATE TABLE public.accounts (id int, filler text); CREATE TABLE public.notes (id int)";

/// A database of that name on both sides; rows only on blue.
Task<void> make_tables(postgres::Server& blue, postgres::Server& green, std::string database) {
    const std::string create = "CREATE DATABASE " + database;
    co_await blue.script("", create, soon());
    co_await green.script("", create, soon());
    co_await blue.script(database, definition, soon());
    co_await green.script(database, definition, soon());
    co_await blue.script(
        database,
        "INSERT INTO public.accounts SELECT i, repeat('x', 200) FROM generate_series(1, 60000) i; "
        "INSERT INTO public.notes VALUES (1)",
        soon());
}

struct Failure {
    ErrorCode code = ErrorCode::internal;
    std::string side, message, hint;
};

/// The error of a copy; the code is internal when there was none.
Task<Failure> failure_of(Task<std::vector<CopiedTable>> copy) {
    Failure failure;
    try {
        co_await std::move(copy);
    } catch (const Error& error) {
        failure = {error.code(), error.side(), error.what(), error.hint()};
    }
    co_return failure;
}

CO_TEST(Copy, AFilledTargetIsRefusedAndLeftAlone) {
    postgres::Server blue("blue", lab().dsn("blue"));
    postgres::Server green("green", lab().dsn("green"));
    co_await make_tables(blue, green, "filled");
    co_await green.script("filled", "INSERT INTO public.accounts VALUES (-1, 'theirs')", soon());
    auto walsender = co_await blue.replication("filled", soon());
    const auto snapshot = co_await export_snapshot(walsender);
    const auto tables = co_await tables_of(blue, "filled");
    auto copy = copy_tables(blue, green, "filled", tables, snapshot, 2, false, {});
    const auto failure = co_await failure_of(std::move(copy));
    EXPECT_EQ(failure.code, ErrorCode::conflict);
    EXPECT_EQ(failure.side, "green");
    EXPECT_THAT(failure.message, HasSubstr("public.accounts"));
    const auto rows = co_await scalar(green, "filled", "SELECT count(*) FROM public.accounts");
    EXPECT_EQ(rows, "1");
}

CO_TEST(Copy, AMissingTableOnTheTargetIsNamed) {
    postgres::Server blue("blue", lab().dsn("blue"));
    postgres::Server green("green", lab().dsn("green"));
    co_await make_tables(blue, green, "lacking");
    co_await green.script("lacking", "ALTER TABLE public.accounts DROP COLUMN filler", soon());
    auto walsender = co_await blue.replication("lacking", soon());
    const auto snapshot = co_await export_snapshot(walsender);
    const auto tables = co_await tables_of(blue, "lacking");
    auto copy = copy_tables(blue, green, "lacking", tables, snapshot, 2, false, {});
    const auto failure = co_await failure_of(std::move(copy));
    EXPECT_EQ(failure.code, ErrorCode::server);
    EXPECT_EQ(failure.side, "green");
    EXPECT_THAT(failure.message, HasSubstr("public.accounts"));
    EXPECT_THAT(failure.message, HasSubstr("filler"));
    EXPECT_THAT(failure.hint, HasSubstr("pgteal prepare"));
    // The server takes a moment to see that a session is gone.
    std::string idle;
    for (int attempt = 0; attempt < 100 && idle != "0"; ++attempt) {
        co_await sleep_for(std::chrono::milliseconds(50));
        idle = co_await scalar(blue, "lacking",
                               "SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE state ~ '^idle "
                               "in' AND backend_type = 'client backend'");
    }
    EXPECT_EQ(idle, "0");
}

/// Ends the backends of the copy on one side as soon as it has moved something.
struct Killer {
    postgres::Server& server;
    std::string database;
    bool moved = false;
    bool over = false;
};

Task<void> kill_copies(Killer* killer) {
    while (!killer->moved && !killer->over) {
        co_await sleep_for(1ms);
    }
    const std::string sql =
        "SELECT count(pg_catalog.pg_terminate_backend(pid)) FROM pg_catalog.pg_stat_activity "
        "WHERE datname = '" +
        killer->database + "' AND query ~ '^COPY' AND backend_type = 'client backend'";
    co_await killer->server.exec("", sql, {}, soon());
}

Task<void> copy_into(Failure* failure, Killer* killer, Task<std::vector<CopiedTable>> copy) {
    *failure = co_await failure_of(std::move(copy));
    killer->over = true;
}

Task<void> kill_and_repeat(std::string side, std::string database) {
    postgres::Server blue("blue", lab().dsn("blue"));
    postgres::Server green("green", lab().dsn("green"));
    co_await make_tables(blue, green, database);
    auto walsender = co_await blue.replication(database, soon());
    const auto snapshot = co_await export_snapshot(walsender);
    const auto tables = co_await tables_of(blue, database);
    Killer killer{side == "blue" ? blue : green, database};
    CopyOptions options;
    options.split_above = Bytes{1024LL * 1024};
    const std::function<void(const CopyProgress&)> progress = [&killer](const CopyProgress&) {
        killer.moved = true;
    };
    auto copy = copy_tables(blue, green, database, tables, snapshot, 2, false, progress, options);
    Failure failure;
    std::vector<Task<void>> both;
    both.push_back(copy_into(&failure, &killer, std::move(copy)));
    both.push_back(kill_copies(&killer));
    co_await all(std::move(both));
    EXPECT_THAT(failure.message, HasSubstr("public.accounts"));
    EXPECT_EQ(failure.side, side);
    EXPECT_THAT(failure.hint, HasSubstr("pgteal prepare"));

    const auto copied = co_await copy_tables(blue, green, database, tables, snapshot, 2, true, {}, options);
    EXPECT_EQ(copied.at(0).rows, 60000);
    const auto expected = co_await content(blue, database, tables);
    const auto arrived = co_await content(green, database, tables);
    EXPECT_EQ(arrived, expected);
}

CO_TEST(Copy, AKilledReaderIsACleanErrorAndASecondRunSucceeds) {
    co_await kill_and_repeat("blue", "kill_blue");
}
CO_TEST(Copy, AKilledWriterIsACleanErrorAndASecondRunSucceeds) {
    co_await kill_and_repeat("green", "kill_green");
}

CO_TEST(Copy, EverythingIsFlushedWhenItReturns) {
    postgres::Server blue("blue", lab().dsn("blue"));
    postgres::Server green("green", lab().dsn("green"));
    co_await make_tables(blue, green, "flushed");
    // Nothing but a commit flushes soon: the WAL writer is put to sleep.
    co_await green.script("", "ALTER SYSTEM SET wal_writer_delay = '10s'", soon());
    co_await green.script("", "ALTER SYSTEM SET wal_writer_flush_after = '1GB'", soon());
    co_await green.script("", "SELECT pg_catalog.pg_reload_conf()", soon());
    co_await sleep_for(300ms);
    auto walsender = co_await blue.replication("flushed", soon());
    const auto snapshot = co_await export_snapshot(walsender);
    const auto tables = co_await tables_of(blue, "flushed");
    CopyOptions options; // in parts: emptying a table whole would flush by itself
    options.split_above = Bytes{1024LL * 1024};
    co_await copy_tables(blue, green, "flushed", tables, snapshot, 2, false, {}, options);
    const auto unflushed = co_await scalar(
        green, "flushed",
        "SELECT pg_catalog.pg_current_wal_insert_lsn() - pg_catalog.pg_current_wal_flush_lsn()");
    EXPECT_LT(std::stoll(unflushed), 1000);
    co_await green.script("", "ALTER SYSTEM RESET ALL", soon());
    co_await green.script("", "SELECT pg_catalog.pg_reload_conf()", soon());
}

CO_TEST(Copy, AWholeTableIsFrozen) {
    postgres::Server blue("blue", lab().dsn("blue"));
    postgres::Server green("green", lab().dsn("green"));
    co_await make_tables(blue, green, "frozen");
    auto walsender = co_await blue.replication("frozen", soon());
    const auto snapshot = co_await export_snapshot(walsender);
    const auto tables = co_await tables_of(blue, "frozen");
    co_await copy_tables(blue, green, "frozen", tables, snapshot, 1, false, {});
    co_await green.script("frozen", "CREATE EXTENSION pg_visibility SCHEMA public", soon());
    const auto frozen = co_await scalar(
        green, "frozen", "SELECT all_frozen > 1000 FROM public.pg_visibility_map_summary('public.accounts')");
    EXPECT_EQ(frozen, "t");
}

CO_TEST(ReadTables, KnowTheReplicaIdentityAndLeaveExtensionsTablesOut) {
    postgres::Server blue("blue", lab().dsn("blue"));
    co_await blue.script("", "CREATE DATABASE listed", soon());
    co_await blue.script("listed", R"sql(
        CREATE TABLE public.plain (a int, b int, PRIMARY KEY (b));
        CREATE TABLE public.keyless (a int);
        CREATE TABLE public.deferred (a int PRIMARY KEY DEFERRABLE);
        CREATE TABLE public.by_index (a int NOT NULL UNIQUE, b int PRIMARY KEY);
        ALTER TABLE public.by_index REPLICA IDENTITY USING INDEX by_index_a_key;
        CREATE TABLE public."full" (a int, b int, g int GENERATED ALWAYS AS (1) STORED);
        ALTER TABLE public."full" REPLICA IDENTITY FULL;
        CREATE TABLE public.nothing (a int PRIMARY KEY);
        ALTER TABLE public.nothing REPLICA IDENTITY NOTHING;
        CREATE TABLE public.of_extension (a int); CREATE TABLE public.of_extension_config (a int);
        ALTER EXTENSION plpgsql ADD TABLE public.of_extension; ALTER EXTENSION plpgsql ADD TABLE public.of_extension_config;
        UPDATE pg_catalog.pg_extension SET extconfig = ARRAY['public.of_extension_config'::regclass::oid], extcondition = ARRAY['']
        WHERE extname = 'plpgsql'
    )sql",
                         soon());
    const auto tables = co_await tables_of(blue, "listed");
    std::map<std::string, std::string> seen;
    for (const Table& table : tables) {
        std::string keys;
        for (const Column& column : table.columns) {
            keys += column.in_key ? column.name : "";
        }
        seen[table.name] = keys + (table.has_identity ? "" : " none") + (table.identity_full ? " full" : "") +
                           (table.extension_config ? " config" : "");
    }
    const std::map<std::string, std::string> expected{{"plain", "b"},
                                                      {"keyless", " none"},
                                                      {"deferred", " none"},
                                                      {"by_index", "a"},
                                                      {"full", "ab full"},
                                                      {"nothing", " none"},
                                                      {"of_extension_config", " none config"}};
    EXPECT_EQ(seen, expected);
}

} // namespace
} // namespace pgteal::replication::clone_test
