// Relations and the locks on them, as the catalogs have them at one moment.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "migration/rehearse/meter.hpp"

namespace pgteal::migration::rehearse {

struct Relation {
    std::string name; ///< "schema.name"
    char kind = 'r';  ///< pg_class.relkind
    std::int64_t filenode = 0;
    [[nodiscard]] bool is_index() const { return kind == 'i' || kind == 'I'; }
    [[nodiscard]] bool has_rows() const { return kind == 'r' || kind == 'm'; }
};
using Relations = std::map<std::int64_t, Relation>; ///< by oid

struct Probe {
    Lsn lsn;
    std::map<std::int64_t, lint::Lock> locks; ///< by oid, the strongest
    Relations relations;                      ///< those of `locks` that can be seen
};

Relations read_relations(pqxx::transaction_base& work);
Probe read_probe(pqxx::transaction_base& work, int pid);

/// Pure. Names of relations of `before` that have another file in `now`, which may hold fewer: an index only
/// when the table it is on doesn't explain it.
std::vector<std::string> rewritten(const Relations& before, const Relations& now);

} // namespace pgteal::migration::rehearse
