SELECT a.attrelid AS table, a.attname AS name,
       pg_catalog.format_type(a.atttypid, a.atttypmod) AS type, pg_catalog.format_type(a.atttypid, NULL) AS base,
       a.attnotnull AS not_null, a.atthasdef AND a.attgenerated = '' AS has_default,
       a.attgenerated::pg_catalog.text AS generated, a.attidentity::pg_catalog.text AS identity,
       CASE WHEN a.attcollation = t.typcollation THEN ''
            WHEN cn.nspname = 'pg_catalog' THEN co.collname::pg_catalog.text
            ELSE coalesce(cn.nspname || '.' || co.collname, '') END AS collation
  FROM pg_catalog.pg_attribute a
  JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_catalog.pg_collation co ON co.oid = a.attcollation
  LEFT JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace
 WHERE a.attrelid >= 16384 AND a.attnum > 0 AND NOT a.attisdropped
 ORDER BY a.attrelid, a.attnum
