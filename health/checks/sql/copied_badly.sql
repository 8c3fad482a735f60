-- What a copy or a lane would stumble over, and empty tables don't show. kind, name, what it is about.
-- Enum values hash by their OIDs (source: enum.c, hashenum), which are others on the other side.
WITH RECURSIVE holds (type, enum) AS (
  SELECT t.oid, t.oid FROM pg_catalog.pg_type t WHERE t.typtype = 'e'
  UNION
  SELECT outer_type.oid, h.enum
    FROM holds h
    JOIN LATERAL (SELECT t.oid FROM pg_catalog.pg_type t WHERE t.typelem = h.type OR t.typbasetype = h.type
                  UNION ALL SELECT r.rngtypid FROM pg_catalog.pg_range r WHERE r.rngsubtype = h.type
                  UNION ALL SELECT c.reltype FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
                             WHERE c.relkind = 'c' AND a.atttypid = h.type) outer_type ON true),
newer (type, name) AS (
  SELECT t.oid, t.typname::text FROM pg_catalog.pg_type t
   WHERE t.oid IN ('numeric'::regtype, 'interval'::regtype, '"char"'::regtype, 'jsonpath'::regtype) OR t.typname = 'ltree' AND t.typtype = 'b'
  UNION
  SELECT o.type, w.name
    FROM newer w
   CROSS JOIN LATERAL (SELECT t.typarray FROM pg_catalog.pg_type t WHERE t.oid = w.type AND t.typarray <> 0
                       UNION ALL SELECT t.oid FROM pg_catalog.pg_type t WHERE t.typbasetype = w.type AND NOT (w.name = 'numeric' AND t.typtypmod >= 0)
                       UNION ALL SELECT r.rngtypid FROM pg_catalog.pg_range r WHERE r.rngsubtype = w.type
                       UNION ALL SELECT c.reltype FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
                                  WHERE c.relkind = 'c' AND a.atttypid = w.type AND NOT (w.name = 'numeric' AND a.atttypmod >= 0)) o(type))
SELECT 'hash of enum' AS kind, pg_catalog.format('%I.%I', n.nspname, c.relname) AS name,
       pg_catalog.format('%I %s', a.attname, pg_catalog.format_type(a.atttypid, NULL)) AS what
  FROM pg_catalog.pg_partitioned_table p
  JOIN pg_catalog.pg_class c ON c.oid = p.partrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 CROSS JOIN LATERAL pg_catalog.unnest(p.partattrs::int2[]) k(attnum)
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
 WHERE p.partstrat = 'h' AND EXISTS (SELECT FROM holds h WHERE h.type = a.atttypid)
UNION ALL
-- A domain's NOT VALID constraint: the input of the domain applies it to rows that were there before, which a client may go on changing.
SELECT 'unproven domain', pg_catalog.format_type(k.contypid, NULL), pg_catalog.quote_ident(k.conname)
  FROM pg_catalog.pg_constraint k
 WHERE k.contypid <> 0 AND k.contype = 'c' AND NOT k.convalidated
   AND EXISTS (SELECT FROM pg_catalog.pg_depend d
                WHERE d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.refobjid = k.contypid AND d.deptype = 'n'
                  AND d.classid IN ('pg_catalog.pg_class'::pg_catalog.regclass, 'pg_catalog.pg_type'::pg_catalog.regclass))
UNION ALL
-- Values that a newer major writes and an older one can't read, or reads as another: numeric 'Infinity' (14), "char" with a high bit (16),
-- a hyphen in ltree (16), interval 'infinity' and more methods of jsonpath (17); in arrays, domains, ranges and composites too.
SELECT DISTINCT 'newer ' || w.name, pg_catalog.format('%I.%I', n.nspname, c.relname), pg_catalog.quote_ident(a.attname)
  FROM newer w
  JOIN pg_catalog.pg_attribute a ON a.atttypid = w.type AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname NOT IN ('pg_catalog', 'pgteal', 'information_schema')
 WHERE NOT (w.name = 'numeric' AND a.atttypmod >= 0) -- with a precision it takes no infinity
UNION ALL
-- Values that another server reads in another way. Numbers of this server (transactions, WAL, rows, objects) go over as they are; reg* go by
-- name, and indexes are built after the copy; the rows of catalogs have other columns in another major.
SELECT CASE WHEN t.typname LIKE 'reg%' THEN 'reference' WHEN t.typtype = 'c' THEN 'catalog row' WHEN t.typname = 'oid' THEN 'object number' ELSE 'server number' END,
       pg_catalog.format('%I.%I', n.nspname, c.relname), pg_catalog.quote_ident(a.attname)
  FROM pg_catalog.pg_attribute a
  JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_type own ON own.oid = a.atttypid
  JOIN pg_catalog.pg_type t ON t.oid IN (own.oid, own.typelem, own.typbasetype) AND t.typnamespace = 11
 WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
   AND c.oid >= 16384 AND n.nspname NOT IN ('pg_catalog', 'pgteal', 'information_schema')
   AND (t.typtype = 'c' OR t.typname IN ('oid', 'xid', 'xid8', 'cid', 'tid', 'pg_lsn', 'pg_snapshot', 'txid_snapshot', 'regclass', 'regcollation', 'regconfig',
                                         'regdictionary', 'regnamespace', 'regoper', 'regoperator', 'regproc', 'regprocedure', 'regrole', 'regtype'))
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                    WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.objsubid = 0 AND d.deptype = 'e')
UNION ALL
-- Types whose numbers clients keep: rows of tables and arrays go with what they are of.
SELECT 'type', pg_catalog.format_type(t.oid, NULL),
       CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'c' THEN 'composite' WHEN 'r' THEN 'range' WHEN 'm' THEN 'multirange' ELSE 'of an extension' END
  FROM pg_catalog.pg_type t
  JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
  LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
 WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pgteal') AND n.nspname !~ '^pg_(temp|toast)'
   AND (t.typtype IN ('e', 'r', 'm') OR (t.typtype = 'c' AND c.relkind = 'c') OR (t.typtype = 'b' AND t.typelem = 0))
 ORDER BY 1, 2, 3;
