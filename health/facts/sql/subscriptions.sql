-- Every subscription of the server; the catalog is shared by all databases.
SELECT s.subname AS name, d.datname AS database, s.subenabled AS enabled, s.subname LIKE 'pgteal\_%' AS named_as_ours
  FROM pg_catalog.pg_subscription s
  JOIN pg_catalog.pg_database d ON d.oid = s.subdbid
 ORDER BY d.datname, s.subname;
