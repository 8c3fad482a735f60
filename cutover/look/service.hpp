// Whether clients are served once they have been let go: as the poolers have it, and the side itself.
#pragma once

#include "cutover/engine/context.hpp"

namespace pgteal::cutover {

enum class Service {
    untold, ///< a pooler does not say
    idle,   ///< nobody wants anything
    served, ///< somebody's login came through
    nobody, ///< clients wait, and not one server connection is there for any of them
};

/// Of the run's entries on all of its poolers. Connections of the probe's own user count only where that user
/// has clients: a server may let pgteal in and nobody else. `refused`: no probe came through, so that waiting
/// clients are not needed as a proof. `stuck`, where it is given, gets the pools of others whose clients wait
/// and that have not one server connection: "role app through entry app of pgb1".
Task<Service> read_service(Context* context, bool refused, Deadline deadline,
                           std::set<std::string>* stuck = nullptr);

/// Whether anybody but pgteal has a session in a database of the run on `side`, or has written in a
/// transaction that is open there (`writing`); true also when that can't be told.
Task<bool> somebody_there(Context* context, Side side, bool writing, Deadline deadline);

} // namespace pgteal::cutover
