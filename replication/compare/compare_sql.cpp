#include "replication/compare/compare_sql.hpp"

#include "base/error.hpp"
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

/// A column with what it is compared as.
struct Plain {
    const Column& column;
    std::string type; ///< "" for a type that users have a part in
};

Plain plain(const Column& column, const PlainTypes& types) {
    const auto found = types.find(column.name);
    return {column, found == types.end() ? column.type : found->second};
}

/// Whether the two are of plain types that would print equal values differently.
bool needs_cast(const Plain& wanted, const Plain& mine) {
    return !wanted.type.empty() && !mine.type.empty() && !print_alike(wanted.type, mine.type);
}

std::string column_text(const Plain& wanted, const Plain& mine, const std::set<Cast>& impossible) {
    const std::string text = "t." + quote_identifier(mine.column.name);
    const bool cast = needs_cast(wanted, mine) && !impossible.contains({mine.type, wanted.type});
    return cast ? text + "::" + wanted.type : text;
}

/// A cast to text may be a function of a user's; concat() calls the output function and nothing else.
std::string as_text(const Plain& mine, const std::string& column) {
    return mine.type.empty() ? "pg_catalog.concat(" + column + ")" : column + "::text";
}

/// A user's type is neither cast to nor compared by an operator, but looked for by its text.
std::string matches(const Plain& mine, std::size_t number) {
    const std::string builtin = "OPERATOR(pg_catalog.=)";
    const std::string column = "t." + quote_identifier(mine.column.name);
    const std::string value = "(k.p[" + std::to_string(number) + "])";
    if (mine.type.empty()) {
        return as_text(mine, column) + " " + builtin + " " + value;
    }
    const std::string& equality = mine.column.equality == "=" ? builtin : mine.column.equality;
    return column + " " + equality + " " + value + "::" + mine.type;
}

std::string bucket_of(const ComparedTable& table, int digits) {
    if (digits == 0) {
        return "''::text";
    }
    return "left(md5(" + (table.key.empty() ? table.row : table.key) + "), " + std::to_string(digits) + ")";
}

/// The first 64 bits of md5, as a signed number: sum(bigint) is numeric and never overflows. Modulo 2^64, so
/// that sums of slices can be added.
std::string sum_of(const std::string& row) {
    const std::string sum = "coalesce(sum(('x' || left(md5(" + row + "), 16))::bit(64)::bigint), 0)";
    const std::string modulus = "18446744073709551616";
    return "((" + sum + " % " + modulus + " + " + modulus + ") % " + modulus + ")::text";
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

std::set<Cast> casts_of(const PublishedTable& published, const Table& mine, const SidesTypes& types) {
    std::set<Cast> casts;
    for (const std::string& name : published.columns) {
        const Plain wanted = plain(find(published.table, name), types.wanted);
        const Plain own = plain(find(mine, name), types.mine);
        if (needs_cast(wanted, own)) {
            casts.emplace(own.type, wanted.type);
        }
    }
    return casts;
}

ComparedTable compared_table(const PublishedTable& published, const Table& mine,
                             const std::set<Cast>& impossible, const SidesTypes& types) {
    ComparedTable result;
    result.display = published.table.display();
    result.table = mine.qualified();
    result.from = "ONLY " + mine.qualified() + " AS t";
    std::vector<std::string> columns;
    std::vector<std::string> keys;
    for (const std::string& name : published.columns) {
        const Plain wanted = plain(find(published.table, name), types.wanted);
        const Plain own = plain(find(mine, name), types.mine);
        columns.push_back(column_text(wanted, own, impossible));
        if (wanted.column.in_key && !published.table.identity_full) {
            keys.push_back(as_text(own, columns.back()));
            result.key_match.push_back(matches(own, keys.size()));
        }
    }
    result.row = "ROW(" + joined(columns, ", ") + ")::text";
    if (!keys.empty()) {
        result.key = "ARRAY[" + joined(keys, ", ") + "]::text";
    }
    return result;
}

int bucket_digits(std::int64_t rows) {
    int digits = 0;
    for (std::int64_t each = rows; each > 4000 && digits < 4; each /= 16) {
        ++digits;
    }
    return digits;
}

std::string buckets_sql(const ComparedTable& table, int digits, const std::string& slice) {
    return "SELECT " + bucket_of(table, digits) + " AS bucket, count(*) AS rows, " + sum_of(table.row) +
           " AS sum FROM " + table.from + " WHERE " + slice + (digits == 0 ? "" : " GROUP BY 1");
}

std::string rows_sql(const ComparedTable& table, int digits, const std::vector<std::string>& buckets,
                     const std::string& slice) {
    const std::string where =
        " WHERE " + slice +
        (digits == 0 ? "" : " AND " + bucket_of(table, digits) + " IN (" + list(buckets) + ")");
    if (table.key.empty()) {
        return "SELECT md5(" + table.row + ") AS id, count(*) AS rows, '' AS content FROM " + table.from +
               where + " GROUP BY 1";
    }
    return "SELECT " + table.key + " AS id, 1 AS rows, md5(" + table.row + ") AS content FROM " + table.from +
           where;
}

std::string copies_sql(const ComparedTable& table, const std::vector<std::string>& ids,
                       const std::string& slice) {
    return "SELECT md5(" + table.row + ") AS id, count(*) AS rows, '' AS content,\n" + "       " +
           sum_of("t.xmin::text || t.ctid::text") + " AS place, min(left(" + table.row +
           ", 200)) AS shown, count(" + table.written_by + ") AS migrated, min(" + table.written_by +
           ") AS script\n  FROM " + table.from + " WHERE " + slice + " AND md5(" + table.row + ") IN (" +
           list(ids) + ") GROUP BY 1";
}

std::string identities_sql(const ComparedTable& table, const std::vector<std::string>& ids) {
    std::string values;
    for (const std::string& id : ids) {
        values += (values.empty() ? "(" : "), (") + quote_literal(id);
    }
    return "SELECT k.id, (t.ctid IS NOT NULL)::int AS rows,\n"
           "       CASE WHEN t.ctid IS NOT NULL THEN md5(" +
           table.row +
           ") ELSE '' END AS content,\n"
           "       coalesce(t.xmin::text || t.ctid::text, '') AS place, '(' || array_to_string(k.p, ',') || "
           "')' AS shown,\n       ((" +
           table.written_by + ") IS NOT NULL)::int AS migrated, " + table.written_by +
           " AS script\n"
           "  FROM (SELECT v.id, v.id::text[] AS p FROM (VALUES " +
           values +
           ")) v(id) OFFSET 0) k\n"
           "  LEFT JOIN " +
           table.from + " ON " + joined(table.key_match, " AND ");
}

} // namespace pgteal::replication
