// Everything a run talks to: two servers and the poolers, made from the config.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/side.hpp"
#include "cutover/config/config.hpp"
#include "pooler/pooler.hpp"
#include "postgres/server.hpp"
#include "replication/lane/lanes.hpp"
#include "replication/marker/markers.hpp"

namespace pgteal::cutover {

struct PoolerUnit {
    PoolerConfig config;
    std::unique_ptr<pooler::Pooler> console;
};

class Estate {
public:
    /// Runs the password commands; connects to nothing. Throws Error(config | program).
    static Task<std::unique_ptr<Estate>> make(Config config);

    [[nodiscard]] const Config& config() const { return config_; }
    [[nodiscard]] postgres::Server& server(Side side) { return side == Side::blue ? *blue_ : *green_; }
    [[nodiscard]] std::vector<PoolerUnit>& poolers() { return poolers_; }
    [[nodiscard]] PoolerUnit& pooler(const std::string& name);
    /// How `side`'s counterpart reaches it, for CREATE SUBSCRIPTION. Secret.
    [[nodiscard]] std::string peer_conninfo(Side side, const std::string& database) const;

    /// The lanes of all databases that `publisher` publishes.
    [[nodiscard]] std::vector<replication::Lane> lanes(Side publisher) const;
    [[nodiscard]] std::vector<replication::Lane> lanes(Side publisher, const std::string& database) const;
    /// For measuring lag again and again.
    [[nodiscard]] replication::Outstanding& outstanding() { return outstanding_; }

private:
    explicit Estate(Config config);
    Config config_;
    std::unique_ptr<postgres::Server> blue_;
    std::unique_ptr<postgres::Server> green_;
    std::vector<PoolerUnit> poolers_;
    replication::Outstanding outstanding_;
};

} // namespace pgteal::cutover
