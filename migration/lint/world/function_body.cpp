#include "migration/lint/world/function_body.hpp"

#include <algorithm>
#include <memory>

#include <pg_query.h>

#include "migration/files/parser.hpp"
#include "migration/lint/world/tree.hpp"

namespace pgteal::migration::lint {

namespace {

namespace json = boost::json;
using Kind = Named::Kind;

constexpr std::size_t max_source =
    200'000; // the tree of a PL/pgSQL body is written without a look at the stack

/// Of one function, over all its statements.
class Reader {
public:
    void statements(const std::string& text) {
        const auto split = parser::split(text);
        if (split.failure) {
            refuse(split.failure->message);
            return;
        }
        for (const auto& range : split.ranges) {
            const auto tree = parse(text.substr(range.begin, range.end - range.begin));
            if (tree.root()) {
                read(tree.root());
            } else {
                refuse(tree.why_not());
            }
        }
    }

    /// A statement, an expression or an assignment: PL/pgSQL keeps them all as text.
    void piece(const std::string& text) {
        std::vector<std::string> ways{text, "SELECT " + text};
        for (const char* sign : {":=", "="}) {
            if (const auto at = text.find(sign); at != std::string::npos) {
                ways.push_back("SELECT " + text.substr(at + std::char_traits<char>::length(sign)));
            }
        }
        for (const auto& way : ways) {
            const auto tree = parse(way);
            if (tree.root()) {
                read(tree.root());
                return;
            }
        }
        refuse("\"" + text.substr(0, 60) + "\" can't be read");
    }

    /// "mood", "app.mood[]", "orders%ROWTYPE", "orders.id%TYPE", "x%TYPE"
    void declared(const std::string& type) {
        const auto percent = type.find('%');
        if (percent == std::string::npos) {
            piece("NULL::" + type);
            return;
        }
        auto parts = name_of(type.substr(0, percent));
        const bool of_column = type.substr(percent + 1, 4) == "TYPE" || type.substr(percent + 1, 4) == "type";
        if (of_column && !parts.empty()) {
            parts.pop_back();
        }
        if (!parts.empty()) { // otherwise of another variable
            add(Kind::object, parts);
        }
    }

    void collect(const json::value& value) {
        if (const auto* list = value.if_array()) {
            for (const auto& item : *list) {
                collect(item);
            }
        } else if (const auto* object = value.if_object()) {
            for (const auto& [key, field] : *object) {
                if (key == "query" && field.is_string()) {
                    piece(std::string(field.get_string()));
                } else if (key == "typname" && field.is_string() && field.get_string() != "UNKNOWN") {
                    declared(std::string(field.get_string()));
                } else if (key == "PLpgSQL_stmt_dynexecute" || key == "PLpgSQL_stmt_dynfors") {
                    executed(field);
                    collect(field);
                } else {
                    collect(field);
                }
            }
        }
    }

    void refuse(const std::string& why) { found_.why_not = found_.why_not.empty() ? why : found_.why_not; }

    BodyNames take() {
        std::erase_if(found_.names, [this](const Named& one) {
            return one.schema.empty() && own_.contains(one.name) && one.kind != Kind::function;
        });
        return std::move(found_);
    }

private:
    /// EXECUTE 'text': `field` is the statement's node.
    void executed(const json::value& field) {
        const auto query = Node(field)["query"];
        const auto tree = parse("SELECT " + std::string(query.text("query")));
        const auto targets = tree.root().list("targetList");
        if (targets.size() == 1) {
            const auto text = constant(targets[0]["val"]);
            if (!text.empty()) {
                statements(text);
            }
        }
    }

    static std::string constant(const Node& node) {
        const auto value = node["sval"] ? node["sval"] : node["val"];
        for (const char* name : {"sval", "str"}) { // of libpg_query 15, and before
            if (node.is("A_Const") && value.has(name)) {
                return std::string(value.text(name));
            }
        }
        return {};
    }

    static std::vector<std::string> name_of(const std::string& text) {
        const auto tree = parse("TABLE " + text);
        std::vector<std::string> parts;
        walk(tree.root(), [&parts](const Node& node) {
            if (node.is("RangeVar") && parts.empty()) {
                for (const char* field : {"catalogname", "schemaname", "relname"}) {
                    if (!node.text(field).empty()) {
                        parts.emplace_back(node.text(field));
                    }
                }
            }
            return true;
        });
        return parts;
    }

    void add(Kind kind, const std::vector<std::string>& parts) {
        if (!parts.empty()) {
            found_.names.insert({kind, parts.size() > 1 ? parts[parts.size() - 2] : "", parts.back()});
        }
    }

    void relation(const Node& range) {
        if (range.text("relname").empty()) {
            return;
        }
        found_.names.insert(
            {Kind::relation, std::string(range.text("schemaname")), std::string(range.text("relname"))});
        if (range.text("relpersistence") == "t") {
            own_.insert(std::string(range.text("relname")));
        }
    }

    void call(const Node& node) {
        const auto name = strings(node.list("funcname"));
        add(Kind::function, name);
        const auto arguments = node.list("args");
        const auto first = arguments.empty() ? std::string() : constant(arguments.front());
        if (first.empty() || name.empty()) {
            return;
        }
        if (name.back() == "nextval" || name.back() == "currval" || name.back() == "setval") {
            add(Kind::object, name_of(first));
        }
        found_.sets_path = found_.sets_path || (name.back() == "set_config" && first == "search_path");
    }

    void cast(const Node& node) {
        const auto type = strings(node["typeName"].list("names"));
        const auto text = constant(node["arg"]);
        if (!type.empty() && type.back() == "regclass" && !text.empty()) {
            add(Kind::object, name_of(text));
        }
    }

    void read(const Node& root) {
        walk(root, [this](const Node& node) {
            if (node.is("RangeVar")) {
                relation(node);
            } else if (node.is("FuncCall")) {
                call(node);
            } else if (node.is("CommonTableExpr")) {
                own_.insert(std::string(node.text("ctename")));
            } else if (node.is("TypeCast")) {
                cast(node);
            } else if (node.is("A_Expr")) { // IN, LIKE and DISTINCT FROM are operators too
                add(Kind::operation, strings(node.list("name")));
            } else if (node.is("VariableSetStmt") && node.text("name") == "search_path") {
                found_.sets_path = true;
            }
            relation(node["relation"]);
            relation(node["rel"]); // of CREATE TABLE … AS
            add(Kind::type, strings(node["typeName"].list("names")));
            add(Kind::type, node.is("TypeName") ? strings(node.list("names")) : std::vector<std::string>{});
            return true;
        });
    }

    BodyNames found_;
    std::set<std::string> own_; ///< CTEs and temporary tables
};

} // namespace

BodyNames names_in_body(const std::string& language, const std::string& definition,
                        const std::string& source) {
    Reader reader;
    if (source.size() > max_source) {
        reader.refuse("it is very long");
    } else if (language == "sql") {
        reader.statements(source);
    } else {
        auto raw = pg_query_parse_plpgsql(definition.c_str());
        const std::unique_ptr<PgQueryPlpgsqlParseResult, void (*)(PgQueryPlpgsqlParseResult*)> owner(
            &raw, [](PgQueryPlpgsqlParseResult* result) { pg_query_free_plpgsql_parse_result(*result); });
        json::error_code error;
        json::parse_options options;
        options.max_depth = 2000;
        if (raw.error != nullptr) {
            reader.refuse(raw.error->message != nullptr ? raw.error->message : "it can't be read");
        } else if (const auto value = json::parse(raw.plpgsql_funcs, error, {}, options); !error) {
            reader.collect(value);
        } else {
            reader.refuse("it nests too deep");
        }
    }
    return reader.take();
}

} // namespace pgteal::migration::lint
