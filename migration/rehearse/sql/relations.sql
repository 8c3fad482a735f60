-- Tables, materialized views, views, sequences and indexes of the user, with their files.
SELECT c.oid::pg_catalog.int8 AS oid, n.nspname || '.' || c.relname AS name, c.relkind::pg_catalog.text AS kind,
       c.relfilenode::pg_catalog.int8 AS filenode
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.oid >= 16384 AND n.nspname <> 'pg_toast'
