// Partitions: apply checks each row against the bounds of the one that it is sent for (executor:
// ExecPartitionCheck).
#include <algorithm>
#include <charconv>

#include "replication/compat/compat_parts.hpp"

namespace pgteal::replication::compat {

namespace {

/// "1, 'a', 'b''c'" by its commas.
std::vector<std::string> values_of(std::string_view list) {
    std::vector<std::string> values(1);
    bool quoted = false;
    for (const char c : list) {
        quoted = quoted != (c == '\'');
        if (c == ',' && !quoted) {
            values.emplace_back();
        } else if (c != ' ' || quoted) {
            values.back() += c;
        }
    }
    return values;
}

/// What stands in the parentheses behind `word`; "" when there are none.
std::string_view behind(std::string_view text, std::string_view word) {
    const auto at = text.find(word);
    if (at == std::string_view::npos) {
        return {};
    }
    text.remove_prefix(at + word.size());
    bool quoted = false;
    for (std::size_t end = 0; end < text.size(); ++end) {
        quoted = quoted != (text[end] == '\'');
        if (text[end] == ')' && !quoted) {
            return text.substr(0, end);
        }
    }
    return {};
}

std::string_view bare(std::string_view value) {
    return value.size() > 1 && value.front() == '\'' ? value.substr(1, value.size() - 2) : value;
}

/// a <= b, as far as that can be told: whole numbers, and times, which are printed alike at any length.
bool up_to(std::string_view a, std::string_view b, const std::string& type) {
    if (a == b || a == "MINVALUE" || b == "MAXVALUE") {
        return true;
    }
    a = bare(a);
    b = bare(b);
    if (type == "smallint" || type == "integer" || type == "bigint") {
        std::int64_t left = 0;
        std::int64_t right = 0;
        const bool read = std::from_chars(a.data(), a.data() + a.size(), left).ec == std::errc() &&
                          std::from_chars(b.data(), b.data() + b.size(), right).ec == std::errc();
        return read && left <= right;
    }
    return (type == "date" || type.starts_with("timestamp")) && a.size() == b.size() && a < b;
}

/// Every row that `have` lets through gets through `wanted` as well. What can't be told is no.
bool within(const Pair& pair, const Bound& have, const Bound& wanted) {
    if (normal_form(have.key) != normal_form(wanted.key)) {
        return false;
    }
    if (wanted.values == "DEFAULT") {
        return have.values == "DEFAULT" && std::ranges::all_of(wanted.others, [&have](const auto& other) {
                   return std::ranges::find(have.others, other) != have.others.end();
               });
    }
    if (have.values == wanted.values) {
        return true;
    }
    const auto listed = behind(have.values, "VALUES IN (");
    if (!listed.empty()) {
        const auto known = values_of(behind(wanted.values, "VALUES IN ("));
        return std::ranges::all_of(values_of(listed), [&known](const auto& value) {
            return std::ranges::find(known, value) != known.end();
        });
    }
    const Column* column = pair.to.column(std::string(behind(wanted.key, "RANGE (")));
    const auto first = behind(have.values, "FROM (");
    return column != nullptr && !first.empty() &&
           up_to(behind(wanted.values, "FROM ("), first, column->type) &&
           up_to(behind(have.values, "TO ("), behind(wanted.values, "TO ("), column->type);
}

} // namespace

std::vector<Reason> partition_reasons(const Pair& pair) {
    std::vector<Reason> reasons;
    for (const Bound& wanted : pair.to.bounds) {
        const bool kept = std::ranges::any_of(pair.from.bounds,
                                              [&](const Bound& have) { return within(pair, have, wanted); });
        if (kept) {
            continue;
        }
        const bool rest = wanted.values == "DEFAULT";
        Reason reason;
        reason.outcome = Outcome::stops;
        reason.level = Level::warning;
        reason.writes = new_rows;
        reason.object = "partition " + pair.to.display();
        reason.when = rest ? "once a row belongs to another partition of " + pair.subscriber()
                           : "once a row is not " + wanted.key + " " + wanted.values;
        reason.why = "on " + pair.subscriber() + " it takes other rows than on " + pair.publisher() +
                     (rest ? ": " + wanted.key + " DEFAULT beside other partitions" : "");
        reason.remedy = pair.forward() ? "give it the same bounds on both sides until pgteal finish"
                                       : "let no client write such rows until pgteal finish";
        reasons.push_back(std::move(reason));
    }
    return reasons;
}

} // namespace pgteal::replication::compat
