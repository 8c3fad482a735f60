-- What pgteal keeps in each database, on both sides. May be run again.
-- A user who made the schema first could put code of his own where pgteal writes as a superuser, or drop the freeze.
DO $pgteal$
BEGIN
  IF EXISTS (SELECT FROM (SELECT nspowner AS owner FROM pg_catalog.pg_namespace WHERE nspname = 'pgteal'
                          UNION ALL
                          SELECT c.relowner FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                           WHERE n.nspname = 'pgteal'
                          UNION ALL
                          SELECT p.proowner FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
                           WHERE n.nspname = 'pgteal') o
               JOIN pg_catalog.pg_roles r ON r.oid = o.owner WHERE NOT r.rolsuper) THEN
    RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
      MESSAGE = pg_catalog.format('schema pgteal in database "%s", or something in it, belongs to a role that is no superuser',
                                  pg_catalog.current_database()),
      HINT = 'Give the schema another name: ALTER SCHEMA pgteal RENAME TO pgteal_of_others. Then run the command again.';
  END IF;
  IF pg_catalog.to_regnamespace('pgteal') IS NOT NULL AND pg_catalog.to_regclass('pgteal.run') IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'duplicate_schema', MESSAGE = 'there is a schema pgteal that pgteal did not make',
      HINT = 'Rename it: ALTER SCHEMA pgteal RENAME TO something_else. Then run the command again.';
  END IF;
END $pgteal$;
CREATE SCHEMA IF NOT EXISTS pgteal;
CREATE TABLE IF NOT EXISTS pgteal.run (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  run_id text, run_name text, epoch bigint, serving text, controller text,
  barrier bigint, reverse_start pg_lsn, system_identifier text, switched_at timestamptz
);
INSERT INTO pgteal.run (one) VALUES (true) ON CONFLICT DO NOTHING;
-- No client can keep a probe from writing: who may only INSERT may LOCK TABLE in no mode that another INSERT waits for (docs:
-- LOCK), and without a unique key none waits for another one's row.
CREATE TABLE IF NOT EXISTS pgteal.probe (entry text, token text);
GRANT USAGE ON SCHEMA pgteal TO PUBLIC;
GRANT INSERT ON pgteal.probe TO PUBLIC;
CREATE TABLE IF NOT EXISTS pgteal.progress (step text PRIMARY KEY, at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp());
-- Tables whose copy is complete, with the slot position of the snapshot that they were read under.
CREATE TABLE IF NOT EXISTS pgteal.copied (lane text, tablename text, at pg_lsn NOT NULL, PRIMARY KEY (lane, tablename));
-- On green (migrated_rows.hpp): from which transaction on which script of the migrations wrote, '' for none; and rows of theirs that a
-- comparison found there only.
CREATE TABLE IF NOT EXISTS pgteal.migrated (xid bigint PRIMARY KEY DEFAULT pg_catalog.txid_current(), script text NOT NULL);
CREATE TABLE IF NOT EXISTS pgteal.inserted (tablename text, id text, script text NOT NULL, PRIMARY KEY (tablename, id));
-- What the statistics of lanes' slots said last (continuity.hpp); made_anew: when they were seen to begin anew.
CREATE TABLE IF NOT EXISTS pgteal.slots (name text PRIMARY KEY, decoded bigint NOT NULL, era text NOT NULL, made_anew text NOT NULL);
-- What the freeze knows of partitions where they are carried (lane_partitions.sql), by the oids of this side; empty where they are not.
-- born: made during the run; moved: made, attached or detached during it; waits: its rows have not been copied; doing: see the freeze.
CREATE TABLE IF NOT EXISTS pgteal.partitions (
  child oid PRIMARY KEY, parent oid NOT NULL, born boolean NOT NULL, moved boolean NOT NULL, waits boolean NOT NULL, doing boolean NOT NULL
);
-- What was last seen of each side, one row a side on both sides: cutover/look/side_record.hpp.
CREATE TABLE IF NOT EXISTS pgteal.seen (
  side text PRIMARY KEY, run_id text NOT NULL, generation bigint NOT NULL, timeline text NOT NULL,
  flushed pg_lsn NOT NULL, token bigint NOT NULL, at text NOT NULL, doubt text NOT NULL
);
-- On the subscriber (continuity.hpp): a marker names the one before it, and when that never came here, something was left out. Only the row
-- itself is changed: on a fenced side a trigger of apply may write nothing else.
CREATE OR REPLACE FUNCTION pgteal.watch_markers() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $function$
BEGIN
  IF NEW.token IS NOT DISTINCT FROM OLD.token THEN
    RETURN NEW; -- what was seen is being forgotten
  END IF;
  NEW.detail := coalesce(OLD.detail, CASE WHEN OLD.token IS NOT NULL AND NEW.previous IS DISTINCT FROM OLD.token
    THEN jsonb_build_object('gap', to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')) END);
  RETURN NEW;
END $function$;
REVOKE ALL ON FUNCTION pgteal.watch_markers() FROM PUBLIC;
