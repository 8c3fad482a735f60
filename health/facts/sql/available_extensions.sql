-- What CREATE EXTENSION could make on this server.
SELECT e.name, e.default_version,
       ARRAY(SELECT v.version FROM pg_catalog.pg_available_extension_versions v WHERE v.name = e.name)::text[] AS versions
  FROM pg_catalog.pg_available_extensions e
 ORDER BY e.name;
