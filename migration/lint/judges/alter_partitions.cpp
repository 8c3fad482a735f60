// ATTACH and DETACH PARTITION.
#include <algorithm>

#include "migration/lint/judges/alter.hpp"
#include "migration/lint/world/sql_text.hpp"

namespace pgteal::migration::lint {

namespace {

std::string default_partition(const World& world, const std::string& parent) {
    const auto* table = world.table(parent);
    if (table == nullptr) {
        return {};
    }
    for (const auto& child : table->now.partitions) {
        const auto* one = world.table(child);
        if (one != nullptr && one->now.default_partition) {
            return child;
        }
    }
    return {};
}

/// A validated CHECK that may prove the bounds. Whether it does is for the server to say.
bool has_check(const World& world, const std::string& table) {
    const auto* known = world.table(table);
    if (known == nullptr) {
        return false;
    }
    for (const auto& constraint : known->now.constraints) {
        if (constraint.kind == "c" && constraint.validated) {
            return true;
        }
    }
    return false;
}

/// An index of the parent without a counterpart on the new partition: it is built there.
std::string missing_index(const World& world, const std::string& parent, const std::string& child) {
    const auto* above = world.table(parent);
    const auto* below = world.table(child);
    if (above == nullptr || below == nullptr || !above->complete || !below->complete) {
        return {};
    }
    const auto& there = below->now.indexes;
    for (const auto& index : above->now.indexes) {
        const bool found = std::any_of(there.begin(), there.end(), [&](const CatalogIndex& one) {
            return one.columns == index.columns && one.method == index.method && one.valid &&
                   one.partial == index.partial && (one.unique || !index.unique);
        });
        if (!found) {
            return index.name;
        }
    }
    return {};
}

} // namespace

void judge_attach(const Alter& alter) {
    const auto& world = alter.world();
    const auto child = world.name_of(alter.command["def"]["name"]);
    const bool is_default = alter.command["def"]["bound"].flag("is_default");
    const auto other = default_partition(world, alter.table);
    const auto index = missing_index(world, alter.table, child);
    const bool proven = has_check(world, child);
    const bool scans = !proven || !index.empty();
    alter.judge.lock(alter.table, Lock::share_update_exclusive);
    alter.judge.lock_tree(child, Lock::access_exclusive, false, scans);
    alter.judge.lock_tree(other, Lock::access_exclusive, false, !other.empty() && !has_check(world, other));
    alter.judge.lock_referenced(alter.table, Lock::share_row_exclusive);
    alter.judge.lock_referencing(alter.table, Lock::share_row_exclusive);
    if (!scans || world.is_empty(child)) {
        return;
    }
    auto saying = alter.saying("attach-partition", false, true);
    saying.relation = child;
    saying.at = alter.command["def"]["name"].location();
    const auto* known = world.table(child);
    saying.certain = known != nullptr && known->complete;
    const auto check = bare_name(child) + "_bounds";
    if (!index.empty()) {
        saying.more = "The parent's index " + index + " has no counterpart on it, and is built as well.";
    }
    saying.fix =
        proven ? "CREATE INDEX CONCURRENTLY ON " + qualified(child) + " (...);  -- first, a file of its own"
               : "ALTER TABLE " + qualified(child) + " ADD CONSTRAINT " + ident(check) + " CHECK (" +
                     (is_default ? "the bounds of no other partition" : "the same bounds, and NOT NULL") +
                     ") NOT VALID;\n-- in the next migration:\nALTER TABLE " + qualified(child) +
                     " VALIDATE CONSTRAINT " + ident(check) + ";\n" + alter.alter() + "ATTACH PARTITION " +
                     qualified(child) + " ...;\nALTER TABLE " + qualified(child) + " DROP CONSTRAINT " +
                     ident(check) + ";";
    alter.judge.say(saying);
}

void judge_detach(const Alter& alter) {
    const auto& world = alter.world();
    const auto child = world.name_of(alter.command["def"]["name"]);
    if (alter.command["def"].flag("concurrent")) {
        alter.judge.lock(alter.table, Lock::share_update_exclusive);
        alter.judge.lock(child, Lock::access_exclusive);
        return;
    }
    alter.judge.lock(alter.table, Lock::access_exclusive);
    alter.judge.lock_tree(child, Lock::access_exclusive);
    alter.judge.lock(default_partition(world, alter.table), Lock::access_exclusive);
    alter.judge.lock_referencing(alter.table, Lock::access_exclusive);
    auto saying = alter.saying("detach-partition");
    constexpr int concurrent_since = 14;
    saying.fix = world.version() >= concurrent_since
                     ? alter.alter() + "DETACH PARTITION " + qualified(child) +
                           " CONCURRENTLY;  -- a file of its own; not with a default partition"
                     : "SET LOCAL lock_timeout = '2s';\n" + alter.alter() + "DETACH PARTITION " +
                           qualified(child) + ";";
    alter.judge.say(saying);
}

} // namespace pgteal::migration::lint
