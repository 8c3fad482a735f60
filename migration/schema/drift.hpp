// Where the schemas of blue, of green, and of the migrations differ.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "migration/apply/history.hpp"
#include "migration/schema/scratch.hpp"
#include "postgres/server.hpp"

namespace pgteal::migration::schema {

/// One object that is not the same everywhere.
struct Finding {
    std::string kind, object;
    std::string what;                ///< "missing on green", "extra on green", "differs: default, type"
    std::optional<std::string> blue; ///< definitions as they are; nothing where the object is not
    std::optional<std::string> green;
    std::optional<std::string> expected;
    std::vector<std::string> changed; ///< attributes, of one that differs
    int with = 0;                     ///< columns, indexes … that went with a missing or extra table
    std::string sql;                  ///< see reconcile(); "" when nothing safe can be said
    std::string side;                 ///< where to run it
};

struct Report {
    std::string database;
    bool green_exists = true;
    /// What the two sides were compared with besides each other: "none", "replayed" (all migrations on an
    /// empty database) or "blue" (blue's schema and the migrations that only green has); in words.
    std::string basis = "none", basis_words;
    std::size_t blue_objects = 0, green_objects = 0;
    std::vector<Finding> drift;
    std::vector<Finding> explained;   ///< differences of blue and green that green's migrations make
    std::vector<Finding> notes;       ///< worth knowing, no drift
    std::vector<std::string> remarks; ///< what could not be looked at, and what an earlier drift had left
    int looked_again = 0;             ///< definitions that were loaded into the scratch database
    [[nodiscard]] bool equal() const { return drift.empty(); }
};

struct Request {
    postgres::Server& blue;
    postgres::Server& green;
    std::string database;
    std::string folder; ///< of the migrations; "" = none
    HistoryTable history;
    std::set<std::string> ignored; ///< tables, as "public.flyway_schema_history"
    CreateStatements create;       ///< of the scratch database
    /// Where pg_dump and pg_restore are that fit both servers. Throws Error(program).
    std::function<Task<std::string>()> find_tools;
    std::function<void(const std::string& words)> progress; ///< called on the loop's thread
    std::function<bool()> stopped; ///< asked between two pieces of work: true ends it, with Error(refused)
    /// Throws when blue's schema, as the connection's snapshot has it, may not be restored on green.
    std::function<Task<void>(postgres::Connection*)> may_copy = {};
};

/// Reads both sides; writes nothing on them. What has to be loaded goes into a scratch database on green's
/// server, which is dropped whatever happens. Throws Error(unreachable | wrong_state | migration),
/// ServerError, DeadlinePassed.
Task<Report> drift(Request request, Deadline deadline);

} // namespace pgteal::migration::schema
