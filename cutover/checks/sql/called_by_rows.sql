-- What runs users' functions though no client asks for it: for a row that is copied or applied, when an index is built or a table
-- analysed, when a materialized view is filled. One line for each such place and function that it comes to, also through operators,
-- views and other functions as far as the catalogs know. sheltered: a function on the way has a search_path of its own. PostgreSQL 13-18.
-- instead: a trigger that does the same for clients' rows, and not for those that are copied or applied; '' where none can: of rows with
-- system columns or as a whole, and of tables that others inherit from.
WITH RECURSIVE place (kind, name, relation, class, object, tree) AS (
    SELECT 'check', k.conname::text, k.conrelid, 'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid, k.conbin
      FROM pg_catalog.pg_constraint k
     WHERE k.contype = 'c' AND k.conrelid <> 0 AND k.conislocal AND coalesce(pg_catalog.to_jsonb(k) ->> 'conenforced', 'true') = 'true'
    UNION ALL
    SELECT 'domain', k.conname::text, k.contypid, 'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid, NULL
      FROM pg_catalog.pg_constraint k
     WHERE k.contype = 'c' AND k.contypid <> 0
       AND EXISTS (SELECT FROM pg_catalog.pg_depend d
                    WHERE d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.refobjid = k.contypid AND d.deptype = 'n'
                      AND d.classid IN ('pg_catalog.pg_class'::pg_catalog.regclass, 'pg_catalog.pg_type'::pg_catalog.regclass))
    UNION ALL
    SELECT 'generated', a.attname::text, d.adrelid, 'pg_catalog.pg_attrdef'::pg_catalog.regclass, d.oid, d.adbin
      FROM pg_catalog.pg_attrdef d
      JOIN pg_catalog.pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum AND a.attgenerated = 's' AND a.attislocal
    UNION ALL
    SELECT 'index', c.relname::text, i.indrelid, 'pg_catalog.pg_class'::pg_catalog.regclass, i.indexrelid, NULL
      FROM pg_catalog.pg_index i
      JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid AND NOT c.relispartition
     WHERE i.indexprs IS NOT NULL OR i.indpred IS NOT NULL
    UNION ALL
    SELECT 'statistics', s.stxname::text, s.stxrelid, 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass, s.oid, NULL
      FROM pg_catalog.pg_statistic_ext s WHERE pg_catalog.to_jsonb(s) ->> 'stxexprs' IS NOT NULL
    UNION ALL
    SELECT 'partition key', c.relname::text, c.oid, 'pg_catalog.pg_class'::pg_catalog.regclass, c.oid, NULL
      FROM pg_catalog.pg_partitioned_table p
      JOIN pg_catalog.pg_class c ON c.oid = p.partrelid
     WHERE p.partexprs IS NOT NULL
    UNION ALL
    SELECT 'trigger', t.tgname::text, t.tgrelid, 'pg_catalog.pg_trigger'::pg_catalog.regclass, t.oid, NULL
      FROM pg_catalog.pg_trigger t
     WHERE NOT t.tgisinternal AND t.tgenabled IN ('A', 'R') AND t.tgparentid = 0 AND t.tgtype & 33 <> 0 -- row, or TRUNCATE
    UNION ALL
    SELECT 'view', c.relname::text, c.oid, 'pg_catalog.pg_rewrite'::pg_catalog.regclass, w.oid, NULL
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_rewrite w ON w.ev_class = c.oid
     WHERE c.relkind = 'm'
), reached (start, kind, class, object, sheltered) AS (
    SELECT p.object, p.kind, p.class::pg_catalog.oid, p.object, false FROM place p
    UNION
    SELECT r.start, r.kind, e.class, e.object, r.sheltered OR coalesce(f.proconfig::text ~ 'search_path=', false)
      FROM reached r
      LEFT JOIN pg_catalog.pg_proc f ON r.class = 'pg_catalog.pg_proc'::pg_catalog.regclass AND f.oid = r.object
     CROSS JOIN LATERAL (
         SELECT d.refclassid, d.refobjid
           FROM pg_catalog.pg_depend d
           LEFT JOIN pg_catalog.pg_class v ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND v.oid = d.refobjid
          WHERE d.classid = r.class AND d.objid = r.object AND d.deptype IN ('n', 'a')
            AND (d.refclassid IN ('pg_catalog.pg_proc'::pg_catalog.regclass, 'pg_catalog.pg_operator'::pg_catalog.regclass)
                 OR (v.relkind = 'v' AND r.kind = 'view'))
         UNION ALL
         SELECT 'pg_catalog.pg_rewrite'::pg_catalog.regclass, w.oid
           FROM pg_catalog.pg_rewrite w
          WHERE r.class = 'pg_catalog.pg_class'::pg_catalog.regclass AND r.kind = 'view' AND w.ev_class = r.object) e (class, object)
)
SELECT DISTINCT p.kind, p.name,
       CASE p.kind WHEN 'domain' THEN pg_catalog.format_type(p.relation, NULL)
            ELSE (SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c
                    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = p.relation) END AS relation,
       coalesce((SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c
                   JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE p.kind = 'index' AND c.oid = p.object), '') AS index,
       EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = p.object AND k.contype = 'x') AS exclusion,
       r.object::text AS function, r.sheltered, coalesce(i.sql, '') AS instead,
       -- Who acts in copy and apply, where he may not execute it.
       coalesce((SELECT CASE WHEN NOT pg_catalog.has_function_privilege(c.relowner, r.object, 'EXECUTE') THEN pg_catalog.pg_get_userbyid(c.relowner)::text END
                   FROM pg_catalog.pg_class c WHERE p.kind IN ('check', 'generated', 'index') AND c.oid = p.relation), '') AS lacking,
       '{}'::text[] AS asks
  FROM reached r
  JOIN place p ON p.object = r.start AND p.kind = r.kind
  LEFT JOIN LATERAL (
      SELECT pg_catalog.format('CREATE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql AS %L;  CREATE TRIGGER %I BEFORE INSERT OR UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION %s();',
                               f.quoted,
                               CASE p.kind WHEN 'generated' THEN pg_catalog.format('#variable_conflict use_column BEGIN NEW.%I := (SELECT %s FROM (SELECT NEW.*) AS %I); RETURN NEW; END', p.name, f.expression, c.relname)
                                    ELSE pg_catalog.format('#variable_conflict use_column BEGIN IF (SELECT %s FROM (SELECT NEW.*) AS %I) IS FALSE THEN RAISE check_violation USING MESSAGE = %L, SCHEMA = %L, TABLE = %L, CONSTRAINT = %L; END IF; RETURN NEW; END',
                                                           f.expression, c.relname, pg_catalog.format('new row for relation "%s" violates check constraint "%s"', c.relname, p.name), n.nspname, c.relname, p.name) END,
                               f.name, f.relation, f.quoted)
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       CROSS JOIN LATERAL (SELECT CASE p.kind WHEN 'generated' THEN 'zy_' ELSE 'zz_' END || c.relname || '_' || p.name AS name) w
       CROSS JOIN LATERAL (SELECT w.name, pg_catalog.format('%I.%I', n.nspname, w.name) AS quoted, pg_catalog.format('%I.%I', n.nspname, c.relname) AS relation,
                                  pg_catalog.pg_get_expr(p.tree, p.relation) AS expression) f
       WHERE p.tree IS NOT NULL AND c.oid = p.relation AND p.tree::text !~ ':varattno (0|-)'
         AND (c.relkind = 'p' OR NOT EXISTS (SELECT FROM pg_catalog.pg_inherits h WHERE h.inhparent = c.oid))) i (sql) ON true
 WHERE r.class = 'pg_catalog.pg_proc'::pg_catalog.regclass AND r.object >= 16384
UNION ALL
-- Constraints that ask the clock, the session or its settings: PostgreSQL's functions that are not immutable, by the tree, as nothing depends on
-- them; not those that only put text together. A domain's constraint has no table whose trigger could do the same.
SELECT CASE WHEN k.conrelid = 0 THEN 'domain' ELSE 'check' END, k.conname::text,
       CASE WHEN k.conrelid = 0 THEN pg_catalog.format_type(k.contypid, NULL)
            ELSE (SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c
                    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = k.conrelid) END,
       '', false, '0', false, '', '', a.names
  FROM pg_catalog.pg_constraint k
 CROSS JOIN LATERAL (SELECT ARRAY(
         SELECT f.proname::text
           FROM pg_catalog.regexp_matches(k.conbin::text, ':(?:funcid|opfuncid) ([0-9]+)', 'g') m
           JOIN pg_catalog.pg_proc f ON f.oid = m[1]::pg_catalog.oid AND f.oid < 16384 AND f.provolatile <> 'i'
          WHERE f.proname NOT IN ('anytextcat', 'textanycat', 'concat', 'concat_ws', 'format', 'array_to_string', 'to_json', 'to_jsonb')
            AND f.proname !~ '^jsonb?_'
         UNION
         SELECT 'the input of ' || pg_catalog.format_type(t.oid, NULL)
           FROM pg_catalog.regexp_matches(k.conbin::text, '[{]COERCEVIAIO .*?:resulttype ([0-9]+)', 'g') m
           JOIN pg_catalog.pg_type t ON t.oid = m[1]::pg_catalog.oid
           JOIN pg_catalog.pg_proc f ON f.oid = t.typinput AND f.provolatile <> 'i'
         UNION
         SELECT 'CURRENT_TIMESTAMP, CURRENT_USER or their like' WHERE k.conbin::text ~ '[{]SQLVALUEFUNCTION ')) a(names)
 WHERE k.contype = 'c' AND (k.conislocal OR k.conrelid = 0) AND a.names <> '{}' AND k.oid >= 16384
   AND coalesce(pg_catalog.to_jsonb(k) ->> 'conenforced', 'true') = 'true'
   AND k.connamespace NOT IN (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname IN ('pg_catalog', 'information_schema', 'pgteal'))
 ORDER BY 3, 1, 2, 6
