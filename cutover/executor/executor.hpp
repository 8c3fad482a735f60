// Performs actions: the one place where data becomes effect.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "cutover/actions/action.hpp"
#include "cutover/estate/estate.hpp"
#include "cutover/record/journal.hpp"
#include "postgres/statement.hpp"
#include "replication/compare/compare.hpp"

namespace pgteal::cutover {

struct BlockerWatch;

/// Lives as long as one command. Values that actions give (snapshot names, LSNs) are kept for later ones.
class Executor {
public:
    using Progress = std::function<void(const std::string& text, double fraction)>;
    struct Hooks {
        Progress progress;                  ///< never empty
        std::function<void()> after_action; ///< called after each action; never empty
    };

    Executor(Estate& estate, Journal& journal);
    ~Executor();
    Executor(const Executor&) = delete;
    Executor& operator=(const Executor&) = delete;

    /// Performs the actions of one step: phases in order; within a phase, places at once and actions of one
    /// place in order. When one fails the others of its phase are waited for, then the first error is thrown.
    Task<void> perform(std::vector<Action> actions, Deadline deadline, Hooks hooks);
    /// The same for actions of which those for one place don't depend on another's: each place's in order,
    /// all places at once. Returns the errors by place instead of throwing; `leave_out` is not touched.
    Task<Failures> perform_apart(std::vector<Action> actions, std::set<Place> leave_out, Deadline deadline,
                                 Hooks hooks);
    /// Walsender sessions (and with them exported snapshots) end here; the runner calls it when a step is
    /// over.
    void release_held();

    [[nodiscard]] const postgres::Bindings& bindings() const { return bindings_; }
    void set(const std::string& name, std::string value, bool secret = false);
    /// This process's token in pgteal.run.controller while a switchover is under way.
    [[nodiscard]] const std::string& attempt() const { return bindings_.at("attempt").value; }
    /// A token for markers, greater than any before; used by :'token' from now on. Begins a switchover anew.
    void fresh_token();

    /// Results worth a line on the display or in a document.
    struct Results {
        int sequences = 0;
        std::int64_t rows_copied = 0;
        std::vector<replication::Comparison> comparisons;
        std::map<std::string, std::string> targets; ///< pooler -> side proven by probes
        int migrations = 0;
        Clock::duration longest_probe{};
        std::vector<std::string> warnings;          ///< what a switch-back went without
        std::map<Side, boost::json::object> rights; ///< as seen when they were carried, for the record
        std::set<std::string> halted; ///< lanes that could not be turned: what they need is gone, "app.1"
    };
    [[nodiscard]] Results& results() { return results_; }
    /// A config for this pooler was staged by this process and is not installed yet.
    [[nodiscard]] bool staged(const std::string& pooler) const { return staged_.contains(pooler); }
    /// The shield of every pooler of the run was lowered by this process, and none raised since.
    [[nodiscard]] bool resumed() const;
    /// A canary of this database came back to this process.
    [[nodiscard]] bool canary_back(const std::string& database) const { return canaries_.contains(database); }
    /// Through this entry this process reached `side` and wrote.
    [[nodiscard]] bool proven(const std::string& pooler, const std::string& entry, Side side) const {
        const auto found = proven_.find({pooler, entry});
        return found != proven_.end() && found->second == to_string(side);
    }
    /// The probes that failed and have not succeeded since, by pooler and entry.
    [[nodiscard]] const std::map<std::pair<std::string, std::string>, std::exception_ptr>& unproven() const {
        return unproven_;
    }
    /// The settings that a switchover changes on the pooler are put back, as far as this process knows.
    [[nodiscard]] bool settled(const std::string& pooler) const { return settled_.contains(pooler); }
    void on_copied(std::function<void(double bytes, double tables)> listener) {
        copied_ = std::move(listener);
    }

private:
    Task<void> perform_one(const Action* action, Deadline deadline, Progress progress);
    Task<void> perform_in_order(std::vector<const Action*> actions, Deadline deadline, Hooks hooks);

    /// The values that the statement names, and no others.
    [[nodiscard]] postgres::Bindings values_for(const postgres::Statement& statement,
                                                const postgres::Server& server) const;
    Task<void> run(const Sql* action, Deadline deadline);
    Task<void> run(const PoolerCommand* action, Deadline deadline);
    Task<void> run(const VerifyPooler* action, Deadline deadline);
    Task<void> run(const RunProgram* action, Deadline deadline);
    Task<void> run(const CopyLane* action, Progress progress);
    Task<void> run(const ApplyMigrations* action, Deadline deadline, Progress progress);
    Task<void> run(const CarrySequences* action, Deadline deadline);
    Task<void> run(const CompareData* action, Deadline deadline, Progress progress);
    Task<void> run(const ProbeEntry* action, Deadline deadline);
    Task<void> prove(const ProbeEntry* action, Deadline deadline);
    Task<void> run_spared(const Sql* action, Deadline deadline);
    Task<void> run_told(const Sql* action, Deadline deadline);
    Task<void> run_and_end(const Sql* action, Deadline deadline, std::shared_ptr<BlockerWatch> watch);
    void run(const StageConfig& action);
    void run(const InstallConfig& action);
    void run(const RecordSwitch& action);
    static void run(const RemoveFiles& action);

    Estate& estate_;
    Journal& journal_;
    postgres::Bindings bindings_;
    std::map<std::string, postgres::Connection> held_;
    struct Staged {
        std::string path;
        std::string replaces;                          ///< hash of the file that it replaces
        std::map<std::string, pooler::Target> targets; ///< that it leads to
    };
    std::map<std::string, Staged> staged_;
    std::map<std::string, std::string> identifiers_; ///< side -> system_identifier
    std::set<std::string> lowered_;
    std::set<std::string> settled_;
    std::set<std::string> canaries_;                                    ///< databases
    std::map<std::pair<std::string, std::string>, std::string> proven_; ///< pooler and entry -> side
    std::map<std::pair<std::string, std::string>, std::exception_ptr> unproven_;
    Results results_;
    std::function<void(double, double)> copied_;
};

/// PGTEAL_TEST_KILL_AT=<step>:<point> ends this process with SIGKILL there, as a crash would. Points: intent
/// (on disk, nothing performed), action-<n> (after the n-th action), done (performed, not yet recorded); in
/// undo, undoing and undone; and prepare:unrecorded (all steps are done, the schemas not recorded yet). The
/// seam for tests; unset it does nothing.
void crash_point(const std::string& step, const std::string& point);

} // namespace pgteal::cutover
