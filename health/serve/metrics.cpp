#include "health/serve/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace pgteal::health {

namespace {

using prometheus::Labels;
using Gauges = prometheus::Family<prometheus::Gauge>;
using Counters = prometheus::Family<prometheus::Counter>;

double flag(bool value) { return value ? 1 : 0; }

} // namespace

struct Metrics::Impl {
    explicit Impl(const std::string& run) : labels{{"run", run}} {}

    Gauges& gauges(const std::string& name, const std::string& help) {
        return prometheus::BuildGauge().Name(name).Help(help).Labels(labels).Register(registry);
    }

    Labels labels;
    prometheus::Registry registry;
    Gauges& lag_seconds =
        gauges("pgteal_lane_lag_seconds", "Time from commit on the publisher to visible on the subscriber.");
    Gauges& lag_bytes = gauges("pgteal_lane_lag_bytes", "WAL that the subscriber has not confirmed.");
    Gauges& enabled = gauges("pgteal_lane_enabled", "1 when the lane's subscription is enabled.");
    Gauges& streaming = gauges("pgteal_lane_streaming", "1 when the lane's apply worker runs.");
    Gauges& retained =
        gauges("pgteal_slot_retained_bytes", "WAL that the lane's slot keeps on the publisher.");
    Gauges& server_up = gauges("pgteal_server_up", "1 when the side's server answers.");
    Gauges& comparison =
        gauges("pgteal_comparison_void", "1 when the side went back in time: rows may be missing there.");
    Gauges& serving = gauges("pgteal_serving", "1 for the side that clients write to.");
    Gauges& epoch = gauges("pgteal_epoch", "Grows by one with each switch of the serving side.");
    Gauges& step = gauges("pgteal_step", "1 for the step under way or last done.");
    Gauges& pause = gauges("pgteal_pause_seconds", "How long the last switchover held clients.");
    Counters& switchovers = prometheus::BuildCounter()
                                .Name("pgteal_switchovers_total")
                                .Help("Switchovers tried, by outcome.")
                                .Labels(labels)
                                .Register(registry);
    Gauges& pooler_up = gauges("pgteal_pooler_up", "1 when the pooler's admin console answers.");
    Gauges& pooler_paused = gauges("pgteal_pooler_paused", "1 when one of the run's entries is paused.");
    Gauges& entry_side =
        gauges("pgteal_pooler_entry_side", "1 for the side that a pooler's entry points at.");
    Gauges& copy_bytes = gauges("pgteal_copy_bytes_total", "Bytes copied to green.");
    Gauges& copy_tables = gauges("pgteal_copy_tables_done", "Tables copied to green.");
    Gauges& build = gauges("pgteal_build_info", "Version of pgteal, as a label.");
    prometheus::Gauge* current_step = nullptr;
    std::vector<std::pair<Gauges*, prometheus::Gauge*>> of_lanes;

    void set_for_lane(Gauges& family, const Labels& lane, double value) {
        auto& gauge = family.Add(lane);
        gauge.Set(value);
        of_lanes.emplace_back(&family, &gauge);
    }
};

Metrics::Metrics(std::string run, std::string version) : impl_(std::make_unique<Impl>(run)) {
    impl_->build.Add({{"version", version}}).Set(1);
}

Metrics::~Metrics() = default;

void Metrics::lane(const std::string& database, const std::string& lane, const std::string& direction,
                   Clock::duration lag, Bytes behind, bool enabled, bool streaming, Bytes retained) {
    const Labels labels{{"database", database}, {"lane", lane}, {"direction", direction}};
    impl_->set_for_lane(impl_->lag_seconds, labels, to_seconds(lag));
    impl_->set_for_lane(impl_->lag_bytes, labels, static_cast<double>(behind.count));
    impl_->set_for_lane(impl_->enabled, labels, flag(enabled));
    impl_->set_for_lane(impl_->streaming, labels, flag(streaming));
    impl_->set_for_lane(impl_->retained, labels, static_cast<double>(retained.count));
}

void Metrics::forget_lanes() {
    // One gauge may be noted several times: its family forgets it the first time and ignores the others.
    for (const auto& [family, gauge] : impl_->of_lanes) {
        family->Remove(gauge);
    }
    impl_->of_lanes.clear();
}

void Metrics::server(const std::string& side, bool up) {
    impl_->server_up.Add({{"side", side}}).Set(flag(up));
}

void Metrics::comparison_void(const std::string& side, bool is_void) {
    impl_->comparison.Add({{"side", side}}).Set(flag(is_void));
}

void Metrics::serving(const std::string& side, double epoch) {
    for (const char* each : {"blue", "green"}) {
        impl_->serving.Add({{"side", each}}).Set(flag(side == each));
    }
    impl_->epoch.Add({}).Set(epoch);
}

void Metrics::step(const std::string& id) {
    if (impl_->current_step != nullptr) {
        impl_->step.Remove(impl_->current_step);
    }
    impl_->current_step = &impl_->step.Add({{"step", id}});
    impl_->current_step->Set(1);
}

void Metrics::switchover(const std::string& direction, const std::string& outcome, Clock::duration held) {
    impl_->switchovers.Add({{"direction", direction}, {"outcome", outcome}}).Increment();
    impl_->pause.Add({{"direction", direction}}).Set(to_seconds(held));
}

void Metrics::pooler(const std::string& name, bool up, bool paused) {
    impl_->pooler_up.Add({{"pooler", name}}).Set(flag(up));
    impl_->pooler_paused.Add({{"pooler", name}}).Set(flag(paused));
}

void Metrics::pooler_entry(const std::string& pooler, const std::string& entry, const std::string& side) {
    for (const char* each : {"blue", "green"}) {
        impl_->entry_side.Add({{"pooler", pooler}, {"entry", entry}, {"side", each}}).Set(flag(side == each));
    }
}

void Metrics::copied(double bytes, double tables_done) {
    impl_->copy_bytes.Add({}).Set(bytes);
    impl_->copy_tables.Add({}).Set(tables_done);
}

std::string Metrics::text() const {
    return prometheus::TextSerializer{}.Serialize(impl_->registry.Collect());
}

} // namespace pgteal::health
