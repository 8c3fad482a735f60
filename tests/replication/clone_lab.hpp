// What the tests of the clone share: two servers of their own, 15 and 17, and short ways to run statements as
// data.
#pragma once

#include <memory>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/program.hpp"
#include "postgres/server.hpp"
#include "postgres/statement.hpp"
#include "replication/clone/clone.hpp"
#include "tests/support/lab.hpp"

namespace pgteal::replication::clone_test {

using namespace std::chrono_literals;

inline std::unique_ptr<support::Lab>& lab_place() {
    static std::unique_ptr<support::Lab> lab;
    return lab;
}
inline support::Lab& lab() { return *lab_place(); }

/// Made before the tests: a coroutine can't wait for another loop inside its own.
class CloneLab : public testing::Environment {
public:
    void SetUp() override {
        lab_place() = std::make_unique<support::Lab>(
            std::vector<std::string>{"--blue", "15", "--green", "17", "--poolers", "0", "--scale", "0"});
    }
    void TearDown() override { lab_place().reset(); }
};

inline Deadline soon() { return after(60s); }

inline Task<void> apply(postgres::Server& server, std::vector<postgres::Statement> statements,
                        postgres::Bindings bindings = {}) {
    for (const postgres::Statement& statement : statements) {
        std::string text = postgres::bind(statement.text, bindings);
        co_await server.script(statement.database, std::move(text), soon());
    }
}

inline Task<void> run(postgres::Program program) {
    const std::string name = postgres::to_string(program);
    const auto output = co_await postgres::run_program(std::move(program), after(120s));
    if (output.exit_code != 0) {
        throw Error(ErrorCode::program, "", name + ": " + output.err);
    }
}

inline Task<std::string> scalar(postgres::Server& server, std::string database, std::string sql) {
    const auto result = co_await server.exec(std::move(database), std::move(sql), {}, soon());
    co_return std::string(result.text(0, 0));
}

/// The content of each table, as "schema.name" and a hash of its sorted rows.
inline Task<std::map<std::string, std::string>> content(postgres::Server& server, std::string database,
                                                        std::vector<Table> tables) {
    std::map<std::string, std::string> hashes;
    for (const Table& table : tables) {
        std::string sql = "SELECT count(*) || ' rows ' || coalesce(md5(string_agg(t::text, E'\\n' ORDER BY "
                          "t::text COLLATE \"C\")), '') "
                          "FROM ONLY " +
                          table.qualified() + " t";
        hashes[table.display()] = co_await scalar(server, database, std::move(sql));
    }
    co_return hashes;
}

inline Task<std::vector<Table>> tables_of(postgres::Server& server, std::string database) {
    auto session = co_await server.session(std::move(database), soon());
    auto tables = co_await read_tables(*session, soon());
    co_return tables;
}

/// A snapshot exported by a slot that lives as long as the walsender session.
inline Task<std::string> export_snapshot(postgres::Connection& walsender) {
    const auto results = co_await walsender.script(
        "CREATE_REPLICATION_SLOT clone_test TEMPORARY LOGICAL pgoutput EXPORT_SNAPSHOT", soon());
    co_return results.at(0).get<std::string>(0, "snapshot_name");
}

} // namespace pgteal::replication::clone_test
