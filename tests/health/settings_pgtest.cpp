// What the servers' files, roles and databases set, planted on real servers; each advice is typed, and helps.
#include "health/settings/settings_trial.hpp"

#include "preflight_run.hpp"

namespace pgteal::health {
namespace {

using namespace testing_support;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::vector<std::string> of_files{"TimeZone",
                                        "DateStyle",
                                        "IntervalStyle",
                                        "bytea_output",
                                        "default_text_search_config",
                                        "default_transaction_isolation",
                                        "statement_timeout",
                                        "search_path",
                                        "idle_session_timeout"};

/// Until the server has read its files: pg_reload_conf() only asks for it.
Task<Results> check_until(std::string database, std::string check, bool found) {
    Results results;
    for (int i = 0; i < 100; ++i) {
        auto input = input_for({database});
        results = co_await run_preflight(std::move(input));
        if (lines(results, check).empty() != found) {
            break;
        }
        co_await sleep_for(std::chrono::milliseconds(100));
    }
    co_return results;
}

/// Runs the statements of "on blue…:  A;  B;" on that side.
Task<void> type_in(std::string fix) {
    const auto colon = fix.find(":  ");
    std::string side = fix.starts_with("on green") ? "green" : "blue";
    fix.erase(0, colon + 3);
    for (auto end = fix.find(";  "); !fix.empty(); end = fix.find(";  ")) {
        std::string statement = fix.substr(0, end);
        fix.erase(0, end == std::string::npos ? end : end + 3);
        co_await run_sql(side, "postgres", std::move(statement));
    }
}

Task<std::string> own_settings(std::string database) {
    postgres::Server blue("blue", support::shared_lab().dsn("blue"));
    const postgres::Params params{std::move(database)};
    const auto result = co_await blue.exec(
        "",
        "SELECT string_agg(c, '|' ORDER BY c COLLATE \"C\") FROM pg_catalog.pg_db_role_setting s, "
        "pg_catalog.unnest(s.setconfig) c, pg_catalog.pg_database d "
        "WHERE d.oid = s.setdatabase AND d.datname = $1 AND s.setrole = 0",
        params, soon());
    co_return std::string(result.text(0, 0));
}

CO_TEST(Settings, of_the_configuration_files_are_compared_and_carried) {
    std::string create = "CREATE DATABASE plant_files OWNER app";
    co_await run_sql("blue", "postgres", std::move(create));
    const auto before = co_await check_until("plant_files", "session-settings", false);
    EXPECT_THAT(lines(before, "session-settings"), IsEmpty());
    const std::vector<std::string> values{"'Asia/Tokyo'",
                                          "'SQL, DMY'",
                                          "iso_8601",
                                          "escape",
                                          "'pg_catalog.german'",
                                          "'repeatable read'",
                                          "'5min'",
                                          "'$user', 'app space', public",
                                          "'1h'"};
    for (std::size_t i = 0; i < values.size(); ++i) {
        std::string sql = "ALTER SYSTEM SET " + of_files[i] + " TO " + values[i];
        co_await run_sql("blue", "postgres", std::move(sql));
    }
    std::string reload = "SELECT pg_reload_conf()";
    co_await run_sql("blue", "postgres", reload);
    const auto found = co_await check_until("plant_files", "session-settings", true);
    EXPECT_THAT(lines(found, "session-settings"), ElementsAre("warning green plant_files"));
    const auto& finding = found.at("session-settings").findings.at(0);
    for (const auto& name : of_files) {
        EXPECT_THAT(finding.message, HasSubstr(name + " "));
        EXPECT_THAT(finding.fix, HasSubstr("\"" + name + "\" TO "));
    }
    co_await type_in(finding.fix);
    const auto mended = co_await check_until("plant_files", "session-settings", false);
    EXPECT_THAT(lines(mended, "session-settings"), IsEmpty());
    for (const auto& name : of_files) {
        std::string sql = "ALTER SYSTEM RESET " + name;
        co_await run_sql("blue", "postgres", std::move(sql));
    }
    co_await run_sql("blue", "postgres", reload);
    // And the lines say what the files said.
    const auto rows = co_await own_settings("plant_files");
    EXPECT_EQ(rows, "DateStyle=SQL, DMY|IntervalStyle=iso_8601|TimeZone=Asia/Tokyo|bytea_output=escape|"
                    "default_text_search_config=pg_catalog.german|"
                    "default_transaction_isolation=repeatable read|idle_session_timeout=1h|"
                    "search_path=\"$user\", \"app space\", public|statement_timeout=5min");
}

CO_TEST(Settings, of_roles_and_databases_are_tried_on_green) {
    std::string create = "CREATE DATABASE plant_stored OWNER app";
    co_await run_sql("blue", "postgres", std::move(create));
    std::string plant =
        "CREATE ROLE preloads LOGIN; ALTER ROLE preloads SET session_preload_libraries = 'no_such_library', "
        "'auto_explain'; ALTER ROLE preloads IN DATABASE plant_stored SET local_preload_libraries = "
        "'nor_this';"
        "ALTER ROLE preloads SET work_mem = '64MB'; ALTER DATABASE plant_stored SET app.tenant = 'x';"
        "ALTER DATABASE plant_stored SET default_text_search_config = 'public.comes_later';"
        "ALTER ROLE preloads SET statement_timeout = '1ms'; ALTER ROLE preloads SET log_min_messages = "
        "'debug5'; GRANT SET ON PARAMETER old_snapshot_threshold TO preloads WITH GRANT OPTION";
    co_await run_sql("blue", "postgres", std::move(plant));
    auto input = input_for({"plant_stored"});
    const auto found = co_await run_preflight(input);
    EXPECT_THAT(lines(found, "stored-settings"),
                ElementsAre("error green role preloads in database plant_stored", "error green role preloads",
                            "error blue parameter old_snapshot_threshold"));
    std::vector<std::string> fixes;
    for (const auto& finding : found.at("stored-settings").findings) {
        EXPECT_THAT(finding.message,
                    HasSubstr(finding.side == "green" ? "could not access file" : "old_snapshot"));
        fixes.push_back(finding.fix.substr(0, finding.fix.find("  or ")));
    }
    for (const auto& fix : fixes) {
        co_await type_in(fix);
    }
    const auto mended = co_await run_preflight(input);
    EXPECT_THAT(lines(mended, "stored-settings"), IsEmpty());
    std::string drop = "DROP DATABASE plant_stored";
    co_await run_sql("blue", "postgres", std::move(drop));
    std::string role = "DROP ROLE preloads";
    co_await run_sql("blue", "postgres", std::move(role));
}

CO_TEST(Settings, that_a_newer_major_does_not_know_are_found) {
    postgres::Server green("green", support::shared_lab().dsn("green"));
    std::vector<StoredSetting> stored{{"a", "", "operator_precedence_warning", "on"}, // up to 13
                                      {"", "app", "vacuum_cleanup_index_scale_factor", "0.1"},
                                      {"b", "", "TimeZone", "Europe/Nowhere"},
                                      {"c", "", "transaction_timeout", "1ms"},
                                      {"d", "", "work_mem", "8MB"},
                                      // There is one, and it is not where a login would take it from.
                                      {"e", "", "local_preload_libraries", "$libdir/auto_explain"},
                                      {"f", "", "local_preload_libraries", "/usr/lib/../auto_explain"},
                                      {"g", "", "session_preload_libraries", "$libdir/auto_explain"}};
    std::vector<ParameterGrant> grants{{"old_snapshot_threshold", "a"}, {"work_mem", "b"}, {"app.x", "c"}};
    const auto trials = co_await try_settings(green, std::move(stored), std::move(grants), soon());
    EXPECT_EQ(trials.problem, "");
    EXPECT_EQ(trials.tried, 7U);
    EXPECT_EQ(trials.unknown.size(), 1U);
    EXPECT_EQ(trials.unknown.at(0).name, "old_snapshot_threshold");
    std::vector<std::string> names;
    for (const auto& one : trials.refused) {
        names.push_back(one.stored.at(0).name);
    }
    EXPECT_THAT(names,
                ElementsAre("local_preload_libraries", "local_preload_libraries",
                            "operator_precedence_warning", "TimeZone", "vacuum_cleanup_index_scale_factor"));
}

} // namespace
} // namespace pgteal::health
