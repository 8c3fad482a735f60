-- The columns that Flyway fills (flyway-core, Database.getInsertStatement); installed_on has a default.
INSERT INTO :"schema".:"table"
       (installed_rank, version, description, type, script, checksum, installed_by, execution_time, success)
SELECT COALESCE(pg_catalog.max(installed_rank), 0) + 1, NULLIF(:'version', ''), :'description', 'SQL', :'script',
       :'checksum'::pg_catalog.int4, CURRENT_USER, :'ms'::pg_catalog.int4, true
  FROM :"schema".:"table"
