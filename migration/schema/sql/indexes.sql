-- Indexes that are no constraint's. PostgreSQL 13-18.
SELECT ic.tableoid AS class, ic.oid AS object, 0 AS sub, c.oid AS relation, 'index' AS kind,
       format('%I.%I', n.nspname, ic.relname) AS identity, format('%I.%I', n.nspname, c.relname) AS parent,
       format('%I.%I', n.nspname, ic.relname) AS name, pg_get_indexdef(i.indexrelid) AS definition,
       ARRAY['valid', CASE WHEN i.indisvalid AND i.indisready THEN 'yes' ELSE 'no' END,
             'clustered', CASE WHEN i.indisclustered THEN 'yes' ELSE '' END,
             'part of', coalesce((SELECT p.relname::text FROM pg_catalog.pg_inherits h
                                  JOIN pg_catalog.pg_class p ON p.oid = h.inhparent WHERE h.inhrelid = ic.oid), ''),
             'tablespace', coalesce(s.spcname::text, '')] AS attributes
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid
JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_tablespace s ON s.oid = ic.reltablespace
WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't'
  AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'pgteal', 'pgteal_migrations')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k
                  WHERE k.conindid = i.indexrelid AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x'))
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = c.tableoid AND d.objid = c.oid AND d.objsubid = 0 AND d.deptype = 'e')
