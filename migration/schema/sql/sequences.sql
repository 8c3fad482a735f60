-- Sequences without their values. PostgreSQL 13-18.
-- Of an identity column the dependency is internal ('i'), of a serial one automatic ('a').
SELECT c.tableoid AS class, c.oid AS object, 0 AS sub, c.oid AS relation, 'sequence' AS kind,
       format('%I.%I', n.nspname, c.relname) AS identity, '' AS parent, format('%I.%I', n.nspname, c.relname) AS name,
       '' AS definition,
       ARRAY['owner', pg_get_userbyid(c.relowner)::text, 'type', pg_catalog.format_type(s.seqtypid, NULL),
             'start', s.seqstart::text, 'increment', s.seqincrement::text, 'minimum', s.seqmin::text, 'maximum', s.seqmax::text,
             'cache', s.seqcache::text, 'cycle', CASE WHEN s.seqcycle THEN 'yes' ELSE '' END,
             'persistence', CASE c.relpersistence WHEN 'u' THEN 'unlogged' ELSE '' END,
             'identity', CASE WHEN o.deptype = 'i' THEN 'yes' ELSE '' END,
             'owned by', coalesce(o.owned_by, '')] AS attributes
FROM pg_catalog.pg_sequence s
JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN LATERAL (
    SELECT d.deptype::text, format('%I.%I.%I', tn.nspname, t.relname, a.attname) AS owned_by
    FROM pg_catalog.pg_depend d
    JOIN pg_catalog.pg_class t ON t.oid = d.refobjid
    JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
    WHERE d.classid = c.tableoid AND d.objid = c.oid AND d.refclassid = c.tableoid AND d.deptype IN ('a', 'i')
) o ON true
WHERE c.relpersistence <> 't'
  AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'pgteal', 'pgteal_migrations')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = c.tableoid AND d.objid = c.oid AND d.deptype = 'e')
