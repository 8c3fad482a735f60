// Event lists as a whole run writes them.
#pragma once

#include <string>
#include <vector>

#include "cutover/record/journal.hpp"

namespace pgteal::cutover::toys {

class Script {
public:
    Script& add(EventKind kind, const std::string& step = "", std::int64_t epoch = 1,
                boost::json::object body = {}) {
        Event event;
        event.seq = static_cast<std::int64_t>(events_.size()) + 1;
        event.at = "2026-11-21T12:00:0" + std::to_string(epoch) + ".000000Z";
        event.epoch = epoch;
        event.step = step;
        event.kind = kind;
        event.body = std::move(body);
        events_.push_back(std::move(event));
        return *this;
    }
    Script& begin_run(const std::string& id = "run-1") {
        return add(EventKind::run_begun, "", 1, {{"run_id", id}});
    }
    Script& step(const std::string& id, std::int64_t epoch = 1) {
        return add(EventKind::intent, id, epoch).add(EventKind::done, id, epoch);
    }
    Script& prepare() { return begin_run().step("check").step("claim").step("copy").step("arm-reverse"); }
    Script& begin(const std::string& from, const std::string& to, std::int64_t epoch) {
        add(EventKind::begun, "switchover", epoch, {{"from", from}, {"to", to}});
        return step("stage", epoch)
            .add(EventKind::intent, "pause", epoch)
            .add(EventKind::intent, "fence", epoch)
            .add(EventKind::intent, "switch", epoch);
    }
    Script& point(const std::string& to, std::int64_t epoch) {
        return add(EventKind::switched, "switch", epoch,
                   {{"to", to},
                    {"epoch", epoch},
                    {"bindings", boost::json::object{{"insert_app", "0/" + std::to_string(epoch)}}}});
    }
    Script& end(std::int64_t epoch) {
        return add(EventKind::done, "pause", epoch)
            .add(EventKind::done, "fence", epoch)
            .add(EventKind::done, "switch", epoch)
            .step("turn", epoch)
            .add(EventKind::completed, "switchover", epoch, {{"pause_ms", 30.5}});
    }
    Script& switchover(const std::string& from, const std::string& to, std::int64_t epoch) {
        return begin(from, to, epoch).point(to, epoch).end(epoch);
    }
    Script& take_back(std::int64_t epoch) {
        return add(EventKind::undoing, "fence", epoch)
            .add(EventKind::undone, "fence", epoch)
            .add(EventKind::undone, "pause", epoch)
            .add(EventKind::aborted, "switchover", epoch);
    }
    [[nodiscard]] const std::vector<Event>& events() const { return events_; }

private:
    std::vector<Event> events_;
};

} // namespace pgteal::cutover::toys
