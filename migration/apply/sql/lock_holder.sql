-- Who holds one of pgteal's advisory locks on this database (a two-key lock has objsubid 2).
SELECT l.pid, pg_catalog.concat(a.state) AS state
  FROM pg_catalog.pg_locks l
  LEFT JOIN pg_catalog.pg_stat_activity a USING (pid)
 WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
   AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
   AND l.classid = :'key'::pg_catalog.oid AND l.objid = :'lock'::pg_catalog.oid
