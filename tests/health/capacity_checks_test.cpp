#include "health/settings/capacity_checks.hpp"

#include "facts_fixture.hpp"

namespace pgteal::health {
namespace {

using namespace testing_support;
using ::testing::HasSubstr;

class Capacity : public testing::Test {
protected:
    Capacity() {
        for (auto* side : {&b, &g}) {
            side->settings["max_connections"] = "100";
            side->settings["max_locks_per_transaction"] = "64";
        }
    }
    CheckResult judged(const std::vector<std::string>& accept = {}) {
        return check_capacity(b, g, databases, accept);
    }

    ServerFacts b = blue();
    ServerFacts g = green();
    std::vector<DatabaseFacts> databases = app();
};

TEST_F(Capacity, is_enough_where_green_has_as_much) {
    databases[0].tables = 3200;
    expect_ok(judged());
    g.settings["max_connections"] = "200";
    g.settings["max_prepared_transactions"] = "10";
    expect_ok(judged());
}

TEST_F(Capacity, of_two_phase_transactions) {
    b.settings["max_prepared_transactions"] = "50";
    const auto none = only(judged(), Level::error, "green");
    EXPECT_THAT(none.message, HasSubstr("every PREPARE TRANSACTION of clients fails"));
    EXPECT_EQ(none.fix, "ALTER SYSTEM SET max_prepared_transactions = 50;  then restart green.");
    only(judged({"capacity"}), Level::warning, "green");
    g.settings["max_prepared_transactions"] = "10";
    only(judged(), Level::warning, "green");
}

TEST_F(Capacity, of_connections) {
    g.settings["max_connections"] = "40";
    databases[0].tables = 1;
    EXPECT_EQ(only(judged(), Level::warning, "green").fix,
              "ALTER SYSTEM SET max_connections = 100;  then restart green.");
}

TEST_F(Capacity, of_locks) {
    databases[0].tables = 6400;
    g.settings["max_locks_per_transaction"] = "1024";
    const auto few = only(judged(), Level::error, "blue");
    EXPECT_THAT(few.message, HasSubstr("6400 tables, and blue has room for 6400 locks"));
    EXPECT_EQ(few.fix, "ALTER SYSTEM SET max_locks_per_transaction = 192;  then restart blue.");
    databases[0].tables = 5000;
    only(judged(), Level::warning, "blue");
    b.settings["max_locks_per_transaction"] = "192"; // what the fix says
    expect_ok(judged());
}

} // namespace
} // namespace pgteal::health
