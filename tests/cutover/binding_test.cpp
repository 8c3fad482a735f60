// What a run is bound to.
#include <gmock/gmock.h>

#include "cutover/look/binding.hpp"

namespace pgteal::cutover {
namespace {

using testing::HasSubstr;

const Binding recorded{{{"blue", "11"}, {"green", "22"}}, {{"app", 1}, {"shop", 2}}};

std::string said(const Binding& now) {
    const auto refusal = judge_binding(recorded, now);
    return refusal ? refusal->side + ": " + refusal->message : "";
}

TEST(Binding, TheSameIsLetPass) { EXPECT_EQ(said(recorded), ""); }

TEST(Binding, AServerThatCannotBeReachedIsLetPass) {
    auto now = recorded;
    now.servers.erase("blue");
    EXPECT_EQ(said(now), "");
}

TEST(Binding, AnotherServerIsNamedWithItsSide) {
    auto now = recorded;
    now.servers["green"] = "11";
    EXPECT_THAT(said(now), HasSubstr("green: the config's green is not the server"));
    EXPECT_THAT(said(now), HasSubstr("was 22"));
}

TEST(Binding, DatabasesAndLanesStayAsTheyWere) {
    auto now = recorded;
    now.lanes["other"] = 1;
    EXPECT_THAT(said(now), HasSubstr("other was added"));
    now = recorded;
    now.lanes.erase("shop");
    EXPECT_THAT(said(now), HasSubstr("shop of the run is gone"));
    now = recorded;
    now.lanes["shop"] = 1;
    EXPECT_THAT(said(now), HasSubstr("lanes = 1 in the config; the run began with 2"));
}

} // namespace
} // namespace pgteal::cutover
