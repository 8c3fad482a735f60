// Statements as data: what a dry run prints, an execution sends and the journal keeps.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace pgteal::postgres {

/// A value known only when the statement runs: a snapshot's name, an LSN, a connection string.
struct Binding {
    std::string value;
    bool secret = false; ///< never journaled, logged or printed
};
using Bindings = std::map<std::string, Binding, std::less<>>;

/// One or more SQL commands for one database of one side. Values known only at run time are written as psql
/// writes them,
/// :'name' for a literal and :"name" for an identifier, so an operator can paste the text into psql and set
/// them there.
struct Statement {
    std::string database; ///< "" means the maintenance database (postgres)
    std::string text;     ///< sent with the simple protocol; several commands may be separated by ;
    std::vector<std::string>
        gives; ///< names under which the columns of the last result's first row become bindings
};

/// Replaces :'name' and :"name" by quoted values. Skips string literals, quoted identifiers, dollar quotes
/// and comments only as far as `::` casts are concerned: our own texts hold no other colon before a quote.
/// Throws Error(internal) for a name that has no binding. Call it as postgres::bind: a bare bind() finds
/// std::bind.
std::string bind(std::string_view text, const Bindings& bindings);

} // namespace pgteal::postgres
