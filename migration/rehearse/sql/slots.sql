-- Replication slots that stay; those of initial copies (pg_<subscription>_sync_<table>_...) come and go.
SELECT slot_name::text AS name, database IS NOT DISTINCT FROM pg_catalog.current_database() AS here
  FROM pg_catalog.pg_replication_slots
 WHERE NOT temporary AND NOT slot_name LIKE 'pg\_%'
