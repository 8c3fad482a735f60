#include "cutover/gate/login_trials.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "health/facts/verdict.hpp"
#include "health/logins/auth_query.hpp"
#include "health/logins/tried_logins.hpp"
#include "pooler/file/install_trial.hpp"
#include "pooler/trial/login_trial.hpp"

namespace pgteal::cutover {

namespace {

constexpr auto patience = std::chrono::seconds(8);
constexpr std::size_t most_listed = 64; ///< users of an auth_file that are tried though they are not here now

/// One pooler: what is tried through it, and what came of it.
struct Trials {
    std::string name, path;
    std::map<std::string, std::string> shown;
    std::vector<pooler::LoginToTry> logins;
    std::size_t in_use = 0; ///< the first ones are of users that are here; the rest are only listed
    pooler::LoginTrial trial;
    std::vector<health::AuthQuery> auth_queries;
    std::vector<bool> works_now; ///< of those that are only listed and fail: on `from`
};

std::string value_of(const std::map<std::string, std::string>& values, const std::string& key) {
    const auto found = values.find(key);
    return found == values.end() ? "" : found->second;
}

/// Who logs in to the server for an entry.
struct Users {
    std::set<std::string> in_use, listed;
};

Users users_of(const pooler::Entry& entry, const std::map<std::string, std::string>& options,
               const std::map<std::string, std::string>& shown, const pooler::Settings& settings,
               const std::string& own, const std::vector<std::string>& file) {
    Users users;
    if (!entry.force_user.empty()) {
        users.in_use.insert(entry.force_user);
    } else {
        users.in_use.insert(own);
        for (const auto& [name, user] : settings.pools) {
            if (name == entry.name) {
                users.in_use.insert(user);
            }
        }
        users.listed.insert(file.begin(),
                            file.begin() + static_cast<std::ptrdiff_t>(std::min(file.size(), most_listed)));
    }
    const auto of_entry = value_of(options, "auth_user");
    users.in_use.insert(of_entry.empty() ? value_of(shown, "auth_user") : of_entry);
    users.in_use.erase("");
    std::erase_if(users.listed, [&users](const auto& user) { return users.in_use.contains(user); });
    return users;
}

/// That of an entry, for the clients of its pools now; nullopt when it has none, or when it runs on a server
/// that no entry of the run leads to.
std::optional<health::AuthQuery> auth_query_of(const pooler::Entry& entry, const Trials& trials,
                                               const std::map<std::string, std::string>& options,
                                               const std::map<std::string, pooler::Target>& targets,
                                               const pooler::Settings& settings,
                                               const std::vector<std::string>& file) {
    const auto setting = [&](const std::string& key) {
        const auto own = value_of(options, key);
        return own.empty() ? value_of(trials.shown, key) : own;
    };
    const auto home = setting("auth_dbname");
    const auto target = targets.find(home.empty() ? entry.name : home);
    health::AuthQuery query;
    query.auth_user = setting("auth_user");
    query.text = setting("auth_query");
    if (query.auth_user.empty() || query.text.empty() || value_of(trials.shown, "auth_type") == "any" ||
        target == targets.end()) {
        return std::nullopt;
    }
    query.pooler = trials.name;
    query.entry = entry.name;
    query.from_database = home.empty() ? entry.database : target->second.database;
    query.to_database = target->second.database;
    for (const auto& [name, user] : settings.pools) {
        const bool named = std::find(file.begin(), file.end(), user) != file.end();
        if (name == entry.name && !named && user != query.auth_user && user != entry.force_user &&
            query.users.size() < most_listed) {
            query.users.push_back(user);
        }
    }
    return query;
}

Task<void> plan_logins(Estate* estate, PoolerBaseline baseline, Side to, Trials* trials, Deadline deadline) {
    auto& unit = estate->pooler(baseline.name);
    const auto settings = co_await unit.console->settings(deadline);
    const auto entries = co_await unit.console->entries(deadline);
    const auto text = pooler::read_config(baseline.path).text;
    auto shown = co_await pooler::shown_config(unit.config.admin, baseline.name, deadline);
    trials->shown = pooler::effective_settings(std::move(shown), text);
    std::map<std::string, std::map<std::string, std::string>> options;
    for (auto& entry : pooler::parse_entries(text)) {
        options[entry.name] = std::move(entry.options);
    }
    const auto file = pooler::auth_file_users(baseline.path, trials->shown);
    const auto own = unit.config.probe.get("user").value_or("");
    std::vector<pooler::LoginToTry> listed;
    const auto targets = targets_for(estate->config(), to, baseline);
    for (const auto& [name, target] : targets) {
        const auto entry = std::find_if(entries.begin(), entries.end(),
                                        [&name = name](const auto& one) { return one.name == name; });
        if (entry == entries.end()) {
            continue; // the gate says so
        }
        const auto users = users_of(*entry, options[name], trials->shown, settings, own, file);
        for (const auto& user : users.in_use) {
            trials->logins.push_back({name, user, target});
        }
        for (const auto& user : users.listed) {
            listed.push_back({name, user, target});
        }
        auto query = auth_query_of(*entry, *trials, options[name], targets, settings, file);
        if (query) {
            trials->auth_queries.push_back(std::move(*query));
        }
    }
    trials->in_use = trials->logins.size();
    trials->logins.insert(trials->logins.end(), listed.begin(), listed.end());
}

Task<void> try_through(Estate* estate, PoolerBaseline baseline, Side to, Trials* trials, Deadline deadline) {
    trials->name = baseline.name;
    trials->path = baseline.path;
    try {
        co_await plan_logins(estate, std::move(baseline), to, trials, deadline);
    } catch (const Error& error) {
        if (error.code() == ErrorCode::config) {
            throw;
        }
        trials->logins.clear();
        trials->trial.untried = error.what();
        co_return;
    }
    trials->trial = co_await pooler::try_logins(trials->path, trials->shown, trials->logins, deadline);
}

health::TriedLogin tried(const Trials& trials, std::size_t i) {
    const auto& login = trials.logins[i];
    const auto& outcome = trials.trial.outcomes[i];
    return {trials.name,
            login.entry,
            login.user,
            login.target.database,
            (login.target.host.empty() ? "the local socket" : login.target.host) + ":" + login.target.port,
            outcome.tried,
            outcome.open,
            outcome.wants_key,
            outcome.sqlstate,
            outcome.problem,
            outcome.system};
}

/// A user that is only listed counts when it gets in to the side that serves: auth_files hold names that were
/// forgotten there.
Task<void> look_at_listed(Estate* estate, PoolerBaseline baseline, Side from, const health::LoginsTried* all,
                          Trials* trials, Deadline deadline) {
    std::vector<pooler::LoginToTry> doubtful;
    std::vector<std::size_t> places;
    trials->works_now.assign(trials->logins.size(), true);
    if (!trials->trial.untried.empty()) {
        co_return;
    }
    const auto targets = targets_for(estate->config(), from, baseline);
    for (std::size_t i = trials->in_use; i < trials->logins.size(); ++i) {
        const auto login = tried(*trials, i);
        const auto role = all->roles.find(login.user);
        if (role == all->roles.end() || !role->second.on_from) {
            trials->works_now[i] = false;
        } else if (!health::holds(*all, login)) {
            doubtful.push_back(trials->logins[i]);
            doubtful.back().target = targets.at(login.entry);
            places.push_back(i);
        }
    }
    if (doubtful.empty()) {
        co_return;
    }
    const auto now = co_await pooler::try_logins(trials->path, trials->shown, doubtful, deadline);
    for (std::size_t n = 0; n < places.size(); ++n) {
        const auto& outcome = now.outcomes[n];
        trials->works_now[places[n]] = !outcome.tried || outcome.open || outcome.wants_key;
    }
}

/// Each on both sides.
Task<std::vector<health::AuthAsked>> ask_auth_queries(Estate* estate, Side from, Side to,
                                                      const std::vector<Trials>* trials, Deadline deadline) {
    std::vector<health::AuthAsked> all;
    for (const auto& one : *trials) {
        for (const auto& query : one.auth_queries) {
            health::AuthAsked asked;
            asked.query = query;
            asked.from =
                co_await health::ask_auth_query(estate->server(from), query.from_database, query, deadline);
            asked.to =
                co_await health::ask_auth_query(estate->server(to), query.to_database, query, deadline);
            all.push_back(std::move(asked));
        }
    }
    co_return all;
}

Task<health::LoginsTried> about_sides(Estate* estate, Side from, Side to, std::vector<std::string> names,
                                      Deadline deadline) {
    const auto& config = estate->config();
    health::LoginsTried all;
    all.from = to_string(from);
    all.to = to_string(to);
    all.way_back = to == Side::blue;
    all.untried_accepted = health::accepted(config.accept, health::untried_logins);
    all.from_dsn = config.side(from).dsn.with_database("postgres").display();
    all.to_dsn = config.side(to).dsn.with_database("postgres").display();
    all.roles =
        co_await health::compare_roles(estate->server(from), estate->server(to), std::move(names), deadline);
    all.group_rules = co_await health::has_group_rules(estate->server(to), deadline);
    const auto bootstrap = co_await estate->server(to).exec(
        "", "SELECT rolname::text, current_user::text FROM pg_catalog.pg_authid WHERE oid = 10", {},
        deadline);
    all.system = (co_await estate->server(to).identity(deadline)).system_identifier;
    all.own = bootstrap.get<std::string>(0, 1);
    all.kept = {bootstrap.get<std::string>(0, 0), all.own};
    co_return all;
}

} // namespace

Task<health::CheckResult> try_client_logins(Estate* estate, std::vector<PoolerBaseline> baselines, Side from,
                                            Side to, bool at_gate, const RightsPlan* coming,
                                            Deadline deadline) {
    const auto limit = std::min(deadline, after(patience));
    std::vector<Trials> trials(baselines.size());
    std::vector<Task<void>> through;
    for (std::size_t i = 0; i < baselines.size(); ++i) {
        through.push_back(try_through(estate, baselines[i], to, &trials[i], limit));
    }
    co_await pgteal::all(std::move(through));
    std::vector<std::string> names;
    for (const auto& one : trials) {
        for (const auto& login : one.logins) {
            names.push_back(login.user);
        }
    }
    auto all = co_await about_sides(estate, from, to, names, deadline);
    all.at_gate = at_gate;
    if (coming != nullptr) {
        all.coming = coming->coming;
        all.connect_comes = coming->of_database;
    }
    std::vector<Task<void>> listed;
    for (std::size_t i = 0; i < baselines.size(); ++i) {
        listed.push_back(look_at_listed(estate, baselines[i], from, &all, &trials[i], after(patience)));
    }
    co_await pgteal::all(std::move(listed));
    for (const auto& one : trials) {
        // At check a pooler that can't be asked has an error of its own already.
        if (!one.trial.untried.empty() && (at_gate || !one.logins.empty())) {
            all.untried[one.name] = one.trial.untried;
        }
        if (one.trial.file_unreadable) {
            all.unreadable[one.name] = one.path;
        }
        for (std::size_t i = 0; i < one.trial.outcomes.size(); ++i) {
            if (one.works_now[i]) {
                all.tried.push_back(tried(one, i));
            }
        }
    }
    auto result = health::judge_tried_logins(all);
    const auto asked = co_await ask_auth_queries(estate, from, to, &trials, after(patience));
    health::judge_auth_queries(result, all.from, all.to, asked);
    co_return result;
}

namespace {

/// Several hosts make no entry: the check of host lists says what to do.
bool one_host(const Config& config) {
    return config.blue.pooler_host.find(',') == std::string::npos &&
           config.green.pooler_host.find(',') == std::string::npos;
}

} // namespace

Task<health::CheckResult> check_tried_logins(Estate* estate, bool run_started, Deadline deadline) {
    health::CheckResult result{health::id_of_tried_logins, {}, ""};
    if (!one_host(estate->config())) {
        co_return result;
    }
    try {
        const auto& config = estate->config();
        const auto journal = run_started ? Journal::peek(config.state, config.run) : std::nullopt;
        auto baselines = journal ? recorded_poolers(*journal) : std::vector<PoolerBaseline>{};
        if (baselines.empty()) {
            baselines = co_await read_poolers(estate, deadline);
        }
        std::erase_if(baselines, [&config](const auto& one) { // one that is gone for good
            return std::none_of(config.poolers.begin(), config.poolers.end(),
                                [&one](const auto& pooler) { return pooler.name == one.name; });
        });
        const auto serving = run_started ? peek_progress(config).serving : Side::blue;
        co_return co_await try_client_logins(estate, std::move(baselines), serving, other(serving), false,
                                             nullptr, deadline);
    } catch (const Error& error) {
        health::add(result, health::Level::warning, error.side(), "",
                    std::string("which logins the poolers need could not be read: ") + error.what() +
                        ". None of them was tried.",
                    error.hint());
    }
    co_return result;
}

std::vector<Refusal> refusals_of(const health::CheckResult& result) {
    std::vector<Refusal> all;
    for (const auto& finding : result.findings) {
        if (finding.level == health::Level::error) {
            all.push_back({finding.side, finding.message, finding.fix});
        }
    }
    return all;
}

Task<std::vector<Refusal>> refused_logins(Context* context, Move move, bool with_rights) {
    const RightsScope scope{false, move.to == Side::blue};
    const auto coming = co_await look_at_rights(context, move, scope, after(std::chrono::seconds(20)));
    if (with_rights && !coming.refused.empty()) {
        co_return coming.refused;
    }
    const auto result =
        co_await try_client_logins(&context->estate, recorded_poolers(context->journal), move.from, move.to,
                                   true, &coming, after(std::chrono::seconds(20)));
    co_return refusals_of(result);
}

std::vector<Refusal> refused_files(const Context& context) {
    std::vector<Refusal> all;
    for (const auto& baseline : recorded_poolers(context.journal)) {
        try {
            pooler::try_install(baseline.path);
        } catch (const Error& error) {
            all.push_back({baseline.name, error.what(), error.hint()});
        }
    }
    return all;
}

} // namespace pgteal::cutover
