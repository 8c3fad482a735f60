-- Roles that a rehearsal made, each with the scratch database it was made for.
SELECT rolname AS role, pg_catalog.substr(mark, pg_catalog.strpos(mark, 'pgteal_rehearse_')) AS scratch, r.oid
  FROM pg_catalog.pg_roles r
 CROSS JOIN LATERAL pg_catalog.shobj_description(r.oid, 'pg_authid') AS mark
 WHERE mark LIKE 'made by pgteal migrate rehearse for pgteal\_rehearse\_%'
 ORDER BY rolname
