#include "replication/sequences.hpp"

#include <boost/json.hpp>

#include "replication/lanes.hpp"
#include "replication/sql.hpp"

namespace pgteal::replication {

namespace {

using Name = std::pair<std::string, std::string>;

Name name_of(const Sequence& sequence) { return {sequence.schema, sequence.name}; }

bool same_position(const Sequence& a, const Sequence& b) { return a.last == b.last && a.called == b.called; }

/// Whether `a` stands further than `b` in the direction that both count.
bool further(const Sequence& a, const Sequence& b, bool ascending) {
    if (a.last == b.last) {
        return a.called && !b.called;
    }
    return ascending ? a.last > b.last : a.last < b.last;
}

std::string number(std::int64_t value) { return std::to_string(value); }

} // namespace

Task<std::vector<Sequence>> read_sequences(postgres::Connection& connection, Deadline deadline) {
    std::string text(sql::sequences);
    const postgres::Result rows = co_await connection.exec(std::move(text), deadline);
    std::vector<Sequence> sequences;
    sequences.reserve(static_cast<std::size_t>(rows.rows()));
    for (int row = 0; row < rows.rows(); ++row) {
        Sequence sequence;
        sequence.schema = rows.get<std::string>(row, 0);
        sequence.name = rows.get<std::string>(row, 1);
        sequence.last = rows.get<std::int64_t>(row, 2);
        sequence.called = rows.get<bool>(row, 3);
        sequence.increment = rows.get<std::int64_t>(row, 4);
        sequence.minimum = rows.get<std::int64_t>(row, 5);
        sequence.maximum = rows.get<std::int64_t>(row, 6);
        sequence.cycle = rows.get<bool>(row, 7);
        sequences.push_back(std::move(sequence));
    }
    co_return sequences;
}

Carry carry(const std::vector<Sequence>& from, const std::vector<Sequence>& to, bool green_only) {
    std::map<Name, const Sequence*> targets;
    for (const Sequence& sequence : to) {
        targets.emplace(name_of(sequence), &sequence);
    }
    Carry result;
    for (const Sequence& source : from) {
        const std::string display = source.schema + "." + source.name;
        const auto found = targets.find(name_of(source));
        if (found == targets.end() && green_only) {
            continue;
        }
        ++result.total;
        if (found == targets.end()) {
            result.problems.push_back({display, "it does not exist on the other side"});
            continue;
        }
        const Sequence& target = *found->second;
        const bool ascending = source.increment > 0;
        if (ascending != (target.increment > 0)) {
            result.problems.push_back({display, "it counts the other way there (increment " +
                                                    number(source.increment) + " here, " +
                                                    number(target.increment) + " there)"});
            continue;
        }
        const bool cyclic = source.cycle || target.cycle;
        if (!cyclic && !further(source, target, ascending)) {
            continue;
        }
        if (same_position(source, target)) {
            continue;
        }
        if (source.last < target.minimum || source.last > target.maximum) {
            result.problems.push_back(
                {display, "its value " + number(source.last) + " is outside the bounds there (" +
                              number(target.minimum) + " to " + number(target.maximum) + ")"});
            continue;
        }
        Sequence moved = target;
        moved.last = source.last;
        moved.called = source.called;
        result.set.push_back(std::move(moved));
    }
    return result;
}

postgres::Statement set_sequences(const std::string& database) {
    // Its own transaction, and READ WRITE whatever the database's default: setval() is refused in a read-only
    // one.
    return {database,
            "BEGIN READ WRITE;\n"
            "SELECT pg_catalog.count(pg_catalog.setval(pg_catalog.format('%I.%I', s.schema, "
            "s.name)::regclass, s.last, s.called))"
            " AS moved\n"
            "  FROM pg_catalog.json_to_recordset(:'" +
                binding_for("sequences", database) +
                "'::json) AS s(schema text, name text, last bigint, called boolean);\n"
                "COMMIT",
            {}};
}

std::string to_json(const std::vector<Sequence>& sequences) {
    boost::json::array array;
    array.reserve(sequences.size());
    for (const Sequence& sequence : sequences) {
        boost::json::object object;
        object["schema"] = sequence.schema;
        object["name"] = sequence.name;
        object["last"] = sequence.last;
        object["called"] = sequence.called;
        array.push_back(std::move(object));
    }
    return boost::json::serialize(array);
}

} // namespace pgteal::replication
