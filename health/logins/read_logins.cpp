// The I/O of client_logins.hpp.
#include "base/error.hpp"
#include "health/facts/verdict.hpp"
#include "health/logins/client_logins.hpp"
#include "health/logins/sql.hpp"
#include "postgres/quote.hpp"

namespace pgteal::health {

namespace {

/// A server, and where it sees us.
struct View {
    HbaFacts facts;
    std::string us;  ///< our address as it sees it; "" for a socket
    bool tls = true; ///< it offers TLS
};

Task<View> read_view(postgres::Server* server, Deadline deadline) {
    View view;
    view.facts.side = server->name();
    auto session = co_await server->session("", deadline);
    std::string text(sql::hba_rules);
    const auto rows = co_await session->exec(text, {}, deadline);
    for (int i = 0; i < rows.rows(); ++i) {
        view.facts.rules.push_back({rows.get<int>(i, "line"), rows.get<std::string>(i, "file"),
                                    rows.get<std::string>(i, "type"),
                                    rows.get<std::vector<std::string>>(i, "databases"),
                                    rows.get<std::vector<std::string>>(i, "users"),
                                    rows.get<std::string>(i, "address"), rows.get<std::string>(i, "netmask"),
                                    rows.get<std::string>(i, "method"), rows.get<std::string>(i, "error")});
    }
    const auto us = co_await session->exec(
        "SELECT coalesce(pg_catalog.host(pg_catalog.inet_client_addr()), ''), "
        "coalesce(pg_catalog.host(pg_catalog.inet_server_addr()), ''), pg_catalog.current_setting('ssl')",
        {}, deadline);
    view.us = us.get<std::string>(0, 0);
    view.facts.address = us.get<std::string>(0, 1);
    view.tls = us.text(0, 2) == "on";
    co_return view;
}

bool on_this_machine(const std::string& address) {
    return address.empty() || address == "::1" || address.starts_with("127.");
}

std::string array_of(const std::vector<ForcedUser>& forced, std::string ForcedUser::*member) {
    std::string text = "{";
    for (const auto& one : forced) {
        text += text.size() > 1 ? ",\"" : "\"";
        for (const char c : one.*member) {
            text += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
        }
        text += '"';
    }
    return text + "}";
}

Task<std::vector<ClientLogin>> read_clients(postgres::Server* server, LoginInput input, View from, View to,
                                            Deadline deadline) {
    std::vector<ForcedUser> databases;
    for (const auto& name : input.databases) {
        databases.push_back({"", name});
    }
    postgres::Params params{array_of(databases, &ForcedUser::database),
                            array_of(input.forced, &ForcedUser::role),
                            array_of(input.forced, &ForcedUser::database)};
    std::string text(sql::hba_clients);
    const auto rows = co_await server->exec("", text, params, deadline);
    std::vector<ClientLogin> clients;
    for (int i = 0; i < rows.rows(); ++i) {
        ClientLogin login;
        login.here.role = rows.get<std::string>(i, "role");
        login.here.database = rows.get<std::string>(i, "database");
        login.here.address = rows.get<bool>(i, "forced") ? from.us : rows.get<std::string>(i, "address");
        for (auto& group : rows.get<std::vector<std::string>>(i, "groups")) {
            login.here.groups.insert(std::move(group));
        }
        login.stored = rows.get<std::string>(i, "stored");
        const bool tls = rows.get<bool>(i, "tls");
        login.here.tls = rows.get<bool>(i, "forced") ? Answer::maybe : tls ? Answer::yes : Answer::no;
        login.of_pooler = login.here.address == from.us ||
                          (on_this_machine(login.here.address) && on_this_machine(from.us));
        login.there = login.here;
        if (login.of_pooler && input.way != Way::other) {
            login.there.address = input.way == Way::socket ? "" : to.us;
        }
        // Without TLS here: the pooler may not want it, or this server may not offer it.
        login.there.tls = !to.tls ? Answer::no : tls ? Answer::yes : Answer::maybe;
        const bool known = std::any_of(clients.begin(), clients.end(), [&login](const auto& one) {
            return one.there.role == login.there.role && one.there.database == login.there.database &&
                   one.there.address == login.there.address && one.of_pooler == login.of_pooler;
        });
        if (!known) {
            clients.push_back(std::move(login));
        }
    }
    co_return clients;
}

} // namespace

Task<CheckResult> check_client_logins(postgres::Server& from, postgres::Server& to, LoginInput input,
                                      Deadline deadline) {
    CheckResult unread{id_of_client_logins, {}, ""};
    try {
        const auto here = co_await read_view(&from, deadline);
        const auto there = co_await read_view(&to, deadline);
        const auto clients = co_await read_clients(&from, std::move(input), here, there, deadline);
        co_return judge_client_logins(here.facts, there.facts, clients);
    } catch (const Error& error) {
        add(unread, Level::warning, error.side(), "pg_hba_file_rules",
            "it could not be read whether " + to.name() + " lets the clients in: " + error.what() +
                ". If its pg_hba.conf refuses them, they hang once they are moved.",
            "compare pg_hba.conf of both sides by hand");
    }
    co_return unread;
}

} // namespace pgteal::health
