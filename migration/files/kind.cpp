#include "migration/files/kind.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "migration/files/parser.hpp"
#include "migration/files/text.hpp"

namespace pgteal::migration {

namespace {

template <typename... Words>
bool is_one_of(std::string_view word, Words... words) {
    return ((word == std::string_view(words)) || ...);
}

class Tokens {
public:
    explicit Tokens(const std::string& statement) : all_(parser::tokens(statement)) {}
    [[nodiscard]] std::string_view at(std::size_t i) const {
        return i < all_.size() ? all_[i] : std::string_view();
    }
    [[nodiscard]] std::size_t size() const { return all_.size(); }
    [[nodiscard]] bool has(std::string_view word) const {
        return std::find(all_.begin(), all_.end(), word) != all_.end();
    }
    /// The option is there and not switched off.
    [[nodiscard]] bool switched_on(std::string_view option) const { return has(option) && !is_off(option); }
    /// The option is there with a value that means no.
    [[nodiscard]] bool is_off(std::string_view option) const {
        const auto found = std::find(all_.begin(), all_.end(), option);
        if (found == all_.end()) {
            return false;
        }
        auto i = static_cast<std::size_t>(found - all_.begin()) + 1;
        i += at(i) == "=" ? 1U : 0U;
        return is_one_of(at(i), "FALSE", "OFF", "NO", "0", "'false'", "'off'", "'no'", "'0'", "NONE");
    }

private:
    std::vector<std::string> all_;
};

/// A name with its schema, if it has one.
std::string qualified_name(const Tokens& tokens, std::size_t at) {
    std::string name(tokens.at(at++));
    while (tokens.at(at) == ".") {
        name += '.';
        name += tokens.at(at + 1);
        at += 2;
    }
    return name;
}

void index_build(const Tokens& tokens, std::size_t at, Kind& kind) {
    if (tokens.at(at) == "IF") {
        at += 3; // IF NOT EXISTS
    }
    std::string index;
    if (tokens.at(at) != "ON") {
        index = tokens.at(at++);
    }
    if (tokens.at(at) != "ON") {
        return;
    }
    ++at;
    at += tokens.at(at) == "ONLY" ? 1U : 0U;
    auto table = qualified_name(tokens, at);
    if (index.empty()) {
        kind.unnamed_on = std::move(table);
    } else {
        kind.index = IndexBuild{std::move(index), std::move(table)};
    }
}

Kind create(const Tokens& tokens) {
    Kind kind;
    const std::size_t object = tokens.at(1) == "UNIQUE" ? 2 : 1;
    if (tokens.at(object) == "INDEX" && tokens.at(object + 1) == "CONCURRENTLY") {
        kind.transactional = false;
        index_build(tokens, object + 2, kind);
    } else if (is_one_of(tokens.at(1), "DATABASE", "TABLESPACE")) {
        kind.transactional = false;
    } else if (tokens.at(1) == "SUBSCRIPTION") {
        kind.transactional = tokens.is_off("CONNECT") || tokens.is_off("CREATE_SLOT");
    }
    return kind;
}

Kind drop(const Tokens& tokens) {
    Kind kind;
    if (tokens.at(1) == "INDEX" && tokens.at(2) == "CONCURRENTLY") {
        kind.transactional = false;
        kind.repeatable = tokens.at(3) == "IF";
    } else if (is_one_of(tokens.at(1), "DATABASE", "TABLESPACE", "SUBSCRIPTION")) {
        kind.transactional = false;
        kind.repeatable = tokens.at(2) == "IF";
    }
    return kind;
}

Kind alter(const Tokens& tokens) {
    Kind kind;
    if (tokens.at(1) == "SYSTEM") {
        kind.transactional = false;
        kind.repeatable = true;
    } else if (tokens.at(1) == "DATABASE") {
        kind.transactional = !(tokens.at(3) == "SET" && tokens.at(4) == "TABLESPACE");
    } else if (tokens.at(1) == "SUBSCRIPTION") {
        kind.transactional = !tokens.has("PUBLICATION");
    } else if (tokens.at(1) == "TABLE") {
        kind.transactional = !(tokens.has("DETACH") && tokens.has("PARTITION") &&
                               tokens.at(tokens.size() - 1) == "CONCURRENTLY");
    }
    return kind;
}

Kind reindex(const Tokens& tokens) {
    Kind kind;
    kind.repeatable = true;
    std::size_t object = 1;
    if (tokens.at(1) == "(") {
        while (object < tokens.size() && tokens.at(object) != ")") {
            ++object;
        }
        ++object;
    }
    const bool concurrently = tokens.switched_on("CONCURRENTLY");
    kind.transactional = !concurrently && !is_one_of(tokens.at(object), "SCHEMA", "DATABASE", "SYSTEM");
    if (concurrently) {
        const std::size_t name = object + (tokens.at(object + 1) == "CONCURRENTLY" ? 2U : 1U);
        kind.rebuild = IndexRebuild{std::string(tokens.at(object)), qualified_name(tokens, name)};
    }
    return kind;
}

Kind cluster(const Tokens& tokens) {
    Kind kind;
    kind.repeatable = true;
    const bool whole_database = tokens.size() == 1 || (tokens.size() == 2 && tokens.at(1) == "VERBOSE") ||
                                (tokens.at(1) == "(" && tokens.at(tokens.size() - 1) == ")");
    kind.transactional = !whole_database;
    return kind;
}

Kind copy(const Tokens& tokens) {
    Kind kind;
    int depth = 0;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        depth += tokens.at(i) == "(" ? 1 : tokens.at(i) == ")" ? -1 : 0;
        if (depth == 0 && is_one_of(tokens.at(i), "FROM", "TO")) {
            kind.client_copy = is_one_of(tokens.at(i + 1), "STDIN", "STDOUT");
            break;
        }
    }
    return kind;
}

/// SELECT set_config(…), as pg_dump writes it: a SET by another name.
bool sets_config(const Tokens& tokens) {
    const std::size_t function = tokens.at(1) == "PG_CATALOG" && tokens.at(2) == "." ? 3 : 1;
    return tokens.at(function) == "SET_CONFIG" && tokens.at(function + 1) == "(" && !tokens.has("FROM");
}

} // namespace

Kind kind_of(const std::string& statement) {
    const auto first = word_at(statement, 0);
    Kind kind;
    if (is_one_of(first, "BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE")) {
        kind.transaction_control = true;
    } else if (is_one_of(first, "SET", "RESET") || (first == "SELECT" && sets_config(Tokens(statement)))) {
        kind.setting = true;
        kind.repeatable = true;
    } else if (is_one_of(first, "CALL", "DO")) {
        kind.procedural = true;
    } else if (first == "ANALYZE" || first == "ANALYSE") {
        kind.repeatable = true;
    } else if (first == "VACUUM") {
        kind.transactional = false;
        kind.repeatable = true;
    } else if (is_one_of(first, "CREATE", "DROP", "ALTER", "REINDEX", "CLUSTER", "COPY", "PREPARE",
                         "DISCARD")) {
        const Tokens tokens(statement);
        if (first == "PREPARE") {
            kind.transaction_control = tokens.at(1) == "TRANSACTION";
        } else if (first == "DISCARD") {
            kind.transactional = tokens.at(1) != "ALL";
            kind.repeatable = true;
        } else {
            kind = first == "CREATE"    ? create(tokens)
                   : first == "DROP"    ? drop(tokens)
                   : first == "ALTER"   ? alter(tokens)
                   : first == "REINDEX" ? reindex(tokens)
                   : first == "CLUSTER" ? cluster(tokens)
                                        : copy(tokens);
        }
    }
    return kind;
}

} // namespace pgteal::migration
