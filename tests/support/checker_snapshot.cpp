#include "tests/support/checker_snapshot.hpp"

#include <algorithm>

namespace pgteal::workload {

namespace {

std::size_t place(std::string_view name) {
    const auto found = std::ranges::find(tables, name, &TableSpec::name);
    if (found == tables.end()) {
        throw Failure("the workload has no table " + std::string(name));
    }
    return static_cast<std::size_t>(found - tables.begin());
}

Reply must(Session& session, const std::string& sql) {
    auto reply = session.run(sql.c_str());
    if (!reply.ok()) {
        throw Failure("the workload's tables can't be read: " + reply.message);
    }
    return reply;
}

} // namespace

const std::vector<Row>& Snapshot::table(std::string_view name) const { return rows[place(name)]; }
std::vector<Row>& Snapshot::table(std::string_view name) { return rows[place(name)]; }

Session connect_to_check(const std::string& dsn, std::string_view side) {
    Session session;
    if (!session.connect(dsn, std::chrono::seconds(120))) {
        throw Failure(std::string(side) + " can't be reached: " + session.take_error());
    }
    return session;
}

Snapshot read_snapshot(Session& session) {
    Snapshot snapshot;
    must(session, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    snapshot.server =
        must(session, "SELECT system_identifier FROM pg_catalog.pg_control_system()").number(0, 0);
    for (std::size_t i = 0; i < tables.size(); ++i) {
        const auto reply = must(session, "SELECT " + std::string(tables[i].row) + " FROM workload." +
                                             std::string(tables[i].name));
        auto& rows = snapshot.rows[i];
        rows.reserve(static_cast<std::size_t>(reply.rows()));
        for (int n = 0; n < reply.rows(); ++n) {
            rows.push_back({reply.number(n, 0), reply.number(n, 1), reply.number(n, 2), reply.number(n, 3),
                            reply.number(n, 4), reply.number(n, 5), reply.text(n, 6) == "t"});
        }
    }
    must(session, "COMMIT");
    return snapshot;
}

Digests read_digests(Session& session) {
    Digests digests;
    must(session, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    for (std::size_t i = 0; i < tables.size(); ++i) {
        const auto reply = must(session, "SELECT count(*), coalesce(sum(('x' || left(md5(row::text), "
                                         "15))::bit(60)::bigint::numeric), 0) FROM (SELECT " +
                                             std::string(tables[i].columns) + " FROM workload." +
                                             std::string(tables[i].name) + ") row");
        digests[i] = {reply.number(0, 0), std::string(reply.text(0, 1))};
    }
    must(session, "COMMIT");
    return digests;
}

} // namespace pgteal::workload
