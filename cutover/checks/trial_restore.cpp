#include "cutover/checks/trial_restore.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <boost/json.hpp>
#include <sys/stat.h>

#include "base/error.hpp"
#include "cutover/estate/owners_code_check.hpp"
#include "cutover/executor/executor.hpp"
#include "cutover/migrations/scratch_ground.hpp"
#include "health/facts/verdict.hpp"
#include "postgres/quote.hpp"
#include "replication/clone/clone.hpp"
#include "replication/clone/schema_mark.hpp"

namespace pgteal::cutover {

namespace {

namespace json = boost::json;
using migration::rehearse::Scratch;

constexpr auto patience = std::chrono::seconds(30);
constexpr auto long_patience = std::chrono::hours(1);
constexpr std::size_t most_output = 64UL << 20U;

/// What pg_restore said, from its begin on; run_program() keeps the end alone.
Task<std::string> run(postgres::Program program, std::string side) {
    std::string said;
    const std::function<void(std::string_view)> keep = [&said](std::string_view piece) {
        said += piece.substr(0, most_output - std::min(said.size(), most_output));
    };
    const auto name = std::filesystem::path(program.argv.front()).filename().string();
    program.environment["LC_ALL"] = "C"; // its words are read
    const auto output = co_await postgres::run_program(std::move(program), after(long_patience), keep);
    if (output.exit_code != 0 && postgres::complaints_of(said).empty()) {
        throw Error(ErrorCode::program, side,
                    name + " ended with exit code " + std::to_string(output.exit_code) + ": " +
                        postgres::complaint_of(output.err));
    }
    co_return said;
}

/// Goes on after errors, and says what each is about.
postgres::Program trial_of(postgres::Program restore) {
    std::replace(restore.argv.begin(), restore.argv.end(), std::string("--exit-on-error"),
                 std::string("--verbose"));
    return restore;
}

/// pg_restore doesn't look into bodies. The validator of PL/pgSQL reads them by the grammar alone and runs
/// nothing (source: pl_handler.c, plpgsql_validator; pl_gram.y, check_sql_expr). That of SQL would analyse
/// them, and a literal of a type over a domain would run the domain's CHECK, a user's code, with our rights.
Task<void> validate_bodies(postgres::Server* green, TrialRestore* trial, std::string scratch) {
    auto session = co_await green->session(std::move(scratch), after(patience));
    co_await session->script("SET check_function_bodies = on", after(patience));
    const auto bodies = co_await session->exec(
        "SELECT p.oid::text, p.oid::pg_catalog.regprocedure::text FROM pg_catalog.pg_proc p\n"
        "  JOIN pg_catalog.pg_language l ON l.oid = p.prolang\n"
        "   AND l.lanvalidator = 'pg_catalog.plpgsql_validator'::pg_catalog.regproc\n"
        " WHERE p.oid >= 16384\n"
        "   AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.deptype = 'e' AND d.objid = p.oid\n"
        "                     AND d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass)",
        {}, after(patience));
    for (int i = 0; i < bodies.rows(); ++i) {
        try {
            const postgres::Params which{std::string(bodies.text(i, 0))};
            co_await session->exec("SELECT pg_catalog.plpgsql_validator($1::pg_catalog.oid)", which,
                                   after(patience));
        } catch (const ServerError& error) {
            constexpr std::string_view syntax_error =
                "42601"; // with an empty path names are missed that are there
            if (error.sqlstate() == syntax_error) {
                trial->complaints.push_back({"FUNCTION " + bodies.get<std::string>(i, 1), error.what(), ""});
            }
        }
    }
    co_await session->script("RESET check_function_bodies", after(patience));
}

Task<void> restore(Estate* estate, Scratch* scratch, TrialRestore* trial, const std::string* folder) {
    auto& blue = estate->server(Side::blue);
    auto& green = estate->server(Side::green);
    const auto blue_version = (co_await blue.identity(after(patience))).version;
    const auto green_version = (co_await green.identity(after(patience))).version;
    const auto tools = co_await replication::find_dump(blue_version, after(patience), green_version);
    auto reader = co_await blue.session(trial->database, after(patience));
    const auto snapshot = co_await begin_snapshot(&*reader, after(patience));
    const auto refusal =
        co_await rowless_code_refusal(estate, Side::blue, &*reader, trial->database, after(patience));
    if (refusal) { // its own check says it, with what to do
        trial->problem = refusal->message;
        trial->hint = refusal->hint;
        co_await reader->script("ROLLBACK", after(patience));
        co_return;
    }
    co_await make_scratch_roles(estate, scratch, Side::blue);
    co_await make_scratch_database(estate, scratch, Side::blue, trial->database, green_version);
    crash_point("trial-restore", "made");
    const DumpFile dump(*folder + "/" + scratch->name() + ".dump");
    auto dump_program = replication::dump_schema(blue.dsn(), trial->database, dump.path(), tools);
    dump_program.argv.insert(dump_program.argv.begin() + 1, "--snapshot=" + snapshot);
    co_await run(std::move(dump_program), "blue");
    co_await reader->script("COMMIT", after(patience));
    for (auto& program : replication::list_schema(dump.path(), tools)) {
        co_await run(std::move(program), "controller");
    }
    for (const auto section : {replication::Section::pre_data, replication::Section::post_data}) {
        auto program = trial_of(
            replication::restore_schema(green.dsn(), scratch->name(), dump.path(), section, 1, tools));
        const auto said = co_await run(std::move(program), "green");
        for (auto& complaint : postgres::complaints_of(said)) {
            if (!replication::is_unknown_parameter(complaint)) { // a newer pg_restore's own
                trial->complaints.push_back(std::move(complaint));
            }
        }
    }
    co_await validate_bodies(&green, trial, scratch->name());
}

/// Makes the scratch database, and drops it whatever happens.
Task<void> on_scratch(Estate* estate, TrialRestore* trial, const std::string* folder) {
    std::unique_ptr<Scratch> scratch;
    const std::function<void()> open = [&] {
        scratch = std::make_unique<Scratch>(estate->server(Side::green).dsn(), estate->config().run, "green");
        scratch->sweep();
    };
    co_await run_blocking(open);
    std::exception_ptr failed;
    try {
        co_await restore(estate, scratch.get(), trial, folder);
    } catch (...) {
        failed = std::current_exception();
    }
    estate->server(Side::green).close_idle();
    const std::function<void()> drop = [&] { scratch->drop(); };
    co_await run_blocking(drop);
    if (failed) {
        std::rethrow_exception(failed);
    }
}

std::string kept_file(const std::string& folder, const std::string& database) {
    return folder + "/trial-" + std::to_string(std::hash<std::string>()(database)) + ".json";
}

/// Of an earlier trial of the same; nothing when there was none, or its file can't be read.
std::optional<TrialRestore> earlier(const std::string& folder, const std::string& database,
                                    const std::string& mark) {
    std::ifstream file(kept_file(folder, database));
    std::stringstream text;
    text << file.rdbuf();
    try {
        const auto document = json::parse(text.str()).as_object();
        if (document.at("mark").as_string() != mark || document.at("database").as_string() != database) {
            return std::nullopt;
        }
        TrialRestore trial;
        trial.database = database;
        for (const auto& one : document.at("complaints").as_array()) {
            const auto& complaint = one.as_object();
            trial.complaints.push_back({std::string(complaint.at("object").as_string()),
                                        std::string(complaint.at("message").as_string()),
                                        std::string(complaint.at("grant").as_string())});
        }
        return trial;
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

void keep(const std::string& folder, const std::string& mark, const TrialRestore& trial) {
    json::array complaints;
    for (const auto& one : trial.complaints) {
        complaints.push_back({{"object", one.object}, {"message", one.message}, {"grant", one.grant}});
    }
    const json::object document{
        {"database", trial.database}, {"mark", mark}, {"complaints", std::move(complaints)}};
    const auto path = kept_file(folder, trial.database);
    std::ofstream(path) << json::serialize(document); // lost at worst: then it is tried again
    ::chmod(path.c_str(), 0600);
}

Task<std::string> mark_of(Estate* estate, std::string database) {
    auto schema = co_await replication::schema_mark(estate->server(Side::blue), database, after(patience));
    const auto restorer = co_await replication::restorer_mark(estate->server(Side::green), after(patience));
    co_return schema + " " + restorer;
}

Task<TrialRestore> try_database(Estate* estate, std::string database, const std::string* folder,
                                std::function<void(const std::string&)> say) {
    TrialRestore trial;
    trial.database = database;
    try {
        const auto mark = co_await mark_of(estate, database);
        if (auto known = earlier(*folder, database, mark)) {
            co_return std::move(*known);
        }
        say("trying blue's schema of " + database + " on green");
        co_await on_scratch(estate, &trial, folder);
        if (trial.problem.empty()) {
            keep(*folder, mark, trial); // what changed since begins another one
        }
    } catch (const Error& error) {
        if (error.code() == ErrorCode::internal) {
            throw;
        }
        trial.problem = error.what();
        trial.hint = "pgteal check, once that is mended";
    }
    co_return trial;
}

/// REVOKE … FROM for pg_dump's GRANT … TO; "" when that is not so clear.
std::string revoke(const std::string& grant) {
    const auto to = grant.rfind(" TO ");
    if (!grant.starts_with("GRANT ") || to == std::string::npos || grant.find(" TO ") != to) {
        return "";
    }
    auto whom = grant.substr(to + 4);
    whom = whom.substr(0, whom.find(" WITH GRANT OPTION"));
    return "REVOKE " + grant.substr(6, to - 6) + " FROM " + whom + (whom.ends_with(';') ? "" : ";");
}

/// Of an extension that may be made in one database of the server only.
std::string lives_elsewhere(const TrialRestore& trial) {
    for (const auto& one : trial.complaints) {
        if (one.object.starts_with("EXTENSION ") &&
            one.message.find("can only create extension in database") != std::string::npos) {
            return "cron";
        }
    }
    return "";
}

std::string fix_of(const postgres::Complaint& complaint) {
    if (const auto taken_back = revoke(complaint.grant); !taken_back.empty()) {
        return "on blue:  " + taken_back;
    }
    if (complaint.message.find("shared_preload_libraries") != std::string::npos) {
        return "on green, add its library to shared_preload_libraries (ALTER SYSTEM SET), then restart green";
    }
    return "on blue, change or drop it as green's version wants it, then pgteal check";
}

} // namespace

health::CheckResult judge_trials(const std::vector<TrialRestore>& trials,
                                 const std::vector<std::string>& accept) {
    health::CheckResult result{"trial-restore", {}, "blue's schema was restored on green, and dropped again"};
    const auto level = health::accepted(accept, result.check) ? health::Level::warning : health::Level::error;
    for (const auto& trial : trials) {
        if (!trial.problem.empty()) {
            health::add(result, health::Level::warning, "green", trial.database,
                        "blue's schema of " + trial.database + " could not be tried on green: " +
                            trial.problem + ". prepare may stop at what green refuses.",
                        trial.hint);
        }
        const auto elsewhere = lives_elsewhere(trial);
        std::string before;
        for (const auto& one : trial.complaints) {
            const bool same = !one.object.empty() && one.object == before; // what it is owned by, and so on
            before = one.object;
            const bool of_it = !elsewhere.empty() && (one.object.find(elsewhere) != std::string::npos ||
                                                      one.message.find(elsewhere) != std::string::npos);
            if (!of_it && !same) {
                health::add(result, level, "blue", trial.database + ": " + one.object,
                            "green refuses it: " + one.message + ". prepare would stop there.", fix_of(one));
            }
        }
    }
    return health::limited(std::move(result));
}

Task<health::CheckResult> check_trial_restore(Estate* estate, std::string folder,
                                              std::function<void(const std::string&)> say) {
    std::error_code ignored;
    std::filesystem::create_directories(folder, ignored);
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, ignored);
    std::vector<TrialRestore> trials;
    for (const auto& database : estate->config().databases) {
        auto trial = co_await try_database(estate, database.name, &folder, say);
        trials.push_back(std::move(trial));
    }
    co_return judge_trials(trials, estate->config().accept);
}

} // namespace pgteal::cutover
