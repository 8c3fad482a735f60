#include "cutover/fence/run_state.hpp"

#include "cutover/fence/run_row.hpp"
#include "postgres/quote.hpp"

namespace pgteal::cutover {

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

postgres::Statement milestone(const std::string& database, StepId step) {
    return milestone(database, name_of(step));
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
    const auto limits = journal.recall(facts::limits).value_or(facts::ByName<int>{});
    const auto limit = limits.find(database);
    return limit == limits.end() ? -1 : limit->second;
}

std::string lift_fence(const Journal& journal, const std::string& database) {
    const auto settings = journal.recall(facts::read_only_settings);
    const auto setting = settings ? settings->find(database) : decltype(settings->end()){};
    return past_lockers(lift_fence_text(database, recorded_limit(journal, database),
                                        settings && setting != settings->end() ? setting->second : ""));
}

} // namespace pgteal::cutover
