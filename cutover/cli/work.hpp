// What every command that may change something is made of: the journal (locked), executor, reporter, metrics.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cutover/cli/commands.hpp"
#include "cutover/cli/terminal.hpp"
#include "cutover/engine/context.hpp"
#include "health/serve/metrics.hpp"

namespace pgteal::cutover {

/// What GET answers: texts that were made beforehand while clients are held, since whoever asks shares the
/// thread with the pause.
class Answers {
public:
    /// `make`: the text now.
    explicit Answers(std::function<std::string()> make) : make_(std::move(make)) {}
    /// Made anew at most four times a second, and never while clients are held.
    const std::string& text();
    void hold();
    void let_go() { held_ = false; }

private:
    std::function<std::string()> make_;
    std::string text_;
    std::optional<Clock::time_point> made_;
    bool held_ = false;
};

/// The terminal, and the same words as metrics and status.
class Narrator : public Terminal {
public:
    Narrator(std::FILE* out, bool quiet, health::Metrics* metrics)
        : Terminal(out, quiet), metrics_(metrics) {}
    void started(const Step& step) override;
    void copied(double bytes, double tables) override;
    void clients_held() override;
    void clients_go_on(Clock::duration held) override;
    /// These are told when clients are held and when they go on.
    void tell(std::vector<Answers*> answers, health::Endpoint* endpoint);

private:
    health::Metrics* metrics_;
    std::vector<Answers*> answers_;
    health::Endpoint* endpoint_ = nullptr;
};

/// Holds the run's lock as long as it lives.
class Work {
public:
    Work(Session* session, const std::string& command);
    ~Work();
    Work(const Work&) = delete;
    Work& operator=(const Work&) = delete;

    Session& session; ///< knows when this goes whether anything was touched
    Journal journal;
    Executor executor;
    health::Metrics metrics;
    Narrator narrator;
    Context context;

    /// GET /metrics while a long command runs, when [metrics] listen is set. A taken port is a warning, not
    /// an error: `serve` may have it.
    Task<void> open_endpoint();

private:
    std::int64_t first_seq_ = 0; ///< of the events that this controller writes
    Answers metrics_text_;
    Answers status_text_;
    std::unique_ptr<health::Endpoint> endpoint_;
};

/// The run's identity, once known, as bindings for the statements that write it.
void bind_run(Work& work, const std::string& run_id);

/// For resume. Another controller at work is no reason to fear for the clients; a journal that can't be read
/// is. Throws as Work does.
std::unique_ptr<Work> open_to_resume(Session* session);

/// Throws Error(wrong_state) unless a run is prepared and rests: `command` says what was asked for.
void require_resting_run(const Progress& progress, const std::string& command);

struct SwitchoverResult;
/// The --json document of cutover, switch-back and of resume of either.
boost::json::object switchover_document(Work& work, const SwitchoverResult& result);
/// It failed with exit code 4: the other side serves, or it can't be told.
bool past_the_switch(const SwitchoverResult& result);
/// How clients fare, when more is known of it than its exit code says; else "".
std::string clients_words(const SwitchoverResult& result);

} // namespace pgteal::cutover
