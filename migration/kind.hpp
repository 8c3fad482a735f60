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

struct Kind {
    bool transactional = true;        ///< may be inside a transaction block
    bool transaction_control = false; ///< BEGIN, COMMIT, SAVEPOINT, PREPARE TRANSACTION …
    bool client_copy = false;         ///< COPY … FROM STDIN or TO STDOUT
    bool setting = false;             ///< SET, RESET: changes nothing but the session
    bool procedural = false;          ///< CALL, DO: may commit half of its work
    bool repeatable = false;          ///< running it a second time does no harm, whatever the first did
    std::optional<IndexBuild> index;
};

/// PostgreSQL documents the first for each command ("cannot be executed inside a transaction block"); in its
/// source these are the callers of PreventInTransactionBlock. ALTER TYPE … ADD VALUE may be inside one
/// since 12.
Kind kind_of(const std::string& statement);

} // namespace pgteal::migration
