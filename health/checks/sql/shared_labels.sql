-- Security labels of roles and databases ($1: the run's): shared objects, which no dump holds.
SELECT CASE l.classoid WHEN 'pg_catalog.pg_authid'::regclass THEN 'ROLE' ELSE 'DATABASE' END AS kind,
       coalesce(r.rolname, d.datname)::text AS name, l.provider, l.label
  FROM pg_catalog.pg_shseclabel l
  LEFT JOIN pg_catalog.pg_roles r ON l.classoid = 'pg_catalog.pg_authid'::regclass AND r.oid = l.objoid
  LEFT JOIN pg_catalog.pg_database d ON l.classoid = 'pg_catalog.pg_database'::regclass AND d.oid = l.objoid
 WHERE (r.rolname IS NOT NULL AND r.rolname !~ '^pg_') OR d.datname = ANY ($1::text[])
 ORDER BY 1, 2, 3;
