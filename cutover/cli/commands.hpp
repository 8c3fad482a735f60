// The commands as functions of parsed options. Each returns its exit code or throws; only main() exits.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "base/async.hpp"
#include "base/error.hpp"
#include "cutover/config/config.hpp"
#include "cutover/estate/estate.hpp"

namespace pgteal::cutover {

/// What `pgteal migrate …`, `approve` and `audit` were asked.
struct MigrateOptions {
    std::vector<std::string> paths; ///< lint, preview: files or folders; empty: the config's
    std::string database;           ///< only this one; empty: all that have migrations
    bool offline = false;           ///< lint: don't ask blue
    int pg_version = 0;             ///< lint: the major that the SQL will run on; 0: green's, offline 15
    std::string format = "text";    ///< lint: text | json | sarif | github
    std::string against;            ///< lint, status: a git ref to look for collisions with
    bool with_data = false;         ///< rehearse: on a copy of the data
    std::string phase;              ///< apply: "" (what is due) | expand | contract
    std::string as;                 ///< approve: who
};

struct Options {
    std::string config_path;
    bool json = false;
    bool verbose = false;
    bool quiet = false;
    std::string command;
    std::string argument; ///< of docs and migrate
    bool dry_run = false;
    bool watch = false;
    bool quick = false;      ///< check: without the trial restore
    bool keep_green = false; ///< abort: leave green's databases and roles
    MigrateOptions migrate;
};

/// Exit codes (docs/operations.md): 0 done and checked; 1 failed, clients served as before; 2 bad usage or
/// config; 3 refused; 4 resume is needed.
enum class Exit { done = 0, failed = 1, usage = 2, refused = 3, interrupted = 4 };

/// What one command has at hand.
struct Session {
    Options options;
    bool has_config = true; ///< false: the command needs none and there is none; estate is null then
    Config config;
    std::unique_ptr<Estate> estate;
    bool interrupted = false; ///< past the switch point, or unable to tell
    std::string waits_for;    ///< who kept pgteal waiting for its own tables, and how that ends
    std::string clients;      ///< how clients fare, where that is known better than by the exit code
    bool touched = false; ///< something may have been changed; of a command with a journal, see touched.hpp
};

using Command = Task<Exit> (*)(Session*);

Task<Exit> run_check(Session* session);
Task<Exit> run_plan(Session* session);
Task<Exit> run_prepare(Session* session);
Task<Exit> run_status(Session* session);
Task<Exit> run_compare(Session* session);
Task<Exit> run_cutover(Session* session);
Task<Exit> run_switch_back(Session* session);
Task<Exit> run_resume(Session* session);
Task<Exit> run_abort(Session* session);
Task<Exit> run_finish(Session* session);
Task<Exit> run_migrate(Session* session);
Task<Exit> run_approve(Session* session);
Task<Exit> run_audit(Session* session);
Task<Exit> run_serve(Session* session);
Task<Exit> run_docs(Session* session);
std::vector<std::string> docs_pages(); ///< that run_docs() knows

// What run_migrate() does, by its first argument.
Task<Exit> run_migrate_lint(Session* session); ///< the config may be missing (Session::has_config)
Task<Exit> run_migrate_rehearse(Session* session);
Task<Exit> run_migrate_apply(Session* session);
Task<Exit> run_migrate_status(Session* session);
Task<Exit> run_migrate_drift(Session* session);
Task<Exit> run_migrate_preview(Session* session); ///< the config may be missing

/// The command of that name; null when there is none.
Command find_command(std::string_view name);

/// Exit code for an error by what it is; `touched` says that something may have been changed before it.
Exit exit_code(ErrorCode code, bool touched);
/// {"error":{"code","message","side","hint","others":[{"side","message","hint"}]}}
boost::json::object error_document(const Error& error);

/// stdout: with --json exactly one document.
void print_json(const boost::json::value& document);
void print(const std::string& text);

} // namespace pgteal::cutover
