-- Anything a user made in this database; a database from template1 as initdb leaves it has no such rows. Objects that initdb makes have
-- oids below 16384 (source: FirstNormalObjectId in access/transam.h).
SELECT kind, name FROM (
    SELECT 'relation' AS kind, format('%I.%I', n.nspname, c.relname) AS name
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND n.nspname !~ '^pg_(toast|temp)'
    UNION ALL
    SELECT 'function', format('%I.%I', n.nspname, p.proname)
      FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
     WHERE p.oid >= 16384 AND n.nspname !~ '^pg_(toast|temp)'
    UNION ALL
    SELECT 'type', format('%I.%I', n.nspname, y.typname)
      FROM pg_catalog.pg_type y JOIN pg_catalog.pg_namespace n ON n.oid = y.typnamespace
     WHERE y.oid >= 16384 AND y.typrelid = 0 AND y.typelem = 0 AND n.nspname !~ '^pg_(toast|temp)'
    UNION ALL
    SELECT 'schema', format('%I', nspname) FROM pg_catalog.pg_namespace
     WHERE oid >= 16384 AND nspname !~ '^pg_(toast|temp)'
    UNION ALL
    SELECT 'extension', format('%I', extname) FROM pg_catalog.pg_extension WHERE oid >= 16384
    UNION ALL
    SELECT 'publication', format('%I', pubname) FROM pg_catalog.pg_publication
    UNION ALL
    SELECT 'event trigger', format('%I', evtname) FROM pg_catalog.pg_event_trigger WHERE oid >= 16384
    UNION ALL
    SELECT 'large object', oid::text FROM pg_catalog.pg_largeobject_metadata
) AS objects
 ORDER BY kind, name
 LIMIT 1000;
