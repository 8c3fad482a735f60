#include "cutover/engine/context.hpp"

#include "replication/lane/partitions.hpp"

namespace pgteal::cutover {

Progress Context::progress() const { return progress_of(journal); }

bool Context::begun(StepId step) const {
    const auto now = progress();
    return now.active && now.step(step).intent;
}

Task<std::vector<replication::Table>> tables_on(postgres::Server* server, std::string database,
                                                Deadline deadline) {
    auto session = co_await server->session(database, deadline);
    auto tables = co_await replication::read_tables(*session, deadline);
    co_return tables;
}

namespace {

Task<replication::LaneState> lane_state(Estate* estate, replication::Lane lane, Deadline deadline) {
    const auto publisher = *parse_side(lane.publisher);
    auto state = co_await replication::read_lane(estate->server(publisher), estate->server(other(publisher)),
                                                 lane, deadline);
    co_return state;
}

} // namespace

Task<bool> carries_partitions(Context* context, std::string database, Deadline deadline) {
    if (context->estate.config().carry_partitions()) {
        co_return true;
    }
    // A run goes on as it began.
    const bool carried = co_await replication::carries_partitions(context->estate.server(Side::blue),
                                                                  std::move(database), deadline);
    co_return carried;
}

Task<std::vector<replication::LaneState>> lane_states(Estate* estate, Side publisher, Deadline deadline) {
    std::vector<Task<replication::LaneState>> reads;
    for (const auto& lane : estate->lanes(publisher)) {
        reads.push_back(lane_state(estate, lane, deadline));
    }
    auto states = co_await all(std::move(reads));
    co_return states;
}

Progress peek_progress(const Config& config) {
    const auto journal = Journal::peek(config.state, config.run);
    return journal ? progress_of(*journal) : Progress{};
}

} // namespace pgteal::cutover
