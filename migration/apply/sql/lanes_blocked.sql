-- Apply workers that wait for a lock which a session of a migration holds.
SELECT s.subname
  FROM pg_catalog.pg_stat_subscription s
 WHERE s.pid IS NOT NULL
   AND pg_catalog.pg_blocking_pids(s.pid) &&
       ARRAY(SELECT a.pid FROM pg_catalog.pg_stat_activity a
              WHERE a.datname = pg_catalog.current_database() AND a.usename = SESSION_USER
                AND a.application_name = 'pgteal migrate apply')
 ORDER BY 1
