-- WAL that PostgreSQL 13 writes in an hour, since the last checkpoint (at least five minutes): it has no statistics of it.
SELECT CASE WHEN s.seconds > 0 THEN (s.bytes / s.seconds * 3600)::float8 END AS per_hour
  FROM (SELECT (pg_catalog.pg_current_wal_lsn() - c.redo_lsn)::numeric AS bytes,
               GREATEST(EXTRACT(epoch FROM pg_catalog.clock_timestamp() - c.checkpoint_time), 300)::numeric AS seconds
          FROM pg_catalog.pg_control_checkpoint() c) s;
