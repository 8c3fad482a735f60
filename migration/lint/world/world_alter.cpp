#include "migration/lint/world/world_alter.hpp"

#include <algorithm>

#include "migration/lint/world/expressions.hpp"
#include "migration/lint/world/sql_types.hpp"
#include "migration/lint/world/table_parts.hpp"

namespace pgteal::migration::lint {

namespace {

CatalogColumn* column_in(Table& table, std::string_view name) {
    for (auto& column : table.now.columns) {
        if (column.name == name) {
            return &column;
        }
    }
    return nullptr;
}

/// Takes in a constraint and the index it makes.
void add_constraint(World& world, const std::string& name, const ConstraintPart& part) {
    auto& table = world.mention(name);
    auto now = part.now;
    if (part.node.has("indexname")) {
        // USING INDEX: the index takes the constraint's name.
        const auto full = table.now.schema + "." + std::string(part.node.text("indexname"));
        if (const auto* index = world.index(full)) {
            now.columns = index->now.columns;
            if (!part.node.has("conname")) {
                now.name = index->now.name;
            }
            auto renamed = *index;
            world.drop_index(full);
            renamed.name = table.now.schema + "." + now.name;
            renamed.now.name = now.name;
            renamed.now.primary = now.kind == "p";
            world.make_index(std::move(renamed));
        }
    } else if (now.kind == "p" || now.kind == "u" || now.kind == "x") {
        world.make_index({table.now.schema + "." + now.name, name, false, -1, index_of(now)});
    }
    if (now.kind == "p") {
        for (auto& column : table.now.columns) {
            column.not_null |=
                std::find(now.columns.begin(), now.columns.end(), column.name) != now.columns.end();
        }
    }
    if (now.kind == "f") {
        world.mention(now.references).now.referenced_by.push_back(name);
    }
    if (!now.validated) {
        world.not_valid(name, now.name);
    }
    auto& here = world.mention(name);
    here.added_constraints[now.name] = world.file();
    here.now.constraints.push_back(std::move(now));
}

void add_column(World& world, const View& view, const std::string& name, const Node& command) {
    const auto definition = command["def"];
    auto column = column_of(definition, world);
    const auto column_name = column.name;
    auto& table = world.mention(name);
    if (column_in(table, column_name) != nullptr) {
        return;
    }
    table.now.columns.push_back(std::move(column));
    table.added_columns[column_name] = world.file();
    for (const auto& part :
         constraints_of(definition.list("constraints"), name, column_name, world, view.statement.text)) {
        add_constraint(world, name, part);
    }
}

void drop_constraint(World& world, const std::string& name, const std::string& constraint) {
    auto& table = world.mention(name);
    std::erase_if(table.now.constraints, [&](const auto& one) { return one.name == constraint; });
    world.drop_index(table.now.schema + "." + constraint);
}

void alter_column(World& world, Table& table, std::string_view subtype, const Node& command) {
    auto* column = column_in(table, command.text("name"));
    if (column == nullptr) {
        return;
    }
    if (subtype == "AT_AlterColumnType") {
        const auto type = type_of(command["def"]["typeName"], world);
        column->type = type.text();
        column->base = type.base + (type.array ? "[]" : "");
        column->collation = collation_of(command["def"]);
    } else if (subtype == "AT_SetNotNull") {
        column->not_null = true;
    } else if (subtype == "AT_DropNotNull") {
        column->not_null = false;
    } else if (subtype == "AT_ColumnDefault") {
        column->has_default = command["def"] && !command["def"].flag("isnull");
    } else if (subtype == "AT_AddIdentity") {
        column->identity = command["def"].text("generated_when");
    } else if (subtype == "AT_DropIdentity") {
        column->identity.clear();
    } else if (subtype == "AT_DropExpression") {
        column->generated.clear();
        World::forget(table, "generated column " + column->name);
    }
}

void partition(World& world, const std::string& name, std::string_view subtype, const Node& definition) {
    const auto child = world.name_of(definition["name"]);
    if (world.index(child) != nullptr) {
        return;
    }
    auto& partitions = world.mention(name).now.partitions;
    if (subtype == "AT_AttachPartition") {
        partitions.push_back(child);
        auto& table = world.mention(child).now;
        table.parent = name;
        table.default_partition = definition["bound"].flag("is_default");
    } else {
        std::erase(partitions, child);
        world.mention(child).now.parent.clear();
    }
}

void alter_one(World& world, const View& view, const std::string& name, const Node& command) {
    const auto subtype = command.text("subtype");
    const auto object = std::string(command.text("name"));
    if (subtype == "AT_AddColumn") {
        add_column(world, view, name, command);
    } else if (subtype == "AT_DropColumn") {
        world.drop_column(name, object, command.text("behavior") == "DROP_CASCADE");
    } else if (subtype == "AT_AddConstraint") {
        for (const auto& part : constraints_of({command["def"]}, name, "", world, view.statement.text)) {
            add_constraint(world, name, part);
        }
    } else if (subtype == "AT_DropConstraint") {
        drop_constraint(world, name, object);
    } else if (subtype == "AT_ValidateConstraint") {
        for (auto& one : world.mention(name).now.constraints) {
            one.validated |= one.name == object;
        }
    } else if (subtype == "AT_AttachPartition" || subtype == "AT_DetachPartition") {
        partition(world, name, subtype, command["def"]);
    } else if (subtype == "AT_ReplicaIdentity") {
        world.mention(name).now.replica_identity = command["def"].text("identity_type");
    } else if (subtype == "AT_ClusterOn" || subtype == "AT_DropCluster") {
        world.cluster_on(name, subtype == "AT_ClusterOn" ? object : "");
    } else if (subtype == "AT_SetTableSpace") {
        world.mention(name).now.tablespace = object;
    } else if (subtype == "AT_SetUnLogged" || subtype == "AT_SetLogged") {
        world.mention(name).now.persistence = subtype == "AT_SetLogged" ? "p" : "u";
    } else {
        alter_column(world, world.mention(name), subtype, command);
    }
}

void rename_column(World& world, const Node& node) {
    auto& table = world.mention(world.name_of(node["relation"]));
    const auto from = std::string(node.text("subname"));
    const auto to = std::string(node.text("newname"));
    if (auto* column = column_in(table, from)) {
        column->name = to;
    }
    if (auto added = table.added_columns.extract(from); !added.empty()) {
        added.key() = to;
        table.added_columns.insert(std::move(added));
    }
    for (auto& constraint : table.now.constraints) {
        std::replace(constraint.columns.begin(), constraint.columns.end(), from, to);
        constraint.expression = with_column_renamed(constraint.expression, from, to);
    }
    if (auto users = table.now.dependants.extract(from); !users.empty()) {
        users.key() = to;
        table.now.dependants.insert(std::move(users));
    }
    for (auto& [column, users] : table.now.dependants) {
        std::replace(users.begin(), users.end(), "generated column " + from, "generated column " + to);
    }
    for (auto& index : table.now.indexes) {
        std::replace(index.columns.begin(), index.columns.end(), from, to);
        std::replace(index.uses.begin(), index.uses.end(), from, to);
    }
}

} // namespace

void alter_table(World& world, const View& view) {
    const auto kind = view.node.text("objtype");
    if (kind != "OBJECT_TABLE" && kind != "OBJECT_FOREIGN_TABLE") {
        return;
    }
    const auto name = world.name_of(view.node["relation"]);
    for (const auto& command : view.node.list("cmds")) {
        alter_one(world, view, name, command);
        if (view.node["relation"].flag("inh")) {
            const auto partitions = world.mention(name).now.partitions;
            const auto subtype = command.text("subtype");
            if (subtype == "AT_AddColumn" || subtype == "AT_DropColumn" || subtype == "AT_SetNotNull" ||
                subtype == "AT_AlterColumnType") {
                for (const auto& partition : partitions) {
                    alter_one(world, view, partition, command);
                }
            }
        }
    }
}

void rename_object(World& world, const Node& node) {
    if (node.is("AlterObjectSchemaStmt")) {
        if (const auto relation = node["relation"]) {
            const auto name = world.name_of(relation);
            world.rename(name, std::string(node.text("newschema")) + "." + bare_name(name));
        }
        return;
    }
    const auto type = node.text("renameType");
    const auto relation = node["relation"];
    if (type == "OBJECT_COLUMN") {
        rename_column(world, node);
    } else if (type == "OBJECT_TABCONSTRAINT") {
        const auto table = world.name_of(relation);
        for (auto& one : world.mention(table).now.constraints) {
            if (one.name == node.text("subname")) {
                one.name = node.text("newname");
            }
        }
        world.rename(schema_of(table) + "." + std::string(node.text("subname")),
                     schema_of(table) + "." + std::string(node.text("newname")));
    } else if (relation && (type == "OBJECT_TABLE" || type == "OBJECT_INDEX" || type == "OBJECT_VIEW" ||
                            type == "OBJECT_MATVIEW" || type == "OBJECT_FOREIGN_TABLE")) {
        const auto name = world.name_of(relation);
        world.rename(name, schema_of(name) + "." + std::string(node.text("newname")));
    }
}

} // namespace pgteal::migration::lint
