// ALTER TABLE and the lanes.
#include <algorithm>

#include "migration/lint/judges/stream_say.hpp"
#include "migration/lint/world/sql_text.hpp"
#include "migration/lint/world/sql_types.hpp"
#include "migration/lint/world/table_parts.hpp"

namespace pgteal::migration::lint {

namespace {

StreamSaying about(const std::string& what, const std::string& table, const Node& command) {
    StreamSaying saying;
    saying.what = what;
    saying.relation = table;
    saying.at = command["def"].has("location") ? command["def"].location() : 0;
    return saying;
}

bool draws_from_sequence(const Node& expression) {
    bool draws = false;
    walk(expression, [&draws](const Node& node) {
        if (node.is("FuncCall")) {
            const auto name = strings(node.list("funcname"));
            draws = draws || (!name.empty() && name.back() == "nextval");
        }
        return true;
    });
    return draws;
}

void add_column(Streams& streams, const std::string& table, const Node& command) {
    const auto definition = command["def"];
    stream_truncated_parents(streams, table, definition);
    const auto traits = traits_of(definition);
    if (traits.generated) {
        return; // computed there, and not published
    }
    auto saying = about("add-column", table, command);
    saying.reverse = Stream::column_list;
    saying.why = "The way back sends only the columns that blue has.";
    saying.beside = {"add-column-not-null",    "add-column-identity",
                     "add-column-serial",      "add-column-volatile-default",
                     "add-column-unique",      "add-column-check",
                     "add-column-foreign-key", "add-column-constrained-domain"};
    const auto type = type_of(definition["typeName"], streams.world());
    const auto* known = streams.world().table(table);
    if (known != nullptr && known->now.replica_identity == "f") {
        saying.reverse = Stream::publisher;
        saying.why =
            "With REPLICA IDENTITY FULL every column has to be sent, and blue has no such column: once green "
            "serves, UPDATE and DELETE fail.";
    }
    if (traits.identity || type.serial || draws_from_sequence(traits.default_value)) {
        saying.forward = Stream::stops;
        saying.why =
            "A row that arrives from blue needs a value from a sequence, and nextval() is refused on green "
            "while it is fenced: the lane stops at blue's next INSERT.";
        saying.fix = "Add the column without it, and give it a sequence after the cutover.";
    } else if (traits.not_null && !traits.default_value) {
        saying.forward = Stream::stops;
        saying.why = "Rows that arrive from blue have no value for it: the lane stops at blue's next INSERT.";
        saying.fix = "Give it a default, or add it as nullable and SET NOT NULL after finish.";
    }
    streams.say(std::move(saying));
}

/// A later statement adds a column of that name anew.
Node added_again(const std::vector<Tree>& later, const World& world, const std::string& table,
                 const std::string& column) {
    for (const auto& tree : later) {
        if (!tree.root().is("AlterTableStmt") || world.name_of(tree.root()["relation"]) != table) {
            continue;
        }
        for (const auto& command : tree.root().list("cmds")) {
            if (command.text("subtype") == "AT_AddColumn" && command["def"].text("colname") == column) {
                return command["def"];
            }
        }
    }
    return {};
}

bool in_primary_key(const World& world, const std::string& table, const std::string& column) {
    const auto* known = world.table(table);
    return known != nullptr && std::ranges::any_of(known->now.constraints, [&column](const auto& one) {
               return one.kind == "p" && std::ranges::find(one.columns, column) != one.columns.end();
           });
}

/// Neither side sends it.
void drop_generated(Streams& streams, StreamSaying saying, const std::string& name, const Node& again) {
    saying.forward = Stream::ok;
    saying.why = "Blue generates it and doesn't send it; each side goes on by itself.";
    saying.fix.clear();
    if (again && traits_of(again).generated) {
        saying.forward = saying.reverse = Stream::diverges;
        saying.why =
            "Each side generates " + name +
            " by an expression of its own and none is sent: unless both give the same, it differs in "
            "silence, on the way there and on the way back.";
        saying.fix = "Give the new one another name, and drop the old one after finish.";
    } else if (again) {
        saying.forward = saying.reverse = Stream::diverges;
        saying.why =
            "Blue generates " + name +
            " and doesn't send it: on green it is NULL or its default. On the way back blue computes "
            "it again, whatever green holds.";
        saying.fix = "Do it after finish.";
    }
    streams.say(std::move(saying));
}

void drop_column(Streams& streams, const std::string& table, const Node& command) {
    const std::string name(command.text("name"));
    if (streams.all_new(table, {name})) {
        return;
    }
    auto saying = about("drop-column", table, command);
    saying.beside = {"drop-column"};
    saying.forward = Stream::stops;
    saying.why = "Blue goes on sending " + name + ": the lane stops " + at_next_write + ".";
    saying.fix = "Drop it in a contract file (-- pgteal: phase contract), after finish.";
    const auto* column = streams.world().column(table, name);
    const auto later = streams.later();
    const Node again = added_again(later, streams.world(), table, name);
    if (column != nullptr && !column->generated.empty()) {
        drop_generated(streams, std::move(saying), name, again);
        return;
    }
    if (in_primary_key(streams.world(), table, name)) {
        saying.reverse = Stream::publisher;
        saying.why += " With it goes the primary key: once green serves, UPDATE and DELETE fail there.";
    } else if (again) {
        const bool generated = static_cast<bool>(traits_of(again).generated);
        saying.forward = generated ? Stream::stops : Stream::diverges;
        saying.reverse = Stream::diverges;
        saying.why =
            generated ? "Blue sends " + name + ", which green generates: the lane stops " + at_next_write +
                            ". Back on blue it would be NULL or its default."
                      : name + " is made anew: what its rows hold is lost on green, and blue has it still.";
    } else if (column != nullptr &&
               (column->not_null && (!column->has_default || !column->identity.empty()))) {
        saying.reverse = Stream::stops;
        saying.why +=
            " After the cutover rows of green have no value for it, and blue needs one: the lane back "
            "stops at the next INSERT.";
    }
    streams.say(std::move(saying));
}

void set_not_null(Streams& streams, const std::string& table, const Node& command) {
    const std::string name(command.text("name"));
    const auto* column = streams.world().column(table, name);
    if (column != nullptr && column->not_null) {
        return;
    }
    auto saying = about("set-not-null", table, command);
    saying.beside = {"set-not-null"};
    saying.forward = Stream::stops;
    if (streams.all_new(table, {name})) {
        if (column != nullptr && column->has_default) {
            return;
        }
        saying.why = "Rows that arrive from blue have no value for " + name +
                     ": the lane stops at blue's next INSERT.";
    } else {
        saying.certain = false;
        saying.why = "The lane stops once blue writes NULL to " + name + ".";
    }
    saying.fix = "SET NOT NULL after finish, or on blue too before prepare.";
    streams.say(std::move(saying));
}

/// A later command of the same file gives the column a value again, or lets it be NULL.
bool mended_later(const Streams& streams, const std::string& table, std::string_view column) {
    return std::ranges::any_of(streams.later(), [&](const Tree& tree) {
        const auto node = tree.root();
        if (!node.is("AlterTableStmt") || streams.world().name_of(node["relation"]) != table) {
            return false;
        }
        const auto commands = node.list("cmds");
        return std::ranges::any_of(commands, [&column](const Node& one) {
            const auto subtype = one.text("subtype");
            return one.text("name") == column && (subtype == "AT_DropNotNull" || subtype == "AT_DropColumn" ||
                                                  (subtype == "AT_ColumnDefault" && one["def"]));
        });
    });
}

/// Of a column that only green has: blue's rows come without a value for it.
void drop_default(Streams& streams, const std::string& table, const Node& command) {
    const std::string name(command.text("name"));
    const auto* column = streams.world().column(table, name);
    const auto commands = streams.view().node.list("cmds");
    const auto made_here = [&](const char* subtype) {
        return std::ranges::any_of(commands, [&](const Node& one) {
            return one.text("subtype") == subtype && one.text("name") == name;
        });
    };
    const bool not_null = ((column != nullptr && column->not_null) || made_here("AT_SetNotNull")) &&
                          !made_here("AT_DropNotNull");
    const bool drops = !command["def"] || command["def"].flag("isnull");
    if (!drops || !not_null || !streams.all_new(table, {name}) || mended_later(streams, table, name)) {
        return;
    }
    auto saying = about("drop-default", table, command);
    saying.forward = Stream::stops;
    saying.why = "Rows that arrive from blue have no value for " + name +
                 ", which is NOT NULL: without its default the lane stops at blue's next INSERT.";
    saying.fix = "Drop the default in a contract file (-- pgteal: phase contract), after finish.";
    streams.say(std::move(saying));
}

void drop_not_null(Streams& streams, const std::string& table, const Node& command) {
    const std::string name(command.text("name"));
    const auto* column = streams.world().column(table, name);
    if (streams.all_new(table, {name}) || (column != nullptr && !column->not_null)) {
        return;
    }
    auto saying = about("drop-not-null", table, command);
    saying.beside = {"drop-not-null"};
    saying.reverse = Stream::stops;
    saying.certain = false;
    saying.why = "After the cutover the lane back stops once green writes NULL to " + name + ".";
    saying.fix = "Do it after finish.";
    streams.say(std::move(saying));
}

void drop_expression(Streams& streams, const std::string& table, const Node& command) {
    auto saying = about("drop-expression", table, command);
    saying.forward = saying.reverse = Stream::diverges;
    saying.why =
        "Blue generates " + std::string(command.text("name")) +
        " and doesn't send it: on green it is NULL or its default from now on. On the way back blue computes "
        "it again, whatever green holds.";
    saying.fix = "Do it after finish.";
    streams.say(std::move(saying));
}

void unlogged(Streams& streams, const std::string& table, const Node& command) {
    auto saying = about("unlogged", table, command);
    saying.beside = {"rewrite-table"};
    saying.reverse = Stream::diverges;
    saying.why = "Changes of an UNLOGGED table are not in the WAL: after the cutover none goes back to blue.";
    saying.fix = "Do it after finish.";
    streams.say(std::move(saying));
}

const CatalogConstraint* primary_key(const Table* table) {
    if (table != nullptr) {
        for (const auto& one : table->now.constraints) {
            if (one.kind == "p") {
                return &one;
            }
        }
    }
    return nullptr;
}

void replica_identity(Streams& streams, const std::string& table, const Node& command) {
    const auto wanted = command["def"].text("identity_type");
    const auto* known = streams.world().table(table);
    auto saying = about("replica-identity", table, command);
    saying.fix = "Leave it as blue has it until finish.";
    if (wanted == "n") {
        saying.reverse = Stream::publisher;
        saying.why =
            "Once green serves, UPDATE and DELETE fail there: a published table needs a replica identity.";
    } else if (wanted == "f" && known != nullptr && !known->added_columns.empty()) {
        saying.reverse = Stream::publisher;
        saying.why =
            "With REPLICA IDENTITY FULL every column has to be sent, and blue lacks some: once green serves, "
            "UPDATE and DELETE fail there.";
    } else if (wanted == "i") {
        const auto* index =
            streams.world().index(schema_of(table) + "." + std::string(command["def"].text("name")));
        const auto* key = primary_key(known);
        if (index != nullptr && key != nullptr) {
            const auto lacks = [](const std::vector<std::string>& all, const std::vector<std::string>& some) {
                return std::ranges::any_of(
                    some, [&all](const auto& one) { return std::ranges::find(all, one) == all.end(); });
            };
            saying.forward = lacks(key->columns, index->now.columns) ? Stream::stops : Stream::ok;
            saying.reverse = lacks(index->now.columns, key->columns) ? Stream::stops : Stream::ok;
        }
        saying.why =
            "Green finds rows by this index, blue by its primary key: the lanes stop at UPDATE and DELETE.";
    }
    streams.say(std::move(saying));
}

/// Rows in a partition that blue doesn't have stay on green.
void attach(Streams& streams, const std::string& table, const Node& command) {
    const auto part = streams.world().name_of(command["def"]["name"]);
    if (part.empty() || !streams.world().is_new(part)) {
        return;
    }
    auto saying = about("new-partition", table, command);
    saying.beside = {"attach-partition"};
    saying.reverse = Stream::diverges;
    saying.why = "Blue has no partition " + part + ": after the cutover rows in it don't go back.";
    saying.fix = "Make the same partition on blue before prepare.";
    streams.say(std::move(saying));
}

using Handler = void (*)(Streams&, const std::string&, const Node&);

Handler handler_of(std::string_view subtype) {
    static const std::vector<std::pair<std::string_view, Handler>> handlers{
        {"AT_AddColumn", add_column},
        {"AT_DropColumn", drop_column},
        {"AT_SetNotNull", set_not_null},
        {"AT_DropNotNull", drop_not_null},
        {"AT_ColumnDefault", drop_default},
        {"AT_DropExpression", drop_expression},
        {"AT_AlterColumnType", stream_change_type},
        {"AT_AddConstraint", stream_add_constraint},
        {"AT_DropConstraint", stream_drop_constraint},
        {"AT_SetUnLogged", unlogged},
        {"AT_ReplicaIdentity", replica_identity},
        {"AT_AttachPartition", attach},
    };
    for (const auto& [name, handler] : handlers) {
        if (name == subtype) {
            return handler;
        }
    }
    return nullptr;
}

} // namespace

void stream_alter_table(Streams& streams) {
    const auto node = streams.view().node;
    if (!node.is("AlterTableStmt") || node.text("objtype") != "OBJECT_TABLE") {
        return;
    }
    const auto table = streams.world().name_of(node["relation"]);
    if (!streams.carried(table)) {
        return;
    }
    for (const auto& command : node.list("cmds")) {
        if (const auto handler = handler_of(command.text("subtype"))) {
            handler(streams, table, command);
        }
    }
}

} // namespace pgteal::migration::lint
