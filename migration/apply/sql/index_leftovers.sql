-- What a REINDEX CONCURRENTLY that failed left invalid on what it was to rebuild. TOAST's own can't be dropped by name.
SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS index
  FROM pg_catalog.pg_index i
  JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE NOT i.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$' AND n.nspname <> 'pg_toast'
   AND CASE :'object'
       WHEN 'INDEX' THEN i.indrelid = (SELECT indrelid FROM pg_catalog.pg_index
                                        WHERE indexrelid = pg_catalog.to_regclass(:'name'))
       WHEN 'TABLE' THEN i.indrelid = pg_catalog.to_regclass(:'name')
       WHEN 'SCHEMA' THEN n.oid = pg_catalog.to_regnamespace(:'name')
       ELSE true END
