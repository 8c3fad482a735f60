-- A foreign key to a partitioned table has a copy for each of its partitions, on the same table: those are `copied`.
SELECT k.conrelid AS table, k.conname AS name, k.contype::pg_catalog.text AS kind,
       coalesce((SELECT pg_catalog.json_agg(a.attname ORDER BY u.place)
                   FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY u(number, place)
                   JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.number), '[]') AS columns,
       pg_catalog.pg_get_constraintdef(k.oid) AS definition,
       k.convalidated AS validated, k.condeferrable AS deferrable,
       k.confrelid AS references,
       coalesce((SELECT pg_catalog.json_agg(a.attname ORDER BY u.place)
                   FROM pg_catalog.unnest(k.confkey) WITH ORDINALITY u(number, place)
                   JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.number), '[]')
           AS referenced_columns,
       k.contype = 'f' AND p.oid IS NOT NULL AS copied
  FROM pg_catalog.pg_constraint k
  LEFT JOIN pg_catalog.pg_constraint p ON p.oid = k.conparentid AND p.conrelid = k.conrelid
 WHERE k.conrelid >= 16384 AND k.contype IN ('p', 'u', 'f', 'c', 'x', 'n')
 ORDER BY k.conrelid, k.conname
