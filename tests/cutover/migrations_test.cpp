// Where `migrate apply` may work, by where the run stands.
#include "cutover/migrations/migrations.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"

namespace pgteal::cutover {
namespace {

using migration::Phase;
using testing::HasSubstr;

Progress preparing() {
    Progress progress;
    progress.active = true;
    progress.run_id = "r";
    return progress;
}

Progress finished(Side serving) {
    Progress progress;
    progress.ever_finished = true;
    progress.serving = serving;
    progress.epoch = 2;
    return progress;
}

void refused(const Progress& progress, std::optional<Phase> asked, const std::string& why,
             const std::string& next) {
    try {
        where_to_apply(progress, asked);
        ADD_FAILURE() << "not refused: " << why;
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::wrong_state);
        EXPECT_THAT(error.what(), HasSubstr(why));
        EXPECT_THAT(error.hint(), HasSubstr(next));
    }
}

TEST(WhereToApply, ExpandFilesGoToGreenWhileItIsPrepared) {
    for (const auto asked : {std::optional<Phase>(), std::optional(Phase::expand)}) {
        const auto place = where_to_apply(preparing(), asked);
        EXPECT_EQ(place.side, Side::green);
        EXPECT_EQ(place.phase, Phase::expand);
        EXPECT_TRUE(place.in_run);
        refused(Progress{}, asked, "there is none", "pgteal prepare");
        auto prepared = preparing();
        prepared.prepared = true;
        refused(prepared, asked, "the run is prepared", "pgteal abort");
        prepared.epoch = 2;
        prepared.serving = Side::green;
        refused(prepared, asked, "green serves already", "pgteal finish");
        prepared.epoch = 3;
        prepared.serving = Side::blue;
        refused(prepared, asked, "blue serves already", "pgteal finish");
    }
    refused(finished(Side::green), Phase::expand, "not where clients are", "a next run");
}

TEST(WhereToApply, ContractFilesWaitForTheEnd) {
    refused(Progress{}, Phase::contract, "this run has not begun", "pgteal prepare");
    refused(preparing(), Phase::contract, "contract files wait until finish",
            "pgteal migrate apply --phase contract");
    auto moved = preparing();
    moved.prepared = true;
    moved.epoch = 2;
    moved.serving = Side::green;
    refused(moved, Phase::contract, "blue stands with the schema", "pgteal finish when you are sure");
    moved.finishing = true;
    refused(moved, Phase::contract, "was interrupted", "pgteal resume");
    for (const auto side : {Side::green, Side::blue}) {
        for (const auto asked : {std::optional<Phase>(), std::optional(Phase::contract)}) {
            const auto place = where_to_apply(finished(side), asked);
            EXPECT_EQ(place.side, side);
            EXPECT_EQ(place.phase, Phase::contract);
            EXPECT_FALSE(place.in_run);
        }
    }
}

TEST(LeftOut, IsTheToolsOwnTable) {
    Config config;
    EXPECT_EQ(left_out(config), "");
    config.migrate.history = "flyway";
    EXPECT_EQ(left_out(config), "public.flyway_schema_history");
    config.migrate.history = "pgteal";
    config.migrate.history_table = "public.alembic_version";
    EXPECT_EQ(left_out(config), "");
    config.migrate.command = {"alembic", "upgrade", "head"};
    EXPECT_EQ(left_out(config), "public.alembic_version");
}

} // namespace
} // namespace pgteal::cutover
