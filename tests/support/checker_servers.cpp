#include <thread>

#include "tests/support/checker.hpp"

namespace pgteal::workload {

namespace {

using std::chrono::steady_clock;

// The standing side may still be applying; what differs after the deadline is reported by check().
void settle(std::map<Side, Session>& sessions, std::chrono::seconds deadline, Evidence& evidence) {
    for (const auto until = steady_clock::now() + deadline;;) {
        for (auto& [side, session] : sessions) {
            evidence.digests[side] = read_digests(session);
        }
        if (evidence.digests.at(Side::blue) == evidence.digests.at(Side::green) ||
            steady_clock::now() >= until) {
            return;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
}

Id identify(Session& session) {
    const auto reply = session.run("SELECT system_identifier FROM pg_catalog.pg_control_system()");
    if (!reply.ok()) {
        throw Failure("a server doesn't say who it is: " + reply.message);
    }
    return reply.number(0, 0);
}

} // namespace

CheckReport check_servers(const CheckRequest& request) {
    const auto log = read_logs(request.logs);
    const Side serving = request.rules.serving;
    std::map<Side, Session> sessions;
    Evidence evidence;
    for (const auto side : {Side::blue, Side::green}) {
        const auto& dsn = side == Side::blue ? request.blue : request.green;
        if (!dsn.empty()) {
            auto& session = sessions[side] = connect_to_check(dsn, name(side));
            (side == Side::blue ? evidence.blue : evidence.green) = identify(session);
        } else if (request.both || side == serving) {
            throw Failure("the DSN of " + std::string(name(side)) + " is missing");
        }
    }
    if (evidence.blue == evidence.green) {
        throw Failure("both DSNs lead to the same server");
    }
    // The serving side first: it has to be right at once, not only after a while.
    evidence.snapshots[serving] = read_snapshot(sessions.at(serving));
    if (request.both) {
        settle(sessions, request.settle, evidence);
        const Side standing = serving == Side::blue ? Side::green : Side::blue;
        evidence.snapshots[standing] = read_snapshot(sessions.at(standing));
    }
    return check(log, evidence, request.rules, request.windows);
}

} // namespace pgteal::workload
