#include "pooler/trial/bouncer_process.hpp"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <unistd.h>

namespace pgteal::pooler {

namespace {

namespace fs = std::filesystem;

std::string link_of(const fs::path& path) {
    std::error_code unreadable;
    const auto to = fs::read_symlink(path, unreadable);
    return unreadable ? "" : to.string();
}

std::string content_of(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

fs::path in_proc(int pid) { return fs::path("/proc") / std::to_string(pid); }

/// Started with this config file?
bool serves(int pid, const std::string& config_path) {
    std::error_code unresolved;
    const auto wanted = fs::weakly_canonical(config_path, unresolved);
    const auto directory = link_of(in_proc(pid) / "cwd");
    std::istringstream words(content_of(in_proc(pid) / "cmdline"));
    for (std::string word; std::getline(words, word, '\0');) {
        if (!word.empty() && fs::weakly_canonical(fs::path(directory) / word, unresolved) == wanted) {
            return true;
        }
    }
    return false;
}

bool is_bouncer(int pid) { return content_of(in_proc(pid) / "comm").find("pgbouncer") != std::string::npos; }

std::optional<int> number(const std::string& text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end != text.data() && value > 0 ? std::optional(value) : std::nullopt;
}

std::optional<int> pid_of(const std::string& config_path, const std::string& pidfile) {
    if (!pidfile.empty()) {
        const auto pid = number(content_of(pidfile));
        if (pid && (is_bouncer(*pid) || serves(*pid, config_path))) {
            return pid;
        }
    }
    std::error_code unreadable;
    for (const auto& entry : fs::directory_iterator("/proc", unreadable)) {
        const auto pid = number(entry.path().filename().string());
        if (pid && is_bouncer(*pid) && serves(*pid, config_path)) {
            return pid;
        }
    }
    return std::nullopt;
}

/// The numbers of one line of /proc/PID/status; of users and groups the effective one is the second.
std::vector<unsigned> status_line(const std::string& status, const std::string& key) {
    std::vector<unsigned> numbers;
    const auto at = status.find("\n" + key + ":");
    if (at == std::string::npos) {
        return numbers;
    }
    const auto begin = at + key.size() + 2;
    std::istringstream words(status.substr(begin, status.find('\n', begin) - begin));
    for (unsigned value = 0; words >> value;) {
        numbers.push_back(value);
    }
    return numbers;
}

bool elsewhere(int pid, const char* kind) {
    const auto there = link_of(in_proc(pid) / "ns" / kind);
    return !there.empty() && there != link_of(fs::path("/proc/self/ns") / kind);
}

std::string program_of(int pid) {
    auto program = link_of(in_proc(pid) / "exe");
    constexpr std::string_view replaced = " (deleted)"; // by an upgrade: the new one is what a restart takes
    if (program.ends_with(replaced)) {
        program.resize(program.size() - replaced.size());
    }
    for (const auto& known :
         {program, std::string("/usr/sbin/pgbouncer"), std::string("/usr/bin/pgbouncer")}) {
        if (!known.empty() && ::access(known.c_str(), X_OK) == 0) {
            return known;
        }
    }
    return "pgbouncer";
}

} // namespace

std::optional<BouncerProcess> find_process(const std::string& config_path, const std::string& pidfile) {
    const auto pid = pid_of(config_path, pidfile);
    if (!pid) {
        return std::nullopt;
    }
    const auto status = content_of(in_proc(*pid) / "status");
    const auto users = status_line(status, "Uid");
    const auto groups = status_line(status, "Gid");
    if (users.size() < 2 || groups.size() < 2) {
        return std::nullopt; // it ended meanwhile
    }
    return BouncerProcess{*pid,
                          program_of(*pid),
                          link_of(in_proc(*pid) / "cwd"),
                          users[1],
                          groups[1],
                          status_line(status, "Groups"),
                          elsewhere(*pid, "mnt") || elsewhere(*pid, "net")};
}

std::optional<std::vector<std::string>> run_as(const BouncerProcess& process) {
    if (::geteuid() == process.user) {
        return std::vector<std::string>{};
    }
    if (::geteuid() != 0) {
        return std::nullopt;
    }
    std::string groups;
    for (const auto group : process.groups) {
        groups += (groups.empty() ? "" : ",") + std::to_string(group);
    }
    // A change of user takes away that the program dies with us; setpriv asks for it again.
    return std::vector<std::string>{"setpriv",
                                    "--reuid=" + std::to_string(process.user),
                                    "--regid=" + std::to_string(process.group),
                                    groups.empty() ? "--clear-groups" : "--groups=" + groups,
                                    "--pdeathsig=TERM",
                                    "--"};
}

} // namespace pgteal::pooler
