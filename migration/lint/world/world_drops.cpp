// What leaves the world, and what of others goes with it.
#include <algorithm>

#include "migration/lint/world/world.hpp"

namespace pgteal::migration::lint {

namespace {

/// The name in "view public.v"; "" for other dependants.
std::string view_of(const std::string& dependant) {
    for (const std::string_view kind : {"view ", "materialized view "}) {
        if (dependant.starts_with(kind)) {
            return dependant.substr(kind.size());
        }
    }
    return {};
}

} // namespace

void World::drop(const std::string& name, bool cascade) {
    std::erase_if(indexes_, [&](const auto& one) { return one.second.table == name; });
    auto node = tables_.extract(name);
    for (auto& [other, table] : tables_) {
        std::erase(table.now.partitions, name);
        std::erase(table.now.referenced_by, name);
        for (auto& [column, users] : table.now.dependants) {
            std::erase_if(users, [&](const std::string& one) {
                return view_of(one) == name || one.ends_with(" on " + name);
            });
        }
        if (cascade) {
            std::erase_if(table.now.constraints, [&](const auto& one) { return one.references == name; });
        }
    }
    if (cascade && !node.empty()) {
        drop_views(node.mapped().now.dependants);
    }
}

void World::drop_views(const std::map<std::string, std::vector<std::string>>& dependants) {
    for (const auto& [column, users] : dependants) {
        for (const auto& one : users) {
            if (const auto view = view_of(one); tables_.contains(view)) {
                drop(view, true);
            }
        }
    }
}

void World::drop_schema(const std::string& schema) {
    std::vector<std::string> names;
    const auto prefix = schema + ".";
    for (auto it = tables_.lower_bound(prefix); it != tables_.end() && it->first.starts_with(prefix); ++it) {
        names.push_back(it->first);
    }
    for (const auto& name : names) {
        drop(name, true);
    }
}

void World::drop_column(const std::string& table_name, const std::string& column, bool cascade) {
    auto& table = mention(table_name);
    std::erase_if(table.now.columns, [&](const auto& one) { return one.name == column; });
    table.added_columns.erase(column);
    const auto uses = [&](const std::vector<std::string>& columns) {
        return std::find(columns.begin(), columns.end(), column) != columns.end();
    };
    std::erase_if(table.now.constraints, [&](const auto& one) { return uses(one.columns); });
    std::vector<std::string> gone;
    for (const auto& index : table.now.indexes) {
        if (uses(index.columns) || uses(index.uses)) {
            gone.push_back(table.now.schema + "." + index.name);
        }
    }
    for (const auto& index : gone) {
        drop_index(index);
    }
    forget(table, "generated column " + column);
    const auto users = table.now.dependants.extract(column);
    if (cascade && !users.empty()) {
        drop_views({{column, users.mapped()}});
    }
}

void World::forget(const std::string& dependant) {
    for (auto& [name, table] : tables_) {
        forget(table, dependant);
    }
}

void World::forget(Table& table, const std::string& dependant) {
    for (auto& [column, users] : table.now.dependants) {
        std::erase(users, dependant);
    }
}

void World::rename_dependants(const std::string& from, const std::string& to) {
    for (auto& [name, table] : tables_) {
        for (auto& [column, users] : table.now.dependants) {
            for (auto& one : users) {
                if (view_of(one) == from || one.ends_with(" on " + from)) {
                    one.replace(one.size() - from.size(), from.size(), to);
                }
            }
        }
    }
}

} // namespace pgteal::migration::lint
