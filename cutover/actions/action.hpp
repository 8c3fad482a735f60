// Actions: everything pgteal does to a server, a pooler or a file, as data. plan prints them, the journal
// keeps them, the executor performs them; nothing is done that is not one of these.
#pragma once

#include <chrono>
#include <exception>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "base/program.hpp"
#include "base/side.hpp"
#include "pooler/file/config_file.hpp"
#include "pooler/pooler.hpp"
#include "postgres/statement.hpp"
#include "replication/clone/clone.hpp"
#include "replication/lane/lanes.hpp"

namespace pgteal::cutover {

/// SQL for one database of one side.
struct Sql {
    Side side = Side::blue;
    postgres::Statement statement;
    /// Through a walsender session that stays open until the end of the step: a slot's snapshot lives as long
    /// as it does.
    bool walsender = false;
    bool close_sessions = false; ///< ends our own idle sessions first: DROP DATABASE would be in their way
    /// Fact of the journal, an object, that the answer's one value, an object too, is added to.
    std::string remember = {};
    bool canary = false; ///< when it succeeds, a row made on the new side has come back on the old one
    bool spared = false; ///< when it fails that is a warning: what it makes can be done without
    /// The command to type again once it failed; then the error says what was sent, and who was in its way.
    std::string again = {};
    std::string lacking = {}; ///< a GRANT that gives what it may lack when it is denied
    std::chrono::milliseconds limit{60'000};
};

/// A command for a pooler's admin console.
struct PoolerCommand {
    enum class Kind { pause, resume, raise_shield, lower_shield, reload, settle };
    std::string pooler;
    Kind kind = Kind::pause;
    std::string entry;
};

/// Writes the rewritten config beside the pooler's file, flushed, not yet in force.
struct StageConfig {
    std::string pooler;
    std::string path;
    std::map<std::string, pooler::Target> targets;
};
/// Renames the staged file into place.
struct InstallConfig {
    std::string pooler;
    std::string path;
    std::map<std::string, pooler::Target> targets;
};
/// Reads SHOW DATABASES back and compares.
struct VerifyPooler {
    std::string pooler;
    std::map<std::string, pooler::Target> targets;
};

struct RunProgram {
    Side side = Side::blue;
    std::string database;
    postgres::Program program;
    std::vector<int> accepted_exit_codes{0};
    bool restores = false; ///< pg_restore: what counts as an error is replication::restore_problem()'s
    std::string when_it_fails = {}; ///< what to do then; "" = mend what it says, and prepare again
};

/// Takes files of the controller away; those that aren't there don't matter.
struct RemoveFiles {
    std::vector<std::string> paths;
};

/// COPY of tables of a lane under :'snapshot_<lane object>'; each that is finished is noted in pgteal.copied.
struct CopyLane {
    replication::Lane lane;
    Side from = Side::blue;
    std::vector<replication::Table> tables;
    bool truncate_first = false;
};

struct ApplyMigrations {
    std::string database;
    std::string folder;
    std::vector<std::string> scripts; ///< file names, in order
    std::vector<std::string> command; ///< that migrates instead of pgteal; then there are no scripts
};

struct CarrySequences {
    std::string database;
    Side from = Side::blue;
};

struct CompareData {
    std::string database;
    Side serving = Side::blue;
};

/// The switch point: the journal's record that `to` serves from now on.
struct RecordSwitch {
    Side to = Side::green;
    std::int64_t epoch = 0;
};

/// A client's login and write through an entry, which must reach `expected`. What it comes to is kept by the
/// executor (unproven()), whatever the entry: the others are tried all the same.
struct ProbeEntry {
    std::string pooler;
    std::string entry;
    Side expected = Side::green;
};

struct Action {
    std::variant<Sql, PoolerCommand, StageConfig, InstallConfig, VerifyPooler, RunProgram, RemoveFiles,
                 CopyLane, ApplyMigrations, CarrySequences, CompareData, RecordSwitch, ProbeEntry>
        what;
    /// Phases of a step run one after the other; within one, actions for different places run at once, for
    /// one place in order.
    int phase = 0;
};

/// Where an action happens. One place's actions run in order; what one place can't do keeps no other waiting.
struct Place {
    enum class Kind { database, walsender, both_sides, pooler, controller };
    Kind kind = Kind::controller;
    Side side = Side::blue; ///< of a database or walsender
    std::string name;       ///< the database's, the pooler's
    auto operator<=>(const Place&) const = default;
};
/// "green/app", "pgb1", "controller"
std::string to_string(const Place& place);
Place place_of_pooler(const std::string& name);
Place place_of(const Action& action);
using Failures = std::map<Place, std::exception_ptr>;

/// Actions of one phase that share a queue run in order. Mostly the place; PAUSEs of one pooler's entries
/// have one each, since an entry that drains slowly must not keep the others' clients unheld.
struct Queue {
    Place place;
    std::string entry;
    auto operator<=>(const Queue&) const = default;
};
Queue queue_of(const Action& action);

/// Where an action happens and what it sends, word for word, secrets as :'names'.
struct Description {
    std::string where;
    std::string what;
    bool operator==(const Description&) const = default;
};
Description describe(const Action& action);
std::vector<Description> describe(const std::vector<Action>& actions);

/// Convenience for step builders.
Action sql(Side side, postgres::Statement statement, int phase = 0);

} // namespace pgteal::cutover
