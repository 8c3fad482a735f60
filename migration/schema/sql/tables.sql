-- Tables, partitioned and foreign ones, without their columns. PostgreSQL 13-18.
-- 'order' is for information only: columns in their order.
SELECT c.tableoid AS class, c.oid AS object, 0 AS sub, c.oid AS relation,
       CASE c.relkind WHEN 'f' THEN 'foreign table' ELSE 'table' END AS kind,
       format('%I.%I', n.nspname, c.relname) AS identity, '' AS parent, format('%I.%I', n.nspname, c.relname) AS name,
       '' AS definition,
       ARRAY['owner', pg_get_userbyid(c.relowner)::text,
             'persistence', CASE c.relpersistence WHEN 'u' THEN 'unlogged' ELSE '' END,
             'partitioned by', CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) ELSE '' END,
             'parents', coalesce((SELECT string_agg(format('%I.%I', pn.nspname, p.relname), ', ' ORDER BY i.inhseqno)
                                  FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class p ON p.oid = i.inhparent
                                  JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace WHERE i.inhrelid = c.oid), ''),
             'bound', CASE WHEN c.relispartition THEN coalesce(pg_get_expr(c.relpartbound, c.oid), '') ELSE '' END,
             'of type', CASE WHEN c.reloftype <> 0 THEN c.reloftype::regtype::text ELSE '' END,
             'options', coalesce((SELECT string_agg(o, ', ' ORDER BY o) FROM unnest(c.reloptions) o), ''),
             'toast options', CASE WHEN c.reltoastrelid = 0 THEN '' ELSE coalesce((
                 SELECT string_agg('toast.' || o, ', ' ORDER BY o) FROM pg_catalog.pg_class x, unnest(x.reloptions) o
                 WHERE x.oid = c.reltoastrelid), '') END,
             'access method', CASE WHEN m.amname IS NULL OR m.amname = 'heap' THEN '' ELSE m.amname::text END,
             'tablespace', coalesce(s.spcname::text, ''),
             'row security', concat_ws(', ', CASE WHEN c.relrowsecurity THEN 'enabled' END,
                                             CASE WHEN c.relforcerowsecurity THEN 'forced' END),
             'replica identity', CASE c.relreplident WHEN 'f' THEN 'full' WHEN 'n' THEN 'nothing'
                 WHEN 'i' THEN coalesce((SELECT format('index %I', ic.relname) FROM pg_catalog.pg_index x
                     JOIN pg_catalog.pg_class ic ON ic.oid = x.indexrelid
                     WHERE x.indrelid = c.oid AND x.indisreplident), 'index, which was dropped') ELSE '' END,
             'server', CASE WHEN v.srvname IS NULL THEN '' ELSE format('%I', v.srvname) END,
             'server options', coalesce((SELECT string_agg(
                     CASE WHEN o ~* '^[^=]*(pass|secret|token|key|credential)' THEN split_part(o, '=', 1) || '=(hidden)' ELSE o END,
                     ', ' ORDER BY o) FROM unnest(f.ftoptions) o), ''),
             'order', CASE WHEN c.relispartition THEN '' ELSE
                 coalesce((SELECT string_agg(format('%I', a.attname), ', ' ORDER BY a.attnum) FROM pg_catalog.pg_attribute a
                           WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), '') END] AS attributes
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_am m ON m.oid = c.relam
LEFT JOIN pg_catalog.pg_tablespace s ON s.oid = c.reltablespace
LEFT JOIN pg_catalog.pg_foreign_table f ON f.ftrelid = c.oid
LEFT JOIN pg_catalog.pg_foreign_server v ON v.oid = f.ftserver
WHERE c.relkind IN ('r', 'p', 'f') AND c.relpersistence <> 't'
  AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'pgteal', 'pgteal_migrations')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = c.tableoid AND d.objid = c.oid AND d.deptype = 'e')
