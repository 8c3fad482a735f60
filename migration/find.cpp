#include "migration/find.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "postgres/error.hpp"

namespace pgteal::migration {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void unreadable(const fs::path& path, const std::string& why) {
    throw Error(ErrorCode::file, "controller", "can't read " + path.string() + ": " + why,
                "Nothing was applied. Make it readable and run pgteal prepare again.");
}

bool looks_like_sql(std::string name) {
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return !name.starts_with('.') && name.ends_with(".sql");
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

} // namespace

std::vector<File> find_migrations(const std::string& folder) {
    std::vector<fs::path> paths;
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
        std::error_code ignored;
        if (looks_like_sql(it->path().filename().string()) && !it->is_directory(ignored)) {
            paths.push_back(it->path());
        }
    }
    if (error) {
        unreadable(folder, error.message());
    }
    std::sort(paths.begin(), paths.end());
    std::vector<File> files;
    for (const auto& path : paths) {
        parse_file_name(path.filename().string());
        auto file = parse_file(path.filename().string(), read(path));
        file.path = path.string();
        files.push_back(std::move(file));
    }
    std::stable_sort(files.begin(), files.end(), [](const File& a, const File& b) {
        return std::is_lt(compare_versions(a.version, b.version));
    });
    const auto twin = std::adjacent_find(files.begin(), files.end(), [](const File& a, const File& b) {
        return std::is_eq(compare_versions(a.version, b.version));
    });
    if (twin != files.end()) {
        throw Error(ErrorCode::migration, "",
                    twin->script + " and " + std::next(twin)->script + " have the same version " +
                        twin->version,
                    "Give one of them a version of its own; nothing was applied.");
    }
    return files;
}

} // namespace pgteal::migration
