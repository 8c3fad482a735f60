#include "cutover/gate/unfilled_views.hpp"

#include "postgres/quote.hpp"

namespace pgteal::cutover {

namespace {

constexpr int refresh_has_a_path_since = 170000;

constexpr const char* filled =
    "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c JOIN "
    "pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'm' AND c.relispopulated ORDER BY "
    "1";

/// In the order in which they were made, which is the order in which they can be filled. $1: those that are
/// filled on the other side.
constexpr const char* unfilled =
    "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c JOIN "
    "pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'm' AND NOT c.relispopulated AND "
    "pg_catalog.format('%I.%I', n.nspname, c.relname) = ANY ($1::text[]) ORDER BY c.oid";

/// Functions that the views $1 call, themselves or through plain views, and that take the path as they find
/// it.
constexpr const char* callees =
    "WITH RECURSIVE read (relation) AS ("
    " SELECT v::pg_catalog.regclass::pg_catalog.oid FROM pg_catalog.unnest($1::text[]) v"
    " UNION SELECT d.refobjid FROM read JOIN pg_catalog.pg_rewrite w ON w.ev_class = read.relation"
    " JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = "
    "w.oid"
    " AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass"
    " JOIN pg_catalog.pg_class c ON c.oid = d.refobjid AND c.relkind = 'v')"
    "SELECT DISTINCT p.oid::pg_catalog.regprocedure::text, pg_catalog.quote_ident(n.nspname)"
    " FROM read JOIN pg_catalog.pg_rewrite w ON w.ev_class = read.relation"
    " JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = "
    "w.oid"
    " AND d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass"
    " JOIN pg_catalog.pg_proc p ON p.oid = d.refobjid JOIN pg_catalog.pg_language l ON l.oid = p.prolang"
    " JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace"
    " WHERE l.lanname NOT IN ('c', 'internal') AND NOT EXISTS (SELECT FROM pg_catalog.unnest(p.proconfig) s "
    "WHERE s LIKE 'search\\_path=%') ORDER BY 1";

/// The schemas that a session of the views' owner would look in: of the database's own path, then its own,
/// then the views'.
constexpr const char* path =
    "SELECT DISTINCT ON (s.name) s.name, s.place FROM ("
    " SELECT pg_catalog.quote_ident(u.name) AS name, u.place FROM "
    "pg_catalog.unnest(pg_catalog.current_schemas(false))"
    " WITH ORDINALITY u (name, place)"
    " UNION ALL SELECT pg_catalog.quote_ident(n.nspname), 1000 FROM pg_catalog.unnest($1::text[]) v"
    " JOIN pg_catalog.pg_class c ON c.oid = v::pg_catalog.regclass JOIN pg_catalog.pg_roles r ON r.oid = "
    "c.relowner"
    " JOIN pg_catalog.pg_namespace n ON n.nspname = r.rolname OR n.oid = c.relnamespace) s ORDER BY s.name, "
    "s.place";

constexpr const char* use_database_path =
    "SELECT pg_catalog.set_config('search_path', coalesce((SELECT pg_catalog.substr(c, 13) FROM "
    "pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase "
    "CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) c WHERE d.datname = pg_catalog.current_database() AND "
    "s.setrole = 0 AND c LIKE 'search\\_path=%' LIMIT 1), 'public'), true)";

std::string array_of(const std::vector<std::string>& names) {
    std::string text;
    for (const auto& name : names) {
        text += (text.empty() ? "" : ", ") + postgres::quote_literal(name);
    }
    return "ARRAY[" + text + "]";
}

std::string with_array(std::string sql, const std::vector<std::string>& names) {
    sql.replace(sql.find("$1"), 2, array_of(names));
    return sql;
}

std::vector<std::string> first_column(const postgres::Result& rows) {
    std::vector<std::string> values;
    for (int i = 0; i < rows.rows(); ++i) {
        values.push_back(rows.get<std::string>(i, 0));
    }
    return values;
}

/// "public, app", in the order of the path.
Task<std::string> path_for(postgres::Connection* session, std::vector<std::string> views, Deadline deadline) {
    // The database's path is looked at in a transaction that does nothing else with it.
    const auto results = co_await session->script("BEGIN READ ONLY; " + std::string(use_database_path) +
                                                      "; " + with_array(path, views) + "; ROLLBACK",
                                                  deadline);
    const auto& found = results.at(2);
    std::vector<std::pair<int, std::string>> schemas;
    for (int i = 0; i < found.rows(); ++i) {
        schemas.emplace_back(found.get<int>(i, 1), found.get<std::string>(i, 0));
    }
    std::sort(schemas.begin(), schemas.end());
    std::string text;
    for (const auto& [place, name] : schemas) {
        text += (text.empty() ? "" : ", ") + name;
    }
    co_return text;
}

} // namespace

Task<std::optional<Refusal>> unfilled_views(postgres::Server* from, postgres::Server* to,
                                            std::string database, std::string again, Deadline deadline) {
    const auto there = co_await from->exec(database, filled, {}, deadline);
    if (there.empty()) {
        co_return std::nullopt;
    }
    auto session = co_await to->session(database, deadline);
    const auto rows = co_await session->exec(with_array(unfilled, first_column(there)), deadline);
    const auto views = first_column(rows);
    if (views.empty()) {
        co_return std::nullopt;
    }
    const std::string schemas = co_await path_for(&*session, views, deadline);
    const auto functions = co_await session->exec(with_array(callees, views), deadline);
    // A transaction and a line for each, so that one that can't be refreshed keeps none of the others from
    // it; it works typed line by line, and given as one text to a side that is fenced.
    std::string ahead = "BEGIN READ WRITE; ";
    std::string behind;
    if (session->server_version() < refresh_has_a_path_since) {
        ahead += "SET LOCAL search_path = " + schemas + "; ";
    } else if (!functions.empty()) { // put back as they were: the gate knows the schema as it was recorded
        ahead += "SET LOCAL pgteal.ddl = on; ";
        for (const auto& function : first_column(functions)) {
            ahead += "ALTER FUNCTION " + function + " SET search_path = " + schemas + ", pg_temp; ";
            behind += "ALTER FUNCTION " + function + " RESET search_path; ";
        }
    }
    std::string typed;
    for (const auto& view : views) {
        typed += (typed.empty() ? "" : "\n") + ahead + "REFRESH MATERIALIZED VIEW " + view + "; " + behind +
                 "COMMIT;";
    }
    const std::string side = to->name();
    co_return Refusal{side,
                      "materialized view " + views.front() + " in database " + database + " is filled on " +
                          from->name() + " and not on " + side +
                          (views.size() == 1 ? "" : " (and " + std::to_string(views.size() - 1) + " more)") +
                          ": clients would get \"has not been populated\"",
                      "on " + side + ", database " + database + ", as a superuser:  " + typed +
                          "\n  then run " + again + " again"};
}

} // namespace pgteal::cutover
