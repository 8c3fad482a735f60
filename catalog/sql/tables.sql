-- Ordinary tables and leaf partitions that a lane carries, with their columns. PostgreSQL 13-18.
-- Identity (pg_class.relreplident): 'd' needs a valid primary key that is not deferrable (indimmediate), 'i' the marked index,
-- 'f' every column; the publisher refuses UPDATE and DELETE otherwise. Full identity does not cover generated columns before 18,
-- where an unpublished one makes UPDATE fail.
WITH wanted AS (
    SELECT c.oid, n.nspname, c.relname, c.relreplident, c.reltuples, c.reltoastrelid, config.is_config
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE c.oid = ANY (e.extconfig)) AS is_config) config
    WHERE c.relkind = 'r' AND c.relpersistence = 'p'
      AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pgteal', 'pgteal_migrations')
      -- A tool's own record of migrations differs between the sides (set in cutover/estate/estate.cpp).
      AND n.nspname || '.' || c.relname IS DISTINCT FROM pg_catalog.current_setting('pgteal.left_out', true)
      AND (config.is_config OR NOT EXISTS (
          SELECT FROM pg_catalog.pg_depend d
          WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.objsubid = 0
            AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.deptype = 'e'))
), identity AS (
    SELECT w.oid, i.indkey, i.indclass
    FROM wanted w
    JOIN pg_catalog.pg_index i ON i.indrelid = w.oid AND i.indisvalid AND i.indimmediate
    WHERE (w.relreplident = 'd' AND i.indisprimary) OR (w.relreplident = 'i' AND i.indisreplident)
)
SELECT w.nspname AS schema,
       w.relname AS name,
       coalesce(pg_catalog.pg_relation_size(w.oid), 0) / pg_catalog.current_setting('block_size')::bigint AS pages,
       CASE WHEN w.reltoastrelid = 0 THEN 0 ELSE coalesce(pg_catalog.pg_relation_size(w.reltoastrelid), 0) END AS toast_bytes,
       w.reltuples::float8 AS rows,
       w.relreplident = 'f' OR identity.oid IS NOT NULL AS has_identity,
       w.relreplident = 'f' AS identity_full,
       w.is_config AS extension_config,
       relatives.relatives,
       columns.*
FROM wanted w
LEFT JOIN identity ON identity.oid = w.oid
CROSS JOIN LATERAL (
    SELECT ARRAY[w.oid::text, coalesce(pg_catalog.pg_partition_root(w.oid)::oid, w.oid)::text]
           || ARRAY(SELECT k.confrelid::text FROM pg_catalog.pg_constraint k WHERE k.conrelid = w.oid AND k.contype = 'f') AS relatives
) relatives
CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(a.attname::text ORDER BY a.attnum), '{}') AS column_names,
           coalesce(array_agg(pg_catalog.format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum), '{}') AS column_types,
           coalesce(array_agg((a.attgenerated <> '')::text ORDER BY a.attnum), '{}') AS column_generated,
           coalesce(array_agg(CASE WHEN w.relreplident = 'f'
                                   THEN a.attgenerated = '' OR pg_catalog.current_setting('server_version_num')::int >= 180000
                                   ELSE coalesce(a.attnum = ANY (identity.indkey), false) END::text ORDER BY a.attnum), '{}') AS column_in_key,
           coalesce(array_agg(coalesce(equality.schema, '') ORDER BY a.attnum), '{}') AS column_equality_schema,
           coalesce(array_agg(coalesce(equality.name, '') ORDER BY a.attnum), '{}') AS column_equality
    FROM pg_catalog.pg_attribute a
    -- What the index takes for equal (strategy 3 of a btree): of types that extensions bring it is not in pg_catalog.
    LEFT JOIN LATERAL (
        SELECT space.nspname::text AS schema, o.oprname::text AS name
        FROM unnest(identity.indkey::int2[], identity.indclass::oid[]) k(attnum, opclass)
        JOIN pg_catalog.pg_opclass class ON class.oid = k.opclass
        JOIN pg_catalog.pg_amop member ON member.amopfamily = class.opcfamily AND member.amoplefttype = class.opcintype
                                      AND member.amoprighttype = class.opcintype AND member.amopstrategy = 3
        JOIN pg_catalog.pg_operator o ON o.oid = member.amopopr
        JOIN pg_catalog.pg_namespace space ON space.oid = o.oprnamespace
        WHERE k.attnum = a.attnum AND space.nspname <> 'pg_catalog' LIMIT 1
    ) equality ON true
    WHERE a.attrelid = w.oid AND a.attnum > 0 AND NOT a.attisdropped
) columns
ORDER BY w.nspname COLLATE "C", w.relname COLLATE "C"
