// Expressions that two servers print: whether they are the same one.
#include <algorithm>
#include <cctype>

#include "replication/compat/compat_parts.hpp"

namespace pgteal::replication::compat {

namespace {

bool in_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '$' ||
           (static_cast<unsigned char>(c) & 0x80U) != 0;
}

/// Words, quoted texts, "::", and everything else by the letter; "[]" is one.
std::vector<std::string> tokens_of(std::string_view text) {
    std::vector<std::string> tokens;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t end = at + 1;
        const char c = text[at];
        if (std::isspace(static_cast<unsigned char>(c)) != 0) {
            at = end;
            continue;
        }
        if (c == '\'' || c == '"') {
            // A doubled quote is two texts side by side, which is as good for comparing.
            end = std::min(text.find(c, end), text.size() - 1) + 1;
        } else if (in_word(c)) {
            while (end < text.size() && in_word(text[end])) {
                ++end;
            }
        } else if (const auto two = text.substr(at, 2); two == "::" || two == "[]") {
            end = at + 2;
        }
        tokens.emplace_back(text.substr(at, end - at));
        at = end;
    }
    return tokens;
}

bool is_open(const std::string& token) { return token == "(" || token == "["; }
bool is_close(const std::string& token) { return token == ")" || token == "]"; }

/// A reader of tokens that writes them in their normal form.
class Normal {
public:
    explicit Normal(std::vector<std::string> tokens) : tokens_(std::move(tokens)) {}

    /// Up to the bracket that closes it, or the end; `things` counts what it is made of.
    std::string list(std::size_t* things) {
        std::string out;
        while (at_ < tokens_.size() && !is_close(tokens_[at_])) {
            if (tokens_[at_] == "::" && skip_cast()) {
                continue;
            }
            const std::string token = tokens_[at_++];
            // ARRAY[…] is one thing.
            *things += token == "[" && out.ends_with("ARRAY ") ? 0U : 1U;
            out += is_open(token) ? group(token) : token + ' ';
        }
        return out;
    }

private:
    std::string group(const std::string& open) {
        std::size_t things = 0;
        const std::string inner = list(&things);
        ++at_; // what closes it
        if (open == "(" && things == 1) {
            return inner;
        }
        return open + inner + (open == "(" ? ")" : "]");
    }

    /// Past a cast that gives the text as it is; false when it may change the value.
    bool skip_cast() {
        std::size_t next = at_ + 1;
        const auto word = [&](std::size_t at) { return at < tokens_.size() ? tokens_[at] : std::string(); };
        if (word(next) == "text") {
            next += 1;
        } else if (word(next) == "character" && word(next + 1) == "varying") {
            next += 2;
        } else {
            return false;
        }
        if (word(next) == "(") {
            return false; // a length
        }
        if (word(next) == "[]") {
            ++next;
        }
        at_ = next;
        return true;
    }

    std::vector<std::string> tokens_;
    std::size_t at_ = 0;
};

} // namespace

std::string normal_form(std::string_view definition) {
    Normal normal(tokens_of(definition));
    std::size_t things = 0;
    std::string out = normal.list(&things);
    return out;
}

std::vector<Reason> generated_reasons(const Pair& pair) {
    std::vector<Reason> reasons;
    for (const Column& to : pair.to.columns) {
        const Column* from = pair.from.column(to.name);
        if (!to.generated || from == nullptr || !from->generated ||
            normal_form(from->expression) == normal_form(to.expression)) {
            continue;
        }
        Reason reason;
        reason.outcome = Outcome::diverges;
        reason.level = Level::error;
        reason.writes = new_rows;
        reason.at_once = true;
        reason.object = "column " + to.name;
        reason.when = "at the next write";
        reason.why = pair.publisher() + " generates it as " + from->expression + ", " + pair.subscriber() +
                     " as " + to.expression + "; each side computes its own and none is sent";
        reason.remedy = pair.forward()
                            ? "add a generated column of another name, and drop " + to.name + " after finish"
                            : "change the expression after finish only";
        reasons.push_back(std::move(reason));
    }
    return reasons;
}

} // namespace pgteal::replication::compat
