-- Of the columns in $1 (JSON: schema, tab, col) those that are here: whether they hold numbers, whether an index leads with
-- them (so that max() reads one entry), and how large their table is with its partitions.
SELECT w.schema, w.tab, w.col,
       a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'numeric'::regtype),
       EXISTS (SELECT FROM pg_catalog.pg_index i
                 JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
                 JOIN pg_catalog.pg_am m ON m.oid = x.relam AND m.amname = 'btree'
                WHERE i.indrelid = r.oid AND i.indisvalid AND i.indpred IS NULL AND i.indkey[0] = a.attnum),
       CASE r.relkind
            WHEN 'p' THEN (SELECT COALESCE(pg_catalog.sum(pg_catalog.pg_relation_size(p.relid)), 0)::bigint
                             FROM pg_catalog.pg_partition_tree(r.oid) p WHERE p.isleaf)
            WHEN 'r' THEN pg_catalog.pg_relation_size(r.oid)
            ELSE 0 END
  FROM pg_catalog.json_to_recordset($1::json) AS w(schema text, tab text, col text)
  JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
  JOIN pg_catalog.pg_class r ON r.relnamespace = n.oid AND r.relname = w.tab AND r.relkind IN ('r', 'p', 'f', 'v')
  JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attname = w.col AND a.attnum > 0 AND NOT a.attisdropped
