// Server logins around a pause: PgBouncer takes one that ends early for a failed one, and then stalls or
// rejects clients for server_login_retry (4 s in these tests). "By hand" shows PgBouncer's own way, seen
// on 1.18; a version that differs fails there.
#include <algorithm>

#include "tests/pooler/bouncer_world.hpp"

namespace pgteal::pooler {
namespace {

using namespace std::chrono_literals;
using postgres::Connection;

/// New clients, one every 20 ms for `time`; the first ones may be held.
Task<std::vector<std::shared_ptr<BesideQuery>>> new_clients(BouncerWorld* world, std::string entry,
                                                            Clock::duration time) {
    std::vector<std::shared_ptr<BesideQuery>> queries;
    for (const Deadline end = after(time); Clock::now() < end;) {
        auto query = co_await start_query(world, entry);
        queries.push_back(std::move(query));
        co_await sleep_for(20ms);
    }
    co_return queries;
}

// Rejected, or held far longer than the 0.6 s for which new clients come; server_login_retry is 4 s in these
// tests.
bool stalled(const std::shared_ptr<BesideQuery>& query) {
    return !query->done || query->error || !query->answered_by || query->took > 3s;
}

/// As an operator types it, without what pgteal does around it.
Task<void> by_hand(std::string command) {
    Connection admin = co_await Connection::open(BouncerWorld::lab().admin_dsn(), "pgb1", soon());
    co_await admin.script(command, soon());
}

Task<void> wait_all_done(std::vector<std::shared_ptr<BesideQuery>> queries) {
    for (const auto& query : queries) {
        co_await wait_done(query);
    }
}

/// Blue to green with clients coming in all the while between RELOAD and RESUME.
Task<void> retarget_shielded(BouncerWorld* world) {
    Pooler& pooler = world->pooler();
    co_await pooler.warm(1, soon());
    const auto before = co_await world->query("app", 5s);
    EXPECT_EQ(before, world->blue());
    const ConfigFile file = read_config(world->path());
    const std::string staged = stage_config(file, rewrite(file.text, {{"app", world->green()}}));
    co_await pooler.pause("app", soon());
    install_staged(staged, file.path, file.hash);
    co_await pooler.raise_shield(soon());
    co_await pooler.reload(soon());
    const auto queries = co_await new_clients(world, "app", 600ms);
    const auto entries = co_await pooler.entries(soon());
    EXPECT_EQ(target_of(find_entry(entries, "app")), world->green());
    EXPECT_TRUE(find_entry(entries, "app").paused);
    EXPECT_TRUE(std::none_of(queries.begin(), queries.end(), [](const auto& query) { return query->done; }));
    co_await pooler.resume("app", soon());
    co_await pooler.lower_shield(soon());
    co_await wait_all_done(queries);
    co_await pooler.settle(soon());
    EXPECT_GT(queries.size(), 2U);
    EXPECT_EQ(std::count_if(queries.begin(), queries.end(), stalled), 0);
    for (const auto& query : queries) {
        EXPECT_EQ(query->answered_by, world->green());
    }
}

TEST(PgBouncer, NewClientsAreServedAtOnceAfterARetarget) {
    BouncerWorld world(BouncerWorld::default_databases, "server_login_retry = 4\n");
    run_in(world, retarget_shielded);
}

// What the shield is for: without it some are rejected, or all wait for server_login_retry.
Task<void> retarget_by_hand(BouncerWorld* world) {
    const auto before = co_await world->query("app", 5s);
    EXPECT_EQ(before, world->blue());
    co_await by_hand("PAUSE app");
    world->install(rewrite(world->config_text(), {{"app", world->green()}}));
    co_await by_hand("RELOAD");
    const auto queries = co_await new_clients(world, "app", 600ms);
    co_await by_hand("RESUME app");
    co_await wait_all_done(queries);
    EXPECT_GT(std::count_if(queries.begin(), queries.end(), stalled), 0)
        << "PgBouncer no longer has the trap";
}

TEST(PgBouncer, NewClientsAreStalledOrRejectedByARetargetByHand) {
    BouncerWorld world(BouncerWorld::default_databases, "server_login_retry = 4\n");
    run_in(world, retarget_by_hand);
}

// The same trap without any RELOAD: the first client ever of a pool (an entry with a user) comes while the
// entry is paused.
Task<void> first_client_by_hand(BouncerWorld* world) {
    co_await by_hand("PAUSE app");
    const auto queries = co_await new_clients(world, "app", 600ms);
    co_await by_hand("RESUME app");
    co_await wait_all_done(queries);
    EXPECT_GT(std::count_if(queries.begin(), queries.end(), stalled), 0)
        << "PgBouncer no longer has the trap";
}

TEST(PgBouncer, TheFirstClientsOfAPoolAreStalledOrRejectedByAPauseByHand) {
    BouncerWorld world(BouncerWorld::default_databases, "server_login_retry = 4\n");
    run_in(world, first_client_by_hand);
}

Task<void> first_client(BouncerWorld* world) {
    Pooler& pooler = world->pooler();
    co_await pooler.warm(1, soon());
    co_await pooler.pause("app", soon());
    co_await pooler.raise_shield(soon());
    const auto queries = co_await new_clients(world, "app", 600ms);
    co_await pooler.resume("app", soon());
    co_await pooler.lower_shield(soon());
    co_await wait_all_done(queries);
    EXPECT_EQ(std::count_if(queries.begin(), queries.end(), stalled), 0);
}

TEST(PgBouncer, TheFirstClientsOfAPoolAreServedAtOnceWhenTheShieldWasUp) {
    BouncerWorld world(BouncerWorld::default_databases, "server_login_retry = 4\n");
    run_in(world, first_client);
}

// And without new clients: three times a second PgBouncer starts a login for min_pool_size, and PAUSE ends
// it.
Task<void> min_pool_size_by_hand(BouncerWorld* world) {
    co_await world->begin_transaction("app");
    co_await world->end_transaction("app", true);
    co_await sleep_for(1s);
    co_await by_hand("PAUSE app");
    const auto held = co_await start_query(world, "app");
    co_await sleep_for(1s);
    co_await by_hand("RESUME app");
    co_await wait_done(held);
    EXPECT_TRUE(stalled(held)) << "PgBouncer no longer starts logins for a paused entry";
}

TEST(PgBouncer, AMinPoolSizeStallsClientsAfterAPauseByHand) {
    BouncerWorld world(BouncerWorld::default_databases, "server_login_retry = 4\nmin_pool_size = 2\n");
    run_in(world, min_pool_size_by_hand);
}

Task<std::string> shown(std::string key) {
    Connection admin = co_await Connection::open(BouncerWorld::lab().admin_dsn(), "pgb1", soon());
    const auto results = co_await admin.script("SHOW CONFIG", soon());
    for (int row = 0; row < results.at(0).rows(); ++row) {
        if (results[0].text(row, 0) == key) {
            co_return std::string(results[0].text(row, 1));
        }
    }
    co_return "";
}

Task<void> min_pool_size_guarded(BouncerWorld* world) {
    Pooler& pooler = world->pooler();
    co_await pooler.warm(1, soon());
    co_await world->begin_transaction("app");
    co_await world->end_transaction("app", true);
    co_await sleep_for(1s);
    co_await pooler.pause("app", soon());
    const std::string quiet = co_await shown("min_pool_size");
    EXPECT_EQ(quiet, "0");
    const auto held = co_await start_query(world, "app");
    co_await sleep_for(1s);
    co_await pooler.resume("app", soon());
    const auto later = co_await start_query(world, "app");
    co_await wait_done(held);
    co_await wait_done(later);
    EXPECT_FALSE(stalled(held));
    EXPECT_FALSE(stalled(later));
    const Settings settings = co_await pooler.settings(soon());
    EXPECT_EQ(settings.server_login_retry, std::chrono::seconds(4));
    co_await pooler.settle(soon());
    const std::string pool_size = co_await shown("min_pool_size");
    EXPECT_EQ(pool_size, "2");
    const std::string retry = co_await shown("server_login_retry");
    EXPECT_EQ(retry, "4");
}

TEST(PgBouncer, AMinPoolSizeDoesNotStallClientsAndIsPutBack) {
    BouncerWorld world(BouncerWorld::default_databases, "server_login_retry = 4\nmin_pool_size = 2\n");
    run_in(world, min_pool_size_guarded);
}

// A login that PAUSE ended in the middle: clients that wait are served at once all the same.
Task<void> failed_login(BouncerWorld* world) {
    co_await by_hand("PAUSE app");
    const auto held = co_await start_query(world, "app");
    co_await sleep_for(200ms);
    co_await world->pooler().resume("app", soon());
    co_await wait_done(held);
    EXPECT_FALSE(stalled(held));
}

TEST(PgBouncer, ResumeLetsAFailedLoginBeTriedAgainAtOnce) {
    BouncerWorld world(BouncerWorld::default_databases, "server_login_retry = 4\n");
    run_in(world, failed_login);
}

} // namespace
} // namespace pgteal::pooler
