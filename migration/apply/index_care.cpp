#include "migration/apply/index_care.hpp"

#include <vector>

#include "migration/apply/sql.hpp"

namespace pgteal::migration {

namespace {

/// What the statement's name for a table or index stands for, with its schema; "" when there is no such. The
/// rest is asked where nobody's operators are in the way.
std::string full_name(Session& session, pqxx::nontransaction& work, const std::string& name) {
    session.use_users_path(work);
    const auto oid =
        work.exec(bind("SELECT pg_catalog.to_regclass(:'name')::pg_catalog.oid", {{"name", name}}))
            .at(0)
            .at(0);
    Session::use_own_path(work);
    return oid.is_null() ? std::string()
                         : work.exec("SELECT " + oid.as<std::string>() + "::regclass::text")
                               .at(0)
                               .at(0)
                               .as<std::string>();
}

/// Rows with valid and index: what there is of the statement's own.
pqxx::result own_indexes(Session& session, pqxx::nontransaction& work, const Kind& kind,
                         const std::optional<std::string>& before) {
    if (kind.index) {
        const auto table = full_name(session, work, kind.index->table);
        return work.exec(bind(sql::index_state, {{"table", table}, {"index", kind.index->index}}));
    }
    const auto table = full_name(session, work, kind.unnamed_on);
    return work.exec(bind(sql::index_new, {{"table", table}, {"oids", before.value_or("")}}));
}

} // namespace

bool builds_concurrently(const Kind& kind) { return kind.index || !kind.unnamed_on.empty() || kind.rebuild; }

std::string indexes_before(Session& session, const Kind& kind) {
    pqxx::nontransaction work(session.connection());
    const auto table = full_name(session, work, kind.unnamed_on);
    return work.exec(bind(sql::index_list, {{"table", table}})).at(0).at(0).as<std::string>();
}

bool index_is_built(Session& session, const Kind& kind, const std::optional<std::string>& before) {
    if (!kind.index && (kind.unnamed_on.empty() || !before)) {
        return false;
    }
    pqxx::nontransaction work(session.connection());
    for (const auto& row : own_indexes(session, work, kind, before)) {
        if (row.at("valid").as<bool>()) {
            return true;
        }
    }
    return false;
}

void drop_leftovers(Session& session, const Kind& kind, const std::optional<std::string>& before) {
    pqxx::nontransaction work(session.connection());
    std::vector<std::string> invalid;
    if (kind.rebuild) {
        const auto& object = kind.rebuild->object;
        const auto name = object == "INDEX" || object == "TABLE"
                              ? full_name(session, work, kind.rebuild->name)
                              : kind.rebuild->name;
        Session::use_own_path(work);
        const auto left = work.exec(bind(sql::index_leftovers, {{"object", object}, {"name", name}}));
        for (const auto& row : left) {
            invalid.push_back(row.at("index").as<std::string>());
        }
    } else if (kind.index || (!kind.unnamed_on.empty() && before)) {
        for (const auto& row : own_indexes(session, work, kind, before)) {
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
