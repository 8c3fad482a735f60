// What a run records of itself and of the poolers, and the SQL of the switch record and the fence.
#include "cutover/engine/context.hpp"
#include "cutover/fence/run_row.hpp"
#include "tests/cutover/toy.hpp"

namespace pgteal::cutover {
namespace {

using testing::HasSubstr;

TEST(RunRow, BeginsWithBlueServingAtEpochOne) {
    const auto statement = insert_run_row("Odd \"name\"");
    EXPECT_EQ(statement.database, "Odd \"name\"");
    const postgres::Bindings values{{"run_id", {"it's-1", false}}, {"run_name", {"shop", false}}};
    const auto text = postgres::bind(statement.text, values);
    EXPECT_THAT(text, HasSubstr("SELECT 'it''s-1', 'shop', 1, 'blue'"));
    EXPECT_THAT(text, HasSubstr("ON CONFLICT (one) DO UPDATE"));
    EXPECT_TRUE(statement.gives.empty());
}

TEST(Fence, QuotesDatabaseNamesWhateverTheyAre) {
    const std::vector<std::pair<std::string, std::string>> names{
        {"app", "\"app\""},
        {"Shop", "\"Shop\""},
        {"my db", "\"my db\""},
        {"a\"b", "\"a\"\"b\""},
        {"x; DROP DATABASE y", "\"x; DROP DATABASE y\""},
        {"back\\slash", "\"back\\slash\""},
        {"it's", "\"it's\""},
        {"user", "\"user\""},
        {"d\u00fcne", "\"d\u00fcne\""},
        {"50%", "\"50%\""},
        {"{}", "\"{}\""},
    };
    for (const auto& [name, quoted] : names) {
        EXPECT_EQ(raise_fence_text(name), "ALTER DATABASE " + quoted +
                                              " SET default_transaction_read_only = on; ALTER DATABASE " +
                                              quoted + " CONNECTION LIMIT 0");
        EXPECT_EQ(lift_fence_text(name, -1), "ALTER DATABASE " + quoted +
                                                 " RESET default_transaction_read_only; ALTER DATABASE " +
                                                 quoted + " CONNECTION LIMIT -1");
    }
    EXPECT_THAT(lift_fence_text("app", 100), HasSubstr("CONNECTION LIMIT 100"));
}

PoolerBaseline baseline() {
    PoolerBaseline one;
    one.name = "pgb1";
    one.path = "/etc/pgbouncer/pgbouncer.ini";
    one.hash = "abc";
    one.entries["app"] = {"10.0.0.5", "5432", "app"};
    one.entries["odd \"entry\""] = {"", "5432", "Odd name"};
    return one;
}

TEST(Baselines, ComeBackFromTheJournalAsTheyWere) {
    auto journal = Journal::scratch();
    EXPECT_TRUE(recorded_poolers(journal).empty());
    auto second = baseline();
    second.name = "pgb2";
    second.entries.clear();
    record_poolers(journal, {baseline(), second});
    const auto found = recorded_poolers(journal);
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].name, "pgb1");
    EXPECT_EQ(found[0].path, "/etc/pgbouncer/pgbouncer.ini");
    EXPECT_EQ(found[0].hash, "abc");
    EXPECT_EQ(found[0].entries, baseline().entries);
    EXPECT_EQ(found[1].name, "pgb2");
    EXPECT_TRUE(found[1].entries.empty());
    record_poolers(journal, {baseline()});
    EXPECT_EQ(recorded_poolers(journal).size(), 2U) << "one that is not named is not forgotten";
    journal.remember(facts::poolers_left_out, {"pgb2"});
    EXPECT_EQ(recorded_poolers(journal).size(), 1U);
    EXPECT_EQ(every_recorded_pooler(journal).size(), 2U);
}

TEST(Targets, AreTheFilesOwnWordsForBlueAndTheConfigsForGreen) {
    auto config = parse_config(toys::small_config, "toy.toml");
    const auto blue = targets_for(config, Side::blue, baseline());
    EXPECT_EQ(blue, baseline().entries);
    const auto green = targets_for(config, Side::green, baseline());
    ASSERT_EQ(green.size(), 2U);
    EXPECT_EQ(green.at("app"), (pooler::Target{"10.0.0.9", "6543", "app"}));
    EXPECT_EQ(green.at("odd \"entry\""), (pooler::Target{"10.0.0.9", "6543", "Odd name"}));
    config.green.pooler_host = "green.internal";
    config.green.pooler_port = "7000";
    EXPECT_EQ(target_for(config, Side::green, {"10.0.0.5", "5432", "app"}),
              (pooler::Target{"green.internal", "7000", "app"}));
}

TEST(Estate, GivesEachDatabaseItsLanesInBothDirections) {
    auto text = toys::small_config;
    text.insert(text.find("[[pooler]]"), "lanes = 2\n[[database]]\nname = \"shop\"\n");
    const auto estate = toys::estate_of(text);
    std::vector<std::string> names;
    for (const auto& lane : estate->lanes(Side::green)) {
        EXPECT_EQ(lane.run, "toy");
        EXPECT_EQ(lane.publisher, "green");
        names.push_back(lane.name());
    }
    EXPECT_THAT(names, testing::ElementsAre("app.1", "app.2", "shop.1"));
    EXPECT_EQ(estate->lanes(Side::blue, "app").size(), 2U);
    EXPECT_EQ(toys::error_of([&] { static_cast<void>(estate->lanes(Side::blue, "nothing")); }).code(),
              ErrorCode::internal);
    EXPECT_EQ(toys::error_of([&] { static_cast<void>(estate->pooler("nothing")); }).code(),
              ErrorCode::internal);
    EXPECT_EQ(estate->pooler("pgb1").config.name, "pgb1");
}

TEST(Actions, AreDescribedWordForWordWithoutSecrets) {
    const auto estate = toys::estate_of(toys::small_config);
    auto secret =
        sql(Side::green,
            {"app", "CREATE SUBSCRIPTION x CONNECTION " + postgres::late_literal("conninfo_blue"), {}});
    EXPECT_EQ(describe(secret),
              (Description{"green/app", "CREATE SUBSCRIPTION x CONNECTION :'conninfo_blue'"}));
    EXPECT_EQ(describe(sql(Side::blue, {"", "SELECT 1", {}})).where, "blue");
    EXPECT_EQ(describe(Action{PoolerCommand{"pgb1", PoolerCommand::Kind::pause, "app"}, 0}),
              (Description{"pgb1", "PAUSE app"}));
    EXPECT_EQ(describe(Action{RecordSwitch{Side::green, 2}, 0}),
              (Description{"controller", "journal: epoch 2, green serves"}));
    EXPECT_EQ(describe(Action{VerifyPooler{"pgb1", {{"app", {"h", "1", "d"}}}}, 0}),
              (Description{"pgb1", "SHOW DATABASES must say: app -> host=h port=1 dbname=d"}));
}

TEST(Actions, OnlyPausesOfOnePoolerDoNotWaitForEachOther) {
    const auto queue = [](PoolerCommand::Kind kind, const std::string& entry) {
        return queue_of(Action{PoolerCommand{"pgb1", kind, entry}, 0});
    };
    EXPECT_NE(queue(PoolerCommand::Kind::pause, "a"), queue(PoolerCommand::Kind::pause, "b"));
    EXPECT_EQ(queue(PoolerCommand::Kind::resume, "a"), queue(PoolerCommand::Kind::resume, "b"));
    EXPECT_EQ(queue(PoolerCommand::Kind::reload, ""), queue(PoolerCommand::Kind::raise_shield, ""));
    EXPECT_EQ(queue_of(Action{InstallConfig{"pgb1", "/p", {}}, 0}), queue(PoolerCommand::Kind::reload, ""));
}

} // namespace
} // namespace pgteal::cutover
