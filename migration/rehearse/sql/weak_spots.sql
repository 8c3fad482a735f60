-- Indexes that PostgreSQL maintains and never uses, and constraints that hold for new rows only.
SELECT 'invalid-index' AS rule, n.nspname || '.' || c.relname AS name, tn.nspname || '.' || t.relname AS relation,
       CASE c.relkind WHEN 'I' -- of a partitioned table, made with ONLY
            THEN pg_catalog.format('ALTER INDEX %I.%I ATTACH PARTITION ...; for the index of each partition', n.nspname, c.relname)
            ELSE pg_catalog.format('REINDEX INDEX CONCURRENTLY %I.%I;', n.nspname, c.relname) END AS mend
  FROM pg_catalog.pg_index i
  JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
  JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
 WHERE NOT i.indisvalid AND n.nspname <> 'pg_toast'
UNION ALL
SELECT 'not-validated', n.nspname || '.' || t.relname || '.' || k.conname, n.nspname || '.' || t.relname,
       pg_catalog.format('ALTER TABLE %I.%I VALIDATE CONSTRAINT %I;', n.nspname, t.relname, k.conname)
  FROM pg_catalog.pg_constraint k
  JOIN pg_catalog.pg_class t ON t.oid = k.conrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
 WHERE NOT k.convalidated AND k.contype <> 't'
   -- NOT ENFORCED (18) is not meant to be validated.
   AND coalesce((pg_catalog.to_jsonb(k) ->> 'conenforced')::pg_catalog.bool, true)
UNION ALL
SELECT 'not-validated', n.nspname || '.' || d.typname || '.' || k.conname, n.nspname || '.' || d.typname,
       pg_catalog.format('ALTER DOMAIN %I.%I VALIDATE CONSTRAINT %I;', n.nspname, d.typname, k.conname)
  FROM pg_catalog.pg_constraint k
  JOIN pg_catalog.pg_type d ON d.oid = k.contypid
  JOIN pg_catalog.pg_namespace n ON n.oid = d.typnamespace
 WHERE NOT k.convalidated
 ORDER BY 1, 2
