#include "health/logins/host_lists.hpp"

#include "facts_fixture.hpp"

namespace pgteal::health {
namespace {

using namespace testing_support;
using ::testing::HasSubstr;

TEST(HostLists, one_host_each_is_fine) {
    expect_ok(check_host_lists({{"green", "10.0.0.9", "5432", "10.0.0.9", ""}},
                               {{"pgb1", "app", "10.0.0.5", "10.0.0.5"}}));
    expect_ok(check_host_lists({{"green", "", "5432", "", ""}}, {{"pgb1", "app", "", ""}}));
}

TEST(HostLists, a_list_never_gets_into_an_entry) {
    const auto finding =
        only(check_host_lists({{"green", "g1,g2", "5432,5433", "g1", ""}}, {}), Level::error, "green");
    EXPECT_THAT(finding.fix, HasSubstr("pooler_host = \"g1\"  pooler_port = \"5432\""));
    only(check_host_lists({{"blue", "b1", "5432,5433", "b1", ""}}, {}), Level::error, "blue");
}

TEST(HostLists, lanes_need_the_server_that_writes) {
    only(check_host_lists({{"green", "g1", "5432", "g1,g2", ""}}, {}), Level::error, "green");
    only(check_host_lists({{"green", "g1", "5432", "g1,g2", "any"}}, {}), Level::error, "green");
    expect_ok(check_host_lists({{"green", "g1", "5432", "g1,g2", "primary"}}, {}));
}

TEST(HostLists, an_entry_of_today_that_takes_turns_is_refused) {
    const auto finding = only(check_host_lists({}, {{"pgb1", "app", "b1,b2", "b1"}}), Level::error, "pgb1");
    EXPECT_EQ(finding.object, "app");
    EXPECT_THAT(finding.fix, HasSubstr("host=b1"));
}

} // namespace
} // namespace pgteal::health
