// The single checks. Each compares the log with one server's rows, or with itself, and adds what doesn't fit.
#pragma once

#include <string_view>
#include <unordered_map>

#include "tests/support/checker_findings.hpp"
#include "tests/support/checker_snapshot.hpp"
#include "tests/support/workload_log.hpp"

namespace pgteal::workload {

// The log by operation.
class Attempts {
public:
    explicit Attempts(const Log& log);
    const Op* find(Id op) const;
    const std::vector<Op>& all() const { return ops_; }

private:
    const std::vector<Op>& ops_;
    std::unordered_map<Id, const Op*> by_id_;
};

// One server's rows, and where to put what is found there.
struct Inspection {
    const Attempts& attempts;
    const Snapshot& snapshot;
    Side side;
    Findings& findings;

    void add(Verdict verdict, std::string_view table, Id key, std::string detail, Id count = 1) const;
    // Null, and a finding, when the row has no place in the table: nobody attempted it, it was rejected, its
    // large value is damaged, or it says that another server took it than the one that answered the client.
    const Op* writer(std::string_view table, const Row& row, std::initializer_list<Kind> kinds) const;
};

void check_inserts(const Inspection& inspection);   // events, transfers, parents, children
void check_deletes(const Inspection& inspection);   // items, tombstones
void check_updates(const Inspection& inspection);   // keyed, toasted: the last acknowledged write of each row
void check_totals(const Inspection& inspection);    // counters, accounts
void check_sequences(const Inspection& inspection); // draws, and every value that any client was given

// From what the clients were told alone: reads of their own writes, own rows that weren't there, servers that
// are neither.
void check_answers(const Attempts& attempts, Id blue, Id green, Findings& findings);

} // namespace pgteal::workload
