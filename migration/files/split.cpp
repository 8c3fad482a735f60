// From a file's text to its statements, and what a migration may not hold.
#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "migration/files/directive.hpp"
#include "migration/files/find.hpp"
#include "migration/files/kind.hpp"
#include "migration/files/parser.hpp"
#include "migration/files/text.hpp"

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
                  "Nothing was applied. Mend the file and run the command again.");
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

/// A statement's place, without the comments before it.
struct Piece {
    Range range;
    bool analysed = true;
};

std::vector<Piece> pieces_of(const Source& source);

/// For a file that the grammar rejects as a whole: pieces by tokens, each tried alone.
std::vector<Piece> pieces_by_tokens(const Source& source, const parser::Failure& why) {
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
    std::vector<Piece> pieces;
    for (const auto& range : with_atomic_bodies(source, with_gaps(source, split.ranges))) {
        const auto tight = trimmed(source.text, range);
        if (!tight) {
            continue;
        }
        const auto failure = parser::split(source.piece(*tight)).failure;
        if (failure) {
            refuse_psql(source, *failure, tight->begin);
        }
        pieces.push_back({*tight, !failure});
    }
    return pieces;
}

std::vector<Piece> pieces_of(const Source& source) {
    const auto split = parser::split(source.text);
    if (split.failure) {
        refuse_psql(source, *split.failure, 0);
        return pieces_by_tokens(source, *split.failure);
    }
    std::vector<Piece> pieces;
    for (const auto& range : split.ranges) {
        if (const auto tight = trimmed(source.text, range)) {
            pieces.push_back({*tight, true});
        }
    }
    return pieces;
}

/// What a migration may not hold.
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
    if (statement.backfill) {
        const auto tokens = parser::tokens(statement.text);
        auto has = [&tokens](const char* word) {
            return std::find(tokens.begin(), tokens.end(), word) != tokens.end();
        };
        if (!has("$1") || !has("$2")) {
            refuse("a backfill without " + std::string(has("$1") ? ":to" : ":from"),
                   "Its statement runs for one range of keys at a time: say so, such as WHERE id BETWEEN "
                   ":from AND :to. Nothing was applied.");
        }
        const auto verb = word_at(statement.text, 0);
        if (verb != "UPDATE" && verb != "DELETE" && verb != "INSERT" && verb != "WITH" && verb != "MERGE") {
            refuse("a backfill of something else than UPDATE, DELETE, INSERT or MERGE",
                   "Put the comment right before the statement that it means. Nothing was applied.");
        }
    }
}

} // namespace

std::vector<Statement> split_statements(const std::string& script, const std::string& text) {
    const auto bound = with_parameters(text);
    const Source source{script, bound};
    std::vector<Statement> statements;
    LineCounter lines(text);
    std::size_t before = 0;
    for (const auto& piece : pieces_of(source)) {
        Statement statement;
        statement.text = source.piece(piece.range);
        statement.line = lines.at(piece.range.begin);
        statement.analysed = piece.analysed;
        statement.backfill =
            read_directives(script, text, before, piece.range.begin, statements.empty()).backfill;
        judge(script, statement);
        statements.push_back(std::move(statement));
        before = piece.range.end;
    }
    if (!statements.empty() && read_directives(script, text, before, text.size(), false).backfill) {
        throw Error(ErrorCode::migration, "", script + ": no statement follows the last backfill comment",
                    "Put it right before the statement that it means. Nothing was applied.");
    }
    return statements;
}

} // namespace pgteal::migration
