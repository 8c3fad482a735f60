#include "replication/clone/roles_power.hpp"

#include <algorithm>
#include <functional>
#include <vector>

namespace pgteal::replication {

namespace {

constexpr int grants_have_options = 160000;

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

} // namespace

std::map<std::string, std::string> stronger_roles(const Roles& source, const Roles& target,
                                                  const std::string& keep,
                                                  const std::set<std::string>* only) {
    const auto super_here = superusers_of(source);
    const auto super_there = superusers_of(target);
    std::set<std::string> ours;
    for (const auto& role : source.roles) {
        ours.insert(role.name);
    }
    Groups here;
    Groups there;
    for (const auto& one : source.memberships) {
        if (gives(one, source.version)) {
            here[one.member].insert(one.role);
        }
        const bool carried = only == nullptr || only->contains(one.member);
        // Below 16 the grant can't be made without what its options keep back.
        if (carried && one.member != keep &&
            (gives(one, source.version) || target.version < grants_have_options)) {
            there[one.member].insert(one.role);
        }
    }
    for (const auto& one : target.memberships) {
        const bool taken =
            ours.contains(one.member) && (ours.contains(one.role) || one.role.starts_with("pg_")) &&
            (only == nullptr || only->contains(one.member)) && !here[one.member].contains(one.role);
        // With `only` a migration's own grant would be taken as well, without a word: that counts as being
        // more.
        if (gives(one, target.version) && (!taken || only != nullptr)) {
            there[one.member].insert(one.role);
        }
    }
    const auto predefined = [only](const std::string& role) {
        return only == nullptr ? reaches_the_machine(role) : role.starts_with("pg_");
    };
    std::map<std::string, std::string> stronger;
    for (const auto& role : source.roles) {
        if (role.superuser || role.name == keep || role.name == target.bootstrap ||
            (only != nullptr && !only->contains(role.name))) {
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
