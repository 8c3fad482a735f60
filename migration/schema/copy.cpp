#include "migration/schema/copy.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/program.hpp"
#include "postgres/client_program.hpp"
#include "postgres/server_words.hpp"

namespace pgteal::migration::schema {

namespace {

namespace fs = std::filesystem;
using postgres::Program;

/// Restored in one transaction up to here: each object takes a lock, and the server has room for a few
/// thousand (docs: max_locks_per_transaction).
constexpr std::size_t one_transaction = 1500;

class Folder {
public:
    Folder()
        : path_((fs::temp_directory_path() / ("pgteal-drift-" + std::to_string(::getpid()) + "-XXXXXX"))
                    .string()) {
        sweep();
        if (::mkdtemp(path_.data()) == nullptr) { // mode 0700
            throw Error(ErrorCode::file, "controller",
                        "no folder can be made in " + fs::temp_directory_path().string(),
                        "Set TMPDIR to a folder that can be written to.");
        }
    }
    ~Folder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    [[nodiscard]] std::string file(const char* name) const { return path_ + "/" + name; }

private:
    /// What a drift that was killed had left: a folder of ours whose process is gone.
    static void sweep() {
        std::error_code ignored;
        for (const auto& entry : fs::directory_iterator(fs::temp_directory_path(), ignored)) {
            int pid = 0;
            struct stat status {};
            const auto name = entry.path().filename().string();
            if (std::sscanf(name.c_str(), "pgteal-drift-%d-", &pid) == 1 && pid > 0 &&
                ::lstat(entry.path().c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
                status.st_uid == ::geteuid() && ::kill(pid, 0) != 0 && errno == ESRCH) {
                fs::remove_all(entry.path(), ignored);
            }
        }
    }

    std::string path_;
};

std::string tool(const std::string& bin_dir, const char* name) {
    return bin_dir.empty() ? name : bin_dir + "/" + name;
}

Task<std::string> run(Program program, std::string side, Deadline deadline) {
    const auto name = program.argv.front();
    const auto output = co_await postgres::run_program(std::move(program), deadline);
    if (output.exit_code != 0) {
        throw Error(ErrorCode::program, side,
                    name + " failed (exit " + std::to_string(output.exit_code) +
                        "): " + postgres::complaint_of(output.err),
                    "Nothing was changed on blue or green. Mend that, then run pgteal migrate drift again.");
    }
    co_return output.out;
}

struct Entry {
    std::string line;
    Address address;
    std::vector<int> depends;
};

std::map<int, Entry> read_list(const std::string& list) {
    std::map<int, Entry> entries;
    std::istringstream in(list);
    int last = 0;
    for (std::string line; std::getline(in, line);) {
        int id = 0;
        Address address;
        // "14; 1259 16400 TABLE public t owner", then ";	depends on: 4 11"
        if (const auto at = line.find("depends on:"); line.starts_with(';') && at != std::string::npos) {
            std::istringstream numbers(line.substr(at + 11));
            while (numbers >> id) {
                entries[last].depends.push_back(id);
            }
        } else if (std::sscanf(line.c_str(), "%d; %u %u ", &id, &address.first, &address.second) == 3) {
            last = id;
            entries[id].line = line;
            entries[id].address = address;
        }
    }
    return entries;
}

/// "… EVENT TRIGGER - name owner", and "… COMMENT - EVENT TRIGGER name owner".
bool pgteals_own(const std::string& line) {
    constexpr std::string_view lead = " EVENT TRIGGER ";
    const auto at = line.find(lead);
    if (at == std::string::npos) {
        return false;
    }
    auto name = std::string_view(line).substr(at + lead.size());
    for (const std::string_view skipped : {"- ", "\""}) {
        name.remove_prefix(name.starts_with(skipped) ? skipped.size() : 0);
    }
    return name.starts_with("pgteal_");
}

} // namespace

std::string choose_entries(const std::string& list, const std::vector<Address>& only) {
    const auto entries = read_list(list);
    std::set<int> wanted;
    std::vector<int> todo;
    const std::set<Address> seeds(only.begin(), only.end());
    for (const auto& [id, entry] : entries) {
        if (only.empty() || seeds.contains(entry.address)) {
            todo.push_back(id);
        }
    }
    while (!todo.empty()) {
        const int id = todo.back();
        todo.pop_back();
        const auto entry = entries.find(id);
        if (entry == entries.end() || !wanted.insert(id).second) {
            continue;
        }
        todo.insert(todo.end(), entry->second.depends.begin(), entry->second.depends.end());
    }
    // In the archive's order, which is one they can be made in.
    std::string text;
    std::istringstream in(list);
    for (std::string line; std::getline(in, line);) {
        int id = 0;
        unsigned catalog = 0;
        if (std::sscanf(line.c_str(), "%d; %u ", &id, &catalog) == 2 && wanted.contains(id) &&
            !pgteals_own(line)) {
            text += line + "\n";
        }
    }
    return text;
}

Task<void> copy_schema(CopyJob job, Scratch& scratch, Deadline deadline) {
    const Folder folder;
    const auto dump_file = folder.file("dump");
    const auto list_file = folder.file("list");
    Program dump;
    dump.argv = {tool(job.bin_dir, "pg_dump"),
                 "--format=custom",
                 "--compress=0",
                 "--schema-only",
                 "--no-publications",
                 "--no-subscriptions",
                 "--exclude-schema=pgteal",
                 "--exclude-schema=pgteal_migrations",
                 "--quote-all-identifiers",
                 "--lock-wait-timeout=30s",
                 "--no-password",
                 "--file=" + dump_file};
    if (!job.snapshot.empty()) {
        dump.argv.push_back("--snapshot=" + job.snapshot);
    }
    dump = connected(std::move(dump), job.from.with_database(job.database), "pgteal drift", "");
    dump.private_files = true;
    co_await run(std::move(dump), "blue", deadline);
    Program list;
    list.argv = {tool(job.bin_dir, "pg_restore"), "--list", "--verbose", dump_file};
    const auto all = co_await run(std::move(list), "controller", deadline);
    const auto chosen = choose_entries(all, job.only);
    std::ofstream(list_file) << chosen;
    if (chosen.empty()) {
        co_return;
    }
    Program restore;
    restore.argv = {tool(job.bin_dir, "pg_restore"), "--exit-on-error", "--use-list=" + list_file,
                    "--no-password"};
    if (!job.owners) {
        restore.argv.insert(restore.argv.end(), {"--no-owner", "--no-privileges"});
    }
    if (static_cast<std::size_t>(std::count(chosen.begin(), chosen.end(), '\n')) <= one_transaction) {
        restore.argv.push_back("--single-transaction");
    }
    restore = connected(std::move(restore), scratch.dsn(), "pgteal drift",
                        "-c synchronous_commit=off -c track_activities=off");
    restore.argv.push_back(dump_file);
    co_await run(std::move(restore), "green", deadline);
}

} // namespace pgteal::migration::schema
