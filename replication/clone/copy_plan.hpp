// What a copy does, as data: which part of which table, in which order, with which COPY commands.
#pragma once

#include <string>
#include <vector>

#include "catalog/tables.hpp"

namespace pgteal::replication {

/// A whole table, or the rows of its heap pages [first_page, end_page).
struct CopyPart {
    std::size_t table = 0; ///< index into the list of tables
    bool whole = true;
    std::int64_t first_page = 0;
    std::int64_t end_page = 0; ///< 0: open, for pages added since the size was read
    Bytes weight{};            ///< estimate
};

/// Largest first. Tables above `split_above`, and above a fraction of the total that keeps `jobs` evenly
/// busy, are split if `tid_ranges` (PostgreSQL 14: "TID Range Scan") and jobs > 1.
std::vector<CopyPart> plan_parts(const std::vector<Table>& tables, int jobs, Bytes split_above,
                                 bool tid_ranges);

/// Whether the target table is emptied in the copy's own transaction, which allows COPY … FREEZE (docs:
/// "COPY"): no later rewriting of pages for hint bits and freezing. Not worth a new file for a small table,
/// impossible for a split one.
bool freezes(const Table& table, const CopyPart& part);

std::string copy_out_command(const Table& table, const CopyPart& part);
std::string copy_in_command(const Table& table, const CopyPart& part);

/// BEGIN under the snapshot, with what reading wants beyond the session's own settings (server.hpp), as SET
/// LOCAL.
std::string begin_reading(const std::string& snapshot);
/// BEGIN of the transaction that writes a part, and the emptying of the table where that is part of it.
std::string begin_writing(const Table& table, const CopyPart& part);

/// The numbers (positions in `tables`) of those that hold rows.
std::string find_filled(const std::vector<Table>& tables, std::size_t first, std::size_t end);
/// The numbers of those that have a file with pages, live rows in it or not.
std::string find_used(const std::vector<Table>& tables, std::size_t first, std::size_t end);

} // namespace pgteal::replication
