#include "cutover/fence/fence.hpp"

#include "cutover/fence/own_tables.hpp"
#include "cutover/fence/run_row.hpp"
#include "replication/lane/lanes.hpp"
#include "replication/sequence/sequences.hpp"

namespace pgteal::cutover {

namespace {

/// Of pg_stat_activity a: whatever could write here and is not ours: clients, walsenders but our lanes' (they
/// may run SQL: walsender.c, replication=database), apply workers of other subscriptions, and extensions'
/// background workers, whose backend_type is any name.
constexpr const char* foreign_session =
    R"(a.datname = current_database() AND a.pid <> ALL (own) AND a.pid <> pg_backend_pid()
        AND a.backend_type NOT IN ('autovacuum worker', 'parallel worker')
        AND NOT EXISTS (SELECT FROM pg_replication_slots s WHERE s.active_pid = a.pid AND starts_with(s.slot_name, 'pgteal_'))
        AND NOT EXISTS (SELECT FROM pg_stat_subscription w WHERE w.pid = a.pid AND starts_with(w.subname::text, 'pgteal_')))";

} // namespace

postgres::Statement fence_statement(const std::string& database, std::int64_t epoch,
                                    std::chrono::milliseconds limit) {
    postgres::Statement statement;
    statement.database = database;
    statement.text = "BEGIN; " + postgres::SqlText(take_run_row_text(false)) + "; " +
                     require_epoch_text(epoch) + "; " + require_attempt_text() + "; " +
                     past_lockers(raise_fence_text(database)) + "; COMMIT;\n" +
                     postgres::from_template(R"(DO $fence$
DECLARE
  own int[] := :'own_pids';
  raised timestamptz := clock_timestamp();
  until timestamptz := clock_timestamp() + interval ')") +
                     std::to_string(limit.count()) + postgres::from_template(R"( ms';
  ended int := 0;
  starting int;
  sessions int;
BEGIN
  PERFORM 1 FROM pg_prepared_xacts WHERE database = current_database();
  IF FOUND THEN
    RAISE EXCEPTION 'a prepared transaction is there: it could be committed past the fence' USING ERRCODE = '55006';
  END IF;
  LOOP
    PERFORM pg_stat_clear_snapshot();
    SELECT count(*) INTO starting FROM pg_locks
      WHERE locktype = 'object' AND classid = 'pg_database'::regclass AND mode = 'RowExclusiveLock' AND pid <> ALL (own)
        AND objid = (SELECT oid FROM pg_database WHERE datname = current_database());
    SELECT count(pg_terminate_backend(a.pid)) INTO sessions FROM pg_stat_activity a WHERE )") +
                     foreign_session + postgres::from_template(R"(
      -- A subscriber that is ended comes again at once, and its new walsender is read-only like everybody.
      AND NOT (a.backend_type = 'walsender' AND a.backend_start >= raised);
    ended := greatest(ended, sessions);
    EXIT WHEN starting = 0 AND sessions = 0;
    PERFORM 1 FROM pgteal.run WHERE controller = :'attempt';
    IF NOT FOUND THEN
      RAISE EXCEPTION 'this attempt to switch is over' USING ERRCODE = 'TEAL1';
    END IF;
    IF clock_timestamp() > until THEN
      RAISE EXCEPTION 'sessions do not end: % left, % starting', sessions, starting USING ERRCODE = '57014';
    END IF;
    PERFORM pg_sleep(0.0005);
  END LOOP;
  PERFORM 1 FROM pg_prepared_xacts WHERE database = current_database(); -- prepared while the sessions ended
  IF FOUND THEN
    RAISE EXCEPTION 'a transaction was prepared meanwhile: it could be committed past the fence' USING ERRCODE = '55006';
  END IF;
  PERFORM set_config('pgteal.ended', ended::text, false);
END
$fence$;
SELECT current_setting('pgteal.ended') AS ended)");
    statement.gives = {replication::binding_for("ended", database)};
    return statement;
}

postgres::Statement recheck_statement(const std::string& database) {
    return {database,
            postgres::from_template(R"(DO $still$
DECLARE
  own int[] := :'own_pids';
  who text;
  kind text;
BEGIN
  PERFORM 1 FROM pgteal.run WHERE controller = :'attempt';
  IF NOT FOUND THEN
    RAISE EXCEPTION 'this attempt to switch is over' USING ERRCODE = 'TEAL1';
  END IF;
  PERFORM 1 FROM pg_database WHERE datname = current_database() AND datconnlimit = 0;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'somebody lifted the fence' USING ERRCODE = '55006';
  END IF;
  -- A subscriber whose session was ended comes again at once, and runs no SQL once it streams: it gets the time to begin.
  FOR tries IN 1..250 LOOP
    SELECT format('pid %s, role %s, app "%s"', a.pid, a.usename, a.application_name), a.backend_type INTO who, kind FROM pg_stat_activity a
      WHERE )") +
                foreign_session +
                R"(
        AND (a.usename = current_user AND (a.application_name LIKE 'pgteal%' OR a.state IS NULL)) IS NOT TRUE -- pgteal serve
        -- No limit keeps a walsender out (seen on 15 and 17). One that streams can run no SQL.
        AND NOT (a.backend_type = 'walsender' AND EXISTS (SELECT FROM pg_replication_slots s WHERE s.active_pid = a.pid))
      ORDER BY a.backend_type = 'walsender' LIMIT 1;
    EXIT WHEN NOT FOUND;
    IF kind <> 'walsender' OR tries = 250 THEN
      RAISE EXCEPTION 'a session came in past the fence: %', who USING ERRCODE = '55006';
    END IF;
    PERFORM pg_sleep(0.002);
    PERFORM pg_stat_clear_snapshot();
  END LOOP;
END
$still$)",
            {}};
}

postgres::Statement warm_statement(const std::string& database) {
    return {database,
            postgres::from_template(R"(DO $warm$
DECLARE
  own int[] := :'own_pids';
BEGIN
  PERFORM FROM pg_prepared_xacts WHERE database = current_database();
  PERFORM FROM pg_locks WHERE locktype = 'object' AND classid = 'pg_database'::regclass;
  PERFORM FROM pg_stat_activity a WHERE )") +
                foreign_session +
                R"(;
END
$warm$;
)" + replication::read_sequences_text(),
            {}};
}

} // namespace pgteal::cutover
