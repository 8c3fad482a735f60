// From a file's text to its statements, and what a migration may not hold.
#include <algorithm>
#include <array>

#include "migration/find.hpp"
#include "migration/kind.hpp"
#include "migration/parser.hpp"
#include "migration/text.hpp"
#include "postgres/error.hpp"

namespace pgteal::migration {

namespace {

using parser::Range;

/// One file under examination: its name and text, and errors that point into them.
struct Source {
    const std::string& script;
    const std::string& text;

    [[noreturn]] void refuse(std::size_t offset, const std::string& why, std::string hint) const {
        throw Error(ErrorCode::migration, "",
                    script + ":" + std::to_string(line_at(text, offset)) + ": " + why, std::move(hint));
    }
    [[nodiscard]] std::string piece(Range range) const {
        return text.substr(range.begin, range.end - range.begin);
    }
};

/// Without leading space and comments and without trailing space; nothing when that is all there was.
std::optional<Range> trimmed(std::string_view text, Range range) {
    range.begin = std::min(skip_blank(text.substr(0, range.end), range.begin), range.end);
    while (range.end > range.begin &&
           (text[range.end - 1] == ' ' || (text[range.end - 1] >= '\t' && text[range.end - 1] <= '\r'))) {
        --range.end;
    }
    if (range.begin == range.end) {
        return std::nullopt;
    }
    return range;
}

[[noreturn]] void refuse_unreadable(const Source& source, const parser::Failure& failure, std::size_t base) {
    const auto offset = base + failure.offset;
    const auto message = failure.message.substr(0, failure.message.find(" at or near"));
    source.refuse(offset, message + ": " + excerpt(std::string_view(source.text).substr(offset), 40),
                  "Nothing was applied. Mend the file and run pgteal prepare again.");
}

void refuse_psql(const Source& source, const parser::Failure& failure, std::size_t base) {
    const auto offset = base + failure.offset;
    if (offset < source.text.size() && source.text[offset] == '\\') {
        const auto line = std::string_view(source.text).substr(offset);
        source.refuse(
            offset, "psql command " + excerpt(line.substr(0, line.find_first_of("\r\n ;")), 30),
            "psql's backslash commands mean nothing to the server. Take it out; nothing was applied.");
    }
}

/// split_by_tokens() leaves out pieces without keywords: they belong to the file all the same.
std::vector<Range> with_gaps(const Source& source, const std::vector<Range>& ranges) {
    std::vector<Range> result;
    std::size_t done = 0;
    auto add_gap = [&](std::size_t until) {
        while (done < until) {
            const auto at = skip_blank(source.text, done);
            if (at >= until) {
                break;
            }
            if (source.text[at] != ';') {
                result.push_back({at, source.text[until - 1] == ';' ? until - 1 : until});
                break;
            }
            done = at + 1;
        }
    };
    for (const auto& range : ranges) {
        add_gap(range.begin);
        result.push_back(range);
        done = range.end;
    }
    add_gap(source.text.size());
    return result;
}

bool begins_atomic_body(const std::string& piece) {
    const auto tokens = parser::tokens(piece);
    const std::array<std::string_view, 2> atomic{"BEGIN", "ATOMIC"};
    const auto found = std::search(tokens.begin(), tokens.end(), atomic.begin(), atomic.end());
    return found != tokens.end() && !(tokens.end() - found > 2 && *(found + 2) == "END");
}

/// Joins what was cut inside the body of a function written as BEGIN ATOMIC … END (PostgreSQL 14).
std::vector<Range> with_atomic_bodies(const Source& source, const std::vector<Range>& ranges) {
    auto first_word = [&](Range range) { return word_at(source.text, skip_blank(source.text, range.begin)); };
    std::vector<Range> result;
    for (std::size_t i = 0; i < ranges.size(); ++i) {
        auto range = ranges[i];
        bool open = first_word(range) == "CREATE" && begins_atomic_body(source.piece(range));
        while (open && i + 1 < ranges.size()) {
            range.end = ranges[++i].end;
            open = first_word(ranges[i]) != "END";
        }
        result.push_back(range);
    }
    return result;
}

/// For a file that the grammar rejects as a whole: pieces by tokens, each tried alone.
std::vector<Statement> split_piecewise(const Source& source, const parser::Failure& why) {
    auto split = parser::split_by_tokens(source.text);
    if (split.failure) {
        // Something before the open quote may explain it better: a psql command, or the data of a COPY.
        const auto before = source.text.substr(0, split.failure->offset);
        if (why.offset < split.failure->offset) {
            refuse_psql(source, why, 0);
            split_statements(source.script, before);
        }
        refuse_unreadable(source, *split.failure, 0);
    }
    std::vector<Statement> statements;
    LineCounter lines(source.text);
    for (const auto& range : with_atomic_bodies(source, with_gaps(source, split.ranges))) {
        const auto tight = trimmed(source.text, range);
        if (!tight) {
            continue;
        }
        Statement statement;
        statement.text = source.piece(*tight);
        statement.line = lines.at(tight->begin);
        if (const auto failure = parser::split(statement.text).failure) {
            refuse_psql(source, *failure, tight->begin);
            statement.analysed = false;
        }
        statements.push_back(std::move(statement));
    }
    return statements;
}

void judge(const std::string& script, Statement& statement) {
    const auto kind = kind_of(statement.text);
    statement.transactional = kind.transactional;
    auto refuse = [&](const std::string& why, std::string hint) {
        throw Error(ErrorCode::migration, "", script + ":" + std::to_string(statement.line) + ": " + why,
                    std::move(hint));
    };
    if (kind.transaction_control) {
        refuse("transaction control: " + excerpt(statement.text, 40),
               "pgteal runs each file in one transaction of its own. Take it out; nothing was applied.");
    }
    if (kind.client_copy) {
        refuse("COPY with the client's data: " + excerpt(statement.text, 60),
               "A migration has no data stream. Use INSERT; nothing was applied.");
    }
}

bool asks_for_no_transaction(const Source& source) {
    const std::string_view text = source.text;
    const auto head = text.substr(0, skip_blank(text));
    bool asked = false;
    for (std::size_t at = 0; at < head.size();) {
        const auto end = std::min(head.find_first_of("\r\n", at), head.size());
        auto line = head.substr(at, end - at);
        const auto begin = line.find_first_not_of(" \t");
        if (begin != std::string_view::npos && line.substr(begin).starts_with("--")) {
            const auto said = excerpt(line.substr(begin + 2), 200);
            if (said == "pgteal: no-transaction") {
                asked = true;
            } else if (said.starts_with("pgteal:")) {
                source.refuse(at, "unknown directive: " + said,
                              "The only one is -- pgteal: no-transaction; nothing was applied.");
            }
        }
        at = end + 1;
    }
    return asked;
}

} // namespace

std::vector<Statement> split_statements(const std::string& script, const std::string& text) {
    const Source source{script, text};
    const auto split = parser::split(text);
    std::vector<Statement> statements;
    if (!split.failure) {
        LineCounter lines(text);
        for (const auto& range : split.ranges) {
            if (const auto tight = trimmed(text, range)) {
                statements.push_back({source.piece(*tight), lines.at(tight->begin), true, true});
            }
        }
    } else {
        refuse_psql(source, *split.failure, 0);
        statements = split_piecewise(source, *split.failure);
    }
    for (auto& statement : statements) {
        judge(script, statement);
    }
    return statements;
}

File parse_file(const std::string& script, const std::string& bytes) {
    File file;
    auto name = parse_file_name(script);
    file.script = script;
    file.path = script;
    file.version = std::move(name.version);
    file.name = std::move(name.name);
    if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF")) {
        throw Error(ErrorCode::migration, "", script + ":1: the file is UTF-16",
                    "Save it as UTF-8; nothing was applied.");
    }
    file.text = without_bom(bytes);
    const Source source{file.script, file.text};
    if (const auto nul = file.text.find('\0'); nul != std::string::npos) {
        source.refuse(nul, "a NUL byte", "PostgreSQL can't take it. Mend the file; nothing was applied.");
    }
    if (const auto invalid = first_invalid_utf8(file.text)) {
        source.refuse(*invalid, "not valid UTF-8", "Save the file as UTF-8; nothing was applied.");
    }
    file.checksum = checksum(file.text);
    file.statements = split_statements(script, file.text);
    if (file.statements.empty()) {
        throw Error(ErrorCode::migration, "", script + ": holds no statement",
                    "Write its SQL or remove the file; nothing was applied.");
    }
    file.no_transaction_asked = asks_for_no_transaction(source);
    file.transactional =
        !file.no_transaction_asked && std::all_of(file.statements.begin(), file.statements.end(),
                                                  [](const auto& s) { return s.transactional; });
    return file;
}

} // namespace pgteal::migration
