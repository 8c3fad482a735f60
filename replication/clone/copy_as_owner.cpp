#include "replication/clone/copy_as_owner.hpp"

#include "postgres/quote.hpp"

namespace pgteal::replication {

namespace {

using postgres::quote_identifier;

constexpr const char* staged = "pg_temp.pgteal_rows";
constexpr const char* insert_function = "pg_temp.pgteal_insert()";

template <typename Part>
std::string each_column(const Table& table, const Part& part) {
    std::string list;
    for (const Column& column : table.columns) {
        if (!column.generated) {
            list += (list.empty() ? "" : ", ") + part(column);
        }
    }
    return list;
}

} // namespace

std::string stage_rows(const Table& table, const AsOwner& owner) {
    const std::string columns = each_column(table, [&owner](const Column& column) {
        return quote_identifier(column.name) + " " +
               (owner.coded.contains(column.name) ? "text" : column.type);
    });
    return std::string("CREATE TEMP TABLE pgteal_rows (") + columns + ") ON COMMIT DROP; GRANT SELECT ON " +
           staged + " TO " + quote_identifier(owner.owner);
}

std::string copy_staged_command() { return std::string("COPY ") + staged + " FROM STDIN"; }

std::string insert_staged(const Table& table, const AsOwner& owner, int number) {
    const std::string names =
        each_column(table, [](const Column& column) { return quote_identifier(column.name); });
    const std::string values = each_column(table, [&owner](const Column& column) {
        const std::string value = "r." + quote_identifier(column.name);
        return owner.coded.contains(column.name) ? value + "::" + column.type : value;
    });
    // COPY takes the values of GENERATED ALWAYS AS IDENTITY as they come.
    const std::string body = "DECLARE n bigint; BEGIN INSERT INTO " + table.qualified() +
                             (names.empty() ? "" : " (" + names + ") OVERRIDING SYSTEM VALUE") + " SELECT " +
                             values + " FROM " + staged + " r; GET DIAGNOSTICS n = ROW_COUNT; RETURN n; END";
    const std::string view = "pgteal.copy_" + std::to_string(number);
    const std::string to = quote_identifier(owner.owner);
    return std::string("CREATE FUNCTION ") + insert_function +
           " RETURNS bigint LANGUAGE plpgsql VOLATILE AS " + postgres::quote_literal(body) +
           "; GRANT EXECUTE ON FUNCTION " + insert_function + " TO " + to + "; CREATE MATERIALIZED VIEW " +
           view + " AS SELECT " + insert_function + " AS n WITH NO DATA; ALTER MATERIALIZED VIEW " + view +
           " OWNER TO " + to + "; REFRESH MATERIALIZED VIEW " + view + "; SELECT n FROM " + view +
           "; DROP MATERIALIZED VIEW " + view + "; DROP FUNCTION " + insert_function + "; DROP TABLE " +
           staged;
}

} // namespace pgteal::replication
