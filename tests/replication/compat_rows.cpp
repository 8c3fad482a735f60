#include "tests/replication/compat_rows.hpp"

#include "postgres/quote.hpp"

namespace pgteal::replication::compat::test {

std::string filled(std::string text, const Run& run) {
    const auto put = [&text](const std::string& name, const std::string& value) {
        for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at)) {
            text.replace(at, name.size(), value);
        }
    };
    put("{s}", run.schema);
    put("{pub}", postgres::quote_identifier(run.lane.object()));
    return text;
}

std::string in_schema(const std::string& text, const Run& run) {
    // As a client would: pgteal's own sessions fire no ordinary triggers.
    return "BEGIN; SET LOCAL session_replication_role = origin; SET LOCAL search_path = " + run.schema +
           "; " + filled(text, run) + "; COMMIT";
}

std::string subscriber_of(const Run& run) { return run.lane.publisher == "blue" ? "green" : "blue"; }

Task<std::vector<postgres::Result>> sql(Matrix* matrix, std::string side, std::string database,
                                        std::string text) {
    auto results = co_await matrix->side(side).script(std::move(database), std::move(text), soon());
    co_return results;
}

namespace {

/// Values of two types that mean the same print the same.
std::string comparable(const Schema& schema, const Column& column) {
    const std::string name = postgres::quote_identifier(column.name);
    const std::string type = schema.base_of(column.type);
    if (type.starts_with("numeric")) {
        return "trim_scale(" + name + ")::text";
    }
    if (type.starts_with("timestamp") && type.ends_with("with time zone")) {
        return "(" + name + " AT TIME ZONE 'UTC')::text";
    }
    if (type == "macaddr") {
        return name + "::macaddr8::text";
    }
    return type == "date" ? name + "::timestamp::text" : name + "::text";
}

std::string rows_query(const std::string& table, const std::vector<std::string>& values) {
    std::string row;
    for (const auto& value : values) {
        row += (row.empty() ? "" : " || ' | ' || ") + ("coalesce(" + value + ", 'NULL')");
    }
    return "SELECT coalesce(string_agg(r, E'\\n' ORDER BY r), '') FROM (SELECT " + row + " AS r FROM " +
           table + ") x";
}

Task<std::string> rows_of(Matrix* matrix, std::string side, const Run* run, std::string query) {
    const auto results = co_await sql(matrix, std::move(side), run->lane.database, in_schema(query, *run));
    co_return std::string(results.at(3).text(0, 0));
}

/// "" when both sides have the same in the columns that both have, and the rule holds where rows arrive.
Task<std::string> difference(Matrix* matrix, const Run* run, const Schema* blue, const Schema* green) {
    const auto find = [run](const Schema& schema, const std::string& name) {
        const std::string full = filled(name, *run);
        return schema.table(full.find('.') == std::string::npos ? run->schema + "." + full : full);
    };
    const Table* left = find(*blue, run->one->blue);
    const Table* right = find(*green, run->one->green);
    if (left == nullptr || right == nullptr) {
        co_return "";
    }
    std::vector<std::string> on_blue;
    std::vector<std::string> on_green;
    for (const Column& column : left->columns) {
        std::string name = column.name;
        for (const auto& [before, now] : run->one->renamed) {
            name = before == name ? now : name;
        }
        if (const Column* other = right->column(name)) {
            on_blue.push_back(comparable(*blue, column));
            on_green.push_back(comparable(*green, *other));
        }
    }
    // What a child inherits is the child's to compare.
    const auto alone = [](const Table& table) { return std::string(table.kind == 'r' ? "ONLY " : ""); };
    const std::string blues = rows_query(alone(*left) + run->one->blue, on_blue);
    const std::string greens = rows_query(alone(*right) + run->one->green, on_green);
    const std::string there = co_await rows_of(matrix, "blue", run, blues);
    const std::string here = co_await rows_of(matrix, "green", run, greens);
    if (there != here) {
        co_return "blue has\n" + there + "\ngreen has\n" + here;
    }
    if (!run->one->holds.empty()) {
        const std::string holds = co_await rows_of(matrix, subscriber_of(*run), run, run->one->holds);
        if (holds != "t") {
            co_return "not so on the subscriber: " + run->one->holds;
        }
    }
    co_return "";
}

/// A table of the publisher alone that has rows.
Task<bool> left_behind(Matrix* matrix, const Run* run, const Schema* from, const Schema* to) {
    for (const auto& [name, table] : from->tables) {
        if (table.kind == 'r' && to->table(name) == nullptr) {
            const std::string query =
                "SELECT EXISTS (SELECT FROM " + postgres::quote_qualified(table.schema, table.name) + ")";
            const std::string any = co_await rows_of(matrix, run->lane.publisher, run, query);
            if (any == "t") {
                co_return true;
            }
        }
    }
    co_return false;
}

Task<bool> publishes_less(Matrix* matrix, const Run* run) {
    const std::string query =
        "SELECT coalesce(bool_or(cardinality(p.attnames) < (SELECT count(*) FROM pg_attribute a WHERE "
        "a.attrelid = "
        "format('%I.%I', p.schemaname, p.tablename)::regclass AND a.attnum > 0 AND NOT a.attisdropped AND "
        "a.attgenerated = '')), false) FROM pg_publication_tables p WHERE p.schemaname <> 'pgteal' AND "
        "p.pubname = " +
        postgres::quote_literal(run->lane.object());
    const std::string less = co_await rows_of(matrix, run->lane.publisher, run, query);
    co_return less == "t";
}

} // namespace

Task<void> compare_rows(Matrix* matrix, Run* run, const Schema* blue, const Schema* green) {
    const bool forward = run->lane.publisher == "blue";
    const std::string differs = co_await difference(matrix, run, blue, green);
    const bool behind = co_await left_behind(matrix, run, forward ? blue : green, forward ? green : blue);
    const bool less = co_await publishes_less(matrix, run);
    run->observed = Seen{!differs.empty() ? Outcome::diverges
                         : behind         ? Outcome::stays_behind
                         : less           ? Outcome::column_list
                                          : Outcome::ok,
                         -1, differs};
}

} // namespace pgteal::replication::compat::test
