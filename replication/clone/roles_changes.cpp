#include "replication/clone/roles_changes.hpp"

#include <algorithm>

namespace pgteal::replication {

namespace {

constexpr const char* limit_part = "CONNECTION LIMIT";
constexpr const char* expiry_part = "VALID UNTIL";
constexpr const char* password_part = "PASSWORD";
constexpr const char* comment_part = "COMMENT";

std::string part_of_group(const std::string& group) { return "IN " + group; }

/// Up to 15 a membership inherits as its member does: that is INHERIT's change, not the membership's. Who
/// granted counts from 16 on.
std::string value_of(const Membership& one, const Roles& roles) {
    const std::string admin = one.admin ? "a" : "-";
    if (roles.version < grants_have_options) {
        return admin;
    }
    return admin + (one.inherit ? "i" : "-") + (one.set ? "s" : "-") + " by " +
           (one.grantor == roles.bootstrap ? "" : one.grantor) + ";";
}

class Merge {
public:
    Merge(const Roles& source, const Roles& target, std::set<std::string>* left_out)
        : source_(source), after_(target), left_out_(left_out) {}

    Roles merge(const RoleChanges& changes) {
        for (const Role& role : source_.roles) {
            const auto change = changes.find(role.name);
            if (change != changes.end()) {
                carry_attributes(role, change->second);
            }
        }
        for (const Role& role : source_.roles) { // whose groups are there by now
            const auto change = changes.find(role.name);
            if (change != changes.end()) {
                carry_memberships(role, change->second);
            }
        }
        for (const auto& [member, group] : from_the_source_) {
            mend_grantors(member, group);
        }
        return std::move(after_);
    }

private:
    Role* find(const std::string& name) {
        const auto found = std::ranges::find(after_.roles, name, &Role::name);
        return found == after_.roles.end() ? nullptr : &*found;
    }

    /// Others are the target's own.
    [[nodiscard]] bool is_a_matter_of_the_source(const std::string& group) const {
        return group.starts_with("pg_") ||
               std::ranges::find(source_.roles, group, &Role::name) != source_.roles.end();
    }

    [[nodiscard]] bool is_there(const std::string& group) {
        return group.starts_with("pg_") || group == after_.bootstrap || find(group) != nullptr;
    }

    void carry_attributes(const Role& role, const RoleChange& change) {
        Role* const there = find(role.name);
        if (there == nullptr) {
            if (role.name != after_.bootstrap) {
                after_.roles.push_back(role);
            }
            return;
        }
        const auto changed = [&change](const char* part) {
            return change.whole || change.parts.contains(part);
        };
        for (const auto& [name, flag] : role_flags) {
            if (changed(name)) {
                there->*flag = role.*flag;
            }
        }
        if (changed(limit_part)) {
            there->connection_limit = role.connection_limit;
        }
        if (changed(expiry_part)) {
            there->valid_until = role.valid_until;
        }
        if (changed(password_part)) {
            there->password = role.password;
        }
        if (changed(comment_part)) {
            there->comment = role.comment;
        }
        if (changed("INHERIT") && source_.version < grants_have_options &&
            after_.version >= grants_have_options) {
            carry_inherit(role);
        }
    }

    /// To its grants, which have it as an option there. Given to those only that may SET ROLE to the group as
    /// it is.
    void carry_inherit(const Role& role) {
        for (Membership& one : after_.memberships) {
            const bool here = std::ranges::any_of(source_.memberships, [&one](const Membership& other) {
                return other.member == one.member && other.role == one.role;
            });
            if (one.member == role.name && here) {
                one.inherit = role.inherit && (one.inherit || one.set);
            }
        }
    }

    void carry_memberships(const Role& role, const RoleChange& change) {
        std::set<std::string> groups;
        const auto changed = [&](const Membership& one) {
            return one.member == role.name &&
                   (change.whole || change.parts.contains(part_of_group(one.role)));
        };
        for (const Membership& one : source_.memberships) {
            if (changed(one)) {
                groups.insert(one.role);
            }
        }
        for (const Membership& one : after_.memberships) {
            if (changed(one) && (!change.whole || is_a_matter_of_the_source(one.role))) {
                groups.insert(one.role);
            }
        }
        for (const auto& group : groups) {
            carry_membership(role, group);
        }
    }

    void carry_membership(const Role& role, const std::string& group) {
        const auto is_this = [&](const Membership& one) {
            return one.role == group && one.member == role.name;
        };
        std::vector<Membership> here;
        std::ranges::copy_if(source_.memberships, std::back_inserter(here), is_this);
        if (here.empty()) {
            std::erase_if(after_.memberships, is_this);
            return;
        }
        if (!is_there(group)) {
            leave_out("role " + group + " is not there, nor what " + role.name + " has by belonging to it");
            return;
        }
        const bool admin = std::ranges::any_of(here, &Membership::admin);
        if (source_.version >= grants_have_options && after_.version >= grants_have_options) {
            std::erase_if(after_.memberships, is_this);
            for (Membership one : here) {
                one.grantor = one.grantor == source_.bootstrap ? after_.bootstrap : one.grantor;
                after_.memberships.push_back(std::move(one));
            }
            from_the_source_.emplace(role.name, group);
            return;
        }
        const auto there = std::ranges::find_if(after_.memberships, is_this);
        if (source_.version >= grants_have_options) {
            const bool gives = std::ranges::any_of(
                here, [](const Membership& one) { return one.admin || one.inherit || one.set; });
            std::erase_if(after_.memberships, is_this);
            if (gives) {
                after_.memberships.push_back({group, role.name, after_.bootstrap, admin, role.inherit, true});
            } else {
                leave_out("role " + role.name + " belongs to " + group +
                          " without INHERIT, SET and ADMIN, and would have all its rights there, where a "
                          "membership has no options");
            }
        } else if (there == after_.memberships.end()) {
            after_.memberships.push_back({group, role.name, after_.bootstrap, admin, role.inherit, true});
        } else if (!admin) {
            for (Membership& one : after_.memberships) {
                one.admin = one.admin && !is_this(one);
            }
        } else if (std::ranges::none_of(after_.memberships,
                                        [&](const Membership& one) { return is_this(one) && one.admin; })) {
            there->admin = true;
        }
    }

    /// Who has no ADMIN there can't grant there: then it is granted in the bootstrap superuser's name, as
    /// every superuser grants.
    void mend_grantors(const std::string& member, const std::string& group) {
        for (Membership& one : after_.memberships) {
            const bool may = one.grantor == after_.bootstrap ||
                             std::ranges::any_of(after_.memberships, [&](const Membership& other) {
                                 return other.role == group && other.member == one.grantor && other.admin;
                             });
            if (one.member == member && one.role == group && !may) {
                one.grantor = after_.bootstrap;
            }
        }
    }

    void leave_out(std::string why) {
        if (left_out_ != nullptr) {
            left_out_->insert(std::move(why));
        }
    }

    const Roles& source_;
    Roles after_;
    std::set<std::string>* left_out_;
    std::set<std::pair<std::string, std::string>> from_the_source_; ///< member and group
};

} // namespace

std::map<std::string, RoleParts> parts_of(const Roles& roles) {
    const Role fresh;
    std::map<std::string, RoleParts> all;
    for (const Role& role : roles.roles) {
        RoleParts& parts = all[role.name];
        for (const auto& [name, flag] : role_flags) {
            if (role.*flag != fresh.*flag) {
                parts[name] = role.*flag ? "on" : "off";
            }
        }
        if (role.connection_limit != fresh.connection_limit) {
            parts[limit_part] = std::to_string(role.connection_limit);
        }
        if (expiry(role) != expiry(fresh)) {
            parts[expiry_part] = role.valid_until;
        }
        if (!role.password.empty()) {
            parts[password_part] = role.password;
        }
        if (!role.comment.empty()) {
            parts[comment_part] = role.comment;
        }
    }
    for (const Membership& one : roles.memberships) { // ordered by group, member and grantor
        const auto member = all.find(one.member);
        if (member == all.end()) {
            continue;
        }
        auto& value = member->second[part_of_group(one.role)];
        const auto said = value_of(one, roles);
        value = roles.version >= grants_have_options ? value + said
                : value.empty()                      ? said
                                                     : std::max(value, said);
    }
    return all;
}

Roles with_changes(const Roles& source, const Roles& target, const RoleChanges& changes,
                   std::set<std::string>* left_out) {
    return Merge(source, target, left_out).merge(changes);
}

} // namespace pgteal::replication
