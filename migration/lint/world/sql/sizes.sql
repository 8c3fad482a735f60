-- Takes ACCESS SHARE on one table after the other, for a moment: apart, so that it may fail.
SELECT c.oid, pg_catalog.pg_table_size(c.oid) AS bytes, pg_catalog.pg_relation_size(c.oid) = 0 AS empty
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'm')
   AND c.oid >= 16384
   AND c.relpersistence <> 't'
   AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
