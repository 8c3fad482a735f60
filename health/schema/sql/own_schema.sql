-- What in schema pgteal, itself included, belongs to somebody who is no superuser: a user who makes it first could put code of his own where
-- pgteal writes as a superuser, or drop the freeze.
SELECT format('%s owns %s', r.rolname, o.what) AS stranger
  FROM (
    SELECT n.nspowner AS owner, 'schema pgteal' AS what, 0 AS rank FROM pg_catalog.pg_namespace n WHERE n.nspname = 'pgteal'
    UNION ALL
    SELECT c.relowner, format('pgteal.%I', c.relname), 1
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'pgteal'
    UNION ALL
    SELECT p.proowner, format('function pgteal.%I', p.proname), 2
      FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'pgteal'
  ) o
  JOIN pg_catalog.pg_roles r ON r.oid = o.owner AND NOT r.rolsuper
 ORDER BY o.rank, o.what
 LIMIT 1;
