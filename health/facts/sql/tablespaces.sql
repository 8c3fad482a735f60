SELECT spcname AS name FROM pg_catalog.pg_tablespace ORDER BY spcname;
