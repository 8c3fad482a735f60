// plan says what an execution then does, word for word; --json documents have their shape; no secret leaves
// its file.
#include <atomic>
#include <map>
#include <set>
#include <sstream>
#include <thread>

#include <boost/json.hpp>

#include "cutover/record/journal.hpp"
#include "tests/scenarios/world.hpp"
#include "tests/support/scenario.hpp"

namespace pgteal::support {

namespace {

using boost::json::kind;
using boost::json::value;

/// Texts of a step's actions in their order, by place: only between places may the order differ.
using Actions = std::map<std::string, std::vector<std::string>>;

Actions actions_in(const boost::json::array& list) {
    Actions actions;
    for (const auto& action : list) {
        actions[std::string(action.at("where").as_string())].emplace_back(action.at("what").as_string());
    }
    return actions;
}

struct PlannedStep {
    std::string id;
    std::string state;
    Actions actions;
};

std::vector<PlannedStep> steps_of(const value& plan) {
    std::vector<PlannedStep> steps;
    for (const auto& step : plan.at("steps").as_array()) {
        steps.push_back({std::string(step.at("id").as_string()), std::string(step.at("state").as_string()),
                         actions_in(step.at("actions").as_array())});
    }
    return steps;
}

struct Performed {
    std::string step;
    Actions actions;
};

/// The journal's intents after `seq`, in the order in which they were written.
std::vector<Performed> intents(Lab& lab, std::int64_t* seq) {
    const auto journal = cutover::Journal::peek(lab.dir() + "/state", "lab");
    std::vector<Performed> performed;
    for (const auto& event : journal.value().events()) {
        if (event.seq > *seq && event.kind == cutover::EventKind::intent) {
            performed.push_back({event.step, actions_in(event.body.at("actions").as_array())});
        }
        *seq = std::max(*seq, event.seq);
    }
    return performed;
}

/// Everything that was performed was planned, in the plan's order, and what was planned for these steps was
/// performed.
void expect_as_planned(const std::vector<PlannedStep>& plan, const std::vector<Performed>& performed,
                       const std::string& first, const std::string& last) {
    auto next = performed.begin();
    bool within = false;
    for (const auto& step : plan) {
        within = within || step.id == first;
        if (!within) {
            continue;
        }
        if (next != performed.end() && next->step == step.id) {
            EXPECT_EQ(step.actions, next->actions) << "step " << step.id;
            ++next;
        } else {
            EXPECT_TRUE(step.actions.empty()) << "step " << step.id << " was planned and not performed";
        }
        if (step.id == last) {
            break;
        }
    }
    EXPECT_TRUE(next == performed.end())
        << "step " << next->step << " was performed and not planned, or not in its turn";
    EXPECT_FALSE(performed.empty());
}

void expect_keys(const value& document, const std::vector<std::pair<std::string, std::set<kind>>>& keys) {
    ASSERT_TRUE(document.is_object()) << document;
    for (const auto& [key, kinds] : keys) {
        const auto* found = document.as_object().if_contains(key);
        ASSERT_NE(found, nullptr) << key << " is missing in " << document;
        EXPECT_TRUE(kinds.contains(found->kind()))
            << key << " is " << to_string(found->kind()) << " in " << document;
    }
}

const std::set<kind> text{kind::string};
const std::set<kind> list{kind::array};
const std::set<kind> flag{kind::bool_};
const std::set<kind> whole{kind::int64, kind::uint64};
const std::set<kind> number{kind::int64, kind::uint64, kind::double_};
const std::set<kind> number_or_null{kind::int64, kind::uint64, kind::double_, kind::null};

void expect_switchover_document(const value& document, const std::string& serving, std::int64_t epoch) {
    expect_keys(document, {{"outcome", text},
                           {"serving", text},
                           {"epoch", whole},
                           {"pause_ms", number},
                           {"steps", list},
                           {"databases", list},
                           {"poolers", list}});
    EXPECT_EQ(document.at("outcome").as_string(), "switched");
    EXPECT_EQ(document.at("serving").as_string(), serving);
    EXPECT_EQ(document.at("epoch").as_int64(), epoch);
    EXPECT_GT(document.at("pause_ms").to_number<double>(), 0);
    ASSERT_FALSE(document.at("steps").as_array().empty());
    for (const auto& step : document.at("steps").as_array()) {
        expect_keys(step, {{"id", text}, {"ms", number}});
    }
    ASSERT_EQ(document.at("databases").as_array().size(), 1U);
    ASSERT_EQ(document.at("poolers").as_array().size(), 1U);
    expect_keys(document.at("poolers").at(0), {{"name", text}, {"target", text}});
    EXPECT_EQ(document.at("poolers").at(0).at("target").as_string(), serving);
}

void expect_status_document(const value& document, const std::string& serving, std::int64_t epoch,
                            const std::string& step) {
    expect_keys(document, {{"run", text},
                           {"serving", text},
                           {"epoch", whole},
                           {"step", text},
                           {"databases", list},
                           {"poolers", list}});
    EXPECT_EQ(document.at("run").as_string(), "lab");
    EXPECT_EQ(document.at("serving").as_string(), serving);
    EXPECT_EQ(document.at("epoch").as_int64(), epoch);
    EXPECT_EQ(document.at("step").as_string(), step);
    const auto& database = document.at("databases").at(0);
    expect_keys(database, {{"name", text}, {"lanes", list}});
    int enabled = 0;
    for (const auto& lane : database.at("lanes").as_array()) {
        expect_keys(lane, {{"name", text},
                           {"direction", text},
                           {"slot", text},
                           {"enabled", flag},
                           {"lag_bytes", number_or_null},
                           {"lag_seconds", number_or_null}});
        enabled += lane.at("enabled").as_bool() ? 1 : 0;
    }
    EXPECT_EQ(database.at("lanes").as_array().size(), 2U) << "one lane in each direction";
    EXPECT_EQ(enabled, 1) << "never both directions at once";
    const auto& pooler = document.at("poolers").at(0);
    expect_keys(pooler, {{"name", text}, {"reachable", flag}, {"paused", flag}, {"entries", list}});
    const auto& entry = pooler.at("entries").at(0);
    expect_keys(entry, {{"name", text}, {"side", text}});
    EXPECT_EQ(entry.at("side").as_string(), serving);
}

void expect_error_document(const value& document, const std::string& code) {
    expect_keys(document.at("error"), {{"code", text}, {"message", text}, {"side", text}, {"hint", text}});
    EXPECT_EQ(document.at("error").at("code").as_string(), code);
    EXPECT_FALSE(document.at("error").at("message").as_string().empty());
    EXPECT_FALSE(document.at("error").at("hint").as_string().empty());
}

void add_migration(Scenario& scenario) {
    write_file(scenario.lab().dir() + "/migrations/app/V1__note.sql",
               "ALTER TABLE workload.events ADD COLUMN note text;\n"
               "CREATE INDEX CONCURRENTLY events_note ON workload.events (note);\n");
}

/// What an operator must not do: a write on the standing side.
void past_the_fence(Scenario& scenario, const std::string& sql) {
    scenario.query("green", "postgres", "ALTER DATABASE app RESET default_transaction_read_only");
    scenario.query("green", "app", sql);
    scenario.query("green", "postgres", "ALTER DATABASE app SET default_transaction_read_only = on");
}

} // namespace

TEST(Plan, is_what_prepare_cutover_switch_back_and_finish_then_do) {
    Scenario scenario;
    auto& lab = scenario.lab();
    add_migration(scenario);
    std::int64_t seq = 0;

    const auto planned = scenario.pgteal_json({"plan"});
    ASSERT_EQ(planned.exit_code, 0) << planned;
    const auto first = steps_of(planned.json());
    const auto words = scenario.pgteal({"plan"});
    ASSERT_EQ(words.exit_code, 0) << words;
    for (const auto& step : first) {
        EXPECT_NE(words.out.find("\n  " + step.id + " "), std::string::npos)
            << step.id << " is not in the text";
    }
    EXPECT_EQ(scenario.value("green", "postgres", "SELECT count(*) FROM pg_database WHERE datname = 'app'"),
              "0")
        << "plan changed something";

    const auto prepared = scenario.pgteal_json({"prepare"});
    ASSERT_EQ(prepared.exit_code, 0) << prepared;
    expect_keys(prepared.json(), {{"outcome", text}, {"run", text}, {"steps", list}});
    expect_as_planned(first, intents(lab, &seq), "check", "arm-reverse");

    const auto second = steps_of(scenario.pgteal_json({"plan"}).json());
    ASSERT_EQ(second.size(), first.size());
    for (std::size_t i = 1; i < second.size() && second[i].id != "gate"; ++i) {
        EXPECT_EQ(second[i].state, "done") << second[i].id;
        EXPECT_TRUE(second[i].actions.empty()) << second[i].id;
    }
    const auto there = scenario.pgteal_json({"cutover"});
    ASSERT_EQ(there.exit_code, 0) << there;
    const auto over = intents(lab, &seq);
    expect_as_planned(first, over, "gate", "confirm");
    expect_as_planned(second, over, "gate", "confirm");

    const auto third = steps_of(scenario.pgteal_json({"plan"}).json());
    const auto back = scenario.pgteal_json({"switch-back"});
    ASSERT_EQ(back.exit_code, 0) << back;
    expect_as_planned(third, intents(lab, &seq), "gate", "confirm");

    const auto fourth = steps_of(scenario.pgteal_json({"plan"}).json());
    ASSERT_EQ(scenario.pgteal_json({"cutover"}).exit_code, 0);
    expect_as_planned(fourth, intents(lab, &seq), "gate", "confirm");

    ASSERT_EQ(scenario.pgteal_json({"finish"}).exit_code, 0);
    const auto ended = intents(lab, &seq);
    expect_as_planned(first, ended, "finish", "finish");
    expect_as_planned(fourth, ended, "finish", "finish");
}

TEST(Json, has_one_document_of_the_promised_shape_for_each_command) {
    Scenario scenario;
    add_migration(scenario);
    const auto checked = scenario.pgteal_json({"check"});
    ASSERT_EQ(checked.exit_code, 0) << checked;
    expect_keys(checked.json(), {{"findings", list}});
    scenario.query("blue", "app", "CREATE TABLE workload.bare (n int)");
    const auto refused = scenario.pgteal_json({"check"});
    ASSERT_EQ(refused.exit_code, 3) << refused;
    bool named = false;
    const auto findings = refused.json();
    for (const auto& finding : findings.at("findings").as_array()) {
        expect_keys(finding, {{"check", text},
                              {"level", text},
                              {"side", text},
                              {"object", text},
                              {"message", text},
                              {"fix", text}});
        const std::set<std::string> levels{"error", "warning", "info"};
        EXPECT_TRUE(levels.contains(std::string(finding.at("level").as_string()))) << finding;
        named = named || (finding.at("level").as_string() == "error" &&
                          std::string(finding.at("object").as_string()).find("bare") != std::string::npos);
    }
    EXPECT_TRUE(named) << refused;
    expect_error_document(scenario.pgteal_json({"prepare"}).json(), "refused");
    scenario.query("blue", "app", "DROP TABLE workload.bare");

    expect_error_document(scenario.pgteal_json({"compare"}).json(), "wrong_state");
    expect_error_document(scenario.pgteal_json({"cutover"}).json(), "wrong_state");
    ASSERT_EQ(scenario.pgteal_json({"prepare"}).exit_code, 0);
    expect_status_document(scenario.status(), "blue", 1, "prepared");

    const auto compared = scenario.pgteal_json({"compare"});
    ASSERT_EQ(compared.exit_code, 0) << compared;
    const auto comparison = compared.json();
    expect_keys(comparison, {{"equal", flag}, {"rows", whole}, {"tables", list}});
    EXPECT_TRUE(comparison.at("equal").as_bool());
    EXPECT_GT(comparison.at("rows").as_int64(), 0);
    for (const auto& table : comparison.at("tables").as_array()) {
        expect_keys(table, {{"database", text}, {"name", text}, {"rows", whole}, {"differences", list}});
    }
    // A row that only green has.
    past_the_fence(scenario, "INSERT INTO workload.counters (id, n, server) VALUES (77777, 1, 1)");
    const auto differs = scenario.pgteal_json({"compare"});
    ASSERT_EQ(differs.exit_code, 1) << differs;
    const auto different = differs.json();
    EXPECT_FALSE(different.at("equal").as_bool());
    int differences = 0;
    for (const auto& table : different.at("tables").as_array()) {
        for (const auto& difference : table.at("differences").as_array()) {
            expect_keys(difference, {{"key", text}, {"kind", text}});
            EXPECT_NE(std::string(difference.at("key").as_string()).find("77777"), std::string::npos)
                << difference;
            ++differences;
        }
    }
    EXPECT_EQ(differences, 1);
    const auto too_early = scenario.pgteal_json({"cutover"});
    EXPECT_EQ(too_early.exit_code, 3) << "over to a side that is known to differ: " << too_early;
    past_the_fence(scenario, "DELETE FROM workload.counters WHERE id = 77777");
    EXPECT_EQ(scenario.pgteal_json({"compare"}).exit_code, 0);

    const auto rehearsed = scenario.pgteal_json({"cutover", "--dry-run"});
    ASSERT_EQ(rehearsed.exit_code, 0) << rehearsed;
    expect_keys(rehearsed.json(),
                {{"outcome", text}, {"serving", text}, {"epoch", whole}, {"forecast_ms", number}});
    expect_switchover_document(scenario.pgteal_json({"cutover"}).json(), "green", 2);
    expect_status_document(scenario.status(), "green", 2, "watch");
    expect_switchover_document(scenario.pgteal_json({"switch-back"}).json(), "blue", 3);
    expect_status_document(scenario.status(), "blue", 3, "watch");
    const auto finished = scenario.pgteal_json({"finish"});
    ASSERT_EQ(finished.exit_code, 0) << finished;
    expect_keys(finished.json(), {{"outcome", text}, {"serving", text}, {"epoch", whole}});
    expect_error_document(scenario.pgteal_json({"finish"}).json(), "wrong_state");
}

} // namespace pgteal::support
