// Columns of composite types: a value goes over as the text of its fields, in their order and without names.
#include <algorithm>

#include "replication/compat/compat_parts.hpp"

namespace pgteal::replication::compat {

namespace {

using Attributes = std::vector<Attribute>;

const Attributes* attributes_of(const Schema& schema, std::string type) {
    while (type.ends_with("[]")) {
        type.resize(type.size() - 2);
    }
    const auto found = schema.composites.find(type);
    return found == schema.composites.end() ? nullptr : &found->second;
}

Reason of_value(const Column& column, Outcome outcome, std::string why) {
    Reason reason;
    reason.outcome = outcome;
    reason.level = Level::error;
    reason.writes = new_rows;
    reason.at_once = true;
    reason.object = "column " + column.name;
    reason.when = "once a value that is not NULL is written";
    reason.why = std::move(why);
    return reason;
}

bool has(const Attributes& all, const std::string& name) {
    return std::ranges::find(all, name, &Attribute::name) != all.end();
}

/// The field in this place has another name on the other side, and was not renamed: one that was made anew
/// stands behind those that were there.
bool another_field(const Pair& pair, const Attributes& from, const Attributes& to, std::size_t place) {
    if (from[place].name == to[place].name) {
        return false;
    }
    const Attributes& blue = pair.forward() ? from : to;
    const Attributes& green = pair.forward() ? to : from;
    return has(green, blue[place].name) || has(blue, green[place].name) ||
           green[place].position != static_cast<int>(place) + 1;
}

} // namespace

std::optional<std::vector<Reason>> composite_reasons(const Pair& pair, const Column& from, const Column& to) {
    const std::string left = pair.from_schema.base_of(from.type);
    const std::string right = pair.to_schema.base_of(to.type);
    const Attributes* sent = attributes_of(pair.from_schema, left);
    const Attributes* read = attributes_of(pair.to_schema, right);
    if (sent == nullptr || read == nullptr || left.ends_with("[]") != right.ends_with("[]")) {
        return std::nullopt;
    }
    std::vector<Reason> reasons;
    if (sent->size() != read->size()) {
        reasons.push_back(of_value(from, Outcome::stops,
                                   "type " + right + " has " + std::to_string(read->size()) +
                                       " attributes on " + pair.subscriber() + ", and " + left + " has " +
                                       std::to_string(sent->size()) + " on " + pair.publisher() +
                                       ": its text is not read there (malformed record literal)"));
    } else {
        for (std::size_t place = 0; place < sent->size(); ++place) {
            Column one;
            one.name = from.name + "." + (*sent)[place].name;
            one.type = (*sent)[place].type;
            Column other = one;
            other.type = (*read)[place].type;
            if (another_field(pair, *sent, *read, place)) {
                reasons.push_back(of_value(one, Outcome::diverges,
                                           "fields go by their place, and in its place type " + right +
                                               " on " + pair.subscriber() + " has " + (*read)[place].name));
            }
            auto inner = type_reasons(pair, one, other);
            reasons.insert(reasons.end(), std::make_move_iterator(inner.begin()),
                           std::make_move_iterator(inner.end()));
        }
    }
    for (Reason& reason : reasons) {
        reason.remedy = pair.forward() ? "leave the type as it is, make one of another name with a column of "
                                         "it beside, and drop the old ones after finish"
                                       : "change the type after finish only";
    }
    return reasons;
}

} // namespace pgteal::replication::compat
