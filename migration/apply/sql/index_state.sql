-- The index of that name on that table: an index lives in its table's schema. No row when there is none.
SELECT i.indisvalid AS valid,
       pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS index
  FROM pg_catalog.pg_index i
  JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE i.indrelid = pg_catalog.to_regclass(:'table')
   AND c.relname = (pg_catalog.parse_ident(:'index'))[1]
