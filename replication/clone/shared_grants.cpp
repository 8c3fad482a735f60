#include "replication/clone/shared_grants.hpp"

#include "postgres/quote.hpp"
#include "replication/clone/sql.hpp"

namespace pgteal::replication {

namespace {

constexpr int parameter_grants_since = 150000;

void add_grants(SharedGrants& grants, const postgres::Result& rows) {
    for (int row = 0; row < rows.rows(); ++row) {
        const auto kind = rows.get<std::string>(row, "kind");
        const auto grantee = rows.get<std::string>(row, "grantee");
        grants.statements.insert(
            "GRANT " + rows.get<std::string>(row, "privilege") + " ON " + kind + " " +
            postgres::quote_identifier(rows.get<std::string>(row, "name")) + " TO " +
            (grantee.empty() ? std::string("PUBLIC") : postgres::quote_identifier(grantee)) +
            (rows.get<bool>(row, "grantable") ? " WITH GRANT OPTION" : ""));
    }
}

} // namespace

Task<SharedGrants> read_shared_grants(postgres::Server& server, Deadline deadline) {
    auto session = co_await server.session("", deadline);
    SharedGrants grants;
    grants.version = session->server_version();
    const auto on_tablespaces = co_await session->exec(std::string(sql::tablespace_grants), deadline);
    add_grants(grants, on_tablespaces);
    if (grants.version >= parameter_grants_since) {
        const auto on_parameters = co_await session->exec(std::string(sql::parameter_grants), deadline);
        add_grants(grants, on_parameters);
    }
    const std::string names = "SELECT spcname::text FROM pg_catalog.pg_tablespace";
    const auto there = co_await session->exec(names, deadline);
    for (int row = 0; row < there.rows(); ++row) {
        grants.tablespaces.insert(there.get<std::string>(row, 0));
    }
    co_return grants;
}

std::vector<postgres::Statement> plan_shared_grants(const SharedGrants& source, const SharedGrants& target) {
    std::vector<postgres::Statement> statements;
    for (const auto& text : source.statements) {
        if (target.statements.contains(text)) {
            continue;
        }
        const bool parameter = text.find(" ON PARAMETER ") != std::string::npos;
        const bool fits = parameter ? target.version >= parameter_grants_since
                                    : std::any_of(target.tablespaces.begin(), target.tablespaces.end(),
                                                  [&text](const auto& name) {
                                                      return text.find(" ON TABLESPACE " +
                                                                       postgres::quote_identifier(name) +
                                                                       " TO ") != std::string::npos;
                                                  });
        if (fits) {
            statements.push_back({"", text, {}});
        }
    }
    return statements;
}

} // namespace pgteal::replication
