#include "replication/compare_sql.hpp"

#include "postgres/error.hpp"
#include "postgres/quote.hpp"

namespace pgteal::replication {

using postgres::quote_identifier;
using postgres::quote_literal;

namespace {

bool is_integer(std::string_view type) { return type == "smallint" || type == "integer" || type == "bigint"; }

/// Types whose values print as they are, with no padding or canonical form.
bool is_text(std::string_view type) { return type == "text" || type.starts_with("character varying"); }

bool is_padded(std::string_view type) {
    return type.starts_with("character(") || type == "character" || type == "bpchar";
}

/// Whether two types print equal values alike, so that no cast is needed, which could fail on a value that
/// doesn't belong there.
bool print_alike(const std::string& a, const std::string& b) {
    if (a == b || (is_integer(a) && is_integer(b))) {
        return true;
    }
    return (is_text(a) || is_text(b)) && !is_padded(a) && !is_padded(b);
}

const Column& find(const Table& table, const std::string& name) {
    const auto found = std::ranges::find(table.columns, name, &Column::name);
    if (found == table.columns.end()) {
        throw Error(ErrorCode::conflict, "",
                    "column " + name + " of " + table.display() + " is missing on one side");
    }
    return *found;
}

std::string column_text(const Column& wanted, const Column& mine, const std::set<Cast>& impossible) {
    const std::string plain = "t." + quote_identifier(mine.name);
    const bool as_it_is =
        print_alike(wanted.type, mine.type) || impossible.contains({mine.type, wanted.type});
    return as_it_is ? plain : plain + "::" + wanted.type;
}

std::string bucket_of(const ComparedTable& table, int digits) {
    return "left(md5(" + (table.key.empty() ? table.row : table.key) + "), " + std::to_string(digits) + ")";
}

/// The first 64 bits of md5, as a signed number: sum(bigint) is numeric and never overflows.
std::string sum_of(const std::string& row) {
    return "coalesce(sum(('x' || left(md5(" + row + "), 16))::bit(64)::bigint), 0)";
}

std::string list(const std::vector<std::string>& values) {
    std::string out;
    for (const std::string& value : values) {
        out += (out.empty() ? "" : ", ") + quote_literal(value);
    }
    return out;
}

std::string joined(const std::vector<std::string>& parts, const std::string& separator) {
    std::string out;
    for (const std::string& part : parts) {
        out += (out.empty() ? "" : separator) + part;
    }
    return out;
}

} // namespace

std::set<Cast> casts_of(const PublishedTable& published, const Table& mine) {
    std::set<Cast> casts;
    for (const std::string& name : published.columns) {
        const Column& wanted = find(published.table, name);
        const Column& own = find(mine, name);
        if (!print_alike(wanted.type, own.type)) {
            casts.emplace(own.type, wanted.type);
        }
    }
    return casts;
}

ComparedTable compared_table(const PublishedTable& published, const Table& mine,
                             const std::set<Cast>& impossible) {
    ComparedTable result;
    result.display = published.table.display();
    result.from = "ONLY " + mine.qualified() + " AS t";
    std::vector<std::string> columns;
    std::vector<std::string> keys;
    for (const std::string& name : published.columns) {
        const Column& wanted = find(published.table, name);
        const Column& own = find(mine, name);
        columns.push_back(column_text(wanted, own, impossible));
        if (wanted.in_key && !published.table.identity_full) {
            keys.push_back(columns.back() + "::text");
            result.key_match.push_back("t." + quote_identifier(name) + " " + own.equality + " (k.p[" +
                                       std::to_string(keys.size()) + "])::" + own.type);
        }
    }
    result.row = "ROW(" + joined(columns, ", ") + ")::text";
    if (!keys.empty()) {
        result.key = "ARRAY[" + joined(keys, ", ") + "]::text";
    }
    return result;
}

std::string whole_sql(const ComparedTable& table) {
    return "SELECT count(*) AS rows, " + sum_of(table.row) + "::text AS sum FROM " + table.from;
}

int bucket_digits(std::int64_t rows) {
    int digits = 0;
    for (std::int64_t each = rows; each > 4000 && digits < 4; each /= 16) {
        ++digits;
    }
    return digits;
}

std::string buckets_sql(const ComparedTable& table, int digits) {
    return "SELECT " + bucket_of(table, digits) + " AS bucket, count(*) AS rows, " + sum_of(table.row) +
           "::text AS sum FROM " + table.from + " GROUP BY 1";
}

std::string rows_sql(const ComparedTable& table, int digits, const std::vector<std::string>& buckets) {
    const std::string where =
        digits == 0 ? "" : " WHERE " + bucket_of(table, digits) + " IN (" + list(buckets) + ")";
    if (table.key.empty()) {
        return "SELECT md5(" + table.row + ") AS id, count(*) AS rows, '' AS content FROM " + table.from +
               where + " GROUP BY 1";
    }
    return "SELECT " + table.key + " AS id, 1 AS rows, md5(" + table.row + ") AS content FROM " + table.from +
           where;
}

std::string identities_sql(const ComparedTable& table, const std::vector<std::string>& ids) {
    if (table.key.empty()) {
        return "SELECT md5(" + table.row + ") AS id, count(*) AS rows, '' AS content,\n" +
               "       md5(string_agg(t.xmin::text || t.ctid::text, ' ' ORDER BY t.ctid)) AS place, "
               "min(left(" +
               table.row + ", 200)) AS shown\n  FROM " + table.from + " WHERE md5(" + table.row + ") IN (" +
               list(ids) + ") GROUP BY 1";
    }
    std::string values;
    for (const std::string& id : ids) {
        values += (values.empty() ? "(" : "), (") + quote_literal(id);
    }
    return "SELECT k.id, (t.ctid IS NOT NULL)::int AS rows,\n"
           "       CASE WHEN t.ctid IS NOT NULL THEN md5(" +
           table.row +
           ") ELSE '' END AS content,\n"
           "       coalesce(t.xmin::text || t.ctid::text, '') AS place, '(' || array_to_string(k.p, ',') || "
           "')' AS shown\n"
           "  FROM (SELECT v.id, v.id::text[] AS p FROM (VALUES " +
           values +
           ")) v(id) OFFSET 0) k\n"
           "  LEFT JOIN " +
           table.from + " ON " + joined(table.key_match, " AND ");
}

std::string lock_sql(const ComparedTable& table, const std::string& id) {
    return "SELECT FROM " + table.from + ", (SELECT " + quote_literal(id) + "::text[] AS p) k WHERE " +
           joined(table.key_match, " AND ") + " FOR SHARE OF t";
}

} // namespace pgteal::replication
