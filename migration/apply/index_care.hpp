// What index builds that run outside a transaction leave behind when they fail.
#pragma once

#include <optional>
#include <string>

#include "migration/apply/session.hpp"
#include "migration/files/kind.hpp"

namespace pgteal::migration {

/// Whether the statement builds or rebuilds indexes CONCURRENTLY.
bool builds_concurrently(const Kind& kind);

/// For a build whose name the server chooses: the table's indexes before it, as text to be kept.
std::string indexes_before(Session& session, const Kind& kind);

/// Whether the index of the statement is there and valid: it did take effect. `before`: indexes_before() of
/// then, when it is known.
bool index_is_built(Session& session, const Kind& kind, const std::optional<std::string>& before);

/// Drops what an earlier try of the same statement left invalid: such an index costs but doesn't serve, and
/// IF NOT EXISTS would keep it. libpqxx's exceptions pass.
void drop_leftovers(Session& session, const Kind& kind, const std::optional<std::string>& before);

} // namespace pgteal::migration
