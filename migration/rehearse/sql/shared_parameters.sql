-- Who may set which setting of the server; 15 and later.
SELECT 'the privileges on parameter ' || parname AS what, '' AS role, '' AS group_role, paracl::text AS state
  FROM pg_catalog.pg_parameter_acl
