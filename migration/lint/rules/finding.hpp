// What the linter says of a statement, and what it is told beforehand.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "migration/lint/rules/conventions.hpp"
#include "migration/lint/rules/lock.hpp"

namespace pgteal::migration::lint {

enum class Level { info, warning, error };

/// What it means for one direction of replication while green has the change and blue has not.
enum class Stream {
    ok,           ///< rows go through and mean the same
    column_list,  ///< ok because lanes publish only what both sides have (15+)
    stops,        ///< apply stops with an error, at once or on a certain kind of row
    diverges,     ///< rows differ and nobody says so
    publisher,    ///< writes fail on the publisher
    cannot_start, ///< CREATE SUBSCRIPTION or the lane's start fails
};
std::string_view to_string(Stream stream);

struct Finding {
    std::string rule; ///< "add-column-volatile-default"; persisted in suppressions: never renamed
    Level level = Level::warning;
    std::string file;
    int line = 0, column = 0; ///< from 1, of the part of the statement that is meant
    std::string statement;    ///< on one line, shortened
    Lock lock = Lock::none;
    std::string relation; ///< "schema.table" as far as known
    bool rewrite = false; ///< writes the whole table anew
    bool scan = false;    ///< reads the whole table, or builds an index over it, under that lock
    /// What matters where: "" = nothing to worry about there. In place: clients wait or break. On green: only
    /// replication and the time it takes matter before the cutover.
    std::string in_place, on_green;
    std::string why;
    std::string fix;                                   ///< the safe form as SQL, or what to do
    Stream forward = Stream::ok, reverse = Stream::ok; ///< blue to green; green to blue
    std::string stream_why;                            ///< when either is not ok
    std::string suppressed;                            ///< the reason, when a comment suppresses it
};

/// A statement that the linter can't see into: newer syntax, DO blocks, dynamic SQL. Never clean.
struct NotAnalysed {
    std::string file;
    int line = 0;
    std::string statement, why;
};

/// What PostgreSQL does for one statement, as far as SQL and catalogs tell. The suite of measured statements
/// holds this against pg_locks and relfilenode.
struct Effect {
    std::string relation; ///< "schema.table"
    Lock lock = Lock::none;
    bool rewrite = false;
    bool scan = false;
};

struct Options : Conventions {
    int pg_version = 15; ///< the major that will run it
    bool offline = true;
    /// Without catalogs: the files are one release, so that nobody uses yet what an earlier one makes. False
    /// for a folder's whole history.
    bool same_change = true;
};

struct Report {
    std::vector<Finding> findings; ///< by file and line; suppressed ones too, marked
    std::vector<NotAnalysed> not_analysed;
    std::vector<std::string> unknown;         ///< what a reachable blue would have told; once each
    std::vector<std::vector<Effect>> effects; ///< per statement, in the order of files and statements
};

} // namespace pgteal::migration::lint
