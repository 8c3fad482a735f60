// A record of migrations may be a table of anybody's. What its owner put there (a view in its place, a rule,
// trigger, default, CHECK, the expression of an index) would run as a superuser when pgteal reads it or
// writes to it: reading is enough, since the planner folds IMMUTABLE functions. So it is judged first, from
// the catalogs alone.
#pragma once

#include <string>

#include "migration/apply/history.hpp"
#include "migration/apply/session.hpp"

namespace pgteal::migration {

/// Throws Error(migration) with what is strange about pgteal_migrations on that side, and the SQL that mends
/// it. What passed stays so: it belongs to superusers alone.
void require_own_tables(Session& session);

enum class Use { read, write };

/// In a transaction, right before the table is used: the same for a table of others. Until the transaction
/// ends nobody can change it, nor put another one or another schema in its place.
void hold_plain(pqxx::transaction_base& work, const std::string& side, const HistoryTable& table, Use use);

} // namespace pgteal::migration
