-- The indexes of a table that are not among those.
SELECT i.indisvalid AS valid,
       pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS index
  FROM pg_catalog.pg_index i
  JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE i.indrelid = pg_catalog.to_regclass(:'table')
   AND i.indexrelid::pg_catalog.text <> ALL (pg_catalog.string_to_array(:'oids', ','))
