-- Comments, to be put beside the objects. PostgreSQL 13-18.
SELECT d.classoid AS class, d.objoid AS object, d.objsubid AS sub, d.description AS comment
FROM pg_catalog.pg_description d
WHERE d.objoid >= 16384 OR d.classoid = 'pg_catalog.pg_namespace'::regclass
