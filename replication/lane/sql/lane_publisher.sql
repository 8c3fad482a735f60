-- What the publisher's catalogs say of the lane whose objects are called $1.
SELECT EXISTS (SELECT FROM pg_catalog.pg_publication WHERE pubname = $1) AS publication,
       ARRAY(SELECT p.schemaname || '.' || p.tablename
               FROM pg_catalog.pg_publication_tables p
              WHERE p.pubname = $1 AND p.schemaname <> 'pgteal') AS published,
       s.slot_name IS NOT NULL AS slot,
       coalesce(s.active, false) AS slot_active,
       coalesce(s.wal_status, '') AS slot_status,
       s.confirmed_flush_lsn AS confirmed_flush,
       coalesce(pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), s.restart_lsn), 0)::bigint AS retained,
       (SELECT CASE WHEN g.setting::bigint >= 0 THEN g.setting::bigint * 1024 * 1024 END
          FROM pg_catalog.pg_settings g WHERE g.name = 'max_slot_wal_keep_size') AS retained_limit
  FROM (SELECT) one
  LEFT JOIN pg_catalog.pg_replication_slots s ON s.slot_name = $1
