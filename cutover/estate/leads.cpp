#include "cutover/estate/leads.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/udp.hpp>
#include <spdlog/spdlog.h>

#include "base/error.hpp"
#include "postgres/hosts.hpp"
#include "postgres/quote.hpp"

namespace pgteal::cutover {

namespace {

constexpr auto patience = std::chrono::seconds(3);

Deadline soon(Deadline deadline) { return std::min(deadline, after(patience)); }

/// Where a spelling leads, as this machine sees it.
struct Places {
    std::set<std::string> addresses; ///< numeric
    std::set<std::string> sockets;   ///< directories; "" is the default one
    bool here = false;               ///< on this machine
    std::string problem;
};

/// Only an address of this machine can be bound to.
bool is_here(const asio::ip::address& address) {
    asio::io_context unused;
    asio::ip::udp::socket socket(unused);
    const asio::ip::udp::endpoint endpoint(address, 0);
    boost::system::error_code error;
    socket.open(endpoint.protocol(), error);
    if (!error) {
        socket.bind(endpoint, error);
    }
    return !error;
}

Task<Places> places_of(std::string host, Deadline deadline) {
    Places places;
    try {
        const auto hosts =
            co_await postgres::addresses_of(postgres::Dsn().with("host", host), "pooler", soon(deadline));
        for (const auto& one : hosts) {
            boost::system::error_code not_numeric;
            auto address =
                asio::ip::make_address(one.hostaddr.empty() ? one.host : one.hostaddr, not_numeric);
            if (not_numeric) {
                places.sockets.insert(one.host);
                places.here = true;
                continue;
            }
            if (address.is_v6() && address.to_v6().is_v4_mapped()) {
                address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
            }
            places.addresses.insert(address.to_string());
            places.here = places.here || is_here(address);
        }
    } catch (const Error& error) {
        places.problem = error.what();
    }
    co_return places;
}

bool meet(const std::set<std::string>& a, const std::set<std::string>& b) {
    return std::any_of(a.begin(), a.end(), [&b](const auto& one) { return b.contains(one); });
}

struct Lead {
    const SideConfig* side = nullptr;
    std::string doubt;
};

/// Where a side's server waits for logins, as it says itself.
struct Listens {
    bool everywhere = false;
    Places places;
    std::string port;
    std::string problem;
};

constexpr std::string_view listening = R"(SELECT 'port', current_setting('port')
UNION ALL SELECT 'address', btrim(a) FROM unnest(string_to_array(current_setting('listen_addresses'), ',')) AS a
UNION ALL SELECT 'socket', btrim(s, ' "') FROM unnest(string_to_array(current_setting('unix_socket_directories'), ',')) AS s)";

Task<Listens> where_it_listens(postgres::Server* server, Deadline deadline) {
    Listens listens;
    std::vector<std::string> names;
    try {
        std::string sql(listening);
        postgres::Params none;
        const auto said = co_await server->exec("", std::move(sql), none, soon(deadline));
        for (int row = 0; row < said.rows(); ++row) {
            const auto value = said.get<std::string>(row, 1);
            if (said.text(row, 0) == "port") {
                listens.port = value;
            } else if (said.text(row, 0) == "socket") {
                listens.places.sockets.insert(value);
            } else if (value == "*" || value == "0.0.0.0" || value == "::") {
                listens.everywhere = true;
            } else {
                names.push_back(value);
            }
        }
    } catch (const Error& error) {
        listens.problem = error.what();
    }
    for (const auto& name : names) {
        const auto there = co_await places_of(name, deadline);
        listens.places.addresses.insert(there.addresses.begin(), there.addresses.end());
    }
    co_return listens;
}

class Tracer {
public:
    explicit Tracer(Estate* estate) : estate_(*estate) {}

    /// Of an entry with the port of `nearby`, to a database of the run.
    Task<Lead> trace(pooler::Entry entry, std::vector<Side> nearby, bool of_the_run, Deadline deadline) {
        Lead lead;
        const auto places = co_await places_of(entry.host, deadline);
        std::vector<Side> here;
        for (const auto side : nearby) {
            const auto there = co_await places_of_side(side, entry.port, deadline);
            if (meet(places.addresses, there.addresses) || meet(places.sockets, there.sockets)) {
                lead.side = &estate_.config().side(side);
                co_return lead;
            }
            if (there.here) {
                here.push_back(side);
            }
        }
        if (!of_the_run) {
            co_return lead;
        }
        if (!places.problem.empty()) {
            lead.doubt = places.problem;
        } else if (places.here && !here.empty()) {
            lead = co_await ask_sides(places, entry, here, deadline);
        } else {
            lead.doubt = stranger(entry, nearby.front());
        }
        co_return lead;
    }

private:
    /// Every way to the side that the config names, with the entry's port.
    Task<Places> places_of_side(Side side, std::string port, Deadline deadline) {
        const auto& config = estate_.config().side(side);
        Places all = co_await places_of(config.pooler_host, deadline);
        const std::vector<postgres::Dsn> ways{config.dsn, config.peer_dsn};
        for (const auto& dsn : ways) {
            if (dsn.port() == port) {
                const auto named = dsn.get("hostaddr").value_or(dsn.host());
                const auto more = co_await places_of(named, deadline);
                all.addresses.insert(more.addresses.begin(), more.addresses.end());
                all.sockets.insert(more.sockets.begin(), more.sockets.end());
                all.here = all.here || more.here;
            }
        }
        co_return all;
    }

    /// Both on this machine, where an address and port belong to one server: each side says which are its.
    Task<Lead> ask_sides(Places places, pooler::Entry entry, std::vector<Side> here, Deadline deadline) {
        Lead lead;
        for (const auto side : here) {
            const auto listens = co_await where_it_listens(&estate_.server(side), deadline);
            if (!listens.problem.empty()) {
                lead.doubt = to_string(side) + " can't be asked where it listens: " + listens.problem;
            } else if (listens.port == entry.port && // another one where a port is mapped, as containers do
                       (meet(places.sockets, listens.places.sockets) ||
                        meet(places.addresses, listens.places.addresses) ||
                        (listens.everywhere && !places.addresses.empty()))) {
                lead = {&estate_.config().side(side), ""};
                break;
            }
        }
        if (lead.side == nullptr && lead.doubt.empty()) {
            lead.doubt = stranger(entry, here.front());
        }
        co_return lead;
    }

    static std::string stranger(const pooler::Entry& entry, Side side) {
        return (entry.host.empty() ? std::string("the local socket") : entry.host) + ":" + entry.port +
               " is no address of " + to_string(side) +
               " in the config, nor one of this machine at which it listens, and pgteal doesn't log in at "
               "addresses that the config doesn't name: it would "
               "hand its password to whoever answers there";
    }

    Estate& estate_;
};

} // namespace

Task<Spelled> spell_as_config(Estate* estate, std::vector<pooler::Entry> entries, Deadline deadline) {
    Spelled spelled;
    spelled.entries = std::move(entries);
    const auto& config = estate->config();
    const auto names = config.database_names();
    Tracer tracer(estate);
    for (auto& entry : spelled.entries) {
        std::vector<Side> nearby;
        bool spelled_alike = false;
        for (const auto side : {Side::blue, Side::green}) {
            const auto& one = config.side(side);
            if (one.pooler_port == entry.port) {
                nearby.push_back(side);
                spelled_alike = spelled_alike || one.pooler_host == entry.host;
            }
        }
        if (spelled_alike || nearby.empty()) {
            continue;
        }
        const bool of_the_run = std::find(names.begin(), names.end(), entry.database) != names.end();
        const auto lead = co_await tracer.trace(entry, nearby, of_the_run, deadline);
        if (lead.side != nullptr) {
            entry.host = lead.side->pooler_host;
            entry.port = lead.side->pooler_port;
        } else if (!lead.doubt.empty()) {
            spelled.doubts[entry.name] = lead.doubt;
        }
    }
    co_return spelled;
}

Task<void> refuse_paused(Estate* estate) {
    for (auto& unit : estate->poolers()) {
        std::vector<pooler::Entry> entries;
        try {
            entries = co_await unit.console->entries(after(std::chrono::seconds(3)));
        } catch (const Error& error) {
            spdlog::debug("{}: {}", unit.config.name, error.what());
        }
        const auto paused =
            std::find_if(entries.begin(), entries.end(), [](const auto& one) { return one.paused; });
        if (paused != entries.end()) {
            throw Error(ErrorCode::wrong_state, unit.config.name,
                        "nothing was interrupted, but entry " + paused->name +
                            " is paused, and its clients are held; no command of this run did that",
                        "on the console of " + unit.config.name + ":   RESUME " +
                            postgres::quote_identifier(paused->name) + ";");
        }
    }
}

} // namespace pgteal::cutover
