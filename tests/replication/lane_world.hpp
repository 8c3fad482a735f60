// Two servers with fresh databases on both, and lanes between them, for the tests of lanes, markers,
// sequences and comparison.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "postgres/server.hpp"
#include "postgres/statement.hpp"
#include "replication/lane/lanes.hpp"
#include "tests/support/lab.hpp"

namespace pgteal::replication::test {

using namespace std::chrono_literals;

inline Deadline soon() { return after(20s); }

class LaneWorld {
public:
    explicit LaneWorld(std::vector<std::string> options = {});

    /// A database that is new and empty on both sides.
    Task<std::string> fresh_database();

    /// Runs a statement and returns its last result; what it gives goes into `bindings`.
    Task<postgres::Result> run(std::string side, postgres::Statement statement);
    /// The same for plain text.
    Task<postgres::Result> sql(std::string side, std::string database, std::string text);
    /// On both sides.
    Task<void> sql_both(std::string database, std::string text);
    /// First field of the last result as text.
    Task<std::string> value(std::string side, std::string database, std::string text);

    /// Control schema on both sides, publication, slot and disabled subscription of a lane over all tables of
    /// its database.
    Task<void> lay(Lane lane);
    /// Commits markers on the publisher and waits for them on the subscriber, as the barrier does.
    Task<void> settle(Lane lane, std::string kind = "barrier");
    Task<void> drop(Lane lane);
    /// A lane to green of a fresh database with one table, public.t (id int PRIMARY KEY, v text).
    Task<Lane> running_lane(std::string run_id);

    postgres::Server& side(const std::string& name) { return name == "blue" ? *blue : *green; }

    support::Lab lab;
    std::unique_ptr<postgres::Server> blue, green; ///< there while a LaneScope lives
    postgres::Bindings bindings;
};

/// The world's servers for the length of one test: their connections belong to its loop and must end before
/// it does.
class LaneScope {
public:
    explicit LaneScope(LaneWorld& world);
    ~LaneScope();
    LaneScope(const LaneScope&) = delete;
    LaneScope& operator=(const LaneScope&) = delete;

private:
    LaneWorld& world_;
};

inline std::string other(const std::string& side) { return side == "blue" ? "green" : "blue"; }

/// 15 to 17, shared by the tests of this room's lanes.
LaneWorld& lane_world();

} // namespace pgteal::replication::test
