-- Functions of users in SQL and PL/pgSQL, with what they say. An extension's are made anew on the other side, in the version that it has.
-- reads: tables and views that a body parsed at creation (14) names; takes: types of its arguments, and of their columns.
SELECT p.oid::text AS oid, n.nspname::text AS schema, p.proname::text AS name, pg_catalog.format('%I.%I', n.nspname, p.proname) AS quoted,
       p.oid::pg_catalog.regprocedure::text AS signature, l.lanname::text AS language, p.prokind = 'p' AS procedure,
       coalesce(p.proconfig::text ~ 'search_path=', false) AS sheltering,
       ARRAY(SELECT t.oid::text FROM pg_catalog.unnest(p.proargtypes) t(oid)
             UNION SELECT a.atttypid::text FROM pg_catalog.unnest(p.proargtypes) t(oid)
                     JOIN pg_catalog.pg_class c ON c.reltype = t.oid
                     JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS takes,
       CASE WHEN pg_catalog.to_jsonb(p) ->> 'prosqlbody' IS NULL THEN p.prosrc ELSE '' END AS source,
       CASE WHEN l.lanname = 'plpgsql' THEN pg_catalog.pg_get_functiondef(p.oid) ELSE '' END AS definition,
       ARRAY(SELECT DISTINCT pg_catalog.format('%I.%I', m.nspname, c.relname)
               FROM pg_catalog.pg_depend d
               JOIN pg_catalog.pg_class c ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND c.oid = d.refobjid AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
               JOIN pg_catalog.pg_namespace m ON m.oid = c.relnamespace AND m.nspname NOT IN ('pg_catalog', 'information_schema')
              WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND pg_catalog.to_jsonb(p) ->> 'prosqlbody' IS NOT NULL) AS reads
  FROM pg_catalog.pg_proc p
  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  JOIN pg_catalog.pg_language l ON l.oid = p.prolang
 WHERE p.oid >= 16384 AND p.prokind IN ('f', 'p') AND l.lanname IN ('sql', 'plpgsql') AND n.nspname NOT IN ('pgteal', 'pgteal_migrations')
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                    WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.deptype = 'e')
 ORDER BY p.oid
