// DROP.
#include <algorithm>
#include <map>

#include "migration/lint/judges/judge.hpp"
#include "migration/lint/world/sql_text.hpp"

namespace pgteal::migration::lint {

namespace {

/// One object of a DROP.
struct Dropped {
    Judge& judge;
    Node statement;
    std::vector<std::string> parts;
    std::size_t at = 0;

    [[nodiscard]] bool cascade() const { return statement.text("behavior") == "DROP_CASCADE"; }
    [[nodiscard]] const World& world() const { return judge.world(); }
};

/// The views that go with it.
void lock_views(const Dropped& dropped, const std::string& name) {
    if (const auto* table = dropped.world().table(name)) {
        for (const auto& [column, users] : table->now.dependants) {
            dropped.judge.lock_dependants(users);
        }
    }
}

void drop_table(const Dropped& dropped) {
    const auto name = dropped.world().name_of(dropped.parts);
    const auto* table = dropped.world().table(name);
    if (dropped.statement.flag("missing_ok") && table == nullptr && !dropped.world().offline()) {
        return;
    }
    dropped.judge.lock_tree(name, Lock::access_exclusive);
    dropped.judge.lock_referenced(name, Lock::access_exclusive);
    if (dropped.cascade()) {
        dropped.judge.lock_referencing(name, Lock::access_exclusive);
        lock_views(dropped, name);
    }
    const auto parent = is_partition(dropped.world(), name) ? table->now.parent : std::string();
    if (!parent.empty()) {
        dropped.judge.lock(parent, Lock::access_exclusive);
        for (const auto& sibling : dropped.judge.below(parent)) {
            const auto* one = dropped.world().table(sibling);
            if (one != nullptr && one->now.default_partition && sibling != name) {
                dropped.judge.lock(sibling, Lock::access_exclusive);
            }
        }
        Saying saying;
        saying.rule = "drop-partition";
        saying.relation = parent;
        saying.lock = Lock::access_exclusive;
        saying.at = dropped.at;
        saying.fix = "ALTER TABLE " + qualified(parent) + " DETACH PARTITION " + qualified(name) +
                     " CONCURRENTLY;  -- a file of its own\nDROP TABLE " + qualified(name) + ";";
        dropped.judge.say(saying);
    }
    Saying saying;
    saying.rule = "drop-table";
    saying.relation = name;
    saying.lock = Lock::access_exclusive;
    saying.at = dropped.at;
    saying.fix = "-- expand: release code that doesn't use it; contract, after pgteal finish:\nDROP TABLE " +
                 qualified(name) + ";";
    dropped.judge.say(saying);
}

void drop_view(const Dropped& dropped) {
    const auto name = dropped.world().name_of(dropped.parts);
    dropped.judge.lock(name, Lock::access_exclusive);
    if (dropped.cascade()) {
        lock_views(dropped, name);
    }
    Saying saying;
    saying.rule = "drop-view";
    saying.relation = name;
    saying.lock = Lock::access_exclusive;
    saying.at = dropped.at;
    saying.fix = "CREATE OR REPLACE VIEW keeps it for the old code as long as columns are only appended.";
    // Dropped to be made again: readers meet it as soon as the transaction ends.
    saying.unless_later = [name](const World& later) { return later.table(name) != nullptr; };
    dropped.judge.say(saying);
}

void drop_index(const Dropped& dropped) {
    const auto name = dropped.world().name_of(dropped.parts);
    const auto* index = dropped.world().index(name);
    const bool concurrent = dropped.statement.flag("concurrent");
    if (index == nullptr) {
        if (dropped.statement.flag("missing_ok") && !dropped.world().offline()) {
            return;
        }
        dropped.judge.unknown("the table of index " + name);
    } else {
        dropped.judge.lock_tree(index->table,
                                concurrent ? Lock::share_update_exclusive : Lock::access_exclusive);
    }
    if (concurrent || (index != nullptr && dropped.world().is_new(index->table))) {
        return;
    }
    Saying saying;
    saying.rule = "drop-index";
    saying.relation = index != nullptr ? index->table : "";
    saying.lock = Lock::access_exclusive;
    saying.at = dropped.at;
    saying.fix = "DROP INDEX CONCURRENTLY " + qualified(name) + ";  -- a file of its own";
    dropped.judge.say(saying);
}

/// Triggers, rules and policies: the table's name comes first.
void drop_part(const Dropped& dropped) {
    auto parts = dropped.parts;
    if (parts.size() < 2) {
        return;
    }
    const auto part = parts.back();
    parts.pop_back();
    const auto name = dropped.world().name_of(parts);
    const auto* table = dropped.world().table(name);
    if (dropped.statement.flag("missing_ok") && !dropped.world().offline() && table != nullptr) {
        // The look for it takes no lock that stays.
        const auto type = dropped.statement.text("removeType");
        const auto what = (type == "OBJECT_TRIGGER" ? "trigger "
                           : type == "OBJECT_RULE"  ? "rule "
                                                    : "policy ") +
                          part;
        const auto& there = table->now.attached;
        if (std::find(there.begin(), there.end(), what) == there.end()) {
            return;
        }
    }
    dropped.judge.lock(name, Lock::access_exclusive);
}

void drop_statistics(const Dropped& dropped) {
    const auto& known = dropped.world().catalog();
    std::vector<std::string> names;
    if (dropped.parts.size() > 1) {
        names.push_back(dropped.parts.at(dropped.parts.size() - 2) + "." + dropped.parts.back());
    } else {
        for (const auto& schema : known.search_path) {
            names.push_back(schema + "." + dropped.parts.back());
        }
    }
    for (const auto& name : names) {
        if (const auto found = known.statistics_tables.find(name); found != known.statistics_tables.end()) {
            dropped.judge.lock(found->second, Lock::share_update_exclusive);
            return;
        }
    }
}

void drop_type(const Dropped& dropped) {
    const auto name = dropped.world().type_name_of(dropped.parts);
    const auto* type = dropped.world().type(name);
    if (type != nullptr && dropped.cascade()) {
        for (const auto& table : type->used_by) {
            dropped.judge.lock(table, Lock::access_exclusive);
        }
    }
    const bool in_use = type != nullptr && !type->used_by.empty();
    if (!dropped.cascade() && !in_use) {
        return;
    }
    Saying saying;
    saying.rule = "drop-type";
    saying.lock = in_use ? Lock::access_exclusive : Lock::none;
    saying.relation = in_use ? type->used_by.front() : "";
    saying.at = dropped.at;
    saying.more = in_use ? "Columns of it: " + type->used_by.front() + "." : "";
    saying.fix = "Drop the columns first, in the contract phase; then the type without CASCADE.";
    dropped.judge.say(saying);
}

void drop_schema(const Dropped& dropped) {
    if (!dropped.cascade() || dropped.parts.empty()) {
        return;
    }
    Saying saying;
    saying.rule = "drop-table";
    saying.lock = Lock::access_exclusive;
    saying.more = "Every table of the schema goes.";
    saying.fix = "Drop the tables by name, in the contract phase; then the schema without CASCADE.";
    saying.at = dropped.at;
    bool any = false;
    for (const auto& [name, table] : dropped.world().tables()) {
        if (table.now.schema == dropped.parts.back()) {
            dropped.judge.lock(name, Lock::access_exclusive);
            dropped.judge.lock_referenced(name, Lock::access_exclusive);
            dropped.judge.lock_referencing(name, Lock::access_exclusive);
            any = true;
        }
    }
    if (any || dropped.world().offline()) {
        dropped.judge.say(saying);
    }
}

} // namespace

void judge_drops(Judge& judge) {
    const auto& node = judge.view().node;
    if (node.is("DropOwnedStmt")) {
        judge.not_analysed("what DROP OWNED drops is known to the server alone");
        return;
    }
    if (!node.is("DropStmt")) {
        return;
    }
    using Handler = void (*)(const Dropped&);
    static const std::map<std::string_view, Handler> handlers{
        {"OBJECT_TABLE", drop_table},   {"OBJECT_FOREIGN_TABLE", drop_table},
        {"OBJECT_VIEW", drop_view},     {"OBJECT_MATVIEW", drop_view},
        {"OBJECT_INDEX", drop_index},   {"OBJECT_TRIGGER", drop_part},
        {"OBJECT_RULE", drop_part},     {"OBJECT_POLICY", drop_part},
        {"OBJECT_TYPE", drop_type},     {"OBJECT_DOMAIN", drop_type},
        {"OBJECT_SCHEMA", drop_schema}, {"OBJECT_STATISTIC_EXT", drop_statistics},
    };
    const auto type = node.text("removeType");
    const auto handler = handlers.find(type);
    std::size_t at = 0;
    for (const auto& object : node.list("objects")) {
        auto parts = object.is("List")     ? strings(object.list("items"))
                     : object.is("String") ? std::vector{string_of(object)}
                                           : strings(object.list("names"));
        if (!parts.empty()) {
            const auto found = find_word(judge.text(), parts.back(), at);
            at = found == std::string::npos ? at : found;
        }
        if (handler != handlers.end()) {
            handler->second({judge, node, parts, at});
        } else if (node.text("behavior") == "DROP_CASCADE" && type != "OBJECT_SEQUENCE") {
            judge.not_analysed("what goes with CASCADE is known to the server alone");
            break;
        }
    }
}

} // namespace pgteal::migration::lint
