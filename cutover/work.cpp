#include "cutover/work.hpp"

#include "cutover/status.hpp"
#include "postgres/error.hpp"

namespace pgteal::cutover {

void Narrator::started(const Step& step) {
    Terminal::started(step);
    metrics_->step(step.id);
}

void Narrator::copied(double bytes, double tables) { metrics_->copied(bytes, tables); }

Work::Work(Session* opened, const std::string& command)
    : session(*opened), journal(Journal::open(opened->config.state, opened->config.run, command)),
      executor(*opened->estate, journal), metrics(opened->config.run, "0.1.0"),
      narrator(opened->options.json ? stderr : stdout, opened->options.quiet, &metrics), context{
                                                                                             *opened->estate,
                                                                                             journal,
                                                                                             executor} {
    executor.on_copied([this](double bytes, double tables) { narrator.copied(bytes, tables); });
    const auto progress = context.progress();
    bind_run(*this, progress.run_id);
    metrics.serving(to_string(progress.serving), static_cast<double>(progress.epoch));
}

Work::~Work() = default;

Task<void> Work::open_endpoint() {
    if (session.config.metrics.empty()) {
        co_return;
    }
    auto executor_here = co_await asio::this_coro::executor;
    try {
        endpoint_ = std::make_unique<health::Endpoint>(
            executor_here, session.config.metrics, [this] { return metrics.text(); },
            [this] { return boost::json::serialize(brief_status(context.progress(), session.config)); });
    } catch (const Error& error) {
        if (error.code() == ErrorCode::config) {
            throw;
        }
        spdlog::warn("no metrics from this command: {}", error.what());
    }
}

void bind_run(Work& work, const std::string& run_id) {
    work.executor.set("run_id", run_id);
    work.executor.set("run_name", work.session.config.run);
}

void require_resting_run(const Progress& progress, const std::string& command) {
    if (!progress.active) {
        throw Error(ErrorCode::wrong_state, "",
                    command + " needs a prepared run, and there is none" +
                        (progress.ever_finished ? ": the last one was finished" : ""),
                    "pgteal prepare");
    }
    if (progress.attempt) {
        throw Error(ErrorCode::wrong_state, "",
                    std::string("a switchover was interrupted ") +
                        (progress.attempt->switched ? "past" : "before") + " the switch",
                    "pgteal resume");
    }
    if (progress.removing || progress.finishing) {
        throw Error(ErrorCode::wrong_state, "",
                    std::string("the run is being ") + (progress.removing ? "removed" : "finished") +
                        ", which was interrupted",
                    "pgteal resume");
    }
    if (!progress.prepared) {
        throw Error(ErrorCode::wrong_state, "",
                    command + " comes after prepare, which is at step " +
                        (progress.last_step.empty() ? "check" : progress.last_step),
                    "pgteal prepare goes on with it");
    }
}

} // namespace pgteal::cutover
