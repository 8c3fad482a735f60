#include "migration/apply/job.hpp"

#include <algorithm>
#include <thread>

#include "base/error.hpp"
#include "migration/apply/ledger.hpp"
#include "migration/files/text.hpp"

namespace pgteal::migration {

namespace {

using namespace std::chrono_literals;

constexpr auto worker_patience = 10s;
constexpr auto settle_patience = 60s;

} // namespace

SessionSettings settings_of(const Options& options) {
    return {options.side, options.lock_timeout, options.statement_timeout, options.again};
}

Session open_worker(const Job& job) {
    Session session(job.dsn, "migrate apply", settings_of(job.options), postgres::Purpose::users_text);
    if (const auto holder = session.lock(ApplyLock::worker, worker_patience)) {
        const auto pid = std::to_string(*holder);
        throw Error(ErrorCode::busy, job.options.side,
                    "a statement of an earlier apply is still running on " + job.options.side + " (pid " +
                        pid + ")",
                    "Wait for it, or end it there: SELECT pg_terminate_backend(" + pid + "); then run " +
                        job.options.again + " again.");
    }
    return session;
}

std::optional<Settled> settle(const Job& job) {
    const auto give_up = Clock::now() + settle_patience;
    for (;;) {
        try {
            auto session = open_worker(job);
            for (auto& row : read_history(session, job.options.history)) {
                if (same_migration(job.file, row)) {
                    return Settled{std::move(row)};
                }
            }
            return Settled{};
        } catch (const Error&) {
            // The server restarts, or the old session is not gone yet: both are asked again until the
            // deadline.
            if (Clock::now() >= give_up) {
                return std::nullopt;
            }
        }
        std::this_thread::sleep_for(500ms);
    }
}

std::string describe(const Job& job, std::size_t index, const Failure& failure) {
    const auto& statements = job.file.statements;
    auto text = job.file.script;
    if (index < statements.size()) {
        text += ":" + std::to_string(statements[index].line + std::max(failure.said.line, 1) - 1);
    } else {
        text += ": at COMMIT";
    }
    text += ": " + failure.said.message;
    if (!failure.sqlstate.empty()) {
        text += " (" + failure.sqlstate + ")";
    }
    if (!failure.said.detail.empty()) {
        text += ". " + failure.said.detail;
    }
    if (index < statements.size()) {
        text += text.ends_with('.') ? " " : ". ";
        text += "Statement: " + safe_excerpt(statements[index].text);
    }
    return text;
}

std::string advice(const Failure& failure) {
    if (failure.sqlstate == "25001" || failure.sqlstate == "2D000") {
        return "It can't run inside a transaction: move it to a file of its own that begins with the line "
               "-- pgteal: no-transaction. ";
    }
    if (failure.sqlstate == "55P03") {
        return "Another session kept the lock longer than lock_timeout in every attempt: see "
               "pg_stat_activity and "
               "pg_blocking_pids() there. ";
    }
    if (failure.sqlstate == "53100") {
        return "The disk of the server is full: free space there first. ";
    }
    if (failure.sqlstate == "57014") {
        return "It ran longer than statement_timeout in [migrate] allows, or somebody cancelled it. ";
    }
    return {};
}

std::string then_again(const Job& job) { return "Then run " + job.options.again + " again."; }

void pause_after(int attempt) {
    const auto pause =
        std::min<std::chrono::milliseconds>(250ms * (1LL << std::clamp(attempt - 1, 0, 8)), 5s);
    std::this_thread::sleep_for(pause);
}

} // namespace pgteal::migration
