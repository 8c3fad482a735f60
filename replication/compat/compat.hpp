// Whether replication survives the differences between two schemas: a judgement on both sides' catalogs,
// table by table, for one direction. The facts about apply are from PostgreSQL's source:
// replication/logical/relation.c (logicalrep_rel_open, logicalrep_rel_mark_updatable), worker.c
// (slot_store_data, slot_fill_defaults), executor/execReplication.c; each is held against live servers by
// tests/scenarios/streams_scenario.cpp.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "replication/compat/compat_schema.hpp"

namespace pgteal::replication::compat {

enum class Outcome {
    ok,
    column_list,  ///< ok because the lane publishes only what both sides have
    stays_behind, ///< a table that only the publisher has: nothing of it is sent
    diverges,     ///< rows or rules differ, and nobody says so
    stops,        ///< apply stops with an error, and goes no further until it is mended
    publisher,    ///< the write fails on the side that serves
    cannot_start, ///< the lane can't be made
};
std::string_view to_string(Outcome outcome);

/// error: it breaks for certain, with the next common write, or without anybody being told. warning: only
/// certain data or an uncommon command brings it about. info: good to know.
enum class Level { info, warning, error };
std::string_view to_string(Level level);

enum class Write { insert, update, remove, truncate };
std::string_view to_string(Write write);

struct Reason {
    Outcome outcome = Outcome::ok;
    Level level = Level::info;
    std::set<Write> writes; ///< that bring it about
    bool at_once = false;   ///< with every such write; otherwise only when `when` is so
    std::string object;     ///< what causes it: "column note", "constraint orders_total_check"
    std::string when;       ///< a clause: "at the next write", "once a value is outside integer"
    std::string why;
    std::string remedy; ///< the expand/contract form that keeps it, or what to do
};

struct TableVerdict {
    std::string table; ///< schema.name, on the publisher where it has it
    Outcome outcome = Outcome::ok;
    Level level = Level::info;
    std::vector<Reason> reasons; ///< gravest first; empty when there is nothing to say
};

/// How the lanes of one direction are laid, or would be.
struct Direction {
    std::string publisher = "blue";
    bool laid = false;       ///< publications exist: their lists count
    bool subscribed = false; ///< subscriptions exist
    std::map<std::string, std::optional<std::vector<std::string>>> published;
    std::set<std::string> subscriptions; ///< tables in pg_subscription_rel
    bool binary = false;
    bool passes_policies = true;
    /// default_transaction_read_only = on at the subscriber, as pgteal sets it: apply itself goes on, but SQL
    /// within it (triggers that write) and nextval() are refused.
    bool fenced = true;
    [[nodiscard]] std::string subscriber() const { return publisher == "blue" ? "green" : "blue"; }
};
/// From what both sides' catalogs say of these lanes, all of one database and publisher.
Direction direction_of(const Schema& from, const Schema& to, const std::vector<Lane>& lanes);

/// Pure. Tables with nothing to say about are left out; sorted by level, gravest first, then by name.
std::vector<TableVerdict> judge(const Schema& from, const Schema& to, const Direction& direction);

/// The gravest outcome of those whose level is `at_least`; ok when there is none.
Level worst_level(const std::vector<TableVerdict>& verdicts);
/// "public.orders stops at the next insert: column note on green is NOT NULL …", for one line of people's
/// text.
std::string sentence(const TableVerdict& verdict, const Reason& reason);

} // namespace pgteal::replication::compat
