#include "health/checks/green_checks.hpp"

#include "health/facts/verdict.hpp"
#include "postgres/quote.hpp"

namespace pgteal::health {

namespace {

std::string locale_text(const DatabaseRow& row) {
    if (row.provider == "c") {
        return row.collate == row.ctype ? row.collate : row.collate + "/" + row.ctype;
    }
    return (row.provider == "i" ? "ICU " : "builtin ") + row.locale;
}

/// C, POSIX and C.UTF-8 order by code point whatever the library's version.
bool by_code_point(const std::string& collate) {
    return collate == "C" || collate == "POSIX" || collate.rfind("C.", 0) == 0;
}

/// Where it is on blue: a server makes a folder of its major's own in there.
std::string make_tablespace(const std::string& name, const std::map<std::string, std::string>& on_blue) {
    const auto found = on_blue.find(name);
    const auto location = found == on_blue.end() ? "" : found->second;
    const bool in_place = !location.starts_with('/'); // docs: allow_in_place_tablespaces
    return std::string("on green:  ") + (in_place ? "SET allow_in_place_tablespaces = on;  " : "") +
           "CREATE TABLESPACE " + postgres::quote_identifier(name) + " LOCATION " +
           postgres::quote_literal(in_place ? "" : location) + ";" +
           (in_place ? "" : "  with that folder, or another one, made before and given to the server's user");
}

/// What the config may have meant.
std::string right_name(const std::vector<std::string>& there, const std::vector<std::string>& databases) {
    std::vector<std::string> others;
    for (const auto& name : there) {
        if (name != "postgres" && !among(databases, name)) {
            others.push_back(name);
        }
    }
    return others.size() == 1 ? "name = \"" + others.front() + "\" in [[database]] of pgteal.toml"
                              : "correct name in [[database]] of pgteal.toml, or take it out";
}

} // namespace

CheckResult check_databases(const ServerFacts& blue, const std::vector<std::string>& databases) {
    CheckResult result{"databases", {}, list_of(databases)};
    if (databases.empty()) {
        add(result, Level::error, "", "", "no database is named in the config. There is nothing to move.",
            "[[database]] name = \"app\"");
    }
    std::vector<std::string> there;
    for (const auto& row : blue.databases) {
        if (row.usable) {
            there.push_back(row.name);
        }
    }
    for (const auto& name : databases) {
        const auto* row = blue.database(name);
        if (row == nullptr) {
            add(result, Level::error, "blue", name,
                "database " + name + " does not exist on blue. Blue has: " + list_of(there, 10) + ".",
                right_name(there, databases));
        } else if (!row->usable) {
            add(result, Level::error, "blue", name,
                "database " + name +
                    " is a template or takes no connections. Lanes could not connect to it, and neither can "
                    "clients.",
                "ALTER DATABASE " + postgres::quote_identifier(name) +
                    " WITH ALLOW_CONNECTIONS true IS_TEMPLATE false;  or leave it out of the config");
        }
    }
    return result;
}

CheckResult check_green_empty(const std::vector<GreenDatabase>& existing, bool run_started) {
    CheckResult result{"green-empty", {}, run_started ? "a run is under way" : "nothing in the way"};
    if (run_started) {
        return result;
    }
    for (const auto& database : existing) {
        if (database.objects.empty()) {
            continue;
        }
        std::vector<std::string> names;
        for (const auto& object : database.objects) {
            names.push_back(object.kind + " " + object.name);
        }
        add(result, Level::error, "green", database.name,
            "database " + database.name + " exists on green and is not empty: " + list_of(names) +
                ". The schema could not be restored into it, and clients could be shown rows that blue never "
                "had.",
            "DROP DATABASE " + postgres::quote_identifier(database.name) +
                ";  once you are sure that nobody needs it (pgteal makes it anew)");
    }
    return result;
}

CheckResult check_locale(const ServerFacts& blue, const ServerFacts& green,
                         const std::vector<std::string>& databases, const std::vector<LocaleTrial>& trials) {
    CheckResult result{"locale", {}, "encodings and locales known on green"};
    const auto* maintenance = green.database("postgres");
    for (const auto& trial : trials) {
        const auto* row = blue.database(trial.database);
        if (row == nullptr || trial.problem.empty()) {
            continue;
        }
        // The trial runs in green's maintenance database; under another encoding than the database's it
        // proves nothing.
        const bool certain = maintenance == nullptr || maintenance->encoding == row->encoding;
        add(result, certain ? Level::error : Level::warning, "green", trial.database,
            "database " + trial.database + " has the locale " + locale_text(*row) +
                ", which green refuses: " + trial.problem + ". The database could not be made there.",
            row->provider == "c" ? "Install the locale on green's machine (locale-gen, or the package "
                                   "locales-all) and restart green."
                                 : "Use a green that was built with this locale provider.");
    }
    for (const auto& name : databases) {
        const auto* from = blue.database(name);
        const auto* to = green.database(name);
        if (from == nullptr || to == nullptr) {
            continue;
        }
        if (from->encoding != to->encoding) {
            add(result, Level::error, "green", name,
                "database " + name + " has the encoding " + to->encoding + " on green and " + from->encoding +
                    " on blue. Text that green can't hold would stop its lane.",
                "DROP DATABASE " + postgres::quote_identifier(name) + ";  (pgteal makes it anew as on blue)");
        } else if (locale_text(*from) != locale_text(*to)) {
            add(result, Level::warning, "green", name,
                "database " + name + " has the locale " + locale_text(*to) + " on green and " +
                    locale_text(*from) + " on blue. Clients would see another order of text.",
                "DROP DATABASE " + postgres::quote_identifier(name) + ";  (pgteal makes it anew as on blue)");
        }
    }
    return result;
}

CheckResult check_collation_versions(const ServerFacts& blue, const ServerFacts& green,
                                     const std::vector<std::string>& databases) {
    CheckResult result{"collation-versions", {}, "same order of text"};
    for (const auto& name : databases) {
        const auto* row = blue.database(name);
        if (row == nullptr || row->provider == "b" || (row->provider == "c" && by_code_point(row->collate))) {
            continue;
        }
        const bool icu = row->provider == "i";
        const std::string& from = icu ? blue.collations.icu : blue.collations.libc;
        const std::string& to = icu ? green.collations.icu : green.collations.libc;
        if (!from.empty() && !to.empty() && from != to) {
            add(result, Level::warning, "green", name,
                "database " + name + " sorts by " + locale_text(*row) + ", whose collation version is " +
                    from + " on blue and " + to +
                    " on green. Indexes are built anew there, so nothing breaks, but clients may see some "
                    "texts in another order, and range partitions "
                    "on text may refuse rows.");
        }
    }
    return result;
}

CheckResult check_extensions(const ServerFacts& green, const std::vector<DatabaseFacts>& databases) {
    CheckResult result{"extensions", {}, ""};
    std::set<std::string> wanted;
    for (const auto& database : databases) {
        for (const auto& extension : database.extensions) {
            wanted.insert(extension.name);
            const std::string object = database.name + ": " + extension.name;
            const auto found = green.extensions.find(extension.name);
            if (found == green.extensions.end()) {
                add(result, Level::error, "green", object,
                    "extension " + extension.name + " (" + extension.version +
                        " on blue) is not installed on green's machine. The schema of " + database.name +
                        " could not be restored there.",
                    "install the package that brings " + extension.name + " for PostgreSQL " +
                        std::to_string(green.major()) + ";  or, where nothing needs it, on blue, database " +
                        database.name + ":  DROP EXTENSION " + postgres::quote_identifier(extension.name) +
                        ";");
            } else if (!among(found->second.versions, extension.version)) {
                add(result, Level::warning, "green", object,
                    "extension " + extension.name + " is " + extension.version + " on blue, and green has " +
                        list_of(found->second.versions) + "; it would be made as " +
                        found->second.default_version + ". Clients may find its functions changed.");
            }
        }
    }
    result.summary = "extensions " + std::to_string(wanted.size()) + " of " + std::to_string(wanted.size());
    return limited(std::move(result));
}

CheckResult check_tablespaces(const ServerFacts& blue, const ServerFacts& green,
                              const std::vector<DatabaseFacts>& databases) {
    CheckResult result{"tablespaces", {}, "no missing one"};
    for (const auto& database : databases) {
        std::set<std::string> used(database.tablespaces.begin(), database.tablespaces.end());
        if (const auto* row = blue.database(database.name);
            row != nullptr && row->tablespace != "pg_default") {
            used.insert(row->tablespace);
        }
        for (const auto& name : used) {
            if (!green.tablespaces.contains(name)) {
                add(result, Level::error, "green", database.name + ": " + name,
                    "tablespace " + name + " is used by database " + database.name +
                        " and does not exist on green. Its tables could not be made there.",
                    make_tablespace(name, blue.tablespaces));
            }
        }
    }
    return result;
}

} // namespace pgteal::health
