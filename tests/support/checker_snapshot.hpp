// What a server holds: the workload's tables, read in one transaction.
#pragma once

#include <array>
#include <compare>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/workload_schema.hpp"

namespace pgteal::workload {

// One shape for all tables. `op` wrote the row last, or inserted it where rows aren't updated.
//   events     a: client             intact: the payload is the one made from the id
//   counters   a: n
//   accounts   a: balance
//   transfers  a, b: accounts from and to, c: amount
//   children   key, op: the parent; a: which of its children
//   tombstones key: the deleted item
//   toasted                          intact: so is the large value
//   draws      key: identity value; a: index of the sequence, b: value drawn
struct Row {
    Id op = 0;
    Id key = 0;
    Id server = 0;
    Id a = 0, b = 0, c = 0;
    bool intact = true;

    auto operator<=>(const Row&) const = default;
};

struct Snapshot {
    Id server = 0; // system_identifier
    std::array<std::vector<Row>, tables.size()> rows;

    const std::vector<Row>& table(std::string_view name) const;
    std::vector<Row>& table(std::string_view name);
};

struct Digest {
    Id rows = 0;
    std::string sum; // of the hashes of all rows' text: the order doesn't matter, every byte does

    bool operator==(const Digest&) const = default;
};
using Digests = std::array<Digest, tables.size()>;

Session connect_to_check(const std::string& dsn, std::string_view side);
Snapshot read_snapshot(Session& session);
Digests read_digests(Session& session);

} // namespace pgteal::workload
