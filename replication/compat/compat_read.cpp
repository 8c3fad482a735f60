// The catalogs as values.
#include "replication/compat/compat_schema.hpp"
#include "replication/compat/sql.hpp"

namespace pgteal::replication::compat {

namespace {

using postgres::Result;
using Names = std::vector<std::string>;

/// Results of sql/compat.sql, in its order.
enum Part {
    server,
    relations,
    bounds,
    columns,
    indexes,
    constraints,
    triggers,
    calls,
    enums,
    domains,
    composites,
    publications,
    lanes
};

char letter(const Result& rows, int row, std::string_view name) {
    const auto text = rows.text(row, rows.column(name));
    return text.empty() ? ' ' : text.front();
}

/// Oids are of use while reading only: they mean nothing on the other side.
std::map<std::string, Table*> read_relations(const Result& rows, Schema* schema) {
    std::map<std::string, Table*> by_oid;
    for (int row = 0; row < rows.rows(); ++row) {
        Table table;
        table.schema = rows.get<std::string>(row, "schema");
        table.name = rows.get<std::string>(row, "name");
        table.kind = letter(rows, row, "kind");
        table.persistence = letter(rows, row, "persistence");
        table.identity = letter(rows, row, "identity");
        table.row_security = rows.get<bool>(row, "row_security");
        table.root = rows.get<std::string>(row, "root");
        const std::string name = table.display();
        by_oid[rows.get<std::string>(row, "oid")] = &(schema->tables[name] = std::move(table));
    }
    for (auto& [name, table] : schema->tables) {
        const auto root = by_oid.find(table.root);
        table.root = root == by_oid.end() ? "" : root->second->display();
    }
    return by_oid;
}

Column column_of(const Result& rows, int row) {
    Column column;
    column.name = rows.get<std::string>(row, "name");
    column.type = rows.get<std::string>(row, "type");
    column.position = rows.get<int>(row, "position");
    column.not_null = rows.get<bool>(row, "not_null");
    column.has_default = rows.get<bool>(row, "has_default");
    column.constant_default = rows.get<bool>(row, "constant_default");
    column.generated = rows.get<bool>(row, "generated");
    column.draws = rows.get<bool>(row, "draws");
    column.expression = rows.get<std::string>(row, "expression");
    return column;
}

Index index_of(const Result& rows, int row) {
    Index index;
    index.name = rows.get<std::string>(row, "name");
    index.columns = rows.get<Names>(row, "columns");
    index.expressions = rows.get<std::string>(row, "expressions");
    index.predicate = rows.get<std::string>(row, "predicate");
    index.loose = rows.get<Names>(row, "loose");
    index.unique = rows.get<bool>(row, "is_unique");
    index.primary = rows.get<bool>(row, "is_primary");
    index.exclusion = rows.get<bool>(row, "is_exclusion");
    index.immediate = rows.get<bool>(row, "immediate");
    index.replica_identity = rows.get<bool>(row, "replica_identity");
    index.nulls_distinct = rows.get<bool>(row, "nulls_distinct");
    return index;
}

void read_constraints(const Result& rows, const std::map<std::string, Table*>& by_oid) {
    for (int row = 0; row < rows.rows(); ++row) {
        const auto table = by_oid.find(rows.get<std::string>(row, "oid"));
        if (table == by_oid.end()) {
            continue;
        }
        Constraint one;
        one.name = rows.get<std::string>(row, "name");
        one.kind = letter(rows, row, "kind");
        one.columns = rows.get<Names>(row, "columns");
        one.definition = rows.get<std::string>(row, "definition");
        one.validated = rows.get<bool>(row, "validated");
        const auto referenced = by_oid.find(rows.get<std::string>(row, "referenced"));
        one.references = referenced == by_oid.end() ? "" : referenced->second->display();
        table->second->constraints.push_back(std::move(one));
    }
}

void read_parts_of_tables(const std::vector<Result>& parts, const std::map<std::string, Table*>& by_oid) {
    const auto owner = [&by_oid](const Result& rows, int row) -> Table* {
        const auto found = by_oid.find(rows.get<std::string>(row, "oid"));
        return found == by_oid.end() ? nullptr : found->second;
    };
    const Result& bound = parts[bounds];
    for (int row = 0; row < bound.rows(); ++row) {
        if (Table* table = owner(bound, row)) {
            table->bounds.push_back({bound.get<std::string>(row, "key"), bound.get<std::string>(row, "bound"),
                                     bound.get<Names>(row, "others")});
        }
    }
    for (int row = 0; row < parts[columns].rows(); ++row) {
        if (Table* table = owner(parts[columns], row)) {
            table->columns.push_back(column_of(parts[columns], row));
        }
    }
    for (int row = 0; row < parts[indexes].rows(); ++row) {
        if (Table* table = owner(parts[indexes], row)) {
            table->indexes.push_back(index_of(parts[indexes], row));
        }
    }
    read_constraints(parts[constraints], by_oid);
    const Result& fired = parts[triggers];
    for (int row = 0; row < fired.rows(); ++row) {
        if (Table* table = owner(fired, row)) {
            table->triggers.push_back(
                {fired.get<std::string>(row, "name"), fired.get<std::string>(row, "function"),
                 fired.get<bool>(row, "writes"), fired.get<int>(row, "events"), fired.get<bool>(row, "drops"),
                 fired.get<bool>(row, "opaque"), fired.get<Names>(row, "sets")});
        }
    }
    const Result& called = parts[calls];
    for (int row = 0; row < called.rows(); ++row) {
        if (Table* table = owner(called, row)) {
            table->calls.push_back(
                {called.get<std::string>(row, "object"), called.get<std::string>(row, "attribute"),
                 called.get<std::string>(row, "function"), called.get<std::string>(row, "names")});
        }
    }
}

void read_types(const Result& labels, const Result& bases, Schema* schema) {
    for (int row = 0; row < labels.rows(); ++row) {
        schema->enums[labels.get<std::string>(row, "name")] = labels.get<Names>(row, "labels");
    }
    for (int row = 0; row < bases.rows(); ++row) {
        schema->domains[bases.get<std::string>(row, "name")] = {
            bases.get<std::string>(row, "base"), bases.get<bool>(row, "has_default"),
            bases.get<bool>(row, "not_null"), bases.get<Names>(row, "checks")};
    }
}

void read_composites(const Result& rows, Schema* schema) {
    for (int row = 0; row < rows.rows(); ++row) {
        schema->composites[rows.get<std::string>(row, "name")].push_back(
            {rows.get<std::string>(row, "attribute"), rows.get<std::string>(row, "type"),
             rows.get<int>(row, "position")});
    }
}

void read_lanes(const Result& published, const Result& subscribed, Schema* schema) {
    for (int row = 0; row < published.rows(); ++row) {
        auto& list = schema->publications[published.get<std::string>(row, "publication")]
                         .tables[published.get<std::string>(row, "table_name")];
        if (published.get<bool>(row, "listed")) {
            list = published.get<Names>(row, "columns");
        }
    }
    for (int row = 0; row < subscribed.rows(); ++row) {
        auto& one = schema->subscriptions[subscribed.get<std::string>(row, "subscription")];
        for (auto& name : subscribed.get<Names>(row, "tables")) {
            one.tables.insert(std::move(name));
        }
        one.binary = subscribed.get<bool>(row, "is_binary");
        one.owner_passes_policies = subscribed.get<bool>(row, "passes");
    }
}

} // namespace

const Column* Table::column(const std::string& wanted) const {
    for (const Column& one : columns) {
        if (one.name == wanted) {
            return &one;
        }
    }
    return nullptr;
}

const Table* Schema::table(const std::string& display) const {
    const auto found = tables.find(display);
    return found == tables.end() ? nullptr : &found->second;
}

std::string Schema::base_of(const std::string& type) const {
    std::string base = type;
    std::string brackets;
    while (true) {
        while (base.ends_with("[]")) {
            base.resize(base.size() - 2);
            brackets = "[]"; // dimensions are no part of a type
        }
        const auto domain = domains.find(base);
        if (domain == domains.end()) {
            return base + brackets;
        }
        base = domain->second.base;
    }
}

Task<Schema> read_schema(postgres::Connection& connection, Deadline deadline) {
    std::string text(sql::compat);
    const std::vector<Result> parts = co_await connection.script(std::move(text), deadline);
    Schema schema;
    schema.version = parts.at(server).get<int>(0, "version");
    schema.time_zone = parts[server].get<std::string>(0, "time_zone");
    const auto by_oid = read_relations(parts.at(relations), &schema);
    read_parts_of_tables(parts, by_oid);
    read_types(parts.at(enums), parts.at(domains), &schema);
    read_composites(parts.at(composites), &schema);
    read_lanes(parts.at(publications), parts.at(lanes), &schema);
    co_return schema;
}

} // namespace pgteal::replication::compat
