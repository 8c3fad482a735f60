#include "migration/rehearse/relations.hpp"

#include <algorithm>

#include "migration/rehearse/sql.hpp"

namespace pgteal::migration::rehearse {

namespace {

Relation relation_of(const pqxx::row& row) {
    return {row["name"].as<std::string>(), row["kind"].as<std::string>().at(0),
            row["filenode"].as<std::int64_t>()};
}

} // namespace

Relations read_relations(pqxx::transaction_base& work) {
    Relations relations;
    for (const auto& row : work.exec(std::string(sql::relations))) {
        relations.emplace(row["oid"].as<std::int64_t>(), relation_of(row));
    }
    return relations;
}

Probe read_probe(pqxx::transaction_base& work, int pid) {
    Probe probe;
    for (const auto& row : work.exec(bind(sql::probe, {{"pid", std::to_string(pid)}}))) {
        probe.lsn = Lsn::parse(row["lsn"].as<std::string>()).value_or(Lsn{});
        if (row["oid"].is_null()) {
            continue;
        }
        const auto oid = row["oid"].as<std::int64_t>();
        const auto mode = lint::lock_of_mode(row["mode"].as<std::string>()).value_or(lint::Lock::none);
        auto& strongest = probe.locks[oid];
        strongest = std::max(strongest, mode);
        if (!row["name"].is_null()) {
            probe.relations.emplace(oid, relation_of(row));
        }
    }
    return probe;
}

std::vector<std::string> rewritten(const Relations& before, const Relations& now) {
    std::vector<std::string> tables;
    std::vector<std::string> indexes;
    for (const auto& [oid, relation] : now) {
        const auto old = before.find(oid);
        if (old == before.end() || old->second.filenode == relation.filenode ||
            old->second.filenode == 0) { // 0: partitioned, or a view
            continue;
        }
        if (relation.has_rows()) {
            tables.push_back(relation.name);
        } else if (relation.is_index()) {
            indexes.push_back(relation.name);
        }
    }
    // A table that is rewritten takes its indexes along.
    return tables.empty() ? indexes : tables;
}

} // namespace pgteal::migration::rehearse
