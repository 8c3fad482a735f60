SELECT s.stxrelid AS table, n.nspname AS schema, s.stxname AS name
  FROM pg_catalog.pg_statistic_ext s
  JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace
 WHERE s.stxrelid >= 16384
