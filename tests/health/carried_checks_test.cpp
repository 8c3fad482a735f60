#include "health/schema/carried_checks.hpp"

#include "facts_fixture.hpp"
#include "health/schema/catalogs.hpp"

namespace pgteal::health {
namespace {

using namespace testing_support;
using ::testing::HasSubstr;

PoolerFacts::Entry entry(const std::string& database, const std::string& address, bool on_a_side) {
    PoolerFacts::Entry one{"app_ro", "", "db3.internal", "5432", database};
    one.addresses = {address};
    one.points_at_a_side = on_a_side;
    return one;
}

CheckResult judge(const PoolerFacts::Entry& one, const std::vector<std::string>& accept = {}) {
    auto facts = blue();
    facts.standbys = {"10.0.0.6"};
    PoolerFacts pooler;
    pooler.name = "pgb1";
    pooler.entries = {one};
    return check_standby_entries(facts, {pooler}, {"app"}, accept);
}

TEST(StandbyEntries, OneThatLeadsToAStandbyOfBlueWouldGoStale) {
    const auto found = only(judge(entry("app", "10.0.0.6", false)), Level::error, "pgb1");
    EXPECT_THAT(found.message, HasSubstr("db3.internal:5432, where a standby of blue runs"));
    only(judge(entry("app", "10.0.0.6", false), {"standby-entries"}), Level::warning, "pgb1");
    expect_ok(judge(entry("app", "10.0.0.6", true)));
    expect_ok(judge(entry("app", "10.0.0.7", false)));
    expect_ok(judge(entry("other", "10.0.0.6", false)));
}

TEST(Catalogs, OneThatIsNotKnownIsNamed) {
    auto facts = green();
    facts.catalogs = {"pg_class", "pg_shadow_realm"};
    EXPECT_THAT(only(check_catalogs({&facts}), Level::warning, "green").message,
                HasSubstr("pg_shadow_realm"));
    facts.catalogs = {"pg_class"};
    expect_ok(check_catalogs({&facts}));
}

TEST(Catalogs, WhatNothingCarriesHasACheck) {
    for (const auto& one : catalogs()) {
        if (one.carrier == Carrier::check) {
            EXPECT_NE(one.check, "") << one.name;
        }
    }
}

} // namespace
} // namespace pgteal::health
