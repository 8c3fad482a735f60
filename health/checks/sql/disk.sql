-- What the copy of the databases in $1 (JSON: ["app"]) has to hold, and where this server keeps its files.
SELECT (SELECT coalesce(pg_catalog.sum(pg_catalog.pg_database_size(d.oid)), 0)::bigint
          FROM pg_catalog.pg_database d WHERE d.datname IN (SELECT pg_catalog.json_array_elements_text($1::json))) AS bytes,
       pg_catalog.current_setting('data_directory') AS folder;
