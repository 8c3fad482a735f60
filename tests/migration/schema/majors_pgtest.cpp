// One schema on majors that are far apart; scripts/test has scripts/setup install them.
#include "tests/migration/schema/world.hpp"

namespace pgteal::migration::schema {

namespace {

class Majors : public testing::TestWithParam<std::pair<const char*, const char*>> {};

void run_sql(const postgres::Dsn& dsn, const std::string& text) {
    pqxx::connection connection(dsn.conninfo());
    pqxx::nontransaction(connection).exec(text);
}

Task<std::vector<std::string>> no_scratch(std::string name) {
    throw Error(ErrorCode::internal, "", name + " is not needed: the parser can tell");
    co_return std::vector<std::string>{};
}

Task<void> compare_into(const support::Lab* lab, Report* report) {
    postgres::Server blue("blue", lab->dsn("blue"));
    postgres::Server green("green", lab->dsn("green"));
    Request request{blue, green, "app", "", {}, {}, no_scratch, {}, {}, {}};
    *report = co_await drift(std::move(request), after(std::chrono::seconds(60)));
}

} // namespace

TEST_P(Majors, show_no_drift_for_the_same_schema) {
    const auto& [blue, green] = GetParam();
    const support::Lab lab({"--blue", blue, "--green", green, "--scale", "0", "--poolers", "0"});
    run_sql(lab.dsn("green").with_database("postgres"), "CREATE ROLE app LOGIN");
    run_sql(lab.dsn("green").with_database("postgres"), "CREATE DATABASE app OWNER app");
    for (const auto* side : {"blue", "green"}) {
        run_sql(lab.dsn(side).with_database("app"), rich_schema());
    }
    Report report;
    run_here([&] { return compare_into(&lab, &report); });
    EXPECT_TRUE(report.remarks.empty()) << report.remarks.front();
    for (const auto& one : report.drift) {
        ADD_FAILURE() << one.kind << " " << one.object << " " << one.what << "\n"
                      << one.blue.value_or("-") << "\n"
                      << one.green.value_or("-");
    }
    EXPECT_GT(report.blue_objects, 100U);
    // Only an extension may have another version.
    for (const auto& one : report.notes) {
        EXPECT_EQ(one.kind, "extension") << one.object << " " << one.what;
    }
    run_sql(lab.dsn("green").with_database("app"), "ALTER TABLE shop.orders ALTER tags DROP DEFAULT");
    run_here([&] { return compare_into(&lab, &report); });
    EXPECT_EQ(report.drift.size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Pairs, Majors,
                         testing::Values(std::pair{"13", "17"}, std::pair{"13", "18"}, std::pair{"14", "16"},
                                         std::pair{"16", "18"}),
                         [](const auto& param) {
                             return std::string(param.param.first) + "_to_" + param.param.second;
                         });

} // namespace pgteal::migration::schema
