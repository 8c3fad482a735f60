SELECT i.indrelid AS table, n.nspname AS schema, c.relname AS name,
       (SELECT pg_catalog.json_agg(coalesce(a.attname, '') ORDER BY u.place)
          FROM pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY u(number, place)
          LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.number
         WHERE u.place <= i.indnkeyatts) AS columns,
       i.indisunique AS unique, i.indisprimary AS primary, i.indisvalid AS valid, i.indpred IS NOT NULL AS partial,
       (SELECT pg_catalog.json_agg(a.attname)
          FROM pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY u(number, place)
          JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.number
         WHERE u.place <= i.indnkeyatts AND a.attcollation <> i.indcollation[u.place::int4 - 1]) AS own_collation,
       m.amname AS method, i.indisclustered AS clustered, s.spcname AS tablespace,
       -- An index of a constraint depends on that, not on its columns; but it has no expressions.
       (SELECT pg_catalog.json_agg(a.attname ORDER BY a.attname)
          FROM pg_catalog.pg_attribute a
         WHERE a.attrelid = i.indrelid AND a.attnum > 0
           AND (a.attnum = ANY (i.indkey::int2[])
                OR (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)
                   AND EXISTS (SELECT FROM pg_catalog.pg_depend d
                                WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = i.indexrelid
                                  AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                                  AND d.refobjid = i.indrelid AND d.refobjsubid = a.attnum))) AS uses
  FROM pg_catalog.pg_index i
  JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_am m ON m.oid = c.relam
  LEFT JOIN pg_catalog.pg_tablespace s
    ON s.oid = CASE WHEN c.reltablespace <> 0 THEN c.reltablespace
                    ELSE (SELECT d.dattablespace FROM pg_catalog.pg_database d
                           WHERE d.datname = pg_catalog.current_database()) END
 WHERE i.indrelid >= 16384
 ORDER BY i.indrelid, c.relname
