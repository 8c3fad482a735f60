// The texts with which one side is asked about one table. Pure.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "replication/tables.hpp"

namespace pgteal::replication {

/// One table as one side has it, so that equal rows give equal text on both sides.
struct ComparedTable {
    std::string display;                ///< schema.name for people
    std::string from;                   ///< ONLY "schema"."name" AS t
    std::string row;                    ///< the row as text: ROW(t.a, t.b::type)::text
    std::string key;                    ///< the key as the text of a text[], "" for a table without one
    std::vector<std::string> key_match; ///< t."k" = (k.p[1])::type, one per key column
};

/// A column's type on this side, and the serving side's.
using Cast = std::pair<std::string, std::string>;

/// Those that comparing needs.
std::set<Cast> casts_of(const PublishedTable& published, const Table& mine);

/// `mine`: the table on this side; `published.table`: on the serving side, whose types both are compared in.
/// `impossible`: casts that the server doesn't have; such columns are compared as the text that each side
/// prints, which is what a lane reads.
ComparedTable compared_table(const PublishedTable& published, const Table& mine,
                             const std::set<Cast>& impossible = {});

/// Columns rows, sum: count and sum of 64 bits of each row's md5, a number that doesn't depend on the order
/// of rows.
std::string whole_sql(const ComparedTable& table);

/// Hexadecimal digits of the hash of a row's identity that name its bucket, so that a bucket holds a few
/// thousand rows of `rows`.
int bucket_digits(std::int64_t rows);

/// Columns bucket, rows, sum.
std::string buckets_sql(const ComparedTable& table, int digits);

/// Columns id, rows, content of the rows in some buckets. A row's identity is its key; without key, the hash
/// of its text.
std::string rows_sql(const ComparedTable& table, int digits, const std::vector<std::string>& buckets);

/// Columns id, rows, content, place, shown for some identities; an identity without row has none here or has
/// rows = 0. `place` changes whenever a row is written (xmin and ctid), `shown` is for people.
std::string identities_sql(const ComparedTable& table, const std::vector<std::string>& ids);

/// Locks one row against writers until the transaction ends. Only for tables with a key.
std::string lock_sql(const ComparedTable& table, const std::string& id);

} // namespace pgteal::replication
