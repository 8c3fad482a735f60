// The gate's judgement: a pure function of what was read.
#pragma once

#include <array>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/refusal.hpp"
#include "cutover/engine/context.hpp"
#include "cutover/estate/streams.hpp"
#include "replication/marker/markers.hpp"
#include "replication/sequence/sequences.hpp"

namespace pgteal::cutover {

struct LongTransaction {
    int pid = 0;
    std::string role;
    std::string application;
    Clock::duration age{};
    std::string query;
};

/// Of a superuser that is not pgteal's: no fence holds it.
struct SuperuserSession {
    std::string pid, role, application;
};

struct GateDatabase {
    std::string name;
    std::array<std::string, 2> run_ids; ///< on from, on to
    std::array<std::int64_t, 2> epochs{};
    bool from_fenced = false;
    int from_limit = -1; ///< the connection limit that clients had there, as recorded
    bool to_fenced = false;
    std::vector<std::string> prepared_transactions;
    std::vector<LongTransaction> long_transactions;
    std::vector<std::string> writing_roles;   ///< with a default_transaction_read_only = off of their own
    std::vector<SuperuserSession> superusers; ///< on from
    replication::Carry carry;
    std::vector<Refusal> risks; ///< see gate_risks.hpp
    StreamVerdicts streams;     ///< along the move, and back
};
struct GateLane {
    replication::Lane lane; ///< published by from
    replication::Lag lag;
    replication::LaneState active; ///< from -> to
    replication::LaneState armed;  ///< to -> from, waiting
    std::string told{};            ///< what the log says of its last failure, of one that does not run
};
struct GatePooler {
    std::string name;
    std::string path;
    Clock::duration query_wait_timeout{};
    std::vector<pooler::Entry> entries;
    std::map<std::string, pooler::Target> wanted; ///< where our entries have to point now
    bool file_changed = false;
    std::vector<std::string> left_behind;      ///< entries that lead to `from` and are not the run's
    std::map<std::string, std::string> doubts; ///< entries that may lead to `from`: why it can't be told
    std::vector<std::pair<std::string, std::string>> session_pools; ///< entry, user: see pooler::Settings
    std::vector<std::pair<std::string, std::string>> replication_clients; ///< entry, user: the same
    /// Users whose sessions of our entries PAUSE holds: those of their pools, and forced ones.
    std::set<std::string> users;
    int clients = 0;
    std::optional<Refusal> elsewhere; ///< through an entry neither side answers, but a third server
    std::optional<Refusal> probe;     ///< a client's login through an entry does not reach `from`
};
/// A side whose schema is not as recorded.
struct ChangedSchema {
    std::string side;
    std::string what; ///< the objects that differ; "" when the run has no record of them
    std::string fix;  ///< statements that take away what is new; "" when there are none
};
struct GateFacts {
    Move move;
    std::string run_id;
    Bytes max_lag{};
    std::chrono::milliseconds max_pause{};
    std::vector<GateDatabase> databases;
    std::vector<GateLane> lanes;
    std::vector<GatePooler> poolers;
    std::vector<std::string> left_behind;   ///< poolers that a switch-back goes without
    std::vector<std::string> without_entry; ///< databases of the run that no recorded entry leads to
    std::vector<Refusal> logins;            ///< `to` would not let the clients of `from` in
    bool switch_back_given_up = false;      ///< accept = ["switch-back"]: what the way back loses is known
    std::vector<ChangedSchema> changed_schemas;
};

/// All reasons not to go on, the most serious first.
std::vector<Refusal> judge(const GateFacts& facts);
/// "lag 0.4 ms, 3 poolers, 41 clients, 87 sequences"
std::string summary_of(const GateFacts& facts);

} // namespace pgteal::cutover
