#include "health/logins/tried_logins.hpp"

#include "base/program.hpp"
#include "health/checks/reach.hpp"
#include "health/facts/verdict.hpp"
#include "postgres/quote.hpp"

namespace pgteal::health {

namespace {

bool says(const std::string& text, std::string_view words) { return text.find(words) != std::string::npos; }

RoleOnBoth role_of(const LoginsTried& all, const std::string& user) {
    const auto found = all.roles.find(user);
    return found == all.roles.end() ? RoleOnBoth{} : found->second;
}

/// SQLSTATE of a refusal. PgBouncer 1.18 hands on the server's words and says 08P01 itself, whatever it was;
/// "" when the words are in a language that is not known here.
std::string code_of(const TriedLogin& login) {
    if (login.sqlstate != "08P01") {
        return login.sqlstate;
    }
    static const std::vector<std::pair<std::string_view, std::string>> known{
        {"server login failed", "08P01"}, // PgBouncer's own
        {"pg_hba.conf", "28000"},
        {"password authentication failed", "28P01"},
        {"authentication failed for user", "28000"},
        {"is not permitted to log in", "28000"},
        {"too many connections for", "53300"},
        {"clients already", "53300"},
        {"connection slots", "53300"},
        {"permission denied for database", "42501"},
        {"the database system is", "57P03"}};
    for (const auto& [words, code] : known) {
        if (says(login.problem, words)) {
            return code;
        }
    }
    return !says(login.problem, "does not exist") ? ""
           : login.problem.starts_with("role")    ? "28000"
                                                  : "3D000";
}

/// What is amiss with a login; no message: nothing.
struct Problem {
    std::string message, fix;
    bool sure = true;
    bool always = false; ///< also where another pooler's login is all right
};

std::string where(const LoginsTried& all, const TriedLogin& login) {
    return all.to + " (" + login.address + ", database " + login.database + ")";
}

/// With the secret going from server to server, shown to nobody and logged nowhere.
std::string carry_secret(const LoginsTried& all, const std::string& role) {
    const auto sql = "SELECT format('ALTER ROLE %I PASSWORD %L', rolname, rolpassword) FROM pg_authid WHERE "
                     "rolname = " +
                     postgres::quote_literal(role);
    const postgres::Program read{{"psql", all.from_dsn, "-XAtc", sql}, {}};
    const postgres::Program write{{"psql", all.to_dsn, "-Xq"}, {}};
    auto fix = postgres::to_string(read) +
               " | PGOPTIONS='-c log_statement=none -c log_min_duration_statement=-1 -c track_activities=off "
               "-c pg_stat_statements.track_utility=off' " +
               postgres::to_string(write);
    return role != all.own ? fix
                           : fix + "   then put " + all.from + "'s password of " + role +
                                 " where pgteal takes the one for " + all.to + " from";
}

Problem other_secret(const LoginsTried& all, const TriedLogin& login) {
    const auto kept = all.kept.contains(login.user);
    return {"role " + login.user + " has another password on " + all.to + " than on " + all.from +
                (!kept ? ""
                 : login.user == all.own
                     ? ", as it is pgteal's own there, which prepare leaves alone"
                     : ", as it is the bootstrap superuser there, which prepare leaves alone") +
                ". " + login.pooler + " (entry " + login.entry + ") logs in with " + all.from +
                "'s, so its clients would be refused once they are moved.",
            carry_secret(all, login.user)};
}

Problem refused(const LoginsTried& all, const TriedLogin& login, std::string fix) {
    return {login.pooler + " can't log in to " + where(all, login) + " as " + login.user + ": " +
                login.problem + ". Such clients of entry " + login.entry +
                " would be refused once they are moved.",
            std::move(fix)};
}

Problem not_reached(const LoginsTried& all, const TriedLogin& login) {
    const bool tls = says(login.problem, "SSL") || says(login.problem, "TLS");
    return {login.pooler + " does not reach " + where(all, login) + ": " + login.problem +
                ". No client of entry " + login.entry + " would be served once they are moved.",
            tls ? "give " + all.to + " a certificate that server_tls_ca_file of " + login.pooler +
                      " vouches for (ssl = on), or ease "
                      "server_tls_sslmode in its config file and RELOAD"
                : "see that " + all.to +
                      " runs and listens there (listen_addresses, firewall); if the poolers reach "
                      "it by another address than pgteal: pooler_host and pooler_port in [" +
                      all.to + "] of pgteal.toml"};
}

Problem no_role(const LoginsTried& all, const TriedLogin& login) {
    return refused(all, login,
                   "make role " + login.user + " on " + all.to + " as it is on " + all.from +
                       " (pg_dumpall --roles-only shows how)");
}

Problem wrong_password(const LoginsTried& all, const TriedLogin& login, const RoleOnBoth& role) {
    if (!role.on_to) {
        return no_role(all, login);
    }
    if (role.on_from && !role.same_secret) {
        return other_secret(all, login);
    }
    return refused(all, login,
                   "put the password that " + login.user + " has on " + all.from + " into auth_file of " +
                       login.pooler + " and RELOAD; look at VALID UNTIL too");
}

Problem another_server(const LoginsTried& all, const TriedLogin& login) {
    Problem problem;
    problem.message = login.pooler + " would lead entry " + login.entry + " to " + login.address +
                      ", where another server answers than " + all.to + " (system identifier " +
                      login.system + ", not " + all.system + "). Its clients would write there.";
    problem.fix = "put the address at which the poolers reach " + all.to +
                  " into pooler_host and pooler_port of [" + all.to + "] in pgteal.toml";
    problem.always = true;
    return problem;
}

/// SQLSTATE of a refusal at login (docs: "PostgreSQL Error Codes").
Problem judge_refusal(const LoginsTried& all, const TriedLogin& login, const RoleOnBoth& role, bool comes) {
    const auto code = code_of(login);
    if (code.empty()) {
        auto unknown =
            refused(all, login, "try it by hand; with lc_messages = 'C' on " + all.to + " pgteal can tell");
        unknown.sure = false;
        return unknown;
    }
    if (code == "08P01") { // PgBouncer's word for a stored password that can't answer
        return refused(all, login,
                       "write the password of " + login.user + " into auth_file of " + login.pooler +
                           " as plain text or as the SCRAM secret that " + all.from + " stores, and RELOAD");
    }
    if (code == "53300") { // the fence's CONNECTION LIMIT 0: looked at last, when all else was right
        const bool full = says(login.problem, "clients already") || says(login.problem, "connection slots");
        return full ? refused(all, login,
                              "raise max_connections of " + all.to + ", or end idle sessions there")
                    : Problem{};
    }
    if (code == "3D000" || code == "42501") { // behind the password
        return all.at_gate && !(code == "42501" && all.connect_comes)
                   ? refused(all, login,
                             "see that database " + login.database + " is on " + all.to + " and that " +
                                 login.user + " may connect to it")
                   : Problem{};
    }
    if (code == "28P01") {
        return comes && !(role.on_to && role.same_secret) ? Problem{} : wrong_password(all, login, role);
    }
    if (code == "28000" && !says(login.problem, "pg_hba.conf") && !role.on_to) {
        return comes ? Problem{} : no_role(all, login); // prepare makes the role
    }
    auto problem = refused(all, login, reach_fix(all.to, login.user, login.problem));
    problem.sure = !(all.group_rules && comes && !role.on_to);
    if (!problem.sure) {
        problem.message += " Lines for members of a role may let it in once prepare has carried the role.";
    }
    return problem;
}

Problem judge(const LoginsTried& all, const TriedLogin& login) {
    const auto role = role_of(all, login.user);
    const bool comes =
        (!all.at_gate || all.coming.contains(login.user)) && role.on_from && !all.kept.contains(login.user);
    if (all.roles.contains(login.user) && !role.on_from) {
        return {}; // a pool outlives its role, as that of a login which was made for an hour
    }
    if (login.open) {
        return login.system.empty() || login.system == all.system ? Problem{} : another_server(all, login);
    }
    if (!login.tried) {
        // Comparing is what is left.
        return all.kept.contains(login.user) && role.on_from && role.on_to && !role.same_secret
                   ? other_secret(all, login)
                   : Problem{};
    }
    if (login.wants_key) {
        if (role.on_from && !role.on_to && !comes) {
            return wrong_password(all, login, role);
        }
        return role.on_from && role.on_to && !role.same_secret && !comes ? other_secret(all, login)
                                                                         : Problem{};
    }
    return login.sqlstate.empty() ? not_reached(all, login) : judge_refusal(all, login, role, comes);
}

/// Works through another pooler.
bool works_elsewhere(const LoginsTried& all, const TriedLogin& login) {
    return std::any_of(all.tried.begin(), all.tried.end(), [&](const auto& other) {
        return other.pooler != login.pooler && other.tried && other.user == login.user &&
               other.database == login.database && holds(all, other);
    });
}

void judge_untried(CheckResult& result, const LoginsTried& all) {
    for (const auto& [pooler, why] : all.untried) {
        add(result, all.way_back || all.untried_accepted ? Level::warning : Level::error, pooler, pooler,
            pooler + ": whether it can log in to " + all.to + " could not be tried: " + why +
                ". If it can't, its clients would be refused once they are moved.",
            std::string(
                "run pgteal on the pooler's machine as root or as PgBouncer's user; or try each login by "
                "hand and say accept = [\"") +
                untried_logins + "\"] in [check] of pgteal.toml");
    }
    for (const auto& [pooler, path] : all.unreadable) {
        add(result, Level::error, pooler, path,
            pooler + ": the user that PgBouncer runs as can't read " + path +
                ". Its RELOAD would fail, with clients held.",
            "give that user the right to read the file and its folders (chown, chmod or setfacl)");
    }
}

} // namespace

bool holds(const LoginsTried& all, const TriedLogin& login) { return judge(all, login).message.empty(); }

CheckResult judge_tried_logins(const LoginsTried& all) {
    CheckResult result{id_of_tried_logins, {}, ""};
    judge_untried(result, all);
    std::set<std::string> said;
    std::set<std::string> poolers;
    std::size_t tried = 0;
    for (const auto& login : all.tried) {
        tried += login.tried ? 1U : 0U;
        poolers.insert(login.pooler);
        const auto problem = judge(all, login);
        if (problem.message.empty() || !said.insert(problem.message).second) {
            continue;
        }
        const bool enough = !problem.always && all.way_back && works_elsewhere(all, login);
        const bool certain = problem.sure && login.tried && !enough;
        add(result, certain ? Level::error : Level::warning, all.to, login.user, problem.message,
            problem.fix);
    }
    const bool in_time = std::all_of(all.tried.begin(), all.tried.end(), [&all](const auto& login) {
        return login.tried || all.untried.contains(login.pooler);
    });
    if (!in_time) {
        add(result, Level::warning, all.to, "",
            std::to_string(all.tried.size() - tried) + " of " + std::to_string(all.tried.size()) +
                " logins to " + all.to + " could not be tried in time.",
            "pgteal check");
    }
    result.summary =
        count_of(tried, "login") + " to " + all.to + " tried through " + count_of(poolers.size(), "pooler");
    return limited(std::move(result));
}

namespace {

/// rolpassword by role. Secret.
Task<std::map<std::string, std::string>> secrets_of(postgres::Server* server, std::string names, bool logins,
                                                    Deadline deadline) {
    const postgres::Params params{std::move(names), std::string(logins ? "true" : "false")};
    const auto rows = co_await server->exec(
        "",
        "SELECT rolname::text, coalesce(rolpassword, '') FROM "
        "pg_catalog.pg_authid WHERE rolname = ANY ($1::text[]) AND (rolcanlogin OR NOT $2::boolean)",
        params, deadline);
    std::map<std::string, std::string> secrets;
    for (int i = 0; i < rows.rows(); ++i) {
        secrets[rows.get<std::string>(i, 0)] = rows.get<std::string>(i, 1);
    }
    co_return secrets;
}

} // namespace

Task<std::map<std::string, RoleOnBoth>> compare_roles(postgres::Server& from, postgres::Server& to,
                                                      std::vector<std::string> names, Deadline deadline) {
    std::string array = "{";
    for (const auto& name : names) {
        array += array.size() > 1 ? ",\"" : "\"";
        for (const char c : name) {
            array += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
        }
        array += '"';
    }
    array += '}';
    const auto here = co_await secrets_of(&from, array, true, deadline);
    const auto there = co_await secrets_of(&to, array, false, deadline);
    std::map<std::string, RoleOnBoth> roles;
    for (const auto& name : names) {
        const auto a = here.find(name);
        const auto b = there.find(name);
        roles[name] = {a != here.end(), b != there.end(),
                       a != here.end() && b != there.end() && a->second == b->second};
    }
    co_return roles;
}

Task<bool> has_group_rules(postgres::Server& server, Deadline deadline) {
    const auto found = co_await server.exec(
        "",
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_hba_file_rules WHERE EXISTS (SELECT FROM "
        "pg_catalog.unnest(user_name) AS u WHERE u LIKE '+%') OR database && '{samerole,samegroup}'::text[])",
        {}, deadline);
    co_return found.get<bool>(0, 0);
}

} // namespace pgteal::health
