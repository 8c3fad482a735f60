// Rules that rows have to keep on the subscriber and not on the publisher: NOT NULL, CHECK, UNIQUE, EXCLUDE,
// foreign keys, domains, policies, and triggers that fire for rows of a lane.
#include <algorithm>

#include "replication/compat/compat_parts.hpp"

namespace pgteal::replication::compat {

namespace {

/// Apply enforces it, row by row, as for any client (executor: ExecConstraints, ExecInsertIndexTuples).
Reason per_row(std::string object, std::string when, std::string why, std::string remedy) {
    Reason reason;
    reason.outcome = Outcome::stops;
    reason.level = Level::warning;
    reason.writes = new_rows;
    reason.object = std::move(object);
    reason.when = std::move(when);
    reason.why = std::move(why);
    reason.remedy = std::move(remedy);
    return reason;
}

std::string only_there(const Pair& pair) {
    return pair.subscriber() + " has it and " + pair.publisher() + " has not";
}

std::string prove_or_wait(const Pair& pair) {
    return pair.forward()
               ? "add the same rule on blue first, so that blue keeps it too; or add it after finish"
               : "drop it after finish (contract), or keep clients of green from breaking it";
}

bool touches(const Pair& pair, const std::vector<std::string>& columns) {
    return columns.empty() || std::ranges::any_of(columns, [&pair](const auto& name) {
               return name.empty() || pair.sends(name);
           });
}

void not_nulls(const Pair& pair, std::vector<Reason>* reasons) {
    for (const Column& column : pair.to.columns) {
        const Column* from = pair.from.column(column.name);
        if (column.not_null && from != nullptr && !from->not_null && pair.sends(column.name)) {
            reasons->push_back(per_row("NOT NULL of column " + column.name,
                                       "once NULL is written to " + column.name, only_there(pair),
                                       prove_or_wait(pair)));
        }
    }
}

void checks(const Pair& pair, std::vector<Reason>* reasons) {
    for (const Constraint& one : pair.to.constraints) {
        const bool kept = std::ranges::any_of(pair.from.constraints, [&one](const Constraint& other) {
            return other.kind == one.kind && normal_form(other.definition) == normal_form(one.definition);
        });
        if (one.kind == 'f' || kept || !touches(pair, one.columns)) {
            continue;
        }
        reasons->push_back(per_row("constraint " + one.name,
                                   one.kind == 'c' ? "once a row breaks " + one.definition
                                                   : "once a row conflicts with another by " + one.definition,
                                   only_there(pair), prove_or_wait(pair)));
    }
}

/// What makes different values of a key column equal there: a collation, or a type; "" for nothing.
std::string loosely(const Schema& schema, const Table& table, const Index& index, std::size_t place) {
    if (place < index.loose.size() && !index.loose[place].empty()) {
        return "collation " + index.loose[place];
    }
    const Column* column = table.column(index.columns[place]);
    const std::string type = column == nullptr ? "" : schema.base_of(column->type);
    return type == "citext" || type.ends_with(".citext") ? "type citext" : "";
}

/// Whether two rows that differ for `index` on the publisher can be equal for `wanted` in the same columns.
bool looser(const Pair& pair, const Index& wanted, const Index& index) {
    for (std::size_t place = 0; place < wanted.columns.size(); ++place) {
        const std::string by = loosely(pair.to_schema, pair.to, wanted, place);
        for (std::size_t own = 0; own < index.columns.size() && !by.empty(); ++own) {
            if (index.columns[own] == wanted.columns[place] &&
                loosely(pair.from_schema, pair.from, index, own) != by) {
                return true;
            }
        }
    }
    return false;
}

/// Whether what `from` enforces makes duplicates impossible for `wanted`.
bool implied(const Pair& pair, const Index& wanted) {
    const auto proves = [&](const Index& index) {
        if (!index.unique || looser(pair, wanted, index)) {
            return false;
        }
        if (normal_form(index.expressions) == normal_form(wanted.expressions) &&
            normal_form(index.predicate) == normal_form(wanted.predicate) &&
            index.columns == wanted.columns) {
            return !index.nulls_distinct || wanted.nulls_distinct;
        }
        if (!index.predicate.empty() || !index.expressions.empty()) {
            return false;
        }
        // Unique by fewer columns is unique by more, unless NULLs repeat.
        return std::ranges::all_of(index.columns, [&](const auto& name) {
            const Column* column = pair.from.column(name);
            const bool never_null = wanted.nulls_distinct || (column != nullptr && column->not_null);
            return never_null && std::ranges::find(wanted.columns, name) != wanted.columns.end();
        });
    };
    return std::ranges::any_of(pair.from.indexes, proves);
}

/// A unique index over columns that only the subscriber fills repeats only if it fills them all alike.
bool repeats_by_default(const Pair& pair, const Index& index) {
    return std::ranges::all_of(index.columns, [&pair](const auto& name) {
        const Column* column = pair.to.column(name);
        return column != nullptr && column->constant_default;
    });
}

void unique_indexes(const Pair& pair, std::vector<Reason>* reasons) {
    for (const Index& index : pair.to.indexes) {
        if (!index.unique || implied(pair, index) ||
            (!touches(pair, index.columns) && !repeats_by_default(pair, index))) {
            continue;
        }
        std::string by;
        for (std::size_t place = 0; place < index.columns.size() && by.empty(); ++place) {
            by = loosely(pair.to_schema, pair.to, index, place);
        }
        auto reason = per_row("unique index " + index.name,
                              "once two rows agree in " +
                                  (index.expressions.empty() ? joined(index.columns) : index.expressions) +
                                  (by.empty() ? "" : " by " + by) +
                                  (index.predicate.empty() ? "" : " where " + index.predicate),
                              only_there(pair), prove_or_wait(pair));
        if (!index.immediate) {
            // The trigger that checks it at commit doesn't fire for rows of a lane.
            reason.outcome = Outcome::diverges;
            reason.why += "; apply doesn't check a deferrable constraint";
        }
        reasons->push_back(std::move(reason));
    }
}

void foreign_keys(const Pair& pair, std::vector<Reason>* reasons) {
    for (const Constraint& one : pair.to.constraints) {
        const bool kept = std::ranges::any_of(pair.from.constraints, [&one](const Constraint& other) {
            return other.kind == 'f' && other.columns == one.columns && other.references == one.references;
        });
        if (one.kind != 'f' || kept) {
            continue;
        }
        Reason reason =
            per_row("foreign key " + one.name,
                    "once a row is written without its row in " + one.references + ", or that one is deleted",
                    only_there(pair) + ", and apply doesn't check foreign keys: such a row stays, unnoticed",
                    pair.forward() ? "add it NOT VALID on green and VALIDATE it after the cutover, which "
                                     "checks all rows"
                                   : prove_or_wait(pair));
        reason.outcome = Outcome::diverges;
        reason.writes = every_write;
        reasons->push_back(std::move(reason));
    }
}

void domains(const Pair& pair, std::vector<Reason>* reasons) {
    for (const auto& name : pair.sent) {
        const Column* to = pair.to.column(name);
        const Column* from = pair.from.column(name);
        if (to == nullptr || from == nullptr) {
            continue;
        }
        const auto wanted = pair.to_schema.domains.find(to->type);
        if (wanted == pair.to_schema.domains.end()) {
            continue;
        }
        const auto had = pair.from_schema.domains.find(from->type);
        const bool never_null =
            from->not_null || (had != pair.from_schema.domains.end() && had->second.not_null);
        if (wanted->second.not_null && !never_null) {
            // A null doesn't go through the type's input function (source: worker.c, slot_store_data).
            auto reason = per_row(
                "domain " + to->type, "once NULL is written to " + name,
                only_there(pair) + ", and apply doesn't check a domain's NOT NULL: the null stays, unnoticed",
                prove_or_wait(pair));
            reason.outcome = Outcome::diverges;
            reasons->push_back(std::move(reason));
        }
        for (const auto& check : wanted->second.checks) {
            const bool kept = had != pair.from_schema.domains.end() &&
                              std::ranges::any_of(had->second.checks, [&check](const auto& other) {
                                  return normal_form(other) == normal_form(check);
                              });
            if (!kept) {
                reasons->push_back(per_row("domain " + to->type, "once " + name + " breaks " + check,
                                           only_there(pair), prove_or_wait(pair)));
            }
        }
    }
}

void triggers(const Pair& pair, std::vector<Reason>* reasons) {
    constexpr int on_insert = 4;
    constexpr int on_delete = 8;
    constexpr int on_update = 16;
    for (const Trigger& trigger : pair.to.triggers) {
        Reason reason;
        reason.object = "trigger " + trigger.name;
        reason.when = "for each row that arrives";
        reason.why =
            "it is ENABLE ALWAYS or REPLICA on " + pair.subscriber() + " and fires for rows of the lane";
        if (trigger.writes && pair.direction.fenced) {
            reason.outcome = Outcome::stops;
            reason.level = Level::warning; // its source is only looked at, not understood
            reason.at_once = true;
            for (const auto& [event, write] : {std::pair(on_insert, Write::insert),
                                               {on_update, Write::update},
                                               {on_delete, Write::remove}}) {
                if ((trigger.events & event) != 0) {
                    reason.writes.insert(write);
                }
            }
            reason.why += "; " + trigger.function + "() seems to write to tables, which the fence on " +
                          pair.subscriber() + " refuses";
            reason.remedy = "let it change only the row itself (NEW)";
        }
        reasons->push_back(std::move(reason));
    }
}

void policies(const Pair& pair, std::vector<Reason>* reasons) {
    if (!pair.to.row_security || pair.direction.passes_policies) {
        return;
    }
    Reason reason;
    reason.outcome = Outcome::stops;
    reason.level = Level::error;
    reason.writes = {Write::insert, Write::update, Write::remove, Write::truncate};
    reason.at_once = true;
    reason.object = "row level security";
    reason.when = "at the next write";
    reason.why = "the subscription's owner on " + pair.subscriber() + " is neither superuser nor BYPASSRLS";
    reason.remedy = "let a superuser own the lane's subscription on " + pair.subscriber();
    reasons->push_back(std::move(reason));
}

} // namespace

std::vector<Reason> rule_reasons(const Pair& pair) {
    std::vector<Reason> reasons;
    not_nulls(pair, &reasons);
    checks(pair, &reasons);
    unique_indexes(pair, &reasons);
    foreign_keys(pair, &reasons);
    domains(pair, &reasons);
    triggers(pair, &reasons);
    policies(pair, &reasons);
    return reasons;
}

} // namespace pgteal::replication::compat
