// migrate lint.
#include "cutover/work.hpp"

namespace pgteal::cutover {

Task<Exit> run_migrate_lint(Session* session) {
    static_cast<void>(session);
    throw Error(ErrorCode::usage, "", "pgteal migrate lint is not there yet", "");
    co_return Exit::usage;
}

} // namespace pgteal::cutover
