#include "replication/clone/roles_power.hpp"

#include <algorithm>
#include <functional>
#include <vector>

namespace pgteal::replication {

namespace {

/// What a role can come to: names of superusers and of predefined roles.
using Powers = std::set<std::string>;
using Groups = std::map<std::string, std::set<std::string>>;

bool gives(const Membership& one, int version) {
    return version < grants_have_options || one.admin || one.inherit || one.set;
}

Powers powers_of(const std::string& name, const Groups& groups,
                 const std::function<bool(const std::string&)>& counts) {
    Powers powers;
    std::vector<std::string> open{name};
    std::set<std::string> seen{name};
    while (!open.empty()) {
        const auto role = open.back();
        open.pop_back();
        if (counts(role)) {
            powers.insert(role);
        }
        const auto found = groups.find(role);
        if (found == groups.end() ||
            role.starts_with("pg_")) { // what those belong to differs from major to major
            continue;
        }
        for (const auto& group : found->second) {
            if (seen.insert(group).second) {
                open.push_back(group);
            }
        }
    }
    return powers;
}

bool reaches_the_machine(const std::string& role) {
    return role == "pg_execute_server_program" || role == "pg_read_server_files" ||
           role == "pg_write_server_files";
}

std::set<std::string> superusers_of(const Roles& roles) {
    std::set<std::string> names{roles.bootstrap};
    for (const auto& role : roles.roles) {
        if (role.superuser) {
            names.insert(role.name);
        }
    }
    return names;
}

Groups groups_of(const Roles& roles) {
    Groups groups;
    for (const auto& one : roles.memberships) {
        if (gives(one, roles.version)) {
            groups[one.member].insert(one.role);
        }
    }
    return groups;
}

/// Once the whole of `source` is carried.
Groups groups_after_all(const Roles& source, const Roles& target, const std::string& keep,
                        const Groups& here) {
    std::set<std::string> ours;
    for (const auto& role : source.roles) {
        ours.insert(role.name);
    }
    Groups there;
    for (const auto& one : source.memberships) {
        // Below 16 the grant can't be made without what its options keep back.
        if (one.member != keep && (gives(one, source.version) || target.version < grants_have_options)) {
            there[one.member].insert(one.role);
        }
    }
    for (const auto& one : target.memberships) {
        const auto same = here.find(one.member);
        const bool taken = ours.contains(one.member) &&
                           (ours.contains(one.role) || one.role.starts_with("pg_")) &&
                           (same == here.end() || !same->second.contains(one.role));
        if (gives(one, target.version) && !taken) {
            there[one.member].insert(one.role);
        }
    }
    return there;
}

/// Once `changes` are.
Groups groups_after(const Roles& source, const Roles& target, const RoleChanges& changes) {
    auto there = groups_of(with_changes(source, target, changes));
    // A role that nothing was known of may be somebody else's there, and what it belongs to would be taken
    // from it without a word.
    for (const auto& one : target.memberships) {
        const auto change = changes.find(one.member);
        if (change != changes.end() && change->second.whole && gives(one, target.version)) {
            there[one.member].insert(one.role);
        }
    }
    return there;
}

} // namespace

std::map<std::string, std::string> stronger_roles(const Roles& source, const Roles& target,
                                                  const std::string& keep, const RoleChanges* changes) {
    const auto super_here = superusers_of(source);
    const auto super_there = superusers_of(target);
    const auto here = groups_of(source);
    const auto there = changes == nullptr ? groups_after_all(source, target, keep, here)
                                          : groups_after(source, target, *changes);
    const auto predefined = [changes](const std::string& role) {
        return changes == nullptr ? reaches_the_machine(role) : role.starts_with("pg_");
    };
    std::map<std::string, std::string> stronger;
    for (const auto& role : source.roles) {
        if (role.superuser || role.name == keep || role.name == target.bootstrap ||
            (changes != nullptr && !changes->contains(role.name))) {
            continue;
        }
        if (super_there.contains(role.name)) {
            stronger[role.name] = "is a superuser there, and not here";
            continue;
        }
        const auto before = powers_of(
            role.name, here, [&](const auto& one) { return super_here.contains(one) || predefined(one); });
        const auto after = powers_of(role.name, there, [&](const auto& one) {
            return super_there.contains(one) || super_here.contains(one) || predefined(one);
        });
        for (const auto& power : after) {
            if (!before.contains(power)) {
                stronger[role.name] =
                    "would have the rights of " + power + " there, which it does not have here";
                break;
            }
        }
    }
    return stronger;
}

} // namespace pgteal::replication
