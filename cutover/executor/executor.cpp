#include "cutover/executor/executor.hpp"

#include <csignal>
#include <cstdlib>

#include <unistd.h>

#include "base/error.hpp"
#include "cutover/estate/baseline.hpp"
#include "cutover/executor/pooler_settings.hpp"
#include "cutover/record/step_id.hpp"
#include "postgres/secret.hpp"
#include "replication/marker/markers.hpp"

namespace pgteal::cutover {

void crash_point(const std::string& step, const std::string& point) {
    static const char* wanted = std::getenv("PGTEAL_TEST_KILL_AT");
    if (wanted != nullptr && wanted == step + ":" + point) {
        ::kill(::getpid(), SIGKILL);
    }
}

Executor::Executor(Estate& estate, Journal& journal) : estate_(estate), journal_(journal) {
    for (const auto side : {Side::blue, Side::green}) {
        for (const auto& database : estate.config().databases) {
            set(replication::binding_for("conninfo_" + to_string(side), database.name),
                estate.peer_conninfo(side, database.name), true);
        }
    }
    fresh_token();
    set("attempt", bindings_.at("token").value);
    set("begun_by", attempt()); // of a switchover that another process began: its token
}

Executor::~Executor() = default;

void Executor::set(const std::string& name, std::string value, bool secret) {
    bindings_[name] = postgres::Binding{std::move(value), secret};
}

void Executor::fresh_token() {
    set("token", std::to_string(replication::next_token()));
    // What an earlier switchover of this process came to is no proof for the next one.
    canaries_.clear();
    unproven_.clear();
    results_.halted.clear();
}

bool Executor::resumed() const {
    const auto baselines = recorded_poolers(journal_);
    return std::all_of(baselines.begin(), baselines.end(),
                       [this](const auto& one) { return lowered_.contains(one.name); });
}

void Executor::release_held() { held_.clear(); }

Task<void> Executor::perform(std::vector<Action> actions, Deadline deadline, Hooks hooks) {
    std::map<int, std::map<Queue, std::vector<const Action*>>> phases;
    for (const auto& action : actions) {
        phases[action.phase][queue_of(action)].push_back(&action);
    }
    for (auto& [phase, places] : phases) {
        if (places.size() == 1) {
            co_await perform_in_order(std::move(places.begin()->second), deadline, hooks);
            continue;
        }
        std::vector<Task<void>> tasks;
        for (auto& [where, list] : places) {
            tasks.push_back(perform_in_order(std::move(list), deadline, hooks));
        }
        co_await all(std::move(tasks));
    }
}

Task<Failures> Executor::perform_apart(std::vector<Action> actions, std::set<Place> leave_out,
                                       Deadline deadline, Hooks hooks) {
    std::stable_sort(actions.begin(), actions.end(),
                     [](const auto& a, const auto& b) { return a.phase < b.phase; });
    std::map<Place, std::vector<const Action*>> places;
    for (const auto& action : actions) {
        if (!leave_out.contains(place_of(action))) {
            places[place_of(action)].push_back(&action);
        }
    }
    std::vector<Task<void>> tasks;
    for (auto& [where, list] : places) {
        tasks.push_back(perform_in_order(list, deadline, hooks));
    }
    const auto errors = co_await settle(std::move(tasks));
    Failures failed;
    std::size_t i = 0;
    for (const auto& [where, list] : places) {
        if (errors[i]) {
            failed[where] = errors[i];
        }
        ++i;
    }
    co_return failed;
}

Task<void> Executor::perform_in_order(std::vector<const Action*> actions, Deadline deadline, Hooks hooks) {
    for (const auto* action : actions) {
        co_await perform_one(action, deadline, hooks.progress);
        hooks.after_action();
    }
}

Task<void> Executor::perform_one(const Action* action, Deadline deadline, Progress progress) {
    const auto& what = action->what;
    if (const auto* sql_action = std::get_if<Sql>(&what)) {
        co_await run_spared(sql_action, deadline);
    } else if (const auto* command = std::get_if<PoolerCommand>(&what)) {
        co_await run(command, deadline);
    } else if (const auto* stage = std::get_if<StageConfig>(&what)) {
        run(*stage);
    } else if (const auto* install = std::get_if<InstallConfig>(&what)) {
        run(*install);
    } else if (const auto* verify = std::get_if<VerifyPooler>(&what)) {
        co_await run(verify, deadline);
    } else if (const auto* program = std::get_if<RunProgram>(&what)) {
        co_await run(program, deadline);
    } else if (const auto* files = std::get_if<RemoveFiles>(&what)) {
        run(*files);
    } else if (const auto* copy = std::get_if<CopyLane>(&what)) {
        co_await run(copy, progress);
    } else if (const auto* migrations = std::get_if<ApplyMigrations>(&what)) {
        co_await run(migrations, deadline, progress);
    } else if (const auto* sequences = std::get_if<CarrySequences>(&what)) {
        co_await run(sequences, deadline);
    } else if (const auto* compare = std::get_if<CompareData>(&what)) {
        co_await run(compare, deadline, progress);
    } else if (const auto* record = std::get_if<RecordSwitch>(&what)) {
        run(*record);
    } else if (const auto* probe = std::get_if<ProbeEntry>(&what)) {
        co_await run(probe, deadline);
    }
}

postgres::Bindings Executor::values_for(const postgres::Statement& statement,
                                        const postgres::Server& server) const {
    postgres::Bindings values;
    for (const auto& name : statement.text.needs()) {
        if (name == "own_pids") {
            std::string pids;
            for (const int pid : server.pids()) {
                pids += (pids.empty() ? "{" : ",") + std::to_string(pid);
            }
            values[name] = postgres::Binding{(pids.empty() ? "{" : pids) + "}", false};
            continue;
        }
        // Lanes name the connection string by publisher alone; which database it is for follows from where
        // the statement runs.
        const bool connection = name == "conninfo_blue" || name == "conninfo_green";
        const auto found =
            bindings_.find(connection ? replication::binding_for(name, statement.database) : name);
        if (found != bindings_.end()) {
            values[name] = found->second;
        }
    }
    return values;
}

Task<void> Executor::run_spared(const Sql* action, Deadline deadline) {
    try {
        if (action->again.empty()) {
            co_await run(action, deadline);
        } else {
            co_await run_told(action, deadline);
        }
    } catch (const Error& error) {
        if (!action->spared) {
            throw;
        }
        results_.warnings.push_back(to_string(action->side) + ": " + error.what());
    }
}

Task<void> Executor::run(const Sql* action, Deadline deadline) {
    auto& server = estate_.server(action->side);
    const auto& statement = action->statement;
    if (action->close_sessions) {
        server.close_idle();
    }
    const auto values = values_for(statement, server);
    auto text = postgres::bind(statement.text, values);
    const auto limit = std::min(deadline, after(action->limit));
    std::vector<postgres::Result> results;
    if (action->walsender) {
        auto session = co_await server.replication(statement.database, limit);
        results = co_await session.script(text, limit);
        held_.insert_or_assign(statement.text.display(), std::move(session));
    } else if (postgres::holds_secret(statement.text, values)) {
        results = co_await postgres::secret_script(server, statement.database, text, limit);
    } else {
        results = co_await server.script(statement.database, text, limit);
    }
    if (action->canary) {
        canaries_.insert(statement.database);
    }
    if (statement.gives.empty() && action->remember.empty()) {
        co_return;
    }
    if (results.empty() || results.back().empty()) {
        throw Error(ErrorCode::internal, server.name(), "no row came back from: " + statement.text.display());
    }
    if (!action->remember.empty() && !results.back().is_null(0, 0)) {
        const auto answer = boost::json::parse(std::string(results.back().text(0, 0)));
        journal_.add_to(action->remember, answer.as_object());
    }
    for (std::size_t i = 0; i < statement.gives.size(); ++i) {
        set(statement.gives[i], std::string(results.back().text(0, static_cast<int>(i))));
    }
}

Task<void> Executor::run(const PoolerCommand* action, Deadline deadline) {
    auto& console = *estate_.pooler(action->pooler).console;
    switch (action->kind) {
    case PoolerCommand::Kind::pause:
        co_await console.pause(action->entry, deadline);
        break;
    case PoolerCommand::Kind::resume:
        co_await console.resume(action->entry, deadline);
        break;
    case PoolerCommand::Kind::raise_shield:
        lowered_.erase(action->pooler);
        settled_.erase(action->pooler);
        co_await console.raise_shield(deadline);
        break;
    case PoolerCommand::Kind::lower_shield:
        co_await console.lower_shield(deadline);
        lowered_.insert(action->pooler);
        break;
    case PoolerCommand::Kind::settle:
        co_await console.settle(deadline);
        // What another process changed, which did not live to put it back.
        co_await put_back_pooler_settings(&estate_, &journal_, action->pooler, deadline);
        settled_.insert(action->pooler);
        break;
    case PoolerCommand::Kind::reload:
        co_await console.reload(deadline);
        break;
    }
}

void Executor::run(const StageConfig& action) {
    const auto file = pooler::read_config(action.path);
    auto staged = pooler::stage_config(file, pooler::rewrite(file.text, action.targets));
    staged_[action.pooler] = {std::move(staged), file.hash, action.targets};
}

void Executor::run(const InstallConfig& action) {
    // Going back and resuming, nothing is staged yet, or what was staged for the way there: the file as it is
    // now is rewritten.
    const auto ready = staged_.find(action.pooler);
    if (ready == staged_.end() || ready->second.targets != action.targets) {
        if (pooler::put_back(action.path, action.targets)) {
            return;
        }
        run(StageConfig{action.pooler, action.path, action.targets});
    }
    const auto staged = staged_.extract(action.pooler).mapped();
    pooler::install_staged(staged.path, action.path, staged.replaces);
}

Task<void> Executor::run(const VerifyPooler* action, Deadline deadline) {
    auto& console = *estate_.pooler(action->pooler).console;
    const auto entries = co_await console.entries(deadline);
    for (const auto& [name, target] : action->targets) {
        const auto found = std::find_if(entries.begin(), entries.end(),
                                        [&name = name](const auto& entry) { return entry.name == name; });
        if (found == entries.end() || found->host != target.host || found->port != target.port ||
            found->database != target.database) {
            const auto is = found == entries.end() ? std::string("gone")
                                                   : "host=" + found->host + " port=" + found->port +
                                                         " dbname=" + found->database;
            throw Error(
                ErrorCode::conflict, action->pooler,
                "after RELOAD entry " + name + " is " + is + ", not host=" + target.host +
                    " port=" + target.port + " dbname=" + target.database,
                "look at the pooler's log and at its config file: can the user that it runs as read it?");
        }
    }
}

void Executor::run(const RecordSwitch& action) {
    boost::json::object known;
    for (const auto& [name, binding] : bindings_) {
        if (!binding.secret && (name.starts_with("insert_") || name.starts_with("flush_"))) {
            known[name] = binding.value;
        }
    }
    Event event;
    event.epoch = action.epoch;
    event.step = name_of(StepId::switch_over);
    event.kind = EventKind::switched;
    event.body = {{"to", to_string(action.to)}, {"epoch", action.epoch}, {"bindings", known}};
    journal_.append(std::move(event));
}

} // namespace pgteal::cutover
