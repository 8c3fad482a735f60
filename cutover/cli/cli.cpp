#include "cutover/cli/cli.hpp"

#include <array>
#include <filesystem>
#include <sstream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "base/version.hpp"
#include "cutover/cli/touched.hpp"
#include "cutover/engine/context.hpp"
#include "cutover/engine/refused.hpp"
#include "cutover/engine/runner.hpp"
#include "cutover/fence/own_tables.hpp"
#include "cutover/fence/run_row.hpp"

namespace pgteal::cutover {

namespace {

struct Entry {
    std::string_view name;
    std::string_view help;
    Command run;
};

constexpr std::array<Entry, 15> commands{{
    {"check", "every preflight check; changes nothing", run_check},
    {"plan", "the runbook for this config, with the exact actions; changes nothing", run_plan},
    {"prepare", "everything up to \"ready to cut over\"; run again to go on", run_prepare},
    {"status", "side serving, step, lanes and lag, poolers and targets", run_status},
    {"compare", "compares the data of both sides while both live", run_compare},
    {"cutover", "moves the clients to green", run_cutover},
    {"switch-back", "moves the clients back to blue, losing nothing", run_switch_back},
    {"resume", "brings an interrupted run to a safe end", run_resume},
    {"abort", "before cutover: removes everything pgteal made", run_abort},
    {"finish", "after cutover: retires the standing side", run_finish},
    {"migrate", "schema changes on green: lint, rehearse, apply, status, drift, preview", run_migrate},
    {"approve", "approves what apply and cutover are about to do", run_approve},
    {"audit", "who did what, when, how long, with the SQL", run_audit},
    {"serve", "follows the run; serves metrics and status over HTTP", run_serve},
    {"docs", "prints a page that is made from the program itself", run_docs},
}};

std::string default_config() {
    const char* from_environment = std::getenv("PGTEAL_CONFIG");
    return from_environment != nullptr && *from_environment != '\0' ? from_environment : "pgteal.toml";
}

std::optional<Progress> progress_now(const Session& session) {
    try {
        return session.config.run.empty() ? Progress{} : peek_progress(session.config);
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

/// A prepare that goes on with what an earlier one made, and finds that it can't be so: what was made is
/// there.
bool stands_on_what_was_made(const Session& session, const Error& error) {
    if (session.options.command != "prepare" ||
        (error.code() != ErrorCode::conflict && error.code() != ErrorCode::server)) {
        return false;
    }
    const auto progress = progress_now(session);
    return progress && progress->active && !progress->prepared;
}

void report(const Session& session, const Error& error, Exit exit) {
    if (session.options.json) {
        auto document = error_document(error);
        if (!session.waits_for.empty()) {
            document["error"].as_object()["waits_for"] = session.waits_for;
        }
        print_json(document);
        return;
    }
    std::string text;
    const bool colour = ::isatty(STDERR_FILENO) == 1;
    const std::string state = exit == Exit::refused       ? "refused"
                              : exit == Exit::usage       ? "error"
                              : exit == Exit::interrupted ? "interrupted"
                                                          : "failed";
    text += fmt::format("  {}{:<11}{} {}{}\n", colour ? "\033[31m" : "", state, colour ? "\033[0m" : "",
                        error.side().empty() ? "" : error.side() + ": ", error.what());
    const bool known = exit == Exit::interrupted && !session.clients.empty();
    text += "              " +
            (known ? session.clients : consequence(exit, session.touched, progress_now(session))) + "\n";
    if (!session.waits_for.empty()) {
        text += "              " + session.waits_for + "\n";
    }
    if (!error.hint().empty()) {
        text += "              " + error.hint() + "\n";
    }
    const auto others = others_of(error);
    constexpr std::size_t most = 9;
    for (std::size_t i = 0; i < std::min(others.size(), most); ++i) {
        const auto& one = others[i];
        text += fmt::format("  {}{:<11}{} {}{}\n", colour ? "\033[31m" : "", "and", colour ? "\033[0m" : "",
                            one.side.empty() ? "" : one.side + ": ", one.message);
        text += one.hint.empty() ? "" : "              " + one.hint + "\n";
    }
    if (others.size() > most) {
        text += fmt::format("              and {} more: --json has them all\n", others.size() - most);
    }
    std::fputs(text.c_str(), stderr);
}

/// A wait that ended by its deadline: was it for somebody who locks pgteal's own tables?
Task<void> note_lockers(Session* session, std::exception_ptr error) {
    try {
        std::rethrow_exception(std::move(error));
    } catch (const Error& waited) {
        const auto* const refused = dynamic_cast<const ServerError*>(&waited);
        if (waited.code() != ErrorCode::deadline &&
            (refused == nullptr || (refused->sqlstate() != "55P03" && refused->sqlstate() != "57014"))) {
            co_return;
        }
    } catch (...) {
        co_return;
    }
    const auto locker = co_await own_table_lockers(
        session->estate.get(), "pgteal " + session->options.command, after(std::chrono::seconds(3)));
    if (locker) {
        session->waits_for = locker->side + ": " + locker->message + ": " + locker->hint;
    }
}

Task<void> run_session(Session* session, Command command, Exit* exit) {
    // These read the journal: a server that is away, or a password command that fails, is not in their way.
    const bool offline = session->options.command == "approve" || session->options.command == "audit";
    if (session->has_config && !offline) {
        session->estate = co_await Estate::make(session->config);
    }
    std::exception_ptr error;
    try {
        *exit = co_await command(session);
    } catch (...) {
        error = std::current_exception();
    }
    if (error && session->estate != nullptr) {
        co_await note_lockers(session, error);
    }
    session->estate.reset(); // its sockets belong to this loop
    if (error) {
        std::rethrow_exception(error);
    }
}

void add_migrate(CLI::App& migrate, Options& options) {
    auto& asked = options.migrate;
    migrate.require_subcommand(1);
    const auto add = [&](const char* name, const char* help) {
        auto* sub = migrate.add_subcommand(name, help);
        sub->callback([&options, name] { options.argument = name; });
        sub->add_option("--database", asked.database, "only this database");
        return sub;
    };
    auto* lint = add("lint", "what the statements lock, rewrite and break, in place and on green");
    lint->add_option("PATH", asked.paths, "files or folders (default: the config's migrations)");
    lint->add_flag("--offline", asked.offline, "ask no server; says what could not be known");
    lint->add_option("--pg-version", asked.pg_version, "major version that runs the SQL")
        ->check(CLI::Range(13, 18));
    lint->add_option("--format", asked.format, "text, json, sarif or github")
        ->check(CLI::IsMember({"text", "json", "sarif", "github"}));
    lint->add_option("--against", asked.against, "git ref: collisions with that branch's migrations");
    auto* rehearse = add(
        "rehearse", "up, down, up on a scratch database on green; time, locks, rewrites of each statement");
    rehearse->add_flag("--data", asked.with_data, "on a copy of the data");
    auto* apply = add("apply", "applies what is pending to green");
    apply->add_option("--phase", asked.phase, "expand (before cutover) or contract (after finish)")
        ->check(CLI::IsMember({"expand", "contract"}));
    add("status", "which migrations are applied and which are pending")
        ->add_option("--against", asked.against, "git ref: collisions with that branch's migrations");
    add("drift", "compares the schemas of blue, green and the migrations; exit 3 when they differ");
    add("preview", "the exact SQL as Markdown, for a pull request")
        ->add_option("PATH", asked.paths, "files or folders (default: the config's migrations)");
}

/// These work in CI without any server or config.
bool may_lack_config(const Options& options) {
    return options.command == "migrate" &&
           ((options.argument == "lint" && options.migrate.offline) ||
            (options.argument == "preview" && !options.migrate.paths.empty()));
}

} // namespace

Command find_command(std::string_view name) {
    for (const auto& entry : commands) {
        if (entry.name == name) {
            return entry.run;
        }
    }
    return nullptr;
}

Parsed parse_command_line(int argc, char** argv) {
    CLI::App app{"pgteal moves live traffic from one PostgreSQL server (blue) to another (green), and back, "
                 "without losing a write.",
                 "pgteal"};
    Options options;
    options.config_path = default_config();
    bool show_version = false;
    app.add_option("-c,--config", options.config_path,
                   "config file (default: $PGTEAL_CONFIG, else ./pgteal.toml)");
    app.add_flag("--json", options.json, "one JSON document on stdout; logs on stderr");
    app.add_flag("-v,--verbose", options.verbose, "say more (on stderr)");
    app.add_flag("-q,--quiet", options.quiet, "say only errors");
    app.add_flag("--version", show_version, "print the version");
    app.footer("Exit codes: 0 done and checked; 1 failed, clients served as before; 2 bad usage or config; 3 "
               "refused, nothing touched; 4 run pgteal resume.");
    app.fallthrough();
    for (const auto& entry : commands) {
        auto* sub = app.add_subcommand(std::string(entry.name), std::string(entry.help));
        if (entry.name == "cutover" || entry.name == "switch-back") {
            sub->add_flag("--dry-run", options.dry_run,
                          "every read and gate, no change, and a forecast of the pause");
        } else if (entry.name == "check") {
            sub->add_flag("--quick", options.quick,
                          "without the trial restore of blue's schema on green, which takes longest");
        } else if (entry.name == "status") {
            sub->add_flag("--watch", options.watch, "follow");
        } else if (entry.name == "abort") {
            sub->add_flag("--keep-green", options.keep_green,
                          "leave green's databases and roles as they are (somebody uses them by now)");
        } else if (entry.name == "migrate") {
            add_migrate(*sub, options);
        } else if (entry.name == "approve") {
            sub->add_option("--as", options.migrate.as, "your name, as the audit shall show it")->required();
        } else if (entry.name == "docs") {
            sub->add_option("page", options.argument, "which")
                ->required()
                ->check(CLI::IsMember(docs_pages()));
        }
    }
    app.require_subcommand(0, 1);
    Parsed parsed;
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        std::ostringstream out;
        std::ostringstream problem;
        const int code = app.exit(error, out, problem);
        parsed.text = code == 0 ? out.str() : problem.str();
        parsed.exit = code == 0 ? Exit::done : Exit::usage;
        return parsed;
    }
    if (show_version) {
        parsed.text = "pgteal " + std::string(version) + "\n";
        return parsed;
    }
    if (app.get_subcommands().empty()) {
        parsed.text = app.help();
        parsed.exit = Exit::usage;
        return parsed;
    }
    options.command = app.get_subcommands().front()->get_name();
    parsed.options = std::move(options);
    return parsed;
}

Exit run_command(Options options) {
    Session session;
    session.options = std::move(options);
    spdlog::set_level(session.options.verbose ? spdlog::level::debug
                      : session.options.quiet ? spdlog::level::err
                                              : spdlog::level::warn);
    Exit exit = Exit::failed;
    try {
        const auto command = find_command(session.options.command);
        if (session.options.command == "docs") {
            run_here([&] {
                return [](Session* s, Command c, Exit* e) -> Task<void> {
                    *e = co_await c(s);
                }(&session, command, &exit);
            });
            return exit;
        }
        session.has_config =
            !may_lack_config(session.options) || std::filesystem::exists(session.options.config_path);
        if (session.has_config) {
            session.config = load_config(session.options.config_path);
        }
        run_here([&] { return run_session(&session, command, &exit); });
        return exit;
    } catch (const Error& error) {
        session.touched = session.touched || stands_on_what_was_made(session, error);
        exit = session.interrupted ? Exit::interrupted : exit_code(error.code(), session.touched);
        const bool lost = exit == Exit::interrupted && error.hint().empty();
        const auto* const next = overtaken_by_another(std::current_exception())
                                     ? overtaken_hint
                                     : "pgteal resume goes on with it; pgteal status shows where it stands";
        const bool slow = !lost && error.code() == ErrorCode::deadline && error.hint().empty();
        const std::string again =
            "a server, the way to it or this machine is slow or busy: see to that, then pgteal " +
            session.options.command + " again";
        report(session,
               lost || slow ? Error(error.code(), error.side(), error.what(), slow ? again : next) : error,
               exit);
    } catch (const std::exception& error) {
        const auto progress = progress_now(session);
        const bool clients_held = session.touched && (!progress || progress->attempt);
        exit = session.interrupted || clients_held ? Exit::interrupted : Exit::failed;
        report(session,
               Error(ErrorCode::internal, "controller", error.what(),
                     "this is a mistake in pgteal: keep the journal and report it"),
               exit);
    }
    return exit;
}

} // namespace pgteal::cutover
