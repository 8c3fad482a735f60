-- Columns of tables. PostgreSQL 13-18.
-- attcompression exists since 14. attstattarget "not set" is -1 up to 16 and NULL later. From 18 on NOT NULL is a constraint row
-- (contype 'n'), which can be not valid; its name is not compared. Options whose name begins with pg_ are the server's own stamps
-- (pg_attver, in minor versions since November 2026); pg_dump leaves them out too.
SELECT c.tableoid AS class, c.oid AS object, a.attnum::int AS sub, c.oid AS relation, 'column' AS kind,
       format('%I.%I.%I', n.nspname, c.relname, a.attname) AS identity, format('%I.%I', n.nspname, c.relname) AS parent,
       format('%I', a.attname) AS name, '' AS definition,
       ARRAY['type', pg_catalog.format_type(a.atttypid, a.atttypmod),
             'collation', CASE WHEN a.attcollation <> t.typcollation AND a.attcollation <> 0
                               THEN a.attcollation::regcollation::text ELSE '' END,
             'not null', CASE WHEN NOT a.attnotnull THEN '' WHEN k.convalidated IS FALSE THEN 'not valid' ELSE 'yes' END,
             'default', CASE WHEN a.atthasdef AND a.attgenerated = '' THEN pg_get_expr(x.adbin, x.adrelid) ELSE '' END,
             'generated', CASE WHEN a.attgenerated <> '' THEN pg_get_expr(x.adbin, x.adrelid) ELSE '' END,
             'generated as', CASE a.attgenerated WHEN 's' THEN 'stored' WHEN 'v' THEN 'virtual' ELSE '' END,
             'identity', CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' ELSE '' END,
             'storage', CASE WHEN a.attstorage = t.typstorage THEN '' ELSE CASE a.attstorage
                 WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external' WHEN 'm' THEN 'main' ELSE 'extended' END END,
             'compression', CASE WHEN a.attlen = -1 AND current_setting('server_version_num')::int >= 140000
                 THEN CASE to_jsonb(a) ->> 'attcompression' WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' ELSE '' END ELSE '' END,
             'statistics', CASE WHEN a.attstattarget >= 0 THEN a.attstattarget::text ELSE '' END,
             'options', coalesce((SELECT string_agg(o, ', ' ORDER BY o) FROM unnest(a.attoptions) o WHERE o NOT LIKE 'pg\_%'), ''),
             'server options', coalesce(array_to_string(a.attfdwoptions, ', '), '')] AS attributes
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_attrdef x ON x.adrelid = c.oid AND x.adnum = a.attnum
LEFT JOIN pg_catalog.pg_constraint k ON k.conrelid = c.oid AND k.contype = 'n' AND k.conkey[1] = a.attnum
WHERE c.relkind IN ('r', 'p', 'f') AND c.relpersistence <> 't'
  AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'pgteal', 'pgteal_migrations')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = c.tableoid AND d.objid = c.oid AND d.objsubid = 0 AND d.deptype = 'e')
