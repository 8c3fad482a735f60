-- Privileges on database $1 by grantee ('' is PUBLIC), the owner's first: theirs are what the others' rest on.
SELECT coalesce(r.rolname, '') AS grantee, a.privilege_type AS privilege, bool_or(a.is_grantable) AS grantable
FROM pg_catalog.pg_database d
CROSS JOIN LATERAL pg_catalog.aclexplode(d.datacl) a
LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
WHERE d.datname = $1
GROUP BY a.grantee, d.datdba, r.rolname, a.privilege_type
ORDER BY a.grantee <> d.datdba, coalesce(r.rolname, '') COLLATE "C", a.privilege_type
