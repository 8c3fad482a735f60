#include "replication/clone/schema_mark.hpp"

#include "replication/clone/sql.hpp"

namespace pgteal::replication {

namespace {

Task<std::string> text_of(postgres::Server* server, std::string database, std::string_view query,
                          Deadline deadline) {
    const auto result = co_await server->exec(std::move(database), std::string(query), {}, deadline);
    co_return std::string(result.text(0, 0));
}

} // namespace

Task<std::string> schema_mark(postgres::Server& server, std::string database, Deadline deadline) {
    co_return co_await text_of(&server, std::move(database), sql::schema_mark, deadline);
}

Task<std::string> restorer_mark(postgres::Server& server, Deadline deadline) {
    co_return co_await text_of(&server, "", sql::restorer_mark, deadline);
}

} // namespace pgteal::replication
