-- One row a name: of several functions with it the one that promises least (v after s after i).
SELECT n.nspname AS schema, p.proname AS name, pg_catalog.max(p.provolatile::pg_catalog.text) AS volatility
  FROM pg_catalog.pg_proc p
  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
 WHERE p.oid >= 16384 AND p.prokind = 'f'
   AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast_)?temp_'
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                    WHERE e.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND e.objid = p.oid AND e.deptype = 'e')
 GROUP BY n.nspname, p.proname
 ORDER BY n.nspname, p.proname
