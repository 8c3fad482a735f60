#include "replication/sequence/sequence_ahead.hpp"

#include <limits>

#include <gmock/gmock.h>

namespace pgteal::replication {

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr auto largest = std::numeric_limits<std::int64_t>::max();
constexpr auto smallest = std::numeric_limits<std::int64_t>::min();

Sequence at(std::int64_t last, bool called, std::int64_t maximum = largest, std::int64_t increment = 1) {
    return {"public", "s", last, called, increment, increment > 0 ? 1 : smallest, maximum, false};
}

CarryPlan same_names() {
    CarryPlan plan;
    plan.from = "blue";
    plan.to = "green";
    plan.pairs.push_back({{"public", "s"}, {"public", "s"}});
    return plan;
}

std::vector<Sequence> moved(const Sequence& blue, const Sequence& green) {
    return set_ahead({blue}, {green}, same_names());
}

} // namespace

TEST(SequenceAhead, is_a_million_values_beyond_the_clients) {
    EXPECT_THAT(moved(at(100, true), at(1, false)), ElementsAre(at(100 + least_ahead, true)));
    EXPECT_THAT(moved(at(1, false), at(1, false)), ElementsAre(at(1 + least_ahead, true)));
    EXPECT_THAT(moved(at(100, true, largest, 10), at(1, false, largest, 10)),
                ElementsAre(at(100 + least_ahead * 10, true, largest, 10)));
}

TEST(SequenceAhead, is_more_where_clients_are_quick) {
    constexpr std::int64_t billion = 1'000'000'000;
    EXPECT_THAT(moved(at(billion + 1, true), at(1, false)),
                ElementsAre(at(billion + billion / 100 + 1, true)));
    EXPECT_THAT(moved(at(100 * billion, true), at(1, false)),
                ElementsAre(at(100 * billion + most_ahead, true)));
}

TEST(SequenceAhead, leaves_most_of_a_small_ones_values) {
    EXPECT_THAT(moved(at(0, true, 32767), at(1, false, 32767)), ElementsAre(at(1 + 32766 / 20, true, 32767)));
    EXPECT_THAT(moved(at(32760, true, 32767), at(1, false, 32767)), ElementsAre(at(32760, true, 32767)));
    EXPECT_THAT(moved(at(largest, true), at(1, false)), ElementsAre(at(largest, true)));
    EXPECT_THAT(moved(at(100000, true), at(1, false, 32767)), ElementsAre(at(32767, true, 32767)));
}

TEST(SequenceAhead, goes_the_way_that_the_sequence_counts) {
    EXPECT_THAT(moved(at(-5, true, -1, -1), at(-1, false, -1, -1)),
                ElementsAre(at(-5 - least_ahead, true, -1, -1)));
    EXPECT_THAT(moved(at(smallest + 1, true, -1, -1), at(-1, false, -1, -1)),
                ElementsAre(at(smallest + 1, true, -1, -1)));
    EXPECT_THAT(moved(at(5, true), at(-1, false, -1, -1)), IsEmpty());
}

// What an interrupted attempt set; rows may have its values.
TEST(SequenceAhead, stays_where_it_is_far_enough_already) {
    EXPECT_THAT(moved(at(5000, true), at(100 + least_ahead + 7, true)), IsEmpty());
    EXPECT_THAT(moved(at(100 + least_ahead, true), at(100 + least_ahead + 7, true)),
                ElementsAre(at(100 + 2 * least_ahead, true)));
}

TEST(SequenceAhead, leaves_out_cyclic_ones_and_strangers) {
    auto round = at(5, true);
    round.cycle = true;
    EXPECT_THAT(moved(at(5, true), round), IsEmpty());
    EXPECT_THAT(set_ahead({at(5, true)}, {at(1, false)}, CarryPlan()), IsEmpty());
}

TEST(SequenceAhead, goes_back_where_nobody_took_a_value) {
    const auto before = at(1, false);
    const auto set = at(1 + least_ahead, true);
    EXPECT_THAT(set_back({before}, {set}, {set}), ElementsAre(before));
    EXPECT_THAT(set_back({before}, {set}, {at(2 + least_ahead, true)}), IsEmpty());
    EXPECT_THAT(set_back({before}, {set}, {}), IsEmpty()); // a migration dropped it
    auto renamed = set;
    renamed.name = "other";
    auto back = before;
    back.name = "other";
    EXPECT_THAT(set_back({before}, {set}, {renamed}), ElementsAre(back));
    EXPECT_THAT(set_back({before}, {set}, {set, renamed}), ElementsAre(before)); // not the same one
    renamed.last = 7;
    EXPECT_THAT(set_back({before}, {set}, {renamed}), IsEmpty());
}

} // namespace pgteal::replication
