#include "migration/lint/world/tree.hpp"

#include <algorithm>
#include <cctype>

#include <pg_query.h>

#include "migration/files/parser.hpp"
#include "migration/files/text.hpp"

namespace pgteal::migration::lint {

namespace json = boost::json;

namespace {

/// libpg_query writes its tree recursively and without looking at the stack: a chain of 200,000 operators
/// ends the process. No expression is deeper than it has tokens between two commas.
constexpr std::size_t max_nesting = 3000;
/// Levels of JSON; one of the tree takes two or three.
constexpr std::size_t max_json_depth = 4000;
/// A tree takes about thirty times its text. Larger than this are only rows of data.
constexpr std::size_t max_statement = std::size_t{1} << 20U;
/// Below it there can't be too many tokens to be worth counting.
constexpr std::size_t harmless_size = 2 * max_nesting;

/// An upper bound for the depth of the tree: tokens since the last comma, over all open parentheses.
std::size_t nesting(const std::string& text) {
    std::vector<std::size_t> open{0};
    std::size_t now = 0;
    std::size_t most = 0;
    for (const auto& token : parser::tokens(text)) {
        if (token == "(" || token == "[") {
            open.push_back(0);
        } else if ((token == ")" || token == "]") && open.size() > 1) {
            now -= open.back();
            open.pop_back();
        } else if (token == ",") {
            now -= open.back();
            open.back() = 0;
            continue;
        }
        ++open.back();
        most = std::max(most, ++now);
    }
    return most;
}

/// "INSERT INTO t (a, b) VALUES (NULL)" for a large INSERT … VALUES; "" for anything else.
std::string head_of_insert(const std::string& text) {
    constexpr std::size_t longest_head = 20000;
    if (word_at(text, 0) != "INSERT") {
        return {};
    }
    for (std::size_t at = 0; at < longest_head; ++at) {
        if (word_at(text, at) == "VALUES" && std::isalnum(static_cast<unsigned char>(text[at - 1])) == 0 &&
            text[at - 1] != '_') {
            return text.substr(0, at) + "VALUES (NULL)";
        }
    }
    return {};
}

bool is_kind(std::string_view key) { return !key.empty() && key[0] >= 'A' && key[0] <= 'Z'; }

} // namespace

Node::Node(const json::value& value) {
    const auto* object = value.if_object();
    if (object == nullptr) {
        return;
    }
    fields_ = object;
    if (object->size() == 1 && is_kind(object->begin()->key()) && object->begin()->value().is_object()) {
        kind_ = object->begin()->key();
        fields_ = &object->begin()->value().get_object();
    }
}

Node Node::operator[](std::string_view field) const {
    const auto* value = fields_ != nullptr ? fields_->if_contains(field) : nullptr;
    return value != nullptr ? Node(*value) : Node();
}

std::vector<Node> Node::list(std::string_view field) const {
    std::vector<Node> result;
    const auto* value = fields_ != nullptr ? fields_->if_contains(field) : nullptr;
    if (value != nullptr && value->is_array()) {
        for (const auto& item : value->get_array()) {
            if (Node node(item); node) {
                result.push_back(node);
            }
        }
    }
    return result;
}

std::string_view Node::text(std::string_view field) const {
    const auto* value = fields_ != nullptr ? fields_->if_contains(field) : nullptr;
    if (value == nullptr || !value->is_string()) {
        return {};
    }
    return value->get_string();
}

bool Node::flag(std::string_view field) const {
    const auto* value = fields_ != nullptr ? fields_->if_contains(field) : nullptr;
    return value != nullptr && value->is_bool() && value->get_bool();
}

std::int64_t Node::number(std::string_view field, std::int64_t fallback) const {
    const auto* value = fields_ != nullptr ? fields_->if_contains(field) : nullptr;
    return value != nullptr && value->is_int64() ? value->get_int64() : fallback;
}

bool Node::has(std::string_view field) const { return fields_ != nullptr && fields_->contains(field); }

std::size_t Node::location() const {
    return static_cast<std::size_t>(std::max<std::int64_t>(number("location"), 0));
}

Tree parse(const std::string& statement) {
    Tree tree;
    const std::string* text = &statement;
    std::string head;
    if (statement.size() > max_statement) {
        head = head_of_insert(statement);
        if (head.empty()) {
            tree.why_not_ = "it is larger than " + std::to_string(max_statement >> 20U) + " MB";
            return tree;
        }
        tree.head_only_ = true;
        text = &head;
    }
    if (text->size() > harmless_size && nesting(*text) > max_nesting) {
        tree.why_not_ = "its expressions nest too deep";
        return tree;
    }
    auto raw = pg_query_parse(text->c_str());
    const std::unique_ptr<PgQueryParseResult, void (*)(PgQueryParseResult*)> owner(
        &raw, [](PgQueryParseResult* result) { pg_query_free_parse_result(*result); });
    if (raw.error != nullptr) {
        tree.why_not_ = raw.error->message != nullptr ? raw.error->message : "it can't be read";
        return tree;
    }
    tree.memory_ = std::make_unique<json::monotonic_resource>();
    json::parse_options options;
    options.max_depth = max_json_depth;
    json::error_code error;
    auto value = json::parse(raw.parse_tree, error, tree.memory_.get(), options);
    if (error) {
        tree.why_not_ = "its expressions nest too deep";
        return tree;
    }
    tree.value_ = std::make_unique<json::value>(std::move(value));
    const auto statements = Node(*tree.value_).list("stmts");
    if (statements.size() == 1) {
        tree.root_ = statements[0]["stmt"];
    }
    if (!tree.root_) {
        tree.why_not_ = "it isn't one statement";
    }
    return tree;
}

std::string string_of(const Node& node) {
    return std::string(node.is("String") ? node.text("sval") : std::string_view());
}

std::vector<std::string> strings(const std::vector<Node>& list) {
    std::vector<std::string> result;
    result.reserve(list.size());
    for (const auto& node : list) {
        result.push_back(string_of(node));
    }
    return result;
}

} // namespace pgteal::migration::lint
