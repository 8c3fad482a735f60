#include "health/schema/carried_checks.hpp"

#include <algorithm>
#include <cctype>

#include "health/facts/verdict.hpp"
#include "health/schema/catalogs.hpp"
#include "postgres/quote.hpp"

namespace pgteal::health {

namespace {

Level level_of(const std::vector<std::string>& accept, const std::string& check) {
    return accepted(accept, check) ? Level::warning : Level::error;
}

/// Of the extension that brings a provider of labels, where that has another name.
std::string library_of(const std::string& provider) { return provider == "selinux" ? "sepgsql" : provider; }

bool loads(const ServerFacts& server, const std::string& provider) {
    for (const auto* setting :
         {"shared_preload_libraries", "session_preload_libraries", "local_preload_libraries"}) {
        if (server.setting(setting).find(library_of(provider)) != std::string::npos) {
            return true;
        }
    }
    return false;
}

std::string label_sql(const LabelRow& label) {
    return "SECURITY LABEL FOR " + postgres::quote_identifier(label.provider) + " ON " + label.kind + " " +
           postgres::quote_identifier(label.name) + " IS " + postgres::quote_literal(label.label) + ";";
}

bool has(const ServerFacts* server, const LabelRow& wanted) {
    return server != nullptr &&
           std::any_of(server->labels.begin(), server->labels.end(), [&](const auto& one) {
               return one.kind == wanted.kind && one.name == wanted.name && one.provider == wanted.provider &&
                      one.label == wanted.label;
           });
}

} // namespace

MemberRow MemberRow::on_any_major() const {
    MemberRow same = *this;
    const std::string catalog = "pg_catalog.";
    for (auto at = same.name.find(catalog); at != std::string::npos; at = same.name.find(catalog)) {
        same.name.erase(at, catalog.size());
    }
    return same;
}

namespace {

/// As ALTER EXTENSION ... DROP names it.
std::string drop_member(const MemberRow& member) {
    auto type = member.type == "composite type" ? std::string("type") : member.type;
    std::transform(type.begin(), type.end(), type.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return "ALTER EXTENSION " + postgres::quote_identifier(member.extension) + " DROP " + type + " " +
           member.name + ";";
}

/// The members that the scripts of their extensions don't make, and tables with rows whoever made them.
std::vector<LeftRow> strange_members(const DatabaseFacts& database) {
    std::vector<LeftRow> strange;
    for (const auto& member : database.members) {
        const auto script = database.scripts.find(member.extension);
        if (script != database.scripts.end() && !script->second.contains(member.on_any_major())) {
            strange.push_back({member.type.ends_with("table") ? "extension table" : "extension member",
                               member.name, member.type, member.extension, drop_member(member)});
        }
    }
    for (const auto& row : database.left) {
        const bool rows = row.kind == "extension rows";
        const bool guess = row.kind == "extension table" || row.kind == "extension member";
        const bool named = std::any_of(strange.begin(), strange.end(), [&row](const auto& one) {
            return one.name == row.name && one.type == row.type;
        });
        if (!named && (rows || (guess && !database.scripts.contains(row.owner)))) {
            strange.push_back(row);
        }
    }
    return strange;
}

} // namespace

CheckResult check_extension_members(const std::vector<DatabaseFacts>& databases,
                                    const std::vector<std::string>& accept) {
    CheckResult result{"extension-members", {}, "as their extensions make them"};
    for (const auto& database : databases) {
        for (const auto& row : strange_members(database)) {
            const bool table = row.kind != "extension member";
            add(result, level_of(accept, result.check), "blue", database.name + ": " + row.name,
                row.type + " " + row.name + " is a member of extension " + row.owner +
                    ", so that pg_dump leaves it" + (table ? " and its rows" : "") +
                    " to CREATE EXTENSION, and no lane carries it. After the cutover clients would find it " +
                    (table ? "missing, or without these rows." : "missing, or as the extension makes it."),
                row.fix +
                    "  Then it is carried like the others; where the extension does make it, and nobody "
                    "needs what is in it: \"extension-members\" in accept");
        }
    }
    return limited(std::move(result));
}

CheckResult check_system_schemas(const std::vector<DatabaseFacts>& databases, const ServerFacts* green,
                                 const std::vector<std::string>& accept) {
    CheckResult result{"system-schemas", {}, "nothing of users in them"};
    for (const auto& database : databases) {
        for (const auto& row : database.left) {
            if (row.kind == "system schema") {
                add(result, level_of(accept, result.check), "blue", database.name + ": " + row.name,
                    row.type + " " + row.name + " is in schema " + row.owner +
                        ", which pg_dump takes for the system's. After the cutover clients would find it "
                        "missing.",
                    row.fix + "  or make it on green by hand, and: \"system-schemas\" in accept");
            }
        }
        for (const auto& [name, sum] : database.text_search) {
            const auto* there = green == nullptr ? nullptr : &green->text_search;
            if (there == nullptr || (there->contains(name) && there->at(name) == sum)) {
                continue;
            }
            add(result, level_of(accept, result.check), "blue", database.name + ": pg_catalog." + name,
                "the system's text search configuration " + name +
                    " is another one than green's: it, or a dictionary of it, was altered, and no dump has "
                    "that. After the cutover clients would find other rows by their words.",
                "Make one of your own, which is carried, and use that: CREATE TEXT SEARCH CONFIGURATION "
                "public.own (COPY = pg_catalog." +
                    name +
                    ");  or, after pgteal prepare, alter green's alike, and: \"system-schemas\" in accept");
        }
    }
    return limited(std::move(result));
}

CheckResult check_security_labels(const ServerFacts& blue, const ServerFacts* green,
                                  const std::vector<DatabaseFacts>& databases,
                                  const std::vector<std::string>& accept) {
    CheckResult result{
        "security-labels", {}, blue.labels.empty() ? "none on roles and databases" : "on both sides"};
    for (const auto& label : blue.labels) {
        if (has(green, label)) {
            continue;
        }
        const bool role = label.kind == "ROLE";
        add(result, level_of(accept, result.check), "blue", label.name,
            (role ? "role " : "database ") + label.name + " has a security label of " + label.provider +
                ", which no dump holds. After the cutover it would be without it: what " + label.provider +
                " keeps from it, or masks for it, it would see.",
            role ? "on green, once the role is there (CREATE ROLE " + postgres::quote_identifier(label.name) +
                       "):  " + label_sql(label)
                 : "\"security-labels\" in accept; after pgteal prepare, on green:  " + label_sql(label));
    }
    for (const auto& database : databases) {
        for (const auto& row : database.left) {
            if (row.kind == "label" && green != nullptr && !loads(*green, row.name)) {
                add(result, Level::warning, "green", database.name + ": " + row.name,
                    "objects in " + database.name + " have security labels of " + row.name +
                        ", and green doesn't seem to load it (shared_preload_libraries, "
                        "session_preload_libraries). They could not be restored there.",
                    "ALTER SYSTEM SET session_preload_libraries = '" + library_of(row.name) +
                        "';  then SELECT pg_reload_conf();");
            }
        }
    }
    return limited(std::move(result));
}

CheckResult check_catalogs(const std::vector<const ServerFacts*>& sides) {
    CheckResult result{"catalogs", {}, std::to_string(catalogs().size()) + " known"};
    for (const auto* side : sides) {
        std::vector<std::string> unknown;
        for (const auto& name : side->catalogs) {
            if (find_catalog(name) == nullptr) {
                unknown.push_back(name);
            }
        }
        if (!unknown.empty()) {
            add(result, Level::warning, side->side, "",
                side->side + " has catalogs that this pgteal doesn't know (" + list_of(unknown) +
                    "). What is in them may stay behind.",
                "Look what they hold, or use a pgteal that knows PostgreSQL " +
                    std::to_string(side->major()) + ".");
        }
    }
    return result;
}

namespace {

/// As an entry that leads to blue has it.
std::string lead_to_blue(const PoolerFacts& pooler, const PoolerFacts::Entry& entry) {
    const auto like = std::find_if(pooler.entries.begin(), pooler.entries.end(),
                                   [](const auto& one) { return one.points_at_blue && !one.star; });
    return like == pooler.entries.end()
               ? ""
               : "write host=" + like->host + " port=" + like->port + " into entry " + entry.name + " of " +
                     pooler.name + "'s file, and RELOAD, so that it is moved with the others;  ";
}

} // namespace

CheckResult check_standby_entries(const ServerFacts& blue, const std::vector<PoolerFacts>& poolers,
                                  const std::vector<std::string>& databases,
                                  const std::vector<std::string>& accept) {
    CheckResult result{"standby-entries", {}, "no entry leads to a standby of blue"};
    for (const auto& pooler : poolers) {
        for (const auto& entry : pooler.entries) {
            const bool ours =
                std::find(databases.begin(), databases.end(), entry.database) != databases.end();
            const bool standby =
                std::any_of(entry.addresses.begin(), entry.addresses.end(), [&](const auto& one) {
                    return std::find(blue.standbys.begin(), blue.standbys.end(), one) != blue.standbys.end();
                });
            if (!ours || !standby || entry.points_at_a_side || entry.wanted) {
                continue;
            }
            add(result, level_of(accept, result.check), pooler.name, entry.name,
                "entry " + entry.name + " of " + pooler.name + " leads to " + entry.host + ":" + entry.port +
                    ", where a standby of blue runs. Nothing moves it: after the cutover its clients would "
                    "go "
                    "on reading what blue's standby has.",
                lead_to_blue(pooler, entry) + "or, when you move it yourself after the cutover: "
                                              "\"standby-entries\" in accept");
        }
    }
    return limited(std::move(result));
}

} // namespace pgteal::health
