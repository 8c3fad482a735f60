#include "migration/lint/world/table_parts.hpp"

#include <algorithm>

#include "migration/lint/world/expressions.hpp"
#include "migration/lint/world/sql_text.hpp"
#include "migration/lint/world/sql_types.hpp"

namespace pgteal::migration::lint {

namespace {

std::string kind_of_constraint(std::string_view contype) {
    if (contype == "CONSTR_PRIMARY") {
        return "p";
    }
    if (contype == "CONSTR_UNIQUE") {
        return "u";
    }
    if (contype == "CONSTR_CHECK") {
        return "c";
    }
    if (contype == "CONSTR_FOREIGN") {
        return "f";
    }
    return contype == "CONSTR_EXCLUSION" ? "x" : "";
}

std::string joined(const std::vector<std::string>& names) {
    std::string result;
    for (const auto& name : names) {
        result += "_" + name;
    }
    return result;
}

/// PostgreSQL, ChooseConstraintName and ChooseIndexName, as long as the name fits.
std::string chosen_name(const CatalogConstraint& constraint, const std::string& table) {
    const auto name = bare_name(table);
    if (constraint.kind == "p") {
        return name + "_pkey";
    }
    if (constraint.kind == "c") {
        return name + (constraint.columns.size() == 1 ? joined(constraint.columns) : "") + "_check";
    }
    return name + joined(constraint.columns) +
           (constraint.kind == "u"   ? "_key"
            : constraint.kind == "f" ? "_fkey"
                                     : "_excl");
}

std::vector<std::string> excluded_columns(const Node& node) {
    std::vector<std::string> columns;
    for (const auto& pair : node.list("exclusions")) {
        const auto items = pair.list("items");
        if (!items.empty() && items[0].has("name")) {
            columns.emplace_back(items[0].text("name"));
        }
    }
    return columns;
}

void take_like(Table& table, const Node& like, const World& world) {
    const auto* source = world.table(world.name_of(like["relation"]));
    if (source == nullptr || !source->complete) {
        table.complete = false;
        return;
    }
    for (auto column : source->now.columns) {
        column.has_default = false;
        table.now.columns.push_back(std::move(column));
    }
}

void take_parent(Table& table, const Node& parent, const World& world, bool partition) {
    const auto name = world.name_of(parent);
    const auto* known = world.table(name);
    if (partition) {
        table.now.parent = name;
    }
    if (known == nullptr || !known->complete) {
        table.complete = false;
        return;
    }
    table.now.columns.insert(table.now.columns.end(), known->now.columns.begin(), known->now.columns.end());
}

} // namespace

std::string collation_of(const Node& definition) {
    const auto parts = strings(definition["collClause"].list("collname"));
    if (parts.empty() || parts.back() == "default") {
        return {};
    }
    return parts.size() > 1 && parts.front() != "pg_catalog" ? parts.front() + "." + parts.back()
                                                             : parts.back();
}

CatalogColumn column_of(const Node& definition, const World& world) {
    CatalogColumn column;
    column.name = definition.text("colname");
    const auto type = type_of(definition["typeName"], world);
    column.type = type.text();
    column.base = type.base + (type.array ? "[]" : "");
    const auto traits = traits_of(definition);
    column.not_null = traits.not_null || traits.identity || type.serial;
    column.has_default = traits.default_value || type.serial;
    column.generated = traits.generated ? "s" : "";
    column.identity = traits.identity.text("generated_when");
    for (const auto& one : definition.list("constraints")) {
        column.not_null = column.not_null || one.text("contype") == "CONSTR_PRIMARY";
    }
    column.collation = collation_of(definition);
    return column;
}

std::vector<ConstraintPart> constraints_of(const std::vector<Node>& nodes, const std::string& table,
                                           const std::string& column, const World& world,
                                           const std::string& text) {
    std::vector<ConstraintPart> result;
    for (const auto& node : nodes) {
        CatalogConstraint now;
        now.kind = kind_of_constraint(node.text("contype"));
        if (!node.is("Constraint") || now.kind.empty()) {
            // DEFERRABLE and the like stand beside the constraint they belong to.
            if (!result.empty() && node.text("contype") == "CONSTR_ATTR_DEFERRABLE") {
                result.back().now.deferrable = true;
            }
            continue;
        }
        now.validated = !node.flag("skip_validation");
        now.deferrable = node.flag("deferrable");
        if (!column.empty()) {
            now.columns = {column};
        } else if (now.kind == "f") {
            now.columns = strings(node.list("fk_attrs"));
        } else if (now.kind == "x") {
            now.columns = excluded_columns(node);
        } else if (now.kind == "c") {
            const auto used = columns_of(node["raw_expr"]);
            now.columns.assign(used.begin(), used.end());
        } else {
            now.columns = strings(node.list("keys"));
        }
        if (now.kind == "f") {
            now.references = world.name_of(node["pktable"]);
            now.referenced_columns = strings(node.list("pk_attrs"));
            const auto action = node.text("fk_del_action");
            now.definition = action == "c" ? "ON DELETE CASCADE" : action == "n" ? "ON DELETE SET NULL" : "";
        } else if (now.kind == "c") {
            now.expression = inside_parentheses(text, node.location());
        }
        now.name = node.has("conname") ? std::string(node.text("conname")) : chosen_name(now, table);
        result.push_back({node, std::move(now)});
    }
    return result;
}

CatalogIndex index_of(const CatalogConstraint& constraint) {
    CatalogIndex index;
    index.name = constraint.name;
    index.columns = constraint.columns;
    index.uses = constraint.columns;
    index.unique = constraint.kind != "x";
    index.primary = constraint.kind == "p";
    index.method = constraint.kind == "x" ? "gist" : "btree";
    return index;
}

ColumnTraits traits_of(const Node& definition) {
    ColumnTraits traits;
    for (const auto& one : definition.list("constraints")) {
        const auto type = one.text("contype");
        if (type == "CONSTR_NOTNULL") {
            traits.not_null = one;
        } else if (type == "CONSTR_DEFAULT") {
            // DEFAULT NULL is no default.
            if (!one["raw_expr"].flag("isnull")) {
                traits.default_value = one;
            }
        } else if (type == "CONSTR_GENERATED") {
            traits.generated = one;
        } else if (type == "CONSTR_IDENTITY") {
            traits.identity = one;
        }
    }
    return traits;
}

Table table_of(const Node& create, const World& world, const std::string& text) {
    Table table;
    const auto name = world.name_of(create["relation"]);
    table.now.schema = schema_of(name);
    table.now.name = bare_name(name);
    table.now.kind = create["partspec"] ? "p" : "r";
    table.now.rows = 0;
    table.now.persistence = create["relation"].text("relpersistence");
    table.now.replica_identity = "d";
    table.now.default_partition = create["partbound"].flag("is_default");
    table.complete = true;
    std::vector<Node> table_constraints;
    std::vector<ConstraintPart> all;
    auto add = [&all](std::vector<ConstraintPart> more) {
        std::move(more.begin(), more.end(), std::back_inserter(all));
    };
    for (const auto& parent : create.list("inhRelations")) {
        take_parent(table, parent, world, static_cast<bool>(create["partbound"]));
    }
    for (const auto& element : create.list("tableElts")) {
        if (element.is("ColumnDef")) {
            table.now.columns.push_back(column_of(element, world));
            add(constraints_of(element.list("constraints"), name, table.now.columns.back().name, world,
                               text));
        } else if (element.is("TableLikeClause")) {
            take_like(table, element, world);
        } else {
            table_constraints.push_back(element);
        }
    }
    add(constraints_of(table_constraints, name, "", world, text));
    for (auto& part : all) {
        if (part.now.kind == "p") {
            for (auto& column : table.now.columns) {
                const auto& key = part.now.columns;
                column.not_null |= std::find(key.begin(), key.end(), column.name) != key.end();
            }
        }
        if (part.now.kind == "p" || part.now.kind == "u" || part.now.kind == "x") {
            table.now.indexes.push_back(index_of(part.now));
        }
        // Nothing is there yet that could violate it.
        part.now.validated = true;
        table.now.constraints.push_back(std::move(part.now));
    }
    return table;
}

bool option_on(const std::vector<Node>& options, std::string_view name) {
    for (const auto& option : options) {
        if (option.text("defname") == name) {
            const auto value = option_text({option}, name);
            return value.empty() || !(value == "false" || value == "off" || value == "no" || value == "0");
        }
    }
    return false;
}

std::string option_text(const std::vector<Node>& options, std::string_view name) {
    for (const auto& option : options) {
        if (option.text("defname") != name) {
            continue;
        }
        const auto value = option["arg"];
        if (value.is("Integer")) {
            return std::to_string(value.number("ival"));
        }
        if (value.is("Boolean")) {
            return value.flag("boolval") ? "true" : "false";
        }
        if (value.is("Float")) {
            return std::string(value.text("fval"));
        }
        return string_of(value);
    }
    return {};
}

} // namespace pgteal::migration::lint
