// A file whose statements can't share a transaction: one after the other, counted, so that an interruption is
// known.
#include "migration/job.hpp"
#include "migration/kind.hpp"
#include "migration/ledger.hpp"
#include "migration/sql.hpp"
#include "postgres/error.hpp"
#include "postgres/quote.hpp"

namespace pgteal::migration {

namespace {

/// The statement commits together with its count, so that it can't be done without being counted.
bool counted_together(const File& file, const Statement& statement, const Kind& kind) {
    return statement.transactional && !file.no_transaction_asked && !kind.setting;
}

std::string refused_hint(const Job& job, int done) {
    return "Of its " + std::to_string(job.file.statements.size()) + " statements the first " +
           std::to_string(done) + " have run on " + job.options.side +
           " and stay, this one did not; files applied before it stay. Clients are not "
           "affected. Mend the file from this statement on, and leave those before it as they are; then run "
           "pgteal prepare "
           "again: it goes on there.";
}

std::string unknown_hint(const Job& job, int done) {
    const auto where = " WHERE version = " + postgres::quote_literal(job.file.version) + ";";
    const std::string update = "UPDATE pgteal_migrations.history SET state = 'failed'";
    return "Look on " + job.options.side +
           " whether it took effect, then tell the history there, after SET "
           "default_transaction_read_only = off. If it did: " +
           update + ", statements_done = " + std::to_string(done + 1) + where + " If not: " + update + where +
           " Then run pgteal prepare again.";
}

/// Whether an earlier, unfinished run fits the file as it is now.
void check_same_beginning(const Job& job, const Applied& before) {
    const bool unchanged = before.checksum == job.file.checksum;
    const auto same = first_statements(job.file, before.statements_done);
    const bool mended = before.state == "failed" && same.count() == before.statements_done &&
                        same.checksum() == before.done_checksum;
    if (!unchanged && !mended) {
        throw Error(
            ErrorCode::migration, job.options.side,
            job.file.script + ": stopped half-way after " + std::to_string(before.statements_done) +
                " statements, and what had run by then has changed in the file since",
            "Put the file back as it was, then run pgteal prepare again. What it did so far stays on " +
                job.options.side + ". Clients are not affected.");
    }
}

class Steps {
public:
    Steps(const Job& job, Session& control) : job_(job), control_(control), worker_(open_worker(job)) {}

    Applied run(const std::optional<Applied>& unfinished) {
        if (unfinished) {
            check_same_beginning(job_, *unfinished);
            ms_before_ = unfinished->ms;
            done_ = first_statements(job_.file, unfinished->statements_done);
            replay_settings();
            resolve_unknown(*unfinished);
        }
        record("running");
        while (at() < job_.file.statements.size()) {
            step();
        }
        return record("applied");
    }

private:
    /// Index of the statement after those that have run.
    [[nodiscard]] std::size_t at() const { return static_cast<std::size_t>(done_.count()); }
    [[nodiscard]] const Statement& current() const { return job_.file.statements[at()]; }

    [[nodiscard]] Applied row(const std::string& state, const Done& done) const {
        return row_of(job_.file, state, done, ms_before_ + to_ms(Clock::now() - started_));
    }

    Applied record(const std::string& state) {
        auto written = row(state, done_);
        control_.run(write_history_sql(written));
        return written;
    }

    /// A new session has lost what the statements before had set.
    void replay_settings() {
        for (std::size_t i = 0; i < at(); ++i) {
            if (kind_of(job_.file.statements[i].text).setting) {
                worker_.run(job_.file.statements[i].text);
            }
        }
    }

    /// A 'running' row: the statement after the counted ones may have run.
    void resolve_unknown(const Applied& before) {
        if (before.state != "running" || at() >= job_.file.statements.size()) {
            return;
        }
        const auto kind = kind_of(current().text);
        if (kind.index) {
            pqxx::nontransaction work(worker_.connection());
            const auto found = index_state(work, *kind.index);
            if (!found.empty() && found.at(0).at("valid").as<bool>()) {
                done_.add(current());
            }
        } else if (!kind.repeatable && !counted_together(job_.file, current(), kind)) {
            throw Error(
                ErrorCode::migration, job_.options.side,
                job_.file.script + ":" + std::to_string(current().line) +
                    ": an earlier run was interrupted in statement " + std::to_string(done_.count() + 1) +
                    " of " + std::to_string(job_.file.statements.size()) +
                    ", and whether it took effect can't be told. Statement: " + safe_excerpt(current().text),
                "The statements before it have run. " + unknown_hint(job_, done_.count()));
        }
    }

    static pqxx::result index_state(pqxx::nontransaction& work, const IndexBuild& build) {
        return work.exec(bind(sql::index_state, {{"table", build.table}, {"index", build.index}}));
    }

    /// A CREATE INDEX CONCURRENTLY that failed leaves an index that costs but doesn't serve; IF NOT EXISTS
    /// would keep it.
    static void drop_if_invalid(pqxx::nontransaction& work, const IndexBuild& build) {
        const auto found = index_state(work, build);
        if (!found.empty() && !found.at(0).at("valid").as<bool>()) {
            work.exec("DROP INDEX CONCURRENTLY IF EXISTS " + found.at(0).at("index").as<std::string>());
        }
    }

    void run_with_count() {
        pqxx::work work(worker_.connection());
        work.exec(current().text);
        work.exec("SET LOCAL role TO DEFAULT");
        auto with_this = done_;
        with_this.add(current());
        work.exec(write_history_sql(row("running", with_this)));
        sent_commit_ = true;
        work.commit();
    }

    void run_alone(const Kind& kind) {
        pqxx::nontransaction work(worker_.connection());
        if (kind.index) {
            drop_if_invalid(work, *kind.index);
        }
        sent_commit_ = true;
        work.exec(current().text);
    }

    void step() {
        const auto kind = kind_of(current().text);
        const bool together = counted_together(job_.file, current(), kind);
        for (int attempt = 1;; ++attempt) {
            Failure failure;
            sent_commit_ = false;
            try {
                together ? run_with_count() : run_alone(kind);
                break;
            } catch (...) {
                failure = worker_.failure(sent_commit_);
            }
            // A procedure may have committed a part of its work before it failed.
            const bool clean = together || !kind.procedural;
            if (failure.kind != Failure::Kind::refused) {
                lost(failure);
            }
            if (!clean || !failure.is_lock_failure() || attempt >= job_.options.attempts) {
                refused(failure, clean);
            }
            pause_after(attempt);
        }
        done_.add(current());
        if (!together) {
            record("running");
        }
    }

    [[noreturn]] void refused(const Failure& failure, bool clean) {
        if (clean) {
            record("failed");
        }
        throw Error(ErrorCode::migration, job_.options.side, describe(job_, at(), failure),
                    advice(failure) + (clean ? refused_hint(job_, done_.count())
                                             : "It may have committed a part of its work. " +
                                                   unknown_hint(job_, done_.count())));
    }

    [[noreturn]] void lost(const Failure& failure) {
        throw Error(
            ErrorCode::connection_lost, job_.options.side, describe(job_, at(), failure),
            "Of its " + std::to_string(job_.file.statements.size()) + " statements the first " +
                std::to_string(done_.count()) + " have run on " + job_.options.side +
                "; this one may have. Clients are not affected. See that " + job_.options.side +
                " runs, then run pgteal prepare again: it looks first, and goes on or says what to look at.");
    }

    const Job& job_;
    Session& control_;
    Session worker_;
    Done done_;
    bool sent_commit_ = false;
    double ms_before_ = 0;
    Clock::time_point started_ = Clock::now();
};

} // namespace

Applied apply_stepwise(const Job& job, Session& control, const std::optional<Applied>& unfinished) {
    return Steps(job, control).run(unfinished);
}

} // namespace pgteal::migration
