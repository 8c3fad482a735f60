SELECT version, name, script, checksum, state, statements_done, done_checksum, ms,
       pg_catalog.to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS applied_at
  FROM pgteal_migrations.history
