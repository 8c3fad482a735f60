// Columns that the lane brings and columns that it doesn't.
#include <algorithm>

#include "replication/compat/compat_parts.hpp"

namespace pgteal::replication::compat {

namespace {

Reason of_column(const std::string& column, Outcome outcome, std::set<Write> writes, std::string when) {
    Reason reason;
    reason.outcome = outcome;
    reason.level = Level::error;
    reason.writes = std::move(writes);
    reason.at_once = true;
    reason.object = "column " + column;
    reason.when = std::move(when);
    return reason;
}

/// It stops whatever the command, since the relation can't be opened (logicalrep_rel_open).
Reason has_no_place(const Pair& pair, const std::string& column, bool generated) {
    Reason reason = of_column(column, Outcome::stops, every_write, "at the next write");
    const auto renamed = pair.renamed.find(column);
    if (generated) {
        reason.why = pair.subscriber() + " generates it, " + pair.publisher() + " sends it";
        reason.remedy = "give the generated column another name, and drop the old one after finish";
    } else if (renamed != pair.renamed.end()) {
        reason.why = "on " + pair.subscriber() + " it is called " + renamed->second;
        reason.remedy = "add " + renamed->second +
                        " beside it, filled by a trigger ENABLE ALWAYS, and drop " + column + " after finish";
    } else {
        reason.why = pair.subscriber() + " has no such column";
        reason.remedy = "keep it " + std::string(until_finish) + ", then drop it (contract)";
    }
    return reason;
}

/// A column of `to` that nothing is sent for.
void not_fed(const Pair& pair, const Column& column, std::vector<Reason>* reasons) {
    const Column* same = pair.from.column(column.name);
    const bool domain_default = [&] {
        const auto domain = pair.to_schema.domains.find(column.type);
        return domain != pair.to_schema.domains.end() && domain->second.has_default;
    }();
    const bool filled = column.has_default || domain_default;
    const auto renamed = std::ranges::find_if(
        pair.renamed, [&column](const auto& names) { return names.second == column.name; });
    if (column.not_null && !filled) {
        Reason reason = of_column(column.name, Outcome::stops, {Write::insert}, "at the next INSERT");
        reason.why =
            "on " + pair.subscriber() + " it is NOT NULL without a default, and the lane doesn't bring it";
        reason.remedy = pair.forward()
                            ? "give it a default, or add it as nullable and SET NOT NULL after finish"
                            : "keep it on green " + std::string(until_finish) +
                                  ", or before prepare, on blue: give it a default or DROP NOT NULL";
        reasons->push_back(std::move(reason));
        return;
    }
    if (column.draws && pair.direction.fenced) {
        Reason reason = of_column(column.name, Outcome::stops, {Write::insert}, "at the next INSERT");
        reason.why = "its value on " + pair.subscriber() +
                     " comes from a sequence, and nextval() is refused there while the fence is up";
        reason.remedy = pair.forward()
                            ? "add it without identity or sequence, and give it one after the cutover"
                            : "keep it on green until pgteal finish";
        reasons->push_back(std::move(reason));
        return;
    }
    if (renamed != pair.renamed.end()) {
        Reason reason = of_column(column.name, Outcome::diverges, new_rows, "at the next write");
        reason.why = "on " + pair.publisher() + " it is called " + renamed->first + ", so that " +
                     pair.subscriber() + " gets nothing for it";
        reason.remedy = "don't rename within one run: add " + renamed->first + " beside it, and drop " +
                        column.name + " after finish";
        reasons->push_back(std::move(reason));
    } else if (same != nullptr) {
        Reason reason = of_column(column.name, Outcome::diverges, new_rows, "at the next write");
        reason.why = same->generated ? pair.publisher() + " generates it and doesn't send it; " +
                                           pair.subscriber() + " puts its default there"
                                     : std::string("it is not in the lane's column list");
        reason.remedy = same->generated ? "keep it as it is " + std::string(until_finish)
                                        : "end this run and prepare it again";
        reasons->push_back(std::move(reason));
    }
}

/// A column of `from` that can't be sent although both sides have it.
void recomputed(const Column& column, const Pair& pair, std::vector<Reason>* reasons) {
    Reason reason =
        of_column(column.name, Outcome::diverges, new_rows, "once a value is not what the expression gives");
    reason.level = Level::warning;
    reason.at_once = false;
    reason.why = pair.subscriber() + " generates it itself";
    reason.remedy = "keep it generated on both sides " + std::string(until_finish);
    reasons->push_back(std::move(reason));
}

} // namespace

bool Pair::sends(const std::string& column) const { return std::ranges::find(sent, column) != sent.end(); }

std::map<std::string, std::string> renamed_columns(const Table& from, const Table& to, bool from_blue) {
    std::map<std::string, std::string> renamed;
    const Table& blue = from_blue ? from : to;
    const Table& green = from_blue ? to : from;
    int place = 0;
    for (const Column& column : blue.columns) {
        ++place;
        if (green.column(column.name) != nullptr) {
            continue;
        }
        for (const Column& other : green.columns) {
            if (other.position == place && blue.column(other.name) == nullptr) {
                const auto& names =
                    from_blue ? std::pair(column.name, other.name) : std::pair(other.name, column.name);
                renamed.insert(names);
            }
        }
    }
    return renamed;
}

std::vector<Reason> column_reasons(const Pair& pair) {
    std::vector<Reason> reasons;
    for (const auto& name : pair.sent) {
        const Column* from = pair.from.column(name);
        const Column* to = pair.to.column(name);
        if (from == nullptr) {
            continue; // dropped since: the server has taken it out of the list
        }
        if (to == nullptr || to->generated) {
            reasons.push_back(has_no_place(pair, name, to != nullptr));
            continue;
        }
        auto types = type_reasons(pair, *from, *to);
        reasons.insert(reasons.end(), types.begin(), types.end());
    }
    bool narrower = false;
    for (const Column& column : pair.from.columns) {
        if (!column.generated && !pair.sends(column.name)) {
            narrower = true;
            const Column* to = pair.to.column(column.name);
            if (to != nullptr && to->generated) {
                recomputed(column, pair, &reasons);
            }
        }
    }
    for (const Column& column : pair.to.columns) {
        if (!column.generated && !pair.sends(column.name)) {
            not_fed(pair, column, &reasons);
        }
    }
    if (narrower && pair.listed) {
        Reason list;
        list.outcome = Outcome::column_list;
        list.object = "the lane's column list";
        list.why = "columns that only " + pair.publisher() + " has are not sent";
        reasons.push_back(std::move(list));
    }
    return reasons;
}

} // namespace pgteal::replication::compat
