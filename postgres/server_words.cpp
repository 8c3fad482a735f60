#include "postgres/server_words.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>

namespace pgteal::postgres {

std::string one_line(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const char plain = c == '\n' || c == '\r' || c == '\t' ? ' ' : c;
        if (plain != ' ' || (!out.empty() && out.back() != ' ')) {
            out += plain;
        }
    }
    while (!out.empty() && out.back() == ' ') {
        out.pop_back();
    }
    return out;
}

namespace {

bool one_of(std::string_view word, std::initializer_list<std::string_view> list) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

/// A function's line in CONTEXT, whatever the language of the server's messages.
bool names_block(std::string_view line) {
    const auto block = line.find(" inline_code_block ");
    return block != std::string_view::npos && line.find_first_of("\"(") > block;
}

bool names_own_function(std::string_view line) {
    const auto own = line.find(" pgteal.");
    const auto quoted = line.find(" \"pgteal\"."); // under quote_all_identifiers
    const auto first = line.find_first_of("\"(");
    return (own != std::string_view::npos && first > own) ||
           (quoted != std::string_view::npos && first == quoted + 1);
}

/// A function wrote the message itself: RAISE, or a language whose errors are its own. DO blocks are ours, or
/// those of whoever runs a migration.
bool of_a_function(const ServerSaid& said) {
    const auto line = first_line(said.context);
    if (names_block(line) || names_own_function(line)) {
        return false;
    }
    const auto state = std::string_view(said.sqlstate).substr(0, 2);
    const bool raises = line.ends_with(" at RAISE") || line.ends_with(" at ASSERT") ||
                        said.routine == "exec_stmt_raise" || said.routine == "exec_stmt_assert";
    const bool other_language = line.starts_with("PL/") && !line.starts_with("PL/pgSQL");
    return raises || other_language || one_of(state, {"P0", "38", "39"});
}

bool is_copy(const ServerSaid& said) { return first_line(said.context).starts_with("COPY "); }

/// "COPY orders, line 3, column email": what comes after it is the value.
std::string place_in_copy(std::string_view context) {
    return one_line(context.substr(0, std::min(context.find(": "), context.find('\n'))));
}

/// Conditions whose details and hints name objects, sessions and limits, never rows.
bool speaks_of_objects(std::string_view sqlstate) {
    return one_of(sqlstate.substr(0, 2), {"08", "0A", "25", "28", "2B", "34", "3D", "3F", "40", "42", "53",
                                          "54", "55", "57", "58", "F0"});
}

/// Of words that may quote a value: all before it. Quoted names of types and the like stay.
std::string before_the_value(std::string_view text) {
    constexpr std::array<std::string_view, 5> marks{"\xC2\xAB", "\xC2\xBB", "\xE2\x80", "0x", "("};
    std::size_t at = 0;
    while (at < text.size()) {
        const auto rest = text.substr(at);
        const bool value = rest.starts_with(":") || rest.starts_with("'") ||
                           std::any_of(marks.begin(), marks.end(),
                                       [rest](std::string_view mark) { return rest.starts_with(mark); });
        if (value) {
            break;
        }
        if (rest.front() != '"') {
            ++at;
            continue;
        }
        const auto before = text.substr(0, at == 0 ? 0 : at - 1);
        const auto word = before.substr(before.rfind(' ') + 1);
        const auto end = text.find('"', at + 1);
        if (end == std::string_view::npos ||
            !one_of(word, {"parameter", "type", "encoding", "enum", "domain", "relation", "table", "column",
                           "constraint", "function", "operator", "index", "locale", "collation"})) {
            break;
        }
        at = end + 1;
    }
    auto kept = one_line(text.substr(0, at));
    return kept.find(' ') == std::string::npos ? "a value was refused" : kept;
}

/// Of an error that is not known to be about a value.
std::string with_names_only(std::string_view text) {
    for (const std::string_view start :
         {"value \"", "invalid input ", "invalid value ", "malformed ", "date/time "}) {
        if (text.starts_with(start)) {
            return before_the_value(text);
        }
    }
    return one_line(text.substr(0, text.find(": \"")));
}

std::string with_objects(const std::string& text, const ServerSaid& said) {
    std::string objects;
    const auto add = [&](const char* kind, const std::string& name) {
        if (!name.empty() && text.find('"' + name + '"') == std::string::npos) {
            objects += std::string(objects.empty() ? "" : ", ") + kind + " " + name;
        }
    };
    add("table", said.table.empty() || said.schema.empty() ? said.table : said.schema + "." + said.table);
    add("column", said.column);
    add("constraint", said.constraint);
    return objects.empty() ? text : text + " (" + objects + ")";
}

std::string state_words(const ServerSaid& said) {
    return said.sqlstate.empty() ? "" : " (" + said.sqlstate + ")";
}

constexpr const char* elsewhere = "; the server's own log has the row";

} // namespace

ServerWords without_values(const ServerSaid& said) {
    const auto state = std::string_view(said.sqlstate).substr(0, 2);
    ServerWords words;
    if (of_a_function(said)) {
        words.message =
            with_objects("an error was raised" + state_words(said) + " in " +
                             (said.context.empty() ? "a function" : one_line(first_line(said.context))) +
                             ", whose words may hold a row's values; the server's own log has them",
                         said);
        return words;
    }
    const bool copy = is_copy(said);
    if (state == "22" || (copy && !speaks_of_objects(said.sqlstate) && state != "23")) {
        const auto kept = before_the_value(said.message);
        const bool whole = !copy && said.detail.empty() && kept == one_line(said.message);
        words.message = with_objects(kept, said) + (copy ? ", " + place_in_copy(said.context) : "") +
                        (whole ? "" : elsewhere);
        return words;
    }
    if (copy && state == "42") { // the name of an object that a value names: regclass and its like
        words.message =
            "a value was refused" + state_words(said) + ", " + place_in_copy(said.context) + elsewhere;
        return words;
    }
    words.message = with_objects(with_names_only(said.message), said);
    if (state == "23" || state == "44") {
        words.message += (copy ? ", " + place_in_copy(said.context) : "") + elsewhere;
        return words;
    }
    if (speaks_of_objects(said.sqlstate) && !copy) {
        words.detail = said.detail;
        words.hint = said.hint;
    } else if (names_block(first_line(said.context)) || names_own_function(first_line(said.context))) {
        words.hint = said.hint;
    }
    return words;
}

ServerSaid read_error_text(std::string_view text, std::string sqlstate) {
    ServerSaid said;
    said.sqlstate = std::move(sqlstate);
    std::string ignored;
    std::string* place = &said.message;
    bool begun = false;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        auto line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const auto colon = line.find(":  ");
        const bool labelled =
            colon != std::string_view::npos && colon > 0 &&
            line.substr(0, colon).find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string_view::npos;
        if (labelled) {
            const auto label = line.substr(0, colon);
            line.remove_prefix(colon + 3);
            place = label == "DETAIL"    ? &said.detail
                    : label == "HINT"    ? &said.hint
                    : label == "CONTEXT" ? &said.context
                    : begun              ? &ignored
                                         : &said.message;
        } else if (line.starts_with("LINE ") || line.starts_with("Command was: ")) {
            place = &ignored;
        }
        begun = true;
        *place += (place->empty() ? "" : "\n") + std::string(line);
    }
    return said;
}

namespace {

std::string last_lines(std::string_view text, std::size_t count) {
    std::size_t start = text.find_last_not_of('\n');
    for (std::size_t n = 0; n < count && start != std::string_view::npos && start > 0; ++n) {
        start = text.rfind('\n', start - 1);
    }
    return std::string(start == std::string_view::npos ? text : text.substr(start + 1));
}

/// "INDEX users_email_key postgres" of "pg_restore: from TOC entry 3466; 1259 16400 INDEX users_email_key
/// postgres".
std::string toc_entry(std::string_view output) {
    constexpr std::string_view lead = "from TOC entry ";
    const auto at = output.rfind(lead);
    if (at == std::string_view::npos) {
        return "";
    }
    auto line = first_line(output.substr(at + lead.size()));
    line.remove_prefix(std::min(line.find_first_not_of("0123456789; "), line.size()));
    return std::string(line);
}

} // namespace

namespace {

/// `text` begins with the server's ERROR.
std::string words_of(std::string_view text) {
    auto said = read_error_text(text);
    said.message = first_line(said.message); // what follows may be the statement
    return without_values(said).message;
}

} // namespace

std::string complaint_of(std::string_view output) {
    constexpr std::string_view lead = "ERROR:  ";
    const auto at = output.rfind(lead);
    if (at == std::string_view::npos) {
        std::string said = last_lines(output, 6);
        return said.substr(0, said.find("Command was: "));
    }
    const auto object = toc_entry(output.substr(0, at));
    return (object.empty() ? "" : object + ": ") + words_of(output.substr(at));
}

std::vector<Complaint> complaints_of(std::string_view output) {
    constexpr std::string_view lead = "error: could not execute query: ERROR:  "; // pg_backup_db.c
    constexpr std::string_view command = "\nCommand was: GRANT ";
    std::vector<Complaint> complaints;
    for (auto at = output.find(lead); at != std::string_view::npos;) {
        const auto next = output.find(lead, at + lead.size());
        auto text = output.substr(at, next - at);
        text.remove_prefix(text.find("ERROR"));
        Complaint one{toc_entry(output.substr(0, at)), words_of(text), {}};
        if (const auto grant = text.find(command); grant != std::string_view::npos) {
            one.grant = first_line(text.substr(grant + command.size() - 6));
        }
        complaints.push_back(std::move(one));
        at = next;
    }
    return complaints;
}

std::string RowFilter::operator()(std::string_view line) {
    constexpr const char* left_out = "(left out: it may hold a row)";
    if (inside_) {
        inside_ = line.find(')') == std::string_view::npos;
        return left_out;
    }
    std::size_t cut = std::string_view::npos;
    for (const std::string_view mark : {"DETAIL:", "Detail:", "CONTEXT:", "Failing row contains", "Key ("}) {
        cut = std::min(cut, line.find(mark));
    }
    const bool row = cut != std::string_view::npos;
    if (line.find("ERROR") != std::string_view::npos || line.find("rror: ") != std::string_view::npos) {
        cut = std::min(cut, line.find(": \""));
    }
    if (cut == std::string_view::npos) {
        return std::string(line);
    }
    const auto rest = line.substr(cut);
    inside_ = row && std::count(rest.begin(), rest.end(), '(') > std::count(rest.begin(), rest.end(), ')');
    return std::string(line.substr(0, cut)) + left_out;
}

} // namespace pgteal::postgres
