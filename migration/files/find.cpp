#include "migration/files/find.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/error.hpp"
#include "migration/files/layout.hpp"

namespace pgteal::migration {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void unreadable(const fs::path& path, const std::string& why) {
    throw Error(ErrorCode::file, "controller", "can't read " + path.string() + ": " + why,
                "Nothing was applied. Make it readable and run the command again.");
}

std::string read(const fs::path& path) {
    std::error_code error;
    if (!fs::is_regular_file(path, error)) {
        unreadable(path, error ? error.message() : "not a regular file");
    }
    const auto size = fs::file_size(path, error);
    if (error) {
        unreadable(path, error.message());
    }
    if (size > max_file_size) {
        throw Error(ErrorCode::file, "controller",
                    path.string() + " has " + std::to_string(size >> 20U) + " MB, more than the " +
                        std::to_string(max_file_size >> 20U) + " MB of a migration",
                    "Nothing was applied. Split it, or load its data another way.");
    }
    errno = 0;
    std::ifstream in(path, std::ios::binary);
    std::string bytes(static_cast<std::size_t>(size), '\0');
    in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!in || static_cast<std::size_t>(in.gcount()) != bytes.size()) {
        unreadable(path, errno != 0 ? std::strerror(errno) : "it changed while being read");
    }
    return bytes;
}

bool in_order(const File& a, const File& b) {
    if (a.repeatable || b.repeatable) {
        return a.repeatable == b.repeatable ? a.name < b.name : b.repeatable;
    }
    return std::is_lt(compare_versions(a.version, b.version));
}

void refuse_twins(const std::vector<File>& files) {
    const auto twin = std::adjacent_find(files.begin(), files.end(), [](const File& a, const File& b) {
        return a.repeatable == b.repeatable &&
               (a.repeatable ? a.name == b.name : std::is_eq(compare_versions(a.version, b.version)));
    });
    if (twin != files.end()) {
        throw Error(ErrorCode::migration, "",
                    twin->script + " and " + std::next(twin)->script + " have the same " +
                        (twin->repeatable ? "name" : "version " + twin->version),
                    "Give one of them another; nothing was applied.");
    }
}

void attach(std::vector<File>& files, const FileName& name, Down down) {
    const auto forward = std::find_if(files.begin(), files.end(), [&name](const File& file) {
        return !file.repeatable && std::is_eq(compare_versions(file.version, name.version));
    });
    if (forward == files.end()) {
        throw Error(ErrorCode::migration, "",
                    down.script + " takes back version " + name.version + ", which no file brings",
                    "Put the forward file beside it, or take this one away; nothing was applied.");
    }
    if (forward->down) {
        throw Error(ErrorCode::migration, "",
                    forward->down->script + " and " + down.script + " both take back " + forward->script,
                    "Keep one of them; nothing was applied.");
    }
    forward->down = std::move(down);
}

} // namespace

std::vector<File> find_migrations(const std::string& folder) {
    const auto all = files_below(folder);
    refuse_what_is_left_out(folder, all);
    std::vector<std::string> scripts;
    std::copy_if(all.begin(), all.end(), std::back_inserter(scripts), is_sql);
    const Layout layout(scripts);
    std::vector<File> files;
    std::vector<std::pair<FileName, Down>> downs;
    for (const auto& script : scripts) {
        const auto path = fs::path(folder) / script;
        auto name = layout.name_of(script);
        if (name.down) {
            auto down = parse_down(script, read(path));
            down.path = path.string();
            downs.emplace_back(std::move(name), std::move(down));
            continue;
        }
        auto file = parse_file(script, read(path), name);
        file.path = path.string();
        if (file.down) {
            file.down->path = file.path;
        }
        files.push_back(std::move(file));
    }
    std::stable_sort(files.begin(), files.end(), in_order);
    refuse_twins(files);
    for (auto& [name, down] : downs) {
        attach(files, name, std::move(down));
    }
    return files;
}

} // namespace pgteal::migration
