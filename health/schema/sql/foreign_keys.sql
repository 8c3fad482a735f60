-- Foreign keys that are said to hold, with the query that finds a row which breaks them: those first whose triggers are off, then the
-- smallest tables. Compared by PostgreSQL's own operators only, so that those over users' types are not plain. plain: planning over both tables runs no function that a user put there (the
-- planner evaluates calls of constants in what is loaded with a table). PostgreSQL 13-18.
WITH expressions (relation, tree) AS (
    SELECT i.indrelid, coalesce(i.indexprs::text, '') || coalesce(i.indpred::text, '') FROM pg_catalog.pg_index i
     WHERE i.indexprs IS NOT NULL OR i.indpred IS NOT NULL
    UNION ALL
    SELECT s.stxrelid, pg_catalog.to_jsonb(s) ->> 'stxexprs' FROM pg_catalog.pg_statistic_ext s
    UNION ALL
    SELECT p.partrelid, p.partexprs::text FROM pg_catalog.pg_partitioned_table p WHERE p.partexprs IS NOT NULL
    UNION ALL
    SELECT k.conrelid, k.conbin::text FROM pg_catalog.pg_constraint k
      JOIN pg_catalog.pg_class c ON c.oid = k.conrelid AND c.relispartition WHERE k.contype = 'c'
), calling (relation) AS (
    SELECT u.relation
      FROM expressions e
     CROSS JOIN LATERAL (VALUES (e.relation::oid), (pg_catalog.pg_partition_root(e.relation)::oid)) u (relation)
     WHERE e.tree ~ '{FUNCEXPR|{COERCETODOMAIN|:(opno|opfuncid) [0-9]{5}' AND u.relation IS NOT NULL
)
SELECT t.name AS "table", pg_catalog.quote_ident(k.conname) AS name,
       pg_catalog.format('SELECT 1 FROM %s c WHERE %s AND NOT EXISTS (SELECT FROM %s p WHERE %s) LIMIT 1',
                         CASE WHEN c.relkind = 'p' THEN '' ELSE 'ONLY ' END || t.name, q.filled,
                         CASE WHEN r.relkind = 'p' THEN '' ELSE 'ONLY ' END || pg_catalog.format('%I.%I', m.nspname, r.relname), q.same) AS query,
       c.oid NOT IN (SELECT relation FROM calling) AND r.oid NOT IN (SELECT relation FROM calling)
         AND NOT EXISTS (SELECT FROM pg_catalog.unnest(k.conpfeqop) x (oid) WHERE x.oid >= 16384) AS plain,
       CASE WHEN c.relkind = 'p' THEN '' -- takes no NOT VALID before 18
            ELSE pg_catalog.format('ALTER TABLE %s DROP CONSTRAINT %I, ADD CONSTRAINT %I %s NOT VALID;', t.name, k.conname, k.conname,
                                   pg_catalog.pg_get_constraintdef(k.oid)) END AS fix
  FROM pg_catalog.pg_constraint k
  JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 CROSS JOIN LATERAL (SELECT pg_catalog.format('%I.%I', n.nspname, c.relname)) t (name)
  JOIN pg_catalog.pg_class r ON r.oid = k.confrelid
  JOIN pg_catalog.pg_namespace m ON m.oid = r.relnamespace
 CROSS JOIN LATERAL (
     -- MATCH FULL: all columns or none.
     SELECT '(' || pg_catalog.string_agg(pg_catalog.format('c.%I IS NOT NULL', a.attname), CASE k.confmatchtype WHEN 'f' THEN ' OR ' ELSE ' AND ' END ORDER BY u.place) || ')' AS filled,
            pg_catalog.string_agg(pg_catalog.format('p.%I OPERATOR(%I.%s) c.%I', b.attname, s.nspname, o.oprname, a.attname), ' AND ' ORDER BY u.place) AS same
       FROM unnest(k.conkey, k.confkey, k.conpfeqop) WITH ORDINALITY u (key, referenced, operator, place)
       JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.key
       JOIN pg_catalog.pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = u.referenced
       JOIN pg_catalog.pg_operator o ON o.oid = u.operator
       JOIN pg_catalog.pg_namespace s ON s.oid = o.oprnamespace) q
 WHERE k.contype = 'f' AND k.convalidated AND k.conparentid = 0 AND k.confmatchtype IN ('s', 'f')
   AND coalesce(pg_catalog.to_jsonb(k) ->> 'conenforced', 'true') = 'true' AND coalesce(pg_catalog.to_jsonb(k) ->> 'conperiod', 'false') = 'false'
   AND (c.relkind = 'p' OR pg_catalog.pg_relation_size(c.oid) > 0)
 ORDER BY NOT EXISTS (SELECT FROM pg_catalog.pg_trigger g WHERE g.tgconstraint = k.oid AND g.tgenabled = 'D'), c.relpages, t.name, k.conname
