// Constraints that only one side has.
#include <algorithm>

#include "catalog/type_fit.hpp"
#include "migration/lint/judges/stream_say.hpp"
#include "migration/lint/world/sql_types.hpp"
#include "migration/lint/world/table_parts.hpp"

namespace pgteal::migration::lint {

namespace {

using Names = std::vector<std::string>;

bool covers(const Names& all, const Names& some) {
    return std::ranges::all_of(some,
                               [&all](const auto& one) { return std::ranges::find(all, one) != all.end(); });
}

struct NewKey {
    Names columns;
    bool deferrable = false;
    bool found = false;
};

/// The primary key that a later statement of the file adds.
NewKey key_added_later(Streams& streams, const std::string& table) {
    for (const auto& tree : streams.later()) {
        if (!tree.root().is("AlterTableStmt") || streams.world().name_of(tree.root()["relation"]) != table) {
            continue;
        }
        for (const auto& command : tree.root().list("cmds")) {
            const auto definition = command["def"];
            if (command.text("subtype") == "AT_AddConstraint" &&
                definition.text("contype") == "CONSTR_PRIMARY") {
                NewKey key{strings(definition.list("keys")), definition.flag("deferrable"), true};
                const auto* index =
                    streams.world().index(schema_of(table) + "." + std::string(definition.text("indexname")));
                if (key.columns.empty() && index != nullptr) {
                    key.columns = index->now.columns;
                }
                return key;
            }
        }
    }
    return {};
}

void drop_key(Streams& streams, StreamSaying saying, const CatalogConstraint& old) {
    const auto added = key_added_later(streams, saying.relation);
    saying.beside = {"drop-primary-key"};
    saying.forward = Stream::stops;
    saying.fix = "Keep the key as blue has it until finish; a new one can be a unique index beside it.";
    if (!added.found || added.deferrable) {
        const bool skipped = added.deferrable && streams.view().options.pg_version >= 18;
        saying.forward = skipped ? Stream::diverges : Stream::stops;
        saying.reverse = Stream::publisher;
        saying.why = std::string("Green can't find the rows that blue updates or deletes: ") +
                     (skipped ? "they are skipped in silence." : "the lane stops.") +
                     " Once green serves, UPDATE and DELETE fail there, for want of a replica identity.";
    } else if (covers(added.columns, old.columns) && covers(old.columns, added.columns)) {
        return;
    } else if (covers(added.columns, old.columns)) {
        saying.reverse = Stream::stops;
        saying.why = "Blue doesn't send the new key's columns of old rows: the lane stops at UPDATE and "
                     "DELETE. On the "
                     "way back it stops once two rows agree in blue's narrower key.";
    } else if (covers(old.columns, added.columns)) {
        saying.forward = Stream::stops;
        saying.certain = false;
        saying.reverse = Stream::stops;
        saying.why = "The lane stops once rows of blue agree in the narrower key; on the way back at UPDATE "
                     "and DELETE, "
                     "since green doesn't send all of blue's key.";
    } else {
        saying.reverse = Stream::stops;
        saying.why =
            "Each side finds rows by a key that the other doesn't send: the lanes stop at UPDATE and DELETE.";
    }
    streams.say(std::move(saying));
}

Names columns_of_constraint(Streams& streams, const std::string& table, const Node& definition) {
    auto parts = constraints_of({definition}, table, "", streams.world(), streams.view().statement.text);
    return parts.empty() ? Names{} : parts.front().now.columns;
}

} // namespace

void stream_truncated_parents(Streams& streams, const std::string& table, const Node& definition) {
    walk(definition, [&](const Node& node) {
        const auto parent = node["pktable"] ? streams.world().name_of(node["pktable"]) : std::string();
        if (!parent.empty() && parent != table && streams.carried(parent)) {
            StreamSaying saying;
            saying.what = "truncate-parent";
            saying.relation = parent;
            saying.at = node.location();
            saying.certain = false;
            saying.forward = Stream::stops;
            saying.why =
                "Green refuses to truncate a table that another one references: the lane stops once blue "
                "truncates it.";
            saying.fix = "Add the foreign key after finish, or let nobody truncate it.";
            streams.say(std::move(saying));
        }
        return true;
    });
}

void stream_add_constraint(Streams& streams, const std::string& table, const Node& command) {
    const auto definition = command["def"];
    const auto kind = definition.text("contype");
    const bool from_index = !definition.text("indexname").empty();
    StreamSaying saying;
    saying.what = "add-constraint";
    saying.relation = table;
    saying.at = definition.location();
    saying.certain = false;
    saying.forward = Stream::stops;
    saying.fix = "Add the same rule on blue before prepare, or add it after finish.";
    const auto columns = from_index ? Names{} : columns_of_constraint(streams, table, definition);
    if (streams.all_new(table, columns)) {
        return;
    }
    if (kind == "CONSTR_FOREIGN") {
        saying.beside = {"add-foreign-key"};
        saying.forward = Stream::diverges;
        saying.why =
            "Apply doesn't check foreign keys: a row that blue writes without its parent stays on green, "
            "unnoticed.";
        saying.fix = "Add it NOT VALID on green and VALIDATE it after the cutover, which checks all rows.";
        stream_truncated_parents(streams, table, definition);
    } else if (kind == "CONSTR_CHECK") {
        saying.beside = {"add-check"};
        saying.why =
            "NOT VALID or not, apply checks it: the lane stops once blue writes a row that breaks it.";
    } else if (kind == "CONSTR_EXCLUSION") {
        saying.beside = {"add-exclusion"};
        saying.why = "The lane stops once blue writes a row that conflicts with another.";
    } else if (kind == "CONSTR_UNIQUE" || kind == "CONSTR_PRIMARY") {
        saying.beside = {"add-unique", "add-primary-key"};
        saying.why = "The lane stops once blue writes two rows that agree in these columns.";
        if (definition.flag("deferrable")) {
            saying.forward = Stream::diverges;
            saying.why =
                "Apply doesn't check a deferrable constraint: duplicates that blue writes stay on green, "
                "unnoticed.";
        }
    } else {
        return;
    }
    streams.say(std::move(saying));
}

void stream_drop_constraint(Streams& streams, const std::string& table, const Node& command) {
    const std::string name(command.text("name"));
    const auto* known = streams.world().constraint(table, name);
    const auto* owner = streams.world().table(table);
    if (owner != nullptr && owner->added_constraints.contains(name)) {
        return;
    }
    StreamSaying saying;
    saying.what = "drop-constraint";
    saying.relation = table;
    if (known != nullptr && known->kind == "p") {
        drop_key(streams, std::move(saying), *known);
        return;
    }
    saying.beside = {"drop-constraint", "drop-foreign-key"};
    saying.certain = false;
    saying.reverse = Stream::stops;
    saying.why = "Blue keeps the constraint: after the cutover the lane back stops once green writes a row "
                 "that breaks "
                 "it.";
    saying.fix = "Drop it after finish.";
    if (known != nullptr && known->kind == "f") {
        saying.reverse = Stream::diverges;
        saying.why =
            "Apply doesn't check foreign keys: after the cutover rows without their parent go to blue, whose "
            "foreign key then doesn't hold.";
    }
    streams.say(std::move(saying));
}

namespace {

const CatalogType* user_type(const World& world, std::string name) {
    while (name.ends_with("[]")) {
        name.resize(name.size() - 2);
    }
    return world.type(name);
}

/// Below domains; enums as text, which is how they are sent.
std::string plain_type(const World& world, const std::string& type) {
    const auto* own = user_type(world, type);
    if (own == nullptr) {
        return type;
    }
    const std::string brackets = type.ends_with("[]") ? "[]" : "";
    return own->kind == "d" && !own->base.empty() ? plain_type(world, own->base + brackets)
           : own->kind == "e"                     ? "text" + brackets
                                                  : type;
}

bool is_enum(const World& world, const std::string& type) {
    const auto* own = user_type(world, type);
    return own != nullptr && own->kind == "e";
}

/// USING does more than a cast of the column itself, or of its text, which is what a lane sends.
bool converts(const Node& command, const World& world) {
    const auto expression = command["def"]["raw_default"];
    if (!expression || expression.is("ColumnRef")) {
        return false;
    }
    const auto cast = expression["arg"];
    const bool by_text = cast.is("TypeCast") && cast["arg"].is("ColumnRef") &&
                         type_of(cast["typeName"], world).text() == "text";
    return !(expression.is("TypeCast") && (cast.is("ColumnRef") || by_text));
}

struct Direction {
    Stream stream = Stream::ok;
    bool certain = false;
    std::string when;
    std::string or_stops; ///< where it differs silently, when it stops
};

Direction sent(const World& world, const std::string& from, const std::string& to) {
    const auto fit = postgres::type_fit(plain_type(world, from), plain_type(world, to),
                                        postgres::is_utc(world.catalog().time_zone));
    if (!fit.differs_when.empty()) {
        return {Stream::diverges, fit.always, fit.differs_when, fit.stops_when};
    }
    if (!fit.stops_when.empty()) {
        return {Stream::stops, fit.always, fit.stops_when, {}};
    }
    const auto* target = user_type(world, to);
    if (is_enum(world, to) && from != to) {
        return {Stream::stops, false, "a value is no label of " + to, {}};
    }
    if (target != nullptr && target->kind == "d" && target->constrained && from != to) {
        return {Stream::stops, false, "a value breaks a rule of " + to, {}};
    }
    return {};
}

} // namespace

void stream_change_type(Streams& streams, const std::string& table, const Node& command) {
    const std::string name(command.text("name"));
    const auto* column = streams.world().column(table, name);
    if (streams.all_new(table, {name})) {
        return;
    }
    StreamSaying saying;
    saying.what = "change-type";
    saying.relation = table;
    saying.at = command["def"].location();
    saying.beside = {"change-type-rewrite", "change-type-breaking", "change-type-recheck",
                     "change-type-reindex", "change-type-unknown",  "change-type-dependants"};
    saying.fix =
        "Add a column of the new type beside it, filled by a trigger ENABLE ALWAYS; drop the old one after "
        "finish.";
    if (column == nullptr || column->type.empty()) {
        saying.certain = false;
        saying.reverse = Stream::stops;
        saying.why =
            "A lane stops once a value doesn't fit the other side's type; which values, the column's type on "
            "blue tells.";
        streams.say(std::move(saying));
        return;
    }
    const auto wanted = type_of(command["def"]["typeName"], streams.world()).text();
    const auto forth = sent(streams.world(), column->type, wanted);
    const auto back = sent(streams.world(), wanted, column->type);
    saying.forward = forth.stream;
    saying.reverse = back.stream;
    saying.certain = forth.certain || back.certain;
    const auto tell = [&saying](const std::string& side, const Direction& one) {
        if (one.stream != Stream::ok) {
            saying.why += (saying.why.empty() ? "" : " ") + side +
                          (one.stream == Stream::stops ? " stops once " : " differs silently once ") +
                          one.when + (one.or_stops.empty() ? "" : ", and stops once " + one.or_stops) + ".";
        }
    };
    tell("Blue to green", forth);
    tell("Green to blue", back);
    if (converts(command, streams.world())) {
        saying.forward = saying.forward == Stream::ok ? Stream::diverges : saying.forward;
        saying.why += std::string(saying.why.empty() ? "" : " ") +
                      "USING converts the rows that are there; rows that arrive from blue are not converted.";
    }
    streams.say(std::move(saying));
}

} // namespace pgteal::migration::lint
