SELECT gid, database, owner, extract(epoch FROM now() - prepared)::float8 AS seconds
  FROM pg_catalog.pg_prepared_xacts
 ORDER BY prepared;
