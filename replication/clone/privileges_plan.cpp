// From two lists of privileges and what one of them was, to GRANT and REVOKE.
#include <algorithm>
#include <tuple>

#include "postgres/quote.hpp"
#include "replication/clone/privileges.hpp"

namespace pgteal::replication {

namespace {

constexpr std::string_view role_mark = "role:";
constexpr int maintain_since = 170000;
constexpr std::size_t names_a_statement = 100;
constexpr int longest_chain = 16;

/// GRANT or REVOKE of one privilege.
struct Change {
    bool grant = false;
    /// 0: by the owner; n: by somebody to whom n others had to give it first; -n for REVOKE, the last one
    /// first.
    int depth = 0;
    Privilege what;
};

std::string role_of(const std::string& who) {
    return who.starts_with(role_mark) ? who.substr(role_mark.size()) : std::string();
}

const std::set<Privilege>& entries_of(const PrivilegeMap& map, const PrivilegeTarget& target) {
    static const std::set<Privilege> none;
    const auto found = map.find(target);
    return found == map.end() ? none : found->second.entries;
}

/// How many grants the one by `grantor` rests on.
int depth_of(const std::set<Privilege>& entries, std::string grantor, const std::string& privilege) {
    int depth = 0;
    while (grantor != "owner" && depth < longest_chain) {
        ++depth;
        const auto from = std::find_if(entries.begin(), entries.end(), [&](const auto& one) {
            return one.option && !one.taken && one.grantee == grantor && one.name == privilege;
        });
        grantor = from == entries.end() ? "owner" : from->grantor;
    }
    return depth;
}

/// Of a quoted, qualified name; "" of one without.
std::string schema_of(const std::string& name) {
    bool quoted = false;
    for (std::size_t i = 0; i < name.size() && (quoted || name[i] != '('); ++i) {
        quoted = quoted != (name[i] == '"');
        if (!quoted && name[i] == '.') {
            return name.substr(0, i);
        }
    }
    return {};
}

/// Statements that say the same of several objects are one.
/// The first is false for GRANT: grants come first, while those who grant still have what that needs.
using Key = std::tuple<bool, int, std::string, bool, std::string, std::string, std::string, std::string>;

class Planner {
public:
    Planner(const std::set<std::string>& roles, int version) : roles_(roles), version_(version) {}

    /// Whether the target can have it; says why not.
    bool fits(const PrivilegeTarget& target, const Privileges& here, const Privileges& there,
              const Privilege& what) {
        // What has the name by now may be a migration's, with rights that whoever granted has not. Only the
        // owner of schema public differs from major to major.
        if (here.owner != there.owner && target.name != "public") {
            plan_.left_out.insert(target.kind + " " + target.name + " has another owner there");
            return false;
        }
        for (const auto& who : {role_of(what.grantee), role_of(what.grantor)}) {
            if (!who.empty() && !roles_.contains(who)) {
                plan_.left_out.insert("role " + who + " is not there");
                waiting_.emplace_back(target, what);
                return false;
            }
        }
        return what.name != "MAINTAIN" || version_ >= maintain_since;
    }

    void change(const PrivilegeTarget& target, const Privileges& here, const Privileges& there,
                const Change& change) {
        const auto& what = change.what;
        auto& entries = entries_in_base(target, there);
        if (change.grant != what.taken) {
            entries.insert(what);
        } else {
            entries.erase(what);
        }
        auto& touched = plan_.touched[target];
        touched.owner = there.owner;
        touched.schema = here.schema;
        touched.entries.insert(what);
        ++plan_.changes;
        plan_.of_database = plan_.of_database || target.kind == "DATABASE";
        const Key key{!change.grant, change.depth, target.prefix,         what.option,
                      target.kind,   target.name,  role_of(what.grantor), grantee_of(what, there)};
        groups_[key].insert(words_of(target, what));
    }

    void refuse(const PrivilegeTarget& target, const Privileges& there, const Privilege& what) {
        plan_.refused.emplace_back(
            role_of(what.grantor),
            statement({false, 0, target.prefix, what.option, target.kind, "", "", grantee_of(what, there)},
                      words_of(target, what), target.name));
    }

    PrivilegePlan plan(const std::string& database, PrivilegeMap target_base) {
        // Those of one object first; then objects of which the same is said.
        std::map<std::pair<Key, std::string>, std::vector<std::string>> alike;
        for (const auto& [key, privileges] : groups_) {
            std::string list;
            for (const auto& one : privileges) {
                list += (list.empty() ? "" : ", ") + one;
            }
            auto without_name = key;
            std::get<5>(without_name).clear();
            alike[{without_name, list}].push_back(std::get<5>(key));
        }
        for (const auto& [key, names] : alike) {
            for (std::size_t from = 0; from < names.size(); from += names_a_statement) {
                std::string some;
                for (std::size_t i = from; i < std::min(names.size(), from + names_a_statement); ++i) {
                    some += (some.empty() ? "" : ", ") + names[i];
                }
                const auto& grantor = std::get<6>(key.first);
                const auto schema = schema_of(names[from]);
                if (!grantor.empty() && !schema.empty()) {
                    plan_.needs[plan_.statements.size()] =
                        "GRANT USAGE ON SCHEMA " + schema + " TO " + postgres::quote_identifier(grantor);
                }
                plan_.statements.push_back({database, statement(key.first, key.second, some), {}});
            }
        }
        for (auto& [target, privileges] : base_changes_) {
            target_base[target] = std::move(privileges);
        }
        plan_.target_base = std::move(target_base);
        return std::move(plan_);
    }

    /// Once the role is there it is looked at again.
    PrivilegeMap without_waiting(PrivilegeMap source, const PrivilegeMap& base) const {
        for (const auto& [target, what] : waiting_) {
            const auto known = base.find(target);
            const auto fresh = known == base.end()
                                   ? Privileges()
                                   : Privileges{known->second.owner, known->second.schema, {}};
            auto& now = source.try_emplace(target, fresh).first->second;
            if (now.entries.erase(what) == 0) {
                now.entries.insert(what);
            }
        }
        return source;
    }

    void begin(const PrivilegeMap* target_base) { target_base_ = target_base; }
    void leave_out(std::string why) { plan_.left_out.insert(std::move(why)); }

private:
    std::set<Privilege>& entries_in_base(const PrivilegeTarget& target, const Privileges& there) {
        const auto found = base_changes_.find(target);
        if (found != base_changes_.end()) {
            return found->second.entries;
        }
        auto& fresh = base_changes_[target];
        fresh = there;
        fresh.entries = entries_of(*target_base_, target);
        return fresh.entries;
    }

    static std::string grantee_of(const Privilege& what, const Privileges& there) {
        return what.grantee == "public"  ? "PUBLIC"
               : what.grantee == "owner" ? postgres::quote_identifier(there.owner)
                                         : postgres::quote_identifier(role_of(what.grantee));
    }

    static std::string words_of(const PrivilegeTarget& target, const Privilege& what) {
        return what.name + (target.column.empty() ? "" : " (" + target.column + ")");
    }

    /// A superuser's GRANT is the owner's. What others granted is granted in their name, for good to be
    /// theirs to revoke.
    static std::string statement(const Key& key, const std::string& privileges, const std::string& names) {
        const auto& [taking, depth, prefix, option, kind, none, grantor, grantee] = key;
        const bool grant = !taking;
        const auto on = privileges + " ON " + kind + (names.empty() ? "" : " " + names);
        const auto text =
            prefix + (grant ? "GRANT " + on + " TO " + grantee + (option ? " WITH GRANT OPTION" : "")
                            : std::string("REVOKE ") + (option ? "GRANT OPTION FOR " : "") + on + " FROM " +
                                  grantee + " CASCADE");
        return grantor.empty() ? text
                               : "BEGIN READ WRITE; SET LOCAL ROLE " + postgres::quote_identifier(grantor) +
                                     "; " + text + "; COMMIT";
    }

    const std::set<std::string>& roles_;
    int version_;
    const PrivilegeMap* target_base_ = nullptr;
    std::map<Key, std::set<std::string>> groups_;
    PrivilegeMap base_changes_;
    std::vector<std::pair<PrivilegeTarget, Privilege>> waiting_;
    PrivilegePlan plan_;
};

/// Whether the target has what this is about.
bool exists_on(const PrivilegeMap& target, const PrivilegeTarget& what, const Privileges& source) {
    if (what.prefix.empty()) {
        return target.contains(what);
    }
    return source.schema.empty() || target.contains({"SCHEMA", source.schema, "", ""}) ||
           source.schema == "public";
}

std::vector<std::pair<int, Privilege>> by_depth(const std::set<Privilege>& entries) {
    std::vector<std::pair<int, Privilege>> sorted;
    for (const auto& one : entries) {
        sorted.emplace_back(depth_of(entries, one.grantor, one.name), one);
    }
    std::sort(sorted.begin(), sorted.end());
    return sorted;
}

bool may_grant(const std::set<Privilege>& there, const Privilege& what) {
    return what.grantor == "owner" || std::any_of(there.begin(), there.end(), [&what](const auto& one) {
               return one.option && !one.taken && one.name == what.name && one.grantee == what.grantor;
           });
}

/// From somebody else.
bool has_otherwise(const std::set<Privilege>& there, const Privilege& what) {
    return std::any_of(there.begin(), there.end(), [&what](const auto& one) {
        return !one.taken && one.option == what.option && one.name == what.name &&
               one.grantee == what.grantee;
    });
}

} // namespace

PrivilegeMap with_doubt(PrivilegeMap base, const PrivilegeMap& doubtful, const PrivilegeMap& source) {
    for (const auto& [target, privileges] : doubtful) {
        auto& was =
            base.try_emplace(target, Privileges{privileges.owner, privileges.schema, {}}).first->second;
        for (const auto& one : privileges.entries) {
            if (entries_of(source, target).contains(one)) {
                was.entries.erase(one);
            } else {
                was.entries.insert(one);
            }
        }
    }
    return base;
}

PrivilegePlan plan_privileges(const std::string& database, const PrivilegeMap& base,
                              const PrivilegeMap& source, const PrivilegeMap& target,
                              PrivilegeMap target_base, const std::set<std::string>& target_roles,
                              int target_version) {
    Planner planner(target_roles, target_version);
    // On the target, with what is planned; tables come before their columns.
    std::map<PrivilegeTarget, std::set<Privilege>> granted;
    planner.begin(&target_base);
    auto all = source;
    for (const auto& [what, privileges] :
         base) { // default privileges and a column's are gone when none are left
        const bool whole = what.prefix.empty() && what.column.empty();
        if (!whole && (!what.prefix.empty() || source.contains({what.kind, what.name, "", ""}))) {
            all.try_emplace(what, Privileges{privileges.owner, privileges.schema, {}});
        }
    }
    for (const auto& [what, now] : all) {
        if (!exists_on(target, what, now)) {
            if (base.contains(what) && entries_of(base, what) != now.entries) {
                planner.leave_out(what.kind + " " + what.name + " is not there by that name");
            }
            continue;
        }
        const auto found = target.find(what);
        const Privileges there =
            found == target.end() ? Privileges{now.owner, now.schema, {}} : found->second;
        const auto& was = entries_of(base, what);
        for (const auto& one : was) {
            if (!now.entries.contains(one) && there.entries.contains(one) &&
                planner.fits(what, now, there, one)) {
                const int depth = depth_of(was, one.grantor, one.name);
                planner.change(what, now, there, {one.taken, one.taken ? depth : -depth, one});
            }
        }
        auto& after = granted[what];
        after.insert(there.entries.begin(), there.entries.end());
        for (const auto& [depth, one] : by_depth(now.entries)) {
            if (was.contains(one) || there.entries.contains(one) || !planner.fits(what, now, there, one)) {
                continue;
            }
            // A server's GRANT without the option is a warning and does nothing, or fails.
            const auto table = granted.find({what.kind, what.name, "", what.prefix});
            if (one.taken || may_grant(after, one) ||
                (table != granted.end() && may_grant(table->second, one))) {
                planner.change(what, now, there, {!one.taken, one.taken ? -depth : depth, one});
                after.insert(one);
            } else if (!has_otherwise(after, one)) {
                planner.refuse(what, there, one);
            }
        }
    }
    auto plan = planner.plan(database, std::move(target_base));
    plan.source_base = planner.without_waiting(source, base);
    return plan;
}

} // namespace pgteal::replication
