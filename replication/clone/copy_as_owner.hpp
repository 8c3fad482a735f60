// Writing rows into a table that has code of its owner's, with the owner's rights and no more. Pure.
//
// COPY evaluates CHECKs, domains and generated columns as whoever runs it, which is a superuser. SET ROLE is
// no boundary: the code may SET ROLE back. Nor is a SECURITY DEFINER function: a trigger that the code makes
// and that waits for the end of the transaction runs as the superuser again, and settings that the code makes
// stay. Only the server's security-restricted operation refuses all of that, and what a superuser may do in
// one is to refresh a materialized view of somebody else's (docs: REFRESH MATERIALIZED VIEW; measured on 15
// and 17). So the rows are copied into a temporary table without any code, and a materialized view that
// belongs to the table's owner calls the function that inserts them. It takes half as long again as COPY
// alone, and is done for such tables only.
#pragma once

#include <set>
#include <string>

#include "catalog/tables.hpp"

namespace pgteal::replication {

struct AsOwner {
    std::string owner;
    std::set<std::string> coded; ///< columns whose type runs code when a value is read: these come as text
};

/// Within the transaction that writes: the table that takes the rows.
std::string stage_rows(const Table& table, const AsOwner& owner);
std::string copy_staged_command();
/// Inserts them. `number` tells sessions apart. Its last result but three has one row: how many were
/// inserted.
std::string insert_staged(const Table& table, const AsOwner& owner, int number);

} // namespace pgteal::replication
