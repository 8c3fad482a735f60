// What the servers are asked for a carry plan.
#include <boost/json.hpp>

#include "postgres/quote.hpp"
#include "replication/sequence/sequence_plan.hpp"
#include "replication/sequence/sql.hpp"

namespace pgteal::replication {

namespace {

Task<void> read_side(postgres::Connection* connection, SequenceSide* side, Deadline deadline) {
    side->sequences = co_await read_sequences(*connection, deadline);
    std::string text(sql::sequence_feeds);
    const postgres::Result rows = co_await connection->exec(std::move(text), deadline);
    for (int row = 0; row < rows.rows(); ++row) {
        Feed feed;
        feed.sequence = {rows.get<std::string>(row, 0), rows.get<std::string>(row, 1)};
        feed.column.schema = rows.get<std::string>(row, 2);
        feed.column.table = rows.get<std::string>(row, 3);
        feed.column.column = rows.get<std::string>(row, 4);
        feed.owned_only = rows.get<bool>(row, 5);
        feed.inherited = rows.get<bool>(row, 6);
        side->feeds.push_back(std::move(feed));
    }
}

Task<void> read_columns(postgres::Connection* connection, SequenceSide* side, std::string wanted,
                        Deadline deadline) {
    std::string text(sql::sequence_columns);
    postgres::Params parameters{wanted};
    const postgres::Result rows = co_await connection->exec(std::move(text), std::move(parameters), deadline);
    for (int row = 0; row < rows.rows(); ++row) {
        ColumnFacts facts;
        facts.column.schema = rows.get<std::string>(row, 0);
        facts.column.table = rows.get<std::string>(row, 1);
        facts.column.column = rows.get<std::string>(row, 2);
        facts.number = rows.get<bool>(row, 3);
        facts.indexed = rows.get<bool>(row, 4);
        facts.size = Bytes{rows.get<std::int64_t>(row, 5)};
        side->columns.push_back(std::move(facts));
    }
}

} // namespace

Task<CarryPlan> read_carry_plan(postgres::Connection& from, std::string from_name, postgres::Connection& to,
                                std::string to_name, Deadline deadline) {
    SequenceSide here;
    here.name = std::move(from_name);
    SequenceSide there;
    there.name = std::move(to_name);
    co_await read_side(&from, &here, deadline);
    co_await read_side(&to, &there, deadline);
    const auto columns = columns_in_question(here, there);
    if (!columns.empty()) {
        boost::json::array wanted;
        for (const auto& one : columns) {
            boost::json::object object;
            object["schema"] = one.schema;
            object["tab"] = one.table;
            object["col"] = one.column;
            wanted.push_back(std::move(object));
        }
        const auto text = boost::json::serialize(wanted);
        co_await read_columns(&from, &here, text, deadline);
        co_await read_columns(&to, &there, text, deadline);
    }
    co_return plan_carry(here, there);
}

Task<std::vector<std::optional<std::int64_t>>> measure_columns(postgres::Connection& to, CarryPlan plan,
                                                               Deadline deadline) {
    std::vector<std::optional<std::int64_t>> values;
    if (plan.measures.empty()) {
        co_return values;
    }
    std::string text;
    for (std::size_t i = 0; i < plan.measures.size(); ++i) {
        const auto& one = plan.measures[i];
        // A numeric column may hold what no sequence reaches. LEAST and GREATEST pass over nulls, and there
        // is one where the column holds nothing.
        text += (i == 0 ? "" : " UNION ALL ") + std::string("SELECT ") + std::to_string(i) +
                ", CASE WHEN m IS NOT NULL THEN LEAST(GREATEST(m, -9223372036854775808), "
                "9223372036854775807)::bigint END FROM (SELECT pg_catalog." +
                (one.descending ? "min" : "max") + "(" + postgres::quote_identifier(one.column.column) +
                ")::numeric AS m FROM " + postgres::quote_qualified(one.column.schema, one.column.table) +
                ") AS one";
    }
    text += " ORDER BY 1";
    const postgres::Result rows = co_await to.exec(std::move(text), deadline);
    for (int row = 0; row < rows.rows(); ++row) {
        values.push_back(rows.get<std::optional<std::int64_t>>(row, 1));
    }
    co_return values;
}

} // namespace pgteal::replication
