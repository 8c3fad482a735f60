-- WAL that the server writes in an hour, since its statistics began; younger ones count as an hour's.
SELECT CASE WHEN s.seconds > 0 THEN (s.wal_bytes / s.seconds * 3600)::float8 END AS per_hour
  FROM (SELECT w.wal_bytes, GREATEST(EXTRACT(epoch FROM pg_catalog.clock_timestamp() - w.stats_reset), 3600)::numeric AS seconds
          FROM pg_catalog.pg_stat_wal w) s;
