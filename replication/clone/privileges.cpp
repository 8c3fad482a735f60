#include "replication/clone/privileges.hpp"

#include <boost/json.hpp>

#include "replication/clone/sql.hpp"

namespace pgteal::replication {

namespace {

/// As an array of text is written (docs: "Array Input").
std::string array_text(const std::set<std::string>& values) {
    std::string text = "{";
    for (const auto& value : values) {
        text += text.size() == 1 ? "\"" : ",\"";
        for (const char c : value) {
            text += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
        }
        text += '"';
    }
    return text + "}";
}

} // namespace

Task<PrivilegeMap> read_privileges(postgres::Server& server, std::string database,
                                   std::set<std::string> tables, Deadline deadline) {
    const postgres::Params names{array_text(tables)};
    std::string query(sql::privileges);
    const auto rows = co_await server.exec(std::move(database), std::move(query), names, deadline);
    PrivilegeMap map;
    for (int row = 0; row < rows.rows(); ++row) {
        const PrivilegeTarget target{rows.get<std::string>(row, 0), rows.get<std::string>(row, 1),
                                     rows.get<std::string>(row, 2), rows.get<std::string>(row, 3)};
        auto& found = map[target];
        found.schema = rows.get<std::string>(row, 4);
        found.owner = rows.get<std::string>(row, 5);
        const auto grantee = rows.get<std::optional<std::string>>(row, 9);
        const auto grantor = rows.get<std::optional<std::string>>(row, 10);
        if (grantee && grantor) { // else there is none, or of a role that is gone
            found.entries.insert({rows.get<bool>(row, 6), rows.get<bool>(row, 8),
                                  rows.get<std::string>(row, 7), *grantee, *grantor});
        }
    }
    co_return map;
}

std::set<std::string> tables_with_column_privileges(const PrivilegeMap& privileges) {
    std::set<std::string> tables;
    for (const auto& [target, one] : privileges) {
        if (!target.column.empty() && !one.entries.empty()) {
            tables.insert(target.name);
        }
    }
    return tables;
}

boost::json::value to_json(const PrivilegeMap& privileges) {
    boost::json::array all;
    for (const auto& [target, one] : privileges) {
        if (one.entries.empty()) {
            continue;
        }
        boost::json::array entries;
        for (const auto& entry : one.entries) {
            entries.push_back({entry.taken, entry.option, entry.name, entry.grantee, entry.grantor});
        }
        all.push_back({target.kind, target.name, target.column, target.prefix, one.owner, one.schema,
                       std::move(entries)});
    }
    return all;
}

PrivilegeMap privileges_from_json(const boost::json::value& recorded) {
    PrivilegeMap map;
    const auto text = [](const boost::json::value& value) { return std::string(value.as_string()); };
    for (const auto& one : recorded.as_array()) {
        const auto& parts = one.as_array();
        Privileges privileges{text(parts.at(4)), text(parts.at(5)), {}};
        for (const auto& entry : parts.at(6).as_array()) {
            const auto& words = entry.as_array();
            privileges.entries.insert({words.at(0).as_bool(), words.at(1).as_bool(), text(words.at(2)),
                                       text(words.at(3)), text(words.at(4))});
        }
        map.emplace(
            PrivilegeTarget{text(parts.at(0)), text(parts.at(1)), text(parts.at(2)), text(parts.at(3))},
            std::move(privileges));
    }
    return map;
}

} // namespace pgteal::replication
