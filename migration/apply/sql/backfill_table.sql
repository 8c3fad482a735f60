-- The table of a backfill and the column that its ranges are cut by: the one that is named, or the primary key.
SELECT n.nspname AS schema, c.relname AS name,
       GREATEST(COALESCE((SELECT pg_catalog.sum(GREATEST(p.reltuples, 0))
                            FROM pg_catalog.pg_partition_tree(c.oid) t JOIN pg_catalog.pg_class p ON p.oid = t.relid
                           WHERE t.isleaf), c.reltuples), 0)::pg_catalog.int8 AS rows,
       a.attname AS key,
       -- With -1 the names are the ones that don't cut values off, such as bpchar.
       pg_catalog.format_type(a.atttypid, -1) AS type,
       -- What ORDER BY goes by: of an extension's type (citext) it is where that is.
       COALESCE((SELECT 'OPERATOR(' || pg_catalog.quote_ident(m.nspname) || '.>)'
                   FROM pg_catalog.pg_type t
                   JOIN pg_catalog.pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
                   JOIN pg_catalog.pg_namespace m ON m.oid = b.typnamespace
                  WHERE t.oid = a.atttypid AND b.typtype = 'b' AND b.typcategory <> 'A'), 'OPERATOR(pg_catalog.>)') AS greater,
       a.attnotnull AND EXISTS (
           SELECT FROM pg_catalog.pg_index i
            WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indnkeyatts = 1
              AND i.indkey[0] = a.attnum AND i.indpred IS NULL) AS usable
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_attribute a
    ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
   AND CASE WHEN :'key' = ''
            THEN EXISTS (SELECT FROM pg_catalog.pg_index i
                          WHERE i.indrelid = c.oid AND i.indisprimary AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum)
            ELSE a.attname = (pg_catalog.parse_ident(NULLIF(:'key', '')))[1] END
 WHERE c.oid = :'oid'::pg_catalog.oid AND c.relkind IN ('r', 'p')
