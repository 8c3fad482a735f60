-- Users' functions, tables and columns called as a newer major calls something of its own. $1: [[kind, name], ...] as builtins.sql has them.
-- fix: SQL. An extension's objects come in the newer version.
WITH newer AS (
    SELECT e.item ->> 0 AS kind, e.item ->> 1 AS name FROM pg_catalog.jsonb_array_elements($1::jsonb) e (item)
), theirs AS (
    SELECT d.classid, d.objid FROM pg_catalog.pg_depend d WHERE d.deptype = 'e'
)
SELECT CASE w.kind WHEN 'function' THEN 'function' ELSE 'word' END AS kind, 'function ' || p.oid::pg_catalog.regprocedure::text AS name, p.proname::text AS word,
       pg_catalog.format('ALTER ROUTINE %s RENAME TO %I;', p.oid::pg_catalog.regprocedure, p.proname || '_1') AS fix
  FROM pg_catalog.pg_proc p
  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pgteal', 'pgteal_migrations')
  JOIN newer w ON (w.kind = 'function' AND w.name = pg_catalog.format('%s(%s)', p.proname, pg_catalog.oidvectortypes(p.proargtypes)))
               OR (w.kind = 'function word' AND w.name = p.proname)
 WHERE p.oid >= 16384 AND (SELECT pg_catalog.count(*) FROM theirs t WHERE t.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND t.objid = p.oid) = 0
UNION
SELECT 'word', pg_catalog.format('%s %I.%I', CASE WHEN c.relkind IN ('v', 'm') THEN 'view' ELSE 'table' END, n.nspname, c.relname), c.relname::text,
       pg_catalog.format('ALTER TABLE %I.%I RENAME TO %I;', n.nspname, c.relname, c.relname || '_1')
  FROM newer w
  JOIN pg_catalog.pg_class c ON c.relname = w.name AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pgteal', 'pgteal_migrations')
 WHERE w.kind = 'column word' AND NOT EXISTS (SELECT FROM theirs t WHERE t.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND t.objid = c.oid)
UNION
SELECT 'word', pg_catalog.format('column %I of %I.%I', a.attname, n.nspname, c.relname), a.attname::text,
       pg_catalog.format('ALTER TABLE %I.%I RENAME COLUMN %I TO %I;', n.nspname, c.relname, a.attname, a.attname || '_1')
  FROM newer w
  JOIN pg_catalog.pg_attribute a ON a.attname = w.name AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'f') AND NOT c.relispartition
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pgteal', 'pgteal_migrations')
 WHERE w.kind = 'column word' AND NOT EXISTS (SELECT FROM theirs t WHERE t.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND t.objid = c.oid)
 ORDER BY 1, 2
