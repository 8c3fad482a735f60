-- Who uses the run's databases ($1), and from where; our own sessions and superusers left out. $2 and $3 are
-- roles and databases of the poolers' entries that force a user, whether or not it is logged in now.
WITH RECURSIVE
     seen (role, database, address, forced, tls) AS (
         SELECT a.usename, a.datname, coalesce(pg_catalog.host(a.client_addr), ''), false,
                pg_catalog.bool_or(coalesce(s.ssl, false))
           FROM pg_catalog.pg_stat_activity a
           LEFT JOIN pg_catalog.pg_stat_ssl s ON s.pid = a.pid
          WHERE a.backend_type = 'client backend'
            AND a.datname = ANY ($1::text[])
            AND a.usename IS NOT NULL
          GROUP BY 1, 2, 3
         UNION ALL
         SELECT f.role, f.database, '', true, false
           FROM ROWS FROM (pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::text[])) AS f (role, database)
     ),
     member (start, oid) AS (
         SELECT r.oid, r.oid
           FROM pg_catalog.pg_roles r
          WHERE r.rolname IN (SELECT role FROM seen)
         UNION
         SELECT m.start, g.roleid
           FROM member m
           JOIN pg_catalog.pg_auth_members g ON g.member = m.oid
     )
SELECT s.role::text AS role, s.database::text AS database, s.address, s.forced, s.tls,
       coalesce((SELECT pg_catalog.array_agg(g.rolname::text ORDER BY g.rolname)
                   FROM member m
                   JOIN pg_catalog.pg_roles g ON g.oid = m.oid
                  WHERE m.start = a.oid), '{}') AS groups,
       CASE WHEN a.rolpassword IS NULL THEN 'none'
            WHEN a.rolpassword LIKE 'md5%' THEN 'md5'
            ELSE 'scram' END AS stored
  FROM seen s
  JOIN pg_catalog.pg_authid a ON a.rolname = s.role
 WHERE NOT a.rolsuper
   AND s.role <> current_user
 ORDER BY 1, 2, 3;
