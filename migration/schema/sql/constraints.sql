-- Constraints of tables and domains; those that only follow from a parent's are left out, and so is NOT NULL, which is read with
-- the columns. PostgreSQL 13-18.
SELECT k.tableoid AS class, k.oid AS object, 0 AS sub, k.conrelid AS relation, 'constraint' AS kind,
       format('%I on %I.%I', k.conname, n.nspname, c.relname) AS identity, format('%I.%I', n.nspname, c.relname) AS parent,
       format('%I', k.conname) AS name, pg_get_constraintdef(k.oid) AS definition,
       ARRAY['index options', coalesce((SELECT string_agg(o, ', ' ORDER BY o) FROM pg_catalog.pg_class ic, unnest(ic.reloptions) o
                                        WHERE ic.oid = k.conindid AND k.contype <> 'f'), ''),
             'type', k.contype::text] AS attributes
FROM pg_catalog.pg_constraint k
JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE k.contype IN ('c', 'f', 'p', 'u', 'x') AND c.relpersistence <> 't'
  AND (k.contype <> 'c' OR k.conislocal) AND (k.contype <> 'f' OR k.conparentid = 0)
  AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'pgteal', 'pgteal_migrations')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = c.tableoid AND d.objid = c.oid AND d.objsubid = 0 AND d.deptype = 'e')
UNION ALL
SELECT k.tableoid, k.oid, 0, 0::oid, 'domain constraint', format('%I on %I.%I', k.conname, n.nspname, t.typname),
       format('%I.%I', n.nspname, t.typname), format('%I', k.conname), pg_get_constraintdef(k.oid), '{}'::text[]
FROM pg_catalog.pg_constraint k
JOIN pg_catalog.pg_type t ON t.oid = k.contypid
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE k.contype = 'c'
  AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'pgteal', 'pgteal_migrations')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = t.tableoid AND d.objid = t.oid AND d.deptype = 'e')
