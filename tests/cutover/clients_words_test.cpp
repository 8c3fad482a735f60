#include "cutover/cli/work.hpp"
#include "cutover/switchover/switchover.hpp"

#include "tests/cutover/toy.hpp"

namespace pgteal::cutover {
namespace {

TEST(ClientsWords, SayWhatWasSeenOfThem) {
    SwitchoverResult result;
    result.outcome = "interrupted";
    result.serving = Side::green;
    EXPECT_EQ(clients_words(result), "") << "they may be held";
    result.turned = true;
    EXPECT_EQ(clients_words(result), "No client was seen to get through to green; blue follows it.");
    result.served = true;
    EXPECT_EQ(clients_words(result), "Clients go on, on green, and blue follows it.");
    result.waiting = {"role etl through entry app of pgb1"};
    EXPECT_EQ(
        clients_words(result),
        "Clients go on, on green, but for those of role etl through entry app of pgb1, and blue follows it.");
    result = {};
    result.outcome = "switched";
    result.serving = Side::green;
    EXPECT_EQ(clients_words(result), "No client was seen to get through to green.");
    result.served = true;
    EXPECT_EQ(clients_words(result), "Clients go on, on green.");
}

} // namespace
} // namespace pgteal::cutover
