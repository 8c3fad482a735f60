-- Tablespaces that something in this database names (0 in pg_class means the database's own).
SELECT DISTINCT t.spcname AS name
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_tablespace t ON t.oid = c.reltablespace
 WHERE t.spcname NOT IN ('pg_default', 'pg_global')
 ORDER BY 1;
