#include "cutover/look/side_looks.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "base/error.hpp"
#include "cutover/look/binding.hpp"
#include "postgres/quote.hpp"
#include "replication/marker/continuity.hpp"
#include "replication/marker/markers.hpp"
#include "replication/marker/positions.hpp"

namespace pgteal::cutover {

namespace {

constexpr std::array both_sides{Side::blue, Side::green};

/// Table pgteal.seen of one side.
struct SeenRows {
    bool known = false; ///< it was read, or there is none
    std::map<Side, SideRecord> rows;
};

Task<void> read_seen_rows(postgres::Server* server, std::string database, std::string run_id, SeenRows* seen,
                          Deadline deadline) {
    postgres::Params name{database};
    const auto exists =
        co_await server->exec("", "SELECT 1 FROM pg_database WHERE datname = $1", name, deadline);
    bool table = !exists.empty();
    if (table) {
        const auto found =
            co_await server->exec(database, "SELECT to_regclass('pgteal.seen') IS NOT NULL", {}, deadline);
        table = found.get<bool>(0, 0);
    }
    if (table) {
        postgres::Params run{run_id};
        const auto rows = co_await server->exec(database,
                                                "SELECT s.side, s.generation, s.timeline, s.flushed, "
                                                "s.token, s.at, s.doubt FROM pgteal.seen s JOIN "
                                                "pgteal.run r ON r.run_id = s.run_id WHERE s.run_id = $1",
                                                run, deadline);
        for (int i = 0; i < rows.rows(); ++i) {
            if (const auto side = parse_side(rows.text(i, 0))) {
                seen->rows[*side] = {rows.get<std::int64_t>(i, 1), std::string(rows.text(i, 2)),
                                     rows.get<Lsn>(i, 3),          rows.get<std::int64_t>(i, 4),
                                     std::string(rows.text(i, 5)), std::string(rows.text(i, 6))};
            }
        }
    }
    seen->known = true;
}

Task<void> try_seen_rows(postgres::Server* server, std::string database, std::string run_id, SeenRows* seen,
                         Deadline deadline) {
    try {
        co_await read_seen_rows(server, std::move(database), std::move(run_id), seen, deadline);
    } catch (const Error& error) {
        spdlog::debug("pgteal.seen on {}: {}", server->name(), error.what());
    }
}

/// The timeline is taken from the name of a WAL file: pg_control_checkpoint() has the old one until the first
/// checkpoint after a promotion.
constexpr const char* position =
    "SELECT s.system_identifier::text, pg_is_in_recovery(),"
    " CASE WHEN NOT pg_is_in_recovery() THEN substr(pg_walfile_name(pg_current_wal_flush_lsn()), 1, 8) END,"
    " CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_flush_lsn() END FROM pg_control_system() s";

Task<void> read_now(postgres::Server* server, std::string database, std::string run_id, std::string bound,
                    Side side, SideNow* now, SeenRows* seen, Deadline deadline) {
    try {
        const auto row = co_await server->exec("", position, {}, deadline);
        if (row.get<bool>(0, 1) || (!bound.empty() && bound != row.text(0, 0))) {
            co_return;
        }
        now->timeline = row.get<std::string>(0, 2);
        now->flushed = row.get<Lsn>(0, 3);
        co_await read_seen_rows(server, std::move(database), std::move(run_id), seen, deadline);
        now->token = seen->rows.contains(side) ? seen->rows.at(side).token : 0;
        now->answers = true;
    } catch (const Error& error) {
        spdlog::debug("{} was not looked at: {}", server->name(), error.what());
    }
}

struct Reading {
    std::map<Side, SeenRows> first; ///< what each side remembers of both
    std::map<Side, SeenRows> own;   ///< read after that: a row that the other side knows of has to be there
    std::map<Side, SideNow> now;
};

Task<Reading> read_both(Estate* estate, const Progress* progress, Deadline deadline) {
    const auto database = estate->config().database_names().front();
    const auto bound = bound_servers(estate->config());
    Reading reading;
    std::vector<Task<void>> firsts;
    for (const auto side : both_sides) {
        firsts.push_back(
            try_seen_rows(&estate->server(side), database, progress->run_id, &reading.first[side], deadline));
    }
    co_await all(std::move(firsts));
    std::vector<Task<void>> nows;
    for (const auto side : both_sides) {
        const auto found = bound.find(to_string(side));
        nows.push_back(read_now(&estate->server(side), database, progress->run_id,
                                found == bound.end() ? std::string() : found->second, side,
                                &reading.now[side], &reading.own[side], deadline));
    }
    co_await all(std::move(nows));
    co_return reading;
}

Task<void> read_lane_positions(Estate* estate, const Progress* progress, Side publisher,
                               std::vector<LaneNow>* out, Deadline deadline) {
    for (const auto& database : estate->config().database_names()) {
        const auto lanes = estate->lanes(publisher, database);
        try {
            const auto positions = co_await replication::read_positions(
                estate->server(publisher), estate->server(other(publisher)), lanes, deadline);
            for (std::size_t i = 0; i < lanes.size(); ++i) {
                const auto& one = positions[i];
                out->push_back({lanes[i].name(), publisher,
                                progress->prepared && publisher == progress->serving, one.confirmed,
                                one.applied, one.written});
            }
        } catch (const Error& error) {
            spdlog::debug("lanes of {} published by {}: {}", database, to_string(publisher), error.what());
        }
    }
}

/// Lanes in use that left something out. The serving side is asked whether or not the other one answers: a
/// slot that is gone now may be there again when it does.
Task<void> read_breaks(Estate* estate, Side serving, bool standing_answers, std::vector<Doubt>* out,
                       Deadline deadline) {
    for (const auto& database : estate->config().database_names()) {
        const auto lanes = estate->lanes(serving, database);
        try {
            const auto slots = co_await replication::look_at_slots(estate->server(serving), lanes, deadline);
            std::vector<std::string> gaps(lanes.size());
            if (standing_answers) {
                gaps = co_await replication::gaps_seen(estate->server(other(serving)), lanes, deadline);
            }
            for (std::size_t i = 0; i < lanes.size(); ++i) {
                if (auto doubt =
                        break_of(lanes[i].name(), serving, slots[i].slot, slots[i].made_anew, gaps[i])) {
                    out->push_back(std::move(*doubt));
                }
            }
        } catch (const Error& error) {
            spdlog::debug("lanes of {} that {} publishes: {}", database, to_string(serving), error.what());
        }
    }
}

/// What a side says of itself (`own`) takes its position as the commit finds it, which the commit's flush
/// covers: a crash right after it can't fall behind that. A row of an older generation changes nothing.
std::string write_text(const Progress& progress, Side side, const SideRecord& record, bool own) {
    const auto literal = [](const std::string& text) { return postgres::quote_literal(text); };
    return fmt::format(
        "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL synchronous_commit = local;\n"
        "INSERT INTO pgteal.seen AS s (side, run_id, generation, timeline, flushed, token, at, doubt)\n"
        "  SELECT {0}, r.run_id, {1}, {2}, {3}, {4}, {5}, {6} FROM pgteal.run r WHERE r.run_id = {7}\n"
        "  ON CONFLICT (side) DO UPDATE SET run_id = excluded.run_id, generation = excluded.generation,\n"
        "    timeline = excluded.timeline, at = excluded.at,\n"
        "    flushed = CASE WHEN s.run_id = excluded.run_id AND s.generation = excluded.generation THEN "
        "greatest(s.flushed, excluded.flushed) ELSE excluded.flushed END,\n"
        "    token = CASE WHEN s.run_id = excluded.run_id AND s.generation = excluded.generation THEN "
        "greatest(s.token, excluded.token) ELSE excluded.token END,\n"
        "    doubt = CASE WHEN s.run_id = excluded.run_id AND s.generation = excluded.generation AND s.doubt "
        "<> '' "
        "THEN s.doubt ELSE excluded.doubt END\n"
        "  WHERE s.run_id <> excluded.run_id OR excluded.generation >= s.generation\n"
        "  RETURNING s.flushed, s.token;\nCOMMIT",
        literal(to_string(side)), record.generation, literal(record.timeline),
        own ? "pg_current_wal_flush_lsn()" : literal(to_string(record.flushed)) + "::pg_lsn", record.token,
        literal(record.at), literal(record.doubt), literal(progress.run_id));
}

/// First on the side itself, then, once it is flushed there, on the other one: false when it did not come so
/// far. A doubt (not its `own` word) goes wherever it can.
Task<bool> write_record(Estate* estate, const Progress* progress, Side side, bool own, SideRecord* record,
                        Deadline deadline) {
    const auto database = estate->config().database_names().front();
    try {
        const auto text = write_text(*progress, side, *record, own);
        const auto results = co_await estate->server(side).script(database, text, deadline);
        const auto& row = results.at(2);
        if (own && row.empty()) {
            co_return false; // of a generation that is over
        }
        if (own) {
            record->flushed = row.get<Lsn>(0, 0);
            record->token = row.get<std::int64_t>(0, 1);
        }
    } catch (const Error& error) {
        spdlog::debug("{} was not noted on itself: {}", to_string(side), error.what());
        if (own) {
            co_return false;
        }
    }
    try {
        const auto text = write_text(*progress, side, *record, false);
        co_await estate->server(other(side)).script(database, text, deadline);
    } catch (const Error& error) {
        spdlog::debug("{} was not noted on the other side: {}", to_string(side), error.what());
    }
    co_return true;
}

SideRecord fresh(const SideRecord& before, const SideNow& now) {
    SideRecord record = before;
    record.timeline = now.timeline;
    record.flushed = std::max(before.flushed, now.flushed);
    record.token = std::max(replication::next_token(), before.token + 1);
    record.at = utc_now();
    return record;
}

bool doubted(const SeenRows& seen, Side side) {
    const auto found = seen.rows.find(side);
    return found != seen.rows.end() && !found->second.doubt.empty();
}

void add_doubt(std::vector<Doubt>* doubts, Doubt doubt) {
    const bool known = std::any_of(doubts->begin(), doubts->end(),
                                   [&doubt](const auto& one) { return one.side == doubt.side; });
    if (!known) {
        doubts->push_back(std::move(doubt));
    }
}

} // namespace

std::map<Side, SideRecord> seen_in_run(const Journal& journal, const std::string& run_id) {
    auto seen = journal.recall(sides_seen).value_or(SidesSeen{});
    return seen.run_id == run_id ? std::move(seen.sides) : std::map<Side, SideRecord>{};
}

bool worth_a_look(const Progress& progress) {
    return progress.active && progress.step(StepId::schema).done && !progress.attempt && !progress.removing &&
           !progress.finishing;
}

Task<Looked> look_at_sides(Estate* estate, Progress progress, Deadline deadline) {
    Looked looked;
    if (!worth_a_look(progress)) {
        co_return looked;
    }
    // Like the other side's word, before the side's own.
    const auto& config = estate->config();
    const auto journal = Journal::peek(config.state, config.run);
    const auto seen = journal ? seen_in_run(*journal, progress.run_id) : std::map<Side, SideRecord>{};
    const auto reading = co_await read_both(estate, &progress, deadline);
    looked.now = reading.now;
    std::map<Side, std::optional<SideRecord>> remembered;
    for (const auto side : both_sides) {
        std::vector<SideRecord> records;
        if (const auto record = seen.find(side); record != seen.end()) {
            records.push_back(record->second);
        }
        for (const auto* rows :
             {&reading.first.at(other(side)), &reading.first.at(side), &reading.own.at(side)}) {
            if (const auto found = rows->rows.find(side); found != rows->rows.end()) {
                records.push_back(found->second);
            }
        }
        remembered[side] = merged(records);
        if (!remembered[side]) {
            continue;
        }
        if (!remembered[side]->doubt.empty()) {
            add_doubt(&looked.doubts, {side, remembered[side]->doubt});
        } else if (auto what = went_back(side, *remembered[side], looked.now.at(side)); !what.empty()) {
            add_doubt(&looked.doubts, {side, std::move(what)});
        }
    }
    if (progress.prepared && looked.now.at(progress.serving).answers) {
        std::vector<Doubt> breaks;
        co_await read_breaks(estate, progress.serving, looked.now.at(other(progress.serving)).answers,
                             &breaks, deadline);
        for (auto& one : breaks) {
            add_doubt(&looked.doubts, std::move(one));
        }
    }
    if (looked.now.at(Side::blue).answers && looked.now.at(Side::green).answers) {
        std::vector<LaneNow> lanes;
        // Of the direction in use: whenever the other one is turned its origin and slots are set anew, and
        // until then they can't tell a side that was put back from one that a comparison has accepted since.
        co_await read_lane_positions(estate, &progress, progress.serving, &lanes, deadline);
        for (const auto& lane : lanes) {
            looked.ahead = looked.ahead || subscriber_ahead(lane);
            if (auto doubt = contradiction(lane)) {
                add_doubt(&looked.doubts, std::move(*doubt));
            }
        }
    }
    for (const auto side : both_sides) {
        const auto& now = looked.now.at(side);
        auto& record = remembered[side];
        const auto doubt = std::find_if(looked.doubts.begin(), looked.doubts.end(),
                                        [side](const auto& one) { return one.side == side; });
        if (doubt != looked.doubts.end()) {
            record = record ? record : fresh({}, now);
            record->doubt = doubt->what;
            if (!doubted(reading.own.at(side), side) || !doubted(reading.first.at(other(side)), side)) {
                co_await write_record(estate, &progress, side, false, &*record, deadline);
            }
        } else if (now.answers) {
            auto next = fresh(record.value_or(SideRecord{}), now);
            const bool written = co_await write_record(estate, &progress, side, true, &next, deadline);
            if (written) {
                record = std::move(next);
            }
        }
        if (record) {
            looked.records[side] = *record;
        }
    }
    co_return looked;
}

Task<Looked> accept_sides(Estate* estate, Progress progress, const Looked* before, Deadline deadline) {
    const auto reading = co_await read_both(estate, &progress, deadline);
    Looked looked;
    looked.now = reading.now;
    std::int64_t generation = 0;
    for (const auto& [side, record] : before->records) {
        generation = std::max(generation, record.generation);
    }
    for (const auto side : both_sides) {
        const auto& was = before->now.at(side);
        const auto& now = reading.now.at(side);
        const auto what = went_back(side, SideRecord{0, was.timeline, was.flushed, was.token, {}, {}}, now);
        if (!was.answers || !now.answers || !what.empty()) {
            throw Error(ErrorCode::conflict, to_string(side),
                        what.empty() ? to_string(side) + " did not answer as a primary all the time" : what,
                        "once it stays as it is: pgteal compare");
        }
    }
    for (const auto& database : estate->config().databases) {
        for (const auto side : both_sides) {
            const auto forget = replication::forget_breaks(database.name, database.lanes);
            co_await estate->server(side).script(database.name, forget.text.plain(), deadline);
        }
    }
    for (const auto side : both_sides) {
        const auto found = before->records.find(side);
        auto record =
            fresh(found == before->records.end() ? SideRecord{} : found->second, reading.now.at(side));
        record.generation = generation + 1;
        record.flushed = reading.now.at(side).flushed; // what was higher before is given up
        record.doubt.clear();
        const bool written = co_await write_record(estate, &progress, side, true, &record, deadline);
        if (!written) {
            throw Error(ErrorCode::conflict, to_string(side),
                        "the result could not be written to " + to_string(side), "pgteal compare");
        }
        looked.records[side] = std::move(record);
    }
    co_return looked;
}

} // namespace pgteal::cutover
