SELECT extname AS name, extversion AS version, coalesce(cardinality(extconfig), 0) > 0 AS has_configuration, n.nspname AS schema
  FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
 ORDER BY extname;
