-- What the slots of the names $1 have confirmed, and where the WAL ends. The slots are read first (a function's rows are
-- gathered before any is joined), so that none can be beyond the end for having moved meanwhile.
SELECT n.name, s.slot_name IS NOT NULL, s.confirmed_flush_lsn, pg_catalog.pg_current_wal_insert_lsn()
  FROM pg_catalog.unnest($1::text[]) AS n (name)
  LEFT JOIN pg_catalog.pg_replication_slots s ON s.slot_name = n.name
