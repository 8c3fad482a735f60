// Signals during a rehearsal: the work in the scratch database is ended, so that it can be dropped.
#pragma once

#include <memory>
#include <string>

#include "postgres/server.hpp"

namespace pgteal::cutover {

class Interruption {
public:
    /// Listens from now on. `server` must outlive settle().
    Interruption(asio::any_io_executor executor, postgres::Server* server);
    ~Interruption();
    Interruption(const Interruption&) = delete;
    Interruption& operator=(const Interruption&) = delete;

    /// The database whose sessions a signal ends; "" = none.
    void works_in(std::string database);
    [[nodiscard]] bool came() const;
    /// Stops listening, and waits until nothing of this is under way.
    Task<void> settle();

private:
    struct State;
    static Task<void> listen(std::shared_ptr<State> state);
    std::shared_ptr<State> state_;
};

} // namespace pgteal::cutover
