#include "cutover/migrations/rehearsal.hpp"

#include <algorithm>
#include <filesystem>

#include "base/error.hpp"
#include "cutover/estate/owners_code_check.hpp"
#include "cutover/migrations/scratch_ground.hpp"
#include "postgres/quote.hpp"
#include "postgres/server_words.hpp"
#include "replication/clone/clone.hpp"
#include "replication/sequence/sequences.hpp"

namespace pgteal::cutover {

namespace {

using migration::rehearse::Scratch;

constexpr auto rehearsal_patience = std::chrono::minutes(1);
constexpr auto long_patience = std::chrono::hours(24);
constexpr const char* again = "mend that, then run pgteal migrate rehearse again; nothing is left on green";

Task<void> run_program(postgres::Program program, std::string side) {
    const auto name = std::filesystem::path(program.argv.front()).filename().string();
    auto output = co_await postgres::run_program(std::move(program), after(long_patience));
    const auto problem = replication::restore_problem(output);
    if (!problem.empty()) {
        throw Error(ErrorCode::program, side,
                    name + " ended with exit code " + std::to_string(output.exit_code) + ": " + problem,
                    again);
    }
}

Task<void> copy_rows(Estate* estate, Scratch* scratch, const GroundPlan* plan,
                     std::vector<replication::Table> tables, std::string snapshot, Ground* ground) {
    replication::CopyOptions options;
    options.target_database = scratch->name();
    const auto began = Clock::now();
    const std::function<void(const replication::CopyProgress&)> report =
        [plan, ground](const replication::CopyProgress& now) {
            const auto total = std::max<std::int64_t>(1, now.total_estimate.count);
            ground->copied = now.done;
            plan->say(to_string(now.done) + " copied, table " + std::to_string(now.tables_done) + " of " +
                          std::to_string(now.tables) + " " + now.table,
                      std::min(1.0, static_cast<double>(now.done.count) / static_cast<double>(total)));
        };
    const auto copied = co_await replication::copy_tables(
        estate->server(plan->from), estate->server(Side::green), plan->database, std::move(tables), snapshot,
        estate->config().jobs, false, report, options);
    for (const auto& table : copied) {
        ground->rows += table.rows;
    }
    ground->data_took = Clock::now() - began;
}

/// New rows of a migration must not meet the keys of those that are there.
Task<void> carry_sequences(Estate* estate, Scratch* scratch, const GroundPlan* plan) {
    auto source = co_await estate->server(plan->from).session(plan->database, after(rehearsal_patience));
    auto target = co_await estate->server(Side::green).session(scratch->name(), after(rehearsal_patience));
    const auto from = co_await replication::read_sequences(*source, after(rehearsal_patience));
    const auto to = co_await replication::read_sequences(*target, after(rehearsal_patience));
    const auto carried = replication::carry(from, to, true);
    if (carried.set.empty()) {
        co_return;
    }
    postgres::Bindings bindings;
    bindings[replication::binding_for("sequences", plan->database)] = {replication::to_json(carried.set),
                                                                       false};
    auto text = postgres::bind(replication::set_sequences(plan->database).text, bindings);
    co_await target->script(std::move(text), after(rehearsal_patience));
}

/// A restored schema has them empty, and REFRESH … CONCURRENTLY refuses that.
Task<void> fill_views_and_analyze(Estate* estate, Scratch* scratch, const GroundPlan* plan) {
    const auto views = co_await estate->server(plan->from)
                           .exec(plan->database,
                                 "SELECT n.nspname::text, c.relname::text FROM pg_class c JOIN pg_namespace "
                                 "n ON n.oid = c.relnamespace"
                                 " WHERE c.relkind = 'm' AND c.relispopulated ORDER BY c.oid",
                                 {}, after(rehearsal_patience));
    auto session = co_await estate->server(Side::green).session(scratch->name(), after(rehearsal_patience));
    for (int i = 0; i < views.rows(); ++i) {
        auto text = "REFRESH MATERIALIZED VIEW " +
                    postgres::quote_qualified(views.get<std::string>(i, 0), views.get<std::string>(i, 1));
        co_await session->script(std::move(text), after(long_patience));
    }
    co_await session->script("ANALYZE", after(long_patience));
}

} // namespace

Task<Ground> make_ground(Estate* estate, Scratch* scratch, GroundPlan plan) {
    Ground ground;
    ground.with_data = plan.with_data;
    auto& source = estate->server(plan.from);
    auto& green = estate->server(Side::green);
    green.close_idle(); // those in an earlier scratch database of that name have ended with it
    const auto began = Clock::now();
    const auto source_version = (co_await source.identity(after(rehearsal_patience))).version;
    const auto green_version = (co_await green.identity(after(rehearsal_patience))).version;
    const auto tools =
        co_await replication::find_dump(source_version, after(rehearsal_patience), green_version);
    const bool newer = co_await replication::restores_newer(tools, green_version, after(rehearsal_patience));
    co_await make_scratch_roles(estate, scratch, plan.from);
    co_await make_scratch_database(estate, scratch, plan.from, plan.database, green_version);
    auto reader = co_await source.session(plan.database, after(rehearsal_patience));
    const auto snapshot = co_await begin_snapshot(&*reader, after(rehearsal_patience));
    auto tables = co_await replication::read_tables(*reader, after(rehearsal_patience));
    ground.tables = static_cast<int>(tables.size());

    // In the snapshot that is dumped.
    const auto refusal =
        co_await rowless_code_refusal(estate, plan.from, &*reader, plan.database, after(rehearsal_patience));
    if (refusal) {
        throw Error(ErrorCode::refused, refusal->side, refusal->message, refusal->hint);
    }
    const DumpFile dump(plan.folder + "/" + scratch->name() + ".dump");
    plan.say("schema: " + std::to_string(ground.tables) + " tables", -1);
    auto dump_program = replication::dump_schema(source.dsn(), plan.database, dump.path(), tools);
    dump_program.argv.insert(dump_program.argv.begin() + 1, "--snapshot=" + snapshot);
    co_await run_program(std::move(dump_program), to_string(plan.from));
    for (auto& program : replication::list_schema(dump.path(), tools)) {
        co_await run_program(std::move(program), "controller");
    }
    auto tables_first = replication::restore_schema(green.dsn(), scratch->name(), dump.path(),
                                                    replication::Section::pre_data, 1, tools, Bytes{}, newer);
    co_await run_program(std::move(tables_first), "green");
    if (plan.with_data) {
        ground.schema_took = Clock::now() - began;
        co_await copy_rows(estate, scratch, &plan, std::move(tables), snapshot, &ground);
    }
    co_await reader->script("COMMIT", after(rehearsal_patience));
    const auto building = Clock::now();
    plan.say("indexes and constraints", -1);
    auto indexes = replication::restore_schema(green.dsn(), scratch->name(), dump.path(),
                                               replication::Section::post_data, estate->config().jobs, tools,
                                               Bytes{256LL * 1024 * 1024}, newer);
    co_await run_program(std::move(indexes), "green");
    if (plan.with_data) {
        co_await carry_sequences(estate, scratch, &plan);
        co_await fill_views_and_analyze(estate, scratch, &plan);
    }
    ground.schema_took =
        ground.with_data ? ground.schema_took + (Clock::now() - building) : Clock::now() - began;
    co_return ground;
}

} // namespace pgteal::cutover
