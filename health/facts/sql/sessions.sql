-- Client sessions of others: $1 = the run's databases, $2 = seconds after which a transaction is long, $3 = our own pids.
-- A transaction with an xid also makes a new slot wait, whichever database it is in.
SELECT a.pid, a.usename AS role, a.application_name AS application, a.datname AS database,
       coalesce(extract(epoch FROM now() - a.xact_start), 0)::float8 AS seconds,
       a.backend_xid IS NOT NULL AS has_xid,
       coalesce(a.xact_start < now() - $2::float8 * interval '1 second', false) AS long,
       r.rolsuper AS superuser,
       a.datname = ANY ($1::text[]) AS ours
  FROM pg_catalog.pg_stat_activity a
  JOIN pg_catalog.pg_roles r ON r.oid = a.usesysid
 WHERE a.backend_type = 'client backend'
   AND a.datname IS NOT NULL
   -- Another pgteal's: the name alone is any client's to take.
   AND NOT (a.usename = current_user AND a.application_name LIKE 'pgteal%')
   AND a.pid <> pg_catalog.pg_backend_pid()
   AND a.pid <> ALL ($3::int[])
 ORDER BY a.xact_start NULLS LAST, a.pid;
