// What statements change in the world, kind by kind.
#include <algorithm>
#include <map>

#include "migration/lint/world/expressions.hpp"
#include "migration/lint/world/sql_types.hpp"
#include "migration/lint/world/table_parts.hpp"
#include "migration/lint/world/view.hpp"
#include "migration/lint/world/world.hpp"
#include "migration/lint/world/world_alter.hpp"

namespace pgteal::migration::lint {

namespace {

void create_table(World& world, const View& view) {
    const auto name = world.name_of(view.node["relation"]);
    const auto* there = world.table(name);
    if (view.node.flag("if_not_exists") && there != nullptr && there->complete) {
        return;
    }
    if (there != nullptr && there->complete && there->made_in < 0 && !world.offline()) {
        return; // it fails, or was applied before: the table keeps its rows and users
    }
    auto table = table_of(view.node, world, view.statement.text);
    const auto parent = table.now.parent;
    const auto constraints = table.now.constraints;
    world.make(std::move(table));
    if (view.node.text("oncommit") == "ONCOMMIT_DROP") {
        world.drop_at_commit(name);
    }
    if (!parent.empty()) {
        world.mention(parent).now.partitions.push_back(name);
    }
    for (const auto& one : constraints) {
        if (one.kind == "f") {
            world.mention(one.references).now.referenced_by.push_back(name);
        }
    }
}

void create_as(World& world, const Node& into, std::string_view kind) {
    Table table;
    const auto name = world.name_of(into["rel"]);
    table.now.schema = schema_of(name);
    table.now.name = bare_name(name);
    table.now.kind = kind;
    table.now.persistence = into["rel"].text("relpersistence");
    table.filled = !into.flag("skipData");
    world.make(std::move(table));
    if (into.text("onCommit") == "ONCOMMIT_DROP") {
        world.drop_at_commit(name);
    }
}

void create_view(World& world, const Node& node) {
    const auto name = world.name_of(node["view"]);
    if (const auto* there = world.table(name); there != nullptr) {
        return;
    }
    Table table;
    table.now.schema = schema_of(name);
    table.now.name = bare_name(name);
    table.now.kind = "v";
    world.make(std::move(table));
}

void attach(World& world, const Node& relation, std::string what) {
    world.mention(world.name_of(relation)).now.attached.push_back(std::move(what));
}

void create_index(World& world, const Node& node) {
    Index index;
    index.table = world.name_of(node["relation"]);
    index.now.name = node.text("idxname");
    index.now.unique = node.flag("unique");
    index.now.method = node.text("accessMethod");
    index.now.partial = static_cast<bool>(node["whereClause"]);
    std::set<std::string> uses = columns_of(node["whereClause"]);
    for (const auto& part : node.list("indexParams")) {
        index.now.columns.emplace_back(part.text("name"));
        if (!part.list("collation").empty()) {
            index.now.own_collation.emplace_back(part.text("name"));
        }
        uses.merge(columns_of(part["expr"]));
        if (!index.now.columns.back().empty()) {
            uses.insert(index.now.columns.back());
        }
    }
    index.now.uses.assign(uses.begin(), uses.end());
    if (index.now.name.empty()) {
        index.now.name = bare_name(index.table);
        for (const auto& column : index.now.columns) {
            index.now.name += "_" + (column.empty() ? "expr" : column);
        }
        index.now.name += "_idx";
    }
    index.name = schema_of(index.table) + "." + index.now.name;
    index.concurrent = node.flag("concurrent");
    const bool there = world.index(index.name) != nullptr;
    if (!there || !node.flag("if_not_exists")) {
        world.make_index(std::move(index));
    }
}

void drop(World& world, const Node& node) {
    static const std::map<std::string_view, std::string> on_a_table{
        {"OBJECT_POLICY", "policy "}, {"OBJECT_TRIGGER", "trigger "}, {"OBJECT_RULE", "rule "}};
    const auto type = node.text("removeType");
    const bool cascade = node.text("behavior") == "DROP_CASCADE";
    for (const auto& object : node.list("objects")) {
        auto parts = strings(object.is("List") ? object.list("items") : object.list("names"));
        if (type == "OBJECT_TABLE" || type == "OBJECT_VIEW" || type == "OBJECT_MATVIEW" ||
            type == "OBJECT_FOREIGN_TABLE") {
            world.drop(world.name_of(parts), cascade);
        } else if (type == "OBJECT_INDEX") {
            world.drop_index(world.name_of(parts));
        } else if (type == "OBJECT_SCHEMA") {
            world.drop_schema(string_of(object));
        } else if (type == "OBJECT_PUBLICATION") {
            world.forget("publication " + string_of(object));
        } else if (type == "OBJECT_FUNCTION" || type == "OBJECT_PROCEDURE" || type == "OBJECT_ROUTINE") {
            world.forget("function " + world.name_of(strings(object.list("objname"))));
        } else if (on_a_table.contains(type) && parts.size() > 1) {
            const auto what = on_a_table.at(type) + parts.back();
            parts.pop_back();
            const auto table = world.name_of(parts);
            world.forget(what + " on " + table);
            std::erase(world.mention(table).now.attached, what);
        }
    }
}

void create_domain(World& world, const Node& node) {
    CatalogType type;
    const auto name = world.type_name_of(strings(node.list("domainname")));
    type.schema = schema_of(name);
    type.name = bare_name(name);
    type.kind = "d";
    type.base = type_of(node["typeName"], world).text();
    for (const auto& one : node.list("constraints")) {
        type.constrained |= one.text("contype") == "CONSTR_CHECK" || one.text("contype") == "CONSTR_NOTNULL";
    }
    world.new_type(std::move(type));
}

void create_enum(World& world, const Node& node) {
    CatalogType type;
    const auto name = world.type_name_of(strings(node.list("typeName")));
    type.schema = schema_of(name);
    type.name = bare_name(name);
    type.kind = "e";
    type.labels = strings(node.list("vals"));
    world.new_type(std::move(type));
}

void alter_enum(World& world, const Node& node) {
    const auto name = world.type_name_of(strings(node.list("typeName")));
    if (!node.has("oldVal")) {
        world.add_label(name, std::string(node.text("newVal")));
        return;
    }
    auto& labels = world.mention_type(name).labels;
    std::replace(labels.begin(), labels.end(), std::string(node.text("oldVal")),
                 std::string(node.text("newVal")));
}

void alter_domain(World& world, const Node& node) {
    const auto subtype = node.text("subtype");
    if (subtype == "C" || subtype == "O") {
        world.mention_type(world.type_name_of(strings(node.list("typeName")))).constrained = true;
    }
}

void create_function(World& world, const Node& node) {
    auto& function = world.mention_function(world.name_of(strings(node.list("funcname"))));
    const auto volatility = option_text(node.list("options"), "volatility");
    function.volatility = volatility.empty() ? "v" : volatility.substr(0, 1);
}

void set(World& world, const Node& node) {
    const auto name = node.text("name");
    const auto values = node.list("args");
    const bool to_value = node.text("kind") == "VAR_SET_VALUE" && !values.empty();
    if (name == "lock_timeout") {
        const auto text = to_value ? values[0]["sval"].text("sval") : std::string_view();
        const bool off = !to_value || text == "0" || (text.empty() && values[0]["ival"].number("ival") == 0);
        world.set_lock_timeout(!off, node.flag("is_local"));
    } else if (name == "search_path" && to_value) {
        std::vector<std::string> path;
        for (const auto& value : values) {
            path.emplace_back(value["sval"].text("sval"));
        }
        std::erase_if(path, [](const auto& one) { return one.empty() || one == "$user"; });
        if (!path.empty()) {
            world.set_search_path(std::move(path));
        }
    }
}

/// SELECT set_config('lock_timeout', '2s', true)
void select(World& world, const Node& node) {
    if (const auto into = node["intoClause"]) {
        create_as(world, into, "r");
    }
    for (const auto& target : node.list("targetList")) {
        const auto call = target["val"];
        const auto name = call.is("FuncCall") ? strings(call.list("funcname")) : std::vector<std::string>{};
        const auto arguments = call.list("args");
        if (!name.empty() && name.back() == "set_config" && arguments.size() == 3 &&
            arguments[0]["sval"].text("sval") == "lock_timeout") {
            world.set_lock_timeout(arguments[1]["sval"].text("sval") != "0",
                                   arguments[2]["boolval"].flag("boolval") ||
                                       arguments[2]["arg"]["sval"].text("sval") == "t");
        }
    }
}

void control(World& world, const Node& node) {
    const auto kind = node.text("kind");
    if (kind == "TRANS_STMT_BEGIN" || kind == "TRANS_STMT_START") {
        world.begin();
    } else if (kind == "TRANS_STMT_COMMIT" || kind == "TRANS_STMT_ROLLBACK") {
        world.commit();
    }
}

} // namespace

void World::apply(const View& view) {
    const auto& node = view.node;
    if (node.is("CreateStmt")) {
        create_table(*this, view);
    } else if (node.is("AlterTableStmt")) {
        alter_table(*this, view);
    } else if (node.is("RenameStmt") || node.is("AlterObjectSchemaStmt")) {
        rename_object(*this, node);
    } else if (node.is("IndexStmt")) {
        create_index(*this, node);
    } else if (node.is("DropStmt")) {
        lint::drop(*this, node);
    } else if (node.is("CreateTableAsStmt")) {
        create_as(*this, node["into"], node.text("objtype") == "OBJECT_MATVIEW" ? "m" : "r");
    } else if (node.is("ViewStmt")) {
        create_view(*this, node);
    } else if (node.is("CreateTrigStmt")) {
        attach(*this, node["relation"], "trigger " + std::string(node.text("trigname")));
    } else if (node.is("RuleStmt")) {
        attach(*this, node["relation"], "rule " + std::string(node.text("rulename")));
    } else if (node.is("CreatePolicyStmt")) {
        attach(*this, node["table"], "policy " + std::string(node.text("policy_name")));
    } else if (node.is("CreateDomainStmt")) {
        create_domain(*this, node);
    } else if (node.is("CreateEnumStmt")) {
        create_enum(*this, node);
    } else if (node.is("AlterEnumStmt")) {
        alter_enum(*this, node);
    } else if (node.is("AlterDomainStmt")) {
        alter_domain(*this, node);
    } else if (node.is("CreateFunctionStmt")) {
        create_function(*this, node);
    } else if (node.is("VariableSetStmt")) {
        set(*this, node);
    } else if (node.is("SelectStmt")) {
        select(*this, node);
    } else if (node.is("TransactionStmt")) {
        control(*this, node);
    } else if (node.is("ClusterStmt") && node.has("indexname")) {
        cluster_on(name_of(node["relation"]), node.text("indexname"));
    } else if (node.is("TruncateStmt")) {
        for (const auto& relation : node.list("relations")) {
            auto& table = mention(name_of(relation));
            table.emptied = in_transaction_;
            table.filled = false;
        }
    } else if (node.is("InsertStmt") || node.is("CopyStmt")) {
        const auto name = name_of(node["relation"]);
        if (const auto found = tables_.find(name); found != tables_.end()) {
            // Literal rows are few; a query may bring millions.
            found->second.filled |= !node["selectStmt"].list("fromClause").empty() || node.is("CopyStmt");
        }
    }
}

} // namespace pgteal::migration::lint
