#include "cutover/cli/touched.hpp"

#include "tests/cutover/toy.hpp"

namespace pgteal::cutover {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

Event event(std::int64_t seq, EventKind kind, int actions = 0) {
    Event made;
    made.seq = seq;
    made.step = "freeze-ddl";
    made.kind = kind;
    boost::json::array list;
    for (int i = 0; i < actions; ++i) {
        list.push_back(boost::json::object{{"where", "blue/app"}, {"what", "SELECT 1"}});
    }
    made.body["actions"] = std::move(list);
    return made;
}

TEST(Touched, IsWhatThisControllerMeantToDo) {
    EXPECT_FALSE(touched_by({}, 1));
    EXPECT_FALSE(touched_by({event(1, EventKind::done), event(2, EventKind::intent)}, 1))
        << "a step with nothing to do";
    EXPECT_FALSE(touched_by({event(1, EventKind::intent, 2), event(2, EventKind::done)}, 2))
        << "another controller's";
    EXPECT_FALSE(touched_by({event(1, EventKind::approved)}, 1));
    for (const auto kind : {EventKind::intent, EventKind::undoing, EventKind::begun, EventKind::switched,
                            EventKind::run_begun, EventKind::removing, EventKind::finishing}) {
        EXPECT_TRUE(touched_by({event(7, kind, 1)}, 7)) << to_string(kind);
    }
}

TEST(Consequence, IsSaidByWhatWasTouchedAlone) {
    Progress rests;
    rests.active = rests.prepared = true;
    Progress preparing = rests;
    preparing.prepared = false;
    Progress held = rests;
    held.attempt = Attempt{};
    EXPECT_EQ(consequence(Exit::refused, false, rests), "Nothing was changed; clients are served as before.");
    EXPECT_EQ(consequence(Exit::failed, false, preparing),
              "Nothing was changed; clients are served as before.");
    EXPECT_EQ(consequence(Exit::refused, false, std::nullopt), "Nothing was changed.");
    EXPECT_THAT(consequence(Exit::refused, false, held), HasSubstr("clients may be held"));
    EXPECT_EQ(consequence(Exit::failed, true, rests), "Clients are served by the same side as before.");
    EXPECT_THAT(
        consequence(Exit::failed, true, preparing),
        HasSubstr("What was made stays: pgteal prepare goes on with it, pgteal abort takes it away."));
    EXPECT_THAT(consequence(Exit::interrupted, true, held), StartsWith("Clients may be held"));
}

} // namespace
} // namespace pgteal::cutover
