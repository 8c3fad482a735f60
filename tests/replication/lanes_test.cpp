#include "replication/lane/lanes.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "replication/lane/lane_names.hpp"
#include "replication/marker/markers.hpp"

namespace pgteal::replication {
namespace {

PublishedTable table(std::string schema, std::string name, std::vector<std::string> columns, bool all) {
    PublishedTable published;
    published.table.schema = std::move(schema);
    published.table.name = std::move(name);
    published.columns = std::move(columns);
    published.all_columns = all;
    return published;
}

bool fits_a_slot(const std::string& name) {
    return name.size() <= 63 &&
           name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
}

} // namespace

TEST(LaneNames, ArePlainWhereNothingIsLost) {
    EXPECT_EQ((Lane{"app", "shop", 2, "green"}.object()), "pgteal_app_shop_2_green");
    EXPECT_EQ((Lane{"app", "my_shop", 1, "blue"}.object()), "pgteal_app_my_shop_1_blue");
    EXPECT_EQ((Lane{"app", "shop", 2, "green"}.name()), "shop.2");
    EXPECT_EQ((Lane{"app", "shop", 2, "green"}.marker_table()), "pgteal.marker_2");
}

TEST(LaneNames, FitASlotWhateverTheRunAndDatabaseAreCalled) {
    const std::vector<std::string> odd{"app-15-to-17", "App", "datenbank für ä", "", std::string(200, 'x'),
                                       "a\"b'c",       "x_y"};
    std::set<std::string> all;
    for (const std::string& run : odd) {
        for (const std::string& database : odd) {
            const std::string name = Lane{run, database, 64, "green"}.object();
            EXPECT_TRUE(fits_a_slot(name)) << name;
            EXPECT_TRUE(is_lane_object(name, run, database)) << name;
            EXPECT_TRUE(all.insert(name).second) << name;
        }
    }
}

TEST(LaneNames, StayTheSameForEver) {
    // These are in catalogs of running servers: a new version of pgteal has to find them.
    EXPECT_EQ((Lane{"app-15-to-17", "app", 1, "blue"}.object()), "pgteal_app_15_to_17_4decb9_app_1_blue");
}

TEST(LaneNames, OfOtherRunsAndDatabasesAreNotOurs) {
    const std::string name = Lane{"a", "b_c", 1, "blue"}.object();
    EXPECT_NE(name, (Lane{"a_b", "c", 1, "blue"}.object()));
    EXPECT_FALSE(is_lane_object(name, "a", "b"));
    EXPECT_FALSE(is_lane_object(name, "a_b", "c"));
    EXPECT_FALSE(is_lane_object("pgteal_a_b_c_1_red", "a", "b_c"));
    EXPECT_FALSE(is_lane_object("pgteal_a_b_c_1", "a", "b_c"));
    EXPECT_FALSE(is_lane_object("pgteal_a_b_c__blue", "a", "b_c"));
    EXPECT_TRUE(is_lane_object("pgteal_a_b_c_17_blue", "a", "b_c"));
}

TEST(Bindings, OfADatabaseAreNamesThatPsqlTakes) {
    EXPECT_EQ(binding_for("insert", "app"), "insert_app");
    EXPECT_EQ(binding_for("insert", "a_database_with_quite_a_long_name"),
              "insert_a_database_with_quite_a_long_name");
    EXPECT_TRUE(fits_a_slot(binding_for("insert", "My-App")));
    EXPECT_NE(binding_for("insert", "My-App"), binding_for("insert", "my_app"));
    EXPECT_EQ(await_markers("app", 1, "barrier", std::chrono::seconds(1)).gives,
              (std::vector<std::string>{"insert_app", "flush_app"}));
}

TEST(Publication, ListsColumnsOnlyWhereTheSidesDiffer) {
    const postgres::Statement statement =
        create_publication({"app", "shop", 1, "green"}, {table("public", "t", {"id", "v"}, true),
                                                         table("s", "Odd", {"id", "a\"b"}, false)});
    EXPECT_EQ(statement.database, "shop");
    EXPECT_EQ(statement.text.display(),
              "CREATE PUBLICATION \"pgteal_app_shop_1_green\" FOR TABLE\n  pgteal.marker_1,\n  ONLY "
              "\"public\".\"t\",\n  ONLY \"s\".\"Odd\" (\"id\", \"a\"\"b\")");
}

TEST(Publication, IsRefusedWhenAnOldPublisherWouldNeedAColumnList) {
    const Lane lane{"app", "shop", 1, "blue"};
    EXPECT_NO_THROW(create_publication(lane, {table("public", "t", {"id"}, true)}, 140011));
    try {
        create_publication(lane, {table("public", "t", {"id"}, false)}, 140011);
        FAIL() << "no error";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::refused);
        EXPECT_EQ(error.side(), "blue");
        EXPECT_NE(std::string(error.what()).find("public.t"), std::string::npos);
        EXPECT_NE(std::string(error.what()).find("PostgreSQL 14"), std::string::npos);
        EXPECT_FALSE(error.hint().empty());
    }
}

TEST(Subscription, KeepsItsConnectionStringOutOfTheText) {
    const postgres::Statement statement = create_subscription({"app", "shop", 1, "blue"});
    EXPECT_NE(statement.text.display().find("CONNECTION :'conninfo_blue'"), std::string::npos);
    EXPECT_NE(statement.text.display().find("copy_data = false, enabled = false"), std::string::npos);
}

TEST(Tokens, OnlyEverGrow) {
    std::int64_t last = 0;
    for (int i = 0; i < 10000; ++i) {
        const std::int64_t token = next_token();
        ASSERT_GT(token, last);
        last = token;
    }
}

} // namespace pgteal::replication
