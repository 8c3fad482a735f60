// ALTER TYPE of a composite type that columns are made of.
#include <algorithm>

#include "migration/lint/judges/stream_say.hpp"

namespace pgteal::migration::lint {

namespace {

/// Offline only the file itself tells that nobody can have a column of it yet.
bool made_in_this_file(const Streams& streams, const std::string& name) {
    constexpr std::size_t far_enough = 100; // as for what comes later
    std::size_t seen = 0;
    for (const auto& statement : streams.view().file.statements) {
        const bool reached = statement.line == streams.view().statement.line &&
                             statement.text == streams.view().statement.text;
        if (++seen > far_enough || reached) {
            break;
        }
        if (!statement.analysed) {
            continue;
        }
        const auto tree = parse(statement.text);
        if (tree.root().is("CompositeTypeStmt") && streams.world().name_of(tree.root()["typevar"]) == name) {
            return true;
        }
    }
    return false;
}

} // namespace

void stream_composites(Streams& streams) {
    const auto node = streams.view().node;
    if (!node.is("AlterTableStmt") || node.text("objtype") != "OBJECT_TYPE") {
        return;
    }
    const auto name = streams.world().name_of(node["relation"]);
    const auto* type = streams.world().type(name);
    const bool offline = streams.world().offline();
    const bool in_use = type != nullptr && !type->used_by.empty();
    if (!in_use && (!offline || made_in_this_file(streams, name))) {
        return; // no column that lanes carry
    }
    int more = 0;
    bool changed = false;
    for (const auto& command : node.list("cmds")) {
        const auto what = command.text("subtype");
        more += what == "AT_AddColumn" ? 1 : what == "AT_DropColumn" ? -1 : 0;
        changed = changed || what == "AT_AddColumn" || what == "AT_DropColumn";
    }
    if (!changed) {
        return; // ALTER ATTRIBUTE … TYPE is refused while a column has the type
    }
    StreamSaying saying;
    saying.what = "composite-attributes";
    saying.beside = {"composite-in-use"};
    saying.certain = in_use;
    saying.relation = in_use ? type->used_by.front() : "";
    saying.forward = saying.reverse = more == 0 ? Stream::diverges : Stream::stops;
    saying.why = more == 0
                     ? "Fields of " + name +
                           " go by their place: a value of the one that was dropped arrives in the new one."
                     : "The text of a value has one field for each attribute: a lane stops at the next value "
                       "of " +
                           name + " that is not NULL, in both directions.";
    if (in_use) {
        const auto others = type->used_by.size() - 1;
        saying.why += " " + type->used_by.front() + " has a column of it" +
                      (others == 0 ? "." : ", and " + std::to_string(others) + " more.");
    } else {
        saying.why += " So if a table has a column of it; that can't be known offline.";
    }
    saying.fix = "Make a type of another name and a column of it beside the old one; drop the old ones in a "
                 "contract file, after finish.";
    streams.say(std::move(saying));
}

} // namespace pgteal::migration::lint
