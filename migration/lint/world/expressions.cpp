#include "migration/lint/world/expressions.hpp"

#include <functional>

#include "migration/lint/world/sql_text.hpp"

namespace pgteal::migration::lint {

namespace {

/// Functions of extensions that people put into defaults.
bool is_volatile_extension_function(const std::string& name) {
    return name.starts_with("uuid_generate_v") || name.starts_with("gen_salt") ||
           name.starts_with("gen_random_");
}

void judge_call(const Node& call, const World& world, Volatility& result) {
    auto name = strings(call.list("funcname"));
    if (name.empty()) {
        return;
    }
    const bool own = name.size() > 1 && name.front() == "pg_catalog";
    if (const auto* known = own ? nullptr : world.function(name)) {
        if (known->volatility == "v") {
            result.is_volatile = true;
            result.because = name.back() + "()";
        }
        return;
    }
    const auto builtin = own || name.size() == 1 ? builtin_function(name.back()) : Builtin{};
    if (!builtin.known && !is_volatile_extension_function(name.back())) {
        result.unknown.push_back(name.back());
    }
    if (builtin.is_volatile || !builtin.known) {
        result.is_volatile = true;
        result.because = name.back() + "()";
    }
}

void collect_not_null(const Node& node, std::set<std::string>& columns) {
    if (node.is("BoolExpr") && node.text("boolop") == "AND_EXPR") {
        for (const auto& part : node.list("args")) {
            collect_not_null(part, columns);
        }
    } else if (node.is("NullTest") && node.text("nulltesttype") == "IS_NOT_NULL") {
        const auto fields = strings(node["arg"].list("fields"));
        if (node["arg"].is("ColumnRef") && !fields.empty()) {
            columns.insert(fields.back());
        }
    }
}

/// Behind the identifier that begins there.
std::size_t identifier_end(const std::string& text, std::size_t at) {
    if (text.at(at) == '"') {
        auto end = text.find('"', at + 1);
        while (end != std::string::npos && end + 1 < text.size() && text[end + 1] == '"') {
            end = text.find('"', end + 2); // "" stands for one
        }
        return end == std::string::npos ? text.size() : end + 1;
    }
    const auto goes_on = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
               c == '$' || static_cast<unsigned char>(c) >= 0x80U;
    };
    while (at < text.size() && goes_on(text[at])) {
        ++at;
    }
    return at;
}

} // namespace

Volatility volatility_of(const Node& expression, const World& world) {
    Volatility result;
    walk(expression, [&](const Node& node) {
        if (node.is("FuncCall")) {
            result.is_constant = false;
            judge_call(node, world, result);
        } else if (node.is("ColumnRef") || node.is("SQLValueFunction") || node.is("SubLink")) {
            result.is_constant = false;
        }
        return true;
    });
    return result;
}

std::set<std::string> proven_not_null(const std::string& expression) {
    std::set<std::string> columns;
    if (expression.find_first_not_of(" \t\r\n") == std::string::npos) {
        return columns;
    }
    const auto tree = parse("SELECT " + expression);
    const auto targets = tree.root().list("targetList");
    if (targets.size() == 1) {
        collect_not_null(targets[0]["val"], columns);
    }
    return columns;
}

std::string with_column_renamed(const std::string& expression, const std::string& from,
                                const std::string& to) {
    constexpr std::string_view before = "SELECT ";
    auto text = std::string(before) + expression;
    const auto tree = parse(text);
    std::set<std::size_t, std::greater<>> places; // from the end, so that they stay true
    walk(tree.root(), [&](const Node& node) {
        if (node.is("ColumnRef") && strings(node.list("fields")) == std::vector<std::string>{from}) {
            places.insert(node.location());
        }
        return true;
    });
    for (const auto place : places) {
        text.replace(place, identifier_end(text, place) - place, ident(to));
    }
    return text.substr(before.size());
}

std::set<std::string> columns_of(const Node& expression) {
    std::set<std::string> columns;
    walk(expression, [&](const Node& node) {
        if (node.is("ColumnRef")) {
            if (const auto fields = strings(node.list("fields")); !fields.empty()) {
                columns.insert(fields.back());
            }
        }
        return true;
    });
    return columns;
}

} // namespace pgteal::migration::lint
