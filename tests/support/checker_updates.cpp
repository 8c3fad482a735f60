// Rows that one client owns and updates: the last acknowledged write decides, or the unknown one that
// followed it.
#include "tests/support/checker_rules.hpp"

namespace pgteal::workload {

namespace {

struct History {
    const Op* acknowledged = nullptr; // the last one
    const Op* unknown = nullptr; // sent after it; nothing follows, as the client then leaves the row alone
    int rows = 0;
};

class Histories {
public:
    Histories(const Attempts& attempts, Kind first, Kind later) {
        for (const auto& op : attempts.all()) {
            if (op.kind == first) {
                begin(op);
            } else if (op.kind == later) {
                go_on(op);
            }
        }
    }

    History* of(const Op& op) {
        const auto found = by_op_.find(op.id);
        return found == by_op_.end() ? nullptr : &all_[found->second];
    }
    const std::vector<History>& all() const { return all_; }

private:
    void begin(const Op& op) {
        by_op_.emplace(op.id, all_.size());
        by_key_.emplace(op.id, all_.size());
        all_.emplace_back();
        write(all_.back(), op);
    }

    void go_on(const Op& op) {
        const auto row = by_key_.find(op.a);
        if (row == by_key_.end() || op.outcome == Outcome::failed || op.outcome == Outcome::missing) {
            return;
        }
        const auto place = row->second;
        by_op_.emplace(op.id, place);
        by_key_.emplace(op.id, place); // rekey: the new key; touch never asks for it
        write(all_[place], op);
    }

    static void write(History& history, const Op& op) {
        if (op.acknowledged()) {
            history.acknowledged = &op;
        } else if (op.outcome == Outcome::unknown) {
            history.unknown = &op;
        }
    }

    std::vector<History> all_;
    std::unordered_map<Id, std::size_t> by_op_;
    std::unordered_map<Id, std::size_t> by_key_;
};

void check(const Inspection& inspection, std::string_view table, Kind first, Kind later) {
    Histories histories(inspection.attempts, first, later);
    for (const auto& row : inspection.snapshot.table(table)) {
        const Op* op = inspection.writer(table, row, {first, later});
        if (op == nullptr) {
            // The finding names the row; it still holds the place of the one it was, so that it isn't called
            // lost as well.
            const Op* attempted = inspection.attempts.find(row.op);
            if (History* history = attempted == nullptr ? nullptr : histories.of(*attempted)) {
                ++history->rows;
            }
            continue;
        }
        History* history = histories.of(*op);
        if (history == nullptr) {
            inspection.add(Verdict::wrong, table, row.key,
                           "operation " + std::to_string(op->id) + " changed a row that was never made");
            continue;
        }
        if (++history->rows > 1) {
            inspection.add(Verdict::duplicated, table, row.key,
                           "the row of operation " + std::to_string(op->id) + " is there twice");
        } else if (op != history->acknowledged && op != history->unknown) {
            inspection.add(Verdict::lost, table, row.key,
                           "it holds the value of operation " + std::to_string(op->id) + "; operation " +
                               std::to_string(history->acknowledged->id) + " was acknowledged after it");
        } else if (row.key != (op->kind == Kind::touch ? op->a : op->id)) {
            inspection.add(Verdict::wrong, table, row.key,
                           "operation " + std::to_string(op->id) + " wrote it under another key");
        }
    }
    for (const auto& history : histories.all()) {
        if (history.acknowledged != nullptr && history.rows == 0) {
            inspection.add(Verdict::lost, table, history.acknowledged->id,
                           "the row is gone; it was last written by operation " +
                               std::to_string(history.acknowledged->id) + ", acknowledged by server " +
                               std::to_string(history.acknowledged->server));
        }
    }
}

} // namespace

void check_updates(const Inspection& inspection) {
    check(inspection, "keyed", Kind::seed, Kind::rekey);
    check(inspection, "toasted", Kind::plant, Kind::touch);
}

} // namespace pgteal::workload
