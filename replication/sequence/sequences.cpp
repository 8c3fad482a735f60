#include "replication/sequence/sequences.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include <boost/json.hpp>

#include "postgres/quote.hpp"
#include "replication/lane/lanes.hpp"
#include "replication/sequence/sequence_plan.hpp"
#include "replication/sequence/sql.hpp"

namespace pgteal::replication {

namespace {

bool same_position(const Sequence& a, const Sequence& b) { return a.last == b.last && a.called == b.called; }

/// Whether `a` stands further than `b` in the direction that both count.
bool further(const Sequence& a, const Sequence& b, bool ascending) {
    if (a.last == b.last) {
        return a.called && !b.called;
    }
    return ascending ? a.last > b.last : a.last < b.last;
}

std::string number(std::int64_t value) { return std::to_string(value); }

std::string display(const Sequence& sequence) { return sequence.schema + "." + sequence.name; }

std::string quoted(const Sequence& sequence) {
    return postgres::quote_qualified(sequence.schema, sequence.name);
}

CarryProblem other_way(const Sequence& source, const Sequence& target, const CarryPlan& plan) {
    return {display(source),
            "it counts by " + number(source.increment) + " on " + plan.from + ", and " + display(target) +
                " on " + plan.to + ", which follows it, the other way, by " + number(target.increment),
            "ALTER SEQUENCE " + quoted(target) + " INCREMENT BY " + number(source.increment)};
}

/// What `target` takes its position from.
struct Position {
    Sequence sequence;
    std::string whence; ///< "c.a on blue stands at"
};

CarryProblem out_of_bounds(const Position& position, const Sequence& target, const CarryPlan& plan) {
    const bool above = position.sequence.last > target.maximum;
    return {display(target),
            position.whence + " " + number(position.sequence.last) + ", outside its bounds on " + plan.to +
                " (" + number(target.minimum) + " to " + number(target.maximum) + ")",
            "ALTER SEQUENCE " + quoted(target) +
                (above ? " AS bigint MAXVALUE 9223372036854775807"
                       : " AS bigint MINVALUE " + number(position.sequence.last))};
}

} // namespace

std::pair<std::string, std::string> name_of(const Sequence& sequence) {
    return {sequence.schema, sequence.name};
}

std::string read_sequences_text() { return std::string(sql::sequences); }

Task<std::vector<Sequence>> read_sequences(postgres::Connection& connection, Deadline deadline) {
    auto text = read_sequences_text();
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

Carry carry(const std::vector<Sequence>& from, const std::vector<Sequence>& to, const CarryPlan& plan,
            const std::vector<std::optional<std::int64_t>>& measured) {
    Carry result;
    result.problems = plan.problems;
    result.notes = plan.notes;
    std::map<SequenceName, const Sequence*> sources;
    for (const Sequence& sequence : from) {
        sources.emplace(name_of(sequence), &sequence);
    }
    std::map<SequenceName, std::vector<const Sequence*>> followed;
    for (const auto& pair : plan.pairs) {
        if (const auto found = sources.find(pair.from); found != sources.end()) {
            followed[pair.to].push_back(found->second);
        }
    }
    std::map<SequenceName, std::vector<Position>> beyond;
    for (std::size_t i = 0; i < plan.measures.size(); ++i) {
        auto& positions = beyond[plan.measures[i].sequence];
        if (i < measured.size() && measured[i]) {
            Sequence reached;
            reached.last = *measured[i];
            reached.called = true;
            positions.push_back({reached, plan.measures[i].column.display() + " holds"});
        }
    }
    for (const Sequence& target : to) {
        const auto of_sequences = followed.find(name_of(target));
        const auto of_columns = beyond.find(name_of(target));
        if (of_sequences == followed.end() && of_columns == beyond.end()) {
            continue;
        }
        ++result.total;
        const bool ascending = target.increment > 0;
        bool cyclic = false;
        std::optional<Position> best;
        const auto take = [&best, ascending](const Position& position) {
            if (!best || further(position.sequence, best->sequence, ascending)) {
                best = position;
            }
        };
        if (of_sequences != followed.end()) {
            for (const Sequence* source : of_sequences->second) {
                if (ascending != (source->increment > 0)) {
                    result.problems.push_back(other_way(*source, target, plan));
                    continue;
                }
                cyclic = cyclic || source->cycle || target.cycle;
                take({*source, display(*source) + " on " + plan.from + " stands at"});
            }
        }
        if (of_columns != beyond.end() && !cyclic) {
            std::for_each(of_columns->second.begin(), of_columns->second.end(), take);
        }
        if (!best || same_position(best->sequence, target) ||
            (!cyclic && !further(best->sequence, target, ascending))) {
            continue;
        }
        if (best->sequence.last < target.minimum || best->sequence.last > target.maximum) {
            result.problems.push_back(out_of_bounds(*best, target, plan));
            continue;
        }
        Sequence moved = target;
        moved.last = best->sequence.last;
        moved.called = best->sequence.called;
        result.set.push_back(std::move(moved));
    }
    return result;
}

Carry carry(const std::vector<Sequence>& from, const std::vector<Sequence>& to, bool green_only) {
    SequenceSide here;
    here.name = green_only ? "green" : "blue";
    here.sequences = from;
    SequenceSide there;
    there.name = green_only ? "blue" : "green";
    there.sequences = to;
    return carry(from, to, plan_carry(here, there), {});
}

postgres::Statement set_sequences(const std::string& database) {
    // Its own transaction, and READ WRITE whatever the database's default: setval() is refused in a read-only
    // one.
    return {database,
            "BEGIN READ WRITE;\n"
            "SELECT pg_catalog.count(pg_catalog.setval(pg_catalog.format('%I.%I', s.schema, "
            "s.name)::regclass, s.last, s.called))"
            " AS moved\n"
            "  FROM pg_catalog.json_to_recordset(" +
                postgres::late_literal(binding_for("sequences", database)) +
                "::json) AS s(schema text, name text, last bigint, called boolean);\n"
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
