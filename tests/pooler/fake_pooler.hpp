// A pooler in memory, with clients: held to the same contract as PgBouncer (pooler_contract.hpp).
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "pooler/file/config_file.hpp"
#include "pooler/pooler.hpp"

namespace pgteal::pooler {

class FakePooler final : public Pooler {
public:
    FakePooler(std::string name, std::string text) : config_text(std::move(text)), name_(std::move(name)) {
        reported.version = "1.18.0";
        reported.pool_mode = "transaction";
        reported.query_wait_timeout = std::chrono::seconds(30);
        reported.server_login_retry = std::chrono::seconds(15);
        restart();
    }

    /// What RELOAD reads. Set `read_config_file` to let it read a path instead.
    std::string config_text;
    std::function<std::string()> read_config_file;

    /// Called at the start of each call with its text, such as "PAUSE app" or "RELOAD", and when its effect
    /// is there (an answer that gets lost). Either may throw what the pooler would throw.
    std::function<void(const std::string&)> before_call;
    std::function<void(const std::string&)> after_call;
    std::vector<std::string> calls;

    Settings reported;
    /// RELOADs that moved a paused entry while no shield was up: with PgBouncer each risks a stall of
    /// server_login_retry.
    int exposed_reloads = 0;

    // The clients' side.
    void begin_transaction(const std::string& entry) { ++at(entry).transactions; }
    void end_transaction(const std::string& entry) { --at(entry).transactions; }
    /// A query: where it was answered, or nothing when it was held for longer than `patience`.
    Task<std::optional<Target>> query(std::string entry, Clock::duration patience) {
        const Deadline deadline = pgteal::after(patience);
        ++at(entry).clients;
        while (at(entry).paused || shield_) {
            if (Clock::now() >= deadline) {
                --at(entry).clients;
                co_return std::nullopt;
            }
            co_await sleep_for(std::chrono::milliseconds(1));
        }
        --at(entry).clients;
        co_return at(entry).target;
    }
    /// As a process that was restarted: what the file says, nothing paused.
    void restart() {
        entries_.clear();
        shield_ = false;
        load(read_config_file ? read_config_file() : config_text);
    }
    [[nodiscard]] bool shield_up() const { return shield_; }
    [[nodiscard]] bool paused(const std::string& entry) { return at(entry).paused; }

    [[nodiscard]] const std::string& name() const override { return name_; }

    Task<void> warm(std::size_t entries, Deadline) override {
        begin_call("warm " + std::to_string(entries));
        end_call("warm " + std::to_string(entries));
        co_return;
    }

    Task<std::vector<Entry>> entries(Deadline) override {
        begin_call("SHOW DATABASES");
        std::vector<Entry> found;
        for (const auto& [entry, state] : entries_) {
            found.push_back({.name = entry,
                             .host = state.target.host,
                             .port = state.target.port,
                             .database = state.target.database,
                             .pool_mode = reported.pool_mode,
                             .force_user = {},
                             .paused = state.paused,
                             .server_connections = state.transactions});
        }
        end_call("SHOW DATABASES");
        co_return found;
    }

    Task<Settings> settings(Deadline) override {
        begin_call("SHOW CONFIG");
        end_call("SHOW CONFIG");
        co_return reported;
    }

    Task<int> clients(std::vector<std::string> names, Deadline) override {
        begin_call("SHOW POOLS");
        int count = 0;
        for (const auto& entry : names) {
            count += at(entry).clients + at(entry).transactions;
        }
        end_call("SHOW POOLS");
        co_return count;
    }

    Task<void> pause(std::string entry, Deadline deadline) override {
        begin_call("PAUSE " + entry);
        if (entry == "*") {
            throw Error(ErrorCode::config, name_, "the entry * cannot be paused");
        }
        if (shield_) {
            throw Error(ErrorCode::conflict, name_, "all of the pooler is already paused");
        }
        at(entry).paused = true;
        while (at(entry).transactions > 0) {
            if (Clock::now() >= deadline) {
                throw DeadlinePassed(name_, "PAUSE of entry " + entry + " did not finish in time");
            }
            co_await sleep_for(std::chrono::milliseconds(1));
        }
        end_call("PAUSE " + entry);
    }

    Task<void> resume(std::string entry, Deadline) override {
        begin_call("RESUME " + entry);
        at(entry).paused = false;
        end_call("RESUME " + entry);
        co_return;
    }

    Task<void> raise_shield(Deadline) override {
        begin_call("PAUSE");
        shield_ = true;
        end_call("PAUSE");
        co_return;
    }

    Task<void> lower_shield(Deadline) override {
        begin_call("RESUME");
        shield_ = false;
        end_call("RESUME");
        co_return;
    }

    Task<void> reload(Deadline) override {
        begin_call("RELOAD");
        load(read_config_file ? read_config_file() : config_text);
        end_call("RELOAD");
        co_return;
    }

    void close() override {}

private:
    struct State {
        Target target;
        bool paused = false;
        int transactions = 0;
        int clients = 0;
    };

    State& at(const std::string& entry) {
        const auto found = entries_.find(entry);
        if (found == entries_.end()) {
            throw Error(ErrorCode::conflict, name_, "no such database: " + entry);
        }
        return found->second;
    }

    void begin_call(const std::string& call) {
        calls.push_back(call);
        if (before_call) {
            before_call(call);
        }
    }

    void end_call(const std::string& call) const {
        if (after_call) {
            after_call(call);
        }
    }

    // As PgBouncer: entries up to the first fault count, and only a file without fault takes entries away.
    void load(const std::string& text) {
        for (std::size_t length = text.size(); length != std::string::npos && length > 0;
             length = text.rfind('\n', length - 1)) {
            std::map<std::string, Target> targets;
            try {
                targets = targets_in(text.substr(0, length));
            } catch (const Error&) {
                continue;
            }
            take(targets, length == text.size() && text.find("[pgbouncer]") != std::string::npos);
            return;
        }
    }

    void take(const std::map<std::string, Target>& targets, bool whole) {
        bool moved_while_paused = false;
        for (const auto& [entry, target] : targets) {
            auto& state = entries_[entry];
            moved_while_paused = moved_while_paused || (state.paused && state.target != target);
            state.target = target;
        }
        exposed_reloads += moved_while_paused && !shield_ ? 1 : 0;
        if (whole) {
            std::erase_if(entries_, [&](const auto& entry) { return !targets.contains(entry.first); });
        }
    }

    std::string name_;
    std::map<std::string, State> entries_;
    bool shield_ = false;
};

} // namespace pgteal::pooler
