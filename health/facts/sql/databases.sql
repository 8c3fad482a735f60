-- Databases and their locale. The provider has a column since 15, and ICU's and the built-in locale have changed theirs: to_jsonb
-- reads whichever the server has.
SELECT d.datname AS name,
       pg_catalog.pg_encoding_to_char(d.encoding) AS encoding,
       d.datcollate AS collate,
       d.datctype AS ctype,
       coalesce(to_jsonb(d) ->> 'datlocprovider', 'c') AS provider,
       coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale', '') AS locale,
       d.datallowconn AND NOT d.datistemplate AS usable,
       t.spcname AS tablespace
  FROM pg_catalog.pg_database d
  JOIN pg_catalog.pg_tablespace t ON t.oid = d.dattablespace
 ORDER BY d.datname;
