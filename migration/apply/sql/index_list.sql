-- The indexes of a table, for telling later which one is new.
SELECT COALESCE(pg_catalog.string_agg(indexrelid::pg_catalog.text, ','), '') AS oids
  FROM pg_catalog.pg_index WHERE indrelid = pg_catalog.to_regclass(:'table')
