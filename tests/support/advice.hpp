// The parts of an advice: what is SQL in it, and on which side; and a shell to type others into.
#pragma once

#include <algorithm>
#include <cstdio>
#include <memory>
#include <regex>
#include <string>
#include <vector>

namespace pgteal::support {

/// Where a statement ends: at the first semicolon outside quotes.
inline std::size_t end_of_statement(const std::string& text) {
    char quote = '\0';
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (quote == '\0' && text[i] == ';') {
            return i;
        }
        if (text[i] == '\'' || text[i] == '"') {
            quote = quote == '\0' ? text[i] : quote == text[i] ? '\0' : quote;
        }
    }
    return std::string::npos;
}

struct Sql {
    std::string side; ///< "" where the advice names none
    std::vector<std::string> statements;
};

/// The SQL of an advice, as people would copy it: up to where words of another kind begin.
inline Sql sql_of(const std::string& fix) {
    static const std::regex verb(
        R"((ALTER|CREATE|DROP|SELECT|UPDATE|REVOKE|GRANT|ROLLBACK PREPARED|SECURITY LABEL|SET [a-z_.]+ =) )");
    Sql sql;
    std::smatch match;
    auto rest = fix;
    if (!std::regex_search(rest, match, verb)) {
        return sql;
    }
    const auto begin = static_cast<std::size_t>(match.position());
    const auto before = rest.substr(0, begin);
    const auto at = before.rfind("on ");
    sql.side = at == std::string::npos                     ? ""
               : before.substr(at).starts_with("on blue")  ? "blue"
               : before.substr(at).starts_with("on green") ? "green"
                                                           : "";
    rest = rest.substr(begin);
    while (std::regex_search(rest, match, verb, std::regex_constants::match_continuous)) {
        const auto end = end_of_statement(rest);
        if (end == std::string::npos) {
            break;
        }
        sql.statements.push_back(rest.substr(0, end));
        rest = rest.substr(std::min(rest.find_first_not_of(' ', end + 1), rest.size()));
        rest = rest.starts_with("then ") ? rest.substr(5) : rest;
    }
    return sql;
}

/// What a shell says to a line.
inline std::string shell(const std::string& line) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> said(::popen(line.c_str(), "r"), ::pclose);
    std::string text;
    for (int c = std::fgetc(said.get()); c != EOF; c = std::fgetc(said.get())) {
        text += static_cast<char>(c);
    }
    return text;
}

} // namespace pgteal::support
