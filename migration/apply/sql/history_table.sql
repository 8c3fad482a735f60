-- Made on first use, beside the user's schemas. Statements are counted so that an interrupted file is known as such; within a
-- backfill, progress says how far its keys are done.
CREATE SCHEMA IF NOT EXISTS pgteal_migrations;
CREATE TABLE IF NOT EXISTS pgteal_migrations.history (
    version         pg_catalog.text PRIMARY KEY,
    name            pg_catalog.text NOT NULL,
    script          pg_catalog.text NOT NULL,
    checksum        pg_catalog.text NOT NULL,
    state           pg_catalog.text NOT NULL CHECK (state IN ('applied', 'running', 'failed')),
    statements_done pg_catalog.int4 NOT NULL,
    done_checksum   pg_catalog.text NOT NULL,
    applied_at      pg_catalog.timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    ms              pg_catalog.float8 NOT NULL,
    applied_by      pg_catalog.text NOT NULL DEFAULT SESSION_USER
);
CREATE TABLE IF NOT EXISTS pgteal_migrations.progress (
    version   pg_catalog.text NOT NULL,
    statement pg_catalog.int4 NOT NULL,
    position  pg_catalog.text,
    passed    pg_catalog.int8 NOT NULL DEFAULT 0,
    changed   pg_catalog.int8 NOT NULL DEFAULT 0,
    checksum  pg_catalog.text, -- of table and key: what the position belongs to, should the file be mended
    PRIMARY KEY (version, statement)
);
