-- Which sequence feeds which column: identity (internal dependency of the sequence on the column), default (dependency of
-- the expression on the sequence, or a name in it), ownership (automatic dependency; says nothing about who hands out
-- values).
-- Source: dependency.h, and process_owned_by() in sequence.c. Partitions whose identity is their root's have no
-- dependency of their own.
WITH f AS (
       SELECT d.refobjid AS sequence, e.adrelid AS relation, e.adnum::int AS attribute,
              false AS owned_only, false AS inherited
         FROM pg_catalog.pg_depend d
         JOIN pg_catalog.pg_attrdef e ON e.oid = d.objid
        WHERE d.classid = 'pg_catalog.pg_attrdef'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
          AND d.refobjsubid = 0
       UNION ALL
       SELECT d.objid, d.refobjid, d.refobjsubid, d.deptype = 'a', false
         FROM pg_catalog.pg_depend d
        WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
          AND d.objsubid = 0 AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
       UNION ALL
       -- nextval('name'::text) depends on nothing: the name is looked up at each call.
       SELECT late.sequence, e.adrelid, e.adnum, false, false
         FROM pg_catalog.pg_attrdef e
         JOIN pg_catalog.pg_class r ON r.oid = e.adrelid
         JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
        CROSS JOIN LATERAL pg_catalog.regexp_matches(pg_catalog.pg_get_expr(e.adbin, e.adrelid),
                                                     $$nextval\(\(*'((?:[^']|'')+)'::(?:text|character varying)$$, 'g') m
        CROSS JOIN LATERAL pg_catalog.replace(m[1], $$''$$, $$'$$) name
        -- Only what is a name: to_regclass() fails at anything else, and at one of three parts. Found where no schema is
        -- said: beside the table, then in public.
        CROSS JOIN LATERAL (
              SELECT CASE WHEN name ~ '^("([^"]|"")+"|[[:alpha:]_][[:alnum:]_$]*)[.]("([^"]|"")+"|[[:alpha:]_][[:alnum:]_$]*)$'
                          THEN pg_catalog.to_regclass(name)
                          WHEN name ~ '^("([^"]|"")+"|[[:alpha:]_][[:alnum:]_$]*)$'
                          THEN COALESCE(pg_catalog.to_regclass(pg_catalog.quote_ident(n.nspname) || '.' || name),
                                        pg_catalog.to_regclass('public.' || name))
                     END::oid AS sequence) late
        WHERE late.sequence IS NOT NULL)
, whole AS (
       SELECT * FROM f
       UNION ALL
       SELECT f.sequence, p.relid, pa.attnum, false, true
         FROM f
         JOIN pg_catalog.pg_class r ON r.oid = f.relation AND r.relkind = 'p'
         JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum = f.attribute AND a.attidentity <> ''
        CROSS JOIN LATERAL pg_catalog.pg_partition_tree(r.oid) p
         JOIN pg_catalog.pg_attribute pa ON pa.attrelid = p.relid AND pa.attname = a.attname AND pa.attidentity <> ''
        WHERE p.level > 0 AND NOT f.owned_only)
SELECT sn.nspname::text, s.relname::text, rn.nspname::text, r.relname::text, a.attname::text,
       pg_catalog.bool_and(whole.owned_only), pg_catalog.bool_and(whole.inherited)
  FROM whole
  JOIN pg_catalog.pg_class s ON s.oid = whole.sequence AND s.relkind = 'S' AND s.relpersistence <> 't'
  JOIN pg_catalog.pg_namespace sn ON sn.oid = s.relnamespace
  JOIN pg_catalog.pg_class r ON r.oid = whole.relation AND r.relpersistence <> 't'
  JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace
  JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum = whole.attribute AND NOT a.attisdropped
 WHERE rn.nspname NOT IN ('pgteal', 'pgteal_migrations') AND rn.nspname !~ '^pg_'
 GROUP BY 1, 2, 3, 4, 5
 ORDER BY 3, 4, 5, 1, 2
