-- Code of users that runs without a row, with the rights of whoever plans over a table or restores the schema. Goes on from users_code.sql.
-- 1. Calls that planning may evaluate: those whose arguments are constants (told from `tree`, node_tree.hpp), in what the server loads with
--    a table. Of what it puts in a call's place (SQL functions, default arguments) only the text is known: such a call counts always.
-- 2. Constants, which are read as text when the schema is restored, of types whose reading runs code.
, stored (class, object, relation, planned, tree) AS (
    SELECT 'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid, k.conrelid, k.conrelid <> 0, k.conbin::text
      FROM pg_catalog.pg_constraint k WHERE k.conbin IS NOT NULL
    UNION ALL
    SELECT 'pg_catalog.pg_attrdef'::pg_catalog.regclass, d.oid, d.adrelid, a.attgenerated <> '', d.adbin::text
      FROM pg_catalog.pg_attrdef d
      JOIN pg_catalog.pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
    UNION ALL
    SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, i.indexrelid, i.indrelid, true, coalesce(i.indexprs::text, '') || coalesce(i.indpred::text, '')
      FROM pg_catalog.pg_index i WHERE i.indexprs IS NOT NULL OR i.indpred IS NOT NULL
    UNION ALL
    SELECT 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass, s.oid, s.stxrelid, true, pg_catalog.to_jsonb(s) ->> 'stxexprs'
      FROM pg_catalog.pg_statistic_ext s WHERE pg_catalog.to_jsonb(s) ->> 'stxexprs' IS NOT NULL
    UNION ALL
    SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, p.partrelid, p.partrelid, true, p.partexprs::text
      FROM pg_catalog.pg_partitioned_table p WHERE p.partexprs IS NOT NULL
    UNION ALL
    SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, c.oid, c.oid, false, c.relpartbound::text FROM pg_catalog.pg_class c WHERE c.relpartbound IS NOT NULL
    UNION ALL
    SELECT 'pg_catalog.pg_rewrite'::pg_catalog.regclass, w.oid, w.ev_class, false, w.ev_action::text || w.ev_qual::text
      FROM pg_catalog.pg_rewrite w WHERE w.oid >= 16384
    UNION ALL
    SELECT 'pg_catalog.pg_policy'::pg_catalog.regclass, y.oid, y.polrelid, false, coalesce(y.polqual::text, '') || coalesce(y.polwithcheck::text, '')
      FROM pg_catalog.pg_policy y
    UNION ALL
    SELECT 'pg_catalog.pg_trigger'::pg_catalog.regclass, t.oid, t.tgrelid, false, t.tgqual::text FROM pg_catalog.pg_trigger t WHERE t.tgqual IS NOT NULL
    UNION ALL
    SELECT 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid, 0, false, t.typdefaultbin::text FROM pg_catalog.pg_type t WHERE t.typdefaultbin IS NOT NULL
    UNION ALL
    SELECT 'pg_catalog.pg_proc'::pg_catalog.regclass, p.oid, 0, false,
           coalesce(p.proargdefaults::text, '') || coalesce(pg_catalog.to_jsonb(p) ->> 'prosqlbody', '')
      FROM pg_catalog.pg_proc p WHERE p.oid >= 16384
), replaced (oid, runs) AS (
    -- Functions in whose place the planner puts other expressions; whether code of theirs may be among these.
    SELECT p.oid,
           EXISTS (SELECT FROM mentions m JOIN theirs t ON t.oid = m.called WHERE m.caller = p.oid)
           OR p.prosrc ~* 'u&'
           OR EXISTS (SELECT FROM pg_catalog.pg_operator o JOIN theirs t ON t.oid = o.oprcode::oid)
           OR EXISTS (SELECT FROM pg_catalog.pg_cast k JOIN theirs t ON t.oid = k.castfunc)
      FROM pg_catalog.pg_proc p
      JOIN pg_catalog.pg_language l ON l.oid = p.prolang
     WHERE p.oid >= 16384 AND (l.lanname = 'sql' OR p.pronargdefaults > 0)
), used AS (
    SELECT s.class, s.object, m.word[1] AS word, m.word[2] AS number, coalesce(o.oprcode::oid, m.word[2]::oid) AS function
      FROM stored s
     CROSS JOIN LATERAL pg_catalog.regexp_matches(s.tree, ':(funcid|opno) (\d+)', 'g') m (word)
      LEFT JOIN pg_catalog.pg_operator o ON m.word[1] = 'opno' AND o.oid = m.word[2]::oid
     WHERE s.planned
), found (class, object, relation, code, planned, tree, call, anyhow, replaced) AS (
    SELECT DISTINCT s.class, s.object, s.relation, c.oid, true, s.tree, u.word || ' ' || u.number, coalesce(r.runs, false),
           ARRAY(SELECT x.word || ' ' || x.number FROM used x JOIN replaced y ON y.oid = x.function WHERE x.class = s.class AND x.object = s.object)
      FROM stored s
      JOIN used u ON u.class = s.class AND u.object = s.object
      JOIN code c ON c.oid = u.function AND c.theirs
      LEFT JOIN replaced r ON r.oid = u.function
     WHERE s.planned AND (c.volatility = 'i' OR r.runs)
    UNION ALL
    SELECT DISTINCT s.class, s.object, s.relation, y.code, false, '', '', true, '{}'::text[]
      FROM stored s
     CROSS JOIN LATERAL pg_catalog.regexp_matches(s.tree, ':consttype (\d+)', 'g') m (word)
      JOIN types y ON y.oid = m.word[1]::oid
    UNION ALL
    SELECT 'pg_catalog.pg_proc'::pg_catalog.regclass, a.aggfnoid::oid, 0, y.code, false, '', '', true, '{}'
      FROM pg_catalog.pg_aggregate a
      JOIN types y ON (y.oid = a.aggtranstype AND a.agginitval IS NOT NULL) OR (y.oid = a.aggmtranstype AND a.aggminitval IS NOT NULL)
    UNION ALL
    SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, p.partrelid, p.partrelid, y.code, false, '', '', true, '{}'
      FROM pg_catalog.pg_partitioned_table p
      JOIN pg_catalog.pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = ANY (p.partattrs::int2[])
      JOIN types y ON y.oid = a.atttypid
)
SELECT coalesce(n.nspname::text, '') AS space, coalesce(r.relname::text, '') AS relation,
       pg_catalog.pg_describe_object(f.class, f.object, 0) AS object, f.planned, f.tree, f.call, f.anyhow, f.replaced,
       c.name AS code, c.super, c.builtin, c.volatility = 'v' AS volatile, c.through
  FROM found f
  JOIN code c ON c.oid = f.code
  LEFT JOIN pg_catalog.pg_class r ON r.oid = f.relation
  LEFT JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
 ORDER BY 3, 9, 4
