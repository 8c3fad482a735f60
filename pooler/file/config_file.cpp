#include "pooler/file/config_file.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <stdexcept>

#include "base/error.hpp"
#include "pooler/file/connect_string.hpp"
#include "pooler/file/ini.hpp"

namespace pgteal::pooler {

namespace {

using ini::Item;

constexpr std::string_view default_port = "5432";

[[noreturn]] void bad_line(std::size_t line, const std::string& name, const std::string& what) {
    throw Error(ErrorCode::config, "",
                "PgBouncer's config file, line " + std::to_string(line) + ", entry " + name + ": " + what,
                "PgBouncer would stop reading there: correct that line, RELOAD and look at PgBouncer's log.");
}

// PgBouncer reads a port as C's atoi does, and refuses 0.
int port_number(const std::string& text) { return std::atoi(text.c_str()); }

/// An entry with its place in the file.
struct Located {
    FileEntry entry;
    std::size_t begin = 0;
    std::size_t end = 0;
};

Located locate(std::string_view text, const Item& item) {
    Located found{
        .entry = {.name = item.key, .options = {}, .line = item.line}, .begin = item.begin, .end = item.end};
    if (item.key == "pgbouncer") {
        bad_line(item.line, item.key, "this name is reserved for the admin console");
    }
    if (item.key.empty() || item.key.size() > 63) {
        bad_line(item.line, item.key, "a name has 1 to 63 bytes");
    }
    try {
        for (auto& pair : parse_connect_string(text.substr(item.begin, item.end - item.begin))) {
            found.entry.options[pair.key] = pair.value;
        }
    } catch (const std::invalid_argument& error) {
        bad_line(item.line, item.key, error.what());
    }
    const auto port = found.entry.options.find("port");
    if (port != found.entry.options.end() && port_number(port->second) == 0) {
        bad_line(item.line, item.key, "the port is no number");
    }
    return found;
}

std::vector<Located> locate_entries(std::string_view text) {
    std::vector<Located> found;
    for (const Item& item : ini::scan(text)) {
        if (item.kind == Item::Kind::setting && item.section == "databases") {
            found.push_back(locate(text, item));
        }
    }
    return found;
}

std::string option(const FileEntry& entry, const std::string& key, std::string_view otherwise) {
    const auto found = entry.options.find(key);
    return found == entry.options.end() ? std::string(otherwise) : found->second;
}

// What PgBouncer takes for a database that is not named: the entry's name; for `*` the one that the client
// asks for.
std::string default_database(const std::string& entry) { return entry == "*" ? "" : entry; }

Target target_of(const FileEntry& entry) {
    return {.host = option(entry, "host", ""),
            .port = std::to_string(port_number(option(entry, "port", default_port))),
            .database = option(entry, "dbname", default_database(entry.name))};
}

std::string retarget(std::string connect_string, const FileEntry& entry, const Target& to) {
    const Target now = target_of(entry);
    const auto change = [&](std::string_view key, const std::string& from, const std::string& wanted) {
        if (wanted.empty()) {
            connect_string = remove_option(std::move(connect_string), key);
        } else if (wanted != from) {
            connect_string = set_option(std::move(connect_string), key, wanted);
        }
    };
    change("host", now.host, to.host);
    change("port", now.port, to.port);
    change("dbname", now.database, to.database);
    return connect_string;
}

// Not for PgBouncer: the entry's other options as written, with one space between them.
std::string without_target(std::string_view connect_string) {
    std::string rest;
    for (const auto& pair : parse_connect_string(connect_string)) {
        if (pair.key != "host" && pair.key != "port" && pair.key != "dbname") {
            rest += rest.empty() ? "" : " ";
            rest += connect_string.substr(pair.begin, pair.end - pair.begin);
        }
    }
    return rest;
}

// `text` with each entry's connect string replaced by what `change` makes of it.
template <typename Change>
std::string replace_entries(std::string_view text, Change change) {
    std::string result;
    std::size_t done = 0;
    for (const Located& found : locate_entries(text)) {
        result += text.substr(done, found.begin - done);
        try {
            result += change(found.entry, text.substr(found.begin, found.end - found.begin));
        } catch (const std::invalid_argument& error) {
            bad_line(found.entry.line, found.entry.name, error.what());
        }
        done = found.end;
    }
    return result.append(text.substr(done));
}

} // namespace

std::vector<FileEntry> parse_entries(std::string_view text) {
    std::vector<FileEntry> entries;
    for (auto& found : locate_entries(text)) {
        entries.push_back(std::move(found.entry));
    }
    return entries;
}

std::vector<std::string> includes(std::string_view text) {
    std::vector<std::string> paths;
    for (const Item& item : ini::scan(text)) {
        if (item.kind == Item::Kind::include) {
            paths.emplace_back(text.substr(item.begin, item.end - item.begin));
        }
    }
    return paths;
}

std::map<std::string, Target> targets_in(std::string_view text) {
    std::map<std::string, Target> targets;
    for (const FileEntry& entry : parse_entries(text)) {
        targets[entry.name] = target_of(entry);
    }
    return targets;
}

bool same_except_targets(std::string_view a, std::string_view b) {
    const auto skeleton = [](std::string_view text) {
        return replace_entries(text,
                               [](const FileEntry&, std::string_view old) { return without_target(old); });
    };
    return skeleton(a) == skeleton(b);
}

std::string rewrite(std::string_view text, const std::map<std::string, Target>& targets) {
    const auto here = targets_in(text);
    for (const auto& [name, target] : targets) {
        if (!here.contains(name)) {
            const auto files = includes(text);
            throw Error(ErrorCode::config, "",
                        "PgBouncer's config file has no entry " + name + " in [databases]",
                        files.empty() ? "Name an entry of that file, or give `config` the file that has it."
                                      : "It includes " + files.front() +
                                            ": give `config` the file that has the entry.");
        }
    }
    return replace_entries(text, [&](const FileEntry& entry, std::string_view old) {
        const auto target = targets.find(entry.name);
        return target == targets.end() ? std::string(old) : retarget(std::string(old), entry, target->second);
    });
}

} // namespace pgteal::pooler
