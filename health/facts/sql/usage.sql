-- What is in use of each limited resource, and how much of it is a run's own (names that begin with pgteal_).
SELECT (SELECT count(*) FROM pg_catalog.pg_replication_slots) AS slots,
       (SELECT count(*) FROM pg_catalog.pg_replication_slots WHERE slot_name LIKE 'pgteal\_%') AS slots_ours,
       (SELECT count(*) FROM pg_catalog.pg_stat_replication) AS senders,
       (SELECT count(*) FROM pg_catalog.pg_replication_slots
         WHERE slot_name LIKE 'pgteal\_%' AND active_pid IS NOT NULL) AS senders_ours,
       (SELECT count(*) FROM pg_catalog.pg_stat_replication r
         WHERE sync_state IN ('sync', 'quorum') -- a lane is none
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_replication_slots s
                            WHERE s.active_pid = r.pid AND s.slot_name LIKE 'pgteal\_%')) AS synchronous,
       (SELECT count(*) FROM pg_catalog.pg_stat_subscription WHERE pid IS NOT NULL) AS apply_workers,
       (SELECT count(*) FROM pg_catalog.pg_stat_subscription
         WHERE pid IS NOT NULL AND subname LIKE 'pgteal\_%') AS apply_workers_ours,
       -- Background workers of extensions have a backend_type of their own choice, so the built-in ones are taken off.
       (SELECT count(*) FROM pg_catalog.pg_stat_activity
         WHERE backend_type NOT IN ('client backend', 'autovacuum launcher', 'autovacuum worker', 'background writer',
                                    'checkpointer', 'startup', 'walreceiver', 'walsender', 'walwriter', 'archiver',
                                    'stats collector', 'logger', 'slotsync worker', 'walsummarizer', 'io worker',
                                    'parallel worker', 'standalone backend')) AS background_workers,
       (SELECT rolreplication FROM pg_catalog.pg_roles WHERE rolname = current_user) AS may_replicate;
