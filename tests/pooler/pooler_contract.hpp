// What every Pooler does, tested against the fake and against PgBouncer alike. One file of an executable
// includes this and instantiates the suite with a function that makes the world around a pooler.
#pragma once

#include "pooler/file/config_file.hpp"
#include "tests/pooler/pooler_world.hpp"

namespace pgteal::pooler {

class PoolerContract : public ::testing::TestWithParam<MakeWorld> {
protected:
    void run(Task<void> (*test)(PoolerWorld*)) {
        const auto world = GetParam()();
        run_in(*world, test);
    }
};

namespace contract {

using namespace std::chrono_literals;

inline Task<void> shows_entries(PoolerWorld* world) {
    co_await world->pooler().warm(2, soon());
    const auto entries = co_await world->pooler().entries(soon());
    EXPECT_EQ(entries.size(), 2U);
    const std::vector<std::string> names{"app", "other"};
    for (const auto& name : names) {
        const Entry entry = find_entry(entries, name);
        EXPECT_EQ(target_of(entry), world->blue());
        EXPECT_EQ(entry.pool_mode, "transaction");
        EXPECT_EQ(entry.force_user, "");
        EXPECT_FALSE(entry.paused);
        EXPECT_FALSE(entry.disabled);
    }
    const Settings settings = co_await world->pooler().settings(soon());
    EXPECT_EQ(settings.pool_mode, "transaction");
    EXPECT_EQ(settings.query_wait_timeout, std::chrono::seconds(30));
    EXPECT_EQ(settings.version.substr(0, 2), "1.");
    EXPECT_FALSE(settings.so_reuseport);
}

inline Task<void> pause_holds_and_resume_lets_go(PoolerWorld* world) {
    Pooler& pooler = world->pooler();
    co_await pooler.warm(1, soon());
    const auto before = co_await world->query("app", 5s);
    EXPECT_EQ(before, world->blue());
    co_await pooler.pause("app", soon());
    const auto held = co_await start_query(world, "app");
    const auto other = co_await world->query("other", 5s);
    EXPECT_EQ(other, world->blue());
    co_await sleep_for(100ms);
    EXPECT_FALSE(held->done);
    const auto entries = co_await pooler.entries(soon());
    EXPECT_TRUE(find_entry(entries, "app").paused);
    EXPECT_FALSE(find_entry(entries, "other").paused);
    EXPECT_EQ(find_entry(entries, "app").server_connections, 0);
    const std::vector<std::string> names{"app"};
    const int clients = co_await pooler.clients(names, soon());
    EXPECT_EQ(clients, 1);
    co_await pooler.resume("app", soon());
    co_await wait_done(held);
    EXPECT_EQ(held->answered_by, world->blue());
}

inline Task<void> repeating_is_no_error(PoolerWorld* world) {
    Pooler& pooler = world->pooler();
    co_await pooler.lower_shield(soon());
    co_await pooler.resume("app", soon());
    co_await pooler.pause("app", soon());
    co_await pooler.pause("app", soon());
    co_await pooler.raise_shield(soon());
    co_await pooler.raise_shield(soon());
    co_await pooler.reload(soon());
    co_await pooler.reload(soon());
    co_await pooler.resume("app", soon());
    co_await pooler.resume("app", soon());
    co_await pooler.lower_shield(soon());
    co_await pooler.lower_shield(soon());
    co_await pooler.settle(soon());
    co_await pooler.settle(soon());
    const auto answered_by = co_await world->query("app", 5s);
    EXPECT_EQ(answered_by, world->blue());
}

inline Task<void> pause_waits_for_transactions(PoolerWorld* world) {
    Pooler& pooler = world->pooler();
    co_await pooler.warm(1, soon());
    co_await world->begin_transaction("app");
    Task<void> pausing = pooler.pause("app", after(150ms));
    const auto refused = co_await refusal(std::move(pausing));
    EXPECT_EQ(refused, ErrorCode::deadline);
    // It may still be pausing, and can be resumed with the transaction open; then clients go on.
    co_await pooler.resume("app", soon());
    const auto answered_by = co_await world->query("app", 5s);
    EXPECT_EQ(answered_by, world->blue());
    co_await world->end_transaction("app");
    co_await pooler.pause("app", soon());
    co_await pooler.resume("app", soon());
}

inline Task<void> entries_that_do_not_exist(PoolerWorld* world) {
    Pooler& pooler = world->pooler();
    Task<void> pausing = pooler.pause("missing", soon());
    const auto pause = co_await refusal(std::move(pausing));
    EXPECT_EQ(pause, ErrorCode::conflict);
    Task<void> resuming = pooler.resume("missing", soon());
    const auto resume = co_await refusal(std::move(resuming));
    EXPECT_EQ(resume, ErrorCode::conflict);
    Task<void> fallback = pooler.pause("*", soon());
    const auto star = co_await refusal(std::move(fallback));
    EXPECT_EQ(star, ErrorCode::config);
}

inline Task<void> the_shield_holds_everyone(PoolerWorld* world) {
    Pooler& pooler = world->pooler();
    co_await pooler.warm(1, soon());
    co_await pooler.raise_shield(soon());
    const auto held = co_await start_query(world, "other");
    Task<void> pausing = pooler.pause("app", soon());
    const auto refused = co_await refusal(std::move(pausing));
    EXPECT_EQ(refused, ErrorCode::conflict);
    co_await sleep_for(50ms);
    EXPECT_FALSE(held->done);
    co_await pooler.lower_shield(soon());
    co_await wait_done(held);
    EXPECT_EQ(held->answered_by, world->blue());
}

inline Task<void> the_shield_does_not_wait_for_transactions(PoolerWorld* world) {
    Pooler& pooler = world->pooler();
    co_await pooler.warm(1, soon());
    co_await world->begin_transaction("other");
    co_await pooler.pause("app", soon());
    co_await pooler.raise_shield(soon());
    co_await pooler.resume("app", soon());
    co_await pooler.lower_shield(soon());
    const auto answered_by = co_await world->query("app", 5s);
    EXPECT_EQ(answered_by, world->blue());
    co_await world->end_transaction("other");
}

inline Task<void> retargets_what_is_paused(PoolerWorld* world) {
    Pooler& pooler = world->pooler();
    co_await pooler.warm(1, soon());
    const auto before = co_await world->query("app", 5s);
    EXPECT_EQ(before, world->blue());
    co_await pooler.pause("app", soon());
    const auto held = co_await start_query(world, "app");
    world->install(rewrite(world->config_text(), {{"app", world->green()}}));
    co_await pooler.raise_shield(soon());
    co_await pooler.reload(soon());
    const auto entries = co_await pooler.entries(soon());
    EXPECT_EQ(target_of(find_entry(entries, "app")), world->green());
    EXPECT_TRUE(find_entry(entries, "app").paused);
    EXPECT_EQ(target_of(find_entry(entries, "other")), world->blue());
    EXPECT_FALSE(held->done);
    co_await pooler.resume("app", soon());
    co_await pooler.lower_shield(soon());
    co_await wait_done(held);
    EXPECT_EQ(held->answered_by, world->green());
}

inline Task<void> a_truncated_file_is_seen_by_reading_back(PoolerWorld* world) {
    Pooler& pooler = world->pooler();
    co_await pooler.warm(2, soon());
    const std::string before = world->config_text();
    const std::string after = rewrite(before, {{"app", world->green()}, {"other", world->green()}});
    world->install(after.substr(0, after.find("other")));
    co_await pooler.reload(soon());
    const auto entries = co_await pooler.entries(soon());
    EXPECT_EQ(target_of(find_entry(entries, "app")), world->green());
    EXPECT_EQ(target_of(find_entry(entries, "other")), world->blue());
    world->install(before);
    co_await pooler.reload(soon());
    const auto again = co_await pooler.entries(soon());
    EXPECT_EQ(target_of(find_entry(again, "app")), world->blue());
}

inline Task<void> an_entry_that_was_away_is_no_longer_paused(PoolerWorld* world) {
    Pooler& pooler = world->pooler();
    const std::string text = world->config_text();
    co_await pooler.pause("app", soon());
    world->install("[databases]\nother = host=127.0.0.1 port=1\n" + text.substr(text.find("[pgbouncer]")));
    co_await pooler.reload(soon());
    const auto without = co_await pooler.entries(soon());
    EXPECT_EQ(without.size(), 1U);
    world->install(text);
    co_await pooler.reload(soon());
    const auto entries = co_await pooler.entries(soon());
    EXPECT_FALSE(find_entry(entries, "app").paused);
}

inline Task<void> a_restart_forgets_the_pause(PoolerWorld* world) {
    Pooler& pooler = world->pooler();
    co_await pooler.warm(1, soon());
    co_await pooler.pause("app", soon());
    co_await pooler.raise_shield(soon());
    world->restart();
    // The sessions are gone; each call finds its way by itself.
    const auto entries = co_await pooler.entries(soon());
    EXPECT_FALSE(find_entry(entries, "app").paused);
    const auto answered_by = co_await world->query("app", 5s);
    EXPECT_EQ(answered_by, world->blue());
    co_await pooler.lower_shield(soon());
    co_await pooler.pause("app", soon());
    world->restart();
    co_await pooler.warm(1, soon());
    co_await pooler.resume("app", soon());
}

inline Task<void> closing_keeps_the_pause(PoolerWorld* world) {
    Pooler& pooler = world->pooler();
    const auto before = co_await world->query("app", 5s);
    EXPECT_EQ(before, world->blue());
    co_await pooler.pause("app", soon());
    pooler.close();
    const auto held = co_await start_query(world, "app");
    co_await sleep_for(50ms);
    EXPECT_FALSE(held->done);
    co_await pooler.resume("app", soon());
    co_await wait_done(held);
    EXPECT_EQ(held->answered_by, world->blue());
}

} // namespace contract

TEST_P(PoolerContract, ShowsEntriesAndSettings) { run(contract::shows_entries); }
TEST_P(PoolerContract, PauseHoldsAndResumeLetsGo) { run(contract::pause_holds_and_resume_lets_go); }
TEST_P(PoolerContract, RepeatingIsNoError) { run(contract::repeating_is_no_error); }
TEST_P(PoolerContract, PauseWaitsForTransactions) { run(contract::pause_waits_for_transactions); }
TEST_P(PoolerContract, EntriesThatDoNotExist) { run(contract::entries_that_do_not_exist); }
TEST_P(PoolerContract, TheShieldHoldsEveryone) { run(contract::the_shield_holds_everyone); }
TEST_P(PoolerContract, TheShieldDoesNotWaitForTransactions) {
    run(contract::the_shield_does_not_wait_for_transactions);
}
TEST_P(PoolerContract, RetargetsWhatIsPaused) { run(contract::retargets_what_is_paused); }
TEST_P(PoolerContract, ATruncatedFileIsSeenByReadingBack) {
    run(contract::a_truncated_file_is_seen_by_reading_back);
}
TEST_P(PoolerContract, AnEntryThatWasAwayIsNoLongerPaused) {
    run(contract::an_entry_that_was_away_is_no_longer_paused);
}
TEST_P(PoolerContract, ARestartForgetsThePause) { run(contract::a_restart_forgets_the_pause); }
TEST_P(PoolerContract, ClosingKeepsThePause) { run(contract::closing_keeps_the_pause); }

} // namespace pgteal::pooler
