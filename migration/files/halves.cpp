#include "migration/files/halves.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <sstream>
#include <vector>

#include "base/error.hpp"
#include "migration/files/parser.hpp"
#include "migration/files/text.hpp"

namespace pgteal::migration {

namespace {

enum class Section { none, up, down, unknown };

/// A comment line that means something to a tool.
struct Mark {
    std::string_view words; ///< in lower case, one space between two; "*": anything may follow
    std::string_view tool;
    Section begins = Section::none; ///< none: the section goes on
    bool alone = false;             ///< this section, without a transaction
    bool starts_up = false;         ///< what stands before the first of them goes up
};

// dbmate: README, "Creating Migrations". goose: README, "SQL Migrations". sql-migrate: README, "Writing
// migrations". node-pg-migrate: docs, "SQL migrations". Play: "Evolutions scripts". tern: README. shmig:
// README. MyBatis Migrations: "Migration Script". dbdeploy: "Undo".
constexpr std::array marks{
    Mark{"migrate:up", "dbmate", Section::up},
    Mark{"migrate:up transaction:false", "dbmate", Section::up, true},
    Mark{"migrate:up transaction:true", "dbmate", Section::up},
    Mark{"migrate:down", "dbmate", Section::down},
    Mark{"migrate:down transaction:false", "dbmate", Section::down, true},
    Mark{"migrate:down transaction:true", "dbmate", Section::down},
    Mark{"+goose up", "goose", Section::up},
    Mark{"+goose down", "goose", Section::down},
    Mark{"+goose statementbegin", "goose"},
    Mark{"+goose statementend", "goose"},
    Mark{"+goose no transaction", "goose", Section::none, true},
    Mark{"+goose envsub off", "goose"},
    Mark{"+migrate up", "sql-migrate", Section::up},
    Mark{"+migrate up notransaction", "sql-migrate", Section::up, true},
    Mark{"+migrate down", "sql-migrate", Section::down},
    Mark{"+migrate down notransaction", "sql-migrate", Section::down, true},
    Mark{"+migrate statementbegin", "sql-migrate"},
    Mark{"+migrate statementend", "sql-migrate"},
    Mark{"+micrate up", "micrate", Section::up},
    Mark{"+micrate down", "micrate", Section::down},
    Mark{"+micrate statementbegin", "micrate"},
    Mark{"+micrate statementend", "micrate"},
    Mark{"up migration", "node-pg-migrate", Section::up},
    Mark{"down migration", "node-pg-migrate", Section::down},
    Mark{"!ups", "Play", Section::up},
    Mark{"!downs", "Play", Section::down},
    Mark{"rambler up", "rambler", Section::up},
    Mark{"rambler down", "rambler", Section::down},
    Mark{"==== up ====", "shmig", Section::up},
    Mark{"==== down ====", "shmig", Section::down},
    Mark{"create above / drop below", "tern", Section::down, false, true},
    Mark{"//@undo", "MyBatis Migrations or dbdeploy", Section::down, false, true},
    Mark{"@undo", "MyBatis Migrations or dbdeploy", Section::down, false, true},
};

struct Comment {
    std::size_t offset = 0;
    std::size_t line_end = 0;
    std::string words;
    bool block = false; ///< no tool cuts at those; people do
};

/// In lower case, without what draws a line; "Up Migration" of "--- Up   Migration ---".
std::string words_of(std::string_view comment) {
    const auto first = comment.find_first_not_of("-/* \t#");
    const auto last = comment.find_last_not_of("-/* \t\r");
    if (first == std::string_view::npos) {
        return {};
    }
    std::string words;
    std::istringstream in(std::string(comment.substr(first, last - first + 1)));
    for (std::string word; in >> word;) {
        words += (words.empty() ? "" : " ") + word;
    }
    std::transform(words.begin(), words.end(), words.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return words;
}

/// Those that begin a line of their own, alone or after the number sign of Play's.
std::vector<Comment> comments_of(const std::string& text) {
    std::vector<Comment> found;
    for (const auto& token : parser::scan(text)) {
        const bool block = text.compare(token.begin, 2, "/*") == 0;
        if (!block && text.compare(token.begin, 2, "--") != 0) {
            continue;
        }
        const auto before = token.begin == 0 ? std::string::npos : text.find_last_of("\r\n", token.begin - 1);
        const auto line = before == std::string::npos ? 0 : before + 1;
        if (text.find_first_not_of(" \t#\xEF\xBB\xBF", line) < token.begin) {
            continue;
        }
        const auto end = std::min(text.find_first_of("\r\n", token.begin), text.size());
        found.push_back(
            {line, end, words_of(std::string_view(text).substr(token.begin, end - token.begin)), block});
    }
    return found;
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

/// "[DOWN]", "@rollback", "Migration: revert": nothing but the word and what announces it.
bool seems_to_go_back(const std::string& words) {
    std::string letters;
    for (const char c : words) {
        letters += std::isalpha(static_cast<unsigned char>(c)) != 0 ? c : ' ';
    }
    std::istringstream in(letters);
    int back = 0;
    for (std::string word; in >> word;) {
        if (is_one_of(word, {"down", "downs", "undo", "rollback", "revert", "downgrade", "unapply",
                             "backward", "backwards", "reverse", "reversed"})) {
            ++back;
        } else if (!is_one_of(word, {"migrate", "migration", "migrations", "script", "sql", "section",
                                     "begin", "start", "step", "part"})) {
            return false;
        }
    }
    return back == 1;
}

[[noreturn]] void refuse(const std::string& script, const std::string& text, std::size_t offset,
                         const std::string& why, const std::string& hint) {
    throw Error(ErrorCode::migration, "", script + ":" + std::to_string(line_at(text, offset)) + ": " + why,
                hint + " Nothing was applied.");
}

constexpr const char* let_the_tool = "Write it as plain SQL, or let the tool migrate with command = [...] in "
                                     "[migrate].";

void blank(std::string& text, std::size_t begin, std::size_t end) {
    for (auto at = begin; at < end; ++at) {
        text[at] = text[at] == '\n' || text[at] == '\r' ? text[at] : ' ';
    }
}

struct Cut {
    std::size_t at = 0;    ///< of the comment's line
    std::size_t after = 0; ///< its end
    Section begins = Section::none;
    std::string words;
};

/// Takes note of what the tool's comments say.
std::vector<Cut> cuts_of(const std::string& script, const std::string& text, Halves* halves) {
    std::vector<Cut> cuts;
    auto section = Section::up;
    for (const auto& comment : comments_of(text)) {
        const auto offset = comment.offset;
        const auto end = comment.line_end;
        const auto& words = comment.words; // clang 14 captures no structured binding
        if (comment.block) {
            if (seems_to_go_back(words)) {
                cuts.push_back({offset, end, Section::unknown, words});
            }
            continue;
        }
        if (words.starts_with("liquibase formatted sql")) {
            refuse(script, text, offset, "a file of Liquibase's change sets", let_the_tool);
        }
        if (words.starts_with("+goose envsub on")) {
            refuse(script, text, offset, "goose would fill in variables of its environment here",
                   let_the_tool);
        }
        const auto* mark = std::find_if(marks.begin(), marks.end(),
                                        [&words](const Mark& one) { return one.words == words; });
        if (mark == marks.end()) {
            if (is_one_of(words.substr(0, words.find_first_of(" :")), {"+goose", "+migrate", "+micrate"}) ||
                words.starts_with("migrate:up ") || words.starts_with("migrate:down ")) {
                refuse(script, text, offset, "comment '" + excerpt(words, 60) + "' is not known",
                       let_the_tool);
            }
            if (seems_to_go_back(words)) {
                cuts.push_back({offset, end, Section::unknown, words});
            }
            continue;
        }
        if (halves->tool.empty()) {
            halves->tool = mark->tool;
        } else if (halves->tool != mark->tool) {
            refuse(script, text, offset,
                   "a comment of " + std::string(mark->tool) + " in a file of " + halves->tool, let_the_tool);
        }
        section = mark->begins == Section::none ? section : mark->begins;
        halves->up_alone = halves->up_alone || (mark->alone && section == Section::up);
        halves->down_alone = halves->down_alone || (mark->alone && section == Section::down);
        if (mark->begins != Section::none) {
            const bool first = std::all_of(cuts.begin(), cuts.end(),
                                           [](const Cut& cut) { return cut.begins == Section::unknown; });
            if (first && mark->starts_up) {
                cuts.push_back({0, 0, Section::up, {}});
            }
            cuts.push_back({offset, end, mark->begins, words});
        }
        if (mark->words == "+goose no transaction") { // of the file, wherever it stands
            halves->up_alone = halves->down_alone = true;
        }
    }
    return cuts;
}

/// A comment like one that begins a half, in a file that no known tool has cut: with statements behind it.
void refuse_unknown(const std::string& script, const std::string& text, const std::vector<Cut>& cuts,
                    bool of_a_tool) {
    for (const auto& cut : cuts) {
        if (!of_a_tool && cut.begins == Section::unknown && skip_blank(text, cut.after) < text.size() &&
            skip_blank(text) < cut.at) {
            refuse(script, text, cut.at,
                   "comment '" + excerpt(cut.words, 60) +
                       "' seems to begin what takes the migration back, and pgteal knows no tool that writes "
                       "it so",
                   "Put that half into a file of its own, such as U2__name.sql or name.down.sql, or say the "
                   "comment in other words.");
        }
    }
}

} // namespace

Halves halves_of(const std::string& script, const std::string& text) {
    Halves halves;
    halves.up = text;
    auto cuts = cuts_of(script, text, &halves);
    refuse_unknown(script, text, cuts, !halves.tool.empty());
    std::erase_if(cuts, [](const Cut& cut) { return cut.begins == Section::unknown; });
    if (cuts.empty()) {
        return halves;
    }
    if (std::none_of(cuts.begin(), cuts.end(), [](const Cut& cut) { return cut.begins == Section::up; })) {
        refuse(script, text, cuts.front().at,
               "it has a half that goes back, and none that goes up (" + halves.tool + ")",
               "Write the comment that begins it.");
    }
    if (const auto first = skip_blank(text); first < cuts.front().at && cuts.front().after > 0) {
        const auto sign = text.find_first_not_of("# \t\r\n", first);
        if (sign < cuts.front().at) {
            refuse(script, text, first, "a statement before the first half (" + halves.tool + ")",
                   "Put it behind the comment that begins the half that goes up.");
        }
    }
    auto down = text;
    bool any_down = false;
    for (std::size_t i = 0; i < cuts.size(); ++i) {
        const auto& cut = cuts[i];
        const auto end = i + 1 < cuts.size() ? cuts[i + 1].at : text.size();
        any_down = any_down || cut.begins == Section::down;
        auto& other = cut.begins == Section::down ? halves.up : down;
        blank(other, cut.after, end);
        if (cut.after > 0) { // Play's number sign is no SQL
            const auto comment = std::min(text.find("--", cut.at), end);
            blank(halves.up, cut.at, comment);
            blank(down, cut.at, comment);
        }
    }
    if (any_down) {
        halves.down = std::move(down);
    }
    return halves;
}

} // namespace pgteal::migration
