-- What an interrupted pg_restore made of the indexes of partitioned tables and their partitions, keys and foreign keys
-- included. pg_restore --clean can't: it names no index of a partition, and drops constraints that came from a parent.
DO $pgteal$
DECLARE
  one record;
BEGIN
  -- Foreign keys first: they depend on the keys.
  FOR one IN
    SELECT c.conrelid::regclass AS relation, c.conname
      FROM pg_catalog.pg_constraint c
      JOIN pg_catalog.pg_class t ON t.oid = c.conrelid
      LEFT JOIN pg_catalog.pg_class f ON f.oid = c.confrelid
     WHERE c.contype IN ('f', 'p', 'u', 'x') AND c.conparentid = 0
       AND (t.relkind = 'p' OR t.relispartition OR f.relkind = 'p' OR f.relispartition)
       AND t.relnamespace <> ALL (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname IN ('pg_catalog', 'information_schema', 'pgteal'))
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                        WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = t.oid AND d.deptype = 'e')
     ORDER BY c.contype <> 'f', t.relkind <> 'p', c.oid
  LOOP
    EXECUTE pg_catalog.format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I', one.relation, one.conname);
  END LOOP;
  FOR one IN
    SELECT i.oid::regclass AS relation
      FROM pg_catalog.pg_index x
      JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
      JOIN pg_catalog.pg_class t ON t.oid = x.indrelid
     WHERE (t.relkind = 'p' OR t.relispartition) AND NOT i.relispartition
       AND t.relnamespace <> ALL (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname IN ('pg_catalog', 'information_schema', 'pgteal'))
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                        WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = t.oid AND d.deptype = 'e')
     ORDER BY t.relkind <> 'p', i.oid
  LOOP
    EXECUTE pg_catalog.format('DROP INDEX IF EXISTS %s', one.relation);
  END LOOP;
END $pgteal$
