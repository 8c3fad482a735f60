#include "tests/support/crash.hpp"

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace pgteal::support {

namespace {

std::string joined(const std::vector<std::string>& lines, const std::string& prefix) {
    std::string text;
    for (const auto& line : lines) {
        text += prefix + line + "\n";
    }
    return text;
}

std::vector<std::string> databases(Scenario& scenario, const std::string& side) {
    return scenario.query(
        side, "postgres",
        "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY 1");
}

std::string contents(const std::string& path) {
    std::ifstream in(path);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

} // namespace

Plan read_plan(Scenario& scenario) {
    const auto document = scenario.pgteal_json({"plan"}).json();
    Plan plan;
    auto* part = &plan.prepare;
    for (const auto& step : document.at("steps").as_array()) {
        PlannedStep one{std::string(step.at("id").as_string()), step.at("actions").as_array().size()};
        if (one.id == "check") {
            continue;
        }
        if (one.id == "gate") {
            part = &plan.switchover;
            continue;
        }
        if (one.id == "finish") {
            part = &plan.finish;
        }
        part->push_back(std::move(one));
    }
    if (plan.prepare.empty() || plan.switchover.empty() || plan.finish.empty()) {
        throw std::runtime_error("the plan is not in its three parts: check …, gate …, finish");
    }
    return plan;
}

std::vector<std::string> crash_points(const PlannedStep& step) {
    return step.actions == 0 ? std::vector<std::string>{"done"}
                             : std::vector<std::string>{"intent", "action-1", "done"};
}

Scenario::Environment kill_at(const std::string& step, const std::string& point) {
    return {{"PGTEAL_TEST_KILL_AT", step + ":" + point}};
}

std::string traces(Scenario& scenario, const std::string& side) {
    std::string found = joined(scenario.query(side, "postgres",
                                              "SELECT 'slot ' || slot_name FROM pg_replication_slots UNION "
                                              "ALL SELECT 'origin ' || roname FROM pg_replication_origin"
                                              " ORDER BY 1"),
                               side + ": ");
    for (const auto& database : databases(scenario, side)) {
        found += joined(
            scenario.query(side, database,
                           "SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname LIKE 'pgteal%'"
                           " UNION ALL SELECT 'publication ' || pubname FROM pg_publication"
                           " UNION ALL SELECT 'subscription ' || subname FROM pg_subscription JOIN "
                           "pg_database d ON d.oid = subdbid WHERE datname = current_database()"
                           " UNION ALL SELECT 'event trigger ' || evtname FROM pg_event_trigger ORDER BY 1"),
            side + "." + database + ": ");
    }
    return found;
}

std::string world(Scenario& scenario) {
    std::string text;
    for (const std::string side : {"blue", "green"}) {
        text += traces(scenario, side);
        for (const std::string sql : {
                 "SELECT 'database', datname, datconnlimit, datdba::regrole FROM pg_database ORDER BY 2",
                 "SELECT 'setting', d.datname, r.rolname, setconfig FROM pg_db_role_setting LEFT JOIN "
                 "pg_database d ON d.oid = setdatabase"
                 " LEFT JOIN pg_roles r ON r.oid = setrole ORDER BY 2, 3",
                 "SELECT 'role', rolname, rolsuper, rolcanlogin, rolconnlimit FROM pg_roles ORDER BY 2",
             }) {
            text += joined(scenario.query(side, "postgres", sql), side + ": ");
        }
        for (const auto& database : databases(scenario, side)) {
            text +=
                joined(scenario.query(side, database,
                                      "SELECT c.relkind, c.oid::regclass, c.relreplident, c.relrowsecurity, "
                                      "c.relacl FROM pg_class c"
                                      " JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname NOT LIKE "
                                      "'pg\\_%' AND nspname <> 'information_schema' ORDER BY 2::text"),
                       side + "." + database + ": ");
        }
    }
    for (int n = 1; n <= std::stoi(scenario.lab().value("POOLERS")); ++n) {
        text += contents(scenario.lab().value("PGB" + std::to_string(n) + "_INI"));
    }
    return text;
}

Tail::Tail(Scenario& scenario) : file_(scenario.workload().file()) { skip(); }

void Tail::skip() { lines(); }

std::vector<std::string> Tail::lines() {
    std::ifstream in(file_);
    in.seekg(position_);
    std::stringstream rest;
    rest << in.rdbuf();
    const auto text = rest.str();
    const auto whole = text.rfind('\n') + 1; // npos + 1 is 0: no line is complete yet
    position_ += static_cast<std::streamoff>(whole);
    std::istringstream split(text.substr(0, whole));
    std::vector<std::string> found;
    for (std::string line; std::getline(split, line);) {
        found.push_back(std::move(line));
    }
    return found;
}

bool Tail::wait_acknowledged(workload::Id server, int count, std::chrono::seconds deadline) {
    const auto until = std::chrono::steady_clock::now() + deadline;
    while (count > 0) {
        for (const auto& line : lines()) {
            std::istringstream words(line);
            std::string kind;
            std::string skipped;
            std::string outcome;
            workload::Id by = 0;
            words >> kind;
            if (kind != "O") {
                continue;
            }
            words >> skipped >> skipped >> skipped >> outcome >> skipped >> by;
            if (outcome != "ok") {
                continue;
            }
            if (by != server) {
                return false;
            }
            --count;
        }
        if (count > 0) {
            if (std::chrono::steady_clock::now() >= until) {
                return false;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
    }
    return true;
}

} // namespace pgteal::support
