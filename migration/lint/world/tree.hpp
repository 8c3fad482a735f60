// One statement as libpg_query reads it: its JSON parse tree, and a small typed view of it. The nodes are
// PostgreSQL 15's (nodes/parsenodes.h, nodes/primnodes.h): kinds and fields have the names used there; fields
// that are zero, false or null are left out.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>

namespace pgteal::migration::lint {

/// A view of one node; valid as long as its Tree. An absent node is false, and everything in it is absent.
class Node {
public:
    Node() = default;
    explicit Node(const boost::json::value& value);

    explicit operator bool() const { return fields_ != nullptr; }
    /// "AlterTableStmt"; "" for nodes whose kind follows from the field (RangeVar in "relation", TypeName in
    /// "typeName").
    [[nodiscard]] std::string_view kind() const { return kind_; }
    [[nodiscard]] bool is(std::string_view kind) const { return kind_ == kind; }
    [[nodiscard]] Node operator[](std::string_view field) const;
    [[nodiscard]] std::vector<Node> list(std::string_view field) const;
    /// Of a string or enumeration, such as "AT_AddColumn"; "" when absent.
    [[nodiscard]] std::string_view text(std::string_view field) const;
    [[nodiscard]] bool flag(std::string_view field) const;
    [[nodiscard]] std::int64_t number(std::string_view field, std::int64_t fallback = 0) const;
    [[nodiscard]] bool has(std::string_view field) const;
    /// Byte offset in the statement's text; the statement's start when the node knows none.
    [[nodiscard]] std::size_t location() const;
    /// Every field, for walks.
    [[nodiscard]] const boost::json::object* fields() const { return fields_; }

private:
    std::string_view kind_;
    const boost::json::object* fields_ = nullptr;
};

/// A parse tree and its memory.
class Tree {
public:
    Tree(Tree&&) = default;
    Tree& operator=(Tree&&) = default;
    /// Of the statement itself, such as AlterTableStmt; false when `why_not` is set.
    [[nodiscard]] Node root() const { return root_; }
    /// Why there is no tree: the grammar's message, or that it nests too deep. "" when there is one.
    [[nodiscard]] const std::string& why_not() const { return why_not_; }
    /// Only its beginning was read, because it is large: an INSERT without its rows.
    [[nodiscard]] bool head_only() const { return head_only_; }

    friend Tree parse(const std::string& statement);

private:
    Tree() = default;
    // In this order: the value lives in the memory.
    std::unique_ptr<boost::json::monotonic_resource> memory_;
    std::unique_ptr<boost::json::value> value_;
    Node root_;
    std::string why_not_;
    bool head_only_ = false;
};

/// Of one statement without leading comments (Statement::text). Never throws for what the text holds, and
/// never lets a deep expression overflow the stack: such a statement has no tree.
Tree parse(const std::string& statement);

/// Strings of a list of String nodes, such as a name's parts.
std::vector<std::string> strings(const std::vector<Node>& list);
/// The String node's text; "" for anything else.
std::string string_of(const Node& node);

/// Calls `visit(node)` for the node and all below it, parents first; where it answers false it doesn't go
/// further down.
template <typename Visit>
void walk(const Node& node, const Visit& visit);

namespace detail {
template <typename Visit>
void walk_value(const boost::json::value& value, const Visit& visit) {
    if (const auto* object = value.if_object()) {
        static_cast<void>(object);
        walk(Node(value), visit);
    } else if (const auto* array = value.if_array()) {
        for (const auto& item : *array) {
            walk_value(item, visit);
        }
    }
}
} // namespace detail

template <typename Visit>
void walk(const Node& node, const Visit& visit) {
    if (!node || !visit(node)) {
        return;
    }
    for (const auto& field : *node.fields()) {
        detail::walk_value(field.value(), visit);
    }
}

} // namespace pgteal::migration::lint
