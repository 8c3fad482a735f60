// A file whose statements can't share a transaction: one after the other, counted, so that an interruption is
// known.
#include <cmath>
#include <thread>

#include "base/error.hpp"
#include "migration/apply/backfill.hpp"
#include "migration/apply/index_care.hpp"
#include "migration/apply/job.hpp"
#include "migration/apply/ledger.hpp"
#include "migration/apply/sql.hpp"
#include "migration/files/kind.hpp"
#include "migration/files/text.hpp"
#include "postgres/quote.hpp"

namespace pgteal::migration {

namespace {

/// The statement commits together with its count, so that it can't be done without being counted.
bool counted_together(const File& file, const Statement& statement, const Kind& kind) {
    return statement.transactional && !file.no_transaction_asked && !kind.setting;
}

std::string unknown_hint(const Job& job, int done) {
    // As pgteal counts it itself: otherwise a file mended after that statement would be taken for one that
    // changed before it.
    const auto with_it = first_statements(job.file, done + 1);
    const auto key = ledger_key(row_of(job.file, "running", {}, {}));
    const auto where = " WHERE version = " + postgres::quote_literal(key) + ";";
    const std::string update = "UPDATE pgteal_migrations.history SET state = 'failed'";
    return "Look on " + job.options.side +
           " whether it took effect, then tell the history there, after SET "
           "default_transaction_read_only = off. If it did: " +
           update + ", statements_done = " + std::to_string(with_it.count()) +
           ", done_checksum = " + postgres::quote_literal(with_it.checksum()) + where + " If not: " + update +
           where + " " + then_again(job);
}

/// Whether an earlier, unfinished run fits the file as it is now.
void check_same_beginning(const Job& job, const Applied& before) {
    const bool unchanged = before.checksum == job.file.checksum;
    const auto same = first_statements(job.file, before.statements_done);
    const bool mended = before.state == "failed" && same.count() == before.statements_done &&
                        same.checksum() == before.done_checksum;
    if (!unchanged && before.state == "running") {
        throw Error(ErrorCode::migration, job.options.side,
                    job.file.script + ": an earlier run was interrupted in statement " +
                        std::to_string(before.statements_done + 1) + ", and the file has changed since",
                    "Put it back as it was, then run " + job.options.again +
                        " again: it finds out whether that statement took effect, or says how to tell it. "
                        "Then the file may be mended behind it. What it did so far stays on " +
                        job.options.side + ". " + job.options.meanwhile);
    }
    if (!unchanged && !mended) {
        throw Error(ErrorCode::migration, job.options.side,
                    job.file.script + ": stopped half-way after " + std::to_string(before.statements_done) +
                        " statements, and what had run by then has changed in the file since",
                    "Put the file back as it was, then run " + job.options.again +
                        " again. What it did so far stays on " + job.options.side + ". " +
                        job.options.meanwhile);
    }
}

class Steps {
public:
    Steps(const Job& job, Session& control) : job_(job), control_(control), worker_(open_worker(job)) {}

    Applied run(const std::optional<Applied>& unfinished) {
        create_ledger(control_);
        if (unfinished) {
            check_same_beginning(job_, *unfinished);
            time_before_ = unfinished->time;
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
    [[nodiscard]] std::string place() const {
        return job_.file.script + ":" + std::to_string(current().line);
    }

    [[nodiscard]] Applied row(const std::string& state, const Done& done) const {
        return row_of(job_.file, state, done, time_before_ + (Clock::now() - started_));
    }

    Applied record(const std::string& state) {
        auto written = row(state, done_);
        control_.transact([&](pqxx::transaction_base& work) {
            return write_history(work, job_.options.side, written, job_.options.history);
        });
        return written;
    }

    /// A new session has lost what the statements before had set.
    void replay_settings() {
        for (std::size_t i = 0; i < at(); ++i) {
            if (kind_of(job_.file.statements[i].text).setting) {
                worker_.replay(job_.file.statements[i].text);
            }
        }
    }

    /// How far the current statement is, where that is kept.
    BackfillProgress read_progress() {
        BackfillProgress progress;
        const auto found =
            control_.run(bind(sql::progress_read, {{"version", ledger_key(row("running", done_))},
                                                   {"statement", std::to_string(done_.count())}}));
        if (!found.empty() && current().backfill) {
            refuse_another(found.at(0));
        }
        if (!found.empty() && !found.at(0).at("position").is_null()) {
            progress.position = found.at(0).at("position").as<std::string>();
            progress.passed = found.at(0).at("passed").as<std::int64_t>();
            progress.changed = found.at(0).at("changed").as<std::int64_t>();
        }
        return progress;
    }

    [[nodiscard]] std::string progress_sql(const BackfillProgress& progress) const {
        return bind(sql::progress_write, {{"version", ledger_key(row("running", done_))},
                                          {"statement", std::to_string(done_.count())},
                                          {"position", progress.position.value()},
                                          {"passed", std::to_string(progress.passed)},
                                          {"changed", std::to_string(progress.changed)},
                                          {"checksum", what_is_cut()}});
    }

    /// Table and key of a backfill: a position means something for these only, whatever the statement does.
    [[nodiscard]] std::string what_is_cut() const {
        const auto& backfill = current().backfill;
        return backfill ? checksum(backfill->table + "/" + backfill->key) : std::string();
    }

    void refuse_another(const pqxx::row& found) const {
        if (found.at("position").is_null() || found.at("checksum").is_null() ||
            found.at("checksum").as<std::string>() == what_is_cut()) {
            return;
        }
        const auto where = " WHERE version = " + postgres::quote_literal(ledger_key(row("running", done_))) +
                           " AND statement = " + std::to_string(done_.count());
        throw Error(ErrorCode::migration, job_.options.side,
                    job_.file.script + ":" + std::to_string(current().line) +
                        ": the backfill at this place was one of another table or key, and had come to " +
                        found.at("position").as<std::string>(),
                    "Nothing was done now. To begin it anew: DELETE FROM pgteal_migrations.progress" + where +
                        "; to go on behind that key: UPDATE pgteal_migrations.progress SET checksum = " +
                        postgres::quote_literal(what_is_cut()) + where + "; then run it again.");
    }

    /// A 'running' row: the statement after the counted ones may have run.
    void resolve_unknown(const Applied& before) {
        if (before.state != "running" || at() >= job_.file.statements.size() || current().backfill) {
            return;
        }
        const auto kind = kind_of(current().text);
        if (builds_concurrently(kind)) {
            if (index_is_built(worker_, kind, read_progress().position)) {
                done_.add(current());
            }
        } else if (!kind.repeatable && !counted_together(job_.file, current(), kind)) {
            throw Error(
                ErrorCode::migration, job_.options.side,
                place() + ": an earlier run was interrupted in statement " +
                    std::to_string(done_.count() + 1) + " of " + std::to_string(job_.file.statements.size()) +
                    ", and whether it took effect can't be told. Statement: " + safe_excerpt(current().text),
                "The statements before it have run. " + unknown_hint(job_, done_.count()));
        }
    }

    void run_with_count() {
        pqxx::work work(worker_.connection());
        worker_.run_users_text(work, current().text);
        work.exec("SET LOCAL role TO DEFAULT");
        auto with_this = done_;
        with_this.add(current());
        write_history(work, job_.options.side, row("running", with_this), job_.options.history);
        worker_.use_users_path(work);
        sent_commit_ = true;
        work.commit();
    }

    void run_alone(const Kind& kind) {
        if (builds_concurrently(kind)) {
            indexes_before_ = read_progress().position;
            if (!kind.unnamed_on.empty() && !indexes_before_) {
                indexes_before_ = indexes_before(worker_, kind);
                control_.run(progress_sql({indexes_before_, 0, 0}));
            }
            drop_leftovers(worker_, kind, indexes_before_);
        }
        pqxx::nontransaction work(worker_.connection());
        worker_.use_users_path(work);
        sent_commit_ = true;
        work.exec(current().text);
        worker_.leave_users_path(work);
    }

    /// Until it succeeds; what is no lock failure, or comes too often, ends the file. `clean`: a failure
    /// leaves nothing of what was tried.
    template <typename Work>
    void with_retries(const Kind& kind, bool clean, const Work& work) {
        for (int attempt = 1;; ++attempt) {
            Failure failure;
            sent_commit_ = false;
            try {
                work();
                return;
            } catch (const Error& error) {
                if (error.code() == ErrorCode::migration) {
                    record("failed");
                }
                throw;
            } catch (...) {
                failure = worker_.failure(sent_commit_);
            }
            if (failure.kind != Failure::Kind::refused) {
                lost(failure);
            }
            if (!clean || !failure.is_lock_failure() || attempt >= job_.options.attempts) {
                refused(kind, failure, clean);
            }
            pause_after(attempt);
        }
    }

    void step() {
        const auto kind = kind_of(current().text);
        const bool together = counted_together(job_.file, current(), kind);
        if (current().backfill) {
            fill(kind);
        } else {
            // A procedure may have committed a part of its work before it failed.
            with_retries(kind, together || !kind.procedural,
                         [&] { together ? run_with_count() : run_alone(kind); });
        }
        const bool counted = together && !current().backfill;
        done_.add(current());
        if (!counted) {
            record("running");
        }
    }

    void fill(const Kind& kind) {
        std::optional<BackfillRun> run;
        with_retries(kind, true, [&] { run.emplace(worker_, current(), place(), read_progress()); });
        filled_ = run->progress().changed;
        const auto passed_before = run->progress().passed;
        const auto began = Clock::now();
        for (bool more = true; more;) {
            with_retries(kind, true, [&] {
                more = run->batch([this](const auto& now) { return progress_sql(now); },
                                  [this] { sent_commit_ = true; });
            });
            filled_ = run->progress().changed;
            if (more) {
                say(*run, passed_before, Clock::now() - began);
                std::this_thread::sleep_for(current().backfill->sleep);
            }
        }
    }

    void say(const BackfillRun& run, std::int64_t passed_before, Clock::duration time) const {
        if (!job_.options.on_progress) {
            return;
        }
        const auto passed = run.progress().passed;
        const double rate = static_cast<double>(passed - passed_before) / std::max(to_ms(time), 1.0) * 1000;
        auto text = place() + "  backfill of " + run.table() + ": " + std::to_string(passed);
        // The estimate is PostgreSQL's; rows that came since are not in it.
        const auto total = std::max(run.rows(), passed);
        text += run.rows() > 0 ? " of about " + std::to_string(total) + " rows" : " rows";
        text += ", " + std::to_string(std::lround(rate)) + "/s";
        if (run.rows() > 0 && rate > 0) {
            text +=
                ", " + std::to_string(std::lround(static_cast<double>(total - passed) / rate)) + " s left";
        }
        job_.options.on_progress(
            text, run.rows() > 0 ? static_cast<double>(passed) / static_cast<double>(total) : -1);
    }

    [[nodiscard]] std::string refused_hint() const {
        const bool filling = current().backfill.has_value();
        return "Of its " + std::to_string(job_.file.statements.size()) + " statements the first " +
               std::to_string(done_.count()) + " have run on " + job_.options.side + " and stay, " +
               (filling ? "the backfill is done for " + std::to_string(filled_) + " rows, which stay too"
                        : "this one did not") +
               "; files applied before it stay. " + job_.options.meanwhile +
               " Mend the file from this statement on, and leave those before it as they are; then run " +
               job_.options.again + " again: it goes on there.";
    }

    [[noreturn]] void refused(const Kind& kind, const Failure& failure, bool clean) {
        if (clean) {
            record("failed");
        }
        if (builds_concurrently(kind)) {
            try {
                drop_leftovers(worker_, kind, indexes_before_);
            } catch (...) {
                worker_.failure(false); // the next try drops it
            }
        }
        throw Error(ErrorCode::migration, job_.options.side, describe(job_, at(), failure),
                    advice(failure) + (clean ? refused_hint()
                                             : "It may have committed a part of its work. " +
                                                   unknown_hint(job_, done_.count())));
    }

    [[noreturn]] void lost(const Failure& failure) {
        throw Error(ErrorCode::connection_lost, job_.options.side, describe(job_, at(), failure),
                    "Of its " + std::to_string(job_.file.statements.size()) + " statements the first " +
                        std::to_string(done_.count()) + " have run on " + job_.options.side +
                        "; this one may have. " + job_.options.meanwhile + " See that " + job_.options.side +
                        " runs, then run " + job_.options.again +
                        " again: it looks first, and goes on or says what to look at.");
    }

    const Job& job_;
    Session& control_;
    Session worker_;
    Done done_;
    bool sent_commit_ = false;
    std::optional<std::string> indexes_before_;
    std::int64_t filled_ = 0;
    Clock::duration time_before_{};
    Clock::time_point started_ = Clock::now();
};

} // namespace

Applied apply_stepwise(const Job& job, Session& control, const std::optional<Applied>& unfinished) {
    return Steps(job, control).run(unfinished);
}

} // namespace pgteal::migration
