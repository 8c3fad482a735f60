-- What pgteal keeps in each database, on both sides. May be run again.
CREATE SCHEMA IF NOT EXISTS pgteal;
CREATE TABLE IF NOT EXISTS pgteal.run (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  run_id text, run_name text, epoch bigint, serving text, controller text,
  barrier bigint, reverse_start pg_lsn, system_identifier text, switched_at timestamptz
);
INSERT INTO pgteal.run (one) VALUES (true) ON CONFLICT DO NOTHING;
CREATE TABLE IF NOT EXISTS pgteal.probe (entry text PRIMARY KEY, token text);
GRANT USAGE ON SCHEMA pgteal TO PUBLIC;
GRANT SELECT, INSERT, UPDATE ON pgteal.probe TO PUBLIC;
CREATE TABLE IF NOT EXISTS pgteal.progress (step text PRIMARY KEY, at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp());
-- Tables whose copy is complete, with the slot position of the snapshot that they were read under.
CREATE TABLE IF NOT EXISTS pgteal.copied (lane text, tablename text, at pg_lsn NOT NULL, PRIMARY KEY (lane, tablename));
