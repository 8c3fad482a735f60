-- Triggers, policies and event triggers. PostgreSQL 13-18.
-- A partition's copy of its parent's trigger 'follows' as long as nobody switched it on or off by itself. pgteal's own are left out.
SELECT t.tableoid AS class, t.oid AS object, 0 AS sub, c.oid AS relation, 'trigger' AS kind,
       format('%I on %I.%I', t.tgname, n.nspname, c.relname) AS identity, format('%I.%I', n.nspname, c.relname) AS parent,
       format('%I', t.tgname) AS name, pg_get_triggerdef(t.oid) AS definition,
       ARRAY['enabled', CASE t.tgenabled WHEN 'O' THEN '' WHEN 'D' THEN 'disabled' WHEN 'A' THEN 'always' ELSE 'replica' END,
             'copy', CASE WHEN t.tgparentid = 0 THEN '' WHEN t.tgenabled = u.tgenabled THEN 'follows' ELSE 'own' END] AS attributes
FROM pg_catalog.pg_trigger t
JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_trigger u ON u.oid = t.tgparentid
WHERE c.relpersistence <> 't'
  AND ((t.tgparentid = 0 AND NOT t.tgisinternal) OR (t.tgparentid <> 0 AND NOT u.tgisinternal))
  AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'pgteal', 'pgteal_migrations')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.deptype = 'e' AND d.objsubid = 0
                    AND ((d.classid = c.tableoid AND d.objid = c.oid) OR (d.classid = t.tableoid AND d.objid = t.oid)))
UNION ALL
SELECT p.tableoid, p.oid, 0, c.oid, 'policy', format('%I on %I.%I', p.polname, n.nspname, c.relname),
       format('%I.%I', n.nspname, c.relname), format('%I', p.polname), '',
       ARRAY['mode', CASE WHEN p.polpermissive THEN 'permissive' ELSE 'restrictive' END,
             'command', CASE p.polcmd WHEN 'r' THEN 'select' WHEN 'a' THEN 'insert' WHEN 'w' THEN 'update'
                                      WHEN 'd' THEN 'delete' ELSE 'all' END,
             'roles', CASE WHEN 0 = ANY (p.polroles) THEN 'PUBLIC'
                           ELSE (SELECT string_agg(format('%I', pg_get_userbyid(r)), ', ' ORDER BY pg_get_userbyid(r))
                                 FROM unnest(p.polroles) r) END,
             'using', coalesce(pg_get_expr(p.polqual, p.polrelid), ''),
             'check', coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '')]
FROM pg_catalog.pg_policy p
JOIN pg_catalog.pg_class c ON c.oid = p.polrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'pgteal', 'pgteal_migrations')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = c.tableoid AND d.objid = c.oid AND d.objsubid = 0 AND d.deptype = 'e')
UNION ALL
SELECT e.tableoid, e.oid, 0, 0::oid, 'event trigger', format('%I', e.evtname), '', format('%I', e.evtname),
       format('CREATE EVENT TRIGGER %I ON %s', e.evtname, e.evtevent)
       || coalesce(' WHEN TAG IN (' || (SELECT string_agg(quote_literal(x), ', ' ORDER BY x) FROM unnest(e.evttags) x) || ')', '')
       || format(' EXECUTE FUNCTION %I.%I()', n.nspname, p.proname),
       ARRAY['owner', pg_get_userbyid(e.evtowner)::text,
             'enabled', CASE e.evtenabled WHEN 'O' THEN '' WHEN 'D' THEN 'disabled' WHEN 'A' THEN 'always' ELSE 'replica' END]
FROM pg_catalog.pg_event_trigger e
JOIN pg_catalog.pg_proc p ON p.oid = e.evtfoid
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname <> 'pgteal'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = e.tableoid AND d.objid = e.oid AND d.deptype = 'e')
