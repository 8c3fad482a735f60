#include "cutover/gate/changed_schema.hpp"

#include <algorithm>
#include <set>

#include "migration/schema/read.hpp"
#include "migration/schema/statement.hpp"
#include "replication/lane/partitions.hpp"

namespace pgteal::cutover {

namespace {

constexpr std::size_t most = 3;

std::string fact_of(Side side, const std::string& database) {
    return "schema_objects " + to_string(side) + " " + database;
}

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
            boost::json::object prints;
            for (const auto& [name, print] : migration::schema::fingerprints(objects)) {
                prints[name] = print;
            }
            context->journal.set_fact(fact_of(side, database), prints);
        }
    }
}

SchemaChange name_changes(const boost::json::object& recorded, const migration::schema::Objects& now,
                          const std::set<std::string>& moved, int version) {
    const auto prints = migration::schema::fingerprints(now, version);
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
        const auto* was = recorded.if_contains(name);
        if (was != nullptr && *was != boost::json::value(print)) {
            other_ones.push_back(name + " (changed)");
        }
    }
    for (const auto& [name, print] : recorded) {
        if (!prints.contains(std::string(name)) && !is_of_a_moved_table(name, moved)) {
            other_ones.push_back(std::string(name) + " (gone)");
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

Task<std::vector<ChangedSchema>> changed_schemas(Context* context, Deadline deadline) {
    std::vector<ChangedSchema> changed;
    const auto recorded = context->journal.fact("fingerprint");
    const auto serving = context->progress().serving;
    for (const auto side : {Side::blue, Side::green}) {
        const auto* fact = recorded.is_object() ? recorded.as_object().if_contains(to_string(side)) : nullptr;
        const auto was = fact != nullptr ? std::string(fact->as_string()) : std::string();
        const auto now = co_await fingerprint(&context->estate, side, deadline, was);
        if (was == now) {
            continue;
        }
        ChangedSchema one{to_string(side), {}, {}};
        bool dropping = true;
        bool any_moved = false;
        bool moved_only = true; // what is recorded has the tables that became, or are no longer, partitions
        for (const auto& database : context->estate.config().database_names()) {
            const auto known = context->journal.fact(fact_of(side, database));
            if (!known.is_object()) { // of a run that an earlier version prepared
                moved_only = false;
                continue;
            }
            const auto objects = co_await schema_objects(&context->estate, side, database, deadline);
            const auto moved =
                co_await replication::moved_partition_names(context->estate.server(side), database, deadline);
            const auto change = name_changes(known.as_object(), objects, moved, fingerprint_version_of(was));
            any_moved = any_moved || !moved.empty();
            if (change.what.empty()) {
                continue;
            }
            moved_only = false;
            one.what += (one.what.empty() ? "" : "; ") + ("in database " + database + " ") + change.what;
            dropping = dropping && !change.drops.empty() && one.fix.empty();
            one.fix = dropping ? "in database " + database + " on " + one.side +
                                     ", as a superuser: SET pgteal.ddl = on; " +
                                     (side == serving ? "" : "SET default_transaction_read_only = off; ") +
                                     change.drops
                               : std::string();
        }
        if (!moved_only || !any_moved) {
            changed.push_back(std::move(one));
        }
    }
    co_return changed;
}

} // namespace pgteal::cutover
