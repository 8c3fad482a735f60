#include "health/checks/green_checks.hpp"

#include "facts_fixture.hpp"

namespace pgteal::health {
namespace {

using namespace testing_support;
using ::testing::HasSubstr;

const std::vector<std::string> databases{"app"};

TEST(GreenChecks, an_empty_green_passes_all) {
    const auto b = blue();
    const auto g = green();
    expect_ok(check_databases(b, databases));
    expect_ok(check_green_empty({{"app", {}}}, false));
    expect_ok(check_locale(b, g, databases, {{"app", ""}}));
    expect_ok(check_collation_versions(b, g, databases));
    expect_ok(check_extensions(g, app()));
    expect_ok(check_tablespaces(b, g, app()));
    EXPECT_EQ(check_extensions(g, app()).summary, "extensions 1 of 1");
}

TEST(GreenChecks, databases_must_exist_on_blue_and_take_connections) {
    auto b = blue();
    const auto finding = only(check_databases(b, {"app", "shop"}), Level::error, "blue");
    EXPECT_EQ(finding.object, "shop");
    EXPECT_THAT(finding.message, HasSubstr("Blue has: postgres, app"));
    b.databases[1].usable = false;
    only(check_databases(b, databases), Level::error, "blue");
    only(check_databases(b, {}), Level::error, "");
}

TEST(GreenChecks, anything_a_user_made_on_green_is_in_the_way) {
    const std::vector<GreenDatabase> existing{{"app", {{"relation", "public.orders"}, {"schema", "audit"}}}};
    EXPECT_THAT(only(check_green_empty(existing, false), Level::error, "green").message,
                HasSubstr("relation public.orders, schema audit"));
    expect_ok(check_green_empty(existing, true));
}

TEST(GreenChecks, a_locale_that_green_lacks) {
    auto b = blue();
    auto g = green();
    const std::vector<LocaleTrial> trials{{"app", "could not create locale \"sv_SE\""}};
    EXPECT_THAT(only(check_locale(b, g, databases, trials), Level::error, "green").message,
                HasSubstr("sv_SE"));
    g.databases[0].encoding = "LATIN1";
    only(check_locale(b, g, databases, trials), Level::warning, "green");
}

TEST(GreenChecks, an_empty_database_on_green_must_be_as_on_blue) {
    auto b = blue();
    auto g = green();
    g.databases.push_back({"app", "LATIN1", "C", "C", "c", "", true, "pg_default"});
    EXPECT_THAT(only(check_locale(b, g, databases, {}), Level::error, "green").message, HasSubstr("LATIN1"));
    g.databases.back() = {"app", "UTF8", "C", "C", "c", "", true, "pg_default"};
    only(check_locale(b, g, databases, {}), Level::warning, "green");
    g.databases.back() = {"app", "UTF8", "C.UTF-8", "C.UTF-8", "i", "de", true, "pg_default"};
    EXPECT_THAT(only(check_locale(b, g, databases, {}), Level::warning, "green").message,
                HasSubstr("ICU de"));
}

TEST(GreenChecks, another_collation_version_orders_text_anew) {
    auto b = blue();
    auto g = green();
    b.collations = {"2.31", "153.14"};
    g.collations = {"2.36", "153.120"};
    expect_ok(check_collation_versions(b, g, databases));
    b.databases[1].collate = "de_DE.UTF-8";
    EXPECT_THAT(only(check_collation_versions(b, g, databases), Level::warning, "green").message,
                HasSubstr("2.31 on blue and 2.36"));
    b.databases[1].provider = "i";
    b.databases[1].locale = "de";
    EXPECT_THAT(only(check_collation_versions(b, g, databases), Level::warning, "green").message,
                HasSubstr("153.14 on blue and 153.120"));
    g.collations = {};
    expect_ok(check_collation_versions(b, g, databases));
}

TEST(GreenChecks, extensions_must_be_installed_on_green) {
    auto g = green();
    auto facts = app();
    facts[0].extensions.push_back({"postgis", "3.3.2", true});
    EXPECT_THAT(only(check_extensions(g, facts), Level::error, "green").fix,
                HasSubstr("postgis for PostgreSQL 17"));
    g.extensions["postgis"] = {"3.5.0", {"3.4.0", "3.5.0"}};
    EXPECT_THAT(only(check_extensions(g, facts), Level::warning, "green").message,
                HasSubstr("made as 3.5.0"));
    g.extensions["postgis"] = {"3.5.0", {"3.3.2", "3.5.0"}};
    expect_ok(check_extensions(g, facts));
}

TEST(GreenChecks, tablespaces_of_tables_and_of_the_database) {
    auto b = blue();
    auto g = green();
    auto facts = app();
    facts[0].tablespaces = {"fast"};
    b.databases[1].tablespace = "big";
    EXPECT_EQ(check_tablespaces(b, g, facts).findings.size(), 2U);
    g.tablespaces["big"] = "/srv/big";
    EXPECT_EQ(only(check_tablespaces(b, g, facts), Level::error, "green").object, "app: fast");
}

} // namespace
} // namespace pgteal::health
