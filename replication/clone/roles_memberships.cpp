#include "replication/clone/roles_memberships.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "postgres/quote.hpp"

namespace pgteal::replication {

namespace {

using postgres::quote_identifier;

struct Options {
    bool admin = false, inherit = true, set = true;
    bool operator==(const Options&) const = default;
};
/// Role, member, grantor; grantor "" is the bootstrap superuser, in whose name every superuser grants
/// since 16.
using Key = std::tuple<std::string, std::string, std::string>;
using Grants = std::map<Key, Options>;

/// `grantors`: both servers record who granted, in the same sense.
Grants grants_of(const Roles& roles, bool grantors, bool options) {
    Grants grants;
    for (const Membership& m : roles.memberships) {
        const std::string grantor = grantors && m.grantor != roles.bootstrap ? m.grantor : "";
        const Options wanted{m.admin, !options || m.inherit, !options || m.set};
        const auto [place, fresh] = grants.emplace(Key(m.role, m.member, grantor), wanted);
        if (!fresh) { // several grantors on one side, one on the other: what the member holds in sum
            place->second.admin = place->second.admin || wanted.admin;
            place->second.inherit = place->second.inherit || wanted.inherit;
            place->second.set = place->second.set || wanted.set;
        }
    }
    return grants;
}

std::string by(const std::string& grantor) {
    return grantor.empty() ? "" : " GRANTED BY " + quote_identifier(grantor);
}

std::string grant(const Key& key, const Options& options, bool with_options) {
    const auto& [role, member, grantor] = key;
    std::string text = "GRANT " + quote_identifier(role) + " TO " + quote_identifier(member);
    if (with_options) {
        const auto word = [](bool on) { return std::string(on ? "TRUE" : "FALSE"); };
        text += " WITH ADMIN " + word(options.admin) + ", INHERIT " + word(options.inherit) + ", SET " +
                word(options.set);
    } else if (options.admin) {
        text += " WITH ADMIN OPTION";
    }
    return text + by(grantor);
}

std::set<std::string> names(const Roles& roles) {
    std::set<std::string> result;
    for (const Role& role : roles.roles) {
        result.insert(role.name);
    }
    return result;
}

bool may_grant(const std::string& grantor, const std::string& role, const Grants& given) {
    return grantor.empty() || std::ranges::any_of(given, [&](const auto& entry) {
               return std::get<0>(entry.first) == role && std::get<1>(entry.first) == grantor &&
                      entry.second.admin;
           });
}

/// A grantor needs ADMIN before it can grant: those whose grantor has it by now come first, until none is
/// left.
std::vector<std::pair<Key, Options>> in_order(Grants missing, Grants given) {
    std::vector<std::pair<Key, Options>> ordered;
    while (!missing.empty()) {
        auto next = std::ranges::find_if(missing, [&](const auto& entry) {
            return may_grant(std::get<2>(entry.first), std::get<0>(entry.first), given);
        });
        if (next == missing.end()) { // the grantor holds ADMIN by other ways, such as being a superuser
            next = missing.begin();
        }
        ordered.emplace_back(*next);
        given.insert(*next);
        missing.erase(next);
    }
    return ordered;
}

} // namespace

std::vector<std::string> plan_memberships(const Roles& source, const Roles& target, const std::string& keep) {
    const bool options = target.version >= grants_have_options;
    const bool grantors = options && source.version >= grants_have_options;
    const Grants wanted = grants_of(source, grantors, options);
    const Grants present = grants_of(target, grantors, options);
    const auto ours = names(source);
    const auto untouched = [&](const std::string& member) {
        return member == keep || member == source.bootstrap || member == target.bootstrap ||
               !ours.contains(member);
    };

    std::vector<std::string> statements;
    for (const auto& [key, held] : present) {
        const auto& [role, member, grantor] = key;
        const auto want = wanted.find(key);
        if (untouched(member) || (!ours.contains(role) && !role.starts_with("pg_"))) {
            continue;
        }
        const std::string from = quote_identifier(role) + " FROM " + quote_identifier(member) + by(grantor);
        if (want == wanted.end()) {
            statements.push_back("REVOKE " + from + " CASCADE");
        } else if (!options && held.admin && !want->second.admin) {
            statements.push_back("REVOKE ADMIN OPTION FOR " + from);
        }
    }
    Grants missing;
    for (const auto& [key, options_wanted] : wanted) {
        const auto have = present.find(key);
        const bool enough =
            have != present.end() && (have->second == options_wanted || (!options && !options_wanted.admin));
        if (!untouched(std::get<1>(key)) && !enough) {
            missing.emplace(key, options_wanted);
        }
    }
    for (const auto& [key, options_wanted] : in_order(std::move(missing), present)) {
        statements.push_back(grant(key, options_wanted, options));
    }
    return statements;
}

} // namespace pgteal::replication
