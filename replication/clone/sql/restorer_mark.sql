-- One text that is another one whenever what decides whether a schema can be restored here may have changed: version, settings, extensions that
-- can be made, roles, tablespaces. A restart or reload counts. Needs superuser (pg_authid).
SELECT pg_catalog.md5(pg_catalog.concat_ws(',', pg_catalog.current_setting('server_version_num'), pg_catalog.pg_postmaster_start_time(),
         pg_catalog.pg_conf_load_time(),
         (SELECT pg_catalog.string_agg(name || ' ' || version, ' ' ORDER BY name, version) FROM pg_catalog.pg_available_extension_versions),
         (SELECT pg_catalog.string_agg(rolname || ' ' || xmin::text, ' ' ORDER BY rolname) FROM pg_catalog.pg_authid
           WHERE rolname !~ '^pg_'),
         (SELECT pg_catalog.string_agg(spcname, ' ' ORDER BY spcname) FROM pg_catalog.pg_tablespace)));
