#include "cutover/context.hpp"

#include "cutover/changed_schema.hpp"
#include "cutover/run_row.hpp"

#include "postgres/error.hpp"
#include "postgres/quote.hpp"
#include "replication/partitions.hpp"

namespace pgteal::cutover {

Progress Context::progress() const { return progress_of(journal.events(), last_prepare_step); }

bool Context::begun(const std::string& step) const {
    const auto now = progress();
    const auto found = now.steps.find(step);
    return now.active && found != now.steps.end() && found->second.intent;
}

namespace {

/// Whether this table of schema pgteal is there and a superuser's, as its schema is. Another's view of that
/// name would run code of his in our session.
std::string owned_by_superuser(const std::string& table) {
    return "SELECT EXISTS (SELECT FROM pg_catalog.pg_class c"
           " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
           " JOIN pg_catalog.pg_roles o ON o.oid = c.relowner AND o.rolsuper"
           " JOIN pg_catalog.pg_roles s ON s.oid = n.nspowner AND s.rolsuper"
           " WHERE n.nspname = 'pgteal' AND c.relkind = 'r' AND c.relname = " +
           postgres::quote_literal(table) + ")";
}

} // namespace

Task<RunRow> read_run_row(postgres::Server* server, std::string database, Deadline deadline) {
    std::string ours = owned_by_superuser("run");
    auto exists = co_await server->exec(database, std::move(ours), {}, deadline);
    RunRow row;
    if (!exists.get<bool>(0, 0)) {
        co_return row;
    }
    auto result =
        co_await server->exec(database, "SELECT run_id, epoch, serving FROM pgteal.run", {}, deadline);
    if (!result.empty() && !result.is_null(0, 0)) {
        row.present = true;
        row.run_id = result.get<std::string>(0, 0);
        row.epoch = result.get<std::optional<std::int64_t>>(0, 1).value_or(0);
        row.serving = result.get<std::optional<std::string>>(0, 2).value_or("");
    }
    co_return row;
}

Task<std::set<std::string>> milestones(postgres::Server* green, std::string database, Deadline deadline) {
    std::set<std::string> found;
    postgres::Params name{database};
    auto exists = co_await green->exec("", "SELECT 1 FROM pg_database WHERE datname = $1", name, deadline);
    if (exists.empty()) {
        co_return found;
    }
    std::string ours = owned_by_superuser("progress");
    auto table = co_await green->exec(database, std::move(ours), {}, deadline);
    if (!table.get<bool>(0, 0)) {
        co_return found;
    }
    auto rows = co_await green->exec(database, "SELECT step FROM pgteal.progress", {}, deadline);
    for (int i = 0; i < rows.rows(); ++i) {
        found.insert(rows.get<std::string>(i, 0));
    }
    co_return found;
}

postgres::Statement milestone(const std::string& database, const std::string& what) {
    return {database,
            "INSERT INTO pgteal.progress (step) VALUES (" + postgres::quote_literal(what) +
                ") ON CONFLICT DO NOTHING",
            {}};
}

Task<std::vector<replication::Table>> tables_on(postgres::Server* server, std::string database,
                                                Deadline deadline) {
    auto session = co_await server->session(database, deadline);
    auto tables = co_await replication::read_tables(*session, deadline);
    co_return tables;
}

namespace {

Task<replication::LaneState> lane_state(Estate* estate, replication::Lane lane, Deadline deadline) {
    const auto publisher = *parse_side(lane.publisher);
    auto state = co_await replication::read_lane(estate->server(publisher), estate->server(other(publisher)),
                                                 lane, deadline);
    co_return state;
}

} // namespace

Task<bool> carries_partitions(Context* context, std::string database, Deadline deadline) {
    if (context->estate.config().carry_partitions) {
        co_return true;
    }
    // A run goes on as it began.
    const bool carried = co_await replication::carries_partitions(context->estate.server(Side::blue),
                                                                  std::move(database), deadline);
    co_return carried;
}

Task<std::vector<replication::LaneState>> lane_states(Estate* estate, Side publisher, Deadline deadline) {
    std::vector<Task<replication::LaneState>> reads;
    for (const auto& lane : estate->lanes(publisher)) {
        reads.push_back(lane_state(estate, lane, deadline));
    }
    auto states = co_await all(std::move(reads));
    co_return states;
}

namespace {

/// Of versions before 0.2, without a version in front.
Task<std::string> fingerprint_of_tables(Estate* estate, Side side, Deadline deadline) {
    std::string text;
    for (const auto& database : estate->config().databases) {
        auto tables = co_await tables_on(&estate->server(side), database.name, deadline);
        text += database.name + "\n";
        for (const auto& table : tables) {
            text += table.qualified();
            for (const auto& column : table.columns) {
                text += " " + postgres::quote_identifier(column.name) + ":" + column.type +
                        (column.generated ? ":g" : "") + (column.in_key ? ":k" : "");
            }
            text += "\n";
        }
    }
    co_return pooler::content_hash(text);
}

Task<std::string> schema_of(Estate* estate, Side side, std::string database, int version, Deadline deadline) {
    const auto objects = co_await schema_objects(estate, side, database, deadline);
    co_return database + "\n" + migration::schema::fingerprint(objects, version) + "\n";
}

} // namespace

int fingerprint_version_of(const std::string& recorded) {
    return recorded.empty()             ? migration::schema::fingerprint_version
           : recorded.starts_with("3:") ? 3
           : recorded.starts_with("2:") ? 2
                                        : 0;
}

Task<std::string> fingerprint(Estate* estate, Side side, Deadline deadline, std::string recorded) {
    const int version = fingerprint_version_of(recorded);
    if (version == 0) {
        auto of_tables = co_await fingerprint_of_tables(estate, side, deadline);
        co_return of_tables;
    }
    std::vector<Task<std::string>> reads;
    for (const auto& database : estate->config().databases) {
        reads.push_back(schema_of(estate, side, database.name, version, deadline));
    }
    std::string text;
    for (const auto& one : co_await all(std::move(reads))) {
        text += one;
    }
    co_return std::to_string(version) + ":" + pooler::content_hash(text);
}

Task<FenceState> read_fence(postgres::Server* server, std::string database, Deadline deadline) {
    postgres::Params name{database};
    auto result = co_await server->exec(
        "",
        "SELECT d.datconnlimit, COALESCE('default_transaction_read_only=on' = ANY (s.setconfig), false),"
        " COALESCE((SELECT split_part(c, '=', 2) FROM unnest(s.setconfig) AS c WHERE c LIKE "
        "'default_transaction_read_only=%'), '')"
        " FROM pg_database d LEFT JOIN pg_db_role_setting s ON s.setdatabase = d.oid AND s.setrole = 0"
        " WHERE d.datname = $1",
        name, deadline);
    FenceState state;
    if (!result.empty()) {
        state.connection_limit = result.get<int>(0, 0);
        state.read_only = result.get<bool>(0, 1);
        state.setting = result.get<std::string>(0, 2);
    }
    co_return state;
}

int recorded_limit(const Journal& journal, const std::string& database) {
    const auto limits = journal.fact("limits");
    if (limits.is_object()) {
        if (const auto* limit = limits.as_object().if_contains(database);
            limit != nullptr && limit->is_int64()) {
            return static_cast<int>(limit->as_int64());
        }
    }
    return -1;
}

std::string lift_fence(const Journal& journal, const std::string& database) {
    const auto settings = journal.fact("read_only_settings");
    const auto* setting = settings.is_object() ? settings.as_object().if_contains(database) : nullptr;
    return past_lockers(
        lift_fence_text(database, recorded_limit(journal, database),
                        setting != nullptr ? std::string(setting->as_string()) : std::string()));
}

Progress peek_progress(const Config& config) {
    const auto journal = Journal::peek(config.state, config.run);
    return journal ? progress_of(journal->events(), last_prepare_step) : Progress{};
}

} // namespace pgteal::cutover
