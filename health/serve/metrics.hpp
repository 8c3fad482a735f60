// What pgteal tells Prometheus, and the small HTTP endpoint that tells it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/async.hpp"
#include "base/units.hpp"

namespace pgteal::health {

/// Gauges and counters, updated by cutover/; text made by prometheus-cpp. Names (all with label run):
///   pgteal_lane_lag_seconds, pgteal_lane_lag_bytes, pgteal_lane_enabled, pgteal_lane_streaming,
///   pgteal_slot_retained_bytes {database,lane,direction} pgteal_comparison_void {side} 0|1, pgteal_server_up
///   {side} 0|1, pgteal_serving {side} 0|1, pgteal_epoch, pgteal_step {step} 1 for the step under way or last
///   done, pgteal_pause_seconds {direction} of the last switchover, pgteal_switchovers_total
///   {direction,outcome}, pgteal_pooler_up {pooler}, pgteal_pooler_paused {pooler}, pgteal_pooler_entry_side
///   {pooler,entry,side} 0|1, pgteal_copy_bytes_total, pgteal_copy_tables_done, pgteal_build_info {version}
class Metrics {
public:
    /// `version`: of pgteal, for pgteal_build_info.
    explicit Metrics(std::string run, std::string version = "unknown");
    ~Metrics();
    void lane(const std::string& database, const std::string& lane, const std::string& direction,
              Clock::duration lag, Bytes behind, bool enabled, bool streaming, Bytes retained);
    /// The lanes are read anew: those that can't be are gone from the text, instead of keeping what they
    /// were.
    void forget_lanes();
    void server(const std::string& side, bool up);
    /// `side`: "" when it can't be told; then pgteal_serving is 0 for both.
    void serving(const std::string& side, double epoch);
    /// The side went back in time: what was compared says nothing of it any more.
    void comparison_void(const std::string& side, bool is_void);
    void step(const std::string& id);
    void switchover(const std::string& direction, const std::string& outcome, Clock::duration held);
    void pooler(const std::string& name, bool up, bool paused);
    void pooler_entry(const std::string& pooler, const std::string& entry, const std::string& side);
    void copied(double bytes, double tables_done);
    [[nodiscard]] std::string text() const; ///< Prometheus text format

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// Serves GET /metrics and GET /status (JSON from `status`) on "127.0.0.1:9187" until destroyed
/// (Boost.Beast). Throws Error(config) when the address can't be parsed and Error(unreachable) when it is
/// taken. Slow or silent clients are dropped after 5 s.
class Endpoint {
public:
    Endpoint(Executor executor, const std::string& listen, std::function<std::string()> metrics,
             std::function<std::string()> status);
    ~Endpoint();
    [[nodiscard]] unsigned short port() const;
    /// While on, each answer waits a tenth of a second first: whoever asks without end has next to none of
    /// the thread's time then, which a pause shares with this.
    void slow(bool on);

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

} // namespace pgteal::health
