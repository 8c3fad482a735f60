-- What PostgreSQL would name if the column's type were changed, or the column dropped (tablecmds.c,
-- RememberAllDependentForRebuilding): views, rules, policies, triggers, publications with a filter or column list, functions with a
-- parsed body, generated columns, and the partition key itself.
WITH on_column AS MATERIALIZED (
    SELECT d.classid, d.objid, d.objsubid, d.refobjid, a.attname, a.attnum
      FROM pg_catalog.pg_depend d
      JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
     WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid >= 16384 AND d.refobjsubid > 0
)
SELECT o.refobjid AS table, o.attname AS column,
       CASE WHEN r.rulename <> '_RETURN' THEN 'rule ' || r.rulename || ' on '
            WHEN c.relkind = 'm' THEN 'materialized view '
            ELSE 'view ' END || n.nspname || '.' || c.relname AS dependant
  FROM on_column o
  JOIN pg_catalog.pg_rewrite r ON r.oid = o.objid
  JOIN pg_catalog.pg_class c ON c.oid = r.ev_class
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE o.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND NOT (c.oid = o.refobjid AND r.rulename = '_RETURN')
UNION
SELECT o.refobjid, o.attname, 'policy ' || p.polname || ' on ' || n.nspname || '.' || c.relname
  FROM on_column o
  JOIN pg_catalog.pg_policy p ON p.oid = o.objid
  JOIN pg_catalog.pg_class c ON c.oid = p.polrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE o.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass
UNION
SELECT o.refobjid, o.attname, 'trigger ' || t.tgname || ' on ' || n.nspname || '.' || c.relname
  FROM on_column o
  JOIN pg_catalog.pg_trigger t ON t.oid = o.objid AND NOT t.tgisinternal
  JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE o.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass
UNION
SELECT o.refobjid, o.attname, 'publication ' || p.pubname
  FROM on_column o
  JOIN pg_catalog.pg_publication_rel pr ON pr.oid = o.objid
  JOIN pg_catalog.pg_publication p ON p.oid = pr.prpubid
 WHERE o.classid = 'pg_catalog.pg_publication_rel'::pg_catalog.regclass
UNION
SELECT o.refobjid, o.attname, 'function ' || n.nspname || '.' || f.proname
  FROM on_column o
  JOIN pg_catalog.pg_proc f ON f.oid = o.objid
  JOIN pg_catalog.pg_namespace n ON n.oid = f.pronamespace
 WHERE o.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
UNION
-- A generated column's expression depends on the columns it reads; up to 14 the column itself does.
SELECT o.refobjid, o.attname, 'generated column ' || g.attname
  FROM on_column o
  LEFT JOIN pg_catalog.pg_attrdef e ON o.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND e.oid = o.objid
  JOIN pg_catalog.pg_attribute g
    ON g.attrelid = o.refobjid AND g.attgenerated <> '' AND g.attnum <> o.attnum
   AND (g.attrelid = e.adrelid AND g.attnum = e.adnum
        OR o.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND g.attrelid = o.objid AND g.attnum = o.objsubid)
UNION
-- The other way round: columns of the key depend internally on their table (partition.c, heap.c: StorePartitionKey).
SELECT a.attrelid, a.attname, 'partition key of ' || n.nspname || '.' || c.relname
  FROM pg_catalog.pg_partitioned_table t
  JOIN pg_catalog.pg_class c ON c.oid = t.partrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_depend d
    ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.objsubid > 0
   AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = c.oid AND d.refobjsubid = 0 AND d.deptype = 'i'
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.objsubid
 ORDER BY 1, 2, 3
