-- Triggers that fire in apply as well: ENABLE ALWAYS and ENABLE REPLICA.
SELECT format('%I.%I', n.nspname, c.relname) AS "table", format('%I', t.tgname) AS name,
       CASE t.tgenabled WHEN 'A' THEN 'ALWAYS' ELSE 'REPLICA' END AS enabled,
       t.tgtype & 3 = 3 AS before_row -- source: pg_trigger.h, TRIGGER_TYPE_ROW and TRIGGER_TYPE_BEFORE
  FROM pg_catalog.pg_trigger t
  JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE NOT t.tgisinternal AND t.tgenabled IN ('A', 'R') AND n.nspname <> 'pgteal'
 ORDER BY 1, 2;
