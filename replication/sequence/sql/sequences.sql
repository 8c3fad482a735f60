-- Every sequence with its state. A sequence that was never called has no pg_sequence_last_value(), yet setval(..., false) may
-- have given it a position: only its row tells. query_to_xml() reads that row without a second round trip, and
-- needs no libxml for numbers and booleans. The planner may call either for every relation, before it joins pg_sequence: hence
-- the guards.
SELECT n.nspname AS schema, c.relname AS name,
       CASE WHEN state.called IS NOT NULL THEN state.called
            ELSE (pg_catalog.regexp_match(state.row, '<last_value>(-?[0-9]+)</last_value>'))[1]::bigint END AS last,
       state.called IS NOT NULL OR state.row LIKE '%<is_called>true</is_called>%' AS called,
       s.seqincrement AS increment, s.seqmin AS minimum, s.seqmax AS maximum, s.seqcycle AS cycle
  FROM pg_catalog.pg_sequence s
  JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 CROSS JOIN LATERAL (SELECT CASE WHEN c.relkind = 'S' AND c.relpersistence <> 't'
                                  THEN pg_catalog.pg_sequence_last_value(c.oid::regclass) END AS called OFFSET 0) counted
 CROSS JOIN LATERAL (
       SELECT counted.called,
              CASE WHEN counted.called IS NULL AND c.relkind = 'S' AND c.relpersistence <> 't' THEN pg_catalog.query_to_xml(
                   pg_catalog.format('SELECT last_value, is_called FROM %I.%I', n.nspname, c.relname),
                   false, true, '')::text END AS row
       OFFSET 0) state
 WHERE c.relpersistence <> 't'
   AND n.nspname NOT IN ('pgteal', 'pgteal_migrations', 'information_schema') AND n.nspname !~ '^pg_'
   AND (NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                     WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
        OR EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE c.oid = ANY (e.extconfig)))
 ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"
