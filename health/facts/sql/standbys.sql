-- Standbys that stream from this server: from where, and under which name. Logical receivers have a slot of a database.
SELECT coalesce(pg_catalog.host(r.client_addr), '127.0.0.1') AS address, r.application_name AS name
  FROM pg_catalog.pg_stat_replication r
 WHERE r.state <> 'backup'
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_replication_slots s WHERE s.active_pid = r.pid AND s.slot_type = 'logical')
 ORDER BY 1, 2;
