#include "migration/rehearse/beyond_undo.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "migration/files/parser.hpp"

namespace pgteal::migration::rehearse {

namespace {

using Tokens = std::vector<std::string>;

std::string_view at(const Tokens& tokens, std::size_t i) {
    return i < tokens.size() ? std::string_view(tokens[i]) : std::string_view();
}

constexpr const char* slots = "it makes, moves or drops a replication slot of the server";
constexpr const char* origins = "it changes the server's replication origins";
constexpr const char* sessions = "it reaches for other sessions of the server";
constexpr const char* server = "it acts on the whole server";
constexpr const char* files = "it writes a file on the server";

std::string of_function(std::string_view name) {
    static const std::vector<std::pair<std::string_view, const char*>> all{
        {"PG_CREATE_PHYSICAL_REPLICATION_SLOT", slots},
        {"PG_CREATE_LOGICAL_REPLICATION_SLOT", slots},
        {"PG_COPY_PHYSICAL_REPLICATION_SLOT", slots},
        {"PG_COPY_LOGICAL_REPLICATION_SLOT", slots},
        {"PG_DROP_REPLICATION_SLOT", slots},
        {"PG_REPLICATION_SLOT_ADVANCE", slots},
        {"PG_SYNC_REPLICATION_SLOTS", slots},
        {"PG_LOGICAL_SLOT_GET_CHANGES", slots},
        {"PG_LOGICAL_SLOT_GET_BINARY_CHANGES", slots},
        {"PG_REPLICATION_ORIGIN_CREATE", origins},
        {"PG_REPLICATION_ORIGIN_DROP", origins},
        {"PG_REPLICATION_ORIGIN_ADVANCE", origins},
        {"PG_TERMINATE_BACKEND", sessions},
        {"PG_CANCEL_BACKEND", sessions},
        {"PG_RELOAD_CONF", server},
        {"PG_ROTATE_LOGFILE", server},
        {"PG_SWITCH_WAL", server},
        {"PG_PROMOTE", server},
        {"PG_BACKUP_START", server},
        {"PG_START_BACKUP", server},
        {"PG_WAL_REPLAY_PAUSE", server},
        {"PG_STAT_RESET_SHARED", server},
        {"LO_EXPORT", files},
        {"PG_FILE_WRITE", files},
        {"PG_FILE_RENAME", files},
        {"PG_FILE_UNLINK", files},
    };
    for (const auto& [function, why] : all) {
        if (function == name) {
            return why;
        }
    }
    return {};
}

/// From the word COPY on, up to the end of that statement.
std::string of_copy(const Tokens& tokens, std::size_t from) {
    int depth = 0;
    for (auto i = from; i < tokens.size() && !(depth == 0 && tokens[i] == ";"); ++i) {
        depth += tokens[i] == "(" ? 1 : tokens[i] == ")" ? -1 : 0;
        if (depth != 0 || (tokens[i] != "TO" && tokens[i] != "FROM")) {
            continue;
        }
        if (at(tokens, i + 1) == "PROGRAM") {
            return "it runs a program on the server";
        }
        const auto target = at(tokens, i + 1);
        const bool is_text = target.starts_with('\'') || target.starts_with('$') ||
                             target.starts_with("E'") || target.starts_with("e'");
        return tokens[i] == "TO" && is_text ? files : "";
    }
    return {};
}

std::string upper(std::string text) {
    std::ranges::transform(text, text.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    return text;
}

/// The option of file_fdw; from the words FOREIGN TABLE on, up to the end of that statement. Whatever reads
/// the table runs the program, and can't be told from what reads another.
std::string of_foreign_table(const Tokens& tokens, std::size_t from) {
    bool options = false;
    for (auto i = from; i < tokens.size() && tokens[i] != ";"; ++i) {
        options = options || (tokens[i] == "OPTIONS" && at(tokens, i + 1) == "(");
        const auto value = at(tokens, i + 1);
        const bool is_text = value.find('\'') != std::string_view::npos || value.starts_with('$');
        if (options && is_text && (tokens[i] == "PROGRAM" || tokens[i] == "\"program\"")) {
            return "who reads the table runs a program on the server";
        }
    }
    return {};
}

/// What a string constant holds; '' and dollar quotes taken off.
std::string content(const std::string& token) {
    if (token.starts_with('$')) {
        const auto end = token.find('$', 1);
        const auto tag = end == std::string::npos ? token.size() : end + 1;
        return token.size() >= 2 * tag ? token.substr(tag, token.size() - 2 * tag) : std::string();
    }
    const auto open = token.find('\'');
    if (open > 1 || token.size() < open + 2) {
        return {};
    }
    std::string text;
    for (auto i = open + 1; i + 1 < token.size(); ++i) {
        text += token[i];
        i += token[i] == '\'' ? 1U : 0U;
    }
    return text;
}

std::string found_in(const Tokens& tokens, bool code, int depth) {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        std::string name = tokens[i];
        if (name.starts_with('"') && name.size() > 2) {
            name = upper(name.substr(1, name.size() - 2));
        }
        std::string why = at(tokens, i + 1) == "(" ? of_function(name) : std::string();
        if (why.empty() && name == "COPY" && (code || i == 0)) {
            why = of_copy(tokens, i + 1);
        }
        if (why.empty() && code && name == "FOREIGN" && at(tokens, i + 1) == "TABLE") {
            why = of_foreign_table(tokens, i + 2);
        }
        constexpr int deep_enough = 4; // EXECUTE in EXECUTE
        if (why.empty() && code && depth < deep_enough) {
            why = found_in(parser::tokens(content(tokens[i])), true, depth + 1);
        }
        if (!why.empty()) {
            return why;
        }
    }
    return {};
}

} // namespace

std::string beyond_undo(const std::string& statement) {
    const auto tokens = parser::tokens(statement);
    const auto first = std::ranges::find_if(tokens, [](const auto& token) { return token != "("; });
    if (first == tokens.end()) {
        return {};
    }
    if (tokens.size() > 2 && (*first == "CREATE" || *first == "ALTER") && tokens[1] == "FOREIGN" &&
        tokens[2] == "TABLE") {
        return of_foreign_table(tokens, 3);
    }
    const auto is_one_of = [](const std::string& word, const auto& words) {
        return std::ranges::find(words, word) != words.end();
    };
    constexpr std::array<std::string_view, 11> runs{"SELECT", "WITH", "VALUES", "INSERT", "UPDATE", "DELETE",
                                                    "MERGE",  "COPY", "CALL",   "DO",     "EXPLAIN"};
    constexpr std::array<std::string_view, 7> tables{"TABLE", "TEMP",   "TEMPORARY",   "UNLOGGED",
                                                     "LOCAL", "GLOBAL", "MATERIALIZED"};
    const bool fills_a_table = *first == "CREATE" && tokens.size() > 1 && is_one_of(tokens[1], tables) &&
                               std::ranges::find(tokens, "AS") != tokens.end();
    if (!fills_a_table && !is_one_of(*first, runs)) {
        return {}; // a function's body is only kept
    }
    return found_in(tokens, *first == "DO", 0);
}

} // namespace pgteal::migration::rehearse
