#include "migration/schema/normal.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <set>

#include <boost/json.hpp>
#include <pg_query.h>

namespace pgteal::migration::schema {

namespace {

namespace json = boost::json;

/// PostgreSQL's grammar takes what is nested deeper, but reading its tree would cost the stack.
constexpr std::size_t max_depth = 2000;

/// The statement that a server would be sent, as far as the parser needs it.
std::string statement(const Object& object, const std::string& attribute, const std::string& sql) {
    if (attribute != "definition") {
        return "SELECT " + sql;
    }
    if (object.kind == "constraint") {
        return "ALTER TABLE t ADD CONSTRAINT c " + sql;
    }
    if (object.kind == "domain constraint") {
        return "ALTER DOMAIN d ADD CONSTRAINT c " + sql;
    }
    return sql;
}

std::optional<json::value> parse(const std::string& sql) {
    const auto raw = pg_query_parse(sql.c_str());
    const std::unique_ptr<const PgQueryParseResult, void (*)(const PgQueryParseResult*)> owner(
        &raw, [](const PgQueryParseResult* result) { pg_query_free_parse_result(*result); });
    if (raw.error != nullptr || raw.parse_tree == nullptr) {
        return std::nullopt;
    }
    json::parse_options options;
    options.max_depth = max_depth;
    boost::system::error_code error;
    auto tree = json::parse(raw.parse_tree, error, {}, options);
    if (error) {
        return std::nullopt;
    }
    return tree;
}

/// {"Kind": {fields}}: the fields when it is of that kind.
json::object* fields_of(json::value& value, std::string_view kind) {
    auto* object = value.if_object();
    auto* inner = object == nullptr ? nullptr : object->if_contains(kind);
    return inner == nullptr ? nullptr : inner->if_object();
}

json::array* list_of(json::object& fields, std::string_view name) {
    auto* value = fields.if_contains(name);
    return value == nullptr ? nullptr : value->if_array();
}

std::string string_of(json::value& value) {
    auto* fields = fields_of(value, "String");
    if (fields == nullptr) {
        return {};
    }
    for (const auto* name : {"sval", "str"}) { // of libpg_query 15, and before
        if (const auto* text = fields->if_contains(name); text != nullptr && text->is_string()) {
            return std::string(text->as_string());
        }
    }
    return {};
}

std::vector<std::string> names_of(json::object& fields, std::string_view list) {
    std::vector<std::string> names;
    if (auto* array = list_of(fields, list)) {
        for (auto& item : *array) {
            names.push_back(string_of(item));
        }
    }
    return names;
}

void drop_pg_catalog(json::object& fields, std::string_view list) {
    auto* array = list_of(fields, list);
    if (array != nullptr && array->size() == 2 && string_of(array->front()) == "pg_catalog") {
        array->erase(array->begin());
    }
}

class Normal {
public:
    explicit Normal(bool across_14) : across_14_(across_14) {}

    void statement(json::value& root) {
        if (auto* select = fields_of(root, "SelectStmt")) {
            unqualify(*select);
        }
        if (auto* create = fields_of(root, "CreateTableAsStmt")) {
            if (auto* select = fields_of((*create)["query"], "SelectStmt")) {
                unqualify(*select);
            }
        }
        walk(root);
    }

private:
    void walk(json::value& value) {
        if (auto* array = value.if_array()) {
            for (auto& item : *array) {
                walk(item);
            }
            return;
        }
        auto* object = value.if_object();
        if (object == nullptr) {
            return;
        }
        for (const auto* position : {"location", "stmt_location", "stmt_len", "rexpr_list_start"}) {
            object->erase(position);
        }
        for (auto& field : *object) {
            walk(field.value());
        }
        if (auto* call = fields_of(value, "FuncCall")) {
            of_call(*call);
        } else if (auto* parameter = fields_of(value, "FunctionParameter")) {
            if ((*parameter)["mode"] == "FUNC_PARAM_DEFAULT") {
                (*parameter)["mode"] = "FUNC_PARAM_IN";
            }
        } else if (auto* cast = fields_of(value, "TypeCast")) {
            of_cast(value, *cast);
        }
    }

    void of_call(json::object& call) {
        call.erase("funcformat");
        drop_pg_catalog(call, "funcname");
        const auto names = names_of(call, "funcname");
        static const std::set<std::string, std::less<>> respelled{
            "extract",       "date_part", "substring", "overlay",  "position",         "btrim",
            "ltrim",         "rtrim",     "timezone",  "overlaps", "pg_collation_for", "normalize",
            "is_normalized", "xmlexists"};
        if (!across_14_ || names.size() != 1 || !respelled.contains(names.front())) {
            return;
        }
        if (names.front() == "extract") {
            auto& name = call["funcname"].as_array().front();
            name = json::value{{"String", {{"sval", "date_part"}}}};
        } else if (names.front() == "date_part") {
            call["funcname"].as_array().front() = json::value{{"String", {{"sval", "date_part"}}}};
        }
        // As calls their implicit casts are printed, in the other form they are not.
        if (auto* arguments = list_of(call, "args")) {
            for (auto& argument : *arguments) {
                strip_cast(argument);
            }
        }
    }

    static void strip_cast(json::value& value) {
        while (auto* cast = fields_of(value, "TypeCast")) {
            auto inner = std::move((*cast)["arg"]);
            value = std::move(inner);
        }
    }

    /// (ARRAY[a, b])::text[] means ARRAY[a::text, b::text]. With EXTRACT being numeric since 14, and
    /// date_part() double precision, what it is compared with is cast to the one or the other.
    void of_cast(json::value& value, json::object& cast) {
        auto* type = cast["typeName"].if_object();
        if (type == nullptr) {
            return;
        }
        const auto names = names_of(*type, "names");
        if (across_14_ && !names.empty() && (names.back() == "numeric" || names.back() == "float8") &&
            !type->contains("typmods") && !type->contains("arrayBounds")) {
            strip_cast(value);
            return;
        }
        auto* array = fields_of(cast["arg"], "A_ArrayExpr");
        auto* bounds = list_of(*type, "arrayBounds");
        auto* elements = array == nullptr ? nullptr : list_of(*array, "elements");
        if (elements == nullptr || elements->empty() || bounds == nullptr || bounds->size() != 1) {
            return;
        }
        auto element_type = *type;
        element_type.erase("arrayBounds");
        for (auto& element : *elements) {
            json::object inner;
            inner["arg"] = std::move(element);
            inner["typeName"] = element_type;
            json::object node;
            node["TypeCast"] = std::move(inner);
            element = std::move(node);
        }
        auto whole = std::move(cast["arg"]);
        value = std::move(whole);
    }

    /// Of a query with one table in FROM and no other: its columns' qualifiers say nothing.
    static void unqualify(json::object& select) {
        auto* from = list_of(select, "fromClause");
        if (from == nullptr || from->size() != 1) {
            return;
        }
        std::string alias;
        for (const auto* kind : {"RangeVar", "RangeSubselect", "RangeFunction"}) {
            if (auto* range = fields_of(from->front(), kind)) {
                auto* given = range->if_contains("alias");
                auto* name = given != nullptr && given->is_object()
                                 ? given->as_object().if_contains("aliasname")
                                 : range->if_contains("relname");
                if (name != nullptr && name->is_string()) {
                    alias = std::string(name->as_string());
                }
            }
        }
        if (alias.empty()) {
            return;
        }
        const auto outputs = output_names(select);
        for (auto& field : select) {
            const bool sorts = field.key() == "sortClause" || field.key() == "groupClause" ||
                               field.key() == "distinctClause";
            if (field.key() != "fromClause" && field.key() != "withClause") {
                strip(field.value(), alias, sorts ? outputs : std::set<std::string>{});
            }
        }
    }

    /// The names that the query gives to something else than the column of that name: in ORDER BY they mean
    /// that.
    static std::set<std::string> output_names(json::object& select) {
        std::set<std::string> names;
        if (auto* targets = list_of(select, "targetList")) {
            for (auto& target : *targets) {
                auto* result = fields_of(target, "ResTarget");
                if (result != nullptr && result->contains("name") && (*result)["name"].is_string()) {
                    names.insert(std::string((*result)["name"].as_string()));
                }
            }
        }
        return names;
    }

    /// Sub-queries are printed with qualifiers by all majors, and there they may say something.
    static void strip(json::value& value, const std::string& alias, const std::set<std::string>& taken) {
        if (auto* array = value.if_array()) {
            for (auto& item : *array) {
                strip(item, alias, taken);
            }
            return;
        }
        auto* object = value.if_object();
        if (object == nullptr) {
            return;
        }
        if (auto* column = fields_of(value, "ColumnRef")) {
            auto* parts = list_of(*column, "fields");
            if (parts != nullptr && parts->size() == 2 && string_of(parts->front()) == alias &&
                !taken.contains(string_of(parts->back()))) {
                parts->erase(parts->begin());
            }
            return;
        }
        for (auto& field : *object) {
            if (field.key() != "subselect") {
                strip(field.value(), alias, taken);
            }
        }
    }

    bool across_14_;
};

} // namespace

std::optional<std::string> normal_form(const Object& object, const std::string& attribute,
                                       const std::string& sql, bool across_14) {
    if (sql.empty()) {
        return std::nullopt;
    }
    auto tree = parse(statement(object, attribute, sql));
    if (!tree || !tree->is_object()) {
        return std::nullopt;
    }
    tree->as_object().erase("version");
    auto* statements = list_of(tree->as_object(), "stmts");
    if (statements == nullptr || statements->size() != 1) {
        return std::nullopt;
    }
    Normal(across_14).statement(statements->front().as_object()["stmt"]);
    return json::serialize(*tree);
}

SameSql same_normal_form(int left_version, int right_version) {
    const bool across_14 = (left_version < 140000) != (right_version < 140000);
    return [across_14](const Object& left, const Object& right, const Change& change) {
        const auto a = normal_form(left, change.attribute, change.left, across_14);
        return a && a == normal_form(right, change.attribute, change.right, across_14);
    };
}

} // namespace pgteal::migration::schema
