#include "health/logins/hba.hpp"

#include <algorithm>
#include <array>
#include <regex>

#include <boost/asio/ip/address.hpp>

namespace pgteal::health {

namespace {

namespace ip = boost::asio::ip;

std::optional<ip::address> number(const std::string& text) {
    boost::system::error_code error;
    auto address = ip::make_address(text.substr(0, text.find('%')), error);
    if (error) {
        return std::nullopt;
    }
    // A server that listens on IPv6 sees IPv4 clients as such (source: hba.c, check_ip).
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
        address = ip::make_address_v4(ip::v4_mapped, address.to_v6());
    }
    return address;
}

template <typename Bytes>
bool same_network(const Bytes& a, const Bytes& b, const Bytes& mask) {
    for (std::size_t i = 0; i < mask.size(); ++i) {
        if (((a[i] ^ b[i]) & mask[i]) != 0) {
            return false;
        }
    }
    return true;
}

/// A name or, from PostgreSQL 16 on, a regular expression behind a slash.
Answer name_matches(const std::string& token, const std::string& name) {
    if (token.size() < 2 || token.front() != '/') {
        return token == name ? Answer::yes : Answer::no;
    }
    try {
        // PostgreSQL's own flavour differs in corners; what this one can't read may match.
        return std::regex_search(name, std::regex(token.substr(1))) ? Answer::yes : Answer::no;
    } catch (const std::regex_error&) {
        return Answer::maybe;
    }
}

Answer any(const std::vector<std::string>& tokens, auto&& matches) {
    auto best = Answer::no;
    for (const auto& token : tokens) {
        best = std::max(best, matches(token));
    }
    return best;
}

Answer database_matches(const HbaRule& rule, const HbaClient& client) {
    return any(rule.databases, [&client](const std::string& token) {
        if (token == "all" || (token == "sameuser" && client.database == client.role) ||
            ((token == "samerole" || token == "samegroup") && client.groups.contains(client.database))) {
            return Answer::yes;
        }
        // The keyword is for walsenders, which clients of a pooler are not.
        return token == "replication" ? Answer::no : name_matches(token, client.database);
    });
}

Answer user_matches(const HbaRule& rule, const HbaClient& client) {
    return any(rule.users, [&client](const std::string& token) {
        if (token == "all") {
            return Answer::yes;
        }
        if (token.size() > 1 && token.front() == '+') {
            return client.groups.contains(token.substr(1)) ? Answer::yes : Answer::no;
        }
        return name_matches(token, client.role);
    });
}

Answer type_matches(const std::string& type, const HbaClient& client) {
    if (type == "local" || client.address.empty()) {
        return (type == "local") == client.address.empty() ? Answer::yes : Answer::no;
    }
    if (type == "hostssl") {
        return client.tls;
    }
    if (type == "hostnossl") {
        return client.tls == Answer::yes  ? Answer::no
               : client.tls == Answer::no ? Answer::yes
                                          : Answer::maybe;
    }
    return type == "hostgssenc" ? Answer::no : Answer::yes; // PgBouncer does not encrypt with GSSAPI
}

Answer place_matches(const HbaRule& rule, const HbaClient& client, const std::string& server_address) {
    if (rule.type == "local" || rule.address == "all") {
        return Answer::yes;
    }
    if (rule.address == "samehost" || rule.address == "samenet") {
        const auto mine = number(client.address);
        const auto its = number(server_address);
        return (mine && mine->is_loopback()) || (mine && its && *mine == *its) ? Answer::yes : Answer::maybe;
    }
    return address_matches(client.address, rule.address, rule.netmask);
}

} // namespace

Answer address_matches(const std::string& address, const std::string& network, const std::string& netmask) {
    const auto one = number(address);
    const auto other = number(network);
    if (!one || !other) {
        return Answer::maybe; // a host name, which the server resolves at each login
    }
    if (one->is_v4() != other->is_v4()) {
        return Answer::no;
    }
    const auto mask = number(netmask);
    if (mask && mask->is_v4() != one->is_v4()) {
        return Answer::maybe;
    }
    if (!mask) {
        return *one == *other ? Answer::yes : Answer::no;
    }
    const bool same =
        one->is_v4()
            ? same_network(one->to_v4().to_bytes(), other->to_v4().to_bytes(), mask->to_v4().to_bytes())
            : same_network(one->to_v6().to_bytes(), other->to_v6().to_bytes(), mask->to_v6().to_bytes());
    return same ? Answer::yes : Answer::no;
}

HbaVerdict first_match(const std::vector<HbaRule>& rules, const HbaClient& client,
                       const std::string& server_address) {
    HbaVerdict verdict;
    for (const auto& rule : rules) {
        if (!rule.error.empty()) {
            continue;
        }
        const auto match =
            std::min({type_matches(rule.type, client), database_matches(rule, client),
                      user_matches(rule, client), place_matches(rule, client, server_address)});
        if (match == Answer::yes) {
            verdict.rule = rule;
            break;
        }
        verdict.unsure = verdict.unsure || match == Answer::maybe;
    }
    return verdict;
}

} // namespace pgteal::health
