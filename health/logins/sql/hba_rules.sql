-- The lines of pg_hba.conf as the server would read them now. rule_number and file_name came with 16.
SELECT coalesce(r.line_number, 0) AS line,
       coalesce(pg_catalog.to_jsonb(r) ->> 'file_name', pg_catalog.current_setting('hba_file')) AS file,
       coalesce(r.type, '') AS type,
       coalesce(r.database, '{}') AS databases,
       coalesce(r.user_name, '{}') AS users,
       coalesce(r.address, '') AS address,
       coalesce(r.netmask, '') AS netmask,
       coalesce(r.auth_method, '') AS method,
       coalesce(r.error, '') AS error
  FROM pg_catalog.pg_hba_file_rules r
 ORDER BY (pg_catalog.to_jsonb(r) ->> 'rule_number')::int NULLS LAST, r.line_number;
