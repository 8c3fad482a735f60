-- Every slot, publication and subscription of this database whose name could be ours.
SELECT slot_name::text AS name
  FROM pg_catalog.pg_replication_slots
 WHERE database = pg_catalog.current_database() AND slot_name LIKE 'pgteal\_%'
UNION
SELECT pubname::text FROM pg_catalog.pg_publication WHERE pubname LIKE 'pgteal\_%'
UNION
SELECT s.subname::text
  FROM pg_catalog.pg_subscription s
  JOIN pg_catalog.pg_database d ON d.oid = s.subdbid
 WHERE d.datname = pg_catalog.current_database() AND s.subname LIKE 'pgteal\_%'
