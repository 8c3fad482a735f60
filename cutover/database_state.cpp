#include "cutover/database_state.hpp"

#include "postgres/quote.hpp"
#include "replication/clone.hpp"
#include "replication/roles.hpp"

namespace pgteal::cutover {

namespace {

/// The applications' own settings, which have a dot in their name, may hold secrets.
std::string shown(const std::string& statement) {
    const auto set = statement.find(" SET ");
    const auto to = set == std::string::npos ? set : statement.find(" TO ", set);
    const bool own = to != std::string::npos && statement.find('.', set) < to;
    return own ? statement.substr(0, to) + " TO ... (the value is not shown)" : statement;
}

} // namespace

Task<DatabaseState> read_database_state(postgres::Server* server, std::string database, Deadline deadline) {
    const auto properties = co_await replication::read_database(*server, database, deadline);
    const auto roles = co_await replication::read_roles(*server, deadline);
    const std::vector<std::string> names(1, database);
    DatabaseState state;
    state.insert("ALTER DATABASE " + postgres::quote_identifier(database) + " OWNER TO " +
                 postgres::quote_identifier(properties.owner));
    const auto made = replication::create_database(properties);
    for (std::size_t i = 1; i < made.size(); ++i) { // after CREATE DATABASE itself
        state.insert(made[i].text);
    }
    for (const auto& statement : replication::plan_database_settings(roles, names)) {
        state.insert(statement.text);
    }
    co_return state;
}

std::optional<Refusal> judge_database_state(const std::string& database, const Move& move,
                                            const DatabaseState& recorded, const DatabaseState& from,
                                            const DatabaseState& to) {
    const auto there = to_string(move.to);
    const auto changed = "database " + database + " on " + to_string(move.from) +
                         " was changed since the run was prepared, and on " + there + " it is not so: ";
    for (const auto& statement : from) {
        if (!recorded.contains(statement) && !to.contains(statement)) {
            return Refusal{there, changed + shown(statement), "on " + there + ": " + shown(statement)};
        }
    }
    for (const auto& statement : recorded) {
        if (!from.contains(statement) && to.contains(statement)) {
            return Refusal{there, changed + "no longer " + shown(statement),
                           "take it back on " + there + " too"};
        }
    }
    return std::nullopt;
}

Task<std::optional<Refusal>> changed_database(Context* context, Move move, std::string database,
                                              Deadline deadline) {
    const auto known = context->journal.fact("database_state " + database);
    if (!known.is_object()) { // of a run that an earlier version prepared
        co_return std::nullopt;
    }
    DatabaseState recorded;
    for (const auto& one : known.as_object().at(to_string(move.from)).as_array()) {
        recorded.insert(std::string(one.as_string()));
    }
    const auto here = co_await read_database_state(&context->estate.server(move.from), database, deadline);
    const auto there = co_await read_database_state(&context->estate.server(move.to), database, deadline);
    auto changed = judge_database_state(database, move, recorded, here, there);
    co_return changed;
}

} // namespace pgteal::cutover
