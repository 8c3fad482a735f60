#include "replication/lane/owners_code.hpp"

#include <set>

#include "catalog/node_tree.hpp"
#include "postgres/quote.hpp"
#include "replication/lane/sql.hpp"

namespace pgteal::replication {

namespace {

UsersCode users_code(const postgres::Result& rows, int row) {
    return {rows.get<std::string>(row, "code"), rows.get<bool>(row, "super"), rows.get<bool>(row, "builtin"),
            rows.get<bool>(row, "volatile"), rows.get<std::string>(row, "through")};
}

} // namespace

std::string ending(const UsersCode& code, const std::string& superuser) {
    const std::string alter = "ALTER FUNCTION ";
    const std::string give = " OWNER TO " + postgres::quote_identifier(superuser) + ";";
    std::string statements;
    if (!code.superusers) {
        statements = alter + code.name + give;
    } else if (!code.calls.empty()) {
        return alter + code.calls + give;
    }
    if (code.is_volatile && !code.builtin) {
        statements += (statements.empty() ? "" : " ") + alter + code.name + " STABLE;";
    }
    return statements;
}

std::string way_out(const UsersCode& code, const std::string& side, const std::string& database,
                    const std::string& superuser) {
    const std::string accept = "accept it: \"owners-code\" in accept of [check]";
    const auto statements = ending(code, superuser);
    if (statements.empty()) {
        return "take " + code.name + " out of it, or " + accept;
    }
    const std::string calls = code.calls.empty() ? "" : " (" + code.name + " calls " + code.calls + ")";
    return "read the function and all that it calls, which runs with the same rights" + calls + ", then on " +
           side + ", database " + database + ":  " + statements + "  or " + accept;
}

Task<std::vector<OwnersCode>> read_owners_code(postgres::Connection& connection, Deadline deadline) {
    const std::string text = std::string(sql::users_code) + std::string(sql::owners_code);
    const auto rows = co_await connection.exec(text, deadline);
    std::vector<OwnersCode> parts;
    for (int i = 0; i < rows.rows(); ++i) {
        parts.push_back({rows.get<std::string>(i, "table"), rows.get<std::string>(i, "space"),
                         rows.get<std::string>(i, "relation"), rows.get<std::string>(i, "owner"),
                         rows.get<bool>(i, "owner_is_superuser"), rows.get<std::string>(i, "kind"),
                         rows.get<std::string>(i, "name"), rows.get<std::string>(i, "code"),
                         rows.get<bool>(i, "late"), users_code(rows, i)});
    }
    co_return parts;
}

std::string told(const RowlessCode& part) {
    return part.planned ? part.object + " calls " + part.code.name +
                              " with nothing but constants: PostgreSQL runs that while it plans over the "
                              "table, with the rights of whoever reads it, which is pgteal's superuser"
                        : part.object + " has a constant or a bound whose type comes to " + part.code.name +
                              ": pgteal's superuser runs that when it restores the schema on green";
}

Task<std::vector<RowlessCode>> read_rowless_code(postgres::Connection& connection, Deadline deadline) {
    const std::string text = std::string(sql::users_code) + std::string(sql::rowless_code);
    const auto rows = co_await connection.exec(text, deadline);
    std::vector<RowlessCode> parts;
    std::set<std::string> seen;
    for (int i = 0; i < rows.rows(); ++i) {
        const auto replaced = rows.get<std::vector<std::string>>(i, "replaced");
        const auto call = rows.get<std::string>(i, "call");
        const bool runs = rows.get<bool>(i, "anyhow") || calls_without_row(rows.text(i, rows.column("tree")),
                                                                           {replaced.begin(), replaced.end()})
                                                             .contains(call);
        RowlessCode part{rows.get<std::string>(i, "space"), rows.get<std::string>(i, "relation"),
                         rows.get<std::string>(i, "object"), rows.get<bool>(i, "planned"),
                         users_code(rows, i)};
        if (runs && seen.insert(told(part)).second) {
            parts.push_back(std::move(part));
        }
    }
    co_return parts;
}

} // namespace pgteal::replication
