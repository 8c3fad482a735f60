// One column whose type differs between the sides.
#include <algorithm>

#include "catalog/type_fit.hpp"
#include "replication/compat/compat_parts.hpp"

namespace pgteal::replication::compat {

namespace {

using Labels = std::vector<std::string>;

const Labels* labels_of(const Schema& schema, std::string type) {
    while (type.ends_with("[]")) {
        type.resize(type.size() - 2);
    }
    const auto found = schema.enums.find(type);
    return found == schema.enums.end() ? nullptr : &found->second;
}

Reason of_column(const Column& column, Outcome outcome, Level level, bool at_once, std::string when) {
    Reason reason;
    reason.outcome = outcome;
    reason.level = level;
    reason.writes = new_rows;
    reason.at_once = at_once;
    reason.object = "column " + column.name;
    reason.when = std::move(when);
    return reason;
}

std::string types_differ(const Pair& pair, const Column& from, const Column& to) {
    return "it is " + from.type + " on " + pair.publisher() + " and " + to.type + " on " + pair.subscriber();
}

/// Labels go over as text: one that the other side doesn't know is an error there.
std::vector<Reason> between_enums(const Pair& pair, const Column& from, const Column& to, const Labels& have,
                                  const Labels& known) {
    Labels unknown;
    for (const auto& label : have) {
        if (std::ranges::find(known, label) == known.end()) {
            unknown.push_back(label);
        }
    }
    if (unknown.empty()) {
        return {};
    }
    // A label that only the other side has, as well: that is a new name for it, and rows hold the old one.
    const bool renamed = std::ranges::any_of(
        known, [&have](const auto& label) { return std::ranges::find(have, label) == have.end(); });
    Reason reason = of_column(from, Outcome::stops, renamed ? Level::error : Level::warning, false,
                              "once '" + unknown.front() + "' is written");
    reason.why = "type " + to.type + " on " + pair.subscriber() + " has no label '" + unknown.front() + "'";
    reason.remedy = "write it after finish only";
    if (renamed) {
        reason.remedy = "don't rename labels: add the new one, and move the rows to it after finish";
    }
    return {reason};
}

std::vector<Reason> binary_reasons(const Pair& pair, const Column& from, const Column& to,
                                   const std::string& left, const std::string& right) {
    Reason reason = of_column(from, Outcome::stops, Level::error, true, "at the next write");
    reason.why = types_differ(pair, from, to) + ", and the lane sends the binary format";
    reason.remedy = "let the lane's subscription on " + pair.subscriber() + " ask for text: binary = false";
    return postgres::same_binary(left, right) ? std::vector<Reason>{} : std::vector<Reason>{reason};
}

std::string type_remedy(const Pair& pair, const Column& column) {
    std::string text =
        "let clients write only what blue's type holds until pgteal finish, or accept that the way "
        "back is lost: accept = [\"switch-back\"] in [check]";
    if (pair.forward()) {
        text = "add a new column of that type beside ";
        text += column.name;
        text += ", filled by a trigger ENABLE ALWAYS, and drop the old one after finish";
    }
    return text;
}

} // namespace

std::vector<Reason> type_reasons(const Pair& pair, const Column& from, const Column& to) {
    const std::string left = pair.from_schema.base_of(from.type);
    const std::string right = pair.to_schema.base_of(to.type);
    const Labels* have = labels_of(pair.from_schema, left);
    const Labels* known = labels_of(pair.to_schema, right);
    std::vector<Reason> reasons;
    if (have != nullptr && known != nullptr) {
        return between_enums(pair, from, to, *have, *known);
    }
    if (auto fields = composite_reasons(pair, from, to)) {
        return *std::move(fields);
    }
    if (left == right) {
        return {};
    }
    if (pair.direction.binary) {
        reasons = binary_reasons(pair, from, to, left, right);
        if (!reasons.empty()) {
            return reasons;
        }
    }
    const bool utc =
        postgres::is_utc(pair.from_schema.time_zone) && postgres::is_utc(pair.to_schema.time_zone);
    const auto words = [](const std::string& type, bool labels) {
        return !labels ? type : type.ends_with("[]") ? std::string("text[]") : std::string("text");
    };
    // A label is one or it isn't: what a type of labels accepts, it prints the same.
    auto fit = postgres::type_fit(words(left, have != nullptr), words(right, known != nullptr), utc);
    if (known != nullptr) {
        fit = {"a value is no label of " + to.type, {}, fit.always && !fit.stops_when.empty()};
    }
    if (!fit.stops_when.empty()) {
        Reason reason = of_column(from, Outcome::stops, fit.always ? Level::error : Level::warning,
                                  fit.always, "once " + fit.stops_when);
        reason.why = types_differ(pair, from, to);
        reason.remedy = type_remedy(pair, from);
        reasons.push_back(std::move(reason));
    }
    if (!fit.differs_when.empty()) {
        // A document of the same meaning arrives, as for the rows that the migration converted.
        const bool same_meaning = left.starts_with("json") && right.starts_with("json");
        Reason reason = of_column(from, Outcome::diverges, same_meaning ? Level::warning : Level::error,
                                  fit.always, "once " + fit.differs_when);
        reason.why = types_differ(pair, from, to);
        reason.remedy = type_remedy(pair, from);
        reasons.push_back(std::move(reason));
    }
    return reasons;
}

} // namespace pgteal::replication::compat
