-- Code of users, and the tables, expressions and types that come to it: what owners_code.sql and rowless_code.sql ask. PostgreSQL
-- 13-18. Functions are looked for in the stored expressions and not in pg_depend, which doesn't know of built-in ones: a CHECK may call
-- query_to_xml(), lo_export() or set_config().
WITH RECURSIVE named AS (
    SELECT p.oid, p.prosrc, l.lanname, substring(pg_catalog.lower(p.proname) FROM '[a-z0-9_]+') AS word
      FROM pg_catalog.pg_proc p
      JOIN pg_catalog.pg_language l ON l.oid = p.prolang
     WHERE p.oid >= 16384
), mentions (caller, called) AS (
    -- What a function calls: told by the words of its text, as far as it is one; stored bodies and defaults are known to pg_depend.
    SELECT n.oid, other.oid
      FROM named n
     CROSS JOIN LATERAL (SELECT DISTINCT w.word
                           FROM pg_catalog.unnest(pg_catalog.regexp_split_to_array(pg_catalog.lower(n.prosrc), '[^a-z0-9_]+')) w (word)) w
      JOIN named other ON coalesce(other.word, '') = w.word AND other.oid <> n.oid
     WHERE n.lanname NOT IN ('c', 'internal')
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                        WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = n.oid AND d.deptype = 'e')
    UNION
    SELECT d.objid, coalesce(o.oprcode::oid, d.refobjid)
      FROM pg_catalog.pg_depend d
      LEFT JOIN pg_catalog.pg_operator o ON d.refclassid = 'pg_catalog.pg_operator'::pg_catalog.regclass AND o.oid = d.refobjid
     WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
       AND d.refclassid IN ('pg_catalog.pg_proc'::pg_catalog.regclass, 'pg_catalog.pg_operator'::pg_catalog.regclass)
), theirs (oid, through) AS (
    -- Not a superuser's, or a superuser's that comes to such a one.
    SELECT p.oid, NULL::oid FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_roles r ON r.oid = p.proowner WHERE NOT r.rolsuper
    UNION
    SELECT m.caller, m.called
      FROM theirs t
      JOIN mentions m ON m.called = t.oid
      JOIN pg_catalog.pg_proc p ON p.oid = m.caller
      JOIN pg_catalog.pg_roles r ON r.oid = p.proowner
     WHERE r.rolsuper
), code AS (
    SELECT p.oid, p.oid::pg_catalog.regprocedure::text AS name, r.rolsuper AS super, p.provolatile AS volatility, p.oid < 16384 AS builtin,
           t.oid IS NOT NULL AS theirs, coalesce(t.through::pg_catalog.regprocedure::text, '') AS through
      FROM pg_catalog.pg_proc p
      JOIN pg_catalog.pg_roles r ON r.oid = p.proowner
      LEFT JOIN (SELECT oid, pg_catalog.min(through) AS through FROM theirs GROUP BY oid) t ON t.oid = p.oid
     WHERE t.oid IS NOT NULL
        OR p.proname ~ '_to_xml'
        OR (p.provolatile = 'v' AND p.proname NOT IN ('clock_timestamp', 'timeofday', 'random', 'random_normal', 'gen_random_uuid', 'uuidv4',
                                                      'uuidv7', 'nextval', 'currval', 'lastval', 'suppress_redundant_updates_trigger',
                                                      'tsvector_update_trigger', 'tsvector_update_trigger_column'))
), tables AS (
    SELECT c.oid, c.relowner, pg_catalog.format('%I.%I', n.nspname, c.relname) AS name, n.nspname::text AS space, c.relname::text AS relation,
           c.relnamespace, c.relrowsecurity AND c.relforcerowsecurity AS forced
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pgteal', 'pgteal_migrations')
       AND n.nspname !~ '^pg_(toast|temp)'
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                         JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
                        WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.objsubid = 0
                          AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.deptype = 'e' AND c.oid <> ALL (coalesce(e.extconfig, '{}')))
), trees (of_type, relation, kind, name, tree) AS (
    SELECT k.contypid, k.conrelid, CASE WHEN k.contypid <> 0 THEN 'type' ELSE 'check' END, k.conname::text, k.conbin::text
      FROM pg_catalog.pg_constraint k WHERE k.contype = 'c'
    UNION ALL
    SELECT 0, d.adrelid, 'generated', a.attname::text, d.adbin::text
      FROM pg_catalog.pg_attrdef d
      JOIN pg_catalog.pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum AND a.attgenerated = 's'
    UNION ALL
    SELECT 0, i.indrelid, 'index', c.relname::text, coalesce(i.indexprs::text, '') || coalesce(i.indpred::text, '')
      FROM pg_catalog.pg_index i
      JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
     WHERE i.indexprs IS NOT NULL OR i.indpred IS NOT NULL
    UNION ALL
    SELECT 0, t.oid, 'partition', parent.relname::text, p.partexprs::text
      FROM tables t
     CROSS JOIN LATERAL pg_catalog.pg_partition_ancestors(t.oid) ancestor (relid)
      JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = ancestor.relid AND p.partexprs IS NOT NULL
      JOIN pg_catalog.pg_class parent ON parent.oid = p.partrelid
    UNION ALL
    SELECT 0, t.tgrelid, 'trigger', t.tgname::text, t.tgqual::text
      FROM pg_catalog.pg_trigger t WHERE NOT t.tgisinternal AND t.tgenabled IN ('A', 'R') AND t.tgqual IS NOT NULL
), mentioned AS (
    SELECT t.of_type, t.relation, t.kind, t.name, m.word[1] AS word, m.word[2]::oid AS oid
      FROM trees t
     CROSS JOIN LATERAL pg_catalog.regexp_matches(t.tree, ':(funcid|opfuncid|opno|resulttype) (\d+)', 'g') m (word)
), called AS (
    SELECT DISTINCT m.of_type, m.relation, m.kind, m.name, c.oid AS code
      FROM mentioned m
      LEFT JOIN pg_catalog.pg_operator o ON m.word = 'opno' AND o.oid = m.oid
      JOIN code c ON c.oid = coalesce(o.oprcode::oid, m.oid)
     WHERE m.word <> 'resulttype'
), inside (outer_type, inner_type) AS (
    -- What reading or converting to a type comes to.
    SELECT t.oid, t.typbasetype FROM pg_catalog.pg_type t WHERE t.typtype = 'd'
    UNION ALL
    SELECT t.oid, t.typelem FROM pg_catalog.pg_type t WHERE t.typelem <> 0
    UNION ALL
    SELECT t.oid, a.atttypid FROM pg_catalog.pg_type t
      JOIN pg_catalog.pg_attribute a ON a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped WHERE t.typtype = 'c'
    UNION ALL
    SELECT r.rngtypid, r.rngsubtype FROM pg_catalog.pg_range r
    UNION ALL
    SELECT (pg_catalog.to_jsonb(r) ->> 'rngmultitypid')::oid, r.rngtypid FROM pg_catalog.pg_range r WHERE pg_catalog.to_jsonb(r) ? 'rngmultitypid'
    UNION ALL
    SELECT m.of_type, m.oid FROM mentioned m WHERE m.word = 'resulttype' AND m.of_type <> 0 AND m.of_type <> m.oid
), types (oid, code) AS (
    SELECT c.of_type, c.code FROM called c WHERE c.of_type <> 0
    UNION
    SELECT r.rngtypid, c.oid FROM pg_catalog.pg_range r JOIN code c ON c.oid = r.rngcanonical::oid WHERE c.theirs
    UNION
    SELECT i.outer_type, y.code FROM types y JOIN inside i ON i.inner_type = y.oid
)
