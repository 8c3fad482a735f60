-- Privileges on tablespaces.
-- What an owner holds by default is left out.
SELECT 'TABLESPACE' AS kind, t.spcname::text AS name, coalesce(r.rolname, '')::text AS grantee, a.privilege_type AS privilege, a.is_grantable AS grantable
  FROM pg_catalog.pg_tablespace t CROSS JOIN LATERAL pg_catalog.aclexplode(t.spcacl) a
  LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
 WHERE a.grantee <> t.spcowner AND (a.grantee = 0 OR r.rolname IS NOT NULL)
 ORDER BY 1, 2, 3, 4
