// What the catalogs say against a lane, in words that lead on.
#include "replication/marker/lane_watch.hpp"

#include <gmock/gmock.h>

namespace pgteal::replication {
namespace {

using testing::HasSubstr;

const Lane lane{"run", "app", 1, "blue"};

LaneState running() {
    LaneState state;
    state.publication = state.slot = state.subscription = state.enabled = state.worker = true;
    state.slot_status = "reserved";
    return state;
}

TEST(LaneFailure, IsNoneWhileALaneRunsOrItsWorkerIsJustAway) {
    auto state = running();
    EXPECT_FALSE(failure_of(lane, state, "green").has_value());
    state.worker = false;
    EXPECT_FALSE(failure_of(lane, state, "green").has_value());
}

TEST(LaneFailure, NamesWhatIsMissingAndWhere) {
    const auto missing = [](bool LaneState::*part) {
        auto state = running();
        state.*part = false;
        return *failure_of(lane, state, "green");
    };
    EXPECT_EQ(missing(&LaneState::publication).side, "blue");
    EXPECT_THAT(missing(&LaneState::publication).message, HasSubstr("publication " + lane.object()));
    EXPECT_EQ(missing(&LaneState::slot).side, "blue");
    EXPECT_THAT(missing(&LaneState::slot).message, HasSubstr("slot " + lane.object()));
    EXPECT_EQ(missing(&LaneState::subscription).side, "green");
    EXPECT_THAT(missing(&LaneState::subscription).message, HasSubstr("lane app.1 (blue > green)"));
    EXPECT_THAT(missing(&LaneState::subscription).hint, HasSubstr("pgteal prepare"));
    EXPECT_EQ(missing(&LaneState::enabled).side, "green");
    EXPECT_THAT(missing(&LaneState::enabled).hint,
                HasSubstr("ALTER SUBSCRIPTION \"" + lane.object() + "\" ENABLE"));
}

TEST(LaneFailure, TellsLostWal) {
    auto state = running();
    state.slot_status = "lost";
    const auto failure = failure_of(lane, state, "green");
    ASSERT_TRUE(failure.has_value());
    EXPECT_EQ(failure->side, "blue");
    EXPECT_THAT(failure->message, HasSubstr("max_slot_wal_keep_size"));
}

} // namespace
} // namespace pgteal::replication
