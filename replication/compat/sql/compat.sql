-- What decides whether rows from elsewhere can be applied in this database, in one round trip: server, tables, columns, indexes,
-- constraints, triggers, enums, domains, publications, subscriptions. PostgreSQL 13-18; columns that came later are read through
-- to_jsonb(), which leaves out what a version doesn't have. Expects search_path = ''.

-- The TimeZone that a walsender or apply worker of this role starts with: its own settings first, then the server's file.
SELECT pg_catalog.current_setting('server_version_num')::integer AS version,
       coalesce(
           (SELECT pg_catalog.regexp_replace(c, '^[^=]*=', '')
              FROM pg_catalog.pg_db_role_setting s CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS c
             WHERE c ILIKE 'timezone=%'
               AND s.setdatabase IN (0, (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()))
               AND s.setrole IN (0, (SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = current_user))
             ORDER BY (s.setrole <> 0)::int * 2 + (s.setdatabase <> 0)::int DESC LIMIT 1),
           (SELECT f.setting FROM pg_catalog.pg_file_settings f
             WHERE pg_catalog.lower(f.name) = 'timezone' AND f.error IS NULL ORDER BY f.seqno DESC LIMIT 1),
           'GMT') AS time_zone;

-- Extensions' own relations are left out, unless they are configuration that lanes carry.
SELECT c.oid::text AS oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind,
       c.relpersistence::text AS persistence, c.relreplident::text AS identity, c.relrowsecurity AS row_security,
       CASE WHEN c.relispartition THEN pg_catalog.pg_partition_root(c.oid)::oid::text ELSE '' END AS root
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relpersistence <> 't'
   AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'pgteal', 'pgteal_migrations')
   -- A tool's own record of migrations, as in tables.sql.
   AND n.nspname || '.' || c.relname IS DISTINCT FROM pg_catalog.current_setting('pgteal.left_out', true)
   AND (NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                     WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.objsubid = 0
                       AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.deptype = 'e')
        OR c.oid IN (SELECT pg_catalog.unnest(e.extconfig) FROM pg_catalog.pg_extension e));

-- A partition's own bound, then those of the partitions that it is part of.
SELECT c.oid::text AS oid, pg_catalog.pg_get_partkeydef(h.inhparent) AS key, pg_catalog.pg_get_expr(p.relpartbound, p.oid) AS bound,
       CASE WHEN pg_catalog.pg_get_expr(p.relpartbound, p.oid) = 'DEFAULT'
            THEN ARRAY(SELECT pg_catalog.pg_get_expr(o.relpartbound, o.oid)
                         FROM pg_catalog.pg_inherits b JOIN pg_catalog.pg_class o ON o.oid = b.inhrelid
                        WHERE b.inhparent = h.inhparent AND o.oid <> p.oid ORDER BY 1)
            ELSE '{}' END AS others
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname NOT IN ('pgteal', 'pgteal_migrations')
 CROSS JOIN LATERAL pg_catalog.pg_partition_ancestors(c.oid) WITH ORDINALITY a (relid, place)
  JOIN pg_catalog.pg_class p ON p.oid = a.relid AND p.relispartition
  JOIN pg_catalog.pg_inherits h ON h.inhrelid = p.oid
 WHERE c.relispartition AND c.relkind = 'r' AND c.relpersistence = 'p'
 ORDER BY c.oid, a.place;

-- A default without a call or a special value such as CURRENT_DATE is taken to be the same for every row.
SELECT a.attrelid::text AS oid, a.attname::text AS name, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
       a.attnum::int AS position, a.attnotnull AS not_null, a.attgenerated <> '' AS generated,
       a.attidentity <> '' OR (a.atthasdef AND a.attgenerated = '') OR t.typdefault IS NOT NULL AS has_default,
       a.attidentity = '' AND a.attgenerated = ''
           AND coalesce(pg_catalog.pg_get_expr(b.adbin, b.adrelid) !~ '\(|CURRENT_|LOCALTIME', false) AS constant_default,
       a.attidentity <> '' OR coalesce(pg_catalog.pg_get_expr(b.adbin, b.adrelid) ~ '\mnextval\(', false) AS draws,
       CASE WHEN a.attgenerated <> '' THEN coalesce(pg_catalog.pg_get_expr(b.adbin, b.adrelid), '') ELSE '' END AS expression
  FROM pg_catalog.pg_attribute a
  JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'pgteal', 'pgteal_migrations')
  JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_catalog.pg_attrdef b ON b.adrelid = a.attrelid AND b.adnum = a.attnum
 WHERE a.attnum > 0 AND NOT a.attisdropped
 ORDER BY a.attrelid, a.attnum;

-- An index that is invalid but ready refuses duplicates as well.
SELECT i.indrelid::text AS oid, c.relname::text AS name,
       ARRAY(SELECT coalesce(a.attname::text, '')
               FROM pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY k (attnum, place)
               LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum AND k.attnum > 0
              WHERE k.place <= i.indnkeyatts ORDER BY k.place) AS columns,
       coalesce(pg_catalog.pg_get_expr(i.indexprs, i.indrelid), '') AS expressions,
       coalesce(pg_catalog.pg_get_expr(i.indpred, i.indrelid), '') AS predicate,
       ARRAY(SELECT CASE WHEN l.collisdeterministic THEN '' ELSE coalesce(m.nspname || '.' || l.collname, '') END
               FROM pg_catalog.unnest(i.indcollation::oid[]) WITH ORDINALITY k (oid, place)
               LEFT JOIN pg_catalog.pg_collation l ON l.oid = k.oid
               LEFT JOIN pg_catalog.pg_namespace m ON m.oid = l.collnamespace
              ORDER BY k.place) AS loose,
       i.indisunique AS is_unique, i.indisprimary AS is_primary, i.indisexclusion AS is_exclusion,
       i.indimmediate AS immediate, i.indisreplident AS replica_identity,
       coalesce(pg_catalog.to_jsonb(i) ->> 'indnullsnotdistinct', 'false') = 'false' AS nulls_distinct
  FROM pg_catalog.pg_index i
  JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'pgteal', 'pgteal_migrations')
 WHERE (i.indisunique OR i.indisexclusion OR i.indisreplident) AND i.indisready AND i.indislive;

SELECT k.conrelid::text AS oid, k.conname::text AS name, k.contype::text AS kind, k.convalidated AS validated,
       ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
              WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey) AND a.attnum > 0 ORDER BY a.attnum) AS columns,
       pg_catalog.regexp_replace(pg_catalog.pg_get_constraintdef(k.oid), ' NOT VALID$', '') AS definition,
       k.confrelid::text AS referenced
  FROM pg_catalog.pg_constraint k
  JOIN pg_catalog.pg_namespace n ON n.oid = k.connamespace
       AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'pgteal', 'pgteal_migrations')
 WHERE k.contype IN ('c', 'f', 'x') AND k.conrelid <> 0
   AND coalesce(pg_catalog.to_jsonb(k) ->> 'conenforced', 'true') = 'true';

SELECT g.tgrelid::text AS oid, g.tgname::text AS name, p.proname::text AS function,
       p.prosrc ~* '\m(insert\s+into|delete\s+from|truncate\s|merge\s+into|execute\s|update\s+\S+(\s+(as\s+)?\w+)?\s+set)\M' AS writes, g.tgtype::int AS events,
       p.prosrc ~* '\mreturn\s+null\M' AS drops,
       l.lanname <> 'plpgsql' OR p.prosrc ~* '\mnew\s*:?=|\minto\s+(strict\s+)?new\M(?!\s*\.)|\mreturn\s+(?!(new|old|null)\M)\w' AS opaque,
       ARRAY(SELECT DISTINCT pg_catalog.lower(m[1]) FROM pg_catalog.regexp_matches(p.prosrc,
                 '(?:(?:;|\mbegin|\mthen|\melse|\mloop|\minto|\mstrict|\A)\s*)new\s*\.\s*"?(\w+)"?', 'gi') AS m
             UNION SELECT pg_catalog.lower(m[1]) FROM pg_catalog.regexp_matches(p.prosrc, '\mnew\s*\.\s*"?(\w+)"?\s*:=', 'gi') AS m) AS sets
  FROM pg_catalog.pg_trigger g
  JOIN pg_catalog.pg_proc p ON p.oid = g.tgfoid
  JOIN pg_catalog.pg_language l ON l.oid = p.prolang
 WHERE NOT g.tgisinternal AND g.tgenabled IN ('A', 'R')
   AND g.tgtype & 1 = 1 -- for each row: apply fires no others
 ORDER BY g.tgname;

-- Functions that run when a row is written and that name something without its schema: a word of the source, neither behind a dot
-- nor before one, that is the name of a function, relation or type outside pg_catalog. Bodies that were parsed when the function was
-- made (prosqlbody, 14) don't look names up.
WITH uses(oid, object, attribute, function) AS (
    SELECT i.indrelid, 'index ' || c.relname, '', d.refobjid
      FROM pg_catalog.pg_depend d
      JOIN pg_catalog.pg_index i ON i.indexrelid = d.objid AND i.indisready
      JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
     WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
    UNION
    SELECT k.conrelid, 'constraint ' || k.conname, '', d.refobjid
      FROM pg_catalog.pg_depend d
      JOIN pg_catalog.pg_constraint k ON k.oid = d.objid AND k.contype = 'c' AND k.conrelid <> 0
     WHERE d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
    UNION
    SELECT b.adrelid, 'column ' || a.attname, CASE WHEN a.attgenerated = '' THEN a.attname::text ELSE '' END, d.refobjid
      FROM pg_catalog.pg_depend d
      JOIN pg_catalog.pg_attrdef b ON b.oid = d.objid
      JOIN pg_catalog.pg_attribute a ON a.attrelid = b.adrelid AND a.attnum = b.adnum AND a.attgenerated <> 'v'
     WHERE d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
    UNION
    SELECT g.tgrelid, 'trigger ' || g.tgname, '', g.tgfoid
      FROM pg_catalog.pg_trigger g
     WHERE NOT g.tgisinternal AND g.tgenabled IN ('A', 'R') AND g.tgtype & 1 = 1
), sources AS MATERIALIZED (
    SELECT p.oid, n.nspname || '.' || p.proname AS name, p.prosrc, coalesce(p.proargnames, '{}') AS arguments
      FROM pg_catalog.pg_proc p
      JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace AND n.nspname NOT IN ('pg_catalog', 'information_schema')
      JOIN pg_catalog.pg_language l ON l.oid = p.prolang AND l.lanname NOT IN ('internal', 'c')
     WHERE p.oid IN (SELECT u.function FROM uses u)
       AND pg_catalog.to_jsonb(p) ->> 'prosqlbody' IS NULL
       AND NOT EXISTS (SELECT FROM pg_catalog.unnest(p.proconfig) s WHERE s LIKE 'search\_path=%')
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                        WHERE e.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND e.objid = p.oid AND e.deptype = 'e')
), words AS (
    SELECT DISTINCT s.oid, pg_catalog.lower(m[1]) AS word
      FROM sources s CROSS JOIN LATERAL pg_catalog.regexp_matches(s.prosrc, '(?<![.\w]"?)(\w+)\M(?!"?\s*\.)', 'g') AS m
     WHERE m[1] <> ALL (s.arguments)
), names AS (
    SELECT w.oid, pg_catalog.min(w.word) AS word
      FROM words w
     WHERE w.word IN (SELECT pg_catalog.lower(p.proname) FROM pg_catalog.pg_proc p
                       WHERE p.pronamespace NOT IN ('pg_catalog'::pg_catalog.regnamespace, 'information_schema'::pg_catalog.regnamespace)
                      UNION ALL
                      SELECT pg_catalog.lower(t.typname) FROM pg_catalog.pg_type t
                       WHERE t.typnamespace NOT IN ('pg_catalog'::pg_catalog.regnamespace, 'information_schema'::pg_catalog.regnamespace,
                                                    'pg_toast'::pg_catalog.regnamespace)
                      UNION ALL
                      SELECT pg_catalog.lower(c.relname) FROM pg_catalog.pg_class c WHERE c.relkind = 'S')
     GROUP BY w.oid
)
SELECT u.oid::text AS oid, u.object, u.attribute, s.name AS function, n.word AS names
  FROM uses u JOIN sources s ON s.oid = u.function JOIN names n ON n.oid = s.oid
 ORDER BY u.oid, u.object;

SELECT pg_catalog.format_type(t.oid, NULL) AS name,
       ARRAY(SELECT e.enumlabel::text FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder) AS labels
  FROM pg_catalog.pg_type t WHERE t.typtype = 'e';

SELECT pg_catalog.format_type(t.oid, NULL) AS name, pg_catalog.format_type(t.typbasetype, t.typtypmod) AS base,
       t.typdefault IS NOT NULL AS has_default, t.typnotnull AS not_null,
       ARRAY(SELECT pg_catalog.regexp_replace(pg_catalog.pg_get_constraintdef(k.oid), ' NOT VALID$', '')
               FROM pg_catalog.pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c' ORDER BY k.conname) AS checks
  FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
 WHERE t.typtype = 'd' AND n.nspname NOT IN ('pg_catalog', 'information_schema');

-- Composite types, and tables' row types that something is made of.
SELECT pg_catalog.format_type(t.oid, NULL) AS name, a.attname::text AS attribute,
       pg_catalog.format_type(a.atttypid, a.atttypmod) AS type, a.attnum::int AS position
  FROM pg_catalog.pg_type t
  JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
  JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE t.typtype = 'c'
   AND (c.relkind = 'c'
        OR t.oid IN (SELECT u.atttypid FROM pg_catalog.pg_attribute u)
        OR t.typarray IN (SELECT u.atttypid FROM pg_catalog.pg_attribute u)
        OR t.oid IN (SELECT u.typbasetype FROM pg_catalog.pg_type u)
        OR t.typarray IN (SELECT u.typbasetype FROM pg_catalog.pg_type u WHERE u.typbasetype <> 0))
 ORDER BY t.oid, a.attnum;

-- Not through pg_publication_tables, which opens tables and would wait for whoever has locked one.
WITH RECURSIVE listed (pub, rel) AS (
  SELECT r.prpubid, r.prrelid FROM pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid WHERE p.pubname LIKE 'pgteal\_%'
  UNION
  SELECT l.pub, h.inhrelid FROM listed l JOIN pg_catalog.pg_class c ON c.oid = l.rel AND c.relkind = 'p' JOIN pg_catalog.pg_inherits h ON h.inhparent = l.rel)
SELECT p.pubname::text AS publication, n.nspname::text || '.' || c.relname::text AS table_name,
       coalesce(pg_catalog.to_jsonb(r) ->> 'prattrs', '') <> '' AS listed,
       ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
              WHERE a.attrelid = c.oid AND a.attnum::text = ANY (pg_catalog.regexp_split_to_array(
                    coalesce(pg_catalog.to_jsonb(r) ->> 'prattrs', ''), '[^0-9]+'))
              ORDER BY a.attnum) AS columns
  FROM listed l
  JOIN pg_catalog.pg_publication p ON p.oid = l.pub
  JOIN pg_catalog.pg_class c ON c.oid = l.rel AND c.relkind = 'r' AND c.relpersistence = 'p'
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_publication_rel r ON r.prpubid = p.oid AND r.prrelid = c.oid
 WHERE n.nspname <> 'pgteal';

SELECT s.subname::text AS subscription, coalesce((pg_catalog.to_jsonb(s) ->> 'subbinary')::boolean, false) AS is_binary, o.rolsuper OR o.rolbypassrls AS passes,
       ARRAY(SELECT n.nspname::text || '.' || c.relname::text
               FROM pg_catalog.pg_subscription_rel r
               JOIN pg_catalog.pg_class c ON c.oid = r.srrelid
               JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
              WHERE r.srsubid = s.oid AND n.nspname <> 'pgteal') AS tables
  FROM pg_catalog.pg_subscription s
  JOIN pg_catalog.pg_database d ON d.oid = s.subdbid
  JOIN pg_catalog.pg_roles o ON o.oid = s.subowner
 WHERE d.datname = pg_catalog.current_database() AND s.subname LIKE 'pgteal\_%'
