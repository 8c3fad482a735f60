-- [freeze] partitions = "carry": partitions of tables that were there when the freeze began may be made, attached and detached while it holds.
-- Whoever does it writes, in the same transaction, a marker that tells the other side what to make; a lane brings it there before any row of
-- the partition. Both sides have the same functions, so that it goes either way. Needs schema pgteal and its marker tables.

-- Publications and the subscription here that carry a lane: those that its marker table is in. From 15 on a partition comes with the root that
-- enlist_one() has put there: changing a publication locks it to the end of a client's transaction (source: publicationcmds.c, AlterPublication),
-- so that clients who make partitions would wait for one another, or be chosen as a deadlock's victim. Before, that lock isn't taken, and
-- a walsender doesn't notice a table that comes with its root (source: pgoutput.c, rel_sync_cache_relation_cb).
CREATE OR REPLACE FUNCTION pgteal.enlist(leaf regclass, lane int, columns text[]) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
  marker CONSTANT regclass := pg_catalog.format('pgteal.marker_%s', lane)::regclass;
  publication name;
  ordinary CONSTANT boolean := (SELECT c.relkind = 'r' FROM pg_class c WHERE c.oid = leaf);
BEGIN
  FOR publication IN
    SELECT p.pubname FROM pg_publication p JOIN pg_publication_rel m ON m.prpubid = p.oid AND m.prrelid = marker
     WHERE p.pubname ~ '^pgteal_' AND NOT EXISTS (SELECT FROM pg_publication_rel r WHERE r.prpubid = p.oid AND r.prrelid = leaf)
       AND NOT (columns IS NULL AND current_setting('server_version_num')::int >= 150000
                AND EXISTS (SELECT FROM pg_publication_rel r, pg_partition_ancestors(leaf) a WHERE r.prpubid = p.oid AND r.prrelid = a.relid))
  LOOP
    EXECUTE format('ALTER PUBLICATION %I ADD TABLE ONLY %s%s', publication, leaf,
                   CASE WHEN ordinary THEN ' (' || (SELECT string_agg(quote_ident(c), ', ') FROM unnest(columns) c) || ')' END);
  END LOOP;
  -- As CREATE SUBSCRIPTION with copy_data = false leaves it: every change of the table is in the stream.
  INSERT INTO pg_subscription_rel (srsubid, srrelid, srsubstate)
    SELECT m.srsubid, leaf, 'r' FROM pg_subscription_rel m
     WHERE m.srrelid = marker AND NOT EXISTS (SELECT FROM pg_subscription_rel r WHERE r.srsubid = m.srsubid AND r.srrelid = leaf)
       AND ordinary;
END $function$;

-- Lane and column list that the other partitions of the same table have here; of the table itself if it is in a lane already.
CREATE OR REPLACE FUNCTION pgteal.lane_of(leaf regclass, OUT lane int, OUT columns text[]) LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $function$
BEGIN
  SELECT substring(marker.relname FROM '[0-9]+$')::int,
         -- Column lists came with 15.
         (SELECT array_agg(a.attname::text ORDER BY a.attnum)
            FROM jsonb_array_elements_text(CASE WHEN jsonb_typeof(to_jsonb(r) -> 'prattrs') = 'array' THEN to_jsonb(r) -> 'prattrs' ELSE '[]' END) k
            JOIN pg_attribute a ON a.attrelid = r.prrelid AND a.attnum = k::int2)
    INTO lane, columns
    FROM pg_class marker
    JOIN pg_publication_rel m ON m.prrelid = marker.oid
    JOIN pg_publication p ON p.oid = m.prpubid AND p.pubname ~ '^pgteal_'
    JOIN pg_publication_rel r ON r.prpubid = p.oid
   WHERE marker.relnamespace = 'pgteal'::regnamespace AND marker.relname ~ '^marker_[0-9]+$'
     AND (r.prrelid IN (leaf, pg_partition_root(leaf)) OR r.prrelid IN (SELECT t.relid FROM pg_partition_tree(pg_partition_root(leaf)) t WHERE t.isleaf))
   ORDER BY r.prrelid = leaf DESC, r.prrelid = pg_partition_root(leaf), 1, r.prrelid LIMIT 1;
  lane := coalesce(lane, 1);
END $function$;

-- A new partition has its parent's indexes, but not the replica identity that the others were given. Without any, UPDATE and DELETE would fail
-- once it is published.
CREATE OR REPLACE FUNCTION pgteal.identify_like_others(leaf regclass) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
  other record;
  index regclass;
BEGIN
  SELECT c.oid, c.relreplident INTO other FROM pg_partition_tree(pg_partition_root(leaf)) t JOIN pg_class c ON c.oid = t.relid
   WHERE t.isleaf AND c.relkind = 'r' AND c.oid <> leaf ORDER BY c.relreplident IN ('f', 'i') DESC, c.oid LIMIT 1;
  IF other.relreplident = 'f' THEN
    EXECUTE format('ALTER TABLE %s REPLICA IDENTITY FULL', leaf);
  ELSIF other.relreplident = 'i' THEN
    SELECT mine.indexrelid INTO index
      FROM pg_index theirs JOIN pg_inherits up ON up.inhrelid = theirs.indexrelid
      JOIN pg_inherits down ON down.inhparent = up.inhparent JOIN pg_index mine ON mine.indexrelid = down.inhrelid
     WHERE theirs.indrelid = other.oid AND theirs.indisreplident AND mine.indrelid = leaf;
    IF FOUND THEN
      EXECUTE format('ALTER TABLE %s REPLICA IDENTITY USING INDEX %I', leaf, (SELECT relname FROM pg_class WHERE oid = index));
    END IF;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_class c LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisvalid AND i.indimmediate
                    AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END
                  WHERE c.oid = leaf AND (c.relreplident = 'f' OR i.indexrelid IS NOT NULL)) THEN
    EXECUTE format('ALTER TABLE %s REPLICA IDENTITY FULL', leaf);
  END IF;
END $function$;

-- Why a partition can't be carried; null when it can. No code of users may run where it is made on the other side (a bound of a domain calls
-- its CHECK), and what it has beyond its parent would be missing there.
CREATE OR REPLACE FUNCTION pgteal.why_not_carried(leaf regclass, parent regclass, born boolean) RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
  table_of_it record;
BEGIN
  SELECT c.relkind, c.relpersistence, c.relrowsecurity OR c.relforcerowsecurity AS secured INTO table_of_it FROM pg_class c WHERE c.oid = leaf;
  RETURN CASE
    WHEN table_of_it.relkind NOT IN ('r', 'p') OR table_of_it.relpersistence <> 'p' THEN 'it is no ordinary logged table'
    WHEN EXISTS (SELECT FROM pg_partitioned_table k, unnest(k.partattrs) a WHERE k.partrelid IN (parent, leaf) AND a = 0)
      THEN 'its partition key is an expression'
    WHEN EXISTS (SELECT FROM pg_partitioned_table k JOIN pg_attribute a ON a.attrelid = k.partrelid AND a.attnum = ANY (k.partattrs)
                   JOIN pg_type t ON t.oid = a.atttypid
                  WHERE k.partrelid IN (parent, leaf) AND (t.typtype NOT IN ('b', 'e') OR t.typelem <> 0))
      THEN 'its partition key is of a domain or a composed type'
    -- What remains of a key when only its columns are named.
    WHEN EXISTS (SELECT FROM pg_partitioned_table k, unnest(k.partclass::oid[], k.partcollation::oid[], k.partattrs::int2[]) o (class, coll, attnum)
                   JOIN pg_opclass d ON d.oid = o.class
                   JOIN pg_attribute a ON a.attrelid = leaf AND a.attnum = o.attnum
                  WHERE k.partrelid = leaf AND (NOT d.opcdefault OR o.coll <> a.attcollation))
      THEN 'its partition key has an operator class or a collation of its own'
    -- From 17 on a partition has no identity column of its own.
    WHEN NOT born AND current_setting('server_version_num')::int < 170000
         AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = leaf AND a.attidentity <> '' AND NOT a.attisdropped)
      THEN 'it has an identity column, which PostgreSQL 17 and newer refuse to attach (ALTER TABLE ... ALTER COLUMN ... DROP IDENTITY)'
    -- The planner computes what is constant in them, whoever reads the table.
    WHEN born AND EXISTS (SELECT FROM pg_statistic_ext x WHERE x.stxrelid = leaf AND to_jsonb(x) ->> 'stxexprs' IS NOT NULL)
      THEN 'it has statistics of an expression'
    WHEN born AND table_of_it.secured THEN 'it has row level security of its own'
    WHEN born AND EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = leaf AND k.coninhcount = 0 AND k.contype <> 't')
      THEN 'it has a constraint that its parent lacks'
    WHEN born AND EXISTS (SELECT FROM pg_index i WHERE i.indrelid = leaf AND NOT EXISTS (SELECT FROM pg_inherits h WHERE h.inhrelid = i.indexrelid))
      THEN 'it has an index that its parent lacks'
    WHEN born AND EXISTS (SELECT FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
                          LEFT JOIN pg_attribute b ON b.attrelid = parent AND b.attname = a.attname AND NOT b.attisdropped
                          LEFT JOIN pg_attrdef e ON e.adrelid = b.attrelid AND e.adnum = b.attnum
                          WHERE a.attrelid = leaf AND a.attnum > 0 AND NOT a.attisdropped
                            AND (a.attnotnull <> b.attnotnull
                                 OR pg_get_expr(d.adbin, d.adrelid) IS DISTINCT FROM pg_get_expr(e.adbin, e.adrelid)))
      THEN 'a column has another default or NOT NULL than in its parent'
    END;
END $function$;

-- On the side where it happened: notes it, puts the table into its lane, and tells the other side. A bound is written as the session's settings
-- have it, and read on the other side: both have the same here, whatever the client's are.
CREATE OR REPLACE FUNCTION pgteal.move_partition(leaf regclass, parent regclass, attach boolean, born boolean) RETURNS void LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
  SET standard_conforming_strings = on SET datestyle = 'ISO, YMD' SET intervalstyle = postgres SET bytea_output = hex SET extra_float_digits = 3
  SET timezone = 'UTC' SET lc_monetary = 'C' AS $function$
DECLARE
  reason text := CASE WHEN attach THEN pgteal.why_not_carried(leaf, parent, born) END;
  at record := pgteal.lane_of(CASE WHEN attach THEN leaf ELSE parent END);
  there record := pgteal.lane_of(parent);
  detail jsonb;
BEGIN
  IF at.lane <> there.lane THEN -- it would be in both, and what came before is on its way in another one
    reason := coalesce(reason, format('it is in lane %s, and %s in lane %s (lanes = 1 in [[database]])', at.lane, parent, there.lane));
  END IF;
  IF reason IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
      MESSAGE = format('partition %s can''t be made during a blue/green run of pgteal: %s', leaf, reason),
      DETAIL = 'It would differ on the other server.',
      HINT = 'Let it have what its parent has and no more, or wait for the end of the run: pgteal finish, or pgteal abort before the cutover.';
  END IF;
  INSERT INTO pgteal.partitions AS p VALUES (leaf, CASE WHEN attach THEN parent::oid ELSE 0::oid END, born, true, false, true)
    ON CONFLICT (child) DO UPDATE SET parent = excluded.parent, moved = true, doing = true;
  IF attach AND born AND (SELECT c.relkind = 'r' FROM pg_class c WHERE c.oid = leaf) THEN
    PERFORM pgteal.identify_like_others(leaf);
  END IF;
  IF NOT attach OR (SELECT c.relkind = 'r' FROM pg_class c WHERE c.oid = leaf) THEN
    PERFORM pgteal.enlist(leaf, at.lane, at.columns); -- a detached one, too: it no longer comes with its root
  END IF;
  SELECT jsonb_build_object(
           'do', CASE WHEN attach THEN 'attach' ELSE 'detach' END, 'born', born, 'lane', at.lane,
           'schema', n.nspname, 'name', c.relname, 'parent_schema', pn.nspname, 'parent', pc.relname,
           'bound', pg_get_expr(c.relpartbound, c.oid), 'owner', pg_get_userbyid(c.relowner),
           'strategy', (SELECT k.partstrat FROM pg_partitioned_table k WHERE k.partrelid = c.oid),
           'key', (SELECT jsonb_agg(a.attname ORDER BY i.n)
                     FROM pg_partitioned_table k, unnest(k.partattrs::int2[]) WITH ORDINALITY i (attnum, n)
                     JOIN pg_attribute a ON a.attrelid = leaf AND a.attnum = i.attnum WHERE k.partrelid = c.oid),
           'options', c.reloptions, 'tablespace', s.spcname,
           'grants', (SELECT jsonb_agg(jsonb_build_object('to', CASE WHEN g.grantee = 0 THEN NULL ELSE pg_get_userbyid(g.grantee) END,
                                                          'what', g.privilege_type, 'option', g.is_grantable))
                        FROM aclexplode(c.relacl) g),
           'columns', (SELECT jsonb_agg(a.attname ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped))
    INTO detail
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace,
         pg_class pc JOIN pg_namespace pn ON pn.oid = pc.relnamespace
   WHERE c.oid = leaf AND pc.oid = parent;
  EXECUTE format('INSERT INTO pgteal.marker_%s (kind, at, detail) VALUES ($1, clock_timestamp(), $2)', at.lane)
    USING 'partition ' || gen_random_uuid(), detail;
  UPDATE pgteal.partitions SET doing = false WHERE child = leaf;
END $function$;
