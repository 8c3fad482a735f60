-- Privileges that are not those of a new object, an entry a row, and each object that could have some: an object without any has one row
-- without privilege. PostgreSQL 13-18. $1: tables ("s.t") whose columns are listed whether they have privileges or not.
-- "owner" is whoever owns the object: that a superuser's GRANT is the owner's, and what the standard ones are, is so on every side.
-- taken: one of the standard ones that is gone. Of the system's objects those with privileges of their own; not pgteal's, not temporary ones.
WITH mine AS (
    SELECT n.oid, n.tableoid, n.nspname, n.nspowner, n.nspacl FROM pg_catalog.pg_namespace n
    WHERE n.nspname !~ '^pg_(toast|temp_|toast_temp_)' AND n.nspname NOT IN ('pgteal', 'pgteal_migrations')
), object (kind, name, col, prefix, needs, owner, acl, standard) AS (
    SELECT 'SCHEMA', quote_ident(n.nspname), '', '', '', n.nspowner, n.nspacl, acldefault('n', n.nspowner)
    FROM mine n WHERE n.oid >= 16384 OR n.nspacl IS NOT NULL
    UNION ALL
    SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, format('%I.%I', n.nspname, c.relname), '', '', '', c.relowner, c.relacl,
           acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner)
    FROM pg_catalog.pg_class c JOIN mine n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND (c.oid >= 16384 OR c.relacl IS NOT NULL)
    UNION ALL
    SELECT 'TABLE', t.name, quote_ident(a.attname), '', '', c.relowner, a.attacl, acldefault('c', c.relowner)
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN mine n ON n.oid = c.relnamespace
    CROSS JOIN LATERAL (SELECT format('%I.%I', n.nspname, c.relname) AS name) t
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT a.attisdropped AND (a.attacl IS NOT NULL OR a.attnum > 0 AND t.name = ANY ($1::text[]))
    UNION ALL
    SELECT 'ROUTINE', format('%I.%I(%s)', n.nspname, p.proname,
                             (SELECT string_agg(pg_catalog.format_type(u.t, NULL), ', ' ORDER BY u.i)
                              FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY u (t, i))),
           '', '', '', p.proowner, p.proacl, acldefault('f', p.proowner)
    FROM pg_catalog.pg_proc p JOIN mine n ON n.oid = p.pronamespace WHERE p.oid >= 16384 OR p.proacl IS NOT NULL
    UNION ALL
    SELECT 'TYPE', format('%I.%I', n.nspname, t.typname), '', '', '', t.typowner, t.typacl, acldefault('T', t.typowner)
    FROM pg_catalog.pg_type t JOIN mine n ON n.oid = t.typnamespace
    WHERE (t.oid >= 16384 OR t.typacl IS NOT NULL) AND t.typtype IN ('b', 'c', 'd', 'e', 'r')
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.typarray = t.oid)
      AND (t.typrelid = 0 OR EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c'))
    UNION ALL
    SELECT 'LANGUAGE', quote_ident(l.lanname), '', '', '', l.lanowner, l.lanacl, acldefault('l', l.lanowner)
    FROM pg_catalog.pg_language l WHERE l.lanpltrusted
    UNION ALL
    SELECT 'DATABASE', quote_ident(d.datname), '', '', '', d.datdba, d.datacl, acldefault('d', d.datdba)
    FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()
    UNION ALL
    SELECT 'FOREIGN DATA WRAPPER', quote_ident(w.fdwname), '', '', '', w.fdwowner, w.fdwacl, acldefault('F', w.fdwowner)
    FROM pg_catalog.pg_foreign_data_wrapper w
    UNION ALL
    SELECT 'FOREIGN SERVER', quote_ident(s.srvname), '', '', '', s.srvowner, s.srvacl, acldefault('S', s.srvowner)
    FROM pg_catalog.pg_foreign_server s
    UNION ALL
    -- In a schema they add to those of the whole database: there the standard ones are none.
    SELECT CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'ROUTINES' WHEN 'T' THEN 'TYPES' ELSE 'SCHEMAS' END,
           '', '', format('ALTER DEFAULT PRIVILEGES FOR ROLE %I ', r.rolname) || coalesce('IN SCHEMA ' || quote_ident(n.nspname) || ' ', ''),
           coalesce(quote_ident(n.nspname), ''), d.defaclrole, d.defaclacl,
           CASE WHEN d.defaclnamespace = 0
                THEN acldefault(CASE d.defaclobjtype WHEN 'S' THEN 's' ELSE d.defaclobjtype END::"char", d.defaclrole)
                END
    FROM pg_catalog.pg_default_acl d JOIN pg_catalog.pg_roles r ON r.oid = d.defaclrole
    LEFT JOIN mine n ON n.oid = d.defaclnamespace
    WHERE d.defaclobjtype IN ('r', 'S', 'f', 'T', 'n') AND (d.defaclnamespace = 0 OR n.oid IS NOT NULL)
)
SELECT o.kind, o.name, o.col, o.prefix, o.needs, pg_catalog.pg_get_userbyid(o.owner)::text AS owner,
       e.taken, e.privilege, e.option,
       CASE e.grantee WHEN 0 THEN 'public' WHEN o.owner THEN 'owner' ELSE 'role:' || grantee.rolname END AS grantee,
       CASE e.grantor WHEN o.owner THEN 'owner' ELSE 'role:' || grantor.rolname END AS grantor
FROM object o
LEFT JOIN LATERAL (
    SELECT false AS taken, s.* FROM (
        (SELECT a.grantee, a.grantor, a.privilege_type AS privilege, o.option
         FROM aclexplode(o.acl) a, LATERAL (SELECT false AS option UNION ALL SELECT true WHERE a.is_grantable) o)
        EXCEPT
        SELECT a.grantee, a.grantor, a.privilege_type, false FROM aclexplode(o.standard) a) s
    UNION ALL
    SELECT true, s.* FROM (
        SELECT a.grantee, a.grantor, a.privilege_type, false FROM aclexplode(o.standard) a
        EXCEPT
        SELECT a.grantee, a.grantor, a.privilege_type, false FROM aclexplode(o.acl) a) s
) e ON o.acl IS NOT NULL
LEFT JOIN pg_catalog.pg_roles grantee ON grantee.oid = e.grantee
LEFT JOIN pg_catalog.pg_roles grantor ON grantor.oid = e.grantor
