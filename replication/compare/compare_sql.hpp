// The texts with which one side is asked about one table. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "catalog/tables.hpp"

namespace pgteal::replication {

/// One table as one side has it, so that equal rows give equal text on both sides.
struct ComparedTable {
    std::string display;                   ///< schema.name for people
    std::string table;                     ///< "schema"."name"
    std::string from;                      ///< ONLY "schema"."name" AS t
    std::string row;                       ///< the row as text: ROW(t.a, t.b::type)::text
    std::string key;                       ///< the key as the text of a text[], "" for a table without one
    std::vector<std::string> key_match;    ///< t."k" = (k.p[1])::type, one per key column
    std::string written_by = "NULL::text"; ///< the migration that wrote the row: see migrated_rows.hpp
};

/// What columns of one table are compared as, by name, where that is not their own type: a domain as the type
/// that it is over; "" where a cast or a constraint could call a function of a user's (enums, composites and
/// ranges of users, arrays of domains). Read by plain_types.sql.
using PlainTypes = std::map<std::string, std::string>;
struct SidesTypes {
    PlainTypes wanted, mine; ///< the serving side's, this side's
};

/// A column's type on this side, and the serving side's; both plain.
using Cast = std::pair<std::string, std::string>;

/// Those that comparing needs.
std::set<Cast> casts_of(const PublishedTable& published, const Table& mine, const SidesTypes& types = {});

/// `mine`: the table on this side; `published.table`: on the serving side, whose types both are compared in.
/// `impossible`: casts that the server doesn't have; such columns are compared as the text that each side
/// prints, which is what a lane reads. So are those of users' types, since a cast from or to one may be a
/// function of theirs and a domain's constraint calls one: an output function is always PostgreSQL's.
ComparedTable compared_table(const PublishedTable& published, const Table& mine,
                             const std::set<Cast>& impossible = {}, const SidesTypes& types = {});

/// Hexadecimal digits of the hash of a row's identity that name its bucket, so that a bucket holds a few
/// thousand rows of `rows`.
int bucket_digits(std::int64_t rows);

/// Columns bucket, rows, sum: count and sum of 64 bits of each row's md5, modulo 2^64, a number that doesn't
/// depend on the order of rows. Without digits there is one bucket, "". Here and below `slice` is a condition
/// (compare_slices.hpp) that holds for a part of the table.
std::string buckets_sql(const ComparedTable& table, int digits, const std::string& slice);

/// Columns id, rows, content of the rows in some buckets. A row's identity is its key; without key, the hash
/// of its text.
std::string rows_sql(const ComparedTable& table, int digits, const std::vector<std::string>& buckets,
                     const std::string& slice);

/// Columns id, rows, content, place, shown, migrated, script for some identities; an identity without row has
/// none here or has rows = 0. `place` changes whenever a row is written (xmin and ctid), `shown` is for
/// people, `migrated` is how many of the rows migrations wrote. For a table with a key.
std::string identities_sql(const ComparedTable& table, const std::vector<std::string>& ids);
/// The same for a table without one, where to find them takes all of it; `place` is a sum as above.
std::string copies_sql(const ComparedTable& table, const std::vector<std::string>& ids,
                       const std::string& slice);

} // namespace pgteal::replication
