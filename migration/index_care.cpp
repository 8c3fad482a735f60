#include "migration/index_care.hpp"

#include <vector>

#include "migration/session.hpp"
#include "migration/sql.hpp"

namespace pgteal::migration {

namespace {

/// Rows with valid and index: what there is of the statement's own.
pqxx::result own_indexes(pqxx::nontransaction& work, const Kind& kind,
                         const std::optional<std::string>& before) {
    if (kind.index) {
        return work.exec(
            bind(sql::index_state, {{"table", kind.index->table}, {"index", kind.index->index}}));
    }
    return work.exec(bind(sql::index_new, {{"table", kind.unnamed_on}, {"oids", before.value_or("")}}));
}

} // namespace

bool builds_concurrently(const Kind& kind) { return kind.index || !kind.unnamed_on.empty() || kind.rebuild; }

std::string indexes_before(pqxx::connection& connection, const Kind& kind) {
    pqxx::nontransaction work(connection);
    return work.exec(bind(sql::index_list, {{"table", kind.unnamed_on}})).at(0).at(0).as<std::string>();
}

bool index_is_built(pqxx::connection& connection, const Kind& kind,
                    const std::optional<std::string>& before) {
    if (!kind.index && (kind.unnamed_on.empty() || !before)) {
        return false;
    }
    pqxx::nontransaction work(connection);
    for (const auto& row : own_indexes(work, kind, before)) {
        if (row.at("valid").as<bool>()) {
            return true;
        }
    }
    return false;
}

void drop_leftovers(pqxx::connection& connection, const Kind& kind,
                    const std::optional<std::string>& before) {
    pqxx::nontransaction work(connection);
    std::vector<std::string> invalid;
    if (kind.rebuild) {
        const auto left = work.exec(
            bind(sql::index_leftovers, {{"object", kind.rebuild->object}, {"name", kind.rebuild->name}}));
        for (const auto& row : left) {
            invalid.push_back(row.at("index").as<std::string>());
        }
    } else if (kind.index || (!kind.unnamed_on.empty() && before)) {
        for (const auto& row : own_indexes(work, kind, before)) {
            if (!row.at("valid").as<bool>()) {
                invalid.push_back(row.at("index").as<std::string>());
            }
        }
    }
    for (const auto& index : invalid) {
        work.exec("DROP INDEX CONCURRENTLY IF EXISTS " + index);
    }
}

} // namespace pgteal::migration
