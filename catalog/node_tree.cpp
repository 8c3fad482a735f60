#include "catalog/node_tree.hpp"

#include <algorithm>
#include <initializer_list>
#include <vector>

namespace pgteal::replication {

namespace {

/// What a node can be when the planner is through with it.
enum class Value {
    row,      ///< no constant, whatever the planner does
    fixed,    ///< a constant that is not NULL
    anything, ///< maybe a constant
};

/// Names changed in 16: COALESCE is COALESCEEXPR, ARRAY is ARRAYEXPR.
bool is_any(std::string_view type, std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), type) != names.end();
}

/// "funcid 16400" for ":funcid 16400"; "" without such a field.
std::string field(std::string_view own, std::string_view name) {
    const std::string lead = ":" + std::string(name) + " ";
    const auto at = own.find(lead);
    if (at == std::string_view::npos) {
        return "";
    }
    const auto end = own.find_first_not_of("0123456789", at + lead.size());
    return std::string(own.substr(at + 1, end == std::string_view::npos ? end : end - at - 1));
}

class Reader {
public:
    Reader(std::string_view text, const std::set<std::string>& replaced) : text_(text), replaced_(replaced) {}

    std::set<std::string> calls() {
        while (at_ < text_.size()) {
            const bool begins = text_[at_] == '{';
            if (begins) {
                node();
            } else {
                skip();
            }
        }
        return calls_;
    }

private:
    /// Braces in names and texts have a backslash before them.
    void skip() { at_ += text_[at_] == '\\' ? 2U : 1U; }

    Value node() {
        const auto begin = ++at_;
        std::string own;
        std::vector<Value> inner;
        while (at_ < text_.size() && text_[at_] != '}') {
            if (text_[at_] == '{') {
                inner.push_back(node());
            } else {
                own += text_[at_];
                skip();
            }
        }
        ++at_;
        const auto type = text_.substr(begin, text_.find_first_of(" }", begin) - begin);
        return value(type, own, inner);
    }

    Value value(std::string_view type, const std::string& own, const std::vector<Value>& inner) {
        const bool with_row = std::find(inner.begin(), inner.end(), Value::row) != inner.end();
        if (type == "VAR") {
            return Value::row;
        }
        if (type == "CONST") {
            return own.find(":constisnull false") == std::string::npos ? Value::anything : Value::fixed;
        }
        for (const char* const name : {"funcid", "opno"}) {
            const auto call = field(own, name);
            if (call.empty()) {
                continue;
            }
            if (!with_row) {
                calls_.insert(call);
            }
            const bool sure = with_row && !replaced_.contains(call) &&
                              std::find(inner.begin(), inner.end(), Value::anything) == inner.end();
            return sure ? Value::row : Value::anything;
        }
        if (is_any(type, {"ARRAY", "ARRAYEXPR", "MINMAX", "MINMAXEXPR", "SUBSCRIPTINGREF"})) {
            return with_row ? Value::row : Value::anything;
        }
        if (!inner.empty() && is_any(type, {"RELABELTYPE", "COERCEVIAIO", "COERCETODOMAIN", "COLLATE",
                                            "COLLATEEXPR", "ARRAYCOERCEEXPR", "FIELDSELECT", "NULLTEST",
                                            "BOOLEANTEST", "COALESCE", "COALESCEEXPR"})) {
            return inner.front() == Value::row ? Value::row : Value::anything;
        }
        return Value::anything;
    }

    std::string_view text_;
    const std::set<std::string>& replaced_;
    std::size_t at_ = 0;
    std::set<std::string> calls_;
};

} // namespace

std::set<std::string> calls_without_row(std::string_view tree, const std::set<std::string>& replaced) {
    return Reader(tree, replaced).calls();
}

} // namespace pgteal::replication
