#include <boost/json.hpp>

#include "tests/support/checker.hpp"

namespace pgteal::workload {

namespace json = boost::json;

namespace {

json::object tally(const Tally& tally) {
    return {{"acknowledged", tally.acknowledged},
            {"failed", tally.failed},
            {"unknown", tally.unknown},
            {"missing", tally.missing}};
}

json::object bin(const Findings::Bin& bin) {
    json::array examples;
    for (const auto& finding : bin.examples) {
        examples.push_back(json::object{{"side", finding.side},
                                        {"table", finding.table},
                                        {"key", finding.key},
                                        {"detail", finding.detail}});
    }
    return {{"count", bin.count}, {"examples", std::move(examples)}};
}

template <class T>
json::value or_null(const std::optional<T>& value) {
    return value ? json::value(*value) : json::value(nullptr);
}

} // namespace

json::object to_json(const Summary& summary) {
    auto object = tally(summary.all);
    object["connect_errors"] = summary.connect_errors;
    object["drained"] = summary.drained;
    json::array kinds, dsns, errors, servers;
    for (const auto& [kind, count] : summary.kinds) {
        auto entry = tally(count);
        entry["kind"] = kind;
        kinds.push_back(std::move(entry));
    }
    for (const auto& [dsn, count] : summary.dsns) {
        auto entry = tally(count);
        entry["dsn"] = dsn;
        dsns.push_back(std::move(entry));
    }
    for (const auto& [server, count] : summary.servers) {
        if (server != 0) { // as text: a system_identifier is above what a JSON reader keeps exact
            servers.push_back(
                json::object{{"server", std::to_string(server)}, {"acknowledged", count.acknowledged}});
        }
    }
    for (const auto& [sqlstate, error] : summary.errors) {
        errors.push_back(
            json::object{{"sqlstate", sqlstate}, {"count", error.count}, {"example", error.example}});
    }
    object["kinds"] = std::move(kinds);
    object["dsns"] = std::move(dsns);
    object["servers"] = std::move(servers);
    object["errors"] = std::move(errors);
    return object;
}

json::array to_json(const std::vector<Gap>& gaps) {
    json::array array;
    for (const auto& gap : gaps) {
        array.push_back(json::object{{"window", gap.window},
                                     {"clients", gap.new_connections ? "new" : "persistent"},
                                     {"longest_gap_us", gap.longest_us},
                                     {"longest_gap_from_us", gap.longest_from_us},
                                     {"max_latency_us", gap.max_latency_us},
                                     {"p99_latency_us", gap.p99_latency_us},
                                     {"commits", gap.commits},
                                     {"errors", gap.errors}});
    }
    return array;
}

json::object to_json(const CheckReport& report) {
    json::object object{{"ok", report.ok()}, {"serving", name(report.rules.serving)}};
    for (auto& [key, value] : to_json(report.summary)) {
        object[key] = value;
    }
    json::object sides;
    for (const auto& [side, count] : report.sides) {
        sides[name(side)] = json::object{{"server", std::to_string(report.servers.at(side))},
                                         {"acknowledged", count.acknowledged}};
    }
    object["sides"] = std::move(sides);
    json::array phase_list;
    for (const auto& phase : report.phases) {
        phase_list.push_back(json::object{{"side", name(phase.side)},
                                          {"acknowledged", phase.acknowledged},
                                          {"first_us", phase.first_us},
                                          {"last_us", phase.last_us}});
    }
    object["phases"] = std::move(phase_list);
    for (std::size_t i = 0; i < verdict_names.size(); ++i) {
        object[verdict_names[i]] = bin(report.findings.bins[i]);
    }
    object["problems"] = json::value_from(report.problems);
    json::array table_list;
    for (const auto& table : report.tables) {
        table_list.push_back(json::object{{"name", table.name},
                                          {"blue_rows", or_null(table.blue_rows)},
                                          {"green_rows", or_null(table.green_rows)},
                                          {"equal", or_null(table.equal)}});
    }
    object["tables"] = std::move(table_list);
    object["gaps"] = to_json(report.gaps);
    return object;
}

} // namespace pgteal::workload
