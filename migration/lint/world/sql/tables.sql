-- Tables, views, materialized and foreign tables that are the user's. Up to 13 a table that was never analyzed has 0 for
-- reltuples, later -1; relpages is -1 for a partitioned table that was analyzed.
SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relkind::pg_catalog.text AS kind,
       CASE WHEN c.reltuples < 0 OR c.reltuples = 0 AND c.relpages = 0 THEN -1
            ELSE c.reltuples END::int8 AS rows,
       greatest(c.relpages, 0)::int8 * pg_catalog.current_setting('block_size')::int8 AS estimated_bytes,
       c.relpersistence::pg_catalog.text AS persistence, c.relreplident::pg_catalog.text AS replica_identity,
       i.parent, coalesce(part.partdefid = c.oid, false) AS default_partition, s.spcname AS tablespace
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN LATERAL (SELECT h.inhparent AS parent
                       FROM pg_catalog.pg_inherits h
                      WHERE h.inhrelid = c.oid
                      ORDER BY h.inhseqno LIMIT 1) i ON true
  LEFT JOIN pg_catalog.pg_partitioned_table part ON part.partrelid = i.parent
  LEFT JOIN pg_catalog.pg_tablespace s
    ON s.oid = CASE WHEN c.reltablespace <> 0 THEN c.reltablespace
                    ELSE (SELECT d.dattablespace FROM pg_catalog.pg_database d
                           WHERE d.datname = pg_catalog.current_database()) END
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
   AND c.oid >= 16384
   AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
   AND c.relpersistence <> 't'
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                    WHERE e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND e.objid = c.oid AND e.deptype = 'e')
 ORDER BY n.nspname, c.relname
