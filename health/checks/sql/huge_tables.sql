-- Tables with bytea whose values are kept out of line in more than 512 MB: one of these values might be too large for a COPY.
SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name, pg_catalog.format('%I.%I', tn.nspname, t.relname) AS toast
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_class t ON t.oid = c.reltoastrelid
  JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
 WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND t.relpages::bigint * pg_catalog.current_setting('block_size')::bigint >= 536870912
   AND EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.atttypid = 'bytea'::regtype AND NOT a.attisdropped)
 ORDER BY 1;
