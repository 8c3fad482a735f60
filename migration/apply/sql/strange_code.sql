-- What would run with a superuser's rights when he plans or writes rows of a table, and need not be harmless: whoever owns the table may
-- have put it there. One row for each, with what takes it away; none: nothing stands against it. Without :'table' it is about pgteal's own
-- tables, which must be a superuser's, schema and all. Functions are judged by name alone: a built-in one may run any SQL it is given.
WITH t AS (
  SELECT c.oid, c.relkind, c.relispartition, c.relrowsecurity, c.relowner, c.relname, pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = :'schema' AND (c.relname = :'table' OR :'table' = '' AND c.relname IN ('history', 'progress'))
), plain AS (
  SELECT * FROM t WHERE relkind = 'r' AND NOT relispartition
)
SELECT name, what, fix FROM (SELECT *, pg_catalog.min(rank) OVER () AS first FROM (
  SELECT 0 AS rank, o.name, pg_catalog.format('belongs to %s, who is no superuser', r.rolname) AS what,
         'ALTER SCHEMA pgteal_migrations RENAME TO pgteal_migrations_of_others;' AS fix
    FROM (SELECT relowner AS owner, name FROM t
          UNION ALL SELECT nspowner, 'schema pgteal_migrations' FROM pg_catalog.pg_namespace WHERE nspname = :'schema') o
    JOIN pg_catalog.pg_roles r ON r.oid = o.owner
   WHERE :'table' = '' AND NOT r.rolsuper AND r.rolname <> SESSION_USER
  UNION ALL
  SELECT 1, name, 'is no ordinary table', pg_catalog.format('ALTER TABLE %s RENAME TO %I;', name, pg_catalog.left(relname, 50) || '_of_others')
    FROM t WHERE oid NOT IN (SELECT oid FROM plain)
  UNION ALL
  SELECT 2, plain.name, 'has tables that inherit from it', pg_catalog.format('ALTER TABLE %s NO INHERIT %s;', i.inhrelid::pg_catalog.regclass, plain.name)
    FROM plain JOIN pg_catalog.pg_inherits i ON i.inhparent = plain.oid
  UNION ALL
  SELECT 2, plain.name, pg_catalog.format('has a rule (%s)', w.rulename), pg_catalog.format('DROP RULE %I ON %s;', w.rulename, plain.name)
    FROM plain JOIN pg_catalog.pg_rewrite w ON w.ev_class = plain.oid
  UNION ALL
  SELECT 2, plain.name, pg_catalog.format('has a trigger (%s)', g.tgname), pg_catalog.format('DROP TRIGGER %I ON %s;', g.tgname, plain.name)
    FROM plain JOIN pg_catalog.pg_trigger g ON g.tgrelid = plain.oid AND NOT g.tgisinternal
  UNION ALL
  SELECT 2, plain.name, pg_catalog.format('has a foreign key (%s)', k.conname),
         pg_catalog.format('ALTER TABLE %s DROP CONSTRAINT %I;', k.conrelid::pg_catalog.regclass, k.conname)
    FROM plain JOIN pg_catalog.pg_constraint k ON k.contype = 'f' AND plain.oid IN (k.conrelid, k.confrelid)
  UNION ALL
  SELECT 2, plain.name, pg_catalog.format('has a CHECK (%s)', k.conname), pg_catalog.format('ALTER TABLE %s DROP CONSTRAINT %I;', plain.name, k.conname)
    FROM plain JOIN pg_catalog.pg_constraint k ON k.contype = 'c' AND k.conrelid = plain.oid
   WHERE pg_catalog.pg_get_constraintdef(k.oid) <> 'CHECK ((state = ANY (ARRAY[''applied''::text, ''running''::text, ''failed''::text])))'
  UNION ALL
  SELECT 2, name, 'has row security', pg_catalog.format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY;', name) FROM plain WHERE relrowsecurity
  UNION ALL
  SELECT 3, plain.name, pg_catalog.format('has a column of a user''s type (%s)', a.attname),
         pg_catalog.format('ALTER TABLE %s ALTER COLUMN %I TYPE text;', plain.name, a.attname)
    FROM plain JOIN pg_catalog.pg_attribute a ON a.attrelid = plain.oid AND a.atttypid >= 16384
  UNION ALL
  SELECT 3, plain.name, pg_catalog.format('has a generated column (%s)', a.attname),
         pg_catalog.format('ALTER TABLE %s DROP COLUMN %I;', plain.name, a.attname)
    FROM plain JOIN pg_catalog.pg_attribute a ON a.attrelid = plain.oid AND a.attgenerated <> '' AND NOT a.attisdropped
  UNION ALL
  SELECT 3, plain.name, pg_catalog.format('has a default that is no plain one (of %s)', a.attname),
         pg_catalog.format('ALTER TABLE %s ALTER COLUMN %I %s DEFAULT%s;', plain.name, a.attname, k.word, k.value)
    FROM plain JOIN pg_catalog.pg_attrdef d ON d.adrelid = plain.oid
    JOIN pg_catalog.pg_attribute a ON a.attrelid = plain.oid AND a.attnum = d.adnum AND a.attgenerated = ''
    JOIN (VALUES (true, 'SET', ' now()'), (false, 'DROP', '')) k (time, word, value)
      ON k.time = (a.atttypid IN ('pg_catalog.timestamp'::pg_catalog.regtype, 'pg_catalog.timestamptz'::pg_catalog.regtype))
   WHERE pg_catalog.pg_get_expr(d.adbin, d.adrelid) !~
         '^(now\(\)|clock_timestamp\(\)|statement_timestamp\(\)|CURRENT_TIMESTAMP|LOCALTIMESTAMP|CURRENT_USER|SESSION_USER|true|false|[0-9]+|(NULL|''[^'']*'')::(text|character varying(\([0-9]+\))?)|nextval\(''[^'']*''::regclass\))$'
  UNION ALL
  SELECT 3, plain.name, pg_catalog.format('has an index with an expression or condition (%s)', x.indexrelid::pg_catalog.regclass),
         pg_catalog.format('DROP INDEX %s;', x.indexrelid::pg_catalog.regclass)
    FROM plain JOIN pg_catalog.pg_index x ON x.indrelid = plain.oid AND (x.indexprs IS NOT NULL OR x.indpred IS NOT NULL)
  UNION ALL
  SELECT 3, plain.name, pg_catalog.format('has extended statistics (%s)', s.stxname),
         pg_catalog.format('DROP STATISTICS %I.%I;', n.nspname, s.stxname)
    FROM plain JOIN pg_catalog.pg_statistic_ext s ON s.stxrelid = plain.oid JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace
) strange) found
 WHERE first > 0 OR rank = 0 -- out of the way, as a whole
 ORDER BY rank, name, what
