#include "tests/support/checker.hpp"

#include <algorithm>

#include "tests/support/checker_rules.hpp"

namespace pgteal::workload {

void Tally::add(const Op& op) {
    acknowledged += op.outcome == Outcome::ok;
    failed += op.outcome == Outcome::failed;
    unknown += op.outcome == Outcome::unknown;
    missing += op.outcome == Outcome::missing;
}

Summary summarise(const Log& log) {
    Summary summary;
    summary.drained = log.drained;
    summary.connect_errors = static_cast<Id>(log.connect_errors.size());
    const auto count_error = [&](const std::string& sqlstate, const std::string& message) {
        auto& error = summary.errors[sqlstate];
        error.example = error.count++ == 0 ? message : error.example;
    };
    for (const auto& op : log.ops) {
        summary.all.add(op);
        summary.kinds[std::string(name(op.kind))].add(op);
        summary.dsns[op.dsn].add(op);
        summary.servers[op.acknowledged() ? op.server : 0].add(op);
        if (op.outcome == Outcome::failed || op.outcome == Outcome::unknown) {
            count_error(op.sqlstate.empty() ? "no outcome" : op.sqlstate, op.message);
        }
    }
    for (const auto& error : log.connect_errors) {
        count_error("connect", error.message);
    }
    return summary;
}

namespace {

std::string text(Id number) { return std::to_string(number); }

Tally tally_of(const Summary& summary, Id server) {
    const auto found = server == 0 ? summary.servers.end() : summary.servers.find(server);
    return found == summary.servers.end() ? Tally{} : found->second;
}

void inspect(const Attempts& attempts, const Snapshot& snapshot, Side side, Findings& findings) {
    const Inspection inspection{attempts, snapshot, side, findings};
    check_inserts(inspection);
    check_deletes(inspection);
    check_updates(inspection);
    check_totals(inspection);
    check_sequences(inspection);
}

void compare(const Evidence& evidence, CheckReport& report) {
    const auto rows = [&](Side side, std::size_t table) -> std::optional<Id> {
        const auto digests = evidence.digests.find(side);
        if (digests != evidence.digests.end()) {
            return digests->second[table].rows;
        }
        const auto snapshot = evidence.snapshots.find(side);
        return snapshot == evidence.snapshots.end()
                   ? std::nullopt
                   : std::optional(static_cast<Id>(snapshot->second.rows[table].size()));
    };
    const bool both = evidence.digests.size() == 2;
    for (std::size_t i = 0; i < tables.size(); ++i) {
        TableReport table{std::string(tables[i].name), rows(Side::blue, i), rows(Side::green, i),
                          std::nullopt};
        if (both) {
            table.equal = evidence.digests.at(Side::blue)[i] == evidence.digests.at(Side::green)[i];
            if (!*table.equal) {
                report.problems.push_back("workload." + table.name + " differs between blue (" +
                                          text(*table.blue_rows) + " rows) and green (" +
                                          text(*table.green_rows) + " rows)");
            }
        }
        report.tables.push_back(std::move(table));
    }
}

void hold_to_rules(CheckReport& report) {
    const auto& rules = report.rules;
    auto sides = rules.sides;
    if (sides.empty()) {
        for (const auto& [side, tally] : report.sides) {
            if (side == rules.serving || tally.acknowledged > 0) {
                sides.push_back(side);
            }
        }
    }
    for (const auto side : sides) {
        if (report.sides[side].acknowledged < rules.min_per_side) {
            report.problems.push_back("only " + text(report.sides[side].acknowledged) +
                                      " operations were acknowledged on " + std::string(name(side)) +
                                      "; at least " + text(rules.min_per_side) + " are wanted");
        }
    }
    for (const auto& phase : report.phases) {
        if (phase.acknowledged < rules.min_per_phase) {
            report.problems.push_back(
                "only " + text(phase.acknowledged) + " operations were acknowledged in a phase on " +
                std::string(name(phase.side)) + "; at least " + text(rules.min_per_phase) + " are wanted");
        }
    }
    const auto switches = std::max<int>(1, static_cast<int>(report.phases.size())) - 1;
    if (rules.switches && *rules.switches != switches) {
        report.problems.push_back("the clients saw the serving side change " + text(switches) +
                                  " times, not " + text(*rules.switches));
    }
    if (!report.phases.empty() && report.phases.back().side != rules.serving) {
        report.problems.push_back("the last commits were on " + std::string(name(report.phases.back().side)) +
                                  ", which doesn't serve");
    }
    const auto& all = report.summary.all;
    if (!rules.faults && all.unknown * 100 > all.total()) {
        report.problems.push_back(text(all.unknown) + " of " + text(all.total()) +
                                  " operations ended unknown: more than 1 %");
    }
    const auto errors = all.failed + report.summary.connect_errors;
    if (rules.max_errors && errors > *rules.max_errors) {
        report.problems.push_back(text(errors) + " errors reached clients; at most " +
                                  text(*rules.max_errors) + " are allowed");
    }
}

} // namespace

CheckReport check(const Log& log, const Evidence& evidence, const Rules& rules,
                  const std::vector<Window>& windows) {
    if (!evidence.snapshots.contains(rules.serving)) {
        throw Failure("without " + std::string(name(rules.serving)) +
                      "'s rows nothing can be checked: it serves");
    }
    CheckReport report;
    report.rules = rules;
    report.summary = summarise(log);
    report.servers = {{Side::blue, evidence.blue}, {Side::green, evidence.green}};
    report.sides = {{Side::blue, tally_of(report.summary, evidence.blue)},
                    {Side::green, tally_of(report.summary, evidence.green)}};
    report.phases = phases(log.ops, evidence.blue, evidence.green);
    const Attempts attempts(log);
    check_answers(attempts, evidence.blue, evidence.green, report.findings);
    for (const auto& [side, snapshot] : evidence.snapshots) {
        inspect(attempts, snapshot, side, report.findings);
    }
    compare(evidence, report);
    hold_to_rules(report);
    report.gaps = gaps(log, windows);
    return report;
}

} // namespace pgteal::workload
