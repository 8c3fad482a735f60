#include "replication/clone/copy_plan.hpp"

#include <algorithm>

#include "postgres/quote.hpp"

namespace pgteal::replication {

namespace {

constexpr std::int64_t freeze_from_pages = 32;

/// "" when there is none: COPY without a list takes every column that isn't generated, which is none as well.
std::string column_list(const Table& table) {
    std::string list;
    for (const Column& column : table.columns) {
        if (!column.generated) {
            list += (list.empty() ? "" : ", ") + postgres::quote_identifier(column.name);
        }
    }
    return list;
}

std::string tid(std::int64_t page) { return "'(" + std::to_string(page) + ",0)'::pg_catalog.tid"; }

void split(const Table& table, std::size_t number, std::int64_t count, std::vector<CopyPart>& parts) {
    for (std::int64_t i = 0; i < count; ++i) {
        const std::int64_t first = table.pages * i / count;
        const std::int64_t end = i + 1 == count ? 0 : table.pages * (i + 1) / count;
        parts.push_back({number, false, first, end, Bytes{table.size_with_toast().count / count}});
    }
}

template <typename Condition>
std::string numbers_where(const std::vector<Table>& tables, std::size_t first, std::size_t end,
                          const Condition& condition) {
    std::string rows;
    for (std::size_t i = first; i < end; ++i) {
        rows += (rows.empty() ? "SELECT " : " UNION ALL SELECT ") + std::to_string(i) + " AS number, " +
                condition(tables[i]) + " AS found";
    }
    return "SELECT number FROM (" + rows + ") probes WHERE found ORDER BY number";
}

} // namespace

std::vector<CopyPart> plan_parts(const std::vector<Table>& tables, int jobs, Bytes split_above,
                                 bool tid_ranges) {
    std::int64_t total = 0;
    for (const Table& table : tables) {
        total += table.size_with_toast().count;
    }
    const std::int64_t limit =
        std::max({split_above.count, total / (std::int64_t{4} * std::max(jobs, 1)), std::int64_t{1}});
    std::vector<CopyPart> parts;
    for (std::size_t i = 0; i < tables.size(); ++i) {
        const std::int64_t size = tables[i].size_with_toast().count;
        const std::int64_t count = std::min((size + limit - 1) / limit, tables[i].pages);
        if (tid_ranges && jobs > 1 && size > limit && count > 1) {
            split(tables[i], i, count, parts);
        } else {
            parts.push_back({i, true, 0, 0, Bytes{size}});
        }
    }
    std::ranges::stable_sort(parts, [](const CopyPart& a, const CopyPart& b) { return a.weight > b.weight; });
    return parts;
}

bool freezes(const Table& table, const CopyPart& part) {
    return part.whole && !table.extension_config && table.pages >= freeze_from_pages;
}

std::string copy_out_command(const Table& table, const CopyPart& part) {
    const std::string columns = column_list(table);
    if (part.whole && !columns.empty()) {
        return "COPY " + table.qualified() + " (" + columns + ") TO STDOUT";
    }
    std::string where;
    if (!part.whole) {
        where = " WHERE ctid >= " + tid(part.first_page);
        if (part.end_page != 0) {
            where += " AND ctid < " + tid(part.end_page);
        }
    }
    return "COPY (SELECT " + columns + " FROM ONLY " + table.qualified() + where + ") TO STDOUT";
}

std::string copy_in_command(const Table& table, const CopyPart& part) {
    const std::string columns = column_list(table);
    return "COPY " + table.qualified() + (columns.empty() ? "" : " (" + columns + ")") + " FROM STDIN" +
           (freezes(table, part) ? " WITH (FREEZE)" : "");
}

std::string begin_reading(const std::string& snapshot) {
    return "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT " +
           postgres::quote_literal(snapshot) +
           "; SET LOCAL lock_timeout = '30s'; SET LOCAL synchronize_seqscans = off; "
           // A table that was never analysed could otherwise be scanned whole for each of its parts.
           "SET LOCAL enable_seqscan = off; SET LOCAL max_parallel_workers_per_gather = 0";
}

std::string begin_writing(const Table& table, const CopyPart& part) {
    std::string text = "BEGIN; SET LOCAL synchronous_commit = off; SET LOCAL lock_timeout = '30s'; "
                       "SET LOCAL xmloption = content; SET LOCAL array_nulls = on";
    if (freezes(table, part)) {
        text += "; TRUNCATE ONLY " + table.qualified();
    } else if (table.extension_config) {
        // CREATE EXTENSION has made its foreign keys too: rows are replaced as a whole, so no trigger needs
        // to see it.
        text += "; SET LOCAL session_replication_role = replica; DELETE FROM ONLY " + table.qualified();
    }
    return text;
}

std::string find_filled(const std::vector<Table>& tables, std::size_t first, std::size_t end) {
    return numbers_where(tables, first, end, [](const Table& table) {
        return "EXISTS (SELECT FROM ONLY " + table.qualified() + ")";
    });
}

std::string find_used(const std::vector<Table>& tables, std::size_t first, std::size_t end) {
    return numbers_where(tables, first, end, [](const Table& table) {
        return "pg_catalog.pg_relation_size(" + postgres::quote_literal(table.qualified()) +
               "::pg_catalog.regclass) > 0";
    });
}

} // namespace pgteal::replication
