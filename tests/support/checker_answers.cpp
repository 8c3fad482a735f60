#include <algorithm>
#include <map>
#include <unordered_set>

#include "tests/support/checker_rules.hpp"

namespace pgteal::workload {

namespace {

// The identity column of draws is one sequence more.
constexpr auto identity = static_cast<Id>(sequences.size());

std::string sequence_name(Id index) {
    return index >= 0 && index < identity ? std::string(sequences[static_cast<std::size_t>(index)])
                                          : "draws.id";
}

class Drawn {
public:
    explicit Drawn(const Inspection& inspection) : inspection_(inspection) {}

    void take(Id sequence, Id value, Id op) {
        const auto [earlier, first] = taken_.emplace(std::pair{sequence, value}, op);
        if (!first) {
            inspection_.add(Verdict::duplicated, sequence_name(sequence), value,
                            "operations " + std::to_string(earlier->second) + " and " + std::to_string(op) +
                                " were both given this value");
        }
    }

private:
    const Inspection& inspection_;
    std::map<std::pair<Id, Id>, Id> taken_;
};

} // namespace

void check_sequences(const Inspection& inspection) {
    Drawn drawn(inspection);
    for (const auto& op : inspection.attempts.all()) {
        if (op.acknowledged() && (op.kind == Kind::draw || op.kind == Kind::ticket)) {
            drawn.take(op.a, op.r1, op.id);
        }
        if (op.acknowledged() && op.kind == Kind::draw) {
            drawn.take(identity, op.r2, op.id);
        }
    }
    std::unordered_set<Id> seen;
    for (const auto& row : inspection.snapshot.table("draws")) {
        const bool first = seen.insert(row.op).second;
        const Op* op = inspection.writer("draws", row, {Kind::draw});
        if (op == nullptr) {
            continue;
        }
        if (!first) {
            inspection.add(Verdict::duplicated, "draws", row.key,
                           "a second row of operation " + std::to_string(op->id));
        } else if (row.a != op->a || (op->acknowledged() && (row.b != op->r1 || row.key != op->r2))) {
            inspection.add(Verdict::wrong, "draws", row.key,
                           "it holds value " + std::to_string(row.b) + " of " + sequence_name(row.a) +
                               "; the client was given " + std::to_string(op->r1) + " of " +
                               sequence_name(op->a) + " and row " + std::to_string(op->r2));
        } else if (!op->acknowledged()) { // the client never learned the value, but it is used up all the
                                          // same
            drawn.take(row.a, row.b, op->id);
            drawn.take(identity, row.key, op->id);
        }
    }
    for (const auto& op : inspection.attempts.all()) {
        if (op.kind == Kind::draw && op.acknowledged() && !seen.contains(op.id)) {
            inspection.add(Verdict::lost, "draws", op.r2,
                           "operation " + std::to_string(op.id) + " was acknowledged");
        }
    }
}

void check_answers(const Attempts& attempts, Id blue, Id green, Findings& findings) {
    std::unordered_map<Id, Id> last_write; // of each toasted row
    const auto add = [&](Verdict verdict, std::string_view table, Id key, std::string detail) {
        findings.add(verdict, {"clients", std::string(table), std::to_string(key), std::move(detail)});
    };
    for (const auto& op : attempts.all()) {
        const auto operation = "operation " + std::to_string(op.id) + " (" + std::string(name(op.kind)) + ")";
        if (op.outcome == Outcome::missing) {
            add(Verdict::lost, name(op.kind), op.a,
                operation + " didn't find a row whose write had been acknowledged");
            continue;
        }
        if (!op.acknowledged()) {
            continue;
        }
        if (op.server != blue && op.server != green) {
            add(Verdict::wrong, name(op.kind), op.id,
                operation + " was answered by server " + std::to_string(op.server) +
                    ", neither blue nor green");
        }
        if (op.kind == Kind::plant) {
            last_write[op.id] = op.id;
        } else if (op.kind == Kind::touch) {
            last_write[op.a] = op.id;
        } else if (op.kind == Kind::read && last_write[op.a] != op.r1) {
            add(Verdict::lost, "toasted", op.a,
                operation + " read the value of operation " + std::to_string(op.r1) + " on server " +
                    std::to_string(op.server) + "; operation " + std::to_string(last_write[op.a]) +
                    " of the same client had been acknowledged before");
        }
    }
}

} // namespace pgteal::workload
