INSERT INTO pgteal_migrations.history
       (version, name, script, checksum, state, statements_done, done_checksum, ms)
VALUES (:'version', :'name', :'script', :'checksum', :'state', :'statements_done', :'done_checksum', :'ms')
ON CONFLICT (version) DO UPDATE
   SET name = excluded.name, script = excluded.script, checksum = excluded.checksum, state = excluded.state,
       statements_done = excluded.statements_done, done_checksum = excluded.done_checksum, ms = excluded.ms,
       applied_at = excluded.applied_at, applied_by = excluded.applied_by
