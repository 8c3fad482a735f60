// With whose rights rows are applied: what runs as a superuser though no superuser wrote it, and what keeps
// apply from acting as a table's owner.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "base/finding.hpp"
#include "base/refusal.hpp"
#include "cutover/estate/estate.hpp"
#include "replication/lane/owners_code.hpp"

namespace pgteal::cutover {

/// One database: its schema as one side has it, which the other one gets or has too.
struct OwnersCodeFacts {
    std::string database;
    std::array<int, 2> versions{}; ///< of blue and green, as 150020
    std::string superuser;         ///< pgteal's role there
    std::vector<replication::OwnersCode> parts;
    std::vector<replication::RowlessCode> rowless = {}; ///< an error on every major
};

/// Pure. The checks owners-code, row-security and owner-privileges. Up to 15 an apply worker is a superuser
/// whatever it runs; from 16 on it acts as the table's owner, in a security-restricted operation, unless its
/// lane has a table with FORCE ROW LEVEL SECURITY (lane_subscriber.cpp). `subscribers`: the sides that apply.
std::vector<health::CheckResult> judge_owners_code(const std::vector<OwnersCodeFacts>& databases,
                                                   const std::vector<Side>& subscribers,
                                                   const std::vector<std::string>& accept);

/// The same for some databases, read from `side`. What can't be read is a finding.
Task<std::vector<health::CheckResult>> check_owners_code(Estate* estate, Side side,
                                                         std::vector<Side> subscribers,
                                                         std::vector<std::string> names, Deadline deadline);

/// "owners-code" is in accept of [check].
bool accepts_owners_code(const Config& config);

/// For whoever is about to restore the schema that `connection` sees: the first code that a superuser would
/// run by it; nothing when that is accepted. What check saw may have changed since: this look is taken once
/// nobody can change the schema, or in the snapshot that is dumped.
Task<std::optional<Refusal>> rowless_code_refusal(Estate* estate, Side side, postgres::Connection* connection,
                                                  std::string database, Deadline deadline);

} // namespace pgteal::cutover
