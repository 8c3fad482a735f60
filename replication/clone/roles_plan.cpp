// What has to change so that the target has the source's roles.
#include <algorithm>

#include "catalog/setting_text.hpp"
#include "postgres/quote.hpp"
#include "replication/clone/roles.hpp"
#include "replication/clone/roles_memberships.hpp"
#include "replication/clone/sql.hpp"

namespace pgteal::replication {

namespace {

using postgres::quote_identifier;
using postgres::quote_literal;
using postgres::quote_literal_in_body;
using Settings = std::vector<std::pair<std::string, std::string>>;

bool has(const Settings& settings, const std::string& name) {
    return std::ranges::any_of(settings, [&](const auto& entry) { return entry.first == name; });
}

class Planner {
public:
    Planner(const Roles& source, const Roles& target, const std::string& keep)
        : source_(source), target_(target), keep_(keep) {}

    RolePlan plan() {
        if (source_.bootstrap != target_.bootstrap && !source_.bootstrap.empty()) {
            carry(source_.bootstrap_role);
        }
        for (const Role& role : source_.roles) {
            carry(role);
        }
        for (const auto& [name, value] : source_.settings_for_all) {
            if (std::ranges::find(target_.settings_for_all, std::pair(name, value)) ==
                target_.settings_for_all.end()) {
                add("ALTER ROLE ALL SET " + postgres::setting_text(name, value));
                ++plan_.differing;
            }
        }
        for (std::string& text : plan_memberships(source_, target_, keep_)) {
            add(std::move(text));
            ++plan_.differing;
        }
        return std::move(plan_);
    }

private:
    void add(postgres::SqlText text) { plan_.statements.push_back({"", std::move(text), {}}); }

    void carry(const Role& role) {
        if (role.name == keep_ || role.name == target_.bootstrap) {
            return;
        }
        const auto found = std::ranges::find(target_.roles, role.name, &Role::name);
        const bool exists = found != target_.roles.end();
        const auto before = plan_.statements.size();
        if (!exists) {
            plan_.created.push_back(role.name);
        }
        const Role absent;
        const Role& old = exists ? *found : absent;
        carry_attributes(role, old, exists);
        carry_settings(role, old);
        if (role.comment != old.comment) {
            add("COMMENT ON ROLE " + quote_identifier(role.name) + " IS " +
                (role.comment.empty() ? postgres::SqlText("NULL")
                                      : postgres::hidden_literal("comment", role.comment)));
        }
        if (exists && plan_.statements.size() != before) {
            ++plan_.differing;
        }
    }

    /// What differs, and no more: what is said of a role in a run is what changed.
    void carry_attributes(const Role& role, const Role& old, bool exists) {
        postgres::SqlText said;
        for (const auto& [name, flag] : role_flags) {
            if (!exists || role.*flag != old.*flag) {
                said += std::string(role.*flag ? " " : " NO") + name;
            }
        }
        if (!exists || role.connection_limit != old.connection_limit) {
            said += " CONNECTION LIMIT " + std::to_string(role.connection_limit);
        }
        if (expiry(role) != expiry(old)) {
            said += " VALID UNTIL " + quote_literal(expiry(role));
        }
        if (role.password != old.password && role.password.empty()) {
            said += " PASSWORD NULL";
        } else if (role.password != old.password) {
            const std::string name = "password_" + std::to_string(plan_.secrets.size() + 1);
            said += " PASSWORD " + postgres::late_literal(name);
            plan_.secrets.emplace(name, postgres::Binding{role.password, true});
        }
        if (!said.empty()) {
            add((exists ? "ALTER ROLE " : "CREATE ROLE ") + quote_identifier(role.name) + " WITH" + said);
        }
    }

    void carry_settings(const Role& role, const Role& old) {
        const std::string alter = "ALTER ROLE " + quote_identifier(role.name);
        for (const auto& entry : role.settings) {
            if (std::ranges::find(old.settings, entry) == old.settings.end()) {
                add(alter + " SET " + postgres::setting_text(entry.first, entry.second));
            }
        }
        for (const auto& [name, value] : old.settings) {
            if (!has(role.settings, name)) {
                add(alter + " RESET " + quote_identifier(name));
            }
        }
    }

    const Roles& source_;
    const Roles& target_;
    const std::string& keep_;
    RolePlan plan_;
};

} // namespace

std::string expiry(const Role& role) { return role.valid_until.empty() ? "infinity" : role.valid_until; }

RolePlan plan_roles(const Roles& source, const Roles& target, const std::string& keep) {
    return Planner(source, target, keep).plan();
}

std::vector<postgres::Statement> plan_database_settings(const Roles& source,
                                                        const std::vector<std::string>& databases) {
    std::vector<postgres::Statement> statements;
    const auto add = [&](const Role& role) {
        for (const auto& [database, settings] : role.database_settings) {
            if (std::ranges::find(databases, database) == databases.end()) {
                continue;
            }
            for (const auto& [name, value] : settings) {
                statements.push_back({"",
                                      "ALTER ROLE " + quote_identifier(role.name) + " IN DATABASE " +
                                          quote_identifier(database) + " SET " +
                                          postgres::setting_text(name, value),
                                      {}});
            }
        }
    };
    for (const Role& role : source.roles) {
        add(role);
    }
    add(source.bootstrap_role);
    return statements;
}

postgres::Statement drop_roles(const std::vector<std::string>& names) {
    std::string literals;
    for (const auto& name : names) {
        literals += (literals.empty() ? "" : ", ") + quote_literal_in_body(name);
    }
    std::string text(sql::drop_roles);
    const std::string place = "/* names */";
    text.replace(text.find(place), place.size(), literals);
    return {"", std::move(text), {"roles_left"}};
}

} // namespace pgteal::replication
