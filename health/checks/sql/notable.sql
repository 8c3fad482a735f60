-- Things that replication leaves out or that an operator would want to be reminded of.
SELECT CASE c.relkind WHEN 'm' THEN 'materialized view' ELSE 'foreign table' END AS kind,
       format('%I.%I', n.nspname, c.relname) AS name
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('m', 'f')
UNION ALL
SELECT 'publication', format('%I', pubname) FROM pg_catalog.pg_publication
 WHERE puballtables AND pubname NOT LIKE 'pgteal\_%'
UNION ALL
SELECT 'event trigger', format('%I', evtname) FROM pg_catalog.pg_event_trigger e
 WHERE evtname NOT LIKE 'pgteal%' AND evtenabled <> 'D'
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend p
                    WHERE p.classid = 'pg_catalog.pg_event_trigger'::regclass AND p.objid = e.oid AND p.deptype = 'e')
 ORDER BY 1, 2;
