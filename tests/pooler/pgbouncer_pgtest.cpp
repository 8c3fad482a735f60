// PgBouncer's own ways, which the switchover rests on or has to live with. Seen on 1.18; a version that
// differs fails here.
#include <algorithm>

#include "tests/pooler/bouncer_world.hpp"

namespace pgteal::pooler {
namespace {

using namespace std::chrono_literals;
using postgres::Connection;

Task<void> many_entries(BouncerWorld* world) {
    Pooler& pooler = world->pooler();
    const std::vector<std::string> names{"a", "b", "c", "d", "e", "f"};
    co_await pooler.warm(names.size(), soon());
    for (const auto& name : names) {
        const auto served = co_await world->query(name, 5s);
        EXPECT_EQ(served, world->blue());
    }
    std::vector<Task<void>> pauses;
    std::vector<Task<void>> resumes;
    for (const auto& name : names) {
        pauses.push_back(pooler.pause(name, soon()));
        resumes.push_back(pooler.resume(name, soon()));
    }
    co_await all(std::move(pauses));
    const auto paused = co_await pooler.entries(soon());
    EXPECT_TRUE(std::all_of(paused.begin(), paused.end(), [](const Entry& entry) { return entry.paused; }));
    co_await all(std::move(resumes));
    const auto resumed = co_await pooler.entries(soon());
    EXPECT_TRUE(
        std::none_of(resumed.begin(), resumed.end(), [](const Entry& entry) { return entry.paused; }));
}

TEST(PgBouncer, EntriesArePausedSideBySide) {
    std::string lines;
    for (const auto* name : {"a", "b", "c", "d", "e", "f"}) {
        lines += std::string(name) + " = host=127.0.0.1 port=BLUE dbname=app\n";
    }
    BouncerWorld world(lines);
    run_in(world, many_entries);
}

// The answers of PAUSE come together: one entry that has not drained keeps all others waiting for theirs.
Task<void> answers_come_together(BouncerWorld* world) {
    Pooler& pooler = world->pooler();
    co_await pooler.warm(2, soon());
    co_await world->begin_transaction("app");
    const auto served = co_await world->query("other", 5s); // leaves a server connection to close
    EXPECT_EQ(served, world->blue());
    std::vector<Task<void>> pauses;
    pauses.push_back(pooler.pause("app", after(300ms)));
    pauses.push_back(pooler.pause("other", after(300ms)));
    const auto errors = co_await settle(std::move(pauses));
    EXPECT_TRUE(errors[0]);
    EXPECT_TRUE(errors[1]);
    co_await pooler.resume("app", soon());
    co_await pooler.pause("other", soon());
    co_await pooler.resume("other", soon());
    co_await world->end_transaction("app");
}

TEST(PgBouncer, OneEntryThatDoesNotDrainKeepsThePausesOfOthersWaiting) {
    BouncerWorld world;
    run_in(world, answers_come_together);
}

bool shown(const std::vector<Entry>& entries, const std::string& name) {
    return std::ranges::any_of(entries, [&](const Entry& entry) { return entry.name == name; });
}

Task<void> odd_names(BouncerWorld* world) {
    Pooler& pooler = world->pooler();
    const std::string quoted = std::string(38, 'q') + "\"; RESUME; '--" + std::string(8, 'q');
    const std::string bare = std::string(60, 'b') + "_B9";
    EXPECT_EQ(quoted.size(), 60U); // 63 with its quotes, one of them doubled
    EXPECT_EQ(bare.size(), 63U);
    const std::vector<std::string> names{"two words", "we\"ird", "it's", "Upper", "a.b-c", quoted, bare};
    for (const auto& name : names) {
        const auto served = co_await world->query(name, 5s);
        EXPECT_EQ(served, world->blue()) << name;
        co_await pooler.pause(name, soon());
        // An entry of `*` is shown while somebody uses it: this client waits for it, once it is logged in.
        const auto held = co_await start_query(world, name);
        auto paused = co_await pooler.entries(soon());
        for (const auto deadline = soon(); !shown(paused, name) && Clock::now() < deadline;) {
            co_await sleep_for(5ms);
            paused = co_await pooler.entries(soon());
        }
        EXPECT_TRUE(find_entry(paused, name).paused) << name;
        co_await pooler.resume(name, soon());
        co_await wait_done(held);
        EXPECT_EQ(held->answered_by, world->blue()) << name;
        co_await world->begin_transaction(name); // uses it
        const auto resumed = co_await pooler.entries(soon());
        EXPECT_FALSE(find_entry(resumed, name).paused) << name;
        co_await world->end_transaction(name);
    }
    Task<void> pausing = pooler.pause(quoted + "q", soon());
    const auto refused = co_await refusal(std::move(pausing));
    EXPECT_EQ(refused, ErrorCode::config);
}

// Through `*`: up to 1.24 no file can hold such a name.
TEST(PgBouncer, OddAndLongNamesAreQuoted) {
    BouncerWorld world("* = host=127.0.0.1 port=BLUE dbname=app\n");
    run_in(world, odd_names);
}

Task<void> locked_out(BouncerWorld* world) {
    Pooler& pooler = world->pooler();
    co_await pooler.warm(1, soon());
    const std::string text = world->config_text();
    world->install(text.substr(0, text.find("admin_users") + 5));
    co_await pooler.reload(soon());
    // A stranger to the console may not log in any more, not even the administrator.
    std::optional<ErrorCode> refused;
    try {
        co_await Connection::open(BouncerWorld::lab().admin_dsn(), "pgb1", soon());
    } catch (const Error& error) {
        refused = error.code();
    }
    EXPECT_EQ(refused, ErrorCode::unreachable);
    // Sessions that are open still work, and mend it.
    world->install(text);
    co_await pooler.reload(soon());
    pooler.close();
    const auto entries = co_await pooler.entries(soon());
    EXPECT_EQ(entries.size(), 2U);
}

TEST(PgBouncer, AFileThatEndsBeforeAdminUsersLocksNewAdminSessionsOut) {
    BouncerWorld world;
    run_in(world, locked_out);
}

Task<void> cancelled_shield(BouncerWorld* world) {
    Pooler& pooler = world->pooler();
    co_await pooler.warm(1, soon());
    co_await pooler.pause("app", soon());
    co_await pooler.raise_shield(soon());
    const auto held = co_await start_query(world, "app");
    const auto other = co_await start_query(world, "other");
    Connection admin = co_await Connection::open(BouncerWorld::lab().admin_dsn(), "pgb1", soon());
    co_await admin.script("RESUME", soon());
    co_await wait_done(other);
    EXPECT_FALSE(held->done);
    co_await pooler.resume("app", soon());
    co_await pooler.lower_shield(soon());
    co_await wait_done(held);
    EXPECT_EQ(held->answered_by, world->blue());
}

TEST(PgBouncer, ThePauseOfAnEntryOutlastsTheShield) {
    BouncerWorld world;
    run_in(world, cancelled_shield);
}

Task<void> entry_modes(BouncerWorld* world) {
    const auto entries = co_await world->pooler().entries(soon());
    EXPECT_EQ(find_entry(entries, "app").pool_mode, "session");
    EXPECT_EQ(find_entry(entries, "socket").pool_mode, "statement");
    EXPECT_EQ(find_entry(entries, "socket").host, "");
    EXPECT_EQ(find_entry(entries, "socket").port, "5432");
    EXPECT_EQ(find_entry(entries, "socket").database, "socket");
    EXPECT_EQ(find_entry(entries, "forced").force_user, "app");
    EXPECT_EQ(find_entry(entries, "forced").host, "10.0.0.1,10.0.0.2");
    const auto shown = targets_in(world->config_text());
    for (const Entry& entry : entries) {
        EXPECT_EQ(target_of(entry), shown.at(entry.name)) << entry.name;
    }
    const Settings settings = co_await world->pooler().settings(soon());
    EXPECT_EQ(settings.query_wait_timeout, std::chrono::milliseconds(2500));
    EXPECT_EQ(settings.query_timeout, std::chrono::seconds(7));
    EXPECT_EQ(settings.server_login_retry, std::chrono::seconds(4));
    EXPECT_EQ(settings.config_file, BouncerWorld::lab().value("PGB1_INI"));
}

TEST(PgBouncer, WhatTheFileSaysIsWhatTheConsoleShows) {
    BouncerWorld world(
        "app = host=127.0.0.1 port=BLUE dbname=app\nsocket = pool_mode=statement\n"
        "forced = user=app host='10.0.0.1,10.0.0.2' port=7 port=8\nquoted=dbname='a ''b'\thost=127.0.0.1\n"
        "tabbed = host=127.0.0.1\tport=5 dbname=x\ndup = host=a\ndup = host=b\n",
        "pool_mode = session\nquery_wait_timeout = 2.5\nquery_timeout = 7\nserver_login_retry = 4\n");
    run_in(world, entry_modes);
}

Task<void> frozen(BouncerWorld* world) {
    Pooler& pooler = world->pooler();
    co_await pooler.warm(1, soon());
    BouncerWorld::lab().freeze("pgb1");
    const auto start = Clock::now();
    Task<void> resuming = pooler.resume("app", after(200ms));
    const auto idle = co_await refusal(std::move(resuming));
    EXPECT_EQ(idle, ErrorCode::deadline);
    pooler.close();
    Task<void> reconnecting = pooler.resume("app", after(200ms));
    const auto fresh = co_await refusal(std::move(reconnecting));
    EXPECT_EQ(fresh, ErrorCode::deadline);
    EXPECT_LT(Clock::now() - start, 20s);
    BouncerWorld::lab().thaw("pgb1");
    co_await pooler.resume("app", soon());
}

TEST(PgBouncer, AHangingPoolerIsGivenUpAtTheDeadline) {
    BouncerWorld world;
    run_in(world, frozen);
}

Task<void> stopped(BouncerWorld* world) {
    co_await world->pooler().warm(1, soon());
    BouncerWorld::lab().kill9("pgb1");
    Task<void> resuming = world->pooler().resume("app", soon());
    const auto refused = co_await refusal(std::move(resuming));
    EXPECT_EQ(refused, ErrorCode::unreachable);
    BouncerWorld::lab().start("pgb1");
    co_await world->pooler().resume("app", soon());
}

TEST(PgBouncer, AStoppedPoolerIsUnreachableAndFoundAgain) {
    BouncerWorld world;
    run_in(world, stopped);
}

Task<void> only_stats(BouncerWorld*) {
    const auto pooler = make_pgbouncer("pgb1", BouncerWorld::lab().app_dsn("pgb1", "pgbouncer"));
    const auto entries = co_await pooler->entries(soon());
    EXPECT_EQ(entries.size(), 2U);
    Task<void> pausing = pooler->pause("app", soon());
    const auto refused = co_await refusal(std::move(pausing));
    EXPECT_EQ(refused, ErrorCode::privilege);
}

TEST(PgBouncer, ARoleThatMayOnlyLookIsToldSo) {
    BouncerWorld world(BouncerWorld::default_databases, "stats_users = app\n");
    run_in(world, only_stats);
}

} // namespace
} // namespace pgteal::pooler
