#include "health/schema/copy_checks.hpp"

#include "facts_fixture.hpp"

namespace pgteal::health {
namespace {

using namespace testing_support;
using ::testing::HasSubstr;

std::vector<DatabaseFacts> with(std::vector<CopiedRow> rows) {
    auto databases = app();
    databases[0].copied = std::move(rows);
    return databases;
}

TEST(Copyable, hash_partitions_by_an_enum_and_huge_values_are_errors) {
    expect_ok(check_copyable(app()));
    EXPECT_THAT(
        only(check_copyable(with({{"hash of enum", "public.t", "k public.mood"}})), Level::error, "blue")
            .message,
        HasSubstr("hash of k public.mood"));
    auto databases = app();
    databases[0].huge = {"public.files"};
    EXPECT_EQ(only(check_copyable(databases), Level::error, "blue").object, "app: public.files");
    databases[0].huge.clear();
    databases[0].unlooked = {"public.files"};
    only(check_copyable(databases), Level::info, "blue");
}

TEST(NewerValues, matter_between_the_majors_only) {
    const auto databases = with({{"newer interval", "public.t", "i"}});
    only(check_newer_values(databases, 15, 17), Level::info, "green");
    expect_ok(check_newer_values(databases, 17, 18));
    expect_ok(check_newer_values(databases, 15, 16));
    only(check_newer_values(with({{"newer numeric", "public.t", "n"}}), 13, 14), Level::info, "green");
}

TEST(TypeOids, are_told_by_type) {
    EXPECT_THAT(only(check_type_oids(with({{"type", "mood", "enum"}})), Level::info, "green").message,
                HasSubstr("mood (enum)"));
    expect_ok(check_type_oids(app()));
}

class LaneTimeouts : public testing::Test {
protected:
    LaneTimeouts() {
        for (auto* side : {&b, &g}) {
            side->client_settings["lock_timeout"] = {"lock_timeout", "integer", "ms", "0", false};
        }
        g.client_settings["transaction_timeout"] = {"transaction_timeout", "integer", "ms", "0", false};
    }
    CheckResult judged() { return check_lane_timeouts(b, &g, app()); }

    ServerFacts b = blue();
    ServerFacts g = green();
};

TEST_F(LaneTimeouts, of_the_server_and_of_the_database_are_overruled_by_our_role) {
    expect_ok(judged());
    g.client_settings["transaction_timeout"].value = "1min";
    EXPECT_EQ(only(judged(), Level::error, "green").fix,
              "on green:  ALTER ROLE \"pgteal\" SET transaction_timeout = 0;");
    g.stored_settings.push_back({"pgteal", "", "transaction_timeout", "0"});
    expect_ok(judged());
    g.stored_settings.push_back({"pgteal", "app", "transaction_timeout", "5s"});
    EXPECT_EQ(
        only(judged(), Level::error, "green").fix,
        "on green:  ALTER ROLE \"pgteal\" SET transaction_timeout = 0;  ALTER ROLE \"pgteal\" IN DATABASE "
        "\"app\" RESET transaction_timeout;");
}

TEST_F(LaneTimeouts, of_blues_database_come_to_green_and_other_roles_don_t_matter) {
    b.stored_settings = {{"app", "", "lock_timeout", "1s"}};
    expect_ok(judged());
    b.stored_settings = {{"", "app", "lock_timeout", "1s"}};
    EXPECT_EQ(judged().findings.size(), 2U);
    b.stored_settings.push_back({"pgteal", "", "lock_timeout", "0ms"}); // is not carried
    only(judged(), Level::error, "green");
    g.stored_settings.push_back({"pgteal", "", "lock_timeout", "0"});
    expect_ok(judged());
}

} // namespace
} // namespace pgteal::health
