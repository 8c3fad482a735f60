-- The catalogs of this server: every ordinary table of pg_catalog. What brings each to the other side: health/schema/catalogs.cpp.
SELECT c.relname AS name FROM pg_catalog.pg_class c
 WHERE c.relnamespace = 'pg_catalog'::pg_catalog.regnamespace AND c.relkind = 'r' AND c.oid < 16384
 ORDER BY c.relname COLLATE "C";
