-- Views, materialized views and rules. PostgreSQL 13-18.
-- 'columns' is for information only. What was set for a materialized view's columns is named "statistics of column a" and the like.
SELECT c.tableoid AS class, c.oid AS object, 0 AS sub, c.oid AS relation,
       CASE c.relkind WHEN 'm' THEN 'materialized view' ELSE 'view' END AS kind,
       format('%I.%I', n.nspname, c.relname) AS identity, '' AS parent, format('%I.%I', n.nspname, c.relname) AS name,
       rtrim(pg_get_viewdef(c.oid), ';') AS definition,
       ARRAY['owner', pg_get_userbyid(c.relowner)::text,
             'options', coalesce((SELECT string_agg(o, ', ' ORDER BY o) FROM unnest(c.reloptions) o), ''),
             'defaults', coalesce((SELECT string_agg(format('%I: %s', a.attname, pg_get_expr(x.adbin, x.adrelid)), ', ' ORDER BY a.attname)
                                   FROM pg_catalog.pg_attrdef x
                                   JOIN pg_catalog.pg_attribute a ON a.attrelid = x.adrelid AND a.attnum = x.adnum
                                   WHERE x.adrelid = c.oid), ''),
             'tablespace', coalesce(s.spcname::text, ''),
             'columns', coalesce((SELECT string_agg(format('%I ', a.attname) || pg_catalog.format_type(a.atttypid, a.atttypmod)
                                           || CASE WHEN a.attcollation <> t.typcollation THEN ' COLLATE ' || a.attcollation::regcollation
                                              ELSE '' END, E'\n' ORDER BY a.attnum)
                         FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
                         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), ''),
             'filled', CASE WHEN c.relispopulated THEN '' ELSE 'no: it can''t be read before a REFRESH' END]
       || coalesce((SELECT array_agg(i.item ORDER BY a.attnum, i.place)
                    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
                    CROSS JOIN LATERAL unnest(ARRAY[
                        format('statistics of column %I', a.attname),
                        CASE WHEN a.attstattarget >= 0 THEN a.attstattarget::text ELSE '' END,
                        format('storage of column %I', a.attname),
                        CASE WHEN a.attstorage = t.typstorage THEN '' ELSE CASE a.attstorage
                            WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external' WHEN 'm' THEN 'main' ELSE 'extended' END END,
                        format('compression of column %I', a.attname),
                        CASE WHEN a.attlen = -1 THEN CASE to_jsonb(a) ->> 'attcompression' WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4'
                                                     ELSE '' END ELSE '' END,
                        format('options of column %I', a.attname),
                        coalesce((SELECT string_agg(o, ', ' ORDER BY o) FROM unnest(a.attoptions) o WHERE o NOT LIKE 'pg\_%'), '')
                    ]) WITH ORDINALITY i (item, place)
                    WHERE c.relkind = 'm' AND a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), '{}') AS attributes
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_tablespace s ON s.oid = c.reltablespace
WHERE c.relkind IN ('v', 'm') AND c.relpersistence <> 't'
  AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'pgteal', 'pgteal_migrations')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = c.tableoid AND d.objid = c.oid AND d.deptype = 'e')
UNION ALL
SELECT r.tableoid, r.oid, 0, c.oid, 'rule', format('%I on %I.%I', r.rulename, n.nspname, c.relname),
       format('%I.%I', n.nspname, c.relname), format('%I', r.rulename), rtrim(pg_get_ruledef(r.oid), ';'),
       ARRAY['enabled', CASE r.ev_enabled WHEN 'O' THEN '' WHEN 'D' THEN 'disabled' WHEN 'A' THEN 'always' ELSE 'replica' END]
FROM pg_catalog.pg_rewrite r
JOIN pg_catalog.pg_class c ON c.oid = r.ev_class
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE r.rulename <> '_RETURN' AND c.relpersistence <> 't'
  AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'pgteal', 'pgteal_migrations')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.deptype = 'e' AND d.objsubid = 0
                    AND ((d.classid = c.tableoid AND d.objid = c.oid) OR (d.classid = r.tableoid AND d.objid = r.oid)))
