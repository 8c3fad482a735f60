-- ALTER DATABASE $1 SET ..., in the order they were made; pgteal's fence left out.
SELECT pg_catalog.split_part(setting, '=', 1) AS name, pg_catalog.substr(setting, pg_catalog.strpos(setting, '=') + 1) AS value
FROM pg_catalog.pg_db_role_setting s
JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
CROSS JOIN LATERAL unnest(s.setconfig) WITH ORDINALITY AS config(setting, position)
WHERE s.setrole = 0 AND d.datname = $1 AND setting NOT LIKE 'default\_transaction\_read\_only=%'
ORDER BY config.position
