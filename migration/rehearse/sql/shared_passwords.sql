-- Which version of its row each role has: a new password makes a new one. Never the password.
SELECT 'role ' || rolname AS what, rolname::text AS role, '' AS group_role, xmin::text AS state
  FROM pg_catalog.pg_authid
 WHERE coalesce(pg_catalog.shobj_description(oid, 'pg_authid'), '')
       NOT LIKE 'made by pgteal migrate rehearse for pgteal\_rehearse\_%'
