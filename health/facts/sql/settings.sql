-- Settings that decide whether replication can run. Units are pg_settings': max_slot_wal_keep_size in MB.
SELECT name, setting
  FROM pg_catalog.pg_settings
 WHERE name IN ('wal_level', 'max_replication_slots', 'max_wal_senders', 'max_logical_replication_workers',
                'max_worker_processes', 'max_active_replication_origins', 'max_slot_wal_keep_size',
                'idle_replication_slot_timeout', 'max_prepared_transactions', 'max_connections', 'max_locks_per_transaction', 'synchronous_standby_names',
                'shared_preload_libraries', 'session_preload_libraries', 'local_preload_libraries', 'array_nulls', 'xmloption');
