-- What the publisher's catalogs say of the lane whose objects are called $1. Not through pg_publication_tables: that opens each table that is
-- published with all its columns (pg_get_publication_tables), and would wait for whoever has locked one.
WITH RECURSIVE listed (rel) AS (
  SELECT r.prrelid FROM pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid WHERE p.pubname = $1
  UNION
  SELECT h.inhrelid FROM listed l JOIN pg_catalog.pg_class c ON c.oid = l.rel AND c.relkind = 'p' JOIN pg_catalog.pg_inherits h ON h.inhparent = l.rel)
SELECT EXISTS (SELECT FROM pg_catalog.pg_publication WHERE pubname = $1) AS publication,
       ARRAY(SELECT n.nspname::text || '.' || c.relname::text
               FROM listed l
               JOIN pg_catalog.pg_class c ON c.oid = l.rel
               JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
              WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND n.nspname <> 'pgteal') AS published,
       s.slot_name IS NOT NULL AS slot,
       coalesce(s.active, false) AS slot_active,
       coalesce(s.wal_status, '') AS slot_status,
       s.confirmed_flush_lsn AS confirmed_flush,
       coalesce(pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), s.restart_lsn), 0)::bigint AS retained,
       (SELECT CASE WHEN g.setting::bigint >= 0 THEN g.setting::bigint * 1024 * 1024 END
          FROM pg_catalog.pg_settings g WHERE g.name = 'max_slot_wal_keep_size') AS retained_limit
  FROM (SELECT) one
  LEFT JOIN pg_catalog.pg_replication_slots s ON s.slot_name = $1
