#include "cutover/gate/gate.hpp"

#include "tests/cutover/toy.hpp"

namespace pgteal::cutover {
namespace {

TEST(ThirdServer, BehindAnEntryIsRefusedInBothDirections) {
    for (const auto move : {Move{Side::blue, Side::green, 2}, Move{Side::green, Side::blue, 3}}) {
        GateFacts facts;
        facts.move = move;
        facts.max_pause = std::chrono::seconds(5);
        GatePooler pooler;
        pooler.name = "pgb1";
        facts.poolers.push_back(pooler);
        EXPECT_TRUE(judge(facts).empty());
        facts.poolers[0].elsewhere =
            Refusal{"pgb1", "entry app answers from another server", "RECONNECT \"app\";"};
        const auto refusals = judge(facts);
        ASSERT_EQ(refusals.size(), 1U);
        EXPECT_EQ(refusals[0].hint, "RECONNECT \"app\";");
    }
}

} // namespace
} // namespace pgteal::cutover
