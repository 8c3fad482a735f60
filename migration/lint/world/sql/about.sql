-- What the session sees before anything is set.
SELECT pg_catalog.current_setting('server_version_num')::int4 / 10000 AS version,
       pg_catalog.current_setting('TimeZone') AS time_zone
