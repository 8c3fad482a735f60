#include "health/checks/reach.hpp"

#include "base/error.hpp"
#include "health/facts/hba_line.hpp"
#include "health/facts/verdict.hpp"
#include "postgres/dsn.hpp"
#include "postgres/quote.hpp"

namespace pgteal::health {

namespace {

bool says(const std::string& text, std::string_view words) { return text.find(words) != std::string::npos; }

/// The server writes: no pg_hba.conf entry for host "10.0.0.7", user "pgteal", database "app", no encryption
/// (source: auth.c).
std::string quoted_behind(const std::string& text, const std::string& word) {
    const auto from = text.find(word + '"');
    const auto begin = from + word.size() + 1;
    const auto end = from == std::string::npos ? from : text.find('"', begin);
    return end == std::string::npos ? "" : text.substr(begin, end - begin);
}

/// libpq breaks its messages into lines and ends some with a question; a finding is one line and states.
std::string one_line(std::string text) {
    text.resize(std::min(text.size(), text.find("Is the server running")));
    while (!text.empty() &&
           (text.back() == '\n' || text.back() == '\t' || text.back() == ' ' || text.back() == '.')) {
        text.pop_back();
    }
    std::string line;
    for (const char c : text) {
        if (c == '\n' || c == '\t') {
            line += line.empty() || line.back() == ' ' ? "" : " ";
        } else {
            line += c;
        }
    }
    return line;
}

} // namespace

std::string reach_fix(const std::string& side, const std::string& role, const std::string& problem) {
    if (says(problem, "pg_hba.conf")) {
        const auto host = quoted_behind(problem, "host ");
        const auto named = quoted_behind(problem, "user ");
        if (host.empty()) { // in another language
            return "let it in in pg_hba.conf of " + side + ", then SELECT pg_reload_conf();";
        }
        return "on " + side + ", first in its pg_hba.conf:  " +
               hba_line("all", named.empty() ? role : named, host == "[local]" ? "" : host) +
               "   then SELECT pg_reload_conf();";
    }
    if (says(problem, "password authentication failed") || says(problem, "no password supplied") ||
        says(problem, "SASL")) {
        return "Put the right password of role " + (role.empty() ? "pgteal" : role) +
               " where the dsn takes it from (passfile, service file or password_command).";
    }
    if (says(problem, "role \"") && says(problem, "does not exist")) {
        return "on " + side + ":  CREATE ROLE " + postgres::quote_identifier(role.empty() ? "pgteal" : role) +
               " LOGIN SUPERUSER;  and give it a password";
    }
    if (says(problem, "too many clients") || says(problem, "remaining connection slots")) {
        return "Raise max_connections of " + side + ", or end idle sessions.";
    }
    if (says(problem, "Connection refused") || says(problem, "No such file")) {
        return "Start " + side +
               ", and look at its port and listen_addresses; then compare with the dsn in pgteal.toml.";
    }
    return "Look at [" + side + "] dsn (and peer_dsn) in pgteal.toml, and whether " + side +
           " runs and the network lets through.";
}

std::string without_secrets(std::string text, const std::string& conninfo) {
    try {
        const auto dsn = postgres::Dsn::parse(conninfo);
        for (const char* keyword : {"password", "sslpassword", "oauth_client_secret"}) {
            const auto value = dsn.get(keyword);
            if (!value || value->empty()) {
                continue;
            }
            for (auto at = text.find(*value); at != std::string::npos; at = text.find(*value, at + 3)) {
                text.replace(at, value->size(), "***");
            }
        }
        return text;
    } catch (const Error&) {
        return "the connection string can't be read";
    }
}

CheckResult check_reachable(const std::vector<SideOutcome>& outcomes) {
    CheckResult result{"reachable", {}, ""};
    for (const auto& outcome : outcomes) {
        if (outcome.facts) {
            result.summary += (result.summary.empty() ? "" : ", ") + outcome.side + " " + outcome.address;
            continue;
        }
        const std::string problem = one_line(outcome.problem);
        add(result, Level::error, outcome.side, outcome.address,
            outcome.side + " (" + outcome.address + ") can't be used: " + problem +
                ". Nothing else could be checked there.",
            reach_fix(outcome.side, outcome.role, problem));
    }
    return result;
}

CheckResult check_peers(const std::vector<PeerTrial>& trials) {
    CheckResult result{"peers", {}, ""};
    for (const auto& trial : trials) {
        if (trial.problem.empty()) {
            result.summary += (result.summary.empty() ? "" : ", ") + trial.from + " reaches " + trial.to;
            continue;
        }
        const std::string problem = one_line(trial.problem);
        const std::string meaning = trial.to == "blue"
                                        ? "Green could not follow blue."
                                        : "There would be no way back to blue after the cutover.";
        add(result, Level::error, trial.from, trial.from + " to " + trial.to,
            trial.from + " can't reach " + trial.to + " at " + trial.address + ": " + problem + ". " +
                meaning,
            reach_fix(trial.to, "", problem) + "  If " + trial.from + " reaches " + trial.to +
                " by another address than pgteal does: peer_dsn in [" + trial.to + "].");
    }
    return result;
}

} // namespace pgteal::health
