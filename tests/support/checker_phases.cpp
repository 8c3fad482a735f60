#include "tests/support/checker_phases.hpp"

#include <algorithm>
#include <limits>

namespace pgteal::workload {

namespace {

// One side's operations in the order in which they were sent; the placed ones are always the first of them.
class Queue {
public:
    Queue(const std::vector<Op>& ops, Id server) {
        for (const auto& op : ops) {
            if (op.acknowledged() && op.server == server) {
                ops_.push_back(&op);
            }
        }
        std::ranges::sort(ops_, {}, &Op::sent_us);
        earliest_.resize(ops_.size() + 1, std::numeric_limits<std::int64_t>::max());
        for (auto i = ops_.size(); i-- > 0;) {
            earliest_[i] = std::min(earliest_[i + 1], std::max(ops_[i]->sent_us, ops_[i]->done_us));
        }
    }

    bool empty() const { return next_ == ops_.size(); }
    // By then the side must have served again: the earliest outcome of those that are left.
    std::int64_t must_by() const { return earliest_[next_]; }

    Phase take_sent_until(std::int64_t us, Side side) {
        Phase phase{side, 0, std::numeric_limits<std::int64_t>::max(), 0};
        for (; next_ < ops_.size() && ops_[next_]->sent_us <= us; ++next_) {
            ++phase.acknowledged;
            phase.first_us = std::min(phase.first_us, ops_[next_]->done_us);
            phase.last_us = std::max(phase.last_us, ops_[next_]->done_us);
        }
        return phase;
    }

private:
    std::vector<const Op*> ops_;
    std::vector<std::int64_t> earliest_;
    std::size_t next_ = 0;
};

} // namespace

std::vector<Phase> phases(const std::vector<Op>& ops, Id blue, Id green) {
    std::array<Queue, 2> queues{Queue(ops, blue), Queue(ops, green)};
    std::vector<Phase> found;
    std::size_t now = queues[0].must_by() <= queues[1].must_by() ? 0 : 1;
    while (!queues[0].empty() || !queues[1].empty()) {
        auto phase = queues[now].take_sent_until(queues[1 - now].must_by(), static_cast<Side>(now));
        if (phase.acknowledged > 0) {
            found.push_back(phase);
        }
        now = 1 - now;
    }
    return found;
}

} // namespace pgteal::workload
