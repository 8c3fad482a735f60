#include "migration/apply/session.hpp"

#include <algorithm>
#include <thread>

#include "migration/apply/sql.hpp"
#include "migration/files/text.hpp"
#include "postgres/quote.hpp"

namespace pgteal::migration {

namespace {

using namespace std::chrono_literals;

constexpr int lock_key = 0x70677465; // "pgte"

/// The settings travel as startup options, so that RESET ALL and DISCARD ALL in a migration return to them.
/// The keepalives end the wait for a server that vanished without a word.
postgres::Dsn with_settings(const postgres::Dsn& dsn, const std::string& role,
                            const SessionSettings& settings, postgres::Purpose purpose) {
    const auto limits = "-c lock_timeout=" + std::to_string(settings.lock_timeout.count()) +
                        " -c statement_timeout=" + std::to_string(settings.statement_timeout.count());
    auto result = postgres::with_startup(dsn, purpose, limits)
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

/// libpqxx 6 knows some classes by their sqlstate, and then forgets that.
std::string state_of(const pqxx::sql_error& error) {
    if (!error.sqlstate().empty()) {
        return error.sqlstate();
    }
    return dynamic_cast<const pqxx::integrity_constraint_violation*>(&error) != nullptr ? "23000"
           : dynamic_cast<const pqxx::data_exception*>(&error) != nullptr               ? "22000"
           : dynamic_cast<const pqxx::syntax_error*>(&error) != nullptr                 ? "42000"
                                                                                        : "";
}

/// `path` as SHOW gives it, as a command that takes it back. (set_config() would be a query, and the first
/// statement of a file may be SET TRANSACTION, which has to come before any.) The elements are read as the
/// server does (varlena.c, SplitIdentifierString); "$user" is kept or not.
std::string path_command(std::string_view path, bool user) {
    std::vector<std::string> elements(1);
    bool quoted = false;
    for (std::size_t at = 0; at < path.size(); ++at) {
        const char c = path[at];
        if (c == '"' && quoted && path.substr(at + 1, 1) == "\"") {
            elements.back() += c;
            ++at;
        } else if (c == '"') {
            quoted = !quoted;
        } else if (c == ',' && !quoted) {
            elements.emplace_back();
        } else if (quoted || c != ' ') {
            elements.back() += !quoted && c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        }
    }
    std::string list;
    for (const auto& element : elements) {
        if (user || element != "$user") {
            list += (list.empty() ? "" : ", ") + postgres::quote_literal(element);
        }
    }
    return "SET search_path = " + (list.empty() ? std::string("''") : list);
}

/// Where something was remembered of the server that is true no more, the second try goes without.
std::unique_ptr<pqxx::connection> connect(const postgres::Dsn& dsn, const std::string& role,
                                          const SessionSettings& settings, postgres::Purpose purpose) {
    if (postgres::login_is_known(dsn)) {
        try {
            return std::make_unique<pqxx::connection>(with_settings(dsn, role, settings, purpose).conninfo());
        } catch (const pqxx::failure&) {
            postgres::forget_login(dsn);
        }
    }
    return std::make_unique<pqxx::connection>(with_settings(dsn, role, settings, purpose).conninfo());
}

} // namespace

Session::Session(const postgres::Dsn& dsn, const std::string& role, const SessionSettings& settings,
                 postgres::Purpose purpose)
    : settings_(settings), address_(dsn.address()) {
    try {
        connection_ = connect(dsn, role, settings, purpose);
        begin(dsn, purpose);
    } catch (const pqxx::failure& error) {
        throw Error(
            ErrorCode::unreachable, settings.side,
            settings.side + " (" + address_ +
                ") can't be reached: " + read_server_message(error.what()).message,
            "Clients are not affected. See that it runs and takes the login, then run the command again.");
    }
}

/// SHOW and SET look up no names. A user's text has the database's path from the packet on, or RESET in it
/// would not return there; it is put aside before anything else is said.
void Session::begin(const postgres::Dsn& dsn, postgres::Purpose purpose) {
    pqxx::nontransaction work(*connection_);
    if (purpose == postgres::Purpose::users_text) {
        const auto path = work.exec("SHOW search_path").at(0).at(0).as<std::string>();
        // As role pgteal, "$user" would be pgteal's own control schema, which goes when the run ends.
        users_path_ = path_command(path, std::string_view(connection_->username()) != "pgteal");
        use_own_path(work);
    }
    const int version = connection_->server_version();
    const bool superuser = purpose != postgres::Purpose::users_text &&
                           work.exec("SHOW is_superuser").at(0).at(0).as<std::string>() == "on";
    if (const auto late = postgres::late_settings(dsn, purpose, version, superuser); !late.empty()) {
        work.exec(late);
    }
    if (purpose != postgres::Purpose::users_text) {
        postgres::remember_login(dsn, version, superuser);
    }
}

void Session::use_users_path(pqxx::transaction_base& work) { work.exec(users_path_); }

void Session::leave_users_path(pqxx::transaction_base& work) {
    users_path_ = path_command(work.exec("SHOW search_path").at(0).at(0).as<std::string>(), true);
    use_own_path(work);
}

void Session::use_own_path(pqxx::transaction_base& work) { work.exec("SET search_path = ''"); }

pqxx::result Session::run_users_text(pqxx::transaction_base& work, const std::string& text) {
    use_users_path(work);
    auto result = work.exec(text);
    leave_users_path(work);
    return result;
}

pqxx::result Session::run(const std::string& sql) {
    return guarded([&](pqxx::nontransaction& work) { return work.exec(sql); });
}

pqxx::result Session::transact(const std::function<pqxx::result(pqxx::transaction_base&)>& statements) {
    return guarded([&](pqxx::nontransaction& work) {
        work.exec("BEGIN ISOLATION LEVEL READ COMMITTED");
        try {
            auto result = statements(work);
            work.exec("COMMIT");
            return result;
        } catch (...) {
            if (connection_->is_open()) {
                work.exec("ROLLBACK");
            }
            throw;
        }
    });
}

void Session::replay(const std::string& setting) {
    guarded([&](pqxx::nontransaction& work) { return run_users_text(work, setting); });
}

template <typename Work>
pqxx::result Session::guarded(const Work& exec) {
    Failure what;
    try {
        pqxx::nontransaction work(*connection_);
        return exec(work);
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
        result = {Failure::Kind::refused, "40P01", read_server_message(error.what(), "40P01")};
    } catch (const pqxx::insufficient_privilege& error) {
        // libpqxx 6 knows the class by its sqlstate, and then forgets that.
        result = {Failure::Kind::refused, "42501", read_server_message(error.what(), "42501")};
    } catch (const pqxx::sql_error& error) {
        result = {connection_->is_open() ? Failure::Kind::refused : lost, error.sqlstate(),
                  read_server_message(error.what(), state_of(error))};
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

std::string bind(postgres::Template sql,
                 std::initializer_list<std::pair<std::string_view, std::string>> values) {
    return migration::bind(sql, std::vector<std::pair<std::string_view, std::string>>(values));
}

std::string bind(postgres::Template sql,
                 const std::vector<std::pair<std::string_view, std::string>>& values) {
    postgres::Bindings bindings;
    for (const auto& [name, value] : values) {
        bindings[std::string(name)] = {value, false};
    }
    return postgres::bind(postgres::from_template(sql), bindings);
}

} // namespace pgteal::migration
