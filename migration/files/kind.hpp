// What running a statement means for transactions and for running it again; told by its leading keywords, so
// that it holds for newer grammar too.
#pragma once

#include <optional>
#include <string>

namespace pgteal::migration {

/// The index of a CREATE INDEX CONCURRENTLY, as SQL text: quoting and case as in the statement.
struct IndexBuild {
    std::string index, table;
};

/// What a REINDEX CONCURRENTLY is about: when it fails, invalid indexes named …_ccnew or …_ccold stay (docs:
/// REINDEX, "Rebuilding Indexes Concurrently").
struct IndexRebuild {
    std::string object; ///< INDEX, TABLE, SCHEMA, DATABASE or SYSTEM
    std::string name;   ///< as SQL text; may be empty for a database
};

struct Kind {
    bool transactional = true;        ///< may be inside a transaction block
    bool transaction_control = false; ///< BEGIN, COMMIT, SAVEPOINT, PREPARE TRANSACTION …
    bool client_copy = false;         ///< COPY … FROM STDIN or TO STDOUT
    bool setting = false;             ///< SET, RESET: changes nothing but the session
    bool procedural = false;          ///< CALL, DO: may commit half of its work
    bool repeatable = false;          ///< running it a second time does no harm, whatever the first did
    std::optional<IndexBuild> index;
    std::string unnamed_on; ///< the table of a CREATE INDEX CONCURRENTLY whose name the server chooses
    std::optional<IndexRebuild> rebuild;
};

/// PostgreSQL documents the first for each command ("cannot be executed inside a transaction block"); in its
/// source these are the callers of PreventInTransactionBlock. ALTER TYPE … ADD VALUE may be inside one
/// since 12.
Kind kind_of(const std::string& statement);

} // namespace pgteal::migration
