#!/usr/bin/env bash
# On blue only: a role and a database to move, with pgbench's tables. pgteal brings both to green.
set -euo pipefail
psql -X -q -v ON_ERROR_STOP=1 -U postgres -d postgres <<'SQL'
CREATE ROLE app LOGIN PASSWORD 'app';
CREATE DATABASE app OWNER app;
SQL
pgbench -i -q -s 1 -U app app
# Without a primary key its UPDATE and DELETE could not be replicated.
psql -X -q -v ON_ERROR_STOP=1 -U app -d app <<'SQL'
ALTER TABLE pgbench_history ADD COLUMN hid bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;
SQL
