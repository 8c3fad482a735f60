// Who keeps a statement of ours waiting on a server.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <boost/asio/steady_timer.hpp>

#include "base/refusal.hpp"
#include "postgres/server.hpp"

namespace pgteal::cutover {

/// While one statement of ours runs on a server. Shared, since two tasks have it.
struct BlockerWatch {
    explicit BlockerWatch(const pgteal::Executor& executor) : ended(executor) {}
    asio::steady_timer ended; ///< cancelled when the statement has ended
    bool over = false;
    std::optional<Refusal> blocker; ///< as seen last: who, and what ends that
};

/// Looks every other second, from a session of its own, until the watch is over. Never throws.
Task<void> watch_blockers(postgres::Server* server, std::shared_ptr<BlockerWatch> watch);

} // namespace pgteal::cutover
