// Which line of a pg_hba.conf a client would meet (docs: "The pg_hba.conf File", view pg_hba_file_rules;
// source: hba.c, check_hba). Pure.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace pgteal::health {

/// One row of pg_hba_file_rules. The view takes quotes off names: a database that is really called "all"
/// looks like the keyword, and is taken for it here.
struct HbaRule {
    int line = 0;
    std::string file;
    std::string type; ///< local, host, hostssl, hostnossl, hostgssenc, hostnogssenc
    std::vector<std::string> databases, users;
    std::string address; ///< number, name, all, samehost, samenet; "" for local
    std::string netmask; ///< "" when address has none
    std::string method;
    std::string error; ///< the server could not read this line
};

enum class Answer { no, maybe, yes };

struct HbaClient {
    std::string role;
    std::string database;
    std::string address;          ///< as the server would see it; "" for a local socket
    std::set<std::string> groups; ///< every role that `role` is a member of, itself included
    Answer tls = Answer::maybe;
};

struct HbaVerdict {
    std::optional<HbaRule> rule; ///< the first line that matches for certain; none: refused implicitly
    bool unsure = false; ///< a line before it may match: a host name, samenet, TLS that can't be foreseen
};

/// `server_address`: the server's own one, for samehost and samenet; "" when unknown. Lines with an error are
/// skipped.
HbaVerdict first_match(const std::vector<HbaRule>& rules, const HbaClient& client,
                       const std::string& server_address);

/// Whether the number `address` is in `network`/`netmask` ("10.0.0.0", "255.0.0.0"; either family). A netmask
/// of "" means the address alone. `maybe` for what is no number.
Answer address_matches(const std::string& address, const std::string& network, const std::string& netmask);

} // namespace pgteal::health
