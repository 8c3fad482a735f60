// migrate rehearse.
#include "cutover/work.hpp"

namespace pgteal::cutover {

Task<Exit> run_migrate_rehearse(Session* session) {
    static_cast<void>(session);
    throw Error(ErrorCode::usage, "", "pgteal migrate rehearse is not there yet", "");
    co_return Exit::usage;
}

} // namespace pgteal::cutover
