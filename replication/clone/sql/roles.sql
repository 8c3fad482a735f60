-- Roles, their settings and memberships: three results. Needs superuser. PostgreSQL 13-18.
SELECT r.oid = 10 AS bootstrap, r.rolname AS name, r.rolsuper AS superuser, r.rolinherit AS inherit, r.rolcreaterole AS create_role,
       r.rolcreatedb AS create_db, r.rolcanlogin AS login, r.rolreplication AS replication, r.rolbypassrls AS bypass_rls,
       r.rolconnlimit AS connection_limit, coalesce(r.rolpassword, '') AS password,
       -- The same instant reads the same on every server, whatever its TimeZone.
       CASE WHEN r.rolvaliduntil IS NULL THEN ''
            WHEN pg_catalog.isfinite(r.rolvaliduntil) THEN (r.rolvaliduntil AT TIME ZONE 'UTC')::text || '+00'
            ELSE r.rolvaliduntil::text END AS valid_until,
       coalesce(pg_catalog.shobj_description(r.oid, 'pg_authid'), '') AS comment
FROM pg_catalog.pg_authid r
WHERE r.rolname !~ '^pg_'
ORDER BY r.rolname COLLATE "C";

-- role '' is ALTER ROLE ALL; database '' is every database. Settings of a database for every role are the database's own.
SELECT coalesce(r.rolname, '') AS role, coalesce(d.datname, '') AS database,
       pg_catalog.split_part(setting, '=', 1) AS name, pg_catalog.substr(setting, pg_catalog.strpos(setting, '=') + 1) AS value
FROM pg_catalog.pg_db_role_setting s
LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
LEFT JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
CROSS JOIN LATERAL unnest(s.setconfig) WITH ORDINALITY AS config(setting, position)
WHERE s.setrole <> 0 OR s.setdatabase = 0
ORDER BY 1, 2, config.position;

-- Up to 15 a membership inherits as its member does, and always allows SET ROLE; from 16 on both are options of the grant.
SELECT granted.rolname AS role, member.rolname AS member, coalesce(grantor.rolname, '') AS grantor, m.admin_option AS admin,
       coalesce((pg_catalog.to_jsonb(m) ->> 'inherit_option')::boolean, member.rolinherit) AS inherit,
       coalesce((pg_catalog.to_jsonb(m) ->> 'set_option')::boolean, true) AS set
FROM pg_catalog.pg_auth_members m
JOIN pg_catalog.pg_authid granted ON granted.oid = m.roleid
JOIN pg_catalog.pg_authid member ON member.oid = m.member
LEFT JOIN pg_catalog.pg_authid grantor ON grantor.oid = m.grantor
WHERE member.rolname !~ '^pg_'
ORDER BY granted.rolname COLLATE "C", member.rolname COLLATE "C", 3;
