-- Privileges that are not the standard ones, to be put beside the objects. PostgreSQL 13-18.
-- "owner" is whoever owns the object. MAINTAIN exists since 17. Who granted is left out: a restore makes that the owner.
WITH given (class, object, sub, owner, acl, kind, initial) AS (
    SELECT n.tableoid, n.oid, 0, n.nspowner, n.nspacl, 'n'::"char",
           (SELECT i.initprivs FROM pg_catalog.pg_init_privs i WHERE i.classoid = n.tableoid AND i.objoid = n.oid)
    FROM pg_catalog.pg_namespace n
    UNION ALL SELECT c.tableoid, c.oid, 0, c.relowner, c.relacl, CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", NULL
    FROM pg_catalog.pg_class c
    UNION ALL SELECT c.tableoid, c.oid, a.attnum::int, c.relowner, a.attacl, 'c'::"char", NULL
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid WHERE a.attacl IS NOT NULL
    UNION ALL SELECT p.tableoid, p.oid, 0, p.proowner, p.proacl, 'f'::"char", NULL FROM pg_catalog.pg_proc p
    UNION ALL SELECT t.tableoid, t.oid, 0, t.typowner, t.typacl, 'T'::"char", NULL FROM pg_catalog.pg_type t
    UNION ALL SELECT l.tableoid, l.oid, 0, l.lanowner, l.lanacl, 'l'::"char", NULL FROM pg_catalog.pg_language l
    UNION ALL SELECT d.tableoid, d.oid, 0, d.datdba, d.datacl, 'd'::"char", NULL
    FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()
    UNION ALL SELECT w.tableoid, w.oid, 0, w.fdwowner, w.fdwacl, 'F'::"char", NULL FROM pg_catalog.pg_foreign_data_wrapper w
    UNION ALL SELECT s.tableoid, s.oid, 0, s.srvowner, s.srvacl, 'S'::"char", NULL FROM pg_catalog.pg_foreign_server s
), said AS (
    SELECT g.class, g.object, g.sub, g.acl = g.initial AS initial, w.which, w.who,
           string_agg(w.privilege_type || CASE WHEN w.is_grantable AND w.who <> 'owner' THEN '*' ELSE '' END, ','
                      ORDER BY w.privilege_type COLLATE "C") AS what
    FROM given g
    CROSS JOIN LATERAL (
        SELECT x.which, CASE WHEN x.grantee = 0 THEN 'PUBLIC' WHEN x.grantee = g.owner THEN 'owner'
                             ELSE format('%I', pg_get_userbyid(x.grantee)) END AS who, x.privilege_type, x.is_grantable
        FROM (SELECT 'now' AS which, a.* FROM aclexplode(g.acl) a
              UNION ALL SELECT 'standard', a.* FROM aclexplode(acldefault(g.kind, g.owner)) a) x
    ) w
    WHERE g.acl IS NOT NULL AND (g.object >= 16384 OR g.initial IS NOT NULL OR g.kind IN ('l', 'd'))
    GROUP BY g.class, g.object, g.sub, g.acl = g.initial, w.which, w.who
)
SELECT class, object, sub, coalesce(initial, false) AS initial,
       coalesce(string_agg(who || '=' || what, '; ' ORDER BY who COLLATE "C") FILTER (WHERE which = 'now'), 'none') AS now,
       coalesce(string_agg(who || '=' || what, '; ' ORDER BY who COLLATE "C") FILTER (WHERE which = 'standard'), 'none') AS standard,
       coalesce((SELECT format('%I', a.attname) FROM pg_catalog.pg_attribute a
                 WHERE sub > 0 AND a.attrelid = object AND a.attnum = sub), '') AS name
FROM said
GROUP BY class, object, sub, initial
