#include "migration/lint/world/world.hpp"

#include <algorithm>
#include <utility>

#include "migration/lint/world/sql_types.hpp"

namespace pgteal::migration::lint {

namespace {

const std::vector<std::string>& default_path() {
    static const std::vector<std::string> path{"public"};
    return path;
}

/// The parts of a RangeVar without the database's name.
std::vector<std::string> parts_of(const Node& range_var) {
    std::vector<std::string> parts;
    if (const auto schema = range_var.text("schemaname"); !schema.empty()) {
        parts.emplace_back(schema);
    }
    parts.emplace_back(range_var.text("relname"));
    return parts;
}

std::string last_two(const std::vector<std::string>& parts) {
    return parts.at(parts.size() - 2) + "." + parts.back();
}

std::string key(const std::string& table, const std::string& name) { return table + "\n" + name; }

} // namespace

std::string schema_of(const std::string& qualified) { return qualified.substr(0, qualified.find('.')); }

std::string bare_name(const std::string& qualified) {
    const auto dot = qualified.find('.');
    return dot == std::string::npos ? qualified : qualified.substr(dot + 1);
}

bool is_partition(const World& world, const std::string& name) {
    const auto* table = world.table(name);
    if (table == nullptr || table->now.parent.empty()) {
        return false;
    }
    const auto* parent = world.table(table->now.parent);
    return parent == nullptr || parent->now.kind == "p" || parent->now.kind.empty();
}

World::World(const Catalog* known, int version, bool same_change)
    : offline_(known == nullptr), same_change_(same_change), version_(version) {
    if (known != nullptr) {
        catalog_ = *known;
        for (auto& [name, table] : catalog_.tables) {
            for (const auto& index : table.indexes) {
                const auto full = table.schema + "." + index.name;
                indexes_[full] = {full, name, false, -1, index};
            }
            auto& kept = tables_[name];
            kept.now = std::move(table);
            kept.complete = true;
        }
        catalog_.tables.clear();
        for (const auto& [name, table] : catalog_.index_tables) {
            if (!indexes_.contains(name)) {
                indexes_[name] = {name, table, false, -1, {}};
            }
        }
    }
    if (catalog_.search_path.empty()) {
        catalog_.search_path = default_path();
    }
}

std::string World::name_of(const Node& range_var) const {
    // CREATE TEMP TABLE; where the relation is only used, the tree doesn't say so.
    if (range_var.text("relpersistence") == "t" && range_var.text("schemaname").empty()) {
        return std::string(temporary_schema) + "." + std::string(range_var.text("relname"));
    }
    return name_of(parts_of(range_var));
}

std::string World::name_of(const std::vector<std::string>& parts) const {
    if (parts.empty()) {
        return {};
    }
    if (parts.size() >= 2) {
        return last_two(parts);
    }
    auto temporary = std::string(temporary_schema) + "." + parts.back();
    if (tables_.contains(temporary) || indexes_.contains(temporary)) {
        return temporary;
    }
    for (const auto& schema : catalog_.search_path) {
        auto name = schema + "." + parts.back();
        if (tables_.contains(name) || indexes_.contains(name)) {
            return name;
        }
    }
    return catalog_.search_path.front() + "." + parts.back();
}

std::string World::type_name_of(const std::vector<std::string>& parts) const {
    if (parts.empty()) {
        return {};
    }
    if (parts.size() >= 2) {
        return last_two(parts);
    }
    if (is_builtin_type(parts.back())) {
        return "pg_catalog." + parts.back();
    }
    for (const auto& schema : catalog_.search_path) {
        auto name = schema + "." + parts.back();
        if (catalog_.types.contains(name)) {
            return name;
        }
    }
    return catalog_.search_path.front() + "." + parts.back();
}

const Table* World::table(const std::string& name) const {
    const auto found = tables_.find(name);
    return found != tables_.end() ? &found->second : nullptr;
}

const CatalogColumn* World::column(const std::string& table_name, const std::string& column_name) const {
    const auto* found = table(table_name);
    return found != nullptr ? found->now.column(column_name) : nullptr;
}

const CatalogConstraint* World::constraint(const std::string& table_name, const std::string& name) const {
    const auto* found = table(table_name);
    if (found == nullptr) {
        return nullptr;
    }
    const auto& all = found->now.constraints;
    const auto one = std::find_if(all.begin(), all.end(), [&](const auto& c) { return c.name == name; });
    return one != all.end() ? &*one : nullptr;
}

const CatalogType* World::type(const std::string& name) const {
    const auto found = catalog_.types.find(name);
    return found != catalog_.types.end() ? &found->second : nullptr;
}

const CatalogFunction* World::function(const std::vector<std::string>& parts) const {
    if (parts.empty()) {
        return nullptr;
    }
    const CatalogFunction* worst = nullptr;
    // The catalog's keys may carry arguments: "schema.name(integer)".
    auto look = [&](const std::string& schema) {
        const auto prefix = schema + "." + parts.back();
        for (auto it = catalog_.functions.lower_bound(prefix);
             it != catalog_.functions.end() && it->first.starts_with(prefix); ++it) {
            if (it->second.name == parts.back() && it->second.schema == schema &&
                (worst == nullptr || it->second.volatility > worst->volatility)) { // i < s < v
                worst = &it->second;
            }
        }
    };
    if (parts.size() >= 2) {
        look(parts.at(parts.size() - 2));
    } else {
        for (const auto& schema : catalog_.search_path) {
            look(schema);
        }
    }
    return worst;
}

const Index* World::index(const std::string& name) const {
    const auto found = indexes_.find(name);
    return found != indexes_.end() ? &found->second : nullptr;
}

bool World::is_new(const std::string& name) const {
    const auto* found = table(name);
    return found != nullptr && found->made_in >= 0 && in_change(found->made_in);
}

bool World::in_change(int file) const { return !offline_ || same_change_ || file == file_; }

bool World::is_new_column(const std::string& table_name, const std::string& column_name) const {
    const auto* found = table(table_name);
    if (found == nullptr) {
        return false;
    }
    const auto added = found->added_columns.find(column_name);
    return added != found->added_columns.end() && (in_change(added->second));
}

bool World::is_empty(const std::string& name) const {
    const auto* found = table(name);
    if (found == nullptr || found->filled) {
        return false;
    }
    const bool had_none = !offline_ && found->complete && found->made_in < 0 && found->now.rows == 0 &&
                          (found->now.kind == "r" || found->now.kind == "m");
    return is_new(name) || found->emptied || had_none;
}

bool World::is_emptied(const std::string& name) const {
    const auto* found = table(name);
    return found != nullptr && found->emptied && !found->filled;
}

bool World::is_unusable_label(const std::string& label) const { return unusable_labels_.contains(label); }

std::optional<int> World::added_not_valid(const std::string& table_name, const std::string& name) const {
    const auto found = not_valid_.find(key(table_name, name));
    return found != not_valid_.end() ? std::optional(found->second) : std::nullopt;
}

std::vector<std::string> World::held_exclusively() const {
    std::vector<std::string> result;
    for (const auto& [name, table] : tables_) {
        if (table.held == Lock::access_exclusive && !is_new(name)) {
            result.push_back(name);
        }
    }
    return result;
}

void World::begin_file(bool transactional) {
    commit();
    drop_schema(std::string(temporary_schema)); // each file has a session of its own
    ++file_;
    lock_timeout_ = false;
    timeout_said_ = false;
    if (transactional) {
        begin();
    }
}

void World::begin() {
    commit();
    in_transaction_ = true;
}

void World::commit() {
    ++transaction_;
    in_transaction_ = false;
    local_lock_timeout_ = false;
    unusable_labels_.clear();
    for (const auto& name : locked_) {
        if (const auto found = tables_.find(name); found != tables_.end()) {
            found->second.held = Lock::none;
            found->second.emptied = false;
        }
    }
    locked_.clear();
    for (const auto& name : std::exchange(until_commit_, {})) {
        drop(name);
    }
}

void World::set_lock_timeout(bool on, bool local) {
    if (!local) {
        lock_timeout_ = on;
    }
    // SET LOCAL outside a transaction block does nothing.
    local_lock_timeout_ = on && local && in_transaction_;
}

void World::hold(const std::string& name, Lock lock) {
    auto& table = mention(name);
    table.held = std::max(table.held, lock);
    locked_.push_back(name);
}

Table& World::mention(const std::string& name) {
    auto& table = tables_[name];
    if (table.now.name.empty()) {
        table.now.schema = schema_of(name);
        table.now.name = bare_name(name);
        table.now.kind = "";
    }
    return table;
}

void World::make(Table table) {
    table.made_in = file_;
    const auto name = table.now.schema + "." + table.now.name;
    for (const auto& index : table.now.indexes) {
        const auto full = table.now.schema + "." + index.name;
        indexes_[full] = {full, name, false, file_, index};
    }
    tables_[name] = std::move(table);
}

void World::rename(const std::string& from, const std::string& to) {
    if (const auto index = indexes_.find(from); index != indexes_.end()) {
        auto moved = index->second;
        indexes_.erase(index);
        moved.name = to;
        moved.now.name = bare_name(to);
        indexes_[to] = std::move(moved);
        return;
    }
    auto node = tables_.extract(from);
    if (node.empty()) {
        return;
    }
    node.key() = to;
    node.mapped().now.schema = schema_of(to);
    node.mapped().now.name = bare_name(to);
    tables_.erase(to);
    tables_.insert(std::move(node));
    rename_dependants(from, to);
    for (auto& [name, index] : indexes_) {
        if (index.table == from) {
            index.table = to;
        }
    }
}

void World::make_index(Index index) {
    index.made_in = file_;
    auto& table = mention(index.table);
    table.now.indexes.push_back(index.now);
    indexes_[index.name] = std::move(index);
}

void World::cluster_on(const std::string& table, std::string_view index) {
    for (auto& one : mention(table).now.indexes) {
        one.clustered = one.name == index;
    }
}

void World::drop_index(const std::string& name) {
    dropped_.insert(name);
    const auto found = indexes_.find(name);
    if (found == indexes_.end()) {
        return;
    }
    if (const auto table = tables_.find(found->second.table); table != tables_.end()) {
        std::erase_if(table->second.now.indexes,
                      [&](const auto& one) { return one.name == bare_name(name); });
    }
    indexes_.erase(found);
}

void World::not_valid(const std::string& table_name, const std::string& name) {
    not_valid_[key(table_name, name)] = transaction_;
}

void World::add_label(const std::string& type_name, const std::string& label) {
    auto& labels = mention_type(type_name).labels;
    if (std::find(labels.begin(), labels.end(), label) != labels.end()) {
        return;
    }
    labels.push_back(label);
    if (in_transaction_ && !new_types_.contains(type_name)) {
        unusable_labels_.insert(label);
    }
}

CatalogType& World::mention_type(const std::string& name) {
    auto& type = catalog_.types[name];
    if (type.name.empty()) {
        type.schema = schema_of(name);
        type.name = bare_name(name);
    }
    return type;
}

void World::new_type(CatalogType type) {
    const auto name = type.schema + "." + type.name;
    new_types_.insert(name);
    catalog_.types[name] = std::move(type);
}

CatalogFunction& World::mention_function(const std::string& name) {
    auto& function = catalog_.functions[name];
    function.schema = schema_of(name);
    function.name = bare_name(name);
    return function;
}

} // namespace pgteal::migration::lint
