#include "cutover/leads.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/udp.hpp>

#include "postgres/connection.hpp"
#include "postgres/error.hpp"
#include "postgres/hosts.hpp"

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

struct Answer {
    std::string system_identifier; ///< "" when nobody answered
    bool standby = false;
    std::string problem;
};

Task<Answer> ask(postgres::Dsn dsn, Deadline deadline) {
    Answer answer;
    try {
        auto connection = co_await postgres::Connection::open(std::move(dsn), "pooler", soon(deadline));
        const auto said =
            co_await connection.script("SELECT system_identifier::text, pg_catalog.pg_is_in_recovery() FROM "
                                       "pg_catalog.pg_control_system()",
                                       soon(deadline));
        answer.system_identifier = said.back().get<std::string>(0, 0);
        answer.standby = said.back().get<bool>(0, 1);
    } catch (const Error& error) {
        answer.problem = error.what();
    }
    co_return answer;
}

/// The side's own DSN, led to another address. The host's name stays: the passfile and TLS go by it, so a
/// stranger is not told a password that TLS would keep from it.
std::vector<postgres::Dsn> ways_to(const SideConfig& side, const pooler::Entry& entry, const Places& places) {
    const auto dsn = side.dsn.with("port", entry.port).with_database(entry.database);
    std::vector<postgres::Dsn> ways;
    for (const auto& address : places.addresses) {
        const auto name = side.dsn.host().find(',') == std::string::npos ? side.dsn.host() : "";
        ways.push_back(dsn.with("host", name).with("hostaddr", address));
    }
    for (const auto& socket : places.sockets) {
        ways.push_back(dsn.with("hostaddr", "").with("host", socket));
    }
    return ways;
}

struct Lead {
    const SideConfig* side = nullptr;
    std::string doubt;
};

class Tracer {
public:
    explicit Tracer(Estate* estate) : estate_(*estate) {}

    /// Of an entry with the port of `nearby`, to a database of the run.
    Task<Lead> trace(pooler::Entry entry, std::vector<Side> nearby, bool of_the_run, Deadline deadline) {
        Lead lead;
        const auto places = co_await places_of(entry.host, deadline);
        const SideConfig* same_machine = nullptr;
        for (const auto side : nearby) {
            const auto& config = estate_.config().side(side);
            const auto there = co_await places_of(config.pooler_host, deadline);
            if (meet(places.addresses, there.addresses) || meet(places.sockets, there.sockets)) {
                lead.side = &config;
                co_return lead;
            }
            if (places.addresses.empty() && places.problem.empty() && there.here) {
                same_machine = &config;
            }
        }
        if (!of_the_run) {
            co_return lead;
        }
        if (!places.problem.empty()) {
            lead.doubt = places.problem;
            co_return lead;
        }
        for (const auto& way : ways_to(estate_.config().side(nearby.front()), entry, places)) {
            const auto answer = co_await ask(way, deadline);
            if (answer.system_identifier.empty()) {
                lead.doubt = "pgteal can't log in there to ask: " + answer.problem;
                continue;
            }
            lead = Lead{};
            co_await compare(answer, &lead, deadline);
            co_return lead;
        }
        if (same_machine != nullptr) {
            lead = Lead{same_machine, ""};
        }
        co_return lead;
    }

private:
    Task<void> compare(Answer answer, Lead* lead, Deadline deadline) {
        if (answer.standby) {
            co_return;
        }
        for (const auto side : {Side::blue, Side::green}) {
            try {
                const auto identity = co_await estate_.server(side).identity(soon(deadline));
                if (identity.system_identifier == answer.system_identifier) {
                    lead->side = &estate_.config().side(side);
                    lead->doubt.clear();
                    co_return;
                }
            } catch (const Error& error) {
                lead->doubt = to_string(side) + " can't be asked: " + error.what();
            }
        }
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

} // namespace pgteal::cutover
