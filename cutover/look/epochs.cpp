#include "cutover/look/epochs.hpp"

#include "base/error.hpp"

namespace pgteal::cutover {

namespace {

Task<void> read_rows(Context* context, Side side, std::chrono::milliseconds patience,
                     std::vector<SeenRow>* rows) {
    auto& server = context->estate.server(side);
    for (const auto& database : context->estate.config().database_names()) {
        RunRow row; // not present where the database isn't there yet
        for (int attempt = 0; attempt < 2; ++attempt) {
            try {
                row = co_await read_run_row(&server, database, after(patience));
                break;
            } catch (const ConnectionLost&) {
                // A session that was ended while this controller slept says nothing of the server: the second
                // try is on a new one.
                server.close_idle();
            } catch (const ServerError&) {
                break;
            } catch (const Error&) {
                co_return;
            }
        }
        rows->push_back({side, database, std::move(row)});
    }
}

} // namespace

std::optional<Refusal> judge_epochs(const std::vector<SeenRow>& rows, const std::string& run_id,
                                    std::int64_t highest) {
    const std::string elsewhere = "this journal is not the newest: run pgteal from where the newest one is";
    for (const auto& [side, database, row] : rows) {
        if (!row.present || row.run_id.empty()) {
            continue;
        }
        const auto where = "database " + database + " on " + to_string(side);
        if (row.run_id != run_id) {
            return Refusal{to_string(side), where + " belongs to another run of pgteal (" + row.run_id + ")",
                           elsewhere};
        }
        if (row.epoch > highest) {
            return Refusal{to_string(side),
                           where + " is at epoch " + std::to_string(row.epoch) + ", this journal knows of " +
                               std::to_string(highest) + ": another controller went on",
                           elsewhere};
        }
    }
    return std::nullopt;
}

Task<void> require_newest_journal(Context* context, std::int64_t highest,
                                  std::chrono::milliseconds patience) {
    std::vector<SeenRow> blue;
    std::vector<SeenRow> green;
    std::vector<Task<void>> reads;
    reads.push_back(read_rows(context, Side::blue, patience, &blue));
    reads.push_back(read_rows(context, Side::green, patience, &green));
    co_await all(std::move(reads));
    blue.insert(blue.end(), green.begin(), green.end());
    const auto refusal = judge_epochs(blue, context->progress().run_id, highest);
    if (refusal) {
        throw Error(ErrorCode::refused, refusal->side, refusal->message, refusal->hint);
    }
}

} // namespace pgteal::cutover
