#include "base/program.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include <boost/asio/readable_pipe.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/process/v2/process.hpp>
#include <boost/process/v2/stdio.hpp>

#include "base/error.hpp"

namespace pgteal::postgres {

namespace {

namespace process = boost::process::v2;

constexpr std::size_t error_limit = 64UL * 1024;

/// Boost leaves its pipes' own numbers, and whatever else we have open, to the child. A daemon that the
/// program starts would then hold our end of the pipe open, and we would wait for it for ever.
void keep_only_stdio() {
    if (::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == 0) {
        return;
    }
    for (int fd = 3; fd < 4096; ++fd) { // a kernel before 5.11
        ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
}

/// Gives the child its environment and makes it the leader of a process group of its own, so that its
/// children can be killed with it. (Boost 1.81 declares process_environment::on_setup, but defines it
/// nowhere.)
struct Setup {
    Setup(const std::vector<std::string>& environment, const Program& program)
        : directory(program.directory.empty() ? nullptr : program.directory.c_str()),
          private_files(program.private_files) {
        for (const auto& line : environment) {
            lines.push_back(line.c_str());
        }
        lines.push_back(nullptr);
    }

    template <typename Launcher, typename Path>
    process::error_code on_setup(Launcher& launcher, const Path&, const char* const*) const {
        launcher.env = lines.data();
        return {};
    }

    template <typename Launcher, typename Path>
    process::error_code on_exec_setup(Launcher&, const Path&, const char* const*) const {
        ::setpgid(0, 0);
        if (private_files) {
            ::umask(077);
        }
        if (directory != nullptr && ::chdir(directory) != 0) {
            return {errno, boost::system::system_category()};
        }
        // Ignored signals are inherited; a pg_dump must die of a broken pipe as it would in a shell.
        std::signal(SIGPIPE, SIG_DFL);
        keep_only_stdio();
        // A controller that is killed leaves nothing at work behind it.
        ::prctl(PR_SET_PDEATHSIG, SIGTERM);
        return {};
    }

    /// In the child, when it can't become the program: Boost would call exit(), whose destructors wait for
    /// ever for threads that the child doesn't have, and with it lives all that we had open, the journal's
    /// lock too.
    template <typename... Whatever> // Boost 1.81 looks for five arguments and passes four
    void on_exec_error(Whatever&&...) const {
        ::_exit(127);
    }

    std::vector<const char*> lines;
    const char* directory;
    bool private_files;
};

std::string find_in_path(const std::string& name) {
    if (name.find('/') != std::string::npos) {
        return name;
    }
    const char* path = std::getenv("PATH");
    std::string_view rest = path == nullptr ? "/usr/bin:/bin" : path;
    while (!rest.empty()) {
        const auto colon = rest.find(':');
        const auto file = std::string(rest.substr(0, colon)) + '/' + name;
        if (::access(file.c_str(), X_OK) == 0) {
            return file;
        }
        rest = colon == std::string_view::npos ? std::string_view{} : rest.substr(colon + 1);
    }
    throw Error(ErrorCode::program, "controller", name + " is not in PATH",
                "Install it, or name its folder in PATH.");
}

std::vector<std::string> environment_with(const std::map<std::string, std::string>& added) {
    std::vector<std::string> lines;
    for (char** line = ::environ; *line != nullptr; ++line) {
        const std::string_view text = *line;
        if (!added.contains(std::string(text.substr(0, text.find('='))))) {
            lines.emplace_back(text);
        }
    }
    for (const auto& [name, value] : added) {
        lines.push_back(name + '=' + value);
    }
    return lines;
}

/// A child whose whole group dies with this object.
class Child {
public:
    Child(const Executor& executor, const Program& program)
        : out(executor), err(executor), process_(executor) {
        const auto file = find_in_path(program.argv.front());
        const std::vector<std::string> arguments(program.argv.begin() + 1, program.argv.end());
        const auto environment = environment_with(program.environment);
        try {
            process_ =
                process::process(executor, boost::filesystem::path(file), arguments,
                                 process::process_stdio{nullptr, out, err}, Setup(environment, program));
        } catch (const boost::system::system_error& error) {
            throw Error(ErrorCode::program, "controller",
                        "can't start " + file + ": " + error.code().message());
        }
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() { kill(); }

    void kill() const {
        // While the leader has not been waited for, its number can't belong to another group.
        if (!waited_for_ && process_.id() > 0) {
            ::kill(-process_.id(), SIGKILL);
        }
    }

    Task<int> wait() {
        boost::system::error_code error;
        auto token = asio::redirect_error(asio::use_awaitable, error);
        co_await process_.async_wait(token);
        waited_for_ = !error;
        const int status = process_.native_exit_code();
        co_return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }

    asio::readable_pipe out;
    asio::readable_pipe err;

private:
    process::process process_;
    bool waited_for_ = false;
};

using OnOutput = std::function<void(std::string_view)>;

Task<void> read_all(asio::readable_pipe& pipe, std::string& text, std::size_t limit,
                    const OnOutput& on_output) {
    std::vector<char> chunk(16UL * 1024);
    for (;;) {
        boost::system::error_code error;
        auto token = asio::redirect_error(asio::use_awaitable, error);
        const std::size_t size = co_await pipe.async_read_some(asio::buffer(chunk), token);
        text.append(chunk.data(), size);
        if (on_output && size > 0) {
            on_output({chunk.data(), size});
        }
        if (text.size() > limit) {
            text.erase(0, text.size() - limit);
        }
        if (error) {
            co_return;
        }
    }
}

/// Shared with the timer's handler, which may still be queued when run_program()'s frame has been destroyed.
struct Limit {
    const Child* child = nullptr;
    bool passed = false;
};

struct LimitScope {
    std::shared_ptr<Limit> limit;
    ~LimitScope() { limit->child = nullptr; }
};

bool is_plain(std::string_view word) {
    constexpr std::string_view plain =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+=./:,@%";
    return !word.empty() && word.find_first_not_of(plain) == std::string_view::npos;
}

} // namespace

std::string to_string(const Program& program) {
    std::string line;
    for (const auto& word : program.argv) {
        line += line.empty() ? "" : " ";
        if (is_plain(word)) {
            line += word;
            continue;
        }
        line += '\'';
        for (const char c : word) {
            line += c == '\'' ? std::string("'\\''") : std::string(1, c);
        }
        line += '\'';
    }
    return line;
}

Task<ProgramOutput> run_program(Program program, Deadline deadline) {
    OnOutput nobody;
    return run_program(std::move(program), deadline, std::move(nobody));
}

Task<ProgramOutput> run_program(Program program, Deadline deadline, OnOutput on_output) {
    if (program.argv.empty()) {
        throw Error(ErrorCode::internal, "controller", "a program without a name can't be run");
    }
    const Executor executor = co_await asio::this_coro::executor;
    Child child(executor, program);
    const LimitScope scope{std::make_shared<Limit>()};
    scope.limit->child = &child;
    asio::steady_timer timer(executor, deadline);
    timer.async_wait([limit = scope.limit](const boost::system::error_code& error) {
        if (!error && limit->child != nullptr) {
            limit->passed = true;
            limit->child->kill();
        }
    });
    ProgramOutput output;
    std::vector<Task<void>> readers;
    readers.push_back(
        read_all(child.out, output.out, on_output ? error_limit : std::string::npos, on_output));
    readers.push_back(read_all(child.err, output.err, error_limit, on_output));
    co_await all(std::move(readers));
    output.exit_code = co_await child.wait();
    timer.cancel();
    if (scope.limit->passed) {
        throw DeadlinePassed("controller", program.argv.front() + " did not end in time and was killed");
    }
    co_return output;
}

} // namespace pgteal::postgres
