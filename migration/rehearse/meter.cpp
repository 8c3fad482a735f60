#include "migration/rehearse/meter.hpp"

#include <algorithm>
#include <optional>

#include "base/error.hpp"
#include "migration/apply/backfill.hpp"
#include "migration/apply/job.hpp"
#include "migration/files/kind.hpp"
#include "migration/files/text.hpp"
#include "migration/rehearse/relations.hpp"
#include "migration/rehearse/roles.hpp"
#include "migration/rehearse/watcher.hpp"

namespace pgteal::migration::rehearse {

namespace {

template <typename... Words>
bool is_one_of(std::string_view word, Words... words) {
    return ((word == std::string_view(words)) || ...);
}

Measured measured(const Statement& statement) {
    Measured one;
    one.line = statement.line;
    one.statement = safe_excerpt(statement.text);
    return one;
}

/// Rows of the command tag. That of a SELECT counts what it returned.
std::int64_t tagged_rows(const std::string& word, const pqxx::result& result) {
    return is_one_of(word, "INSERT", "UPDATE", "DELETE", "MERGE", "COPY", "CREATE", "REFRESH")
               ? static_cast<std::int64_t>(result.affected_rows())
               : 0;
}

/// Code of the user's may write whatever it likes.
bool writes_unseen(const std::string& word) { return is_one_of(word, "DO", "SELECT", "WITH", "CALL"); }

[[noreturn]] void fail(const Script& script, const Statement* statement, const Failure& failure,
                       const std::string& side) {
    auto text = script.name;
    text += statement == nullptr ? ": at COMMIT"
                                 : ":" + std::to_string(statement->line + std::max(failure.said.line, 1) - 1);
    text += ": " + failure.said.message;
    text += failure.sqlstate.empty() ? "" : " (" + failure.sqlstate + ")";
    text += failure.said.detail.empty() ? "" : ". " + failure.said.detail;
    if (statement != nullptr) {
        text += (text.ends_with('.') ? " " : ". ") + ("Statement: " + safe_excerpt(statement->text));
    }
    const bool refused = failure.kind == Failure::Kind::refused;
    throw Error(refused ? ErrorCode::migration : ErrorCode::connection_lost, side, text,
                "Only the scratch database has seen it, and that is gone. Mend the file, then run pgteal "
                "migrate rehearse again.");
}

} // namespace

struct Meter::Impl {
    postgres::Dsn dsn;
    SessionSettings settings;
    Session outside; ///< sees what is committed

    Impl(const postgres::Dsn& scratch, const SessionSettings& wanted)
        : dsn(scratch), settings(wanted), outside(scratch, "migrate rehearse", wanted) {}
};

namespace {

/// Statements on one session.
class Pass {
public:
    Pass(Session& inside, Session& outside)
        : inside_(inside), outside_(outside), pid_(inside.connection().backendpid()) {
        pqxx::nontransaction work(outside_.connection());
        relations_ = read_relations(work);
    }

    void together(const Script& script, std::vector<Measured>* out) {
        pqxx::work work(inside_.connection());
        begin(work);
        steps(work, script, out);
        commit(work);
    }

    void together_and_back(const std::vector<Script>& scripts, std::vector<std::vector<Measured>>* out,
                           const std::function<void(std::size_t)>& begins) {
        pqxx::work work(inside_.connection());
        begin(work);
        out->resize(scripts.size());
        for (std::size_t i = 0; i < scripts.size(); ++i) {
            begins(i);
            steps(work, scripts[i], &out->at(i));
            // What a COMMIT would check.
            inside_.use_users_path(work);
            clocked(nullptr, [&] { work.exec("SET CONSTRAINTS ALL IMMEDIATE"); });
            inside_.leave_users_path(work);
        }
        work.abort();
        end();
    }

    void one_by_one(const Script& script, std::vector<Measured>* out) {
        script_ = &script;
        out_ = out;
        for (const auto& statement : script.statements) {
            const auto kind = kind_of(statement.text);
            const bool alone = !statement.transactional || statement.backfill || kind.setting ||
                               (script.no_transaction_asked && kind.procedural);
            if (alone) {
                step_alone(statement, kind);
                continue;
            }
            pqxx::work work(inside_.connection());
            begin(work);
            step(work, statement);
            commit(work);
        }
    }

private:
    void begin(pqxx::work& work) {
        clock_ = {};
        ++transaction_;
        held_.clear();
        open_.clear();
        last_ = read_probe(work, pid_);
    }

    void steps(pqxx::work& work, const Script& script, std::vector<Measured>* out) {
        script_ = &script;
        out_ = out;
        for (const auto& statement : script.statements) {
            step(work, statement);
        }
    }

    /// Runs work, and turns what libpqxx throws into an error about the statement.
    template <typename Work>
    void unclocked(const Statement* statement, Work work) {
        Failure failure;
        try {
            work();
            return;
        } catch (...) {
            failure = inside_.failure(false);
        }
        fail(*script_, statement, failure, inside_.side());
    }
    template <typename Work>
    void clocked(const Statement* statement, Work work) {
        const auto start = Clock::now();
        unclocked(statement, work);
        clock_ += Clock::now() - start;
    }

    void step(pqxx::work& work, const Statement& statement) {
        auto one = measured(statement);
        one.transaction = transaction_;
        one.skipped = why_not(work, statement.text);
        if (!one.skipped.empty()) {
            out_->push_back(std::move(one));
            return;
        }
        const auto word = word_at(statement.text, 0);
        const auto rows_before = writes_unseen(word) ? written_rows(work) : 0;
        const auto started = clock_;
        one.skipped =
            exec_contained(work, statement.text, where(statement), [&](pqxx::transaction_base& here) {
                unclocked(&statement, [&] { inside_.use_users_path(here); });
                clocked(&statement, [&] { one.rows = tagged_rows(word, here.exec(statement.text)); });
                unclocked(&statement, [&] { inside_.leave_users_path(here); });
            });
        if (!one.skipped.empty()) {
            clock_ = started;
            out_->push_back(std::move(one));
            return;
        }
        one.time = clock_ - started;
        unclocked(&statement, [&] { look(work, word, started, one); });
        if (writes_unseen(word)) {
            one.rows = written_rows(work) - rows_before;
        }
        if (may_make_roles(statement.text)) {
            mark_new_roles(work, outside_, script_scratch());
        }
        out_->push_back(std::move(one));
    }

    /// What the statement left: locks, files, WAL.
    void look(pqxx::work& work, const std::string& word, Clock::duration started, Measured& one) {
        auto probe = read_probe(work, pid_);
        one.wal = probe.lsn - last_.lsn;
        if (word != "TRUNCATE") { // a new file, but nothing written to it
            one.rewrites = rewritten(relations_, probe.relations);
        }
        for (const auto& [oid, relation] : probe.relations) {
            if (const auto known = relations_.find(oid); known != relations_.end()) {
                known->second.filenode = relation.filenode;
            }
        }
        const auto earlier = strongest_held();
        for (const auto& [oid, mode] : probe.locks) {
            const auto relation = relations_.find(oid);
            auto& before = held_[oid];
            if (relation == relations_.end() || mode <= before) {
                continue; // made in this transaction, or held already
            }
            before = mode;
            one.locks.push_back({relation->second.name, mode, {}, relation->second.is_index()});
            open_.push_back({out_, out_->size(), one.locks.size() - 1, started});
        }
        const bool on_a_table =
            std::any_of(one.locks.begin(), one.locks.end(), [](const HeldLock& lock) { return !lock.index; });
        if (!on_a_table) {
            one.held_before = earlier;
        }
        last_ = std::move(probe);
    }

    [[nodiscard]] HeldLock strongest_held() const {
        HeldLock found;
        for (const auto& [oid, mode] : held_) {
            const auto relation = relations_.find(oid);
            if (relation != relations_.end() && !relation->second.is_index() && mode > found.mode) {
                found = {relation->second.name, mode, {}, false};
            }
        }
        return found;
    }

    /// The transaction has ended: so have its locks.
    void end() {
        for (const auto& lock : open_) {
            lock.out->at(lock.statement).locks.at(lock.index).time = clock_ - lock.since;
        }
        open_.clear();
        pqxx::nontransaction work(outside_.connection());
        relations_ = read_relations(work);
    }

    void commit(pqxx::work& work) {
        unclocked(nullptr, [&] { inside_.use_users_path(work); });
        clocked(nullptr, [&] { work.commit(); });
        {
            pqxx::nontransaction after(inside_.connection());
            Session::use_own_path(after);
        }
        end();
    }

    void step_alone(const Statement& statement, const Kind& kind) {
        auto one = measured(statement);
        one.in_transaction = false;
        {
            pqxx::nontransaction work(outside_.connection());
            one.skipped = why_not(work, statement.text);
        }
        if (one.skipped.empty()) {
            const auto shared = shared_now();
            const auto before = lsn();
            const auto seen = perform_watched(statement, kind, one);
            one.wal = lsn() - before;
            take_sightings(seen, one);
            pqxx::nontransaction work(outside_.connection());
            auto now = read_relations(work);
            one.rewrites = rewritten(relations_, now);
            relations_ = std::move(now);
            expect_unchanged(shared, work, statement.text, where(statement));
        }
        out_->push_back(std::move(one));
    }

    Shared shared_now() {
        pqxx::nontransaction work(outside_.connection());
        return read_shared(work);
    }

    std::map<std::int64_t, Sighting> perform_watched(const Statement& statement, const Kind& kind,
                                                     Measured& one) {
        clock_ = {};
        std::optional<Watcher> watcher;
        if (!kind.setting) {
            watcher.emplace(outside_, pid_);
        }
        clocked(&statement, [&] {
            if (statement.backfill) {
                one.rows = fill(statement);
            } else {
                pqxx::nontransaction work(inside_.connection());
                one.rows =
                    tagged_rows(word_at(statement.text, 0), inside_.run_users_text(work, statement.text));
            }
        });
        one.time = clock_;
        return watcher ? watcher->stop() : std::map<std::int64_t, Sighting>{};
    }

    /// All batches, without the pauses between them. Returns the rows changed.
    std::int64_t fill(const Statement& statement) {
        BackfillRun run(inside_, statement, script_->name + ":" + std::to_string(statement.line), {});
        while (run.batch([](const BackfillProgress&) { return std::string(); })) {
        }
        return run.progress().changed;
    }

    void take_sightings(const std::map<std::int64_t, Sighting>& seen, Measured& one) const {
        for (const auto& [oid, sighting] : seen) {
            if (const auto relation = relations_.find(oid); relation != relations_.end()) {
                one.locks.push_back({relation->second.name, sighting.mode,
                                     std::min(one.time, Clock::duration(sighting.last - sighting.first)),
                                     relation->second.is_index()});
            }
        }
    }

    Lsn lsn() {
        pqxx::nontransaction work(outside_.connection());
        return read_probe(work, pid_).lsn;
    }

    /// Of this transaction so far; triggers' rows too.
    static std::int64_t written_rows(pqxx::work& work) {
        return work
            .exec("SELECT coalesce(pg_catalog.sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::pg_catalog.int8"
                  " FROM pg_catalog.pg_stat_xact_user_tables")
            .at(0)
            .at(0)
            .as<std::int64_t>();
    }

    [[nodiscard]] Where where(const Statement& statement) const {
        return {script_->name + ":" + std::to_string(statement.line), inside_.side()};
    }

    [[nodiscard]] std::string script_scratch() { return outside_.connection().dbname(); }

    struct OpenLock {
        std::vector<Measured>* out;
        std::size_t statement, index;
        Clock::duration since;
    };

    Session& inside_;
    Session& outside_;
    const Script* script_ = nullptr;
    std::vector<Measured>* out_ = nullptr;
    int pid_;
    Relations relations_; ///< before this transaction, with files as they are now
    Probe last_;
    std::map<std::int64_t, lint::Lock> held_;
    std::vector<OpenLock> open_;
    int transaction_ = 0;
    Clock::duration clock_{}; ///< of this transaction, spent in the script's statements
};

} // namespace

Meter::Meter(const postgres::Dsn& scratch, const SessionSettings& settings)
    : impl_(std::make_unique<Impl>(scratch, settings)) {}

Meter::~Meter() = default;

void Meter::run(const Script& script, std::vector<Measured>* out) {
    Session inside(impl_->dsn, "migrate rehearse", impl_->settings, postgres::Purpose::users_text);
    Pass pass(inside, impl_->outside);
    script.transactional ? pass.together(script, out) : pass.one_by_one(script, out);
}

void Meter::try_out(const std::vector<Script>& scripts, std::vector<std::vector<Measured>>* out,
                    const std::function<void(std::size_t)>& begins) {
    Session inside(impl_->dsn, "migrate rehearse", impl_->settings, postgres::Purpose::users_text);
    Pass(inside, impl_->outside).together_and_back(scripts, out, begins);
}

} // namespace pgteal::migration::rehearse
