// Rows that are written all the time, as both sides have them at one and the same commit.
#pragma once

#include <string>
#include <vector>

#include "replication/compare/compare_proof.hpp"
#include "replication/compare/compare_versions.hpp"

namespace pgteal::replication {

struct ExactReading {
    std::vector<std::string> ids; ///< those that could be read at one commit; the others moved once more
    Versions serving, standing;
};

/// A row that never stands still can't be read on one side, waited for and read on the other. Locking it
/// would keep clients waiting for as long as the lane lags, so nothing on the serving side is locked: the row
/// is read there before and behind the commit of a marker, in one message; untouched in between, that is
/// what it was at the marker's commit. On the standing side the marker's own row is locked beforehand, so
/// that apply, which works in the order of commits, waits in front of it for the moment that reading takes:
/// all before the marker is there, nothing behind it is. The marker has a kind of its own, since apply would
/// wait for whoever else writes it.
class ExactReader {
public:
    explicit ExactReader(const ComparedPair& pair);

    /// May give none: then all of them were written during each of some dozen markers. No wait for a lane
    /// holds anything on the serving side. Throws what waiting for the lanes throws, and DeadlinePassed.
    Task<ExactReading> read(postgres::Connection& serving, postgres::Connection& standing,
                            std::vector<std::string> ids);
    /// Takes the marker's rows away again.
    Task<void> forget(postgres::Connection& serving);

private:
    Task<void> await_arrival(postgres::Connection& standing);
    Task<bool> hold(postgres::Connection& holder);
    Task<ExactReading> try_once(postgres::Connection& serving, const std::vector<std::string>& ids);
    Task<void> await_blocked(postgres::Connection& holder);
    [[nodiscard]] std::string write_marker(std::int64_t token) const;
    [[nodiscard]] std::string shown_tokens(const std::string& suffix) const;

    const ComparedPair& pair_;
    std::string kind_;
    std::int64_t sent_ = 0; ///< token of the marker that was written last; 0: none yet
};

} // namespace pgteal::replication
