// migrate: which of its commands.
#include <array>

#include "cutover/cli/work.hpp"

namespace pgteal::cutover {

namespace {

struct Entry {
    std::string_view name;
    Command run;
};

constexpr std::array<Entry, 6> commands{{
    {"lint", run_migrate_lint},
    {"rehearse", run_migrate_rehearse},
    {"apply", run_migrate_apply},
    {"status", run_migrate_status},
    {"drift", run_migrate_drift},
    {"preview", run_migrate_preview},
}};

} // namespace

Task<Exit> run_migrate(Session* session) {
    for (const auto& command : commands) {
        if (command.name == session->options.argument) {
            return command.run(session);
        }
    }
    throw Error(ErrorCode::internal, "", "no migrate " + session->options.argument);
}

} // namespace pgteal::cutover
