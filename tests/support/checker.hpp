// Decides whether anything was lost or duplicated: acknowledged ⊆ tables ⊆ acknowledged ∪ unknown, no value
// of a sequence twice, every read of a client's own write fresh, and, once drained, both sides alike.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "tests/support/checker_findings.hpp"
#include "tests/support/checker_phases.hpp"
#include "tests/support/checker_snapshot.hpp"
#include "tests/support/workload_gaps.hpp"
#include "tests/support/workload_log.hpp"

namespace pgteal::workload {

// What has to hold beside the content. A run that did next to nothing must not pass.
struct Rules {
    Side serving = Side::blue;
    Id min_per_side = 1;            // acknowledged operations on each side of `sides`
    std::vector<Side> sides{};      // empty: the serving one and every one that took any
    Id min_per_phase = 0;           // on the side that served, between two switches
    std::optional<int> switches{};  // exactly so many phases less one, as far as the clients' clock proves it
    bool faults = false;            // else at most 1 % of the operations may have ended unknown
    std::optional<Id> max_errors{}; // failed operations and refused or lost connections together
};

struct Evidence {
    Id blue = 0; // system_identifier; 0: not known
    Id green = 0;
    std::map<Side, Snapshot> snapshots; // the serving side's at least
    std::map<Side, Digests> digests;    // both sides', when they have to be alike
};

struct Tally {
    Id acknowledged = 0, failed = 0, unknown = 0, missing = 0;
    void add(const Op& op);
    Id total() const { return acknowledged + failed + unknown + missing; }
};

struct ErrorCount {
    Id count = 0;
    std::string example;
};

// What the clients were told, without looking at any server.
struct Summary {
    Tally all;
    std::map<std::string, Tally> kinds;
    std::map<int, Tally> dsns;   // by place in the command line
    std::map<Id, Tally> servers; // 0: no server answered
    std::map<std::string, ErrorCount>
        errors; // by SQLSTATE; "connect" also counts a kept connection lost or refused
    Id connect_errors = 0;
    bool drained = false;
};
Summary summarise(const Log& log);

struct TableReport {
    std::string name;
    std::optional<Id> blue_rows, green_rows;
    std::optional<bool> equal; // nothing: the sides were not compared
};

struct CheckReport {
    Rules rules{};
    Summary summary;
    std::map<Side, Id> servers; // system_identifiers
    std::map<Side, Tally> sides;
    std::vector<Phase> phases;
    Findings findings;
    std::vector<std::string> problems; // broken rules, and tables that differ
    std::vector<TableReport> tables;
    std::vector<Gap> gaps;

    bool ok() const { return findings.none() && problems.empty(); }
};

// Pure.
CheckReport check(const Log& log, const Evidence& evidence, const Rules& rules,
                  const std::vector<Window>& windows = {});

struct CheckRequest {
    std::vector<std::filesystem::path> logs{};
    std::string blue{}; // direct DSNs of a role that may read everything; the standing side's may be empty
    std::string green{};
    bool both = false;               // the standing side has to become equal too
    std::chrono::seconds settle{30}; // within this time
    Rules rules{};
    std::vector<Window> windows{};
};
// Call it when the workload has ended. Throws Failure when a server or a log can't be read.
CheckReport check_servers(const CheckRequest& request);

boost::json::object to_json(const CheckReport& report);
boost::json::object to_json(const Summary& summary);
boost::json::array to_json(const std::vector<Gap>& gaps);
// Aligned, for people.
std::string to_text(const CheckReport& report);
std::string to_text(const Summary& summary);
std::string to_text(const std::vector<Gap>& gaps);

} // namespace pgteal::workload
