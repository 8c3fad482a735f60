// How UPDATE and DELETE find their rows: what the publisher sends of the old one, and what the subscriber
// looks for.
#include <algorithm>

#include "catalog/type_fit.hpp"
#include "postgres/quote.hpp"
#include "replication/compat/compat_parts.hpp"

namespace pgteal::replication::compat {

namespace {

const Index* index_where(const Table& table, bool (*wanted)(const Index&)) {
    const auto found = std::ranges::find_if(table.indexes, wanted);
    return found == table.indexes.end() ? nullptr : &*found;
}

Reason finding_rows(Outcome outcome, std::string object, std::string why, std::string remedy) {
    Reason reason;
    reason.outcome = outcome;
    reason.level = Level::error;
    reason.writes = old_rows;
    reason.at_once = true;
    reason.object = std::move(object);
    reason.when = "at the next UPDATE or DELETE";
    reason.why = std::move(why);
    reason.remedy = std::move(remedy);
    return reason;
}

std::string keep_key(const Pair& pair) {
    return "keep the primary key as it is on " +
           std::string(pair.forward() ? pair.publisher() : pair.subscriber()) + " " + until_finish +
           "; a new one can be a unique index beside it";
}

std::string default_identity(const Pair& pair) {
    return "on " + pair.publisher() + ": ALTER TABLE " + postgres::quote_identifier(pair.from.schema) + "." +
           postgres::quote_identifier(pair.from.name) + " REPLICA IDENTITY DEFAULT;";
}

/// What the publisher can't do: it refuses the write itself (docs: "CREATE PUBLICATION", notes).
std::vector<Reason> on_the_publisher(const Pair& pair) {
    const bool full = pair.from.identity == 'f';
    const Index* key = identity_of(pair.from);
    if (!full && key == nullptr) {
        const bool nothing = pair.from.identity == 'n';
        auto reason = finding_rows(
            Outcome::publisher, nothing ? "REPLICA IDENTITY NOTHING" : "the primary key",
            pair.from.display() + " on " + pair.publisher() + (nothing ? " is set to" : " has") +
                " no replica identity" + (nothing ? "" : ": no primary key, or a deferrable one"),
            nothing ? default_identity(pair) : keep_key(pair));
        if (pair.to.identity == pair.from.identity && identity_of(pair.to) == nullptr) {
            reason.level = Level::warning; // no difference between the sides: preflight has judged it
        }
        return {reason};
    }
    std::vector<std::string> needed;
    for (const Column& column : pair.from.columns) {
        if (full && !column.generated) {
            needed.push_back(column.name);
        }
    }
    if (!full) {
        needed = key->columns;
    }
    for (const auto& column : needed) {
        if (!pair.sends(column)) {
            return {finding_rows(Outcome::publisher, "column " + column,
                                 "it belongs to the replica identity on " + pair.publisher() +
                                     " and the lane doesn't publish it",
                                 full ? default_identity(pair) : keep_key(pair))};
        }
    }
    return {};
}

/// What the subscriber looks for: its own identity, else its primary key (logicalrep_rel_mark_updatable).
const Index* looked_up_by(const Table& table) {
    if (const Index* own = identity_of(table)) {
        return own;
    }
    return index_where(table, [](const Index& index) { return index.primary && index.immediate; });
}

} // namespace

const Index* identity_of(const Table& table) {
    if (table.identity == 'd') {
        return index_where(table, [](const Index& index) { return index.primary && index.immediate; });
    }
    return table.identity == 'i'
               ? index_where(table, [](const Index& index) { return index.replica_identity; })
               : nullptr;
}

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const auto& name : names) {
        text += (text.empty() ? "" : ", ") + name;
    }
    return text;
}

std::vector<Reason> identity_reasons(const Pair& pair) {
    auto refused = on_the_publisher(pair);
    if (!refused.empty()) {
        return refused;
    }
    const bool full = pair.from.identity == 'f';
    const Index* key = identity_of(pair.from);
    const Index* wanted = looked_up_by(pair.to);
    const Index* deferrable =
        index_where(pair.to, [](const Index& index) { return index.primary && !index.immediate; });
    if (wanted == nullptr && deferrable != nullptr && !full && pair.to_schema.version >= 180000) {
        // 18 takes the key for usable and then finds no row by it; up to 17 it stopped.
        return {finding_rows(Outcome::diverges, "the primary key",
                             "on " + pair.subscriber() +
                                 " it is deferrable, and PostgreSQL 18 skips such rows in silence",
                             keep_key(pair))};
    }
    if (wanted == nullptr && !full) {
        return {finding_rows(Outcome::stops, "the primary key",
                             pair.to.display() + " on " + pair.subscriber() +
                                 " has neither a replica identity nor a primary key that is not deferrable",
                             keep_key(pair))};
    }
    if (wanted == nullptr) {
        // Every column is compared.
        for (const auto& name : pair.sent) {
            const Column* column = pair.to.column(name);
            if (column != nullptr && postgres::lacks_equality(pair.to_schema.base_of(column->type))) {
                return {finding_rows(Outcome::stops, "column " + name,
                                     "without a primary key on " + pair.subscriber() +
                                         " rows are found by all of their columns, and " + column->type +
                                         " can't be compared",
                                     "give the table a primary key, or make the column jsonb")};
            }
        }
        return {};
    }
    for (const auto& column : wanted->columns) {
        const bool known =
            full ? pair.sends(column) : std::ranges::find(key->columns, column) != key->columns.end();
        if (!known) {
            return {finding_rows(Outcome::stops, "index " + wanted->name,
                                 pair.subscriber() + " finds rows by (" + joined(wanted->columns) +
                                     "), and " + pair.publisher() + " sends of the old row only (" +
                                     (full ? joined(pair.sent) : joined(key->columns)) + ")",
                                 keep_key(pair))};
        }
    }
    return {};
}

} // namespace pgteal::replication::compat
