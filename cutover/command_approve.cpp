// approve.
#include "cutover/work.hpp"

namespace pgteal::cutover {

Task<Exit> run_approve(Session* session) {
    static_cast<void>(session);
    throw Error(ErrorCode::usage, "", "pgteal approve is not there yet", "");
    co_return Exit::usage;
}

} // namespace pgteal::cutover
