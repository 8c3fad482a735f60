#include "migration/schema/grants.hpp"

#include <algorithm>
#include <map>
#include <sstream>
#include <vector>

#include "migration/schema/words.hpp"

namespace pgteal::migration::schema {

namespace {

using Grants = std::map<std::string, std::vector<std::string>>;

/// "app=INSERT,SELECT*; PUBLIC=SELECT"
Grants grants_of(std::string text) {
    if (text.starts_with("initial: ")) {
        text.erase(0, 9);
    }
    Grants grants;
    for (std::size_t from = 0; from < text.size();) {
        const auto to = std::min(text.find("; ", from), text.size());
        const auto entry = text.substr(from, to - from);
        if (const auto equals = entry.rfind('='); equals != std::string::npos) {
            std::istringstream in(entry.substr(equals + 1));
            for (std::string privilege; std::getline(in, privilege, ',');) {
                grants[entry.substr(0, equals)].push_back(privilege);
            }
        }
        from = to + 2;
    }
    return grants;
}

/// What PUBLIC has on an object whose privileges are the standard ones (docs: DDL, "Privileges").
Grants standard_grants(const std::string& kind) {
    if (kind == "function" || kind == "procedure" || kind == "aggregate") {
        return {{"PUBLIC", {"EXECUTE"}}};
    }
    if (kind == "language" || kind == "type" || kind == "domain") {
        return {{"PUBLIC", {"USAGE"}}};
    }
    if (kind == "database") {
        return {{"PUBLIC", {"CONNECT", "TEMPORARY"}}};
    }
    return {};
}

std::string grant_target(const Object& object) {
    if (object.kind == "column") {
        return "TABLE " + object.parent;
    }
    if (object.kind == "view" || object.kind == "materialized view" || object.kind == "foreign table") {
        return "TABLE " + object.name;
    }
    if (object.kind == "aggregate") {
        return "FUNCTION " + object.name;
    }
    if (object.kind == "foreign server") {
        return "FOREIGN SERVER " + object.name;
    }
    return upper(object.kind) + " " + object.name;
}

} // namespace

std::string grants(const Object& object, const Change& change) {
    const auto wanted = change.left.empty() ? standard_grants(object.kind) : grants_of(change.left);
    const auto have = change.right.empty() ? standard_grants(object.kind) : grants_of(change.right);
    const auto lines = [&object](const Grants& of, const Grants& without, const std::string& verb,
                                 const std::string& to) {
        std::string text;
        for (const auto& [who, list] : of) {
            const auto other = without.find(who);
            for (auto privilege : list) {
                if (who == "owner" ||
                    (other != without.end() && std::find(other->second.begin(), other->second.end(),
                                                         privilege) != other->second.end())) {
                    continue;
                }
                const bool grantable = privilege.ends_with('*');
                if (grantable) {
                    privilege.pop_back();
                }
                text += verb + " " + privilege + (object.kind == "column" ? " (" + object.name + ")" : "") +
                        " ON " + grant_target(object) + " " + to + " " + who +
                        (grantable && verb == "GRANT" ? " WITH GRANT OPTION" : "") + ";\n";
            }
        }
        return text;
    };
    auto text = lines(wanted, have, "GRANT", "TO") + commented(lines(have, wanted, "REVOKE", "FROM"));
    if (text.ends_with('\n')) {
        text.pop_back();
    }
    return text;
}

} // namespace pgteal::migration::schema
