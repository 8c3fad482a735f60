// A file in one transaction with its history row: wholly there or not at all.
#include "base/error.hpp"
#include "migration/apply/job.hpp"
#include "migration/apply/ledger.hpp"

namespace pgteal::migration {

namespace {

/// How far the transaction came.
struct Progress {
    std::size_t statement = 0;
    bool committing = false;
    Applied row;
};

void run_transaction(const Job& job, Session& worker, Progress& progress) {
    const auto started = Clock::now();
    pqxx::work work(worker.connection());
    worker.use_users_path(work);
    for (const auto& statement : job.file.statements) {
        work.exec(statement.text);
        ++progress.statement;
    }
    worker.leave_users_path(work);
    // The file may have changed both; the history is written as who logged in.
    work.exec("SET LOCAL session_authorization TO DEFAULT");
    work.exec("SET LOCAL role TO DEFAULT");
    const auto all = first_statements(job.file, static_cast<int>(job.file.statements.size()));
    progress.row = row_of(job.file, "applied", all, Clock::now() - started);
    write_history(work, job.options.side, progress.row, job.options.history, job.ledger);
    worker.use_users_path(work);
    progress.committing = true;
    work.commit();
}

std::string nothing_remains(const Job& job) {
    return "Nothing of this file remains on " + job.options.side + "; files applied before it stay. " +
           job.options.meanwhile + " ";
}

/// What the statement itself, or the data that it meets, is refused for (docs: "PostgreSQL Error Codes").
std::string mend_first(const Failure& failure) {
    for (const auto* repeats : {"0A", "22", "23", "2B", "3F", "42", "P0"}) {
        if (failure.sqlstate.starts_with(repeats)) {
            return "It would fail in the same way again: mend the file first. ";
        }
    }
    return {};
}

[[noreturn]] void refuse(const Job& job, const Progress& progress, const Failure& failure, int attempts) {
    auto message = describe(job, progress.statement, failure);
    if (failure.is_lock_failure()) {
        message += " (" + std::to_string(attempts) + (attempts == 1 ? " attempt)" : " attempts)");
    }
    throw Error(ErrorCode::migration, job.options.side, message,
                nothing_remains(job) + advice(failure) + mend_first(failure) + then_again(job));
}

[[noreturn]] void give_up_lost(const Job& job, const Progress& progress, const Failure& failure) {
    throw Error(ErrorCode::connection_lost, job.options.side, describe(job, progress.statement, failure),
                nothing_remains(job) + "See that " + job.options.side + " runs. " + then_again(job));
}

/// COMMIT went out and no answer came back.
Applied settle_commit(const Job& job, Progress& progress, const Failure& failure) {
    const auto settled = settle(job);
    if (!settled) {
        throw Error(ErrorCode::connection_lost, job.options.side,
                    describe(job, progress.statement, failure) +
                        ". Whether it is applied can't be told: " + job.options.side + " does not answer",
                    "See that " + job.options.side + " runs, then run " + job.options.again +
                        " again: it reads the history first and can't apply a file twice.");
    }
    if (settled->row && settled->row->finished() && settled->row->checksum == job.file.checksum) {
        return progress.row;
    }
    give_up_lost(job, progress, failure);
}

} // namespace

Applied apply_whole(const Job& job) {
    for (int attempt = 1;; ++attempt) {
        Progress progress;
        Failure failure;
        {
            auto worker = open_worker(job);
            try {
                run_transaction(job, worker, progress);
                return progress.row;
            } catch (...) {
                failure = worker.failure(progress.committing);
            }
        }
        if (failure.kind == Failure::Kind::in_doubt) {
            return settle_commit(job, progress, failure);
        }
        if (failure.kind == Failure::Kind::lost) {
            give_up_lost(job, progress, failure);
        }
        if (!failure.is_lock_failure() || attempt >= job.options.attempts) {
            refuse(job, progress, failure, attempt);
        }
        pause_after(attempt);
    }
}

} // namespace pgteal::migration
