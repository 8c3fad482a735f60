-- The last commit that each subscription of the names $1 has applied, as a position of its publisher's.
SELECT s.subname::text, pg_catalog.pg_replication_origin_progress(o.roname, false)
  FROM pg_catalog.pg_subscription s
  JOIN pg_catalog.pg_database d ON d.oid = s.subdbid
  JOIN pg_catalog.pg_replication_origin o ON o.roname = 'pg_' || s.oid
 WHERE d.datname = pg_catalog.current_database() AND s.subname = ANY ($1::text[])
