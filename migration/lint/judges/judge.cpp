#include "migration/lint/judges/judge.hpp"

#include <algorithm>

#include "migration/lint/world/sql_text.hpp"

namespace pgteal::migration::lint {

namespace {

/// Below both nobody notices the time a scan or rewrite takes.
constexpr std::int64_t small_rows = 10'000;
constexpr std::int64_t small_bytes = std::int64_t{10} << 20;

} // namespace

void Judge::lock(const std::string& relation, Lock lock, bool rewrite, bool scan) {
    if (relation.empty() || is_temporary(relation)) {
        return;
    }
    const bool has_rows = !world_.is_empty(relation);
    rewrite = rewrite && has_rows;
    scan = scan && has_rows;
    for (auto& effect : effects_) {
        if (effect.relation == relation) {
            effect.lock = std::max(effect.lock, lock);
            effect.rewrite |= rewrite;
            effect.scan |= scan;
            return;
        }
    }
    effects_.push_back({relation, lock, rewrite, scan});
}

void Judge::lock_tree(const std::string& relation, Lock lock, bool rewrite, bool scan) {
    const auto children = below(relation);
    const auto* table = world_.table(relation);
    // A partitioned table has no rows of its own.
    const bool holds_rows = table == nullptr || table->now.kind != "p";
    this->lock(relation, lock, rewrite && holds_rows, scan && holds_rows);
    for (const auto& child : children) {
        const auto* one = world_.table(child);
        const bool has_rows = one == nullptr || one->now.kind != "p";
        this->lock(child, lock, rewrite && has_rows, scan && has_rows);
    }
}

void Judge::lock_sources(const Node& query, Lock lock) {
    std::set<std::string> with;
    walk(query, [&](const Node& node) {
        if (node.is("CommonTableExpr")) {
            with.emplace(node.text("ctename"));
        }
        return true;
    });
    walk(query, [&](const Node& node) {
        if (node.is("RangeVar") &&
            !(node.text("schemaname").empty() && with.contains(std::string(node.text("relname"))))) {
            const auto name = world_.name_of(node);
            if (!name.starts_with("pg_catalog.") && !name.starts_with("information_schema.") &&
                !bare_name(name).starts_with("pg_")) {
                lock_tree(name, lock);
            }
        }
        return true;
    });
}

void Judge::lock_dependants(const std::vector<std::string>& dependants) {
    for (const auto& one : dependants) {
        const auto space = one.find_last_of(' ');
        const auto kind = one.substr(0, space);
        if (space == std::string::npos || (kind != "view" && kind != "materialized view")) {
            continue;
        }
        const auto name = one.substr(space + 1);
        const bool seen = std::any_of(effects_.begin(), effects_.end(),
                                      [&](const Effect& effect) { return effect.relation == name; });
        lock(name, Lock::access_exclusive);
        if (const auto* view = world_.table(name); view != nullptr && !seen) {
            for (const auto& [column, users] : view->now.dependants) {
                lock_dependants(users);
            }
        }
    }
}

void Judge::lock_referenced(const std::string& relation, Lock lock) {
    if (const auto* table = world_.table(relation)) {
        for (const auto& constraint : table->now.constraints) {
            if (constraint.kind == "f") {
                this->lock(constraint.references, lock);
            }
        }
    }
}

void Judge::lock_referencing(const std::string& relation, Lock lock) {
    if (const auto* table = world_.table(relation)) {
        for (const auto& other : table->now.referenced_by) {
            this->lock(other, lock);
        }
    }
}

void Judge::say(const Saying& saying) {
    const auto* rule = find_rule(saying.rule);
    if (rule == nullptr) {
        return;
    }
    const bool harmless_when_new = rule->about == About::waiting || rule->about == About::breaking;
    if (!saying.relation.empty() && harmless_when_new &&
        (world_.is_new(saying.relation) || is_temporary(saying.relation))) {
        return;
    }
    if (rule->about == About::waiting && world_.is_emptied(saying.relation)) {
        return;
    }
    auto finding = view_.finding(std::string(saying.rule), rule->level, saying.at);
    finding.lock = saying.lock;
    finding.relation = saying.relation;
    finding.rewrite = saying.rewrite;
    finding.scan = saying.scan;
    finding.in_place = rule->in_place;
    finding.on_green = rule->on_green;
    finding.why = rule->why;
    finding.fix = saying.fix;
    auto add = [&finding](const std::string& words) { finding.why += words.empty() ? "" : " " + words; };
    add(saying.more);
    if (!saying.certain) {
        finding.level = std::min(finding.level, Level::warning);
    }
    const auto* table = world_.table(saying.relation);
    if (rule->about == About::waiting && table != nullptr && table->now.kind == "m" &&
        saying.lock < Lock::access_exclusive) {
        finding.level = Level::info;
        add("Nobody writes to a materialized view but REFRESH, and reads go on.");
    }
    if (rule->about == About::waiting && !saying.relation.empty()) {
        const auto size = size_of(saying.relation);
        if (is_small(saying.relation)) {
            finding.level = Level::info;
            add(world_.is_empty(saying.relation) ? "The table is empty: it takes a moment."
                                                 : "The table is small (" + size + "): it takes a moment.");
        } else if (!size.empty()) {
            add("It has " + size + ".");
        }
    }
    findings_.push_back(std::move(finding));
    conditions_.push_back(saying.unless_later);
}

void Judge::advise(std::string_view rule, std::string fix, std::string more) {
    Saying saying;
    saying.rule = rule;
    saying.fix = std::move(fix);
    saying.more = std::move(more);
    say(saying);
}

std::vector<std::string> Judge::below(const std::string& relation) const {
    std::vector<std::string> result;
    std::vector<std::string> open{relation};
    while (!open.empty()) {
        const auto* table = world_.table(open.back());
        open.pop_back();
        if (table == nullptr) {
            continue;
        }
        for (const auto& child : table->now.partitions) {
            if (std::find(result.begin(), result.end(), child) == result.end()) {
                result.push_back(child);
                open.push_back(child);
            }
        }
    }
    return result;
}

std::string Judge::size_of(const std::string& relation) const {
    const auto* table = world_.table(relation);
    if (table == nullptr || world_.offline() || table->made_in >= 0 || table->now.kind == "v") {
        return {};
    }
    const auto bytes = human_bytes(table->now.bytes);
    return table->now.rows >= 0 ? human_count(table->now.rows) + " rows, " + bytes : bytes;
}

bool Judge::is_small(const std::string& relation) const {
    const auto* table = world_.table(relation);
    return table != nullptr && !world_.offline() && table->made_in < 0 && table->complete &&
           table->now.kind != "v" && table->now.rows < small_rows && table->now.bytes < small_bytes;
}

bool Judge::is_temporary(const std::string& relation) const {
    const auto* table = world_.table(relation);
    return schema_of(relation) == temporary_schema || (table != nullptr && table->now.persistence == "t");
}

} // namespace pgteal::migration::lint
