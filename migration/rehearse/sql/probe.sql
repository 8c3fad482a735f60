-- The WAL position, and the locks that backend :'pid' holds on relations of the user: one row at least. A relation
-- that this session can't see (yet, or any more) has no name.
SELECT pg_catalog.pg_current_wal_insert_lsn()::pg_catalog.text AS lsn, held.oid, held.mode, held.name, held.kind,
       held.filenode
  FROM (VALUES (1)) AS once
  LEFT JOIN (SELECT l.relation::pg_catalog.int8 AS oid, l.mode, n.nspname || '.' || c.relname AS name,
                    c.relkind::pg_catalog.text AS kind, c.relfilenode::pg_catalog.int8 AS filenode
               FROM pg_catalog.pg_locks l
               LEFT JOIN pg_catalog.pg_class c ON c.oid = l.relation
               LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
              WHERE l.locktype = 'relation' AND l.granted AND l.pid = :'pid'::pg_catalog.int4
                AND l.relation >= 16384 AND n.nspname IS DISTINCT FROM 'pg_toast'
                AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d
                                   WHERE d.datname = pg_catalog.current_database())) AS held ON true
