#include "migration/lint/world/sql_types.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <set>

#include "migration/lint/world/world.hpp"

namespace pgteal::migration::lint {

namespace {

/// The grammar's and pg_type's names to those that format_type prints.
const std::map<std::string_view, std::string_view>& printed_names() {
    static const std::map<std::string_view, std::string_view> names{
        {"int2", "smallint"},
        {"int4", "integer"},
        {"int8", "bigint"},
        {"float4", "real"},
        {"float8", "double precision"},
        {"bool", "boolean"},
        {"varchar", "character varying"},
        {"bpchar", "character"},
        {"decimal", "numeric"},
        {"timestamptz", "timestamp with time zone"},
        {"timestamp", "timestamp without time zone"},
        {"timetz", "time with time zone"},
        {"time", "time without time zone"},
        {"varbit", "bit varying"},
        {"serial", "integer"},
        {"serial4", "integer"},
        {"bigserial", "bigint"},
        {"serial8", "bigint"},
        {"smallserial", "smallint"},
        {"serial2", "smallint"},
    };
    return names;
}

long integer_of(const Node& constant) {
    if (constant.is("A_Const")) {
        return static_cast<long>(constant["ival"].number("ival"));
    }
    return 0;
}

/// The words of the bit mask that the grammar makes of "DAY TO SECOND" (utils/timestamp.h, INTERVAL_MASK).
std::string interval_fields(long mask) {
    constexpr std::array<std::pair<long, std::string_view>, 6> bits{
        std::pair{1L << 2, std::string_view("year")},    std::pair{1L << 1, std::string_view("month")},
        std::pair{1L << 3, std::string_view("day")},     std::pair{1L << 10, std::string_view("hour")},
        std::pair{1L << 11, std::string_view("minute")}, std::pair{1L << 12, std::string_view("second")}};
    std::string first;
    std::string last;
    for (const auto& [bit, word] : bits) {
        if ((mask & bit) != 0 && mask != 0x7FFF) {
            (first.empty() ? first : last) = word;
        }
    }
    return last.empty() ? first : first + " to " + last;
}

std::string unquoted(std::string_view text) {
    std::string result;
    for (const char c : text) {
        if (c != '"') {
            result += c;
        }
    }
    return result;
}

bool is_domain(const SqlType& type, const World& world) {
    const auto* known = world.type(type.base);
    return known != nullptr && known->kind == "d";
}

/// The type below domains; constrained says whether one of them has a condition.
SqlType below_domains(SqlType type, const World& world, bool& constrained) {
    for (int depth = 0; depth < 32 && !type.array && is_domain(type, world); ++depth) {
        const auto* domain = world.type(type.base);
        constrained = constrained || domain->constrained;
        type = read_type(domain->base);
    }
    return type;
}

long modifier(const SqlType& type, std::size_t i, long fallback) {
    return i < type.modifiers.size() ? type.modifiers[i] : fallback;
}

bool is_utc(const std::string& zone) {
    static const std::set<std::string> names{
        "UTC",           "Etc/UTC",   "GMT",           "Etc/GMT",   "UCT",  "Etc/UCT",  "Zulu", "Etc/Zulu",
        "Etc/Universal", "Universal", "Etc/Greenwich", "Greenwich", "GMT0", "Etc/GMT0", "utc",  "gmt"};
    return names.contains(zone);
}

/// The length or precision is the same, larger, or no longer limited.
bool widened(const SqlType& from, const SqlType& to, long most) {
    return modifier(to, 0, most) >= modifier(from, 0, most);
}

/// What an interval is cut to: its smallest field decides (interval_support in timestamp.c).
std::size_t smallest_field(const SqlType& type) {
    static const std::vector<std::string> order{"year", "month", "day", "hour", "minute", "second"};
    const auto last = type.fields.substr(type.fields.find_last_of(' ') + 1);
    const auto found = std::find(order.begin(), order.end(), last);
    return found == order.end() ? order.size() - 1 : static_cast<std::size_t>(found - order.begin());
}

bool same_base_is_free(const SqlType& from, const SqlType& to) {
    constexpr long any = 1L << 30;
    if (from.base == "character varying" || from.base == "bit varying") {
        return widened(from, to, any);
    }
    if (from.base == "numeric") {
        if (to.modifiers.empty()) {
            return true;
        }
        return !from.modifiers.empty() && modifier(to, 1, 0) == modifier(from, 1, 0) &&
               modifier(to, 0, 0) >= modifier(from, 0, 0);
    }
    constexpr long microseconds = 6;
    if (from.base.starts_with("time")) {
        return widened(from, to, microseconds);
    }
    if (from.base == "interval") {
        return smallest_field(to) >= smallest_field(from) && widened(from, to, microseconds);
    }
    return from.modifiers == to.modifiers;
}

bool other_base_is_free(const SqlType& from, const SqlType& to, const World& world) {
    const auto pair = std::pair(from.base, to.base);
    if (pair == std::pair<std::string, std::string>("character varying", "text") ||
        pair == std::pair<std::string, std::string>("cidr", "inet")) {
        return true;
    }
    if (from.base == "text" && to.base == "character varying") {
        return to.modifiers.empty();
    }
    if (from.base == "bit" && to.base == "bit varying") {
        // A cast by function only for the length: none is needed without one.
        return to.modifiers.empty();
    }
    const bool stamps =
        (from.base == "timestamp without time zone" && to.base == "timestamp with time zone") ||
        (from.base == "timestamp with time zone" && to.base == "timestamp without time zone");
    if (stamps) {
        constexpr long microseconds = 6;
        return !world.offline() && is_utc(world.catalog().time_zone) &&
               modifier(to, 0, microseconds) >= modifier(from, 0, microseconds);
    }
    static const std::set<std::string> ids{"oid", "regclass", "regtype", "regproc", "integer"};
    return ids.contains(from.base) && ids.contains(to.base) && from.base != to.base;
}

} // namespace

std::string SqlType::text() const {
    auto result = base;
    std::string list;
    for (const auto one : modifiers) {
        list += (list.empty() ? "" : ",") + std::to_string(one);
    }
    if (!list.empty()) {
        const auto space = base.find(" with"); // timestamp(3) with time zone
        if (base.starts_with("time") && space != std::string::npos) {
            result = base.substr(0, space) + "(" + list + ")" + base.substr(space);
        } else {
            result += "(" + list + ")";
        }
    }
    if (!fields.empty()) {
        result += " " + fields;
    }
    return result + (array ? "[]" : "");
}

SqlType type_of(const Node& type_name, const World& world) {
    SqlType type;
    const auto full = world.type_name_of(strings(type_name.list("names")));
    type.base = full;
    if (full.starts_with("pg_catalog.")) {
        auto name = full.substr(std::string_view("pg_catalog.").size());
        type.serial = name.find("serial") != std::string::npos;
        const auto printed = printed_names().find(name);
        type.base = printed != printed_names().end() ? std::string(printed->second) : name;
    }
    for (const auto& one : type_name.list("typmods")) {
        type.modifiers.push_back(integer_of(one));
    }
    if (type.base == "interval" && !type.modifiers.empty()) {
        type.fields = interval_fields(type.modifiers.front());
        type.modifiers.erase(type.modifiers.begin());
    }
    if (type.base == "character" && type.modifiers.empty()) {
        type.modifiers.push_back(1);
    }
    if (type.base == "numeric" && type.modifiers.size() == 1) {
        type.modifiers.push_back(0);
    }
    type.array = !type_name.list("arrayBounds").empty() || type_name.has("arrayBounds");
    return type;
}

SqlType read_type(std::string_view printed) {
    SqlType type;
    while (printed.ends_with("[]")) {
        type.array = true;
        printed.remove_suffix(2);
    }
    const auto open = printed.find('(');
    if (open == std::string_view::npos) {
        type.base = unquoted(printed);
    } else {
        const auto close = std::min(printed.find(')', open), printed.size() - 1);
        type.base = unquoted(printed.substr(0, open)) + unquoted(printed.substr(close + 1));
        for (auto list = printed.substr(open + 1, close - open - 1); !list.empty();) {
            const auto comma = std::min(list.find(','), list.size());
            long value = 0;
            std::from_chars(list.data(), list.data() + comma, value);
            type.modifiers.push_back(value);
            list.remove_prefix(std::min(comma + 1, list.size()));
        }
    }
    if (type.base.starts_with("interval ")) {
        type.fields = type.base.substr(std::string_view("interval ").size());
        type.base = "interval";
    }
    return type;
}

bool is_builtin_type(std::string_view name) {
    static const std::set<std::string_view> names{"text",
                                                  "uuid",
                                                  "json",
                                                  "jsonb",
                                                  "bytea",
                                                  "date",
                                                  "money",
                                                  "inet",
                                                  "cidr",
                                                  "macaddr",
                                                  "macaddr8",
                                                  "xml",
                                                  "tsvector",
                                                  "tsquery",
                                                  "point",
                                                  "line",
                                                  "lseg",
                                                  "box",
                                                  "path",
                                                  "polygon",
                                                  "circle",
                                                  "int4range",
                                                  "int8range",
                                                  "numrange",
                                                  "tsrange",
                                                  "tstzrange",
                                                  "daterange",
                                                  "oid",
                                                  "name",
                                                  "regclass",
                                                  "regtype",
                                                  "regproc",
                                                  "regrole",
                                                  "pg_lsn",
                                                  "jsonpath",
                                                  "int4multirange",
                                                  "int8multirange",
                                                  "nummultirange",
                                                  "tsmultirange",
                                                  "tstzmultirange",
                                                  "datemultirange",
                                                  "xid",
                                                  "xid8",
                                                  "cid",
                                                  "tid",
                                                  "char",
                                                  "numeric",
                                                  "interval",
                                                  "bit",
                                                  "regnamespace",
                                                  "regconfig",
                                                  "regoper",
                                                  "regoperator",
                                                  "regprocedure",
                                                  "regdictionary",
                                                  "txid_snapshot",
                                                  "pg_snapshot",
                                                  "refcursor",
                                                  "record",
                                                  "void",
                                                  "trigger",
                                                  "event_trigger",
                                                  "anyelement"};
    return names.contains(name) || printed_names().contains(name);
}

Change change_of(const SqlType& old_type, const SqlType& new_type, const World& world) {
    if (old_type.base.empty()) {
        return Change::unknown;
    }
    if (old_type.text() == new_type.text()) {
        return Change::nothing;
    }
    bool was_constrained = false;
    bool is_constrained = false;
    const auto from = below_domains(old_type, world, was_constrained);
    const auto to = below_domains(new_type, world, is_constrained);
    if (is_constrained) {
        return Change::rewrite; // CoerceToDomain with a condition
    }
    if (from.array != to.array) {
        return Change::rewrite;
    }
    if (from.text() == to.text()) {
        return Change::free;
    }
    if (from.array) {
        return Change::rewrite; // elements are coerced one by one, and the planner never drops that
    }
    const bool free =
        from.base == to.base ? same_base_is_free(from, to) : other_base_is_free(from, to, world);
    return free ? Change::free : Change::rewrite;
}

} // namespace pgteal::migration::lint
