#include "postgres/startup.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <optional>

namespace pgteal::postgres {

namespace {

/// Which purposes a setting is for.
enum For : unsigned {
    own = 1,
    ledger = 2,
    program = 4,
    users = 8,
    ours = own | ledger | program,
    every = ours | users,
};

struct Setting {
    std::string_view name;
    std::string_view value;
    unsigned purposes = every;
    bool superuser = false; ///< only a superuser may set it
    int since = 130000;
};

/// In groups, since not one of these is there for its own sake.
constexpr std::array settings{
    // Our own fence and freeze don't stop us, and no time-out of a database or role ends what has a deadline.
    Setting{"default_transaction_read_only", "off"},
    Setting{"pgteal.ddl", "on"},
    Setting{"statement_timeout", "0"},
    Setting{"lock_timeout", "0"},
    Setting{"idle_in_transaction_session_timeout", "0"},
    Setting{"idle_session_timeout", "0", every, false, 140000},
    Setting{"transaction_timeout", "0", every, false, 170000},
    Setting{"client_min_messages", "warning"},
    Setting{"quote_all_identifiers", "off"},

    // Nobody's names but pg_catalog's, and no code of users: login event triggers (17) fire before a SET
    // could
    // stop them, and one that logs DDL would write on the standing side too.
    Setting{"search_path", "", ours},
    Setting{"role", "none"}, // in a user's file too: RESET ROLE leads back to our login
    Setting{"row_security", "off", ours},
    Setting{"session_replication_role", "replica", own | ledger, true},
    Setting{"event_triggers", "off", ours, true, 170000},

    // Statements hold passwords and their verifiers. Each way in which a server keeps the text of statements:
    // its log, by statement, duration, sample, error or parse tree, and extensions. What an extension that is
    // not loaded would know is taken as a placeholder. The sampling of transactions is decided at BEGIN.
    Setting{"log_statement", "none", ours, true},
    Setting{"log_min_duration_statement", "-1", ours, true},
    Setting{"log_min_duration_sample", "-1", ours, true},
    Setting{"log_transaction_sample_rate", "0", ours, true},
    Setting{"log_min_error_statement", "panic", ours, true},
    Setting{"log_parameter_max_length", "0", ours, true},
    Setting{"log_replication_commands", "off", ours, true},
    Setting{"log_parameter_max_length_on_error", "0", ours},
    Setting{"debug_print_parse", "off", ours},
    Setting{"debug_print_rewritten", "off", ours},
    Setting{"debug_print_plan", "off", ours},
    Setting{"pg_stat_statements.track", "none", ours, true},
    Setting{"pgaudit.log", "none", ours, true},
    Setting{"pgaudit.role", "", ours, true},
    Setting{"auto_explain.log_min_duration", "-1", ours, true},

    // Values print alike on both sides, and mean alike.
    Setting{"default_transaction_isolation", "read\\ committed", own},
    Setting{"default_transaction_deferrable", "off", own},
    Setting{"synchronous_commit", "on", own},
    Setting{"standard_conforming_strings", "on", ours},
    Setting{"DateStyle", "ISO", own},
    Setting{"IntervalStyle", "postgres", own},
    Setting{"TimeZone", "UTC", own},
    Setting{"bytea_output", "hex", own},
    Setting{"xmlbinary", "base64", own},
    Setting{"extra_float_digits", "1", own},
    Setting{"lc_monetary", "C", own},
    Setting{"transform_null_equals", "off", own},
    Setting{"gin_fuzzy_search_limit", "0", own},
    Setting{"exit_on_error", "off", own},
    Setting{"jit", "off", own},
};

constexpr unsigned bit(Purpose purpose) {
    switch (purpose) {
    case Purpose::own:
        return own;
    case Purpose::ledger:
        return ledger;
    case Purpose::program:
        return program;
    case Purpose::users_text:
        break;
    }
    return users;
}

struct Login {
    int version = 0;
    bool superuser = false;
    bool operator==(const Login&) const = default;
};

/// Logins of this process by address and role; migrations run on threads of their own.
class Logins {
public:
    std::optional<Login> find(const Dsn& dsn) {
        const std::lock_guard lock(mutex_);
        const auto found = logins_.find(key(dsn));
        return found == logins_.end() ? std::nullopt : std::optional(found->second);
    }
    void set(const Dsn& dsn, Login login) {
        const std::lock_guard lock(mutex_);
        logins_[key(dsn)] = login;
    }
    void erase(const Dsn& dsn) {
        const std::lock_guard lock(mutex_);
        logins_.erase(key(dsn));
    }

private:
    static std::string key(const Dsn& dsn) {
        std::string key;
        for (const auto* keyword : {"service", "host", "hostaddr", "port", "user"}) {
            key += dsn.get(keyword).value_or("") + '\n';
        }
        return key;
    }
    std::mutex mutex_;
    std::map<std::string, Login> logins_;
};

Logins& logins() {
    static Logins logins;
    return logins;
}

bool taken(const Setting& setting, const Login& login) {
    return login.version >= setting.since && (login.superuser || !setting.superuser);
}

/// What any server and any role takes.
constexpr Login anybody{130000, false};

} // namespace

Dsn with_startup(const Dsn& dsn, Purpose purpose, std::string_view extra) {
    const auto login = logins().find(dsn).value_or(anybody);
    std::string options = dsn.get("options").value_or("");
    for (const auto& setting : settings) {
        if ((setting.purposes & bit(purpose)) != 0 && taken(setting, login)) {
            options += options.empty() ? "-c " : " -c ";
            options += setting.name;
            options += '=';
            options += setting.value;
        }
    }
    if (!extra.empty()) {
        options += ' ';
        options += extra;
    }
    return dsn.with("options", options);
}

std::string late_settings(const Dsn& dsn, Purpose purpose, int server_version, bool superuser) {
    const auto known = logins().find(dsn).value_or(anybody);
    std::string sql;
    for (const auto& setting : settings) {
        if ((setting.purposes & bit(purpose)) != 0 && taken(setting, {server_version, superuser}) &&
            !taken(setting, known)) {
            sql += "SET ";
            sql += setting.name;
            sql += " = '";
            sql += setting.value;
            sql += "';";
        }
    }
    return sql;
}

void remember_login(const Dsn& dsn, int server_version, bool superuser) {
    logins().set(dsn, {server_version, superuser});
}

void forget_login(const Dsn& dsn) { logins().erase(dsn); }

bool login_is_known(const Dsn& dsn) { return logins().find(dsn).has_value(); }

} // namespace pgteal::postgres
