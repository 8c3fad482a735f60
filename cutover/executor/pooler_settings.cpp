#include "cutover/executor/pooler_settings.hpp"

#include "pooler/held_settings.hpp"

namespace pgteal::cutover {

Task<void> record_pooler_settings(Estate* estate, Journal* journal, Deadline deadline) {
    std::map<std::string, pooler::HeldSettings> all;
    for (const auto& baseline : recorded_poolers(*journal)) {
        const auto& admin = estate->pooler(baseline.name).config.admin;
        all[baseline.name] = co_await pooler::read_held_settings(admin, baseline.name, deadline);
    }
    journal->remember(facts::pooler_settings, all);
}

Task<void> put_back_pooler_settings(Estate* estate, const Journal* journal, std::string pooler,
                                    Deadline deadline) {
    auto recorded = journal->recall(facts::pooler_settings);
    if (!recorded || !recorded->contains(pooler)) {
        co_return;
    }
    const auto admin = estate->pooler(pooler).config.admin;
    co_await pooler::put_back_settings(admin, pooler, recorded->at(pooler), deadline);
}

} // namespace pgteal::cutover
