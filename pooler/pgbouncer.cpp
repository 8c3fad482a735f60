#include "pooler/pgbouncer.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "pooler/admin_sessions.hpp"
#include "pooler/console_tables.hpp"
#include "pooler/login_guard.hpp"
#include "postgres/quote.hpp"

namespace pgteal::pooler {

namespace {

using postgres::Connection;
using postgres::Result;
using namespace std::chrono_literals;

// The console's words (source: admin.c, the same from 1.18 to 1.25). It has one SQLSTATE for everything.
constexpr std::string_view globally_paused = "already suspended/paused";
constexpr std::string_view not_globally_paused = "pooler is not paused/suspended";
constexpr std::string_view entry_not_paused = "is not paused";
constexpr std::string_view console_not_paused = "cannot pause admin db";
constexpr std::string_view no_such_entry = "no such database";
constexpr std::string_view not_admin = "admin access needed";

bool says(const std::exception& error, std::string_view words) {
    return std::string_view(error.what()).find(words) != std::string_view::npos;
}

// The console takes a name bare or quoted, in at most 63 bytes, quotes included (source: admin.c, copy_arg;
// it folds no case).
std::string console_word(const std::string& entry, const std::string& pooler) {
    const bool bare = !entry.empty() && std::all_of(entry.begin(), entry.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    });
    std::string word = bare ? entry : postgres::quote_identifier(entry);
    if (word.size() > 63) {
        throw Error(ErrorCode::config, pooler,
                    "PgBouncer's console cannot name the entry " + entry +
                        ": 63 bytes with its quotes are "
                        "the most it takes",
                    "Add an entry with a shorter name for the same database.");
    }
    return word;
}

class PgBouncer final : public Pooler {
public:
    PgBouncer(std::string name, postgres::Dsn admin)
        : name_(std::move(name)), sessions_(name_, std::move(admin)) {}

    [[nodiscard]] const std::string& name() const override { return name_; }

    Task<void> warm(std::size_t entries, Deadline deadline) override {
        // One for each entry, one for the shield and one beside it.
        co_await sessions_.warm(entries + 2, deadline);
    }

    Task<std::vector<Entry>> entries(Deadline deadline) override {
        // Read each time: a RELOAD of a damaged file sets it back to its default.
        const Result config = co_await ask("SHOW CONFIG", deadline);
        const Result databases = co_await ask("SHOW DATABASES", deadline);
        co_return read_entries(databases, read_config_table(config)["pool_mode"]);
    }

    Task<Settings> settings(Deadline deadline) override {
        const Result version = co_await ask("SHOW VERSION", deadline);
        const Result config = co_await ask("SHOW CONFIG", deadline);
        auto values = read_config_table(config);
        if (guard_.login_retry()) {
            values["server_login_retry"] = *guard_.login_retry();
        }
        auto settings = read_settings(version, values);
        const Result users = co_await ask("SHOW USERS", deadline);
        const Result pools = co_await ask("SHOW POOLS", deadline);
        read_session_pooling(users, pools, &settings);
        const Result clients = co_await ask("SHOW CLIENTS", deadline);
        settings.replication_clients = read_replication_clients(clients);
        co_return settings;
    }

    Task<int> clients(std::vector<std::string> names, Deadline deadline) override {
        const Result pools = co_await ask("SHOW POOLS", deadline);
        co_return count_clients(pools, {names.begin(), names.end()});
    }

    Task<void> pause(std::string entry, Deadline deadline) override;
    Task<void> resume(std::string entry, Deadline deadline) override;
    Task<void> raise_shield(Deadline deadline) override;
    Task<void> lower_shield(Deadline deadline) override;

    Task<void> settle(Deadline deadline) override { co_await guard_.settle(deadline); }

    Task<void> reload(Deadline deadline) override {
        co_await ask("RELOAD", deadline);
        guard_.reloaded();
    }

    void close() override {
        sessions_.close();
        shield_.reset();
    }

private:
    Task<Result> ask(std::string command, Deadline deadline);
    static Task<void> at_best(Task<void> guarding);
    [[noreturn]] void rethrow_pause_refusal(const std::exception_ptr& refusal) const;
    Task<bool> is_globally_paused(Deadline deadline);
    Task<void> resume_all(Deadline deadline);

    std::string name_;
    AdminSessions sessions_;
    LoginGuard guard_{sessions_};
    std::optional<Connection> shield_;
    bool shield_in_doubt_ = false; ///< a global PAUSE was sent, and it is not known that it arrived
};

Task<Result> PgBouncer::ask(std::string command, Deadline deadline) {
    try {
        co_return co_await sessions_.command(std::move(command), deadline);
    } catch (const ServerError& error) {
        if (says(error, not_admin)) {
            throw Error(ErrorCode::privilege, name_, "PgBouncer says: " + std::string(error.what()),
                        "Add pgteal's role to admin_users in PgBouncer's config file, then RELOAD.");
        }
        if (says(error, no_such_entry)) {
            throw Error(ErrorCode::conflict, name_, "PgBouncer says: " + std::string(error.what()),
                        "Compare SHOW DATABASES with the [databases] section of its config file.");
        }
        throw;
    }
}

// What guards logins is a help: when the console refuses it, PAUSE and RESUME go on, and say what is wrong.
Task<void> PgBouncer::at_best(Task<void> guarding) {
    try {
        co_await std::move(guarding);
    } catch (const ServerError&) {
        co_return;
    }
}

Task<void> PgBouncer::pause(std::string entry, Deadline deadline) {
    if (entry == "*") {
        // It would be taken for a database of that name, made up on the spot.
        throw Error(ErrorCode::config, name_, "the entry * cannot be paused",
                    "Give each database that is to move an entry of its own.");
    }
    const std::string word = console_word(entry, name_);
    co_await at_best(guard_.before_pause(entry, deadline));
    std::exception_ptr refusal;
    try {
        co_await ask("PAUSE " + word, deadline);
    } catch (const DeadlinePassed&) {
        throw DeadlinePassed(name_,
                             "PAUSE of entry " + entry +
                                 " did not finish in time: a transaction through it is still open, "
                                 "or clients of a session pool stay connected",
                             "Its clients are held until, on the admin console: RESUME " + word + ";");
    } catch (const ConnectionLost&) {
        throw;
    } catch (const Error&) {
        refusal = std::current_exception();
    }
    if (refusal) {
        co_await at_best(guard_.after_resume(entry, deadline));
        rethrow_pause_refusal(refusal);
    }
}

void PgBouncer::rethrow_pause_refusal(const std::exception_ptr& refusal) const {
    try {
        std::rethrow_exception(refusal);
    } catch (const ServerError& error) {
        if (says(error, globally_paused)) {
            throw Error(ErrorCode::conflict, name_,
                        "all of PgBouncer is already paused or suspended, and not by this call",
                        "Find out by whom; then, on its admin console: RESUME;");
        }
        throw;
    }
}

Task<void> PgBouncer::resume(std::string entry, Deadline deadline) {
    const std::string command = "RESUME " + console_word(entry, name_);
    co_await at_best(guard_.before_resume(deadline));
    try {
        co_await ask(command, deadline);
    } catch (const ServerError& error) {
        if (!says(error, entry_not_paused)) {
            throw;
        }
    }
    co_await at_best(guard_.after_resume(entry, deadline));
}

// PAUSE of the console's own entry never does anything, and its refusal tells whether a global PAUSE is in
// force: that is looked at first (source: admin.c, admin_cmd_pause). SHOW STATE says it too, but only
// from 1.19 on.
Task<bool> PgBouncer::is_globally_paused(Deadline deadline) {
    try {
        co_await ask("PAUSE \"pgbouncer\"", deadline);
    } catch (const ServerError& error) {
        if (says(error, globally_paused)) {
            co_return true;
        }
        if (says(error, console_not_paused)) {
            co_return false;
        }
        throw;
    }
    throw Error(ErrorCode::server, name_, "PgBouncer paused its own admin console, which it should refuse");
}

Task<void> PgBouncer::raise_shield(Deadline deadline) {
    shield_in_doubt_ = true;
    shield_ = co_await sessions_.send_only("PAUSE", deadline);
    // The PAUSE may never be answered, and what comes over another connection may overtake it: ask until it
    // is in force.
    for (;;) {
        const bool raised = co_await is_globally_paused(deadline);
        if (raised) {
            break;
        }
        if (Clock::now() >= deadline) {
            throw DeadlinePassed(name_, "the global PAUSE that shields RELOAD did not take effect in time",
                                 "On its admin console: RESUME;");
        }
        co_await sleep_for(1ms);
    }
    shield_in_doubt_ = false;
}

Task<void> PgBouncer::resume_all(Deadline deadline) {
    try {
        co_await ask("RESUME", deadline);
    } catch (const ServerError& error) {
        if (!says(error, not_globally_paused)) {
            throw;
        }
    }
}

Task<void> PgBouncer::lower_shield(Deadline deadline) {
    co_await resume_all(deadline);
    shield_.reset();
    if (shield_in_doubt_) {
        // A PAUSE that is still on its way would hold all clients for good.
        co_await sleep_for(100ms);
        co_await resume_all(deadline);
        shield_in_doubt_ = false;
    }
}

} // namespace

std::unique_ptr<Pooler> make_pgbouncer(std::string name, postgres::Dsn admin) {
    return std::make_unique<PgBouncer>(std::move(name), std::move(admin));
}

} // namespace pgteal::pooler
