-- Privileges on parameters (15 and newer), and whose they are; the bootstrap superuser's own left out.
SELECT p.parname::text AS name,
       pg_catalog.string_agg(DISTINCT CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.format('%I', pg_catalog.pg_get_userbyid(a.grantee)) END, ', ')
         AS grantees
  FROM pg_catalog.pg_parameter_acl p
 CROSS JOIN LATERAL pg_catalog.aclexplode(p.paracl) a
 WHERE a.grantee <> 10
 GROUP BY p.parname
 ORDER BY p.parname;
