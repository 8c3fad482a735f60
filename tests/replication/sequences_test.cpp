#include "replication/sequence/sequences.hpp"

#include <random>

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace pgteal::replication {
namespace {

/// A sequence as the server counts (source: sequence.c, nextval_internal).
std::optional<std::int64_t> next(Sequence& sequence) {
    if (!sequence.called) {
        sequence.called = true;
        return sequence.last;
    }
    const bool up = sequence.increment > 0;
    const std::int64_t room = up ? sequence.maximum - sequence.last : sequence.last - sequence.minimum;
    if (room < std::abs(sequence.increment)) {
        if (!sequence.cycle) {
            return std::nullopt;
        }
        sequence.last = up ? sequence.minimum : sequence.maximum;
    } else {
        sequence.last += sequence.increment;
    }
    return sequence.last;
}

Sequence started(std::int64_t increment, std::int64_t minimum, std::int64_t maximum) {
    return {"public", "s", increment > 0 ? minimum : maximum, false, increment, minimum, maximum, false};
}

Sequence after_carry(const Sequence& from, const Sequence& to) {
    const Carry moves = carry({from}, {to});
    EXPECT_TRUE(moves.problems.empty());
    return moves.set.empty() ? to : moves.set.front();
}

} // namespace

TEST(Carry, NeverGivesAValueTwiceHoweverOftenSidesSwap) {
    std::mt19937 random(7);
    for (int round = 0; round < 3000; ++round) {
        const std::int64_t step = std::uniform_int_distribution<std::int64_t>(1, 5)(random);
        const bool up = random() % 2 == 0;
        Sequence serving = started(up ? step : -step, -20, 32);
        Sequence standing = serving;
        std::set<std::int64_t> seen;
        for (int turn = 0; turn < 4; ++turn) {
            for (auto calls = random() % 8; calls > 0; --calls) {
                if (const auto value = next(serving)) {
                    ASSERT_TRUE(seen.insert(*value).second)
                        << *value << " again, increment " << serving.increment;
                }
            }
            // Values drawn on the standing side by someone who should not have: they must not come again
            // either.
            if (random() % 4 == 0) {
                if (const auto value = next(standing); value && !seen.insert(*value).second) {
                    break;
                }
            }
            standing = after_carry(serving, standing);
            std::swap(serving, standing);
        }
    }
}

TEST(Carry, SetsNothingWhenBothStandAlike) {
    const Sequence sequence{"public", "s", 5, true, 1, 1, 100, false};
    const Carry moves = carry({sequence}, {sequence});
    EXPECT_TRUE(moves.set.empty());
    EXPECT_EQ(moves.total, 1);
}

TEST(Carry, NeverMovesBackWhatWentFurther) {
    const Sequence behind{"public", "s", 5, true, 1, 1, 100, false};
    Sequence ahead = behind;
    ahead.last = 9;
    EXPECT_TRUE(carry({behind}, {ahead}).set.empty());
    EXPECT_EQ(carry({ahead}, {behind}).set, std::vector<Sequence>{ahead});
}

TEST(Carry, FurtherIsLowerForOneThatDescends) {
    const Sequence low{"public", "s", -7, true, -1, -100, -1, false};
    Sequence high = low;
    high.last = -3;
    EXPECT_EQ(carry({low}, {high}).set, std::vector<Sequence>{low});
    EXPECT_TRUE(carry({high}, {low}).set.empty());
}

TEST(Carry, ACalledValueIsFurtherThanTheSameToCome) {
    const Sequence called{"public", "s", 1, true, 1, 1, 100, false};
    Sequence fresh = called;
    fresh.called = false;
    EXPECT_EQ(carry({called}, {fresh}).set, std::vector<Sequence>{called});
    EXPECT_TRUE(carry({fresh}, {called}).set.empty());
}

TEST(Carry, AValuePutThereByHandIsCarried) {
    const Sequence placed{"public", "s", 100, false, 1, 1, 1000, false};
    const Sequence fresh{"public", "s", 1, false, 1, 1, 1000, false};
    EXPECT_EQ(carry({placed}, {fresh}).set, std::vector<Sequence>{placed});
}

TEST(Carry, CyclicOnesStandWhereTheServingSideStands) {
    const Sequence wrapped{"public", "s", 2, true, 1, 1, 10, true};
    Sequence late = wrapped;
    late.last = 9;
    EXPECT_EQ(carry({wrapped}, {late}).set, std::vector<Sequence>{wrapped});
    EXPECT_TRUE(carry({wrapped}, {wrapped}).set.empty());
}

TEST(Carry, KeepsBoundsAndIncrementOfTheOtherSide) {
    const Sequence narrow{"public", "s", 2147483647, true, 1, 1, 2147483647, false};
    const Sequence wide{"public", "s", 1, false, 10, 1, INT64_MAX, false};
    const Carry moves = carry({narrow}, {wide});
    EXPECT_EQ(moves.set, (std::vector<Sequence>{{"public", "s", 2147483647, true, 10, 1, INT64_MAX, false}}));
}

TEST(Carry, SaysWhatCanNotBeCarried) {
    const Sequence source{"public", "s", 40000, true, 1, 1, 100000, false};
    Sequence small = source;
    small.last = 1;
    small.maximum = 32767;
    Sequence backward = source;
    backward.last = 1;
    backward.increment = -1;
    EXPECT_EQ(carry({source}, {small}).problems.at(0).reason,
              "public.s on blue stands at 40000, outside its bounds on green (1 to 32767)");
    EXPECT_EQ(carry({source}, {small}).problems.at(0).fix,
              "ALTER SEQUENCE \"public\".\"s\" AS bigint MAXVALUE 9223372036854775807");
    EXPECT_EQ(carry({source}, {backward}).problems.at(0).reason,
              "it counts by 1 on blue, and public.s on green, which follows it, the other way, by -1");
    EXPECT_EQ(carry({source}, {backward}).problems.at(0).fix,
              "ALTER SEQUENCE \"public\".\"s\" INCREMENT BY 1");
    EXPECT_EQ(carry({source}, {small}).problems.at(0).sequence, "public.s");
    EXPECT_TRUE(carry({source}, {small}).set.empty());
}

TEST(Carry, LeavesAloneWhatAMigrationAddedToGreenOnTheWayBack) {
    const Sequence shared{"public", "s", 7, true, 1, 1, 100, false};
    Sequence behind = shared;
    behind.last = 3;
    const Sequence added{"public", "labels_id_seq", 4, true, 1, 1, 100, false};
    const Carry back = carry({added, shared}, {behind}, true);
    EXPECT_TRUE(back.problems.empty());
    EXPECT_EQ(back.set, std::vector<Sequence>{shared});
    EXPECT_EQ(back.total, 1);
    EXPECT_TRUE(back.notes.empty());
    EXPECT_EQ(carry({added, shared}, {behind}).notes,
              std::vector<std::string>{"sequence public.labels_id_seq stays behind: it is not on green"});
}

TEST(Carry, IgnoresWhatOnlyTheOtherSideHas) {
    const Sequence other{"public", "other", 4, true, 1, 1, 10, false};
    const Carry moves = carry({}, {other});
    EXPECT_TRUE(moves.set.empty() && moves.problems.empty());
    EXPECT_EQ(moves.total, 0);
}

TEST(SetSequences, TakesNamesAsTheyAreThroughJson) {
    const std::string json = to_json({{"a'b", "c\"d", INT64_MIN, true, -1, INT64_MIN, -1, false}});
    const auto value = boost::json::parse(json);
    EXPECT_EQ(value.at(0).at("schema").as_string(), "a'b");
    EXPECT_EQ(value.at(0).at("name").as_string(), "c\"d");
    EXPECT_EQ(value.at(0).at("last").as_int64(), INT64_MIN);
    EXPECT_EQ(set_sequences("app").text.needs(), (std::set<std::string, std::less<>>{"sequences_app"}));
    EXPECT_FALSE(set_sequences("my-app").text.needs().contains("sequences_my-app"));
}

} // namespace pgteal::replication
