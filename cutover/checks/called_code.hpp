// What functions of users name where pgteal makes them run: with an empty search_path, and in an order of
// rows that is not the one in which they were written.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/finding.hpp"
#include "cutover/estate/estate.hpp"

namespace pgteal::cutover {

/// What runs functions: see sql/called_by_rows.sql.
struct CallingPlace {
    std::string kind; ///< check, domain, generated, index, statistics, partition key, trigger, view
    std::string name, relation;
    std::string index;               ///< quoted, of an index
    bool exclusion = false;          ///< the index of an EXCLUDE constraint
    std::string instead{};           ///< SQL of a trigger that does the same for clients' rows, or ""
    std::string lacking{};           ///< the table's owner, where he may not execute the function
    std::vector<std::string> asks{}; ///< PostgreSQL's functions that answer for the session or the clock
};

/// A function that places come to.
struct CalledFunction {
    std::string signature; ///< app.f(integer)
    bool procedure = false;
    std::vector<CallingPlace>
        unsheltered; ///< none of the functions on the way, nor itself, has a search_path
    std::vector<CallingPlace> all;
    std::vector<std::string>
        bare;         ///< "table customers": named without a schema, and found in users' schemas only
    std::string path; ///< schemas that have them, quoted: "app, public"
    std::vector<std::string> several; ///< of those, what more than one schema has
    std::vector<std::string> reads;   ///< tables and views
    std::string unread;               ///< why its body could not be read
};

struct CalledCode {
    std::string database;
    std::vector<CalledFunction> functions;
    std::vector<CallingPlace> asking; ///< constraints whose answer changes with the session or the clock
};

/// Pure. The checks function-names and reads-tables, and owners who may not execute what their rows call.
std::vector<health::CheckResult> judge_called_code(const std::vector<CalledCode>& databases,
                                                   const std::vector<std::string>& accept);

/// Of one database of `server`.
Task<CalledCode> read_called_code(postgres::Server* server, std::string database, Deadline deadline);

/// The same for all databases of the run, on blue. What can't be read is a finding.
Task<std::vector<health::CheckResult>> check_called_code(Estate* estate, Deadline deadline);

} // namespace pgteal::cutover
