// Can we reach both servers, and can they reach each other?
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/finding.hpp"
#include "health/checks/green_checks.hpp"
#include "health/facts/facts.hpp"

namespace pgteal::health {

/// How reading one server went: facts, or why there are none.
struct SideOutcome {
    std::string side, address, role;
    std::optional<ServerFacts> facts;
    std::string problem; ///< for people, no secrets
};
/// Pure. One finding a side that can't be used.
CheckResult check_reachable(const std::vector<SideOutcome>& outcomes);

/// What one server said when it was asked to reach the other as a subscription would.
struct PeerTrial {
    std::string from;    ///< the side that tried
    std::string to;      ///< the side it tried to reach
    std::string address; ///< as it was tried
    std::string problem; ///< "" = it got through
};
/// Pure.
CheckResult check_peers(const std::vector<PeerTrial>& trials);

/// What would mend a login that failed with `problem` on `side`: read from the words of libpq and of the
/// server.
std::string reach_fix(const std::string& side, const std::string& role, const std::string& problem);
/// `text` with every secret value of `conninfo` (password, sslpassword, …) replaced by ***.
std::string without_secrets(std::string text, const std::string& conninfo);

/// Has `from` connect to `peer_conninfo` by a CREATE SUBSCRIPTION without slot (create_slot = false) in a
/// transaction that is rolled back: with connect = true the server logs in to the publisher as an apply
/// worker does, and reads its publications (source: subscriptioncmds.c). Never throws for a peer that can't
/// be reached.
Task<PeerTrial> try_peer(postgres::Server& from, std::string to, std::string peer_conninfo,
                         std::string database, Deadline deadline);

/// What the script of blue's `extension` makes, from a CREATE EXTENSION of that version on `green`, in a
/// transaction that is rolled back; nothing where green can't tell.
Task<std::optional<std::set<MemberRow>>> try_extension(postgres::Server& green, ExtensionRow extension,
                                                       Deadline deadline);

/// Tries a collation with the locale of `row` on `green`, in a transaction that is rolled back.
Task<LocaleTrial> try_locale(postgres::Server& green, DatabaseRow row, Deadline deadline);

} // namespace pgteal::health
