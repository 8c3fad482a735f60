// Reading and writing the history on a session.
#pragma once

#include <string>
#include <vector>

#include "migration/checksum.hpp"
#include "migration/history.hpp"
#include "migration/session.hpp"

namespace pgteal::migration {

bool has_history(Session& session);

/// In version order; empty when there is no history yet.
std::vector<Applied> read_history(Session& session);

/// Sends no DDL when it is there, so that nothing of the user's, such as an event trigger, is set off.
void create_history(Session& session);

/// The statement that writes `row`; for use inside a transaction of the user's SQL, where role and
/// search_path may be any.
std::string write_history_sql(const Applied& row);

/// How many statements of a file have run, and which: whatever comments and space were between them.
class Done {
public:
    void add(const Statement& statement);
    [[nodiscard]] int count() const { return count_; }
    [[nodiscard]] std::string checksum() const { return sum_.value(); }

private:
    LineChecksum sum_;
    int count_ = 0;
};

/// The first `count` statements, or all when there are fewer.
Done first_statements(const File& file, int count);

Applied row_of(const File& file, const std::string& state, const Done& done, double ms);

} // namespace pgteal::migration
