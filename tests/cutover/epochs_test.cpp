#include "cutover/look/epochs.hpp"

#include "tests/cutover/toy.hpp"

namespace pgteal::cutover {
namespace {

SeenRow row(Side side, const std::string& run_id, std::int64_t epoch) {
    return {side, "app", RunRow{!run_id.empty(), run_id, epoch, "blue"}};
}

TEST(Epochs, OfTheJournalOrBelowAreFine) {
    EXPECT_FALSE(judge_epochs({}, "run-1", 1));
    EXPECT_FALSE(judge_epochs({row(Side::blue, "run-1", 2), row(Side::green, "run-1", 1)}, "run-1", 2));
    EXPECT_FALSE(judge_epochs({row(Side::blue, "run-1", 1), row(Side::green, "", 0)}, "run-1", 1));
}

TEST(Epochs, BeyondTheJournalAreAnotherControllers) {
    const auto refusal =
        judge_epochs({row(Side::blue, "run-1", 1), row(Side::green, "run-1", 2)}, "run-1", 1);
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->side, "green");
    EXPECT_THAT(refusal->message, testing::HasSubstr("database app on green is at epoch 2"));
    EXPECT_THAT(refusal->hint, testing::HasSubstr("newest"));
}

TEST(Epochs, OfAnotherRunAreNotOurs) {
    const auto refusal = judge_epochs({row(Side::blue, "run-2", 1)}, "run-1", 1);
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->side, "blue");
    EXPECT_THAT(refusal->message, testing::HasSubstr("another run"));
}

} // namespace
} // namespace pgteal::cutover
