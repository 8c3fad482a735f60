#include "health/settings/client_settings.hpp"

#include "facts_fixture.hpp"
#include "health/settings/settings_checks.hpp"

namespace pgteal::health {
namespace {

using namespace testing_support;
using ::testing::HasSubstr;
using ::testing::Not;

class ClientSettings : public testing::Test {
protected:
    static ClientSetting of(const std::string& name, const std::string& type, const std::string& value,
                            const std::string& unit = {}) {
        return {name, type, unit, value, true};
    }
    void both(const std::string& key, const ClientSetting& there, const ClientSetting& here) {
        b.client_settings[key] = there;
        g.client_settings[key] = here;
    }
    CheckResult judged(bool run_started = false) { return check_client_settings(b, g, {"app"}, run_started); }

    ServerFacts b = blue();
    ServerFacts g = green();
};

TEST_F(ClientSettings, are_one_however_they_are_written) {
    both("statement_timeout", of("statement_timeout", "integer", "5min", "ms"),
         of("statement_timeout", "integer", "300000", "ms"));
    both("lock_timeout", of("lock_timeout", "integer", "0", "ms"), of("lock_timeout", "integer", "0s", "ms"));
    both("row_security", of("row_security", "bool", "yes"), of("row_security", "bool", "on"));
    both("datestyle", of("DateStyle", "string", "iso, mdy"), of("DateStyle", "string", "ISO, MDY"));
    both("timezone", of("TimeZone", "string", "Etc/UTC"), of("TimeZone", "string", "UTC"));
    both("search_path", of("search_path", "string", "\"$user\",public"),
         of("search_path", "string", "\"$user\", public"));
    expect_ok(judged());
}

TEST_F(ClientSettings, that_differ_are_one_warning_with_what_carries_them) {
    both("timezone", of("TimeZone", "string", "Europe/Berlin"), of("TimeZone", "string", "Etc/UTC"));
    both("search_path", of("search_path", "string", "\"$user\", app"),
         of("search_path", "string", "\"$user\", public"));
    both("statement_timeout", of("statement_timeout", "integer", "5min", "ms"),
         of("statement_timeout", "integer", "0", "ms"));
    const auto finding = only(judged(), Level::warning, "green");
    EXPECT_EQ(finding.object, "app");
    EXPECT_THAT(finding.message, HasSubstr("TimeZone Europe/Berlin -> Etc/UTC"));
    EXPECT_THAT(finding.message, HasSubstr("statement_timeout 5min -> 0"));
    EXPECT_EQ(finding.fix, "on blue, and prepare carries it:  ALTER DATABASE \"app\" SET \"search_path\" TO "
                           "'$user', 'app';  ALTER DATABASE \"app\" SET \"statement_timeout\" TO '5min';  "
                           "ALTER DATABASE \"app\" SET \"TimeZone\" TO 'Europe/Berlin';");
    EXPECT_THAT(only(judged(true), Level::warning, "green").fix, HasSubstr("on blue and on green:  ALTER"));
}

TEST_F(ClientSettings, of_a_database_or_of_all_roles_overrule_the_files) {
    both("timezone", of("TimeZone", "string", "Europe/Berlin"), of("TimeZone", "string", "Etc/UTC"));
    b.stored_settings = {{"somebody", "", "TimeZone", "Asia/Tokyo"}, {"", "shop", "TimeZone", "UTC"}};
    only(judged(), Level::warning, "green");
    b.stored_settings.push_back({"", "app", "TimeZone", "Europe/Berlin"});
    expect_ok(judged());
    b.stored_settings = {{"", "", "TimeZone", "Europe/Berlin"}};
    expect_ok(judged());
}

TEST_F(ClientSettings, that_one_side_does_not_know_matter_when_somebody_set_them) {
    g.client_settings["transaction_timeout"] = {"transaction_timeout", "integer", "ms", "0", false};
    expect_ok(judged());
    g.client_settings["transaction_timeout"] = of("transaction_timeout", "integer", "1min", "ms");
    const auto finding = only(judged(), Level::warning, "green");
    EXPECT_THAT(finding.message, HasSubstr("transaction_timeout (unknown there) -> 1min"));
    EXPECT_THAT(finding.fix, Not(HasSubstr("ALTER DATABASE")));
    EXPECT_THAT(finding.fix, HasSubstr("of transaction_timeout"));
}

TEST_F(ClientSettings, of_applications_are_named_and_not_shown) {
    b.client_settings["app.token"] = of("app.token", "string", "hunter2");
    const auto finding = only(judged(), Level::warning, "green");
    EXPECT_THAT(finding.message, HasSubstr("app.token"));
    EXPECT_THAT(finding.message + finding.fix, Not(HasSubstr("hunter2")));
}

TEST_F(ClientSettings, that_decide_plans_are_told_and_defaults_are_not) {
    both("random_page_cost", {"random_page_cost", "real", "", "4", false},
         {"random_page_cost", "real", "", "3", false});
    expect_ok(judged());
    both("work_mem", of("work_mem", "integer", "64MB", "kB"), of("work_mem", "integer", "65536", "kB"));
    expect_ok(judged());
    both("work_mem", of("work_mem", "integer", "64MB", "kB"), {"work_mem", "integer", "kB", "4096", false});
    const auto finding = only(judged(), Level::info, "green");
    EXPECT_THAT(finding.message, HasSubstr("work_mem 64MB -> 4096 kB"));
}

TEST_F(ClientSettings, that_make_green_read_only_are_an_error) {
    g.client_settings["default_transaction_read_only"] = of("default_transaction_read_only", "bool", "on");
    EXPECT_THAT(only(judged(), Level::error, "green").fix,
                HasSubstr("ALTER SYSTEM SET default_transaction_read_only = off;"));
}

TEST(Libraries, that_green_does_not_load_are_named_with_the_whole_list) {
    auto b = blue();
    auto g = green();
    b.settings["shared_preload_libraries"] = "pg_stat_statements, pgaudit";
    g.settings["shared_preload_libraries"] = "pg_stat_statements";
    EXPECT_THAT(
        only(check_libraries(b, g), Level::warning, "green").fix,
        HasSubstr("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements', 'pgaudit';  then "
                  "restart green."));
    g.settings["session_preload_libraries"] = "$libdir/pgaudit"; // another way to the same
    expect_ok(check_libraries(b, g));
}

TEST(StoredSettings, that_green_refuses_are_errors_with_the_statement_that_takes_them_back) {
    SettingTrials trials;
    trials.tried = 2;
    expect_ok(check_stored_settings(trials));
    trials.refused = {{{{"o'wner x", "", "old", "on"}, {"", "app", "old", "on"}}, "unrecognized parameter"}};
    const auto findings = check_stored_settings(trials).findings;
    ASSERT_EQ(findings.size(), 2U);
    EXPECT_EQ(findings[0].fix, "on blue:  ALTER ROLE \"o'wner x\" RESET \"old\";");
    EXPECT_EQ(findings[1].fix, "on blue:  ALTER DATABASE \"app\" RESET \"old\";");
    trials.refused = {{{{"r", "app", "session_preload_libraries", "x"}}, "could not access file \"x\""}};
    EXPECT_THAT(check_stored_settings(trials).findings.at(0).fix,
                HasSubstr("ALTER ROLE \"r\" IN DATABASE \"app\" RESET"));
}

} // namespace
} // namespace pgteal::health
