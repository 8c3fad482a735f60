#include "health/checks/pooler_checks.hpp"

#include "facts_fixture.hpp"

namespace pgteal::health {
namespace {

using namespace testing_support;
using ::testing::HasSubstr;

const std::vector<std::string> databases{"app"};

PoolerFacts::Entry entry(const std::string& name, bool wanted) {
    PoolerFacts::Entry made;
    made.name = name;
    made.pool_mode = "transaction";
    made.host = "10.0.0.5";
    made.port = "5432";
    made.database = "app";
    made.points_at_blue = true;
    made.wanted = wanted;
    return made;
}

PoolerFacts pooler() {
    PoolerFacts facts;
    facts.name = "pgb1";
    facts.pool_mode = "transaction";
    facts.query_wait_timeout = std::chrono::seconds(120);
    facts.entries = {entry("app", true)};
    return facts;
}

TEST(PoolerChecks, a_transaction_pooler_with_one_entry_passes_all) {
    const std::vector<PoolerFacts> poolers{pooler()};
    expect_ok(check_poolers_reachable(poolers));
    expect_ok(check_pool_mode(poolers));
    expect_ok(check_pooler_timeouts(poolers, std::chrono::seconds(5)));
    expect_ok(check_reuseport(poolers));
    expect_ok(check_entries(poolers, databases, false));
    EXPECT_EQ(check_poolers_reachable(poolers).summary, "poolers 1 of 1");
}

TEST(PoolerChecks, a_pooler_with_a_problem_has_one_finding_and_no_other) {
    auto sick = pooler();
    sick.problem = "does not answer on 127.0.0.1:6432.";
    sick.problem_fix = "start it";
    sick.query_wait_timeout = std::chrono::seconds(1);
    sick.so_reuseport = true;
    sick.entries.clear();
    const std::vector<PoolerFacts> poolers{sick};
    EXPECT_EQ(only(check_poolers_reachable(poolers), Level::error, "pgb1").fix, "start it");
    EXPECT_TRUE(check_pooler_timeouts(poolers, std::chrono::seconds(5)).findings.empty());
    EXPECT_TRUE(check_reuseport(poolers).findings.empty());
    EXPECT_TRUE(check_entries(poolers, databases, false).findings.empty());
    only(check_poolers_reachable({}), Level::warning, "");
}

TEST(PoolerChecks, session_pooling_of_a_user_is_a_warning) {
    auto facts = pooler();
    facts.session_users = {"batch"};
    EXPECT_EQ(only(check_pool_mode({facts}), Level::warning, "pgb1").object, "batch");
}

TEST(PoolerChecks, session_pooling_is_refused_and_statement_pooling_is_not) {
    auto facts = pooler();
    facts.entries[0].pool_mode = "session";
    EXPECT_EQ(only(check_pool_mode({facts}), Level::error, "pgb1").object, "app");
    facts.entries[0].pool_mode = "";
    facts.pool_mode = "session";
    only(check_pool_mode({facts}), Level::error, "pgb1");
    facts.entries[0].pool_mode = "statement";
    expect_ok(check_pool_mode({facts}));
    facts.entries.push_back(entry("admin", false));
    facts.entries[1].pool_mode = "session";
    expect_ok(check_pool_mode({facts}));
}

TEST(PoolerChecks, timeouts_that_end_clients_held_by_the_pause) {
    auto facts = pooler();
    facts.query_wait_timeout = std::chrono::seconds(3);
    const auto finding = only(check_pooler_timeouts({facts}, std::chrono::seconds(5)), Level::error, "pgb1");
    EXPECT_THAT(finding.message,
                HasSubstr("query_wait_timeout is 3 s, the pause budget 5 s. Clients held longer than 3 s"));
    EXPECT_THAT(finding.fix, HasSubstr("max_pause = \"2s\""));
    EXPECT_THAT(finding.fix, HasSubstr("query_wait_timeout = 30 in pgb1's file"));
    facts.query_wait_timeout = std::chrono::seconds(5);
    only(check_pooler_timeouts({facts}, std::chrono::seconds(5)), Level::error, "pgb1");
    facts.query_wait_timeout = {};
    expect_ok(check_pooler_timeouts({facts}, std::chrono::seconds(5)));
    facts.query_timeout = std::chrono::seconds(4);
    EXPECT_EQ(only(check_pooler_timeouts({facts}, std::chrono::seconds(5)), Level::warning, "pgb1").object,
              "query_timeout");
}

TEST(PoolerChecks, so_reuseport_hides_processes_unless_each_is_named_by_its_socket) {
    auto facts = pooler();
    facts.so_reuseport = true;
    facts.port = "6432";
    facts.socket_admin = "host=/run/pgb1 port=6432";
    only(check_reuseport({facts}), Level::error, "pgb1");
    facts.processes = 1;
    only(check_reuseport({facts}), Level::info, "pgb1");
    facts.processes = 2;
    EXPECT_THAT(only(check_reuseport({facts}), Level::error, "pgb1").fix,
                HasSubstr("admin = \"host=/run/pgb1 port=6432\""));
    facts.own_socket = true;
    EXPECT_THAT(only(check_reuseport({facts}), Level::error, "pgb1").message,
                HasSubstr("of which 1 are named"));
    auto second = facts;
    second.name = "pgb2";
    EXPECT_THAT(check_reuseport({facts, second}).findings,
                ::testing::Each(::testing::Field(&Finding::level, Level::info)));
    second.port = "6433"; // shares another port
    EXPECT_EQ(check_reuseport({facts, second}).findings.at(0).level, Level::error);
    facts.processes = 0; // in another network namespace, say
    only(check_reuseport({facts}), Level::warning, "pgb1");
}

TEST(PoolerChecks, a_client_that_replicates_keeps_pause_from_draining) {
    auto facts = pooler();
    facts.replication_clients = {{"app", "o'hara"}};
    const auto finding = only(check_pool_mode({facts}), Level::warning, "pgb1");
    EXPECT_EQ(finding.object, "app");
    EXPECT_THAT(finding.fix, HasSubstr("usename = 'o''hara' AND application_name NOT LIKE 'pgteal%';"));
}

TEST(PoolerChecks, an_alias_or_star_left_on_blue_is_refused) {
    auto facts = pooler();
    facts.entries.push_back(entry("app_ro", false));
    EXPECT_THAT(only(check_entries({facts}, databases, false), Level::error, "pgb1").message,
                HasSubstr("stay behind on blue"));
    facts.entries[1].points_at_blue = false;
    expect_ok(check_entries({facts}, databases, false));
    facts.entries[1] = entry("*", false);
    facts.entries[1].star = true;
    EXPECT_EQ(only(check_entries({facts}, databases, false), Level::error, "pgb1").object, "*");
}

TEST(PoolerChecks, an_entry_of_a_database_outside_the_run_is_said_to_stay_and_write) {
    auto facts = pooler();
    facts.entries.push_back(entry("other", false));
    facts.entries[1].database = "other";
    const auto finding = only(check_entries({facts}, databases, false), Level::error, "pgb1");
    EXPECT_THAT(finding.message, HasSubstr("stay on blue and go on writing there"));
    EXPECT_THAT(finding.message, ::testing::Not(HasSubstr("takes no writes")));
    EXPECT_THAT(finding.fix, HasSubstr("name = \"other\""));
    EXPECT_EQ(
        only(check_entries({facts}, databases, false, {"other-entries"}), Level::warning, "pgb1").object,
        "other");
    facts.entries[1].wanted = true; // no list in pgteal.toml, so it is moved with the others
    EXPECT_THAT(only(check_entries({facts}, databases, false, {"other-entries"}), Level::error, "pgb1").fix,
                HasSubstr("entries = [\"app\"] in [[pooler]] pgb1"));
}

TEST(PoolerChecks, no_advice_takes_the_maintenance_database_into_the_run) {
    auto facts = pooler();
    facts.entries.push_back(entry("postgres", false));
    facts.entries[1].database = "postgres";
    const auto finding = only(check_entries({facts}, databases, false), Level::error, "pgb1");
    EXPECT_THAT(finding.fix, ::testing::Not(HasSubstr("[[database]]")));
    EXPECT_THAT(finding.fix, HasSubstr("accept = [\"other-entries\"]"));
}

TEST(PoolerChecks, an_entry_that_can_not_be_told_from_blue_is_refused) {
    auto facts = pooler();
    facts.entries.push_back(entry("loc", false));
    facts.entries[1].host = "db.internal";
    facts.entries[1].points_at_blue = false;
    facts.entries[1].doubt = "the name db.internal can't be resolved";
    const auto finding = only(check_entries({facts}, databases, false), Level::error, "pgb1");
    EXPECT_EQ(finding.object, "loc");
    EXPECT_THAT(finding.message, HasSubstr("db.internal:5432: the name db.internal can't be resolved"));
}

TEST(PoolerChecks, a_database_of_the_run_without_any_entry_is_refused) {
    const std::vector<std::string> two{"app", "shop"};
    const auto finding = only(check_entries({pooler()}, two, false), Level::error, "");
    EXPECT_EQ(finding.object, "shop");
    only(check_entries({pooler()}, two, true), Level::warning, "");
    auto second = pooler();
    second.name = "pgb2";
    second.entries = {entry("shop", true)};
    second.entries[0].database = "shop";
    expect_ok(check_entries({pooler(), second}, two, false));
    auto sick = second;
    sick.problem = "does not answer";
    expect_ok(check_entries({pooler(), sick}, two, false));
}

TEST(PoolerChecks, wanted_entries_that_are_unknown_or_elsewhere) {
    auto facts = pooler();
    PoolerFacts::Entry missing;
    missing.name = "shop";
    missing.wanted = true;
    facts.entries.push_back(missing);
    EXPECT_THAT(only(check_entries({facts}, databases, false), Level::error, "pgb1").message,
                HasSubstr("has no entry shop; it has: app"));

    facts = pooler();
    facts.entries[0].points_at_blue = false;
    EXPECT_THAT(only(check_entries({facts}, databases, false), Level::error, "pgb1").message,
                HasSubstr("not blue"));
    expect_ok(check_entries({facts}, databases, true));

    facts = pooler();
    facts.entries[0].database = "shop";
    EXPECT_THAT(only(check_entries({facts}, databases, false), Level::error, "pgb1").message,
                HasSubstr("database shop"));

    facts.entries.clear();
    only(check_entries({facts}, databases, false), Level::error, "pgb1");
}

} // namespace
} // namespace pgteal::health
