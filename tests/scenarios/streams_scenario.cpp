// Does replication survive a schema change on green? Every case runs live on 15 -> 17 in both directions, and
// what is seen must be what was said before: by the judgement on both sides' catalogs, and by the linter from
// the SQL.
#include <fmt/format.h>

#include "migration/lint/lint.hpp"
#include "migration/lint/world/catalog_read.hpp"
#include "tests/replication/compat_matrix.hpp"
#include "tests/scenarios/world.hpp"
#include "tests/support/scenario.hpp"

namespace pgteal {
namespace {

using migration::lint::Stream;
using replication::compat::Outcome;
using replication::compat::test::Case;
using replication::compat::test::Matrix;
using replication::compat::test::Run;

/// What an observation is in the linter's words. A lane that leaves columns or tables out still holds.
Stream stream_of(Outcome outcome) {
    switch (outcome) {
    case Outcome::diverges:
        return Stream::diverges;
    case Outcome::stops:
        return Stream::stops;
    case Outcome::publisher:
        return Stream::publisher;
    case Outcome::cannot_start:
        return Stream::cannot_start;
    case Outcome::ok:
    case Outcome::column_list:
    case Outcome::stays_behind:
        break;
    }
    return Stream::ok;
}

int gravity(Stream stream) {
    switch (stream) {
    case Stream::ok:
    case Stream::column_list:
        return 0;
    case Stream::diverges:
        return 1;
    case Stream::stops:
        return 2;
    case Stream::publisher:
        return 3;
    case Stream::cannot_start:
        return 4;
    }
    return 0;
}

/// The linter judges SQL: not how a lane was made, and not what a function's body or the table as it was
/// does.
bool for_the_linter(const Case& one) {
    return !one.binary && !one.plain_owner && !one.unseen && one.late_blue.empty() && one.late_green.empty();
}

struct Said {
    Stream forward = Stream::ok, reverse = Stream::ok;
    std::string why;
};

Said linted(const Run& run, migration::lint::Catalog catalog, int green) {
    catalog.search_path = {run.schema};
    auto text = run.one->change;
    for (auto at = text.find("{s}"); at != std::string::npos; at = text.find("{s}", at)) {
        text.replace(at, 3, run.schema);
    }
    const auto file = migration::parse_file("V1__" + run.one->name + ".sql", text);
    migration::lint::Options options;
    options.pg_version = green;
    options.offline = false;
    Said said;
    for (const auto& finding : migration::lint::lint({file}, &catalog, options).findings) {
        if (finding.relation != run.schema + "." + run.one->blue) {
            continue; // a change can mean another thing for another table
        }
        if (gravity(finding.forward) > gravity(said.forward)) {
            said.forward = finding.forward;
        }
        if (gravity(finding.reverse) > gravity(said.reverse)) {
            said.reverse = finding.reverse;
        }
        said.why += finding.stream_why.empty() ? "" : "\n  " + finding.rule + ": " + finding.stream_why;
    }
    return said;
}

void hold(const std::vector<Run>& runs, const migration::lint::Catalog& catalog, int green) {
    for (const Run& run : runs) {
        const auto publisher = run.lane.publisher;
        fmt::print("  {:<30} {} publishes: {}\n", run.one->name, publisher, words(*run.observed));
        EXPECT_TRUE(run.one->rows || *run.observed == run.predicted)
            << run.one->name << ", " << publisher << " publishes: observed " << words(*run.observed) << " ("
            << run.observed->evidence << "), the catalogs said " << words(run.predicted) << " ("
            << run.predicted.evidence << ")";
        if (for_the_linter(*run.one)) {
            const auto said = linted(run, catalog, green);
            const auto stream = publisher == "blue" ? said.forward : said.reverse;
            EXPECT_EQ(gravity(stream), gravity(stream_of(run.observed->outcome)))
                << run.one->name << ", " << publisher << " publishes: observed " << words(*run.observed)
                << ", the linter said " << migration::lint::to_string(stream) << said.why;
        }
    }
}

} // namespace

namespace {

/// A whole run whose migration is the test's.
class ARun : public testing::Test {
protected:
    void migration(const std::string& text) {
        support::as_client(
            scenario_.lab(), "pgb1", "app",
            "CREATE TABLE public.person (id bigint PRIMARY KEY, name text, height numeric(10,2), age int)");
        support::as_client(
            scenario_.lab(), "pgb1", "app",
            "INSERT INTO public.person SELECT n, 'name ' || n, 1.5, 30 FROM generate_series(1, 100) n");
        support::write_file(scenario_.lab().dir() + "/migrations/app/V1__change.sql", text);
    }
    void accept_loss(bool on) {
        const std::string section = "\n[check]\naccept = [\"switch-back\"]\n";
        const auto path = scenario_.lab().config();
        const auto text = support::read_file(path);
        support::write_file(path, on ? text + section : support::replaced(text, section, ""));
    }
    void ends(const support::Scenario::Words& words, int exit_code,
              const std::vector<std::string>& said = {}) {
        const auto run = scenario_.pgteal(words);
        EXPECT_EQ(run.exit_code, exit_code) << run;
        for (const auto& part : said) {
            EXPECT_NE((run.out + run.err).find(part), std::string::npos)
                << "'" << part << "' is not said: " << run;
        }
    }
    support::Scenario scenario_{{"--blue", "15", "--green", "17"}};
};

} // namespace

TEST_F(ARun, with_a_change_that_blue_can_not_be_carried_through_ends_while_green_is_made) {
    migration("ALTER TABLE public.person DROP COLUMN name;");
    ends({"prepare"}, 1,
         {"public.person stops the lane at the next write: column name, green has no such column",
          "pgteal abort"});
    ends({"abort"}, 0);
    support::write_file(
        scenario_.lab().dir() + "/migrations/app/V1__change.sql",
        "ALTER TABLE public.person ADD COLUMN note text; ALTER TABLE public.person ALTER age TYPE bigint;");
    ends({"prepare"}, 0, {"switch-back would hold, but for this", "once a value is outside integer"});
    const auto back = scenario_.status().at("switch_back");
    EXPECT_TRUE(back.at("holds").as_bool());
    EXPECT_EQ(back.at("tables").at(0).at("table").as_string(), "public.person");
    EXPECT_EQ(back.at("tables").at(0).at("level").as_string(), "warning");
    ends({"cutover"}, 0);
    ends({"switch-back"}, 0);
}

TEST_F(ARun, without_a_way_back_needs_the_operators_word) {
    migration("ALTER TABLE public.person ALTER height TYPE numeric(12,4);");
    ends({"prepare"}, 0, {"switch-back would NOT hold", "a value has more than 2 decimals"});
    EXPECT_FALSE(scenario_.status().at("switch_back").at("holds").as_bool());
    const auto refused = scenario_.pgteal_json({"cutover"});
    EXPECT_EQ(refused.exit_code, 3) << refused;
    EXPECT_EQ(refused.error_code(), "refused");
    ends({"cutover"}, 3,
         {"switch-back would not hold: green > blue, database app: public.person", "accept = "});
    EXPECT_EQ(scenario_.status().at("serving").as_string(), "blue");
    accept_loss(true);
    ends({"cutover"}, 0);
    support::as_client(scenario_.lab(), "pgb1", "app",
                       "UPDATE public.person SET height = 1.2345 WHERE id = 1");
    accept_loss(false);
    ends({"switch-back"}, 3, {"public.person differs silently once a value has more than 2 decimals"});
    accept_loss(true);
    ends({"switch-back"}, 0);
    EXPECT_EQ(
        support::as_client(scenario_.lab(), "pgb1", "app", "SELECT height FROM public.person WHERE id = 1"),
        "1.23");
}

namespace {

void both_ways(const std::string& blue, const std::string& green) {
    Matrix matrix(blue, green);
    const auto forward = matrix.run("blue");
    const auto catalog = migration::lint::read_catalog(matrix.lab.dsn("blue").with_database("matrix_blue"));
    hold(forward, catalog, std::stoi(green));
    hold(matrix.run("green"), catalog, std::stoi(green));
}

} // namespace

TEST(Streams, what_is_said_of_a_change_is_what_lanes_do_from_15_to_17) { both_ways("15", "17"); }

TEST(Streams, what_is_said_of_a_change_is_what_lanes_do_from_17_to_18) { both_ways("17", "18"); }

} // namespace pgteal
