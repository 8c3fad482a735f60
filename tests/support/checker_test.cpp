// The checker has to find planted damage in the tables, and nothing where there is none.
#include <gtest/gtest.h>

#include "tests/support/checker_world.hpp"

namespace pgteal::workload {
namespace {

TEST(Checker, FindsNothingInAFaultlessWorld) { EXPECT_TRUE(Busy().check().ok()) << to_text(Busy().check()); }

TEST(Checker, FindsALostRowOfEveryTable) {
    const std::vector<std::pair<std::string_view, Id Busy::*>> rows{{"events", &Busy::first_event},
                                                                    {"items", &Busy::kept},
                                                                    {"tombstones", &Busy::gone},
                                                                    {"keyed", &Busy::key},
                                                                    {"toasted", &Busy::large}};
    for (const auto& [table, key] : rows) {
        Busy world;
        world.erase(table, world.*key);
        EXPECT_TRUE(found(world.check(), Verdict::lost, table)) << table;
    }
    Busy world;
    world.erase("draws", 1);
    EXPECT_TRUE(found(world.check(), Verdict::lost, "draws"));
}

TEST(Checker, FindsATransactionThatIsOnlyHalfThere) {
    Busy without_child;
    without_child.rows.table("children").pop_back();
    EXPECT_TRUE(found(without_child.check(), Verdict::lost, "children"));

    Busy without_parent;
    without_parent.erase("parents", without_parent.parent);
    const auto report = without_parent.check();
    EXPECT_TRUE(found(report, Verdict::lost, "parents"));
    EXPECT_TRUE(found(report, Verdict::wrong, "children", 2));

    Busy without_ledger;
    without_ledger.erase("transfers", without_ledger.moved);
    EXPECT_TRUE(found(without_ledger.check(), Verdict::lost, "transfers"));
    EXPECT_TRUE(found(without_ledger.check(), Verdict::wrong, "accounts", 2));
}

TEST(Checker, FindsAnAlteredBalance) {
    Busy world;
    ++world.find("accounts", 5).a;
    EXPECT_TRUE(found(world.check(), Verdict::wrong, "accounts", 2)) << "the account, and the total";
}

TEST(Checker, FindsACounterThatIsTooLowOrTooHigh) {
    Busy low;
    low.find("counters", 3).a = 0;
    EXPECT_TRUE(found(low.check(), Verdict::lost, "counters", 2));
    Busy high;
    high.find("counters", 3).a = 5;
    EXPECT_TRUE(found(high.check(), Verdict::duplicated, "counters", 3));
    Busy gone;
    gone.erase("counters", 16);
    EXPECT_TRUE(found(gone.check(), Verdict::lost, "counters"));
}

TEST(Checker, LetsAnUnknownIncrementBePresentOrAbsentButNotTwice) {
    for (const Id present : {0, 1, 2}) {
        Busy world;
        world.attempt(Kind::counter, Outcome::unknown, 4);
        world.find("counters", 4).a = present;
        EXPECT_EQ(world.check({.faults = true}).ok(), present < 2) << present;
    }
}

TEST(Checker, LetsAnUnknownRowBePresentOrAbsent) {
    Busy absent;
    absent.event(Outcome::unknown);
    EXPECT_TRUE(absent.check({.faults = true}).ok());
    Busy present;
    const Id op = present.event(Outcome::unknown);
    present.rows.table("events").push_back({op, op, blue});
    EXPECT_TRUE(present.check({.faults = true}).ok());
}

TEST(Checker, LetsAnUnknownDeleteBePresentOrAbsentButNotHalf) {
    for (const bool item_there : {false, true}) {
        for (const bool tombstone_there : {false, true}) {
            Busy world;
            const Op& op = world.attempt(Kind::remove, Outcome::unknown, world.kept);
            if (!item_there) {
                world.erase("items", world.kept);
            }
            if (tombstone_there) {
                world.row("tombstones", op, world.kept);
            }
            EXPECT_EQ(world.check({.faults = true}).ok(), item_there != tombstone_there);
        }
    }
}

TEST(Checker, LetsAnUnknownUpdateBePresentOrAbsentButNotOlder) {
    for (const bool applied : {false, true}) {
        Busy world;
        const Id op = world.attempt(Kind::touch, Outcome::unknown, world.large).id;
        if (applied) {
            world.find("toasted", world.large).op = op;
        }
        EXPECT_TRUE(world.check({.faults = true}).ok());
    }
    Busy older;
    older.find("toasted", older.large).op = older.last_touch - 1;
    EXPECT_TRUE(found(older.check(), Verdict::lost, "toasted"));
}

TEST(Checker, FindsAKeyThatDidNotChangeOrIsThereTwice) {
    Busy unchanged;
    auto& row = unchanged.find("keyed", unchanged.key);
    row.key = row.op = unchanged.key - 1;
    EXPECT_TRUE(found(unchanged.check(), Verdict::lost, "keyed"));
    Busy twice;
    twice.rows.table("keyed").push_back({twice.key - 1, twice.key - 1, blue});
    EXPECT_TRUE(found(twice.check(), Verdict::duplicated, "keyed"));
}

TEST(Checker, FindsADeletedRowThatIsBack) {
    Busy world;
    world.rows.table("items").push_back({world.gone, world.gone, blue});
    EXPECT_TRUE(found(world.check(), Verdict::wrong, "items"));
}

TEST(Checker, FindsARowThatNobodyAttemptedOrThatWasRejected) {
    Busy invented;
    invented.rows.table("events").push_back({5, 5, blue});
    EXPECT_TRUE(found(invented.check(), Verdict::wrong, "events"));
    Busy rejected;
    const Id op = rejected.event(Outcome::failed);
    rejected.rows.table("events").push_back({op, op, blue});
    EXPECT_TRUE(found(rejected.check(), Verdict::wrong, "events"));
}

TEST(Checker, FindsAlteredContent) {
    Busy world;
    world.find("toasted", world.large).intact = false;
    EXPECT_TRUE(found(world.check(), Verdict::wrong, "toasted"));
    Busy payload;
    payload.find("events", payload.first_event).intact = false;
    EXPECT_TRUE(found(payload.check(), Verdict::wrong, "events"));
}

TEST(Checker, FindsARowThatWasTakenByTheWrongSide) {
    Busy world;
    world.find("events", world.first_event).server = green;
    EXPECT_TRUE(found(world.check(), Verdict::wrong, "events"));
}

TEST(Checker, FindsARowInsertedTwice) {
    Busy world;
    auto copy = world.rows.table("transfers").front();
    copy.key += 1;
    world.rows.table("transfers").push_back(copy);
    EXPECT_TRUE(found(world.check(), Verdict::duplicated, "transfers"));
}

TEST(Checker, FindsASequenceValueThatWasReturnedTwice) {
    Busy stored;
    stored.draw(0, 2); // a ticket was given 2 before
    EXPECT_TRUE(found(stored.check(), Verdict::duplicated, "ticket"));

    Busy unlearned; // the client never saw the value, but its row holds one that another client was given
    const Op& op = unlearned.attempt(Kind::draw, Outcome::unknown, 1);
    unlearned.row("draws", op, 99, 1, 1);
    EXPECT_TRUE(found(unlearned.check({.faults = true}), Verdict::duplicated, "ticket_cached"));

    Busy other_sequence;
    other_sequence.draw(2, 2);
    EXPECT_TRUE(other_sequence.check().ok());
}

TEST(Checker, FindsAStaleReadAndARowThatItsOwnerCouldNotFind) {
    Busy stale;
    stale.read(stale.large);
    --stale.log.ops.back().r1;
    EXPECT_TRUE(found(stale.check(), Verdict::lost, "toasted"));
    Busy missing;
    missing.attempt(Kind::touch, Outcome::missing, missing.large);
    EXPECT_TRUE(found(missing.check(), Verdict::lost, "touch"));
}

TEST(Checker, FindsAnAnswerFromAServerThatIsNeitherSide) {
    Busy world;
    world.log.ops.front().server = 9;
    EXPECT_TRUE(found(world.check(), Verdict::wrong, "event", 2))
        << "the answer, and the row that says otherwise";
}

} // namespace
} // namespace pgteal::workload
