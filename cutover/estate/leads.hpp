// Which side an entry of a pooler leads to, however it spells the address: localhost, an alias, a socket.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cutover/estate/estate.hpp"

namespace pgteal::cutover {

struct Spelled {
    std::vector<pooler::Entry> entries;        ///< as given, in order; host as the config spells that side
    std::map<std::string, std::string> doubts; ///< entry -> why it can't be told where it leads
};

/// An entry of another spelling leads to a side when it has the side's port (pooler_port) and an address that
/// the config names for it (pooler_host, dsn, peer_dsn); names are resolved on this machine, which is the
/// pooler's too. Where both are on this machine, the side says at which addresses and sockets of it it
/// listens. What shares the port alone and leads to a database of the run is a doubt: nobody logs in at an
/// address that stands in a pooler's file only, where the password would go to whoever answers. Never throws
/// for what it can't reach.
Task<Spelled> spell_as_config(Estate* estate, std::vector<pooler::Entry> entries, Deadline deadline);

/// Throws Error(wrong_state) when an entry is paused, while no switchover is under way: its clients are held
/// by a PAUSE of somebody else's.
Task<void> refuse_paused(Estate* estate);

} // namespace pgteal::cutover
