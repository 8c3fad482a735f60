#include "tests/support/workload.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <thread>

namespace pgteal::workload {

using std::chrono::steady_clock;

namespace {

// Looking costs as much as the log is long: at most a fifth of a core goes into it.
constexpr std::chrono::milliseconds look_again{20};
constexpr int rest_per_look = 4;

std::vector<std::string> words(const RunOptions& options) {
    std::vector<std::string> words{PGTEAL_WORKLOAD_BINARY, "run", "--log", options.log.string()};
    for (const auto& dsn : options.dsns) {
        words.insert(words.end(), {"--dsn", dsn});
    }
    words.insert(words.end(),
                 {"--clients", std::to_string(options.clients), "--rate", std::to_string(options.rate),
                  "--probe-rate", std::to_string(options.probe_rate), "--deadline",
                  std::to_string(options.deadline.count()), "--duration",
                  std::to_string(options.duration.count())});
    return words;
}

// Its summary isn't needed here; what it complains about belongs on the test's stderr.
pid_t spawn(std::vector<std::string> words) {
    std::vector<char*> argv;
    for (auto& word : words) {
        argv.push_back(word.data());
    }
    argv.push_back(nullptr);
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    pid_t pid = -1;
    const int error = posix_spawn(&pid, argv.front(), &files, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&files);
    if (error != 0) {
        throw Failure(words.front() + " can't be started: " + std::strerror(error));
    }
    return pid;
}

Id acknowledged(const Log& log) { return static_cast<Id>(std::ranges::count_if(log.ops, &Op::acknowledged)); }

} // namespace

Workload::Workload(RunOptions options) : options_(std::move(options)) {
    const Id before = std::filesystem::exists(options_.log) ? acknowledged(log()) : 0;
    pid_ = spawn(words(options_));
    const auto runs = [&](const Log& log) { return acknowledged(log) > before; };
    if (!wait_until(runs, std::chrono::seconds(30))) {
        kill();
        throw Failure("the workload got nothing acknowledged within 30 s; its log is " +
                      options_.log.string());
    }
}

Workload::~Workload() { end(SIGKILL); }

void Workload::end(int signal) {
    if (pid_ > 0) {
        ::kill(pid_, signal);
        ::kill(pid_, SIGCONT); // a stopped one would never hear of it
        while (waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
        }
        pid_ = -1;
    }
}

Summary Workload::stop() {
    end(SIGTERM);
    auto summary = summarise(log());
    if (!WIFEXITED(status_) || WEXITSTATUS(status_) != 0 || !summary.drained) {
        throw Failure("the workload ended badly (wait status " + std::to_string(status_) + "); its log is " +
                      options_.log.string());
    }
    return summary;
}

void Workload::kill() { end(SIGKILL); }

Log Workload::log() const {
    const std::vector files{options_.log};
    return read_logs(files);
}

bool Workload::wait_until(const std::function<bool(const Log&)>& enough,
                          std::chrono::seconds deadline) const {
    const auto until = steady_clock::now() + deadline;
    while (true) {
        const auto from = steady_clock::now();
        // Until the child has opened it, there's none to read.
        if (std::filesystem::exists(options_.log) && enough(log())) {
            return true;
        }
        if (steady_clock::now() >= until) {
            return false;
        }
        std::this_thread::sleep_for(
            std::max<steady_clock::duration>(look_again, rest_per_look * (steady_clock::now() - from)));
    }
}

bool Workload::wait_acknowledged(Id more, std::chrono::seconds deadline) const {
    const Id wanted = acknowledged(log()) + more;
    return wait_until([&](const Log& log) { return acknowledged(log) >= wanted; }, deadline);
}

CheckReport Workload::check(CheckRequest request) {
    if (pid_ > 0) {
        stop();
    }
    request.logs.push_back(options_.log);
    return check_servers(request);
}

std::int64_t now_us() {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

} // namespace pgteal::workload
