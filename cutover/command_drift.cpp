// migrate drift.
#include "cutover/work.hpp"

namespace pgteal::cutover {

Task<Exit> run_migrate_drift(Session* session) {
    static_cast<void>(session);
    throw Error(ErrorCode::usage, "", "pgteal migrate drift is not there yet", "");
    co_return Exit::usage;
}

} // namespace pgteal::cutover
