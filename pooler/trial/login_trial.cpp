#include "pooler/trial/login_trial.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/program.hpp"
#include "pooler/console_tables.hpp"
#include "pooler/trial/bouncer_process.hpp"
#include "pooler/trial/trial_client.hpp"
#include "pooler/trial/trial_log.hpp"
#include "postgres/connection.hpp"

namespace pgteal::pooler {

namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr auto patience = 4s;     // for one login; PgBouncer gives up a connect after 3 s
constexpr auto start_time = 3s;   // for the private process to listen
constexpr std::size_t beside = 8; // logins at a time

std::string read_all(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string auth_file_of(const std::map<std::string, std::string>& settings, const std::string& directory) {
    const auto found = settings.find("auth_file");
    return found == settings.end() || found->second.empty() ? ""
                                                            : (fs::path(directory) / found->second).string();
}

/// A folder for one private process; it takes with it what is in it.
class Folder {
public:
    explicit Folder(const BouncerProcess& process) {
        // The kernel takes no longer name for a socket than 107 bytes.
        auto base = fs::temp_directory_path();
        if (base.string().size() > 60) {
            base = "/tmp";
        }
        path_ = (base / "pgteal-trial-XXXXXX").string();
        if (::mkdtemp(path_.data()) == nullptr) {
            throw Error(ErrorCode::file, "",
                        "cannot make a folder in " + base.string() + ": " + std::strerror(errno));
        }
        give(path_, process);
    }
    ~Folder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string socket() const { return path_ + "/.s.PGSQL.6432"; }
    [[nodiscard]] std::string config() const { return path_ + "/trial.ini"; }

    /// Entries hold passwords: for its owner alone, and gone as soon as it was read.
    void write_config(const std::string& text, const BouncerProcess& process) const {
        const int fd = ::open(config().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        const bool written =
            fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
        const int why = errno;
        if (fd >= 0) {
            ::close(fd);
        }
        if (!written) {
            throw Error(ErrorCode::file, "", "cannot write " + config() + ": " + std::strerror(why));
        }
        give(config(), process);
    }
    void forget_config() const { ::unlink(config().c_str()); }

private:
    static void give(const std::string& path, const BouncerProcess& process) {
        if (::geteuid() == 0 && ::chown(path.c_str(), process.user, process.group) != 0) {
            throw Error(ErrorCode::file, "",
                        "cannot give " + path + " to PgBouncer's user: " + std::strerror(errno));
        }
    }
    std::string path_;
};

/// What the private process, its log and its clients share.
struct Private {
    TrialLog log;
    std::vector<LoginToTry> logins;     ///< one for each private entry
    std::vector<LoginOutcome> outcomes; ///< of each private entry
    std::vector<std::shared_ptr<TrialSocket>> clients;
    std::map<std::string, std::string> unreachable; ///< host:port -> why
    std::size_t next = 0;
    bool ended = false;
    std::string problem; ///< why it did not come up
};

std::size_t index_of(const std::string& entry, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        if (trial_name(i) == entry) {
            return i;
        }
    }
    return count;
}

std::string address_of(const LoginToTry& login) { return login.target.host + ":" + login.target.port; }

void listen_to_log(const std::shared_ptr<Private>& state) {
    auto* const shared = state.get(); // the log is a part of it
    state->log.on_wants_key = [shared](const std::string& entry) {
        const auto i = index_of(entry, shared->outcomes.size());
        if (i < shared->outcomes.size()) {
            shared->outcomes[i].wants_key = true;
        }
    };
    state->log.on_given_up = [shared](const std::string& entry, const std::string& why) {
        const auto i = index_of(entry, shared->outcomes.size());
        if (i >= shared->outcomes.size() || shared->clients[i] == nullptr) {
            return;
        }
        shared->outcomes[i].problem = why;
        shared->unreachable.emplace(address_of(shared->logins[i]), why);
        close_at(shared->clients[i], after(100ms)); // its client would wait for server_login_retry
    };
}

Task<void> run_bouncer(std::shared_ptr<Private> state, postgres::Program program, Deadline deadline) {
    const std::function<void(std::string_view)> listener = [state](std::string_view piece) {
        state->log.add(piece);
    };
    try {
        co_await postgres::run_program(std::move(program), deadline, listener);
        state->problem = state->log.last();
    } catch (const Error& error) {
        state->problem = error.what();
    }
    state->ended = true;
}

Task<void> try_one(std::shared_ptr<Private> state, std::size_t index, std::string socket, std::string client,
                   Deadline deadline) {
    auto& outcome = state->outcomes[index];
    const auto dead = state->unreachable.find(address_of(state->logins[index]));
    if (dead != state->unreachable.end()) {
        outcome.tried = true;
        outcome.problem = dead->second;
        co_return;
    }
    const Executor executor = co_await asio::this_coro::executor;
    const auto session = std::make_shared<TrialSocket>(executor);
    state->clients[index] = session;
    const auto limit = std::min(deadline, after(patience));
    close_at(session, limit);
    const bool connected = co_await connect_to(session, std::move(socket));
    if (connected) {
        const auto database = trial_name(index);
        const auto answer = co_await log_in(session, std::move(client), database);
        outcome.tried = answer.open || answer.refused || !outcome.problem.empty() || Clock::now() < deadline;
        outcome.open = answer.open;
        outcome.system = answer.system;
        if (answer.refused) {
            if (!outcome.wants_key) {
                co_await sleep_for(20ms); // the log may be a moment behind
            }
            outcome.sqlstate = answer.sqlstate;
            outcome.problem = answer.message;
        } else if (!answer.open && outcome.problem.empty()) {
            outcome.problem = "no answer within " + std::to_string(patience.count()) + " s";
        }
    }
    session->limit.cancel();
    boost::system::error_code ignored;
    session->socket.close(ignored);
    state->clients[index].reset();
}

Task<void> work(std::shared_ptr<Private> state, std::string socket, std::string client, Deadline deadline) {
    while (state->next < state->outcomes.size() && Clock::now() < deadline && !state->ended) {
        const auto index = state->next++;
        co_await try_one(state, index, socket, client, deadline);
    }
}

/// Ends the private process once it has been found listening, whatever happens.
class Stop {
public:
    void found(int socket) {
        struct ucred peer {};
        socklen_t size = sizeof peer;
        if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.pid > 0) {
            pid_ = peer.pid;
        }
    }
    Stop() = default;
    ~Stop() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL); // our child, which nobody has waited for
        }
    }
    Stop(const Stop&) = delete;
    Stop& operator=(const Stop&) = delete;

private:
    int pid_ = 0;
};

Task<void> try_all(std::shared_ptr<Private> state, const Folder* folder, std::string client,
                   Deadline deadline) {
    Stop stop;
    const Executor executor = co_await asio::this_coro::executor;
    const auto start = std::min(deadline, after(start_time));
    for (bool up = false; !up;) {
        if (state->ended || Clock::now() >= start) {
            co_return;
        }
        const auto first = std::make_shared<TrialSocket>(executor);
        close_at(first, start);
        up = co_await connect_to(first, folder->socket());
        first->limit.cancel();
        if (up) {
            stop.found(first->socket.native_handle());
        } else {
            co_await sleep_for(10ms);
        }
    }
    folder->forget_config();
    std::vector<Task<void>> workers;
    for (std::size_t i = 0; i < beside; ++i) {
        workers.push_back(work(state, folder->socket(), client, deadline));
    }
    co_await all(std::move(workers));
}

/// Private entries, one for all logins that come to the same.
struct Entries {
    std::vector<std::string> lines;
    std::vector<std::size_t> of_login; ///< index into lines
};

Entries entries_for(const std::vector<LoginToTry>& logins, std::string_view text, const TrialPlace& place,
                    Private* state) {
    std::map<std::string, std::map<std::string, std::string>> options;
    for (auto& entry : parse_entries(text)) {
        options[entry.name] = std::move(entry.options);
    }
    Entries entries;
    for (const auto& login : logins) {
        auto line = trial_entry(login, options[login.entry], place);
        const auto found = std::find(entries.lines.begin(), entries.lines.end(), line);
        entries.of_login.push_back(static_cast<std::size_t>(found - entries.lines.begin()));
        if (found == entries.lines.end()) {
            entries.lines.push_back(std::move(line));
            state->logins.push_back(login);
        }
    }
    state->outcomes.resize(entries.lines.size());
    state->clients.resize(entries.lines.size());
    return entries;
}

Task<bool> can_read(std::string path, std::vector<std::string> front, Deadline deadline) {
    if (front.empty()) {
        co_return ::access(path.c_str(), R_OK) == 0;
    }
    for (const auto* word : {"test", "-r"}) {
        front.emplace_back(word);
    }
    front.push_back(std::move(path));
    const postgres::Program program{std::move(front), {}};
    const auto output = co_await postgres::run_program(program, deadline);
    co_return output.exit_code == 0;
}

struct Found {
    BouncerProcess process;
    std::vector<std::string> front;
};

/// The process to do as. Throws Error with why not.
Found find(const std::string& path, const std::map<std::string, std::string>& shown) {
    const auto pidfile = shown.find("pidfile");
    const auto process = find_process(path, pidfile == shown.end() ? "" : pidfile->second);
    if (!process) {
        throw Error(ErrorCode::program, "",
                    "no PgBouncer process with " + path + " runs on pgteal's machine");
    }
    if (process->contained) {
        throw Error(ErrorCode::program, "",
                    "PgBouncer (pid " + std::to_string(process->pid) +
                        ") runs in a container, and pgteal does not");
    }
    auto front = run_as(*process);
    if (!front) {
        throw Error(ErrorCode::program, "", "pgteal may not run a program as PgBouncer's user");
    }
    return {*process, std::move(*front)};
}

Task<void> try_as(const Found* found, std::string path, std::map<std::string, std::string> shown,
                  std::vector<LoginToTry> logins, LoginTrial* trial, Deadline deadline) {
    const auto file = read_config(path);
    const bool readable = co_await can_read(path, found->front, deadline);
    trial->file_unreadable = !readable;
    const Folder folder(found->process);
    TrialPlace place;
    place.folder = folder.path();
    place.settings = effective_settings(std::move(shown), file.text);
    place.known = users_in(read_all(auth_file_of(place.settings, found->process.directory)));
    const auto state = std::make_shared<Private>();
    listen_to_log(state);
    const auto entries = entries_for(logins, file.text, place, state.get());
    folder.write_config(trial_config(entries.lines, place), found->process);
    auto argv = found->front;
    argv.push_back(found->process.program);
    argv.push_back(folder.config());
    const postgres::Program program{std::move(argv), {}, found->process.directory};
    std::vector<Task<void>> both;
    both.push_back(run_bouncer(state, program, deadline + 1s));
    both.push_back(try_all(state, &folder, trial_client(place), deadline));
    co_await all(std::move(both));
    for (std::size_t i = 0; i < logins.size(); ++i) {
        trial->outcomes[i] = state->outcomes[entries.of_login[i]];
    }
    if (state->next == 0 && !logins.empty()) {
        trial->untried =
            "a private PgBouncer (" + found->process.program + ") did not come up: " + state->problem;
    }
}

} // namespace

Task<std::map<std::string, std::string>> shown_config(postgres::Dsn admin, std::string name,
                                                      Deadline deadline) {
    auto console = co_await postgres::Connection::open(std::move(admin), std::move(name), deadline);
    const auto shown = co_await console.script("SHOW CONFIG", deadline);
    co_return shown.empty() ? std::map<std::string, std::string>{} : read_config_table(shown.front());
}

std::vector<std::string> auth_file_users(const std::string& path, std::map<std::string, std::string> shown) {
    const auto pidfile = shown["pidfile"];
    const auto process = find_process(path, pidfile);
    const auto settings = effective_settings(std::move(shown), read_config(path).text);
    return users_in(read_all(auth_file_of(settings, process ? process->directory : "")));
}

Task<LoginTrial> try_logins(std::string path, std::map<std::string, std::string> shown,
                            std::vector<LoginToTry> logins, Deadline deadline) {
    LoginTrial trial;
    trial.outcomes.resize(logins.size());
    try {
        const auto found = find(path, shown);
        co_await try_as(&found, path, std::move(shown), std::move(logins), &trial, deadline);
    } catch (const Error& error) {
        trial.untried = error.what();
    }
    co_return trial;
}

} // namespace pgteal::pooler
