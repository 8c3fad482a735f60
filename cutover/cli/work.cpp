#include "cutover/cli/work.hpp"

#include "base/error.hpp"
#include "base/version.hpp"
#include "cutover/cli/touched.hpp"
#include "cutover/look/green_database.hpp"
#include "cutover/status/status.hpp"

namespace pgteal::cutover {

void Narrator::started(const Step& step) {
    Terminal::started(step);
    metrics_->step(step.id);
}

void Narrator::clients_held() {
    for (auto* one : answers_) {
        one->hold();
    }
    if (endpoint_ != nullptr) {
        endpoint_->slow(true);
    }
    Terminal::clients_held();
}

void Narrator::clients_go_on(Clock::duration held) {
    for (auto* one : answers_) {
        one->let_go();
    }
    if (endpoint_ != nullptr) {
        endpoint_->slow(false);
    }
    Terminal::clients_go_on(held);
}

void Narrator::tell(std::vector<Answers*> answers, health::Endpoint* endpoint) {
    answers_ = std::move(answers);
    endpoint_ = endpoint;
}

const std::string& Answers::text() {
    constexpr auto fresh = std::chrono::milliseconds(250);
    if (!made_ || (!held_ && Clock::now() - *made_ > fresh)) {
        text_ = make_();
        made_ = Clock::now();
    }
    return text_;
}

void Answers::hold() {
    try {
        text_ = make_();
    } catch (const std::exception& error) { // no reason not to switch
        spdlog::debug("an answer for GET could not be made: {}", error.what());
    }
    made_ = Clock::now();
    held_ = true;
}

void Narrator::copied(double bytes, double tables) { metrics_->copied(bytes, tables); }

Work::Work(Session* opened, const std::string& command)
    : session(*opened), journal(Journal::open(opened->config.state, opened->config.run, command)),
      executor(*opened->estate, journal), metrics(opened->config.run, std::string(version)),
      narrator(opened->options.json ? stderr : stdout, opened->options.quiet, &metrics),
      context{*opened->estate, journal, executor}, metrics_text_([this] { return metrics.text(); }),
      status_text_(
          [this] { return boost::json::serialize(brief_status(context.progress(), session.config)); }) {
    const auto events = journal.events();
    first_seq_ = events.empty() ? 0 : events.back().seq + 1;
    executor.on_copied([this](double bytes, double tables) { narrator.copied(bytes, tables); });
    const auto progress = context.progress();
    bind_run(*this, progress.run_id);
    metrics.serving(to_string(progress.serving), static_cast<double>(progress.epoch));
}

Work::~Work() {
    try {
        session.touched = session.touched || touched_by(journal.events(), first_seq_);
    } catch (const std::exception&) {
        session.touched = true; // it can't be told
    }
}

Task<void> Work::open_endpoint() {
    if (session.config.metrics.empty()) {
        co_return;
    }
    auto executor_here = co_await asio::this_coro::executor;
    try {
        endpoint_ = std::make_unique<health::Endpoint>(
            executor_here, session.config.metrics, [this] { return metrics_text_.text(); },
            [this] { return status_text_.text(); });
        narrator.tell({&metrics_text_, &status_text_}, endpoint_.get());
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
    bind_new_names(work.session.config, run_id, &work.executor);
}

std::unique_ptr<Work> open_to_resume(Session* session) {
    try {
        return std::make_unique<Work>(session, "resume");
    } catch (const Error& error) {
        session->interrupted = error.code() != ErrorCode::busy;
        throw;
    }
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
