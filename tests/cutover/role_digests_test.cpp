#include "cutover/gate/role_digests.hpp"

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgteal::cutover {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

replication::Roles server(std::vector<replication::Role> roles) {
    replication::Roles result;
    result.roles = std::move(roles);
    result.bootstrap = "postgres";
    result.version = 170000;
    return result;
}

replication::Role role(const std::string& name) {
    replication::Role result;
    result.name = name;
    return result;
}

TEST(RoleDigests, say_what_changed_and_hold_no_secret) {
    auto app = role("app");
    app.password = "SCRAM-SHA-256$4096:salt$stored:key";
    app.comment = "of someone";
    const auto was = role_digests(server({app, role("gone")}));
    EXPECT_EQ(boost::json::serialize(was).find("salt"), std::string::npos);
    EXPECT_EQ(boost::json::serialize(was).find("someone"), std::string::npos);
    EXPECT_THAT(changes_since(was, server({app})), IsEmpty());

    app.comment.clear();
    app.create_db = true;
    const auto now = server({app, role("fresh")});
    const auto changes = changes_since(was, now);
    ASSERT_EQ(changes.size(), 2U);
    EXPECT_FALSE(changes.at("app").whole);
    EXPECT_THAT(changes.at("app").parts, ElementsAre("COMMENT", "CREATEDB"));
    EXPECT_TRUE(changes.at("fresh").whole);

    auto noted = was;
    note_changes(&noted, changes, now);
    EXPECT_THAT(changes_since(noted, now), IsEmpty());
}

// What was recorded otherwise, or not at all, is not known.
TEST(RoleDigests, of_another_form_count_as_none) {
    const boost::json::object recorded{{"app", "0123456789abcdef"}};
    EXPECT_TRUE(changes_since(recorded, server({role("app")})).at("app").whole);
}

} // namespace
} // namespace pgteal::cutover
