-- Settings of roles and databases that go along to the other side: of every role, and of the databases $1. '' is all of them.
SELECT coalesce(r.rolname, '') AS role, coalesce(d.datname, '') AS database, pg_catalog.split_part(c.setting, '=', 1) AS name,
       pg_catalog.substr(c.setting, pg_catalog.strpos(c.setting, '=') + 1) AS value
  FROM pg_catalog.pg_db_role_setting s
  LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
  LEFT JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
 CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) WITH ORDINALITY AS c(setting, place)
 WHERE s.setdatabase = 0 OR d.datname = ANY ($1::text[])
 ORDER BY 1, 2, c.place;
