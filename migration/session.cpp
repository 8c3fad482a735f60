#include "migration/session.hpp"

#include <algorithm>
#include <thread>

#include "migration/sql.hpp"
#include "migration/text.hpp"
#include "postgres/quote.hpp"

namespace pgteal::migration {

namespace {

using namespace std::chrono_literals;

constexpr int lock_key = 0x70677465; // "pgte"

/// Every session's settings travel as startup options, so that RESET ALL and DISCARD ALL in a migration
/// return to them. The keepalives end the wait for a server that vanished without a word.
postgres::Dsn with_settings(const postgres::Dsn& dsn, const std::string& role,
                            const SessionSettings& settings) {
    const auto own = dsn.get("options").value_or("");
    auto result =
        dsn.with("options",
                 own + (own.empty() ? "" : " ") + "-c default_transaction_read_only=off -c pgteal.ddl=on" +
                     " -c lock_timeout=" + std::to_string(settings.lock_timeout.count()) +
                     " -c statement_timeout=" + std::to_string(settings.statement_timeout.count()) +
                     " -c client_min_messages=warning -c idle_in_transaction_session_timeout=0"
                     " -c quote_all_identifiers=off")
            .with("client_encoding", "UTF8")
            .with("application_name", "pgteal " + role);
    const std::pair<std::string_view, std::string_view> defaults[] = {{"connect_timeout", "10"},
                                                                      {"keepalives_idle", "30"},
                                                                      {"keepalives_interval", "10"},
                                                                      {"keepalives_count", "3"},
                                                                      {"tcp_user_timeout", "60000"}};
    for (const auto& [keyword, value] : defaults) {
        if (!result.get(keyword)) {
            result = result.with(keyword, value);
        }
    }
    return result;
}

} // namespace

Session::Session(const postgres::Dsn& dsn, const std::string& role, const SessionSettings& settings)
    : settings_(settings), address_(dsn.address()) {
    try {
        connection_ = std::make_unique<pqxx::connection>(with_settings(dsn, role, settings).conninfo());
        // As role pgteal, "$user" would be pgteal's own control schema, which goes when the run ends.
        pqxx::nontransaction(*connection_)
            .exec(
                "SELECT pg_catalog.set_config('search_path', pg_catalog.array_to_string(ARRAY(SELECT e FROM "
                "pg_catalog.unnest(pg_catalog.string_to_array(pg_catalog.current_setting('search_path'), "
                "',')) "
                "WITH ORDINALITY AS t(e, n) WHERE pg_catalog.btrim(e) <> '\"$user\"' ORDER BY n), ','), "
                "false) "
                "WHERE session_user = 'pgteal'");
    } catch (const pqxx::failure& error) {
        throw Error(
            ErrorCode::unreachable, settings.side,
            settings.side + " (" + address_ +
                ") can't be reached: " + read_server_message(error.what()).message,
            "Clients are not affected. See that it runs and takes the login, then run the command again.");
    }
}

pqxx::result Session::run(const std::string& sql) {
    Failure what;
    try {
        pqxx::nontransaction work(*connection_);
        return work.exec(sql);
    } catch (...) {
        what = failure(true);
    }
    const auto where = settings_.side + " (" + address_ + "): ";
    const std::string next = "Clients are not affected. Mend that, then run " + settings_.again +
                             " again: it goes on from the history.";
    if (what.kind == Failure::Kind::refused) {
        throw ServerError(settings_.side, where + what.said.message, what.sqlstate, next, what.said.detail);
    }
    throw Error(ErrorCode::connection_lost, settings_.side, where + what.said.message, next);
}

std::optional<int> Session::lock(ApplyLock which, std::chrono::milliseconds patience) {
    const auto keys = std::to_string(lock_key) + ", " + std::to_string(static_cast<int>(which));
    const auto give_up = std::chrono::steady_clock::now() + patience;
    for (;;) {
        if (run("SELECT pg_catalog.pg_try_advisory_lock(" + keys + ")").at(0).at(0).as<bool>()) {
            return std::nullopt;
        }
        if (std::chrono::steady_clock::now() >= give_up) {
            break;
        }
        std::this_thread::sleep_for(100ms);
    }
    const auto holders = run(bind(sql::lock_holder, {{"key", std::to_string(lock_key)},
                                                     {"lock", std::to_string(static_cast<int>(which))}}));
    return holders.empty() ? 0 : holders.at(0).at("pid").as<int>();
}

Failure Session::failure(bool sent_commit) {
    Failure result;
    const auto lost = sent_commit ? Failure::Kind::in_doubt : Failure::Kind::lost;
    try {
        throw;
    } catch (const pqxx::in_doubt_error& error) {
        result = {Failure::Kind::in_doubt, "", read_server_message(error.what())};
    } catch (const pqxx::broken_connection& error) {
        result = {lost, "", read_server_message(error.what())};
    } catch (const pqxx::deadlock_detected& error) {
        // No sqlstate in libpqxx 6, where this is no sql_error.
        result = {Failure::Kind::refused, "40P01", read_server_message(error.what())};
    } catch (const pqxx::insufficient_privilege& error) {
        // libpqxx 6 knows the class by its sqlstate, and then forgets that.
        result = {Failure::Kind::refused, "42501", read_server_message(error.what())};
    } catch (const pqxx::sql_error& error) {
        result = {connection_->is_open() ? Failure::Kind::refused : lost, error.sqlstate(),
                  read_server_message(error.what())};
    } catch (const pqxx::failure& error) {
        result = {connection_->is_open() ? Failure::Kind::refused : lost, "",
                  read_server_message(error.what())};
    }
    // Without a sqlstate it was libpq or libpqxx that spoke, of what it met next on the closed connection.
    if (result.kind != Failure::Kind::refused && result.sqlstate.empty()) {
        result.said = {"the connection broke", "", 0};
    }
    return result;
}

std::string bind(std::string_view sql,
                 std::initializer_list<std::pair<std::string_view, std::string>> values) {
    return migration::bind(sql, std::vector<std::pair<std::string_view, std::string>>(values));
}

std::string bind(std::string_view sql, const std::vector<std::pair<std::string_view, std::string>>& values) {
    std::string result;
    while (!sql.empty()) {
        const auto mark = std::min({sql.find(":'"), sql.find(":\""), sql.size()});
        result += sql.substr(0, mark);
        sql.remove_prefix(mark);
        if (sql.empty()) {
            break;
        }
        const char quote = sql[1];
        const auto name = sql.substr(2, sql.find(quote, 2) - 2);
        const auto value =
            std::find_if(values.begin(), values.end(), [&](const auto& pair) { return pair.first == name; });
        if (value == values.end()) {
            throw Error(ErrorCode::internal, "",
                        "no value for :'" + std::string(name) + "' in a query of migration/");
        }
        result +=
            quote == '"' ? postgres::quote_identifier(value->second) : postgres::quote_literal(value->second);
        sql.remove_prefix(name.size() + 3);
    }
    return result;
}

} // namespace pgteal::migration
