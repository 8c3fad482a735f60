// Statements on pgteal.run, the switch record that both databases hold.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/side.hpp"
#include "postgres/statement.hpp"

namespace pgteal::cutover {

/// The row as a run begins: epoch 1, blue serves. Binds :'run_id' and :'run_name'.
postgres::Statement insert_run_row(const std::string& database);

/// SQLSTATE of what the guards below raise: another attempt or controller went on. No second try can help.
inline constexpr std::string_view overtaken = "TEAL1";
inline constexpr const char* overtaken_hint = "another pgteal process goes on with it: run pgteal from where "
                                              "the newest journal is; pgteal status there "
                                              "shows how far it is";

/// Raises `overtaken` unless this run holds the database at `epoch`: a controller with a stale epoch can do
/// nothing.
postgres::SqlText require_epoch_text(std::int64_t epoch);

/// Raises `overtaken` unless the row still carries this attempt (:'attempt', written by stage; the way back
/// takes it out). Locks the row: a fence that a slow network delivers after its attempt was taken back does
/// nothing.
postgres::SqlText require_attempt_text();
/// For taking an attempt back, by whoever: raises `overtaken` when the row carries a newer one than
/// :'begun_by'. Tokens grow; an older one may have come late.
postgres::SqlText require_own_attempt_text();

/// ALTER DATABASE: default_transaction_read_only = on keeps sessions that begin from now on read-only;
/// CONNECTION LIMIT 0 keeps out the ones that would say BEGIN READ WRITE (superusers and apply workers of a
/// superuser's subscription are exempt, source: postinit.c CheckMyDatabase).
std::string raise_fence_text(const std::string& database);
/// The same statements, which whoever holds an uncommitted change of a database or its settings, or locks
/// tables of pgteal's, can't keep waiting: after 300 ms his session is ended. He may be in any database, past
/// no fence, and clients are held. Run in a transaction that ends soon: lock_timeout stays for it.
std::string past_lockers(const std::string& statements);
/// `setting`: the database's own default_transaction_read_only before the fence; "" = it had none.
std::string lift_fence_text(const std::string& database, int connection_limit,
                            const std::string& setting = {});

} // namespace pgteal::cutover
