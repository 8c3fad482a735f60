// Which side an entry of a pooler leads to, however it spells the address: localhost, an alias, a socket.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cutover/estate.hpp"

namespace pgteal::cutover {

struct Spelled {
    std::vector<pooler::Entry> entries;        ///< as given, in order; host as the config spells that side
    std::map<std::string, std::string> doubts; ///< entry -> why it can't be told where it leads
};

/// An entry of another spelling leads to a side when it has the side's port (pooler_port) and one of its
/// addresses; names are resolved on this machine, which is the pooler's too. One that shares the port alone
/// and leads to a database of the run is asked: pgteal logs in there, and the system_identifier of
/// pg_control_system() decides; a server in recovery is a standby and no side. A socket that does not let
/// pgteal in leads to the side of its port that is on this machine. Anything else that can't be resolved or
/// asked is a doubt. Never throws for what it can't reach.
Task<Spelled> spell_as_config(Estate* estate, std::vector<pooler::Entry> entries, Deadline deadline);

} // namespace pgteal::cutover
