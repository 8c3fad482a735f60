-- What an interrupted pg_restore made of the indexes of partitioned tables and their partitions, keys and foreign keys
-- included. pg_restore --clean can't: it names no index of a partition, and drops constraints that came from a parent.
-- Each is committed by itself, as pg_restore does: thousands of partitions at once would not fit into the lock table.
DO $pgteal$
DECLARE
  one record;
BEGIN
  -- Views that group by a key depend on it. pg_dump makes such a view in two parts, the second one after the keys; here it
  -- goes back to what the first part made (source: pg_dump.c, createDummyViewAsClause), which keeps its privileges and what
  -- reads it. Materialized ones come whole after the keys.
  FOR one IN
    SELECT v.oid::regclass AS relation, v.relkind,
           (SELECT pg_catalog.string_agg(pg_catalog.format('NULL::%s%s AS %I', pg_catalog.format_type(a.atttypid, a.atttypmod),
                     CASE WHEN a.attcollation NOT IN (0, y.typcollation)
                          THEN pg_catalog.format(' COLLATE %I.%I', s.nspname, l.collname) ELSE '' END, a.attname), ', ' ORDER BY a.attnum)
              FROM pg_catalog.pg_attribute a
              JOIN pg_catalog.pg_type y ON y.oid = a.atttypid
              LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
              LEFT JOIN pg_catalog.pg_namespace s ON s.oid = l.collnamespace
             WHERE a.attrelid = v.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
      FROM pg_catalog.pg_class v
     WHERE v.relkind IN ('v', 'm')
       AND EXISTS (SELECT FROM pg_catalog.pg_rewrite r
                     JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = r.oid
                                                AND d.refclassid = 'pg_catalog.pg_constraint'::regclass
                     JOIN pg_catalog.pg_constraint c ON c.oid = d.refobjid
                     JOIN pg_catalog.pg_class t ON t.oid = c.conrelid
                    WHERE r.ev_class = v.oid AND (t.relkind = 'p' OR t.relispartition))
     ORDER BY v.relkind <> 'm', v.oid DESC
  LOOP
    IF one.relkind = 'm' THEN
      EXECUTE pg_catalog.format('DROP MATERIALIZED VIEW IF EXISTS %s', one.relation);
    ELSE
      EXECUTE pg_catalog.format('CREATE OR REPLACE VIEW %s AS SELECT %s', one.relation, one.columns);
    END IF;
    COMMIT;
  END LOOP;
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
    COMMIT;
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
    COMMIT;
  END LOOP;
END $pgteal$
