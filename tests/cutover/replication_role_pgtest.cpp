// What docs/security.md says of roles with REPLICATION: a version that behaves otherwise is to be noticed.
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "cutover/fence/run_row.hpp"
#include "postgres/server.hpp"
#include "tests/support/co_test.hpp"
#include "tests/support/lab.hpp"

namespace pgteal::cutover {
namespace {

using namespace std::chrono_literals;

Deadline soon() { return after(30s); }

/// The server's refusal; "" when the session was let in and wrote.
Task<std::string> write_as(postgres::Dsn dsn) {
    std::string refusal;
    try {
        auto session = co_await postgres::Connection::open(std::move(dsn), "fenced", soon());
        co_await session.script("BEGIN READ WRITE; SELECT public.put(); COMMIT", soon());
    } catch (const Error& error) {
        refusal = error.what();
    }
    co_return refusal;
}

} // namespace

CO_TEST(ReplicationRole, PassesTheLimitAndWritesWhatADefinerFunctionWrites) {
    for (const std::string side : {"blue", "green"}) {
        postgres::Server server(side, support::shared_lab().dsn(side));
        co_await server.script("", "CREATE DATABASE replicated", soon());
        co_await server.script("replicated",
                               "CREATE ROLE repl LOGIN REPLICATION PASSWORD 'of repl'; CREATE TABLE public.t "
                               "(n int); CREATE FUNCTION public.put() RETURNS void LANGUAGE sql SECURITY "
                               "DEFINER AS 'INSERT INTO public.t VALUES (1)'",
                               soon());
        co_await server.script("", raise_fence_text("replicated"), soon());
        const auto client = support::shared_lab()
                                .dsn(side)
                                .with_database("replicated")
                                .with("user", "repl")
                                .with("password", "of repl");
        const auto plain = co_await write_as(client);
        EXPECT_NE(plain.find("too many connections"), std::string::npos) << plain;
        const auto replication = co_await write_as(client.with("replication", "database"));
        EXPECT_EQ(replication, "") << side;
        server.close_idle();
        co_await server.script("", "DROP DATABASE replicated WITH (FORCE)", soon());
        co_await server.script("", "DROP ROLE repl", soon());
    }
}

} // namespace pgteal::cutover
