#include "migration/rehearse/server_wide.hpp"

#include <algorithm>
#include <string_view>

#include "migration/files/parser.hpp"
#include "migration/files/text.hpp"

namespace pgteal::migration::rehearse {

namespace {

using What = ServerWide::What;
using Tokens = std::vector<std::string>;

template <typename... Words>
bool is_one_of(std::string_view word, Words... words) {
    return ((word == std::string_view(words)) || ...);
}

bool is_role(std::string_view word) { return is_one_of(word, "ROLE", "USER", "GROUP"); }

std::string_view at(const Tokens& tokens, std::size_t i) {
    return i < tokens.size() ? std::string_view(tokens[i]) : std::string_view();
}

bool has(const Tokens& tokens, std::string_view word) {
    return std::ranges::find(tokens, word) != tokens.end();
}

/// A name as the catalogs have it; tokens hold unquoted words in upper case.
std::string name_of(std::string_view token) {
    std::string name;
    if (token.starts_with('"') && token.size() >= 2) {
        for (std::size_t i = 1; i + 1 < token.size(); ++i) {
            name += token[i];
            i += token[i] == '"' ? 1U : 0U; // "" stands for one
        }
        return name;
    }
    for (const char c : token) {
        name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return name;
}

/// a, b, c from there on.
std::vector<std::string> names_from(const Tokens& tokens, std::size_t i) {
    std::vector<std::string> names;
    for (; i < tokens.size(); i += 2) {
        i += is_one_of(tokens[i], "GROUP") ? 1U : 0U;
        names.push_back(name_of(at(tokens, i)));
        if (at(tokens, i + 1) != ",") {
            break;
        }
    }
    return names;
}

ServerWide never() { return {What::never, {}, false}; }

std::optional<ServerWide> grant(const Tokens& tokens) {
    const auto on = std::ranges::find(tokens, "ON");
    if (on != tokens.end()) {
        const auto object = static_cast<std::size_t>(on - tokens.begin()) + 1;
        if (is_one_of(at(tokens, object), "DATABASE", "TABLESPACE", "PARAMETER")) {
            return never();
        }
        return std::nullopt;
    }
    const auto to = std::ranges::find_if(tokens, [](const auto& t) { return is_one_of(t, "TO", "FROM"); });
    const auto members = static_cast<std::size_t>(to - tokens.begin()) + 1;
    return ServerWide{What::changes_roles, names_from(tokens, members), false};
}

std::optional<ServerWide> owned(const Tokens& tokens) {
    // REASSIGN OWNED BY a, b TO c: databases and tablespaces too.
    return ServerWide{What::changes_roles, names_from(tokens, 3), false};
}

std::optional<ServerWide> of_role(const Tokens& tokens) {
    if (at(tokens, 2) == "MAPPING") {
        return std::nullopt;
    }
    if (at(tokens, 0) == "CREATE") {
        return ServerWide{What::creates_roles, {}, false};
    }
    if (at(tokens, 0) == "ALTER") {
        const bool in_database = has(tokens, "DATABASE");
        return in_database ? never() : ServerWide{What::changes_roles, {name_of(at(tokens, 2))}, false};
    }
    const bool tolerant = at(tokens, 2) == "IF";
    return ServerWide{What::changes_roles, names_from(tokens, tolerant ? 4 : 2), tolerant};
}

} // namespace

std::optional<ServerWide> server_wide(const std::string& statement) {
    const auto first = word_at(statement, 0);
    if (!is_one_of(first, "CREATE", "ALTER", "DROP", "GRANT", "REVOKE", "REASSIGN", "COMMENT", "SECURITY",
                   "REINDEX")) {
        return std::nullopt;
    }
    const auto tokens = parser::tokens(statement);
    const auto second = at(tokens, 1);
    if (first == "GRANT" || first == "REVOKE") {
        return grant(tokens);
    }
    if (second == "OWNED") {
        return owned(tokens);
    }
    if (first == "COMMENT" || first == "SECURITY") {
        const auto on = std::ranges::find(tokens, "ON");
        const auto object = static_cast<std::size_t>(on - tokens.begin()) + 1;
        return is_one_of(at(tokens, object), "ROLE", "DATABASE", "TABLESPACE", "SUBSCRIPTION")
                   ? std::optional(never())
                   : std::nullopt;
    }
    if (first == "REINDEX") {
        return has(tokens, "DATABASE") || has(tokens, "SYSTEM") ? std::optional(never()) : std::nullopt;
    }
    if (is_role(second)) {
        return of_role(tokens);
    }
    return is_one_of(second, "DATABASE", "TABLESPACE", "SYSTEM", "SUBSCRIPTION") ? std::optional(never())
                                                                                 : std::nullopt;
}

bool runs_code(const std::string& statement) {
    return is_one_of(word_at(statement, statement.find_first_not_of("( \t\n")), "DO", "SELECT", "CALL",
                     "WITH", "VALUES", "EXPLAIN", "EXECUTE");
}

bool may_make_roles(const std::string& statement) {
    const auto first = word_at(statement, 0);
    if (first == "CREATE") {
        const auto wide = server_wide(statement);
        return wide && wide->what == What::creates_roles;
    }
    return runs_code(statement);
}

} // namespace pgteal::migration::rehearse
