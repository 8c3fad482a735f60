-- Privileges on parameters (PostgreSQL 15 and newer), without the bootstrap superuser's own.
SELECT 'PARAMETER' AS kind, p.parname::text AS name, coalesce(r.rolname, '')::text AS grantee, a.privilege_type AS privilege, a.is_grantable AS grantable
  FROM pg_catalog.pg_parameter_acl p CROSS JOIN LATERAL pg_catalog.aclexplode(p.paracl) a
  LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
 WHERE a.grantee <> 10 AND (a.grantee = 0 OR r.rolname IS NOT NULL)
 ORDER BY 1, 2, 3, 4
