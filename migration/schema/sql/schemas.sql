-- Schemas and extensions. PostgreSQL 13-18.
-- Every query of this folder gives the same columns: catalog and oid of the object, which column it is, the relation it
-- hangs on; kind; identity for people; quoted names of what it hangs on and of itself; its SQL; attributes as name, value, name, value.
-- Left out everywhere: the system's own, temporary ones, pgteal's, and what belongs to an extension.
-- Up to 14 the schema public belongs to the bootstrap superuser (oid 10), later to pg_database_owner: both are 'standard'.
SELECT n.tableoid AS class, n.oid AS object, 0 AS sub, 0::oid AS relation, 'schema' AS kind,
       format('%I', n.nspname) AS identity, '' AS parent, format('%I', n.nspname) AS name, '' AS definition,
       ARRAY['owner', CASE WHEN n.nspname = 'public'
                            AND (n.nspowner = 10 OR n.nspowner::regrole::text = 'pg_database_owner') THEN 'standard'
                           ELSE pg_get_userbyid(n.nspowner)::text END] AS attributes
FROM pg_catalog.pg_namespace n
WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'pgteal', 'pgteal_migrations')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = n.tableoid AND d.objid = n.oid AND d.deptype = 'e')
UNION ALL
SELECT e.tableoid, e.oid, 0, 0::oid, 'extension', format('%I', e.extname), '', format('%I', e.extname), '',
       ARRAY['schema', format('%I', n.nspname), 'version', e.extversion]
FROM pg_catalog.pg_extension e
JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
