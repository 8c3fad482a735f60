// What a session holds and has done, as PostgreSQL itself tells: pg_locks, pg_class.relfilenode, and the
// counters of rows read.
#include "tests/migration/lint/measured.hpp"

namespace pgteal::migration::lint::test {

namespace {

const std::string user_relations =
    " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid"
    " LEFT JOIN pg_catalog.pg_class t ON t.oid = i.indrelid"
    " LEFT JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace"
    " WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'i', 'I', 'S')"
    " AND n.nspname <> 'pg_toast'";

} // namespace

Snapshot snapshot(pqxx::transaction_base& work) {
    Snapshot result;
    for (const auto& row :
         work.exec(std::string("SELECT c.oid, n.nspname || '.' || c.relname, c.relkind,"
                               " coalesce(tn.nspname || '.' || t.relname, ''),"
                               " c.relkind IN ('r', 'm') AND pg_catalog.pg_relation_size(c.oid) > 0") +
                   user_relations)) {
        auto& relation = result[row[0].as<unsigned>()];
        relation.name = row[1].c_str();
        relation.kind = row[2].c_str();
        relation.table = row[3].c_str();
        relation.has_rows = row[4].as<bool>();
    }
    return result;
}

std::map<unsigned, std::string> filenodes(pqxx::transaction_base& work) {
    std::map<unsigned, std::string> result;
    for (const auto& row : work.exec("SELECT c.oid, c.relfilenode" + user_relations)) {
        result[row[0].as<unsigned>()] = row[1].c_str();
    }
    return result;
}

namespace {
std::map<unsigned, std::string> names(pqxx::transaction_base& work) {
    std::map<unsigned, std::string> result;
    for (const auto& row : work.exec("SELECT c.oid, n.nspname || '.' || c.relname" + user_relations)) {
        result[row[0].as<unsigned>()] = row[1].c_str();
    }
    return result;
}
} // namespace

void Watch::locks(pqxx::transaction_base& work, int pid, bool of_indexes) {
    // What is waited for counts as well: others queue behind it.
    for (const auto& row :
         work.exec("SELECT relation, mode FROM pg_catalog.pg_locks WHERE locktype = 'relation'"
                   " AND pid = " +
                   std::to_string(pid))) {
        const auto found = before_.find(row[0].as<unsigned>());
        const auto mode = lock_of_mode(row[1].c_str());
        if (found == before_.end() || !mode) {
            continue;
        }
        const auto& relation = found->second;
        const bool is_index = relation.kind == "i" || relation.kind == "I";
        // The planner opens every index of a table that it reads (plancat.c, get_relation_info): while one of
        // them is locked against that, nobody gets at the table.
        if (!is_index) {
            auto& done = of(relation.name);
            done.lock = std::max(done.lock, *mode);
        } else if (of_indexes && *mode == Lock::access_exclusive) {
            of(relation.table).lock = *mode;
        }
    }
}

void Watch::tuples_before(pqxx::transaction_base& work) {
    for (const auto& row :
         work.exec("SELECT c.oid, pg_catalog.pg_stat_get_xact_tuples_returned(c.oid)" + user_relations)) {
        tuples_[row[0].as<unsigned>()] = row[1].as<long long>();
    }
}

void Watch::tuples_after(pqxx::transaction_base& work) {
    const auto earlier = tuples_;
    tuples_before(work);
    for (const auto& [oid, relation] : before_) {
        const auto then = earlier.find(oid);
        if ((relation.kind == "r" || relation.kind == "m") && then != earlier.end() &&
            tuples_.at(oid) > then->second) {
            of(relation.name).scan = true;
        }
    }
}

void Watch::files_after(pqxx::transaction_base& work) {
    const auto now = filenodes(work);
    for (const auto& [oid, relation] : before_) {
        const auto then = filenodes_.find(oid);
        const auto found = now.find(oid);
        if (then == filenodes_.end() || found == now.end() || then->second == found->second) {
            continue;
        }
        if (relation.kind == "r" || relation.kind == "m") {
            // TRUNCATE makes a new file too, but nothing is written to it.
            of(relation.name).rewrite =
                work.exec("SELECT pg_catalog.pg_relation_size(" + std::to_string(oid) + ") > 0")
                    .at(0)[0]
                    .as<bool>();
        } else if (relation.kind == "i") {
            // Up to here an index alone: rebuilt, or copied to another place.
            const auto of_table = relation.table;
            if (work.exec("SELECT pg_catalog.pg_relation_size(" + std::to_string(oid) + ") > 8192")
                    .at(0)[0]
                    .as<bool>()) {
                of(of_table).scan = true;
            }
        }
    }
}

void Watch::built_indexes(pqxx::transaction_base& work) {
    for (const auto& row : work.exec("SELECT i.indexrelid, i.indrelid FROM pg_catalog.pg_index i"
                                     " JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid WHERE c.relkind = "
                                     "'i' AND c.oid >= 16384")) {
        const auto table = before_.find(row[1].as<unsigned>());
        if (!filenodes_.contains(row[0].as<unsigned>()) && table != before_.end() && table->second.has_rows) {
            of(table->second.name).scan = true;
        }
    }
}

std::map<std::string, Done> Watch::done() const {
    auto result = done_;
    for (const auto& [oid, relation] : before_) {
        if (const auto found = result.find(relation.name); found != result.end()) {
            found->second.has_rows = relation.has_rows;
            found->second.materialized = relation.kind == "m";
        }
    }
    return result;
}

std::map<std::string, std::string> Watch::renamed(pqxx::transaction_base& work) const {
    std::map<std::string, std::string> result;
    for (const auto& [oid, now] : names(work)) {
        const auto found = before_.find(oid);
        if (found != before_.end() && found->second.name != now) {
            result[now] = found->second.name;
        }
    }
    return result;
}

bool Observation::dangerous() const {
    for (const auto& unit : units) {
        for (const auto& [name, done] : unit.relations) {
            if (done.dangerous()) {
                return true;
            }
        }
    }
    return false;
}

} // namespace pgteal::migration::lint::test
