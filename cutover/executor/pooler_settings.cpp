#include "cutover/executor/pooler_settings.hpp"

#include "pooler/held_settings.hpp"

namespace pgteal::cutover {

namespace {

constexpr const char* fact = "pooler_settings";

} // namespace

Task<void> record_pooler_settings(Estate* estate, Journal* journal, Deadline deadline) {
    boost::json::object all;
    for (const auto& baseline : recorded_poolers(*journal)) {
        const auto held = co_await pooler::read_held_settings(estate->pooler(baseline.name).config.admin,
                                                              baseline.name, deadline);
        boost::json::object one;
        for (const auto& [key, value] : held) {
            one[key] = value;
        }
        all[baseline.name] = std::move(one);
    }
    journal->set_fact(fact, all);
}

Task<void> put_back_pooler_settings(Estate* estate, const Journal* journal, std::string pooler,
                                    Deadline deadline) {
    const auto recorded = journal->fact(fact);
    const auto* one = recorded.is_object() ? recorded.as_object().if_contains(pooler) : nullptr;
    if (one == nullptr || !one->is_object()) {
        co_return;
    }
    pooler::HeldSettings before;
    for (const auto& [key, value] : one->as_object()) {
        before[std::string(key)] = std::string(value.as_string());
    }
    const auto admin = estate->pooler(pooler).config.admin;
    co_await pooler::put_back_settings(admin, pooler, std::move(before), deadline);
}

} // namespace pgteal::cutover
