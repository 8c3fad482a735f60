// A rehearsal as JSON and as lines for people.
#pragma once

#include <string>
#include <vector>

#include <boost/json.hpp>

#include "migration/rehearse/rehearse.hpp"

namespace pgteal::migration::rehearse {

/// {"name","scratch","files":[{"script","ms","statements":[{"line","statement","ms","locks":[{"relation",
/// "mode","ms"}],"held_before":{"relation","mode"}|null,"rewrites","rows","wal_bytes","in_transaction","skipped"}],"down","down_ms","again_ms",
/// "differences"}],"not_rehearsed":[…]}
boost::json::object to_json(const Report& report);
/// {"database","rule","level","file","line","message","fix"}
boost::json::array findings_json(const Report& report);

/// The statements as a table, and what became of each file's way back. A file of very many statements shows
/// those that cost most.
std::vector<std::string> table_of(const Report& report);
/// The findings, errors first.
std::vector<std::string> findings_text(const Report& report);

} // namespace pgteal::migration::rehearse
