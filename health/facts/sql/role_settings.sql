-- Roles whose own default_transaction_read_only is off, everywhere or in one of the databases $1: it beats the database's setting, which
-- is the fence. The names the server takes for a boolean may be shortened.
SELECT r.rolname AS role, coalesce(d.datname, '') AS database, format('%I', r.rolname) AS role_sql,
       coalesce(quote_ident(d.datname), '') AS database_sql
  FROM pg_catalog.pg_db_role_setting s
  JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
  LEFT JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
 CROSS JOIN LATERAL unnest(s.setconfig) AS c(setting)
 WHERE split_part(c.setting, '=', 1) = 'default_transaction_read_only'
   AND split_part(c.setting, '=', 2) !~* '^(on|t|tr|tru|true|y|ye|yes|1)$'
   AND (s.setdatabase = 0 OR d.datname = ANY ($1::text[]))
   AND r.rolname <> current_user
 ORDER BY r.rolname, d.datname;
