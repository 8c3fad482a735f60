// Tables, types, indexes and rows as a whole.
#include <algorithm>

#include "migration/lint/judges/stream_say.hpp"
#include "migration/lint/world/row_changes.hpp"

namespace pgteal::migration::lint {

namespace {

StreamSaying about(std::string what, std::string table, std::string_view beside) {
    StreamSaying saying;
    saying.what = std::move(what);
    saying.relation = std::move(table);
    saying.beside = {beside};
    return saying;
}

void rename_column(Streams& streams, const std::string& table, const std::string& name) {
    if (streams.all_new(table, {name})) {
        return;
    }
    auto saying = about("rename-column", table, "rename-column");
    const auto* column = streams.world().column(table, name);
    const bool needed = column != nullptr && column->not_null && !column->has_default;
    saying.forward = Stream::stops;
    saying.reverse = needed ? Stream::stops : Stream::diverges;
    saying.why = "Columns go by name: the lane stops " + std::string(at_next_write) + ". On the way back " +
                 (needed ? "it stops at the next INSERT, since blue needs a value."
                         : "blue would get NULL or its default, in silence.");
    saying.fix =
        "Add the new column beside it, both kept alike by a trigger ENABLE ALWAYS; drop the old one in a "
        "contract file.";
    streams.say(std::move(saying));
}

void move_table(Streams& streams, const std::string& table, std::string_view beside) {
    auto saying = about("rename-table", table, beside);
    saying.forward = Stream::stops;
    saying.reverse = Stream::diverges;
    saying.why = "Tables go by name: the lane stops " + std::string(at_next_write) +
                 ", and on the way back nothing of the new one is sent.";
    saying.fix = "Rename it after finish; until then the new name can be a view.";
    streams.say(std::move(saying));
}

/// What stands for a dropped table once the file is through.
enum class Again { no, plain, partitioned };

Again made_again(Streams& streams, const std::string& table) {
    const auto& world = streams.world();
    for (const auto& tree : streams.later()) {
        const auto node = tree.root();
        if (node.is("CreateStmt") && world.name_of(node["relation"]) == table) {
            return node["partspec"] ? Again::partitioned : Again::plain;
        }
        if (node.is("RenameStmt") && node.text("renameType") == "OBJECT_TABLE") {
            const auto source = world.name_of(node["relation"]);
            if (schema_of(source) + "." + std::string(node.text("newname")) == table) {
                const auto* known = world.table(source);
                return known != nullptr && known->now.kind == "p" ? Again::partitioned : Again::plain;
            }
        }
    }
    return Again::no;
}

void drop_table(Streams& streams, const std::string& table) {
    auto saying = about("drop-table", table, "drop-table");
    saying.forward = Stream::stops;
    saying.why = "The lane stops " + std::string(at_next_write) + ".";
    saying.fix = "Drop it in a contract file (-- pgteal: phase contract), after finish.";
    const auto again = made_again(streams, table);
    if (again != Again::no) {
        saying.forward = Stream::diverges;
        saying.reverse = again == Again::partitioned ? Stream::diverges : Stream::ok;
        saying.why = "A table made anew is not subscribed: what blue writes to it is skipped in silence.";
        if (again == Again::partitioned) {
            saying.why += " On the way back rows are sent for partitions that blue doesn't have.";
        }
        saying.fix = "Make it anew after finish, or change the one that is there.";
    }
    streams.say(std::move(saying));
}

void drop_index(Streams& streams, const std::string& name) {
    const auto* index = streams.world().index(name);
    if (index == nullptr || !index->now.unique || index->made_in >= 0 || !streams.carried(index->table)) {
        return;
    }
    auto saying = about("drop-unique-index", index->table, "drop-index");
    saying.reverse = Stream::stops;
    saying.certain = false;
    saying.why =
        "Blue keeps the unique index: after the cutover the lane back stops once green writes duplicates.";
    saying.fix = "Drop it after finish.";
    streams.say(std::move(saying));
}

std::vector<std::string> name_in(const Node& object) {
    auto parts = strings(object["List"].list("items"));
    return parts.empty() ? strings(object.list("items")) : parts;
}

bool used(const CatalogType* type) { return type == nullptr || !type->used_by.empty(); }

std::string user_of(const CatalogType* type) {
    return type == nullptr || type->used_by.empty() ? "" : type->used_by.front();
}

void alter_enum(Streams& streams, const Node& node) {
    const auto* type = streams.world().type(streams.world().type_name_of(strings(node.list("typeName"))));
    if (!used(type)) {
        return;
    }
    const bool renames = !node.text("oldVal").empty();
    auto saying = about(renames ? "enum-rename" : "enum-add", user_of(type), "enum-rename-value");
    const std::string now(node.text("newVal"));
    saying.reverse = Stream::stops;
    saying.certain = renames;
    if (renames) {
        saying.forward = Stream::stops;
        saying.why = "Labels go by name: the lane stops once blue writes '" +
                     std::string(node.text("oldVal")) + "', and on the way back once green writes '" + now +
                     "'.";
        saying.fix = "Add the new label, and move the rows to it after finish.";
    } else {
        saying.why =
            "Blue doesn't know '" + now + "': after the cutover the lane back stops once it is written.";
        saying.fix = "Write it only after finish.";
    }
    streams.say(std::move(saying));
}

void alter_domain(Streams& streams, const Node& node) {
    const auto subtype = node.text("subtype");
    const auto* type = streams.world().type(streams.world().type_name_of(strings(node.list("typeName"))));
    const bool adds = subtype == "C" || subtype == "O";
    if (!used(type) || (!adds && subtype != "X" && subtype != "N")) {
        return;
    }
    auto saying = about("domain-constraint", user_of(type), "domain-constraint");
    saying.certain = false;
    if (subtype == "O") {
        saying.forward = Stream::diverges;
        saying.why = "Apply doesn't check it: nulls that blue writes stay on green, unnoticed.";
        saying.fix = "Add it on blue before prepare, or after finish.";
    } else if (subtype == "N") {
        saying.reverse = Stream::diverges;
        saying.why = "Blue keeps the rule, and apply doesn't check it: nulls that green writes after the "
                     "cutover stay on blue, unnoticed.";
        saying.fix = "Drop it after finish.";
    } else if (adds) {
        saying.forward = Stream::stops;
        saying.why = "Apply checks it: the lane stops once blue writes a value that breaks it.";
        saying.fix = "Add it on blue before prepare, or after finish.";
    } else {
        saying.reverse = Stream::stops;
        saying.why = "Blue keeps the rule: after the cutover the lane back stops once green writes a value "
                     "that breaks it.";
        saying.fix = "Drop it after finish.";
    }
    streams.say(std::move(saying));
}

std::vector<std::string> columns_set(const Node& update) {
    std::vector<std::string> names;
    for (const auto& target : update.list("targetList")) {
        names.emplace_back(target.text("name"));
    }
    return names;
}

} // namespace

void stream_rename(Streams& streams) {
    const auto node = streams.view().node;
    const bool renames = node.is("RenameStmt");
    if (!renames && !node.is("AlterObjectSchemaStmt")) {
        return;
    }
    const auto table = streams.world().name_of(node["relation"]);
    const auto kind = node.text(renames ? "renameType" : "objectType");
    if (kind == "OBJECT_COLUMN" && node.text("relationType") == "OBJECT_TABLE" && streams.carried(table)) {
        rename_column(streams, table, std::string(node.text("subname")));
    } else if (kind == "OBJECT_TABLE" && streams.carried(table)) {
        move_table(streams, table, renames ? "rename-table" : "set-schema");
    }
}

void stream_drop(Streams& streams) {
    const auto node = streams.view().node;
    if (!node.is("DropStmt")) {
        return;
    }
    for (const auto& object : node.list("objects")) {
        const auto name = streams.world().name_of(name_in(object));
        if (node.text("removeType") == "OBJECT_TABLE" && streams.carried(name)) {
            drop_table(streams, name);
        } else if (node.text("removeType") == "OBJECT_INDEX") {
            drop_index(streams, name);
        }
    }
}

void stream_types(Streams& streams) {
    const auto node = streams.view().node;
    if (node.is("AlterEnumStmt")) {
        alter_enum(streams, node);
    } else if (node.is("AlterDomainStmt")) {
        alter_domain(streams, node);
    }
}

void stream_new_objects(Streams& streams) {
    const auto node = streams.view().node;
    if (node.is("IndexStmt") && node.flag("unique")) {
        const auto table = streams.world().name_of(node["relation"]);
        std::vector<std::string> columns;
        for (const auto& one : node.list("indexParams")) {
            columns.emplace_back(one.text("name"));
        }
        if (!streams.carried(table) || streams.all_new(table, columns)) {
            return;
        }
        auto saying = about("unique-index", table, "create-index");
        saying.forward = Stream::stops;
        saying.certain = false;
        saying.why = "The lane stops once blue writes two rows that agree in it.";
        saying.fix = "Make it on blue before prepare, or after finish.";
        streams.say(std::move(saying));
    }
    if (node.is("CreateStmt")) {
        stream_truncated_parents(streams, streams.world().name_of(node["relation"]), node);
    }
    if (node.is("CreateStmt") && node["partbound"]) {
        for (const auto& parent : node.list("inhRelations")) {
            const auto table = streams.world().name_of(parent);
            if (streams.carried(table)) {
                auto saying = about("new-partition", table, "create-partition");
                saying.reverse = Stream::diverges;
                saying.why = "Blue has no such partition: after the cutover rows in it don't go back.";
                saying.fix = "Make the same partition on blue before prepare.";
                streams.say(std::move(saying));
            }
        }
    }
}

namespace {

/// `node` changes rows of that table.
void rows_of(Streams& streams, const Node& node, const std::string& table) {
    if (!streams.carried(table) || (node.is("UpdateStmt") && streams.all_new(table, columns_set(node)))) {
        return;
    }
    auto saying = about("rows", table, node.is("TruncateStmt") ? "truncate" : "");
    saying.beside.push_back("update-without-where");
    saying.beside.push_back("delete-without-where");
    saying.forward = node.is("InsertStmt") ? Stream::stops : Stream::diverges;
    saying.reverse = Stream::diverges;
    saying.certain = !node.is("InsertStmt");
    saying.why =
        node.is("InsertStmt")
            ? "Blue doesn't have these rows: the lane stops once blue writes one with the same key, and "
              "they never get to blue."
            : "Blue keeps its rows as they are: the sides differ, and blue's next UPDATE of a row brings "
              "its own values back.";
    saying.fix = "Change rows on blue, where clients write, or after the cutover; fill columns that only "
                 "green has.";
    streams.say(std::move(saying));
}

} // namespace

void stream_rows(Streams& streams) {
    const auto node = streams.view().node;
    for (const auto& target : node.is("TruncateStmt") ? node.list("relations") : std::vector<Node>()) {
        rows_of(streams, node, streams.world().name_of(target));
    }
    for (const auto& change : is_only_planned(node) ? std::vector<Node>() : row_changes(node)) {
        rows_of(streams, change, streams.world().name_of(change["relation"]));
    }
}

} // namespace pgteal::migration::lint
