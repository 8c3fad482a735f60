// The tables that the workload writes. Every row carries `server`, the system_identifier of the server that
// took it, and the id of the operation that wrote it last, so that each value leads back to one line of the
// log.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "tests/support/workload_session.hpp"

namespace pgteal::workload {

inline constexpr Id accounts = 64;
inline constexpr Id opening_balance = 1000;
inline constexpr Id counters = 16;
inline constexpr Id children_per_parent = 2;

// Drawn from by nextval, by index. The last two are short, or go down, and are drawn from rarely.
inline constexpr std::array<std::string_view, 4> sequences{"ticket", "ticket_cached", "ticket_small",
                                                           "ticket_down"};
inline constexpr std::size_t busy_sequences = 2;

struct TableSpec {
    std::string_view name;
    // As the checker reads it: op, key, server, a, b, c, intact. What they mean is said in
    // checker_snapshot.hpp.
    std::string_view row;
    // What both sides must have alike.
    std::string_view columns;
};

inline constexpr std::array<TableSpec, 11> tables{{
    {"events", "id, id, server, client, 0, 0, payload = md5(id::text)", "id, client, payload, server"},
    {"counters", "0, id, server, n, 0, 0, true", "id, n, server"},
    {"accounts", "0, id, server, balance, 0, 0, true", "id, balance, server"},
    {"transfers", "op, id, server, from_id, to_id, amount, true", "id, op, from_id, to_id, amount, server"},
    {"parents", "id, id, server, 0, 0, 0, true", "id, server"},
    {"children", "parent_id, parent_id, server, n, 0, 0, true", "parent_id, n, server"},
    {"items", "id, id, server, 0, 0, 0, true", "id, server"},
    {"tombstones", "op, id, server, 0, 0, 0, true", "id, op, server"},
    {"keyed", "op, id, server, 0, 0, 0, true", "id, op, server"},
    {"toasted", "op, id, server, 0, 0, 0, big = repeat(md5(id::text), 200)", "id, big, op, server"},
    {"draws", "op, id, server, sequence, value, 0, true", "id, op, sequence, value, server"},
}};

// Drops schema `workload` where it exists and makes it again, with its seed rows. The role of the DSN owns it
// all.
void init(const std::string& dsn);

} // namespace pgteal::workload
