-- What the databases of a server share and a block of code may change: roles, memberships, settings, other
-- databases, subscriptions, replication origins but for those of subscriptions, which come and go. Roles that a rehearsal made are
-- left out: they carry its mark.
WITH others AS (
    SELECT r.oid, r.rolname::text AS name, r::text AS state
      FROM pg_catalog.pg_roles r
     WHERE coalesce(pg_catalog.shobj_description(r.oid, 'pg_authid'), '')
           NOT LIKE 'made by pgteal migrate rehearse for pgteal\_rehearse\_%'
)
SELECT 'role ' || name AS what, name AS role, '' AS group_role, state
  FROM others
UNION ALL
SELECT 'membership of ' || m.name || ' in ' || g.name, m.name, g.name, a.admin_option::text
  FROM pg_catalog.pg_auth_members a
  JOIN others m ON m.oid = a.member
  JOIN others g ON g.oid = a.roleid
UNION ALL
SELECT 'settings of ' || coalesce('role ' || o.name, 'every role') ||
       coalesce(' in database ' || d.datname, ''), coalesce(o.name, ''), '', s.setconfig::text
  FROM pg_catalog.pg_db_role_setting s
  LEFT JOIN others o ON o.oid = s.setrole
  LEFT JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
 WHERE (s.setrole = 0 OR o.oid IS NOT NULL) AND d.datname IS DISTINCT FROM pg_catalog.current_database()
UNION ALL
SELECT 'database ' || datname, '', '',
       pg_catalog.concat_ws(' ', datdba, datconnlimit, datallowconn, datistemplate, datacl)
  FROM pg_catalog.pg_database
 WHERE datname <> pg_catalog.current_database() AND NOT datname LIKE 'pgteal\_rehearse\_%'
UNION ALL
SELECT 'replication origin ' || roname, '', '', roident::text
  FROM pg_catalog.pg_replication_origin
 WHERE NOT roname LIKE 'pg\_%'
UNION ALL
-- One in this database would receive from another server, and move its slot there.
SELECT 'subscription ' || s.subname, '', '',
       pg_catalog.concat_ws(' ', s.subowner, s.subenabled, s.subslotname, s.subpublications)
  FROM pg_catalog.pg_subscription s
  JOIN pg_catalog.pg_database d ON d.oid = s.subdbid
 WHERE d.datname = pg_catalog.current_database()
