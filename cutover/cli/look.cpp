// status, compare, serve.
#include <algorithm>
#include <csignal>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "base/version.hpp"
#include "cutover/cli/work.hpp"
#include "cutover/estate/owners_code_check.hpp"
#include "cutover/fence/run_row.hpp"
#include "cutover/look/binding.hpp"
#include "cutover/look/side_doubt.hpp"
#include "cutover/runbook/runbook.hpp"
#include "cutover/status/status.hpp"
#include "postgres/quote.hpp"
#include "replication/compare/compare.hpp"
#include "replication/compare/migrated_rows.hpp"
#include "replication/marker/lane_watch.hpp"

namespace pgteal::cutover {

namespace {

constexpr auto lane_answer = std::chrono::seconds(20);

/// The lanes' idle direction keeps WAL on the standing side: its slots are moved up from time to time.
/// Everything they skip was made by the other direction's apply or is nobody's.
Task<void> freshen(Estate* estate, Side standing) {
    for (const auto& lane : estate->lanes(standing)) {
        try {
            const auto deadline = after(std::chrono::seconds(60));
            const auto now = co_await estate->server(standing).exec(
                lane.database, "SELECT pg_current_wal_flush_lsn()", {}, deadline);
            // A switchover may have begun since this process looked. The position was read first: if the side
            // still stands after that, every write of a client there comes later than it, whenever the slot
            // is moved.
            const auto row = co_await read_run_row(&estate->server(standing), lane.database, deadline);
            if (!row.present || row.serving != to_string(other(standing))) {
                co_return;
            }
            postgres::Bindings values;
            values["now"] = {std::string(now.text(0, 0)), false};
            auto text = postgres::bind(replication::advance_slot(lane, "now").text, values);
            co_await estate->server(standing).script(lane.database, text, deadline);
        } catch (const Error& error) {
            spdlog::warn("slot {} on {} was not moved up: {}", lane.object(), to_string(standing),
                         error.what());
        }
    }
}

boost::json::object comparison_document(const std::vector<replication::Comparison>& comparisons) {
    boost::json::object document;
    bool equal = true;
    std::int64_t rows = 0;
    boost::json::array tables;
    for (const auto& comparison : comparisons) {
        equal = equal && comparison.equal;
        rows += comparison.rows;
        for (const auto& table : comparison.tables) {
            boost::json::array differences;
            for (const auto& difference : table.differences) {
                boost::json::object one;
                one["key"] = difference.key;
                one["kind"] = difference.kind;
                if (!difference.script.empty()) {
                    one["migration"] = difference.script;
                }
                differences.push_back(std::move(one));
            }
            boost::json::object one;
            one["database"] = table.database;
            one["name"] = table.name;
            one["rows"] = table.rows;
            one["difference_count"] = table.difference_count;
            one["migrated_rows"] = table.migrated_count;
            one["differences"] = std::move(differences);
            tables.push_back(std::move(one));
        }
    }
    document["equal"] = equal;
    document["rows"] = rows;
    document["tables"] = std::move(tables);
    return document;
}

/// The gate refuses while the newest comparison found differences. Another controller at work keeps its
/// journal to itself: then it is only said; of the sides pgteal.seen knows then.
void record_comparison(const Config& config, const Progress& progress, bool equal,
                       const std::vector<Looked>& looks) {
    try {
        auto journal = Journal::open(config.state, config.run, "compare");
        journal.remember(facts::compared, {equal, utc_now()});
        for (const auto& looked : looks) {
            keep_looked(&journal, progress, looked);
        }
    } catch (const Error& error) {
        spdlog::warn("the result was not recorded: {}", error.what());
    }
}

Task<void> wait_for_signal(std::shared_ptr<bool> stop) {
    auto executor = co_await asio::this_coro::executor;
    asio::signal_set signals(executor, SIGINT, SIGTERM);
    co_await signals.async_wait(asio::use_awaitable);
    *stop = true;
}

/// A comparison waits for markers in every lane: one that carries nothing would keep it waiting for good.
Task<void> require_lanes(Estate* estate, Progress progress, std::string database) {
    const auto serving = progress.serving;
    if (!progress.prepared) { // there may be no database on green yet
        const auto reached = co_await milestones(&estate->server(Side::green), database, after(lane_answer));
        if (!reached.contains(name_of(StepId::schema))) {
            throw Error(ErrorCode::wrong_state, "green",
                        "database " + database + " is not copied to green yet: nothing to compare",
                        "pgteal prepare goes on");
        }
    }
    auto lanes = estate->lanes(serving, database);
    co_await replication::require_running(estate->server(serving), estate->server(other(serving)),
                                          std::move(lanes));
}

/// The standing side may have been put back to when it served: open for clients, its lanes disabled, its row
/// at an earlier epoch. It is made to stand again, before its rows are compared: nothing else in a run would.
Task<void> stand_again(Session* session, Progress progress, Terminal* terminal) {
    auto* const estate = session->estate.get();
    const auto side = other(progress.serving);
    auto& server = estate->server(side);
    for (const auto& database : estate->config().database_names()) {
        const auto row = co_await read_run_row(&server, database, after(lane_answer));
        if (!row.present || row.run_id != progress.run_id || row.epoch >= progress.epoch) {
            continue;
        }
        session->touched = true;
        // The row last: whoever was interrupted before it does all of this again.
        std::string fence = "BEGIN READ WRITE; " + past_lockers(raise_fence_text(database)) + "; COMMIT";
        co_await server.script(database, std::move(fence), after(lane_answer));
        for (const auto& lane : estate->lanes(progress.serving, database)) {
            auto enable = replication::enable_subscription(lane).text.plain();
            co_await server.script(database, std::move(enable), after(lane_answer));
        }
        std::string text =
            "BEGIN READ WRITE; UPDATE pgteal.run SET epoch = " + std::to_string(progress.epoch) +
            ", serving = " + postgres::quote_literal(to_string(progress.serving)) +
            ", controller = NULL WHERE run_id = " + postgres::quote_literal(progress.run_id) + "; COMMIT";
        co_await server.script(database, std::move(text), after(lane_answer));
        terminal->say("Database " + database + " on " + to_string(side) + " was put back to epoch " +
                      std::to_string(row.epoch) + ": it stands again, fenced, and follows " +
                      to_string(progress.serving) + ".");
    }
}

} // namespace

Task<Exit> run_status(Session* session) {
    std::optional<SwitchBack> way_back;
    for (int round = 0;; ++round) {
        if (round % 30 == 0) {
            way_back.reset();
        }
        const auto status =
            co_await read_status(session->estate.get(), peek_progress(session->config),
                                 after(std::chrono::seconds(15)), way_back, bound_servers(session->config));
        way_back = status.switch_back;
        if (session->options.json) {
            print_json(to_json(status));
        } else {
            print((session->options.watch ? "\033[H\033[2J" : "") + to_text(status));
        }
        if (!session->options.watch) {
            co_return Exit::done;
        }
        co_await sleep_for(std::chrono::seconds(1));
    }
}

Task<Exit> run_compare(Session* session) {
    auto& estate = *session->estate;
    const auto progress = peek_progress(session->config);
    if (!progress.active) {
        throw Error(ErrorCode::wrong_state, "", "there is no run: nothing to compare", "pgteal prepare");
    }
    const auto serving = progress.serving;
    std::vector<replication::Comparison> comparisons;
    Terminal terminal(session->options.json ? stderr : stdout, session->options.quiet);
    auto step = aside(StepId::compare);
    terminal.started(step);
    std::vector<Looked> looks;
    looks.push_back(co_await look_at_sides(&estate, progress, after(lane_answer)));
    const auto doubt = refusal_of(looks.front().doubts, serving, progress.epoch, false);
    if (doubt && looks.front().ahead) { // markers would not arrive either, and what is skipped now is lost
        throw Error(ErrorCode::refused, doubt->side, doubt->message, doubt->hint);
    }
    if (doubt) {
        terminal.say("The last comparison is void. " + doubt->message + ".");
        co_await stand_again(session, progress, &terminal);
    }
    for (const auto& database : estate.config().databases) {
        co_await require_lanes(&estate, progress, database.name);
    }
    for (const auto& database : estate.config().databases) {
        const auto deadline = after(std::chrono::hours(24));
        // Before anything is read: the snapshots that a comparison holds should not wait for a lane.
        const std::function<void(Bytes)> waiting = [&](Bytes behind) {
            terminal.progress(step, database.name + "  waits for the lanes, " + to_string(behind) + " behind",
                              -1);
        };
        auto lanes = estate.lanes(serving, database.name);
        co_await replication::await_caught_up(estate.server(serving), estate.server(other(serving)),
                                              std::move(lanes), deadline, waiting);
        const auto left = co_await tables_on(&estate.server(serving), database.name, deadline);
        const auto right = co_await tables_on(&estate.server(other(serving)), database.name, deadline);
        const auto common = replication::published(left, right);
        const std::function<void(int, int)> progress_of_tables = [&](int done, int total) {
            terminal.progress(
                step, database.name + "  table " + std::to_string(done) + " of " + std::to_string(total),
                total == 0 ? 1 : static_cast<double>(done) / total);
        };
        auto one = co_await replication::compare_database(
            estate.server(serving), estate.server(other(serving)), database.name,
            estate.lanes(serving, database.name), common, estate.config().jobs, deadline, progress_of_tables,
            accepts_owners_code(estate.config()));
        comparisons.push_back(std::move(one));
    }
    auto document = comparison_document(comparisons);
    const bool equal = document.at("equal").as_bool();
    document["void"] = doubt && !equal;
    if (doubt && equal) {
        auto accepted = co_await accept_sides(&estate, progress, looks.data(), after(lane_answer));
        looks.push_back(std::move(accepted));
    }
    record_comparison(session->config, progress, equal, looks);
    if (session->options.json) {
        print_json(document);
        co_return equal ? Exit::done : Exit::failed;
    }
    std::size_t tables = 0;
    for (const auto& comparison : comparisons) {
        tables += comparison.tables.size();
        for (const auto& table : comparison.tables) {
            for (const auto& difference : table.differences) {
                terminal.say(fmt::format(
                    "  {:<9} {}: {} {}{}", difference.kind, table.database, table.name, difference.key,
                    difference.script.empty() ? "" : "  by migration " + difference.script));
            }
        }
        for (const auto& words : replication::migrated_in_words(comparison)) {
            terminal.say("  migrated  " + words + ": inserted by migrations, on green only");
        }
    }
    terminal.say(fmt::format("{} rows in {} tables compared: {}", document.at("rows").as_int64(), tables,
                             equal ? "equal on both sides" : "the sides differ"));
    if (doubt) {
        terminal.say(equal ? "What the sides are now is accepted: the run goes on."
                           : "No switch in any direction until they are equal:   " + doubt->hint);
    }
    co_return equal ? Exit::done : Exit::failed;
}

Task<Exit> run_serve(Session* session) {
    if (session->config.metrics.empty()) {
        throw Error(ErrorCode::config, "", "serve needs an address",
                    "set listen = \"127.0.0.1:9187\" in [metrics]");
    }
    health::Metrics metrics(session->config.run, std::string(version));
    auto latest = std::make_shared<std::string>("{}");
    auto executor = co_await asio::this_coro::executor;
    health::Endpoint endpoint(
        executor, session->config.metrics, [&metrics] { return metrics.text(); },
        [latest] { return *latest; });
    Terminal terminal(session->options.json ? stderr : stdout, session->options.quiet);
    terminal.say("serving http://" + session->config.metrics +
                 "/metrics and /status; following the run every 2 s");
    auto stop = std::make_shared<bool>(false);
    asio::co_spawn(executor, wait_for_signal(stop), asio::detached);
    int round = 0;
    bool warned = false;
    bool doubted = false;
    std::optional<SwitchBack> way_back;
    while (!*stop) {
        if (round % 15 == 0) {
            way_back.reset();
        }
        const auto progress = peek_progress(session->config);
        const auto status =
            co_await read_status(session->estate.get(), progress, after(std::chrono::seconds(15)), way_back,
                                 bound_servers(session->config));
        way_back = status.switch_back;
        if (status.superseded && !warned) {
            spdlog::warn("{}: {}; until then pgteal_serving is 0 for both sides", status.superseded->message,
                         status.superseded->hint);
        }
        warned = status.superseded.has_value();
        const auto doubt = status.doubt();
        if (doubt && !doubted) {
            spdlog::error("the comparison is void: {}. No switch in any direction until this is settled: {}",
                          doubt->message, doubt->hint);
        }
        doubted = doubt.has_value();
        publish(status, metrics);
        metrics.step(step_words(progress));
        *latest = boost::json::serialize(to_json(status));
        // Between commands only: during a switchover the slots are not ours to move.
        if (++round % 15 == 0 && progress.active && progress.prepared && !progress.attempt &&
            !progress.finishing && !progress.removing && !status.superseded) {
            co_await freshen(session->estate.get(), other(progress.serving));
        }
        for (int i = 0; i < 20 && !*stop; ++i) {
            co_await sleep_for(std::chrono::milliseconds(100));
        }
    }
    co_return Exit::done;
}

} // namespace pgteal::cutover
