// Which pg_dump to use: it must be at least as new as the server it reads.
#include <algorithm>
#include <charconv>
#include <filesystem>

#include "base/error.hpp"
#include "replication/clone/clone.hpp"

namespace pgteal::replication {

namespace {

/// "pg_dump (PostgreSQL) 15.20 (Debian 15.20-1)" is 150020; 0 when it is something else ("17beta1" is
/// 170000).
int parse_version(std::string_view text) {
    constexpr std::string_view lead = "(PostgreSQL) ";
    const auto at = text.find(lead);
    if (at == std::string_view::npos) {
        return 0;
    }
    const char* const end = text.data() + text.size();
    int major = 0;
    int minor = 0;
    const auto parsed = std::from_chars(text.data() + at + lead.size(), end, major);
    if (parsed.ec == std::errc{} && parsed.ptr != end && *parsed.ptr == '.') {
        std::from_chars(parsed.ptr + 1, end, minor);
    }
    return major * 10000 + minor;
}

std::map<int, std::string> installed() {
    namespace fs = std::filesystem;
    std::map<int, std::string> found;
    std::error_code error;
    // Debian's layout (postgresql-client-NN); /usr/bin/pg_dump there is a wrapper that chooses by local
    // clusters.
    for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", error)) {
        const std::string name = entry.path().filename();
        int major = 0;
        const auto parsed = std::from_chars(name.data(), name.data() + name.size(), major);
        const auto bin = entry.path() / "bin";
        if (parsed.ec == std::errc{} && fs::exists(bin / "pg_dump", error) &&
            fs::exists(bin / "pg_restore", error)) {
            found.emplace(major, bin);
        }
    }
    return found;
}

} // namespace

int choose_dump(const std::vector<int>& installed_majors, int source_major, int target_major) {
    int best = 0;
    for (const int major : installed_majors) {
        if (major < source_major) {
            continue;
        }
        if (major == target_major) {
            return major;
        }
        // One the target surely understands comes first, the newest of those; else the oldest of the too new
        // ones.
        const bool fits = target_major == 0 || major < target_major;
        const bool best_fits = best != 0 && (target_major == 0 || best < target_major);
        if (best == 0 || (fits && (!best_fits || major > best)) || (!fits && !best_fits && major < best)) {
            best = major;
        }
    }
    return best;
}

Task<int> dump_version(std::string bin_dir, Deadline deadline) {
    postgres::Program program{{bin_dir.empty() ? "pg_dump" : bin_dir + "/pg_dump", "--version"}, {}};
    const auto output = co_await postgres::run_program(program, deadline);
    const int version = output.exit_code == 0 ? parse_version(output.out) : 0;
    if (version == 0) {
        throw Error(ErrorCode::program, "controller",
                    program.argv.front() + " --version does not say a version of PostgreSQL",
                    "Install the package postgresql-client of the source's major version or newer.");
    }
    co_return version;
}

Task<bool> restores_newer(std::string bin_dir, int server_version, Deadline deadline) {
    const int version = co_await dump_version(std::move(bin_dir), deadline);
    co_return version / 10000 > server_version / 10000;
}

Task<std::string> find_dump(int source_version, Deadline deadline, int target_version) {
    const int source_major = source_version / 10000;
    auto found = installed();
    int on_path = 0;
    try {
        on_path = co_await dump_version("", deadline) / 10000;
    } catch (const Error& error) {
        if (error.code() != ErrorCode::program) {
            throw;
        }
    }
    if (on_path != 0) {
        found.emplace(on_path, "");
    }
    std::vector<int> majors;
    for (const auto& [major, bin] : found) {
        majors.push_back(major);
    }
    const int best = choose_dump(majors, source_major, target_version / 10000);
    if (best == 0) {
        throw Error(ErrorCode::program, "controller",
                    "no installed pg_dump can read PostgreSQL " + std::to_string(source_major) +
                        ": it must be at least as new",
                    "apt-get install postgresql-client-" + std::to_string(source_major));
    }
    co_return found.at(best);
}

} // namespace pgteal::replication
