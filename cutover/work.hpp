// What every command that may change something is made of: the journal (locked), executor, reporter, metrics.
#pragma once

#include <memory>
#include <string>

#include "cutover/commands.hpp"
#include "cutover/context.hpp"
#include "cutover/terminal.hpp"
#include "health/metrics.hpp"

namespace pgteal::cutover {

/// The terminal, and the same words as metrics.
class Narrator : public Terminal {
public:
    Narrator(std::FILE* out, bool quiet, health::Metrics* metrics)
        : Terminal(out, quiet), metrics_(metrics) {}
    void started(const Step& step) override;
    void copied(double bytes, double tables) override;

private:
    health::Metrics* metrics_;
};

/// Holds the run's lock as long as it lives.
class Work {
public:
    Work(Session* session, const std::string& command);
    ~Work();
    Work(const Work&) = delete;
    Work& operator=(const Work&) = delete;

    Session& session;
    Journal journal;
    Executor executor;
    health::Metrics metrics;
    Narrator narrator;
    Context context;

    /// GET /metrics while a long command runs, when [metrics] listen is set. A taken port is a warning, not
    /// an error: `serve` may have it.
    Task<void> open_endpoint();

private:
    std::unique_ptr<health::Endpoint> endpoint_;
};

/// The run's identity, once known, as bindings for the statements that write it.
void bind_run(Work& work, const std::string& run_id);

/// Throws Error(wrong_state) unless a run is prepared and rests: `command` says what was asked for.
void require_resting_run(const Progress& progress, const std::string& command);

struct SwitchoverResult;
/// The --json document of cutover, switch-back and of resume of either.
boost::json::object switchover_document(Work& work, const SwitchoverResult& result);

} // namespace pgteal::cutover
