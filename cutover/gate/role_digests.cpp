#include "cutover/gate/role_digests.hpp"

#include "cutover/record/digest.hpp"

namespace pgteal::cutover {

std::string digest_of(const std::string& text) { return sha256(text).substr(0, 16); }

std::map<std::string, std::string> digests_of(const replication::Roles& roles) {
    std::map<std::string, std::string> digests;
    for (const auto& role : roles.roles) {
        std::string text;
        const auto put = [&text](const std::string& part) {
            text += std::to_string(part.size()) + ":" + part;
        };
        for (const bool flag : {role.superuser, role.inherit, role.create_role, role.create_db, role.login,
                                role.replication, role.bypass_rls}) {
            put(flag ? "t" : "f");
        }
        put(std::to_string(role.connection_limit));
        put(role.password);
        put(role.valid_until);
        put(role.comment);
        for (const auto& [name, value] : role.settings) {
            put(name);
            put(value);
        }
        for (const auto& one : roles.memberships) {
            if (one.member == role.name) {
                put(one.role);
                put(std::string(one.admin ? "a" : "") + (one.inherit ? "i" : "") + (one.set ? "s" : ""));
            }
        }
        digests[role.name] = digest_of(text);
    }
    return digests;
}

} // namespace pgteal::cutover
