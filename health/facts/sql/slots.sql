SELECT slot_name AS name, slot_type AS type, coalesce(database, '') AS database, coalesce(plugin, '') AS plugin, active,
       slot_name LIKE 'pgteal\_%' AS named_as_ours
  FROM pg_catalog.pg_replication_slots
 ORDER BY slot_name;
