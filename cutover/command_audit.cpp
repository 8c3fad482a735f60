// audit.
#include "cutover/work.hpp"

namespace pgteal::cutover {

Task<Exit> run_audit(Session* session) {
    static_cast<void>(session);
    throw Error(ErrorCode::usage, "", "pgteal audit is not there yet", "");
    co_return Exit::usage;
}

} // namespace pgteal::cutover
