// What a run remembers beside its events: each key once, with the type of what it holds. Journal::recall(),
// remember() and forget() read and write them; each is on disk when remember() returns.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include <boost/describe/class.hpp>
#include <boost/json/object.hpp>

#include "base/side.hpp"

namespace pgteal::cutover {

template <typename T>
struct Fact {
    std::string_view key;
    /// One of several of the kind: a side's, a database's.
    [[nodiscard]] std::string of(std::string_view which) const {
        return std::string(key) + " " + std::string(which);
    }
    [[nodiscard]] std::string of(Side side) const { return of(to_string(side)); }
    [[nodiscard]] std::string of(Side side, std::string_view database) const {
        return of(to_string(side) + " " + std::string(database));
    }
};

/// What a run is bound to.
struct Binding {
    std::map<std::string, std::string> servers; ///< side -> system_identifier (pg_control_system())
    std::map<std::string, int> lanes;           ///< database -> how many
    auto operator<=>(const Binding&) const = default;
};
BOOST_DESCRIBE_STRUCT(Binding, (), (servers, lanes))

/// How the newest comparison ended.
struct Compared {
    bool equal = false;
    std::string at; ///< UTC, for people
};
BOOST_DESCRIBE_STRUCT(Compared, (), (equal, at))

namespace facts {

template <typename T>
using ByName = std::map<std::string, T>;

inline constexpr Fact<Binding> binding{"binding"};
inline constexpr Fact<Compared> compared{"compared"};
/// Of the side that serves, by database: datconnlimit; its own default_transaction_read_only, "" for none.
inline constexpr Fact<ByName<int>> limits{"limits"};
inline constexpr Fact<ByName<std::string>> read_only_settings{"read_only_settings"};
/// By pooler, then by setting: what the console showed before clients are held.
inline constexpr Fact<ByName<ByName<std::string>>> pooler_settings{"pooler_settings"};
/// Names of poolers: gone from the config, and accepted; left where they were by a switch-back.
inline constexpr Fact<std::set<std::string>> poolers_left_out{"poolers_left_out"};
inline constexpr Fact<std::set<std::string>> poolers_left_behind{"poolers_left_behind"};
/// Of green when the run began: its roles; oids of the run's databases that were there, and empty.
inline constexpr Fact<std::set<std::string>> roles_before{"roles_before"};
inline constexpr Fact<ByName<std::int64_t>> databases_found{"databases_found"};
/// Oids of what the run made: databases of green; roles, of each side.
inline constexpr Fact<ByName<std::int64_t>> databases_made{"databases_made"};
inline constexpr Fact<ByName<std::int64_t>> roles_made{"roles_made"};
/// abort was told to leave green's databases and roles.
inline constexpr Fact<bool> keep_green{"keep_green"};
/// Of each side, as its lane's last carry left them (gate/rights.hpp), and what an attempt was about to grant
/// and revoke there; nothing once that is known to be done.
inline constexpr Fact<boost::json::object> rights{"rights"};
inline constexpr Fact<boost::json::object> rights_in_doubt{"rights_in_doubt"};
/// At the end of prepare, of each side and database: a short hash of each object of the schema, by kind and
/// identity; the statements that make the database's own state; how many large objects.
inline constexpr Fact<ByName<std::string>> schema_objects{"schema_objects"};
inline constexpr Fact<std::set<std::string>> database_state{"database_state"};
inline constexpr Fact<std::int64_t> large_objects{"large_objects"};
/// Written after those three: they are all there.
inline constexpr Fact<bool> prepared_recorded{"prepared_recorded"};

} // namespace facts

} // namespace pgteal::cutover
