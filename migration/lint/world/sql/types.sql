-- Enums, domains and composite types, with the tables that have a column of one: directly, as a domain over it, or, for what is no
-- domain, in an array; a composite type also within others. A domain takes its base domain's constraints along.
WITH RECURSIVE own AS MATERIALIZED (
    SELECT t.oid, t.typname, t.typnamespace, t.typtype, t.typbasetype, t.typtypmod, t.typarray
      FROM pg_catalog.pg_type t
      LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
     WHERE t.oid >= 16384
       AND (t.typtype IN ('e', 'd') OR t.typtype = 'c' AND c.relkind = 'c')
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                        WHERE e.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND e.objid = t.oid AND e.deptype = 'e')
), base_of(type, base) AS (
    SELECT oid, oid FROM own WHERE typtype = 'd'
    UNION ALL
    SELECT b.type, t.typbasetype
      FROM base_of b JOIN pg_catalog.pg_type t ON t.oid = b.base AND t.typtype = 'd'
), contains(part, whole, of_composites) AS MATERIALIZED (
    SELECT typbasetype, oid, false FROM pg_catalog.pg_type WHERE typtype = 'd'
    UNION ALL
    SELECT oid, typarray, true FROM pg_catalog.pg_type WHERE typtype IN ('c', 'd') AND typarray <> 0 AND oid >= 16384
    UNION ALL
    SELECT a.atttypid, t.oid, true
      FROM pg_catalog.pg_type t JOIN pg_catalog.pg_attribute a ON a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE t.typtype = 'c' AND a.atttypid >= 16384 AND t.oid >= 16384
), forms(type, form, composite) AS (
    SELECT oid, oid, typtype = 'c' FROM own
    UNION
    SELECT oid, typarray, typtype = 'c' FROM own WHERE typtype <> 'd' AND typarray <> 0
    UNION
    SELECT f.type, k.whole, f.composite FROM forms f JOIN contains k ON k.part = f.form AND (f.composite OR NOT k.of_composites)
), users AS (
    SELECT DISTINCT f.type, n.nspname || '.' || c.relname AS name
      FROM forms f
      JOIN pg_catalog.pg_attribute a ON a.atttypid = f.form AND a.attnum > 0 AND NOT a.attisdropped
      JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'm', 'f') AND c.relpersistence <> 't'
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
)
SELECT n.nspname AS schema, o.typname AS name, o.typtype::pg_catalog.text AS kind,
       coalesce((SELECT pg_catalog.json_agg(e.enumlabel ORDER BY e.enumsortorder)
                   FROM pg_catalog.pg_enum e WHERE e.enumtypid = o.oid), '[]') AS labels,
       CASE WHEN o.typtype = 'd' THEN pg_catalog.format_type(o.typbasetype, o.typtypmod) ELSE '' END AS base,
       EXISTS (SELECT FROM base_of b
                 JOIN pg_catalog.pg_type t ON t.oid = b.base AND t.typtype = 'd'
                WHERE b.type = o.oid
                  AND (t.typnotnull OR EXISTS (SELECT FROM pg_catalog.pg_constraint k
                                                WHERE k.contypid = t.oid AND k.contype = 'c'))) AS constrained,
       coalesce((SELECT pg_catalog.json_agg(u.name ORDER BY u.name) FROM users u WHERE u.type = o.oid), '[]') AS used_by
  FROM own o
  JOIN pg_catalog.pg_namespace n ON n.oid = o.typnamespace
 WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast_)?temp_'
 ORDER BY n.nspname, o.typname
