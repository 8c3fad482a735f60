#include "migration/lint/read_files.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/error.hpp"
#include "migration/files/halves.hpp"
#include "migration/files/kind.hpp"
#include "migration/files/parser.hpp"
#include "migration/files/text.hpp"

namespace pgteal::migration::lint {

namespace {

namespace fs = std::filesystem;

/// A name that find_migrations() takes for a forward migration.
constexpr const char* neutral_name = "V1__file.sql";

[[noreturn]] void unreadable(const std::string& path, const std::string& why) {
    throw Error(ErrorCode::file, "controller", path + ": " + why, "Make it readable.");
}

std::string read(const std::string& path) {
    std::error_code error;
    const fs::path file(path);
    if (!fs::exists(file, error)) {
        unreadable(path, "there is no such file or folder");
    }
    if (!fs::is_regular_file(file, error)) {
        unreadable(path, "it is not a file");
    }
    const auto size = fs::file_size(file, error);
    if (error) {
        unreadable(path, error.message());
    }
    if (size > max_file_size) {
        throw Error(ErrorCode::file, "controller",
                    path + ": " + std::to_string(size >> 20U) + " MB are more than the " +
                        std::to_string(max_file_size >> 20U) + " MB of a migration",
                    "Split it, or load its data another way.");
    }
    std::string bytes(static_cast<std::size_t>(size), '\0');
    errno = 0;
    std::ifstream in(file, std::ios::binary);
    in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!in) {
        unreadable(path, errno != 0 ? std::strerror(errno) : "it changed while being read");
    }
    return bytes;
}

bool holds_control(const std::vector<Statement>& statements) {
    return std::any_of(statements.begin(), statements.end(),
                       [](const Statement& one) { return kind_of(one.text).transaction_control; });
}

/// The statements of a text that the grammar takes as a whole; none otherwise.
std::vector<Statement> plain_split(const std::string& text) {
    const auto split = parser::split(text);
    std::vector<Statement> statements;
    if (split.failure) {
        return statements;
    }
    LineCounter lines(text);
    for (const auto& range : split.ranges) {
        const auto begin = skip_blank(std::string_view(text).substr(0, range.end), range.begin);
        if (begin >= range.end) {
            continue;
        }
        Statement statement;
        statement.text = text.substr(begin, range.end - begin);
        while (!statement.text.empty() && static_cast<unsigned char>(statement.text.back()) <= ' ') {
            statement.text.pop_back();
        }
        statement.line = lines.at(begin);
        statement.transactional = kind_of(statement.text).transactional;
        statements.push_back(std::move(statement));
    }
    return statements;
}

} // namespace

File parse_any(const std::string& path, const std::string& bytes) {
    const auto script = fs::path(path).filename().string();
    const std::string text(without_bom(bytes));
    File file;
    const bool is_text = text.find('\0') == std::string::npos && !first_invalid_utf8(text) &&
                         !bytes.starts_with("\xFF\xFE") && !bytes.starts_with("\xFE\xFF");
    auto halves = is_text ? halves_of(path, text) : Halves();
    auto statements = plain_split(halves.up);
    if (holds_control(statements)) {
        file.text = std::move(halves.up);
        file.statements = std::move(statements);
        file.transactional = false;
    } else {
        try {
            file = parse_file(neutral_name, bytes);
        } catch (const Error& error) {
            // Its messages begin with the name given.
            auto message = std::string(error.what());
            if (message.starts_with(neutral_name)) {
                message = path + message.substr(std::strlen(neutral_name));
            }
            throw Error(error.code(), error.side(), message, error.hint());
        }
    }
    file.path = path;
    file.script = script;
    if (file.down) {
        file.down->path = path;
        file.down->script = script;
    }
    file.version.clear();
    file.name = fs::path(path).stem().string();
    return file;
}

Sources read_sources(const std::vector<std::string>& paths) {
    Sources sources;
    for (const auto& path : paths) {
        try {
            std::error_code error;
            if (fs::is_directory(path, error)) {
                auto found = find_migrations(path);
                std::move(found.begin(), found.end(), std::back_inserter(sources.files));
            } else {
                sources.files.push_back(parse_any(path, read(path)));
            }
        } catch (const Error& error) {
            sources.unreadable.push_back({path, error.what(), error.hint()});
        }
    }
    return sources;
}

} // namespace pgteal::migration::lint
