-- What the subscriber's catalogs say of the lane whose subscription is called $1.
WITH subscription AS (
  SELECT s.oid, s.subenabled
    FROM pg_catalog.pg_subscription s
    JOIN pg_catalog.pg_database d ON d.oid = s.subdbid
   WHERE s.subname = $1 AND d.datname = pg_catalog.current_database()
), relation AS (
  SELECT n.nspname || '.' || c.relname AS name, r.srsubstate AS state, n.nspname AS schema
    FROM subscription s
    JOIN pg_catalog.pg_subscription_rel r ON r.srsubid = s.oid
    JOIN pg_catalog.pg_class c ON c.oid = r.srrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
)
SELECT s.oid IS NOT NULL AS subscription,
       coalesce(s.subenabled, false) AS enabled,
       EXISTS (SELECT FROM pg_catalog.pg_stat_subscription w WHERE w.subid = s.oid AND w.pid IS NOT NULL) AS worker,
       ARRAY(SELECT name FROM relation WHERE schema <> 'pgteal') AS subscribed,
       ARRAY(SELECT name FROM relation WHERE state <> 'r') AS not_ready
  FROM (SELECT) one
  LEFT JOIN subscription s ON true
