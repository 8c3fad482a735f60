// What pgteal.run and the fence of a database say now.
#pragma once

#include <set>
#include <string>

#include "cutover/record/journal.hpp"
#include "cutover/record/step_id.hpp"
#include "postgres/server.hpp"
#include "postgres/statement.hpp"

namespace pgteal::cutover {

/// pgteal.run of one side of one database.
struct RunRow {
    bool present = false;
    std::string run_id;
    std::int64_t epoch = 0;
    std::string serving;
};
Task<RunRow> read_run_row(postgres::Server* server, std::string database, Deadline deadline);

/// What is finished on green, as green itself says (pgteal.progress). Empty when the database or the table is
/// not there.
Task<std::set<std::string>> milestones(postgres::Server* green, std::string database, Deadline deadline);
postgres::Statement milestone(const std::string& database, const std::string& what);
postgres::Statement milestone(const std::string& database, StepId step);

/// The fence of one database of one side as the catalogs have it.
struct FenceState {
    bool read_only = false;
    int connection_limit = -1;
    std::string setting; ///< the database's own default_transaction_read_only; "" = none
    [[nodiscard]] bool up() const { return read_only && connection_limit == 0; }
};
Task<FenceState> read_fence(postgres::Server* server, std::string database, Deadline deadline);
/// The connection limit that clients live with, recorded when the run began.
int recorded_limit(const Journal& journal, const std::string& database);
/// lift_fence_text() with what clients lived with before, as recorded: connection limit and setting.
std::string lift_fence(const Journal& journal, const std::string& database);

} // namespace pgteal::cutover
