-- How database $1 was made. Columns that only some of PostgreSQL 13-18 have are read through JSON.
SELECT d.datname AS name, pg_catalog.pg_get_userbyid(d.datdba) AS owner, pg_catalog.pg_encoding_to_char(d.encoding) AS encoding,
       d.datcollate AS collate, d.datctype AS ctype, d.datconnlimit AS connection_limit,
       coalesce(j.row ->> 'datlocprovider', 'c') AS provider,
       coalesce(j.row ->> 'datlocale', j.row ->> 'daticulocale', '') AS locale,
       coalesce(j.row ->> 'daticurules', '') AS icu_rules,
       coalesce(pg_catalog.shobj_description(d.oid, 'pg_database'), '') AS comment,
       d.datacl IS NOT NULL AS has_acl, t.spcname AS tablespace
FROM pg_catalog.pg_database d
JOIN pg_catalog.pg_tablespace t ON t.oid = d.dattablespace
CROSS JOIN LATERAL (SELECT pg_catalog.to_jsonb(d) AS row) j
WHERE d.datname = $1
