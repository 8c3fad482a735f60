// Naming conventions; off unless configured.
#include <map>
#include <regex>

#include "base/error.hpp"
#include "migration/lint/judges/judge.hpp"
#include "migration/lint/world/table_parts.hpp"

namespace pgteal::migration::lint {

namespace {

struct Naming {
    Judge& judge;
    void check(std::string_view rule, const std::string& convention, const std::string& name,
               std::size_t at) const {
        if (convention.empty() || name.empty()) {
            return;
        }
        if (!std::regex_match(name, compiled(convention))) {
            Saying saying;
            saying.rule = rule;
            saying.at = at;
            saying.more = name + " doesn't match " + convention + ".";
            judge.say(saying);
        }
    }

private:
    static const std::regex& compiled(const std::string& convention) {
        thread_local std::map<std::string, std::regex> cache;
        const auto found = cache.find(convention);
        if (found != cache.end()) {
            return found->second;
        }
        try {
            return cache.emplace(convention, std::regex(convention)).first->second;
        } catch (const std::regex_error& error) {
            throw Error(ErrorCode::config, "", "not a regular expression: " + convention,
                        std::string("Mend it in [lint]: ") + error.what());
        }
    }
};

void check_constraints(const Naming& naming, const std::vector<Node>& nodes) {
    for (const auto& node : nodes) {
        if (node.is("Constraint") && node.has("conname")) {
            naming.check("naming-constraint", naming.judge.view().options.constraint_names,
                         std::string(node.text("conname")), node.location());
        }
    }
}

void check_column(const Naming& naming, const Node& definition) {
    naming.check("naming-column", naming.judge.view().options.column_names,
                 std::string(definition.text("colname")), definition.location());
    check_constraints(naming, definition.list("constraints"));
}

} // namespace

void judge_names(Judge& judge) {
    const auto& node = judge.view().node;
    const auto& options = judge.view().options;
    const Naming naming{judge};
    if (node.is("CreateStmt")) {
        naming.check("naming-table", options.table_names, std::string(node["relation"].text("relname")),
                     node["relation"].location());
        for (const auto& element : node.list("tableElts")) {
            if (element.is("ColumnDef")) {
                check_column(naming, element);
            } else {
                check_constraints(naming, {element});
            }
        }
    } else if (node.is("AlterTableStmt")) {
        for (const auto& command : node.list("cmds")) {
            if (command.text("subtype") == "AT_AddColumn") {
                check_column(naming, command["def"]);
            } else if (command.text("subtype") == "AT_AddConstraint") {
                check_constraints(naming, {command["def"]});
            }
        }
    } else if (node.is("IndexStmt")) {
        naming.check("naming-index", options.index_names, std::string(node.text("idxname")), 0);
    } else if (node.is("RenameStmt")) {
        const auto type = node.text("renameType");
        const auto name = std::string(node.text("newname"));
        if (type == "OBJECT_TABLE") {
            naming.check("naming-table", options.table_names, name, 0);
        } else if (type == "OBJECT_COLUMN") {
            naming.check("naming-column", options.column_names, name, 0);
        } else if (type == "OBJECT_INDEX") {
            naming.check("naming-index", options.index_names, name, 0);
        } else if (type == "OBJECT_TABCONSTRAINT") {
            naming.check("naming-constraint", options.constraint_names, name, 0);
        }
    }
}

} // namespace pgteal::migration::lint
