-- What would make an apply worker, which has our role's settings in its database, read a value's text as another value, or act as another
-- role than ours: that one is found where it is set, since our own sessions overrule it.
SELECT name, setting FROM pg_catalog.pg_settings WHERE name IN ('array_nulls', 'xmloption')
UNION ALL
SELECT found.name, found.setting
  FROM (SELECT pg_catalog.substr(c.setting, 6) AS role,
               CASE WHEN s.setrole = 0 AND s.setdatabase = 0 THEN 'ALTER ROLE ALL RESET role;'
                    WHEN s.setrole = 0 THEN pg_catalog.format('ALTER DATABASE %I RESET role;', pg_catalog.current_database())
                    WHEN s.setdatabase = 0 THEN pg_catalog.format('ALTER ROLE %I RESET role;', SESSION_USER)
                    ELSE pg_catalog.format('ALTER ROLE %I IN DATABASE %I RESET role;', SESSION_USER, pg_catalog.current_database()) END AS fix
          FROM pg_catalog.pg_db_role_setting s
         CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS c(setting)
         WHERE pg_catalog.starts_with(c.setting, 'role=') AND c.setting <> 'role=none'
           AND s.setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()))
           AND s.setrole IN (0, (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = SESSION_USER))
         ORDER BY s.setrole, s.setdatabase
         LIMIT 1) one
 CROSS JOIN LATERAL (VALUES ('role', one.role), ('role_fix', one.fix)) found(name, setting);
