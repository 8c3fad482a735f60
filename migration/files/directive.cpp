#include "migration/files/directive.hpp"

#include <charconv>
#include <sstream>

#include "base/error.hpp"
#include "migration/files/parser.hpp"
#include "migration/files/text.hpp"

namespace pgteal::migration {

namespace {

constexpr std::string_view directive_mark = "pgteal:";
constexpr int largest_batch = 1'000'000;

/// One comment under examination.
struct Directive {
    const std::string& script;
    const std::string& text;
    std::size_t offset;

    [[noreturn]] void refuse(const std::string& why, const std::string& hint) const {
        throw Error(ErrorCode::migration, "",
                    script + ":" + std::to_string(line_at(text, offset)) + ": " + why,
                    hint + " Nothing was applied.");
    }
};

std::string example() {
    return "Write it like -- pgteal: backfill table=public.orders key=id batch=1000 sleep=100ms.";
}

/// The number in front of `text`, and what follows it.
std::optional<std::pair<long, std::string>> number_and_rest(const std::string& text) {
    long number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || number < 0) {
        return std::nullopt;
    }
    return std::make_pair(number, std::string(end, text.data() + text.size()));
}

std::chrono::milliseconds duration(const Directive& comment, const std::string& value) {
    const auto read = number_and_rest(value);
    const auto unit = read ? read->second : std::string();
    const long factor = unit == "ms" ? 1 : unit == "s" ? 1000 : unit == "min" ? 60'000 : 0;
    if (!read || factor == 0 || read->first > 3'600'000 / factor) {
        comment.refuse("sleep=" + value + " is no time of at most one hour", example());
    }
    return std::chrono::milliseconds(read->first * factor);
}

Backfill backfill(const Directive& comment, std::istringstream words) {
    Backfill result;
    for (std::string word; words >> word;) {
        const auto equals = word.find('=');
        const auto key = word.substr(0, equals);
        const auto value = equals == std::string::npos ? std::string() : word.substr(equals + 1);
        if (value.empty()) {
            comment.refuse("'" + word + "' is no key=value of a backfill", example());
        }
        if (key == "table") {
            result.table = value;
        } else if (key == "key") {
            result.key = value;
        } else if (key == "batch") {
            const auto read = number_and_rest(value);
            if (!read || !read->second.empty() || read->first < 1 || read->first > largest_batch) {
                comment.refuse("batch=" + value + " is no number from 1 to " + std::to_string(largest_batch),
                               example());
            }
            result.batch = static_cast<int>(read->first);
        } else if (key == "sleep") {
            result.sleep = duration(comment, value);
        } else {
            comment.refuse("a backfill has no '" + key + "'", example());
        }
    }
    if (result.table.empty()) {
        comment.refuse("the backfill names no table", example());
    }
    return result;
}

Phase phase(const Directive& comment, std::istringstream words) {
    std::string name;
    std::string more;
    words >> name;
    if ((name != "expand" && name != "contract") || words >> more) {
        comment.refuse("no such phase: " + name, "The phases are expand and contract.");
    }
    return name == "expand" ? Phase::expand : Phase::contract;
}

} // namespace

Directives read_directives(const std::string& script, const std::string& text, std::size_t begin,
                           std::size_t end, bool head) {
    Directives found;
    for (const auto& [offset, said] : line_comments(text, begin, end)) {
        if (!said.starts_with(directive_mark)) {
            continue;
        }
        const Directive comment{script, text, offset};
        std::istringstream words(said.substr(directive_mark.size()));
        std::string word;
        words >> word;
        const bool of_file = word == "no-transaction" || word == "phase";
        if (of_file && !head) {
            comment.refuse(said + " concerns the whole file", "Put it before the first statement.");
        }
        if (word == "no-transaction" && said.ends_with(word)) {
            found.no_transaction = true;
        } else if (word == "phase") {
            found.phase = phase(comment, std::move(words));
        } else if (word == "backfill") {
            found.backfill = backfill(comment, std::move(words));
        } else if (word != "allow") { // the linter reads that
            comment.refuse(
                "unknown directive: " + said,
                "There are -- pgteal: no-transaction, phase, backfill and, for the linter, allow.");
        }
    }
    return found;
}

std::string with_parameters(const std::string& text) {
    auto result = text;
    if (text.find("backfill") == std::string::npos) {
        return result;
    }
    bool within = false;
    std::size_t colon = std::string::npos;
    for (const auto& token : parser::scan(text)) {
        const auto length = token.end - token.begin;
        const auto piece = std::string_view(text).substr(token.begin, length);
        if (piece.starts_with("--")) {
            const auto said = excerpt(piece.substr(2), directive_mark.size() + 20);
            within =
                within || (said.starts_with(directive_mark) && said.find("backfill") != std::string::npos);
            continue;
        }
        const auto word = word_at(piece, 0);
        if (within && colon + 1 == token.begin && (word == "FROM" || word == "TO")) {
            result.replace(colon, length + 1, (word == "FROM" ? "$1" : "$2") + std::string(length - 1, ' '));
        }
        within = within && piece != ";";
        colon = piece == ":" ? token.begin : std::string::npos;
    }
    return result;
}

} // namespace pgteal::migration
