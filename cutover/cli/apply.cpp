// migrate apply, migrate status.
#include <algorithm>

#include <fmt/format.h>

#include "cutover/cli/work.hpp"
#include "cutover/look/epochs.hpp"
#include "cutover/migrations/migrations.hpp"
#include "cutover/record/approvals.hpp"
#include "cutover/record/audit.hpp"
#include "cutover/status/status.hpp"
#include "migration/files/find_against.hpp"

namespace pgteal::cutover {

namespace {

/// One line of either command.
struct Shown {
    std::string database, script, version, phase, state;
    bool operator==(const Shown&) const = default;
};

boost::json::array to_json(const std::vector<Shown>& lines) {
    boost::json::array list;
    for (const auto& line : lines) {
        boost::json::object one;
        one["database"] = line.database;
        one["script"] = line.script;
        one["version"] = line.version;
        one["phase"] = line.phase;
        one["state"] = line.state;
        list.push_back(std::move(one));
    }
    return list;
}

void say(Terminal& terminal, const std::vector<Shown>& lines) {
    for (const auto& line : lines) {
        terminal.say(
            fmt::format("  {:<16} {:<9} {:<12} {}", line.state, line.phase, line.database, line.script));
    }
}

/// Those of --database, or all that have migrations.
std::vector<DatabaseConfig> asked_databases(const Session& session) {
    const auto& wanted = session.options.migrate.database;
    std::vector<DatabaseConfig> found;
    for (const auto& database : session.config.databases) {
        if (!database.migrations.empty() && (wanted.empty() || wanted == database.name)) {
            found.push_back(database);
        }
    }
    if (!wanted.empty() && found.empty()) {
        throw Error(ErrorCode::usage, "", "database " + wanted + " has no migrations in the config",
                    "set migrations = \"DIR\" in its [[database]] section");
    }
    return found;
}

// ---- status

/// Whose history is looked at: green's once it is cloned, else the side that serves.
Task<Side> side_to_show(Session* session, Progress progress, std::string database) {
    if (!progress.active) {
        co_return progress.serving;
    }
    const auto reached =
        co_await milestones(&session->estate->server(Side::green), database, after(std::chrono::seconds(20)));
    co_return reached.contains(name_of(StepId::schema)) ? Side::green : Side::blue;
}

std::string state_of(const migration::File& file, const migration::Applied* row) {
    if (row == nullptr) {
        return file.phase == migration::Phase::contract ? "after finish" : "pending";
    }
    if (!row->finished()) {
        return row->state;
    }
    const bool changed = !row->checksum.empty() && row->checksum != file.checksum;
    return !changed ? "applied" : file.repeatable ? "pending" : "changed since";
}

std::vector<Shown> lines_of(const DatabaseConfig& database, const std::vector<migration::File>& files,
                            const std::vector<migration::Applied>& applied) {
    std::vector<Shown> lines;
    for (const auto& file : files) {
        const auto row = std::find_if(applied.begin(), applied.end(), [&file](const auto& one) {
            return migration::same_migration(file, one);
        });
        const auto state = migration::below_baseline(file, applied)
                               ? "below baseline"
                               : state_of(file, row == applied.end() ? nullptr : &*row);
        lines.push_back(
            {database.name, file.script, file.version, std::string(migration::to_string(file.phase)), state});
    }
    for (const auto& row : applied) {
        const bool known = std::any_of(files.begin(), files.end(), [&row](const auto& file) {
            return migration::same_migration(file, row);
        });
        if (!known && row.type == "SQL") {
            lines.push_back({database.name, row.script, row.version, "", "no file"});
        }
    }
    return lines;
}

Task<std::vector<migration::Collision>> collisions_of(std::string folder, std::string ref,
                                                      std::vector<migration::File> files) {
    const auto there = co_await migration::read_ref(folder, ref, files, after(std::chrono::seconds(60)));
    co_return migration::collisions(files, there);
}

/// One database's part of `migrate status`.
struct Look {
    std::string side;
    std::vector<Shown> lines;
    std::vector<migration::Collision> collisions;
};

Task<Look> look_at(Session* session, Progress progress, DatabaseConfig database) {
    Look look;
    const auto side = co_await side_to_show(session, progress, database.name);
    look.side = to_string(side);
    const auto dsn = session->estate->server(side).dsn().with_database(database.name);
    const auto table = history_of(session->config);
    std::vector<migration::File> files;
    const std::function<void()> work = [&] {
        files = migration::find_migrations(database.migrations);
        look.lines = lines_of(database, files, migration::history(dsn, look.side, table));
    };
    co_await run_blocking(work);
    if (!session->options.migrate.against.empty()) {
        look.collisions =
            co_await collisions_of(database.migrations, session->options.migrate.against, std::move(files));
    }
    co_return look;
}

/// What only the configured tool knows.
Task<Exit> say_command(Session* session, Terminal* terminal) {
    const auto words = postgres::to_string(postgres::Program{session->config.migrate.command, {}});
    if (session->options.json) {
        boost::json::object document;
        document["command"] = words;
        document["migrations"] = boost::json::array();
        print_json(document);
    } else {
        terminal->say("Migrated by the configured command, which keeps its own record: " + words);
    }
    co_return Exit::done;
}

// ---- apply

/// Another run, of another config, holds the database: its lanes would break.
Task<void> refuse_other_runs(Session* session, Side side, std::string database) {
    const auto row =
        co_await read_run_row(&session->estate->server(side), database, after(std::chrono::seconds(20)));
    if (row.present) {
        throw Error(ErrorCode::wrong_state, to_string(side),
                    "run " + row.run_id + " of another config is on in database " + database +
                        ": its lanes need the schema as it is",
                    "pgteal status with that run's config; finish or abort it first");
    }
}

MigrationNews news_for(Work* work, const Step* step) {
    MigrationNews news;
    news.progress = [work, step](const std::string& text, double fraction) {
        work->session.touched = true; // the first word comes right before the first statement
        work->narrator.progress(*step, text, fraction);
    };
    news.warning = [work](const std::string& text) { work->narrator.say("  warning   " + text); };
    news.output = [](const std::string& line) { std::fprintf(stderr, "  | %s\n", line.c_str()); };
    return news;
}

std::optional<migration::Phase> asked_phase(const Options& options) {
    const auto& phase = options.migrate.phase;
    return phase.empty()       ? std::nullopt
           : phase == "expand" ? std::optional(migration::Phase::expand)
                               : std::optional(migration::Phase::contract);
}

Task<std::vector<Shown>> apply_one(Work* work, ApplyPlace place, DatabaseConfig database,
                                   std::optional<Subject> approved) {
    const std::string again = place.in_run ? "pgteal migrate apply" : "pgteal migrate apply --phase contract";
    MigrationJob job{place.side, database.name, database.migrations, place.phase, place.in_run, again};
    job.approved = std::move(approved);
    auto step = aside(StepId::migrate);
    work->narrator.started(step);
    auto news = news_for(work, &step);
    std::vector<Shown> lines;
    news.applied = [&lines, &database, work, side = to_string(place.side)](const migration::File& file,
                                                                           Clock::duration time) {
        work->journal.append(migrated_event(database.name, side, file, time));
        lines.push_back({database.name, file.script, file.version,
                         std::string(migration::to_string(file.phase)), "applied"});
    };
    const auto deadline = after(std::chrono::hours(24 * 7));
    co_await apply_migrations(work->session.estate.get(), std::move(job), std::move(news), deadline);
    if (place.in_run && !work->session.config.migrate.command.empty()) {
        const auto done = milestone(database.name, StepId::migrate);
        co_await work->session.estate->server(Side::green)
            .script(database.name, done.text.plain(), after(std::chrono::seconds(30)));
    }
    co_return lines;
}

} // namespace

Task<Exit> run_migrate_apply(Session* session) {
    // Before there is a journal: a refusal leaves none behind.
    where_to_apply(peek_progress(session->config), asked_phase(session->options));
    Work work(session, "migrate apply");
    const auto place = where_to_apply(work.context.progress(), asked_phase(session->options));
    const auto databases = asked_databases(*session);
    const auto approved = require_approvals(session->config, work.journal, "migrate apply");
    if (place.in_run) {
        co_await require_newest_journal(&work.context, work.context.progress().epoch);
    }
    for (const auto& database : databases) {
        if (!place.in_run) {
            co_await refuse_other_runs(session, place.side, database.name);
        } else {
            const auto reached = co_await milestones(&session->estate->server(Side::green), database.name,
                                                     after(std::chrono::seconds(20)));
            if (!reached.contains(name_of(StepId::build))) {
                throw Error(ErrorCode::wrong_state, "green",
                            "database " + database.name + " is not copied to green yet",
                            "pgteal prepare goes on, and applies the migrations in its turn");
            }
        }
    }
    session->touched = !session->config.migrate.command.empty();
    std::vector<Shown> lines;
    for (const auto& database : databases) {
        auto some = co_await apply_one(&work, place, database, approved);
        lines.insert(lines.end(), some.begin(), some.end());
    }
    if (session->options.json) {
        boost::json::object document;
        document["side"] = to_string(place.side);
        document["phase"] = migration::to_string(place.phase);
        document["migrations"] = to_json(lines);
        print_json(document);
        co_return Exit::done;
    }
    say(work.narrator, lines);
    if (databases.empty()) {
        work.narrator.say(
            "No database has migrations: set migrations = \"DIR\" in its [[database]] section.");
    } else if (!session->config.migrate.command.empty()) {
        work.narrator.say("The command ended well on " + to_string(place.side) + ".");
    } else if (lines.empty()) {
        work.narrator.say(fmt::format("Nothing to do: no {} file is pending on {}.",
                                      migration::to_string(place.phase), to_string(place.side)));
    }
    co_return Exit::done;
}

Task<Exit> run_migrate_status(Session* session) {
    Terminal terminal(session->options.json ? stderr : stdout, session->options.quiet);
    if (!session->config.migrate.command.empty()) {
        co_return co_await say_command(session, &terminal);
    }
    const auto progress = peek_progress(session->config);
    std::vector<Shown> lines;
    boost::json::array collisions;
    std::string side = to_string(progress.serving);
    const auto databases = asked_databases(*session);
    for (const auto& database : databases) {
        const auto look = co_await look_at(session, progress, database);
        side = look.side;
        lines.insert(lines.end(), look.lines.begin(), look.lines.end());
        say(terminal, look.lines);
        for (const auto& collision : look.collisions) {
            boost::json::object one;
            one["database"] = database.name;
            one["script"] = collision.script;
            one["other"] = collision.other;
            one["why"] = collision.why;
            collisions.push_back(std::move(one));
            terminal.say(fmt::format("  collision        {:<9} {:<12} {} with {} of {}: {}", "",
                                     database.name, collision.script, collision.other,
                                     session->options.migrate.against, collision.why));
        }
    }
    const bool clear = collisions.empty();
    if (session->options.json) {
        boost::json::object document;
        document["side"] = side;
        document["migrations"] = to_json(lines);
        document["collisions"] = std::move(collisions);
        print_json(document);
    } else if (databases.empty()) {
        terminal.say("No database has migrations: set migrations = \"DIR\" in its [[database]] section.");
    } else {
        terminal.say(lines.empty() ? "There are no migrations yet." : "As " + side + " has it.");
    }
    co_return clear ? Exit::done : Exit::refused;
}

} // namespace pgteal::cutover
