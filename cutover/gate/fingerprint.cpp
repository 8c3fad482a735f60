// The hash by which a change of the schema shows.
#include "cutover/gate/changed_schema.hpp"
#include "postgres/quote.hpp"

namespace pgteal::cutover {

namespace {

/// Of versions before 0.2, without a version in front.
Task<std::string> fingerprint_of_tables(Estate* estate, Side side, Deadline deadline) {
    std::string text;
    for (const auto& database : estate->config().databases) {
        auto tables = co_await tables_on(&estate->server(side), database.name, deadline);
        text += database.name + "\n";
        for (const auto& table : tables) {
            text += table.qualified();
            for (const auto& column : table.columns) {
                text += " " + postgres::quote_identifier(column.name) + ":" + column.type +
                        (column.generated ? ":g" : "") + (column.in_key ? ":k" : "");
            }
            text += "\n";
        }
    }
    co_return pooler::content_hash(text);
}

Task<std::string> schema_of(Estate* estate, Side side, std::string database, int version, Deadline deadline) {
    const auto objects = co_await schema_objects(estate, side, database, deadline);
    co_return database + "\n" + migration::schema::fingerprint(objects, version) + "\n";
}

} // namespace

int fingerprint_version_of(const std::string& recorded) {
    return recorded.empty()             ? migration::schema::fingerprint_version
           : recorded.starts_with("3:") ? 3
           : recorded.starts_with("2:") ? 2
                                        : 0;
}

Task<std::string> fingerprint(Estate* estate, Side side, Deadline deadline, std::string recorded) {
    const int version = fingerprint_version_of(recorded);
    if (version == 0) {
        auto of_tables = co_await fingerprint_of_tables(estate, side, deadline);
        co_return of_tables;
    }
    std::vector<Task<std::string>> reads;
    for (const auto& database : estate->config().databases) {
        reads.push_back(schema_of(estate, side, database.name, version, deadline));
    }
    std::string text;
    for (const auto& one : co_await all(std::move(reads))) {
        text += one;
    }
    co_return std::to_string(version) + ":" + pooler::content_hash(text);
}

} // namespace pgteal::cutover
