#include "replication/sequence/sequence_plan.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <boost/json.hpp>

#include "postgres/quote.hpp"

namespace pgteal::replication {

namespace {

using postgres::quote_identifier;
using postgres::quote_literal;

std::string quoted(const SequenceName& name) { return postgres::quote_qualified(name.first, name.second); }
std::string quoted_table(const TableColumn& column) {
    return postgres::quote_qualified(column.schema, column.table);
}

std::string display(const SequenceName& name) { return name.first + "." + name.second; }

/// The feeds of one side, looked up from both ends.
class Feeds {
public:
    explicit Feeds(const SequenceSide& side) {
        for (const Feed& feed : side.feeds) {
            (feed.owned_only ? owners_ : givers_)[feed.column].insert(feed.sequence);
            columns_[feed.sequence].push_back(feed.column);
        }
    }
    /// The sequences that the column's default calls.
    [[nodiscard]] const std::set<SequenceName>& givers(const TableColumn& column) const {
        return find(givers_, column);
    }
    /// The same; without any, those that belong to the column.
    [[nodiscard]] const std::set<SequenceName>& of(const TableColumn& column) const {
        const auto& given = givers(column);
        return given.empty() ? find(owners_, column) : given;
    }
    [[nodiscard]] const std::vector<TableColumn>& columns(const SequenceName& sequence) const {
        static const std::vector<TableColumn> none;
        const auto found = columns_.find(sequence);
        return found == columns_.end() ? none : found->second;
    }

private:
    using ByColumn = std::map<TableColumn, std::set<SequenceName>>;
    static const std::set<SequenceName>& find(const ByColumn& map, const TableColumn& column) {
        static const std::set<SequenceName> none;
        const auto found = map.find(column);
        return found == map.end() ? none : found->second;
    }
    ByColumn givers_, owners_;
    std::map<SequenceName, std::vector<TableColumn>> columns_;
};

const ColumnFacts* facts_of(const SequenceSide& side, const TableColumn& column) {
    const auto found = std::find_if(side.columns.begin(), side.columns.end(),
                                    [&column](const auto& one) { return one.column == column; });
    return found == side.columns.end() ? nullptr : &*found;
}

std::map<SequenceName, const Sequence*> by_name(const SequenceSide& side) {
    std::map<SequenceName, const Sequence*> names;
    for (const Sequence& sequence : side.sequences) {
        names.emplace(name_of(sequence), &sequence);
    }
    return names;
}

/// Feeds of `to` whose column nothing on `from` hands out values for.
std::vector<Feed> newly_fed(const SequenceSide& from, const SequenceSide& to) {
    const Feeds before(from);
    std::vector<Feed> result;
    for (const Feed& feed : to.feeds) {
        if (!feed.owned_only && !feed.inherited && before.givers(feed.column).empty()) {
            result.push_back(feed);
        }
    }
    return result;
}

/// The sequences of `to` that `source` is followed by.
std::set<SequenceName> followers(const SequenceName& source,
                                 const std::map<SequenceName, const Sequence*>& there, const Feeds& before,
                                 const Feeds& after) {
    std::set<SequenceName> result;
    if (there.contains(source)) {
        result.insert(source);
    }
    for (const TableColumn& column : before.columns(source)) {
        const auto& old_feeds = before.of(column);
        const auto& new_feeds = after.of(column);
        // The same sequences on both sides follow themselves: a default may call two that have nothing to do
        // with each other.
        if (old_feeds.contains(source) && old_feeds != new_feeds) {
            for (const auto& name : new_feeds) {
                if (there.contains(name)) {
                    result.insert(name);
                }
            }
        }
    }
    return result;
}

/// What becomes of a sequence that nothing on the other side follows.
void judge_left(CarryPlan& plan, const SequenceName& source, const std::vector<TableColumn>& fed,
                const SequenceSide& to, const std::vector<SequenceName>& strangers) {
    if (plan.from == "green") {
        return; // blue's clients had done without it
    }
    const auto name = display(source);
    for (const TableColumn& column : fed) {
        if (facts_of(to, column) != nullptr) {
            plan.problems.push_back({name,
                                     "on " + plan.from + " it feeds " + column.display() + ", on " + plan.to +
                                         " no sequence does, nor is it there",
                                     "CREATE SEQUENCE " + quoted(source) + "; ALTER TABLE " +
                                         quoted_table(column) + " ALTER COLUMN " +
                                         quote_identifier(column.column) + " SET DEFAULT nextval(" +
                                         quote_literal(quoted(source)) + ")"});
            return;
        }
    }
    if (fed.empty() && !strangers.empty()) {
        const auto other = display(strangers.front());
        plan.problems.push_back({name,
                                 "it does not exist on " + plan.to + ", and " + other + ", which only " +
                                     plan.to + " has, may be the same under another name; no column tells",
                                 "ALTER SEQUENCE " + quoted(strangers.front()) + " RENAME TO " +
                                     quote_identifier(source.second) + ", or CREATE SEQUENCE " +
                                     quoted(source) + " if it is another"});
        return;
    }
    plan.notes.push_back("sequence " + name + " stays behind: it is not on " + plan.to);
}

} // namespace

std::vector<TableColumn> columns_in_question(const SequenceSide& from, const SequenceSide& to) {
    std::set<TableColumn> columns;
    for (const Feed& feed : newly_fed(from, to)) {
        columns.insert(feed.column);
    }
    const auto there = by_name(to);
    for (const Feed& feed : from.feeds) {
        if (!there.contains(feed.sequence)) {
            columns.insert(feed.column);
        }
    }
    return {columns.begin(), columns.end()};
}

CarryPlan plan_carry(const SequenceSide& from, const SequenceSide& to) {
    CarryPlan plan;
    plan.from = from.name;
    plan.to = to.name;
    const Feeds before(from);
    const Feeds after(to);
    const auto here = by_name(from);
    const auto there = by_name(to);
    std::vector<SequenceName> strangers; // only `to` has them, and they feed nothing
    for (const auto& [name, sequence] : there) {
        if (!here.contains(name) && after.columns(name).empty()) {
            strangers.push_back(name);
        }
    }
    for (const Sequence& sequence : from.sequences) {
        const auto name = name_of(sequence);
        const auto next = followers(name, there, before, after);
        for (const auto& follower : next) {
            plan.pairs.push_back({name, follower});
        }
        if (next.empty()) {
            judge_left(plan, name, before.columns(name), to, strangers);
        }
    }
    if (plan.to == "green") {
        for (const auto& name : strangers) {
            plan.notes.push_back("sequence " + display(name) +
                                 " is left as it is: it feeds no column, and is not on " + plan.from);
        }
    }
    for (const Feed& feed : newly_fed(from, to)) {
        const auto* facts = facts_of(to, feed.column);
        const auto found = there.find(feed.sequence);
        if (facts == nullptr || found == there.end() || facts_of(from, feed.column) == nullptr) {
            continue; // the column is new with it
        }
        const auto text = feed.column.display() + ", which no sequence feeds on " + plan.from;
        if (!facts->number) {
            plan.notes.push_back("sequence " + display(feed.sequence) + " is left as it is: it feeds " +
                                 text + ", and which is no number");
        } else if (!facts->indexed && facts->size > measured_without_index) {
            plan.problems.push_back({display(feed.sequence),
                                     "on " + plan.to + " it feeds " + text +
                                         ": it has to stand beyond every value there, and without an index "
                                         "that leads with the column clients would be held while " +
                                         to_string(facts->size) + " are read",
                                     "CREATE INDEX ON " + quoted_table(feed.column) + " (" +
                                         quote_identifier(feed.column.column) + ")"});
        } else {
            plan.measures.push_back({feed.sequence, feed.column, found->second->increment < 0});
        }
    }
    return plan;
}

std::string to_json(const CarryPlan& plan) {
    boost::json::array pairs;
    for (const auto& pair : plan.pairs) {
        pairs.push_back({pair.from.first, pair.from.second, pair.to.first, pair.to.second});
    }
    boost::json::array measures;
    for (const auto& one : plan.measures) {
        measures.push_back({one.sequence.first, one.sequence.second, one.column.schema, one.column.table,
                            one.column.column, one.descending});
    }
    boost::json::object object;
    object["from"] = plan.from;
    object["to"] = plan.to;
    object["pairs"] = std::move(pairs);
    object["measures"] = std::move(measures);
    return boost::json::serialize(object);
}

CarryPlan carry_plan_from(const std::string& json) {
    const auto document = boost::json::parse(json);
    const auto text = [](const boost::json::value& value) { return std::string(value.as_string()); };
    CarryPlan plan;
    plan.from = text(document.at("from"));
    plan.to = text(document.at("to"));
    for (const auto& one : document.at("pairs").as_array()) {
        plan.pairs.push_back({{text(one.at(0)), text(one.at(1))}, {text(one.at(2)), text(one.at(3))}});
    }
    for (const auto& one : document.at("measures").as_array()) {
        plan.measures.push_back({{text(one.at(0)), text(one.at(1))},
                                 {text(one.at(2)), text(one.at(3)), text(one.at(4))},
                                 one.at(5).as_bool()});
    }
    return plan;
}

} // namespace pgteal::replication
