-- How often applying has failed in the subscription called $1 (PostgreSQL 15 and newer).
SELECT coalesce(pg_catalog.sum(w.apply_error_count), 0)::bigint AS apply_errors
  FROM pg_catalog.pg_stat_subscription_stats w
  JOIN pg_catalog.pg_subscription s ON s.oid = w.subid
  JOIN pg_catalog.pg_database d ON d.oid = s.subdbid
 WHERE s.subname = $1 AND d.datname = pg_catalog.current_database()
