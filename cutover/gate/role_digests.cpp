#include "cutover/gate/role_digests.hpp"

#include "cutover/record/digest.hpp"

namespace pgteal::cutover {

std::string digest_of(const std::string& text) { return sha256(text).substr(0, 16); }

boost::json::object role_digests(const replication::Roles& roles) {
    boost::json::object all;
    for (const auto& [name, parts] : replication::parts_of(roles)) {
        boost::json::object digests;
        for (const auto& [part, value] : parts) {
            digests[part] = digest_of(value);
        }
        all[name] = std::move(digests);
    }
    return all;
}

replication::RoleChanges changes_since(const boost::json::object& recorded, const replication::Roles& now) {
    replication::RoleChanges changes;
    for (const auto& one : role_digests(now)) {
        const auto* was = recorded.if_contains(one.key());
        if (was == nullptr || !was->is_object()) {
            changes[one.key()].whole = true;
            continue;
        }
        const auto& before = was->as_object();
        const auto& after = one.value().as_object();
        std::set<std::string> parts;
        for (const auto& part : after) {
            const auto* digest = before.if_contains(part.key());
            if (digest == nullptr || *digest != part.value()) {
                parts.insert(part.key());
            }
        }
        for (const auto& part : before) {
            if (!after.contains(part.key())) {
                parts.insert(part.key());
            }
        }
        if (!parts.empty()) {
            changes[one.key()].parts = std::move(parts);
        }
    }
    return changes;
}

void note_changes(boost::json::object* recorded, const replication::RoleChanges& changes,
                  const replication::Roles& after) {
    const auto now = role_digests(after);
    for (const auto& [name, change] : changes) {
        const auto* digests = now.if_contains(name);
        if (digests == nullptr) {
            continue;
        }
        auto& was = (*recorded)[name];
        if (change.whole || !was.is_object()) {
            was = *digests;
            continue;
        }
        for (const auto& part : change.parts) {
            const auto* digest = digests->as_object().if_contains(part);
            if (digest == nullptr) {
                was.as_object().erase(part);
            } else {
                was.as_object()[part] = *digest;
            }
        }
    }
}

} // namespace pgteal::cutover
