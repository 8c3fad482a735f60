-- Columns whose type a user's code may have a part in, with what they are compared as: a domain as what it is over; '' where even a cast
-- could call a function of a user's, since only output functions are always PostgreSQL's. Types whose casts only a superuser makes are
-- PostgreSQL's own, base types that belong to a superuser, and arrays of these. PostgreSQL 13-18.
WITH RECURSIVE based (oid, base, typmod) AS (
    SELECT t.oid, t.oid, -1 FROM pg_catalog.pg_type t WHERE t.typtype <> 'd'
    UNION ALL
    SELECT t.oid, t.typbasetype, t.typtypmod FROM pg_catalog.pg_type t WHERE t.typtype = 'd'
    UNION ALL
    SELECT b.oid, t.typbasetype, t.typtypmod FROM based b JOIN pg_catalog.pg_type t ON t.oid = b.base AND t.typtype = 'd'
), types AS (
    SELECT b.oid,
           CASE WHEN e.oid < 16384 OR (e.typtype = 'b' AND r.rolsuper) THEN pg_catalog.format_type(b.base, b.typmod) ELSE '' END AS plain,
           b.base = b.oid AND (e.oid < 16384 OR (e.typtype = 'b' AND r.rolsuper)) AS as_it_is
    FROM based b
    JOIN pg_catalog.pg_type t ON t.oid = b.base AND t.typtype <> 'd'
    JOIN pg_catalog.pg_type e ON e.oid = CASE WHEN t.typcategory = 'A' AND t.typelem <> 0 THEN t.typelem ELSE t.oid END
    JOIN pg_catalog.pg_roles r ON r.oid = e.typowner
), hers AS (
    -- Columns of unique indexes whose equality is a function that belongs to no superuser.
    SELECT i.indrelid, k.attnum
    FROM pg_catalog.pg_index i
    CROSS JOIN LATERAL unnest(i.indkey::int2[], i.indclass::oid[]) k (attnum, opclass)
    JOIN pg_catalog.pg_opclass class ON class.oid = k.opclass
    JOIN pg_catalog.pg_amop member ON member.amopfamily = class.opcfamily AND member.amopstrategy = 3
    JOIN pg_catalog.pg_operator o ON o.oid = member.amopopr
    JOIN pg_catalog.pg_proc f ON f.oid = o.oprcode
    JOIN pg_catalog.pg_roles r ON r.oid = f.proowner
    WHERE i.indisunique AND f.oid >= 16384 AND NOT r.rolsuper
)
SELECT n.nspname::text AS schema, c.relname::text AS name, a.attname::text AS column,
       CASE WHEN EXISTS (SELECT FROM hers WHERE hers.indrelid = c.oid AND hers.attnum = a.attnum) THEN '' ELSE y.plain END AS plain
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN types y ON y.oid = a.atttypid
WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pgteal')
  AND (NOT y.as_it_is OR EXISTS (SELECT FROM hers WHERE hers.indrelid = c.oid AND hers.attnum = a.attnum))
