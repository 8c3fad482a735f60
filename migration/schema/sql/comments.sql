-- Comments, to be put beside the objects. PostgreSQL 13-18.
SELECT d.classoid AS class, d.objoid AS object, d.objsubid AS sub, d.description AS comment
FROM pg_catalog.pg_description d
WHERE d.objoid >= 16384 OR d.classoid = 'pg_catalog.pg_namespace'::regclass
UNION ALL
SELECT s.classoid, s.objoid, 0, s.description
FROM pg_catalog.pg_shdescription s JOIN pg_catalog.pg_database d ON d.oid = s.objoid AND d.tableoid = s.classoid
WHERE d.datname = pg_catalog.current_database()
