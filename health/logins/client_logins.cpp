#include "health/logins/client_logins.hpp"

#include "base/program.hpp"
#include "health/facts/hba_line.hpp"
#include "health/facts/verdict.hpp"

namespace pgteal::health {

namespace {

bool wants_password(const std::string& method) {
    return method == "scram-sha-256" || method == "md5" || method == "password";
}

/// Methods that let the same client in by the same proof.
std::string kind_of(const std::string& method) { return wants_password(method) ? "password" : method; }

std::string seen_from(const HbaClient& client) {
    return client.address.empty() ? "the local socket" : client.address;
}

std::string who(const ClientLogin& client) {
    return "role " + client.there.role + " (database " + client.there.database + ", from " +
           seen_from(client.there) + ")";
}

std::string place(const HbaRule& rule) { return "line " + std::to_string(rule.line) + " of " + rule.file; }

std::string fix_line(const HbaFacts& to, const HbaClient& client) {
    const auto& rules = to.rules;
    const auto file = rules.empty() ? "pg_hba.conf of " + to.side : rules.front().file;
    return "on " + to.side + ", first in " + file + ":  " +
           hba_line(hba_name(client.database), client.role, client.address) +
           "   then SELECT pg_reload_conf();";
}

/// Why a login that gets to this line must fail for want of a fitting password; "" when it need not.
std::string password_problem(const std::string& method, const std::string& stored) {
    if (wants_password(method) && stored == "none") {
        return "the role has no password";
    }
    return method == "scram-sha-256" && stored == "md5" ? "the role's password is stored as md5" : "";
}

void judge_refused(CheckResult& result, const HbaFacts& to, const ClientLogin& client,
                   const HbaVerdict& verdict) {
    const bool certain = client.of_pooler && !verdict.unsure;
    const auto why = verdict.rule ? place(*verdict.rule) + " rejects it" : "no line lets it in";
    add(result, certain ? Level::error : Level::warning, to.side, client.there.role,
        "pg_hba.conf of " + to.side + " refuses " + who(client) + ": " + why + "." +
            (!client.of_pooler ? " It does not come from the poolers' machine; it would have to be led to " +
                                     to.side + " by hand, and could not log in there."
             : verdict.unsure ? " A line before it, with a host name, samenet or TLS, may let it in; else "
                                "its clients would hang once they are moved."
                              : " Its clients would hang once they are moved."),
        fix_line(to, client.there));
}

void judge_client(CheckResult& result, const HbaFacts& from, const HbaFacts& to, const ClientLogin& client) {
    const auto there = first_match(to.rules, client.there, to.address);
    if (!there.rule || there.rule->method == "reject") {
        judge_refused(result, to, client, there);
        return;
    }
    const auto here = first_match(from.rules, client.here, from.address);
    const auto was = here.rule ? here.rule->method : std::string();
    if (was == there.rule->method || there.rule->method == "trust") {
        return;
    }
    const auto problem = password_problem(there.rule->method, client.stored);
    if (!problem.empty()) {
        const bool certain = client.of_pooler && !there.unsure;
        add(result, certain ? Level::error : Level::warning, to.side, client.there.role,
            "pg_hba.conf of " + to.side + " asks " + who(client) + " for " + there.rule->method + ": " +
                place(*there.rule) + ". But " + problem + ", so its clients could not log in there.",
            client.stored == "md5"
                ? "with password_encryption = scram-sha-256, set the role's password anew on " + from.side +
                      " (and in the poolers' auth_file), or say md5 in that line of " + to.side
                : "give the role a password on " + from.side +
                      " and in the poolers' auth_file, or give it a "
                      "line of its own on " +
                      to.side + " as " + from.side + " has it (" + was + ")");
    } else if (kind_of(was) != kind_of(there.rule->method)) {
        add(result, Level::warning, to.side, client.there.role,
            "pg_hba.conf of " + to.side + " asks " + who(client) + " for " + there.rule->method + " (" +
                place(*there.rule) + "); " + from.side + " asks for " +
                (was.empty() ? "something else" : was) +
                ". Whether its clients can log in there can't be seen from here.",
            "see that the poolers can log in to " + to.side + " as " + client.there.role +
                ", or write that line as it is on " + from.side);
    }
}

} // namespace

CheckResult judge_client_logins(const HbaFacts& from, const HbaFacts& to,
                                const std::vector<ClientLogin>& clients) {
    CheckResult result{id_of_client_logins, {}, ""};
    for (const auto& rule : to.rules) {
        if (!rule.error.empty()) {
            add(result, Level::warning, to.side, "pg_hba.conf",
                place(rule) + " on " + to.side + " has an error: " + rule.error +
                    ". The server leaves the line out, or goes on with what it read before.",
                "on " + to.side + ", correct " + place(rule) + ", or take it out:  " +
                    postgres::to_string(
                        postgres::Program{{"sed", "-i", std::to_string(rule.line) + "d", rule.file}, {}}) +
                    "   then SELECT pg_reload_conf();");
        }
    }
    for (const auto& client : clients) {
        judge_client(result, from, to, client);
    }
    result.summary =
        std::to_string(clients.size()) + (clients.size() == 1 ? " client login" : " client logins");
    return limited(std::move(result));
}

} // namespace pgteal::health
