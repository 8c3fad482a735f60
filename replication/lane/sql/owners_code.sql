-- What runs, for a row that is copied or applied, though a superuser did not write it: one line for each such part of a table that lanes
-- carry. Goes on from users_code.sql.
, parts (relation, kind, name, code, late) AS (
    SELECT c.relation, c.kind, c.name, c.code, false FROM called c WHERE c.of_type = 0
    UNION
    SELECT m.relation, m.kind, m.name, y.code, false FROM mentioned m JOIN types y ON y.oid = m.oid WHERE m.word = 'resulttype' AND m.of_type = 0
    UNION
    SELECT a.attrelid, 'column', a.attname::text, y.code, false
      FROM pg_catalog.pg_attribute a JOIN types y ON y.oid = a.atttypid WHERE a.attnum > 0 AND NOT a.attisdropped
    UNION
    SELECT t.tgrelid, 'trigger', t.tgname::text, t.tgfoid::oid, t.tginitdeferred
      FROM pg_catalog.pg_trigger t
      LEFT JOIN code c ON c.oid = t.tgfoid AND c.theirs
     WHERE NOT t.tgisinternal AND t.tgenabled IN ('A', 'R') AND (c.oid IS NOT NULL OR t.tginitdeferred)
)
SELECT t.name AS "table", t.space, t.relation, r.rolname::text AS owner, r.rolsuper AS owner_is_superuser,
       p.kind, p.name, p.code::pg_catalog.regprocedure::text AS code, p.late, coalesce(c.super, true) AS super,
       coalesce(c.builtin, false) AS builtin, coalesce(c.volatility = 'v', false) AS volatile, coalesce(c.through, '') AS through
  FROM tables t
  JOIN pg_catalog.pg_roles r ON r.oid = t.relowner
  JOIN parts p ON p.relation = t.oid
  LEFT JOIN code c ON c.oid = p.code
UNION ALL
-- What keeps apply from acting as the owner.
SELECT t.name, t.space, t.relation, r.rolname::text, false, 'row security', t.name, '', false, true, false, false, ''
  FROM tables t
  JOIN pg_catalog.pg_roles r ON r.oid = t.relowner
 WHERE t.forced AND NOT r.rolsuper AND NOT r.rolbypassrls
UNION ALL
SELECT t.name, t.space, t.relation, r.rolname::text, false, 'privileges', t.name, m.missing, false, true, false, false, ''
  FROM tables t
  JOIN pg_catalog.pg_roles r ON r.oid = t.relowner
 CROSS JOIN LATERAL (SELECT pg_catalog.string_agg(w.word, ', ') AS missing
                       FROM pg_catalog.unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) w (word)
                      WHERE NOT pg_catalog.has_table_privilege(r.oid, t.oid, w.word)) m
 WHERE NOT r.rolsuper AND m.missing IS NOT NULL
UNION ALL
SELECT t.name, t.space, t.relation, r.rolname::text, false, 'schema', n.nspname::text, 'USAGE', false, true, false, false, ''
  FROM tables t
  JOIN pg_catalog.pg_roles r ON r.oid = t.relowner
  JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
 WHERE NOT r.rolsuper AND NOT pg_catalog.has_schema_privilege(r.oid, n.oid, 'USAGE')
ORDER BY 1, 6, 7, 8
