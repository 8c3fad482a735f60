#include "replication/compare/compare_slices.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "postgres/quote.hpp"

namespace pgteal::replication {

using postgres::Result;

namespace {

constexpr std::int64_t first_blocks = 64;
constexpr Clock::duration slice_time = std::chrono::milliseconds(150);
constexpr int rewrites_at_most = 10;
/// Reads ranges of ctid without a look at the rest of the table.
constexpr int tid_ranges_since = 140000;
/// Before, each place in a block is named.
constexpr std::int64_t named_blocks_at_most = 256;
constexpr std::int64_t blocks_at_most = 1 << 20;

std::string quoted_table(const ComparedTable& table) {
    return postgres::quote_literal(table.table) + "::pg_catalog.regclass";
}

std::string file_sql(const ComparedTable& table) {
    return "SELECT pg_catalog.pg_relation_filenode(" + quoted_table(table) + ")::text";
}

std::string blocks_sql(const ComparedTable& table) {
    return "SELECT pg_catalog.pg_relation_size(" + quoted_table(table) +
           ") / pg_catalog.current_setting('block_size')::bigint";
}

} // namespace

std::string slice_condition(std::int64_t first, std::int64_t end, int server_version) {
    if (server_version >= tid_ranges_since) {
        return "t.ctid >= '(" + std::to_string(first) + ",0)'::pg_catalog.tid AND t.ctid < '(" +
               std::to_string(end) + ",0)'::pg_catalog.tid";
    }
    return "t.ctid = ANY (ARRAY(SELECT ('(' || b || ',' || i || ')')::pg_catalog.tid"
           " FROM pg_catalog.generate_series(" +
           std::to_string(first) + ", " + std::to_string(end - 1) +
           ") b, pg_catalog.generate_series(1, pg_catalog.current_setting('block_size')::integer / 28) i))";
}

std::int64_t next_blocks(std::int64_t blocks, Clock::duration took, int server_version) {
    const double factor = std::chrono::duration<double>(slice_time) /
                          std::max(std::chrono::duration<double>(took), std::chrono::duration<double>(0.001));
    const double wanted = static_cast<double>(blocks) * std::clamp(factor, 0.1, 4.0);
    const std::int64_t most = server_version >= tid_ranges_since ? blocks_at_most : named_blocks_at_most;
    return std::clamp<std::int64_t>(static_cast<std::int64_t>(wanted), 1, most);
}

Task<void> read_slices(postgres::Connection& connection, const ComparedTable& table, SliceReader& reader,
                       Deadline deadline) {
    const int version = connection.server_version();
    std::int64_t blocks = first_blocks;
    for (int rewrites = 0; rewrites < rewrites_at_most; ++rewrites) {
        reader.begin();
        // In this order: a rewrite in between is seen by the first slice.
        const std::string shape_text = file_sql(table) + "; " + blocks_sql(table);
        const std::vector<Result> shape = co_await connection.script(shape_text, deadline);
        const std::string file(shape.at(0).text(0, 0));
        const auto all_blocks = shape.at(1).get<std::int64_t>(0, 0);
        bool rewritten = false;
        for (std::int64_t first = 0; first < all_blocks && !rewritten;) {
            const std::int64_t end = first + blocks;
            const std::string slice = slice_condition(first, end, version);
            const std::string text = "SAVEPOINT unlocked; " + reader.text(slice) + "; " + file_sql(table) +
                                     "; ROLLBACK TO SAVEPOINT unlocked; RELEASE unlocked";
            const Clock::time_point began = Clock::now();
            const std::vector<Result> results = co_await connection.script(text, deadline);
            reader.take(results.at(1));
            rewritten = results.at(2).text(0, 0) != file;
            blocks = next_blocks(blocks, Clock::now() - began, version);
            first = end;
        }
        if (!rewritten) {
            co_return;
        }
    }
    throw Error(ErrorCode::conflict, "",
                "table " + table.display + " was rewritten each time that compare read it",
                "end what rewrites it (VACUUM FULL, CLUSTER), then pgteal compare again");
}

} // namespace pgteal::replication
