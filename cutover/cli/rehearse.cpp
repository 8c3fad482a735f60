// migrate rehearse: what is pending, on a scratch database of green.
#include <filesystem>

#include <fmt/format.h>

#include "base/error.hpp"
#include "cutover/cli/work.hpp"
#include "cutover/migrations/interruption.hpp"
#include "cutover/migrations/pending_files.hpp"
#include "cutover/migrations/rehearsal.hpp"
#include "migration/rehearse/report.hpp"
#include "postgres/quote.hpp"

namespace pgteal::cutover {

namespace {

std::string may_make_databases(const postgres::Dsn& green) {
    return "on green, let the login make databases: ALTER ROLE " +
           postgres::quote_identifier(green.get("user").value_or("pgteal")) + " CREATEDB;";
}

namespace json = boost::json;
using migration::rehearse::Limits;
using migration::rehearse::Report;
using migration::rehearse::Scratch;

/// All that is found out about one database.
struct Rehearsed {
    Report report;
    Ground ground;
    Side from = Side::blue;
};

class Rehearsals {
public:
    explicit Rehearsals(Session* session, asio::any_io_executor executor)
        : session_(*session), terminal_(session->options.json ? stderr : stdout, session->options.quiet),
          interruption_(std::move(executor), &session->estate->server(Side::green)),
          progress_(peek_progress(session->config)),
          folder_(session->config.state + "/" + session->config.run) {
        limits_.long_statement = session->config.migrate.long_statement;
        limits_.long_lock = session->config.migrate.long_lock;
        limits_.session = {"green", session->config.migrate.lock_timeout,
                           session->config.migrate.statement_timeout, "pgteal migrate rehearse"};
    }

    Task<Exit> run() {
        const auto databases = databases_to_migrate(session_.config, session_.options.migrate.database);
        if (databases.empty()) {
            terminal_.say(
                "No database has migrations: set migrations = \"DIR\" in its [[database]] section.");
        }
        std::exception_ptr error;
        try {
            for (const auto& database : databases) {
                co_await one(&database);
                if (done_.back().report.failure || interruption_.came()) {
                    break;
                }
            }
        } catch (...) {
            error = std::current_exception();
        }
        const bool interrupted = interruption_.came();
        co_await interruption_.settle();
        if (interrupted) {
            throw Error(ErrorCode::migration, "", "the rehearsal was interrupted",
                        what_is_left() + " Run pgteal migrate rehearse again.");
        }
        if (error) {
            std::rethrow_exception(error);
        }
        co_return finish();
    }

private:
    /// Whatever happens, the scratch database is gone when this ends.
    Task<void> one(const DatabaseConfig* database) {
        done_.emplace_back();
        auto& result = done_.back();
        result.report.database = database->name;
        result.from = progress_.serving;
        const auto source = session_.estate->server(result.from).dsn().with_database(database->name);
        std::vector<migration::File> files;
        const std::function<void()> find = [&] {
            files = pending_files(session_.config, source, result.from, database->migrations, true);
        };
        co_await run_blocking(find);
        std::unique_ptr<Scratch> scratch;
        const std::function<void()> open = [&] {
            scratch = std::make_unique<Scratch>(session_.estate->server(Side::green).dsn(),
                                                session_.config.run, "green");
            take_note(scratch->sweep());
        };
        co_await run_blocking(open);
        if (files.empty()) {
            terminal_.say("  " + database->name + ": nothing is pending");
            co_return;
        }
        std::exception_ptr error;
        try {
            co_await on_scratch(database, &files, scratch.get(), &result);
        } catch (...) {
            error = std::current_exception();
        }
        interruption_.works_in("");
        std::optional<Error> stays;
        const std::function<void()> drop = [&] { stays = drop_scratch(scratch.get(), &result.report); };
        co_await run_blocking(drop);
        if (error) {
            if (stays) {
                terminal_.say(std::string("  ") + stays->what() + ". " + stays->hint());
            }
            std::rethrow_exception(error);
        }
        print_report(result);
        if (stays) {
            throw Error(*stays);
        }
    }

    /// Why it is still there, if it is; and which roles are left.
    std::optional<Error> drop_scratch(Scratch* scratch, Report* report) {
        std::optional<Error> stays;
        try {
            scratch->drop();
        } catch (const Error& error) {
            stays = error;
            left_.push_back("scratch database " + scratch->name());
        }
        migration::rehearse::LeftRoles left;
        try {
            left = scratch->left_roles();
        } catch (const Error& error) {
            stays = stays.value_or(error);
        }
        for (const auto& role : left.appeared) {
            report->findings.push_back(
                {"role-appeared", migration::rehearse::Level::warning, "", 0,
                 "role " + role +
                     " appeared on green while the files ran: one of them made it, through "
                     "another session or a procedure that commits, or somebody else did; so it "
                     "is still there",
                 "if nobody needs it, on green: DROP ROLE " + postgres::quote_identifier(role) + ";"});
            left_.push_back("role " + role + ", which appeared while the files ran");
        }
        for (const auto& role : left.kept) {
            report->findings.push_back(
                {"role-kept", migration::rehearse::Level::warning, "", 0,
                 "role " + role +
                     " was made for the rehearsal, and something outside of the scratch "
                     "database depends on it by now; so it is still there",
                 "the next rehearsal drops it, once nothing depends on it"});
            left_.push_back("role " + role);
        }
        return stays;
    }

    /// A sentence for the end.
    std::string what_is_left() const {
        std::string text;
        for (const auto& one : left_) {
            text += (text.empty() ? "Left on green: " : "; ") + one;
        }
        return text.empty() ? "Nothing is left on green." : text + ".";
    }

    Task<void> on_scratch(const DatabaseConfig* database, const std::vector<migration::File>* files,
                          Scratch* scratch, Rehearsed* result) {
        interruption_.works_in(scratch->name());
        do {
            const bool made = co_await make_ground_or_try(database, scratch, result);
            if (!made) {
                co_return;
            }
            result->report.scratch = scratch->name();
            const std::function<void()> work = [&] {
                rehearse_files(scratch->dsn(), *files, limits_, nullptr, &result->report);
                if (result->report.go_on_at) {
                    scratch->drop();
                }
            };
            co_await run_blocking(work);
            if (result->report.go_on_at) {
                terminal_.say("  again     " + database->name + ": the way back of " +
                              result->report.files.back().script + " spoiled the scratch database");
            }
        } while (result->report.go_on_at);
    }

    /// False when green allows no database, and the files were tried without.
    Task<bool> make_ground_or_try(const DatabaseConfig* database, Scratch* scratch, Rehearsed* result) {
        Step line;
        line.id = database->name;
        terminal_.started(line);
        const auto began = Clock::now();
        GroundPlan plan;
        plan.from = result->from;
        plan.database = database->name;
        plan.with_data = session_.options.migrate.with_data;
        plan.folder = folder_;
        plan.say = [this, &line](const std::string& text, double fraction) {
            terminal_.progress(line, text, fraction);
        };
        std::string why;
        try {
            result->ground = co_await make_ground(session_.estate.get(), scratch, std::move(plan));
        } catch (const Error& error) {
            if (error.code() != ErrorCode::privilege) {
                throw;
            }
            why = error.what();
        }
        if (!why.empty()) {
            co_await try_on_green(database, why, result);
            co_return false;
        }
        crash_point("rehearse", "made");
        terminal_.done(line, ground_text(*result), Clock::now() - began);
        co_return true;
    }

    /// Green allows no databases to be made: the files are tried on its copy, while nobody uses that.
    Task<void> try_on_green(const DatabaseConfig* database, std::string why, Rehearsed* result) {
        auto& green = session_.estate->server(Side::green);
        const postgres::Params name{database->name};
        const auto there = co_await green.exec("", "SELECT 1 FROM pg_catalog.pg_database WHERE datname = $1",
                                               name, after(std::chrono::seconds(10)));
        if (progress_.serving == Side::green || there.empty()) {
            throw Error(ErrorCode::refused, "green",
                        "no scratch database can be made on green (" + why + "), and " +
                            (there.empty() ? "there is no copy of " + database->name + " yet"
                                           : "green serves clients") +
                            " to try the files on",
                        may_make_databases(green.dsn()));
        }
        const auto dsn = green.dsn().with_database(database->name);
        result->report.findings.push_back(
            {"no-scratch", migration::rehearse::Level::warning, "", 0,
             "green allows no scratch database: the files ran on green's copy, in one transaction that was "
             "rolled back; no way back was tried",
             may_make_databases(green.dsn())});
        const std::function<void()> work = [&] {
            const auto files = pending_files(session_.config, dsn, Side::green, database->migrations);
            try_files(dsn, files, limits_, nullptr, &result->report);
        };
        co_await run_blocking(work);
    }

    void take_note(migration::rehearse::Swept swept) {
        for (const auto& name : swept.databases) {
            terminal_.say("  Removed " + name +
                          " from green: left by a rehearsal that did not come to its end.");
            swept_.push_back(name);
        }
        for (const auto& name : swept.roles) {
            terminal_.say("  Removed role " + name + " from green: made for such a rehearsal.");
        }
        for (const auto& error : swept.stuck) {
            terminal_.say(std::string("  Left by an earlier rehearsal: ") + error.what() + ". " +
                          error.hint());
        }
        std::error_code error;
        std::filesystem::create_directories(folder_, error);
        // A dump may hold the passwords of foreign servers.
        std::filesystem::permissions(folder_, std::filesystem::perms::owner_all, error);
        for (const auto& entry : std::filesystem::directory_iterator(folder_, error)) {
            const auto file = entry.path().filename().string();
            const bool ours = file.starts_with(migration::rehearse::scratch_prefix);
            const bool alive = std::ranges::any_of(
                swept.alive, [&file](const std::string& name) { return file.starts_with(name); });
            if (ours && !alive) {
                std::filesystem::remove(entry.path(), error);
            }
        }
    }

    static std::string ground_text(const Rehearsed& result) {
        auto text = fmt::format("schema of {}: {} {}", to_string(result.from), result.ground.tables,
                                result.ground.tables == 1 ? "table" : "tables");
        if (result.ground.with_data) {
            text += fmt::format("; {} rows, {} in {}", result.ground.rows, to_string(result.ground.copied),
                                duration_text(result.ground.data_took));
        }
        return text;
    }

    void print_report(const Rehearsed& result) {
        terminal_.say("");
        for (const auto& line : table_of(result.report)) {
            terminal_.say(line);
        }
        if (!result.report.not_rehearsed.empty()) {
            terminal_.say(fmt::format("  not rehearsed: {} and what follows it, {} in all",
                                      result.report.not_rehearsed.front(),
                                      result.report.not_rehearsed.size()));
        }
        terminal_.say("");
        for (const auto& line : findings_text(result.report)) {
            terminal_.say(line);
        }
    }

    json::object document() const {
        json::array databases;
        json::array findings;
        for (const auto& one : done_) {
            auto object = to_json(one.report);
            json::object ground;
            ground["side"] = to_string(one.from);
            ground["tables"] = one.ground.tables;
            ground["schema_ms"] = to_ms(one.ground.schema_took);
            ground["data"] = one.ground.with_data;
            ground["rows"] = one.ground.rows;
            ground["bytes"] = one.ground.copied.count;
            ground["data_ms"] = to_ms(one.ground.data_took);
            object["ground"] = std::move(ground);
            databases.push_back(std::move(object));
            for (auto& finding : findings_json(one.report)) {
                findings.push_back(std::move(finding));
            }
        }
        json::object document;
        document["databases"] = std::move(databases);
        document["findings"] = std::move(findings);
        json::array swept;
        for (const auto& name : swept_) {
            swept.push_back(json::value(name));
        }
        document["swept"] = std::move(swept);
        json::array left;
        for (const auto& one : left_) {
            left.push_back(json::value(one));
        }
        document["left"] = std::move(left);
        return document;
    }

    Exit finish() {
        const auto failed =
            std::ranges::find_if(done_, [](const Rehearsed& one) { return one.report.failure.has_value(); });
        const bool errors =
            std::ranges::any_of(done_, [](const Rehearsed& one) { return one.report.has_errors(); });
        if (session_.options.json) {
            auto whole = document();
            if (failed != done_.end()) {
                whole["error"] = error_document(*failed->report.failure).at("error");
            }
            print_json(whole);
        } else if (failed != done_.end()) {
            throw Error(*failed->report.failure);
        } else if (!done_.empty()) {
            terminal_.say(
                (errors ? "\nThe files go up, but mend what is marked as error. " : "\nThe files go up. ") +
                what_is_left());
        }
        return failed != done_.end() ? Exit::failed : errors ? Exit::refused : Exit::done;
    }

    Session& session_;
    Terminal terminal_;
    Interruption interruption_;
    Progress progress_;
    std::string folder_;
    Limits limits_;
    std::vector<Rehearsed> done_;
    std::vector<std::string> swept_;
    std::vector<std::string> left_; ///< what the rehearsals of this command leave on green
};

} // namespace

Task<Exit> run_migrate_rehearse(Session* session) {
    Rehearsals rehearsals(session, co_await asio::this_coro::executor);
    const auto exit = co_await rehearsals.run();
    co_return exit;
}

} // namespace pgteal::cutover
