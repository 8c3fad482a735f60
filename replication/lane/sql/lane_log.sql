-- The end of the server's log, where it keeps one itself (logging_collector), and the origin of the subscription called $1 as its apply worker
-- names it there. Bytes above ASCII as \ooo.
SELECT 'pg_' || s.oid AS origin,
       (SELECT pg_catalog.encode(pg_catalog.pg_read_binary_file(l.file, greatest(f.size - 131072, 0), 131072), 'escape')
          FROM (SELECT pg_catalog.pg_current_logfile('stderr')) l (file)
         CROSS JOIN LATERAL pg_catalog.pg_stat_file(l.file, true) f
         WHERE f.size IS NOT NULL) AS log
  FROM pg_catalog.pg_subscription s
  JOIN pg_catalog.pg_database d ON d.oid = s.subdbid
 WHERE s.subname = $1 AND d.datname = pg_catalog.current_database()
