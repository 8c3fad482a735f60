SELECT extname AS name, extversion AS version, coalesce(cardinality(extconfig), 0) > 0 AS has_configuration
  FROM pg_catalog.pg_extension
 ORDER BY extname;
