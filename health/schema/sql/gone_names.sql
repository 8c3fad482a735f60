-- Functions of users in SQL and PL/pgSQL that name what the newer major has no more: $1 is [[kind, name], ...], of a column "relation.column".
-- By the words of the body, in lower case, as nothing depends on them.
WITH gone AS (
    SELECT e.item ->> 0 AS kind, e.item ->> 1 AS name FROM pg_catalog.jsonb_array_elements($1::jsonb) e (item)
)
SELECT 'function ' || p.oid::pg_catalog.regprocedure::text AS name, g.kind, g.name AS word
  FROM pg_catalog.pg_proc p
  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pgteal', 'pgteal_migrations')
  JOIN pg_catalog.pg_language l ON l.oid = p.prolang AND l.lanname IN ('sql', 'plpgsql')
 CROSS JOIN LATERAL (SELECT pg_catalog.lower(p.prosrc) AS text) b
  JOIN gone g ON CASE g.kind
         WHEN 'function' THEN pg_catalog.strpos(b.text, g.name) > 0 AND b.text ~ ('\m' || g.name || '\s*\(')
         WHEN 'setting' THEN pg_catalog.strpos(b.text, g.name) > 0 AND b.text ~ ('\m(set|reset|show|set_config|current_setting)\M[^;]*\m' || g.name || '\M')
         ELSE pg_catalog.strpos(b.text, pg_catalog.split_part(g.name, '.', 2)) > 0 AND b.text ~ ('\m' || pg_catalog.split_part(g.name, '.', 1) || '\M')
              AND b.text ~ ('\m' || pg_catalog.split_part(g.name, '.', 2) || '\M') END
 WHERE p.oid >= 16384
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                    WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.deptype = 'e')
 ORDER BY 1, 2, 3
