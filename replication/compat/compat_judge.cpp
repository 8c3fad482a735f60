// Which tables meet which, and what comes of it.
#include <algorithm>

#include "postgres/quote.hpp"
#include "replication/compat/compat_parts.hpp"

namespace pgteal::replication::compat {

namespace {

const std::string anew =
    "end this run (pgteal abort while blue serves, pgteal finish while green does), then pgteal prepare";

class Judge {
public:
    Judge(const Schema& from, const Schema& to, const Direction& direction)
        : from_(from), to_(to), direction_(direction) {}

    std::vector<TableVerdict> verdicts() {
        for (const auto& [name, table] : from_.tables) {
            if (table.kind == 'r' || table.kind == 'p') {
                from_table(table);
            }
        }
        for (const auto& [name, table] : to_.tables) {
            if (table.kind == 'r') {
                truncated_parents(table);
            }
        }
        std::vector<TableVerdict> all;
        for (auto& [name, reasons] : reasons_) {
            all.push_back(verdict(name, std::move(reasons)));
        }
        std::ranges::stable_sort(all, [](const auto& a, const auto& b) { return a.level > b.level; });
        return all;
    }

private:
    static TableVerdict verdict(const std::string& name, std::vector<Reason> reasons) {
        std::ranges::stable_sort(reasons, [](const Reason& a, const Reason& b) {
            return a.level != b.level ? a.level > b.level : a.outcome > b.outcome;
        });
        TableVerdict one{name, reasons.front().outcome, reasons.front().level, {}};
        one.reasons = std::move(reasons);
        return one;
    }

    void say(const Table& table, Outcome outcome, Level level, std::string object, std::string why,
             std::string remedy) {
        Reason reason;
        reason.outcome = outcome;
        reason.level = level;
        reason.at_once = true;
        reason.writes = every_write;
        reason.object = std::move(object);
        reason.when = outcome == Outcome::cannot_start ? "when the lane is made" : "at the next write";
        reason.why = std::move(why);
        reason.remedy = std::move(remedy);
        reasons_[table.display()].push_back(std::move(reason));
    }

    /// A table of the other side that is this one under a new name: the same columns, and neither has a
    /// partner.
    [[nodiscard]] static const Table* renamed(const Table& table, const Schema& mine, const Schema& theirs) {
        for (const auto& [name, other] : theirs.tables) {
            const Table* partner = mine.table(name);
            const bool alone = partner == nullptr || (partner->kind != 'r' && partner->kind != 'p');
            if (other.kind == 'r' && alone && other.root.empty() &&
                std::ranges::equal(other.columns, table.columns, {}, &Column::name, &Column::name)) {
                return &other;
            }
        }
        return nullptr;
    }

    void from_table(const Table& table) {
        const auto listed = direction_.published.find(table.display());
        const Table* other = to_.table(table.display());
        const bool unlogged = table.persistence == 'u'; // published while it was logged
        if (listed == direction_.published.end() || unlogged) {
            unpublished(table, other);
        } else if (other == nullptr || (other->kind != 'r' && other->kind != 'p')) {
            no_target(table, other);
        } else if (direction_.subscribed && !direction_.subscriptions.contains(table.display())) {
            say(table, Outcome::diverges, Level::error, "table " + table.display(),
                "it was made anew on " + direction_.subscriber() +
                    ", or is not subscribed: its rows are skipped in silence",
                "end this run and prepare it again: rows that were skipped don't come any more");
        } else {
            pair_of(table, *other, listed->second);
        }
    }

    void no_target(const Table& table, const Table* other) {
        const Table* moved = renamed(table, from_, to_);
        const bool forward = direction_.publisher == "blue";
        say(table, direction_.subscribed ? Outcome::stops : Outcome::cannot_start, Level::error,
            "table " + table.display(),
            other != nullptr   ? "on " + direction_.subscriber() + " that name is no table"
            : moved != nullptr ? "on " + direction_.subscriber() + " it is called " + moved->display()
                               : direction_.subscriber() + " has no such table",
            forward ? moved != nullptr || other != nullptr
                          ? "rename it after finish; until then the new name can be a view"
                          : "keep it until pgteal finish, then drop it (contract)"
                    : anew);
    }

    void unpublished(const Table& table, const Table* other) {
        const bool forward = direction_.publisher == "blue";
        const std::string& publisher = direction_.publisher;
        const std::string subscriber = direction_.subscriber();
        if (other != nullptr && (other->kind == 'r' || other->kind == 'p')) {
            if (table.kind == 'p' && other->kind == 'p') {
                return; // their partitions are tables of their own
            }
            if (table.persistence == 'u' && other->persistence == 'u') {
                return;
            }
            const bool unlogged = table.persistence == 'u';
            const bool split = table.kind == 'p';
            say(table, Outcome::diverges, Level::error, "table " + table.display(),
                unlogged ? "it is UNLOGGED on " + publisher + ": its changes are not in the WAL"
                : split  ? "it is partitioned on " + publisher + " and not on " + subscriber +
                              ": rows are sent for partitions that " + subscriber + " doesn't have"
                        : std::string("no lane carries it"),
                unlogged ? "on " + publisher + ": ALTER TABLE " + postgres::quote_identifier(table.schema) +
                               "." + postgres::quote_identifier(table.name) + " SET LOGGED; then " + anew
                : split ? "partition it after finish"
                        : anew);
            return;
        }
        if (table.kind == 'p') {
            return; // what it lacks, its partitions lack
        }
        const Table* old = other == nullptr ? renamed(table, from_, to_) : nullptr;
        const bool part = !table.root.empty() && to_.table(table.root) != nullptr;
        if (old != nullptr) {
            say(table, Outcome::diverges, Level::error, "table " + table.display(),
                "on " + subscriber + " it is called " + old->display() + ", which gets nothing",
                "rename it after finish; until then the new name can be a view");
        } else if (part) {
            say(table, Outcome::diverges, Level::error, "partition " + table.display(),
                subscriber + " has no such partition: rows of " + table.root + " that are in it are not sent",
                "make the same partition on " + subscriber + " before prepare");
        } else if (forward) {
            say(table, Outcome::stays_behind, Level::error, "table " + table.display(),
                subscriber + " has no such table", anew);
        } else {
            say(table, Outcome::stays_behind, Level::warning, "table " + table.display(),
                "only " + publisher + " has it: on switch-back its rows would stay behind",
                "nothing, if " + subscriber + "'s release doesn't need it");
        }
    }

    void pair_of(const Table& from, const Table& to, const std::optional<std::vector<std::string>>& list) {
        Pair pair{from_, to_, direction_, from, to, {}, list.has_value(), {}};
        if (list) {
            pair.sent = *list;
        } else {
            for (const Column& column : from.columns) {
                if (!column.generated) {
                    pair.sent.push_back(column.name);
                }
            }
        }
        pair.renamed = renamed_columns(from, to, direction_.publisher == "blue");
        auto& reasons = reasons_[from.display()];
        for (const auto part : {column_reasons, generated_reasons, rule_reasons, partition_reasons,
                                worker_reasons, identity_reasons}) {
            auto some = part(pair);
            reasons.insert(reasons.end(), std::make_move_iterator(some.begin()),
                           std::make_move_iterator(some.end()));
        }
        if (reasons.empty()) {
            reasons_.erase(from.display());
        }
    }

    /// TRUNCATE of a table that others reference is refused unless they are truncated with it; the publisher
    /// sees no reason to.
    void truncated_parents(const Table& child) {
        for (const Constraint& key : child.constraints) {
            const Table* parent = key.kind == 'f' ? from_.table(key.references) : nullptr;
            if (parent == nullptr || key.references == child.display() ||
                !direction_.published.contains(parent->display())) {
                continue;
            }
            const Table* same = from_.table(child.display());
            const bool kept =
                same != nullptr && std::ranges::any_of(same->constraints, [&](const auto& other) {
                    return other.kind == 'f' && other.references == key.references;
                });
            if (kept) {
                continue;
            }
            Reason reason;
            reason.outcome = Outcome::stops;
            reason.level = Level::warning;
            reason.writes = {Write::truncate};
            reason.at_once = true;
            reason.object = "foreign key " + key.name + " of " + child.display();
            reason.when = "at the next TRUNCATE";
            reason.why = direction_.subscriber() +
                         " refuses to truncate a table that another one references, and " +
                         direction_.publisher + " has no such foreign key";
            reason.remedy = "add the foreign key after finish, or let nobody truncate " + parent->display();
            reasons_[parent->display()].push_back(std::move(reason));
        }
    }

    const Schema& from_;
    const Schema& to_;
    const Direction& direction_;
    std::map<std::string, std::vector<Reason>> reasons_;
};

/// As arm-reverse would publish it: the columns that both have.
std::optional<std::vector<std::string>> common(const Table& from, const Table& to) {
    std::vector<std::string> names;
    for (const Column& column : from.columns) {
        const Column* other = to.column(column.name);
        if (!column.generated && other != nullptr && !other->generated) {
            names.push_back(column.name);
        }
    }
    return names;
}

} // namespace

Direction direction_of(const Schema& from, const Schema& to, const std::vector<Lane>& lanes) {
    Direction direction;
    direction.publisher = lanes.empty() ? "blue" : lanes.front().publisher;
    for (const Lane& lane : lanes) {
        const auto publication = from.publications.find(lane.object());
        if (publication != from.publications.end()) {
            direction.laid = true;
            direction.published.insert(publication->second.tables.begin(), publication->second.tables.end());
        }
        const auto subscription = to.subscriptions.find(lane.object());
        if (subscription != to.subscriptions.end()) {
            direction.subscribed = true;
            direction.subscriptions.insert(subscription->second.tables.begin(),
                                           subscription->second.tables.end());
            direction.binary = direction.binary || subscription->second.binary;
            direction.passes_policies =
                direction.passes_policies && subscription->second.owner_passes_policies;
        }
    }
    if (!direction.laid) {
        for (const auto& [name, table] : from.tables) {
            const Table* other = to.table(name);
            if (!table.publishable()) {
                continue;
            }
            if (direction.publisher == "blue") {
                direction.published[name] = std::nullopt;
            } else if (other != nullptr && other->publishable()) {
                direction.published[name] = common(table, *other);
            }
        }
    }
    return direction;
}

std::vector<TableVerdict> judge(const Schema& from, const Schema& to, const Direction& direction) {
    return Judge(from, to, direction).verdicts();
}

Level worst_level(const std::vector<TableVerdict>& verdicts) {
    Level worst = Level::info;
    for (const auto& one : verdicts) {
        worst = std::max(worst, one.level);
    }
    return worst;
}

} // namespace pgteal::replication::compat
