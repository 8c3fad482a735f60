-- Triggers, rules and policies, by the words that a message would have for them.
SELECT t.tgrelid AS table, 'trigger ' || t.tgname AS what
  FROM pg_catalog.pg_trigger t
 WHERE t.tgrelid >= 16384 AND NOT t.tgisinternal
UNION ALL
SELECT r.ev_class, 'rule ' || r.rulename
  FROM pg_catalog.pg_rewrite r
 WHERE r.ev_class >= 16384 AND r.rulename <> '_RETURN'
UNION ALL
SELECT p.polrelid, 'policy ' || p.polname
  FROM pg_catalog.pg_policy p
 ORDER BY 1, 2
