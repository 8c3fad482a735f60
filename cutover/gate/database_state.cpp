#include "cutover/gate/database_state.hpp"

#include <algorithm>

#include <boost/algorithm/string/join.hpp>

#include "catalog/setting_text.hpp"
#include "cutover/record/digest.hpp"
#include "postgres/quote.hpp"
#include "replication/clone/clone.hpp"
#include "replication/clone/roles.hpp"

namespace pgteal::cutover {

namespace {

/// Between what stands for a hidden value and its digest.
constexpr std::string_view mark = "'#";

/// Hidden values only as a digest: the state goes into the journal.
std::string recorded(const postgres::SqlText& statement) {
    return statement.display([](const std::string& value) { return "#" + sha256(value).substr(0, 16); });
}

std::string shown(const std::string& statement) {
    const auto at = statement.rfind(mark);
    return at == std::string::npos ? statement : statement.substr(0, at + 1) + " (the value is not shown)";
}

/// `word` outside quotes; npos when there is none.
std::size_t find_word(const std::string& statement, const std::string& word) {
    bool quoted = false;
    for (std::size_t i = 0; i < statement.size(); ++i) {
        quoted = quoted != (statement[i] == '"');
        if (!quoted && statement.compare(i, word.size(), word) == 0) {
            return i;
        }
    }
    return std::string::npos;
}

/// ALTER ROLE or ALTER DATABASE … SET.
bool is_setting(const std::string& statement) {
    return statement.starts_with("ALTER ") && find_word(statement, " SET ") != std::string::npos;
}

/// ALTER … SET a TO b as ALTER … RESET a.
std::string reset(const std::string& statement) {
    const auto set = find_word(statement, " SET ");
    const auto to = find_word(statement, " TO ");
    return statement.substr(0, set) + " RESET " + statement.substr(set + 5, to - set - 5);
}

/// The standing side's databases are read-only to whoever comes.
std::string typed_on(const std::string& side, const std::string& statement) {
    return "on " + side + ":  SET default_transaction_read_only = off;  " + statement + ";";
}

/// In one spelling, whatever was typed.
bool is_read_only(const std::string& statement) {
    return is_setting(statement) && (statement.ends_with("\"default_transaction_read_only\" TO 'on'") ||
                                     statement.ends_with("\"transaction_read_only\" TO 'on'"));
}

/// The words that a server takes for true become one: the catalog keeps what was typed.
std::string value_of(const std::string& name, const std::string& value) {
    const auto lower = [](std::string text) {
        std::transform(text.begin(), text.end(), text.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        return text;
    };
    if (!lower(name).ends_with("transaction_read_only")) {
        return value;
    }
    const auto word = lower(value);
    const std::string yes = "yes";
    const std::string truth = "true";
    const bool on =
        word == "on" || word == "1" || (!word.empty() && (yes.starts_with(word) || truth.starts_with(word)));
    return on ? "on" : "off";
}

using Settings = std::vector<std::pair<std::string, std::string>>;

void add_settings(DatabaseState* state, const std::string& whose, const Settings& settings) {
    for (const auto& [name, value] : settings) {
        state->insert(
            recorded("ALTER " + whose + " SET " + postgres::setting_text(name, value_of(name, value))));
    }
}

} // namespace

Task<DatabaseState> read_database_state(postgres::Server* server, std::string database, Deadline deadline,
                                        const std::set<std::string>* known) {
    const auto properties = co_await replication::read_database(*server, database, deadline);
    const auto roles = co_await replication::read_roles(*server, deadline);
    DatabaseState state;
    state.insert("ALTER DATABASE " + postgres::quote_identifier(database) + " OWNER TO " +
                 postgres::quote_identifier(properties.owner));
    const auto made = replication::create_database(properties);
    for (std::size_t i = 1; i < made.size(); ++i) { // after CREATE DATABASE itself
        state.insert(recorded(made[i].text));
    }
    add_settings(&state, "ROLE ALL", roles.settings_for_all);
    auto all_roles = roles.roles;
    all_roles.push_back(roles.bootstrap_role);
    for (const auto& role : all_roles) {
        if (role.name == server->dsn().get("user").value_or("") ||
            (known != nullptr && !known->contains(role.name))) {
            continue;
        }
        const auto whose = "ROLE " + postgres::quote_identifier(role.name);
        if (role.name != roles.bootstrap) { // which no run carries
            add_settings(&state, whose, role.settings);
        }
        for (const auto& [where, settings] : role.database_settings) {
            if (where == database) {
                add_settings(&state, whose + " IN DATABASE " + postgres::quote_identifier(database),
                             settings);
            }
        }
    }
    co_return state;
}

DatabaseState without_rights(DatabaseState state) {
    std::erase_if(state, [](const auto& statement) {
        return statement.starts_with("GRANT ") || statement.starts_with("REVOKE ") ||
               statement.starts_with("COMMENT ");
    });
    return state;
}

std::optional<StateChange> judge_database_state(const std::string& database, const Move& move,
                                                const DatabaseState& recorded_from,
                                                const DatabaseState& recorded_to, const DatabaseState& from,
                                                const DatabaseState& to) {
    const auto here = to_string(move.from);
    const auto there = to_string(move.to);
    for (const auto& statement : to) {
        if (is_read_only(statement) && !from.contains(statement)) {
            return StateChange{{there,
                                "clients could not write to database " + database + " on " + there + ": " +
                                    statement + " holds there, and not on " + here,
                                typed_on(there, reset(statement))},
                               true};
        }
    }
    const auto changed = "database " + database + " on " + here +
                         " was changed since the run was prepared, and on " + there + " it is not so: ";
    std::vector<std::string> missing;
    for (const auto& statement : from) {
        if (!recorded_from.contains(statement) && !to.contains(statement)) {
            missing.push_back(shown(statement));
        }
    }
    if (!missing.empty()) {
        return StateChange{{there, changed + boost::algorithm::join(missing, ", "),
                            typed_on(there, boost::algorithm::join(missing, ";  "))}};
    }
    for (const auto& statement : recorded_from) {
        if (!from.contains(statement) && to.contains(statement)) {
            return StateChange{{there, changed + "no longer " + shown(statement),
                                is_setting(statement) ? typed_on(there, reset(statement))
                                                      : "take it back on " + there + " too"}};
        }
    }
    const auto alone = "what clients of database " + database + " live with on " + there +
                       " was changed since the run was prepared, and is not so on " + here + ": ";
    for (const auto& statement : recorded_to) {
        if (is_setting(statement) && !to.contains(statement) && from.contains(statement)) {
            return StateChange{
                {there, alone + "no longer " + shown(statement), typed_on(there, shown(statement))}};
        }
    }
    for (const auto& statement : to) {
        if (is_setting(statement) && !recorded_to.contains(statement) && !from.contains(statement)) {
            return StateChange{{there, alone + shown(statement), typed_on(there, reset(statement))}};
        }
    }
    return std::nullopt;
}

Task<std::optional<StateChange>> changed_database(Estate* estate, const Journal* journal, Move move,
                                                  std::string database, Deadline deadline) {
    const auto recorded = [&](Side side) {
        return journal->recall(facts::database_state, facts::database_state.of(side, database));
    };
    const auto recorded_from = recorded(move.from);
    const auto recorded_to = recorded(move.to);
    if (!recorded_from || !recorded_to) { // prepare has not ended
        co_return std::nullopt;
    }
    const auto roles = co_await replication::read_roles(estate->server(move.from), deadline);
    std::set<std::string> known{roles.bootstrap};
    for (const auto& role : roles.roles) {
        known.insert(role.name);
    }
    const auto carried = co_await replication::read_roles(estate->server(move.to), deadline);
    std::erase_if(known, [&carried, &roles](const auto& name) {
        return name != roles.bootstrap && name != carried.bootstrap &&
               std::none_of(carried.roles.begin(), carried.roles.end(),
                            [&name](const auto& role) { return role.name == name; });
    });
    const auto here = co_await read_database_state(&estate->server(move.from), database, deadline, &known);
    const auto there = co_await read_database_state(&estate->server(move.to), database, deadline, &known);
    auto changed =
        judge_database_state(database, move, without_rights(*recorded_from), without_rights(*recorded_to),
                             without_rights(here), without_rights(there));
    co_return changed;
}

} // namespace pgteal::cutover
