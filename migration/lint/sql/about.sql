-- What the session sees before anything is set: the schemas that unqualified names of a migration are looked up in.
SELECT pg_catalog.current_setting('server_version_num')::int4 / 10000 AS version,
       pg_catalog.current_setting('TimeZone') AS time_zone,
       pg_catalog.to_json(pg_catalog.current_schemas(false)) AS search_path
