#include "cutover/gate/changed_schema.hpp"

#include <algorithm>
#include <set>

#include "migration/schema/read.hpp"
#include "migration/schema/statement.hpp"
#include "replication/lane/partitions.hpp"

namespace pgteal::cutover {

namespace {

constexpr std::size_t most = 3;

std::string words(const std::string& what, const std::vector<std::string>& names) {
    std::string text;
    for (std::size_t i = 0; i < names.size() && i < most; ++i) {
        text += (i == 0 ? what + " " : ", ") + names[i];
    }
    return names.size() <= most ? text : text + " and " + std::to_string(names.size() - most) + " more";
}

/// "table a.t", "column a.t.c" or "constraint x on a.t".
bool is_of_a_moved_table(std::string_view name, const std::set<std::string>& moved) {
    return std::any_of(moved.begin(), moved.end(), [name](const std::string& table) {
        const auto kind = name.find(' ');
        const auto rest = kind == std::string_view::npos ? std::string_view() : name.substr(kind + 1);
        return rest == table || rest.starts_with(table + ".") || rest.ends_with(" on " + table);
    });
}

} // namespace

Task<migration::schema::Objects> schema_objects(Estate* estate, Side side, std::string database,
                                                Deadline deadline) {
    auto objects = co_await migration::schema::read(estate->server(side), database, deadline);
    // Partitions that are carried are no change: both sides have them.
    const auto moved = co_await replication::moved_partitions(estate->server(side), database, deadline);
    std::erase_if(objects.list, [&moved](const auto& object) {
        return moved.contains(object.relation) || (object.kind == "table" && moved.contains(object.oid));
    });
    co_return objects;
}

Task<void> record_objects(Context* context, Deadline deadline) {
    for (const auto side : {Side::blue, Side::green}) {
        for (const auto& database : context->estate.config().database_names()) {
            const auto objects = co_await schema_objects(&context->estate, side, database, deadline);
            context->journal.remember(facts::schema_objects, facts::schema_objects.of(side, database),
                                      migration::schema::fingerprints(objects));
        }
    }
}

SchemaChange name_changes(const facts::ByName<std::string>& recorded, const migration::schema::Objects& now,
                          const std::set<std::string>& moved) {
    const auto prints = migration::schema::fingerprints(now);
    std::vector<const migration::schema::Object*> fresh;
    std::set<std::string> families; // what belongs to something new goes with it
    for (const auto& object : now.list) {
        const auto name = object.kind + " " + object.identity;
        if (prints.contains(name) && !recorded.contains(name)) {
            fresh.push_back(&object);
            families.insert(object.name);
        }
    }
    std::erase_if(fresh, [&families](const auto* object) { return families.contains(object->parent); });
    std::stable_sort(fresh.begin(), fresh.end(), [](const auto* a, const auto* b) {
        return migration::schema::rank_of(a->kind) > migration::schema::rank_of(b->kind);
    });
    std::vector<std::string> made;
    std::vector<std::string> other_ones;
    SchemaChange change;
    bool all_dropped = true;
    for (const auto* object : fresh) {
        const auto drop = migration::schema::drop_statement(*object);
        all_dropped = all_dropped && !drop.empty();
        change.drops += (change.drops.empty() ? "" : " ") + drop + ";";
        made.push_back(object->kind + " " + object->identity);
    }
    for (const auto& [name, print] : prints) {
        const auto was = recorded.find(name);
        if (was != recorded.end() && was->second != print) {
            other_ones.push_back(name + " (changed)");
        }
    }
    for (const auto& [name, print] : recorded) {
        if (!prints.contains(name) && !is_of_a_moved_table(name, moved)) {
            other_ones.push_back(name + " (gone)");
        }
    }
    change.what = words("new:", made);
    if (!other_ones.empty()) {
        change.what += (change.what.empty() ? "" : "; ") + words("not as it was:", other_ones);
    }
    if (!all_dropped || !other_ones.empty() || made.size() > most) {
        change.drops.clear();
    }
    return change;
}

namespace {

Task<SchemaChange> changes_of(Context* context, Side side, std::string database, Deadline deadline) {
    const auto recorded =
        context->journal.recall(facts::schema_objects, facts::schema_objects.of(side, database));
    if (!recorded) { // prepare has not ended
        co_return SchemaChange{};
    }
    const auto now = co_await schema_objects(&context->estate, side, database, deadline);
    auto change = name_changes(*recorded, now);
    if (!change.what.empty()) {
        // What is recorded has the tables that became, or are no longer, partitions.
        const auto moved =
            co_await replication::moved_partition_names(context->estate.server(side), database, deadline);
        change = name_changes(*recorded, now, moved);
    }
    co_return change;
}

} // namespace

Task<std::vector<ChangedSchema>> changed_schemas(Context* context, Deadline deadline) {
    std::vector<ChangedSchema> changed;
    const auto names = context->estate.config().database_names();
    const auto serving = context->progress().serving;
    for (const auto side : {Side::blue, Side::green}) {
        std::vector<Task<SchemaChange>> looks;
        for (const auto& database : names) {
            looks.push_back(changes_of(context, side, database, deadline));
        }
        const auto found = co_await all(std::move(looks));
        ChangedSchema one{to_string(side), {}, {}};
        bool dropping = true;
        for (std::size_t i = 0; i < names.size(); ++i) {
            const auto& change = found[i];
            if (change.what.empty()) {
                continue;
            }
            one.what += (one.what.empty() ? "" : "; ") + ("in database " + names[i] + " ") + change.what;
            dropping = dropping && !change.drops.empty() && one.fix.empty();
            one.fix = dropping ? "in database " + names[i] + " on " + one.side +
                                     ", as a superuser: SET pgteal.ddl = on; " +
                                     (side == serving ? "" : "SET default_transaction_read_only = off; ") +
                                     change.drops
                               : std::string();
        }
        if (!one.what.empty()) {
            changed.push_back(std::move(one));
        }
    }
    co_return changed;
}

} // namespace pgteal::cutover
