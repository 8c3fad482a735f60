-- How UPDATE and DELETE of each table find their row on the other side (docs: "Logical Replication / Publication", REPLICA IDENTITY).
-- candidate: a unique index that could serve: not partial, without expressions, not deferrable, over NOT NULL columns.
-- incomparable: columns of types without an equality operator class, which stop apply under REPLICA IDENTITY FULL, and of what has such a type
-- in it (source: typcache.c, TYPECACHE_EQ_OPR_FINFO).
WITH RECURSIVE incomparable (type) AS (
    SELECT t.oid
      FROM pg_catalog.pg_type t
     WHERE t.typtype = 'b' AND NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.typarray = t.oid)
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_opclass c
                         JOIN pg_catalog.pg_am m ON m.oid = c.opcmethod AND m.amname IN ('btree', 'hash')
                        WHERE c.opcdefault AND (c.opcintype = t.oid
                               OR EXISTS (SELECT FROM pg_catalog.pg_cast k WHERE k.castsource = t.oid AND k.casttarget = c.opcintype
                                                                             AND k.castmethod = 'b' AND k.castcontext = 'i')))
    UNION
    SELECT o.type
      FROM incomparable i
     CROSS JOIN LATERAL (SELECT t.oid FROM pg_catalog.pg_type t WHERE t.typbasetype = i.type
                         UNION ALL SELECT t.typarray FROM pg_catalog.pg_type t WHERE t.oid = i.type AND t.typarray <> 0
                         UNION ALL SELECT c.reltype FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
                                    WHERE a.atttypid = i.type AND a.attnum > 0 AND NOT a.attisdropped AND c.reltype <> 0) o(type)
), tables AS (
    SELECT c.oid, c.relname, c.relreplident, c.relispartition, c.reloftype, format('%I.%I', n.nspname, c.relname) AS name
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND c.relpersistence = 'p'
       AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pgteal') AND n.nspname !~ '^pg_(toast|temp)'
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend p
                         JOIN pg_catalog.pg_extension e ON e.oid = p.refobjid
                        WHERE p.classid = 'pg_catalog.pg_class'::regclass AND p.objid = c.oid
                          AND p.refclassid = 'pg_catalog.pg_extension'::regclass AND p.deptype = 'e'
                          AND c.oid <> ALL (coalesce(e.extconfig, '{}')))
)
SELECT t.name,
       t.relreplident::text AS identity,
       pk.indexrelid IS NOT NULL AS has_key,
       coalesce(pk.indimmediate AND pk.indisvalid, false) AS key_usable,
       EXISTS (SELECT FROM pg_catalog.pg_index i
                WHERE i.indrelid = t.oid AND i.indisreplident AND i.indimmediate AND i.indisvalid) AS index_usable,
       coalesce((SELECT format('%I', ic.relname)
                   FROM pg_catalog.pg_index i
                   JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid
                  WHERE i.indrelid = t.oid AND i.indisunique AND i.indimmediate AND i.indisvalid
                    AND i.indpred IS NULL AND i.indexprs IS NULL
                    AND NOT EXISTS (SELECT FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, n)
                                      JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum
                                     WHERE k.n <= i.indnkeyatts AND (NOT a.attnotnull OR a.attgenerated <> ''))
                  ORDER BY i.indnkeyatts, ic.relname LIMIT 1), '') AS candidate,
       coalesce((SELECT string_agg(format('%I', a.attname), ', ' ORDER BY k.n)
                   FROM unnest(pk.indkey::int2[]) WITH ORDINALITY AS k(attnum, n)
                   JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum
                  WHERE k.n <= pk.indnkeyatts), '') AS key_columns,
       format('%I', left(t.relname, 48) || '_identity') AS index_name,
       ARRAY(SELECT a.attname::text
               FROM pg_catalog.pg_attribute a
              WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid IN (SELECT i.type FROM incomparable i)
              ORDER BY a.attnum) AS incomparable,
       ARRAY(SELECT pg_catalog.quote_ident(a.attname)
               FROM pg_catalog.pg_index i
              CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, n)
               JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum AND a.attgenerated <> ''
              WHERE i.indrelid = t.oid AND k.n <= i.indnkeyatts
                AND CASE t.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END
              ORDER BY k.n) AS generated,
       coalesce((WITH RECURSIVE above (oid) AS (
                   SELECT h.inhparent FROM pg_catalog.pg_inherits h WHERE h.inhrelid = t.oid AND t.relispartition
                   UNION ALL SELECT h.inhparent FROM above a JOIN pg_catalog.pg_inherits h ON h.inhrelid = a.oid)
                 SELECT format('%I.%I', n.nspname, c.relname) FROM above a
                   JOIN pg_catalog.pg_class c ON c.oid = a.oid AND NOT c.relispartition
                   JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace LIMIT 1), '') AS root,
       t.reloftype <> 0 AS typed
  FROM tables t
  LEFT JOIN pg_catalog.pg_index pk ON pk.indrelid = t.oid AND pk.indisprimary
 ORDER BY t.name;
