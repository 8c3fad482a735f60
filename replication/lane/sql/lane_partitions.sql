-- The rest of [freeze] partitions = "carry", after lane_partition_moves.sql: what the freeze asks, and what a marker does on the other side.

-- With what the freeze begins: tables whose partitions may be made, and the partitions that there are.
CREATE OR REPLACE FUNCTION pgteal.note_partitions() RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $function$
BEGIN
  INSERT INTO pgteal.partitions
    SELECT c.oid, coalesce(h.inhparent, 0::oid), false, false, false, false
      FROM pg_class c LEFT JOIN pg_inherits h ON h.inhrelid = c.oid
     WHERE c.relkind IN ('r', 'p') AND (c.relkind = 'p' OR c.relispartition) AND c.relpersistence <> 't'
    ON CONFLICT DO NOTHING;
END $function$;

-- The standing side is fenced by its database's default_transaction_read_only, which apply itself doesn't mind, but what a trigger of it
-- does would be refused. The worker is a session of the subscription's owner, which is this login: no client has it (health: schema-changes).
CREATE OR REPLACE FUNCTION pgteal.let_apply_write() RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $function$
BEGIN
  EXECUTE format('ALTER ROLE %I IN DATABASE %I SET default_transaction_read_only = off', session_user, current_database());
END $function$;

-- Whether a row that can be seen was written by this transaction, or a part of it: nobody else's is seen before its end.
CREATE OR REPLACE FUNCTION pgteal.is_of_this_transaction(writer xid) RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
  now CONSTANT bigint := pg_current_xact_id()::text::bigint;
  -- Subtransactions have later numbers than the transaction, all others that are seen earlier ones; 2^32 of them and the count begins anew.
  since CONSTANT bigint := (writer::text::bigint - now) & 4294967295;
BEGIN
  RETURN since < 2147483648 AND pg_xact_status((now + since)::text::xid8) = 'in progress';
END $function$;

-- For the freeze: whether a command is one of a partition, and then it has been carried. Goes by what stands in the catalogs now and did not
-- before, never by the text of the command.
CREATE OR REPLACE FUNCTION pgteal.carry_partition(tag text) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
  tables oid[];
  rel oid;
  kin record;
  leaf oid;
BEGIN
  IF NOT EXISTS (SELECT FROM pgteal.partitions) THEN
    RETURN false; -- nothing is carried in this run
  END IF;
  SELECT array_agg(DISTINCT coalesce(i.indrelid, k.conrelid, pgteal.relation_of(c.classid, c.objid))) INTO tables
    FROM pg_event_trigger_ddl_commands() c
    LEFT JOIN pg_index i ON c.classid = 'pg_class'::regclass AND i.indexrelid = c.objid
    LEFT JOIN pg_constraint k ON c.classid = 'pg_constraint'::regclass AND k.oid = c.objid;
  -- ATTACH and DETACH are about other tables too, whose foreign keys lead here.
  IF tag = 'ALTER TABLE' AND cardinality(tables) > 1 THEN
    tables := ARRAY(SELECT p.child FROM pgteal.partitions p JOIN pg_class c ON c.oid = p.child WHERE p.child = ANY (tables) AND c.relkind = 'p'
                       AND (EXISTS (SELECT FROM pg_inherits h WHERE h.inhparent = p.child AND pgteal.is_of_this_transaction(h.xmin)
                                       AND NOT EXISTS (SELECT FROM pgteal.partitions k WHERE k.child = h.inhrelid AND k.parent = p.child))
                            OR EXISTS (SELECT FROM pgteal.partitions k WHERE k.parent = p.child
                                          AND NOT EXISTS (SELECT FROM pg_inherits h WHERE h.inhrelid = k.child AND h.inhparent = p.child))));
  END IF;
  IF tables IS NULL OR cardinality(tables) <> 1 OR tables[1] IS NULL THEN
    RETURN false;
  END IF;
  rel := tables[1];
  SELECT c.relkind, c.relispartition, h.inhparent INTO kin FROM pg_class c LEFT JOIN pg_inherits h ON h.inhrelid = c.oid WHERE c.oid = rel LIMIT 1;
  IF tag = 'CREATE TABLE' AND kin.relispartition THEN
    IF EXISTS (SELECT FROM pgteal.partitions p WHERE p.child = kin.inhparent) THEN
      PERFORM pgteal.move_partition(rel, kin.inhparent, true, true);
      RETURN true;
    END IF;
  ELSIF tag = 'CREATE TABLE' AND kin.inhparent IS NULL AND kin.relkind = 'r' THEN
    -- The way of many tools: a table like the parent, attached in the same transaction. Whether it is that is known at its end.
    INSERT INTO pgteal.partitions VALUES (rel, 0, true, false, false, false);
    RETURN true;
  ELSIF tag IN ('ALTER TABLE', 'CREATE INDEX', 'COMMENT', 'CREATE STATISTICS')
        AND EXISTS (SELECT FROM pgteal.partitions p WHERE p.child = rel AND p.born AND NOT p.moved) THEN
    RETURN true;
  ELSIF tag = 'ALTER TABLE' AND EXISTS (SELECT FROM pgteal.partitions p WHERE p.child = rel) THEN
    SELECT h.inhrelid INTO leaf FROM pg_inherits h
     WHERE h.inhparent = rel AND pgteal.is_of_this_transaction(h.xmin) AND NOT EXISTS (SELECT FROM pgteal.partitions p WHERE p.child = h.inhrelid AND p.parent = rel);
    IF FOUND THEN
      IF EXISTS (SELECT FROM pgteal.partitions p WHERE p.child = leaf AND p.born AND NOT p.moved) THEN
        -- By its size: a query would be planned with the rights that this has, and the table is its owner's.
        IF pg_relation_size(leaf) > 0 THEN
          RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('table %s has rows before it is a partition, which is refused: a blue/green run of pgteal is under way', leaf::regclass),
            HINT = 'Attach it first, then fill it.';
        END IF;
        PERFORM pgteal.move_partition(leaf, rel, true, true);
      ELSE
        PERFORM pgteal.move_partition(leaf, rel, true, false);
      END IF;
      RETURN true;
    END IF;
    SELECT p.child INTO leaf FROM pgteal.partitions p JOIN pg_class c ON c.oid = p.child
     WHERE p.parent = rel AND pgteal.is_of_this_transaction(c.xmin)
       AND NOT EXISTS (SELECT FROM pg_inherits h WHERE h.inhrelid = p.child AND h.inhparent = rel);
    IF FOUND THEN
      PERFORM pgteal.move_partition(leaf, rel, false, false);
      RETURN true;
    END IF;
  END IF;
  RETURN false;
END $function$;

-- DETACH drops the copies of the parent's triggers and foreign keys, its own and those of tables that refer to it, which is reported before the
-- command itself is: there is a partition then that is none any more, and not noted yet.
CREATE OR REPLACE FUNCTION pgteal.goes_with_detach(tag text, class oid, names text[]) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
BEGIN
  RETURN tag = 'ALTER TABLE' AND class IN ('pg_trigger'::regclass, 'pg_constraint'::regclass)
     AND EXISTS (SELECT FROM pgteal.partitions p JOIN pg_class c ON c.oid = p.child JOIN pg_namespace n ON n.oid = c.relnamespace
                  WHERE p.parent <> 0 AND NOT EXISTS (SELECT FROM pg_inherits h WHERE h.inhrelid = p.child)
                    AND (n.nspname = names[1] AND c.relname = names[2]
                         OR EXISTS (SELECT FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid JOIN pg_namespace s ON s.oid = t.relnamespace
                                     WHERE k.contype = 'f' AND k.confrelid = p.parent AND s.nspname = names[1] AND t.relname = names[2])));
END $function$;

-- At the end of the transaction: a table that is nobody's partition after all is a schema change like any other.
CREATE OR REPLACE FUNCTION pgteal.refuse_unattached() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
BEGIN
  IF EXISTS (SELECT FROM pgteal.partitions p WHERE p.child = NEW.child AND NOT p.moved) THEN
    PERFORM pgteal.refuse_ddl('CREATE TABLE');
  END IF;
  RETURN NULL;
END $function$;
DROP TRIGGER IF EXISTS pgteal_unattached ON pgteal.partitions;
CREATE CONSTRAINT TRIGGER pgteal_unattached AFTER INSERT ON pgteal.partitions DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (NEW.born AND NOT NEW.moved) EXECUTE FUNCTION pgteal.refuse_unattached();
ALTER TABLE pgteal.partitions ENABLE ALWAYS TRIGGER pgteal_unattached;

-- A bound as pg_get_expr() writes it: constants, and nothing that could be read as anything else.
CREATE OR REPLACE FUNCTION pgteal.plain_bound(bound text) RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
  value CONSTANT text := $re$(B?'([^']|'')*'|-?[0-9]+([.][0-9]+)?(e[-+]?[0-9]+)?|NULL|MINVALUE|MAXVALUE|true|false)$re$;
  list CONSTANT text := '[(]' || value || '(, ' || value || ')*[)]';
BEGIN
  IF bound !~ ('^(DEFAULT|FOR VALUES (IN ' || list || '|FROM ' || list || ' TO ' || list || '|WITH [(]modulus [0-9]+, remainder [0-9]+[)]))$') THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_object_definition', MESSAGE = format('%s is no partition bound that pgteal carries', left(bound, 100));
  END IF;
  RETURN bound;
END $function$;

CREATE OR REPLACE FUNCTION pgteal.array_or_none(list jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $function$
BEGIN
  RETURN CASE WHEN jsonb_typeof(list) = 'array' THEN list ELSE '[]' END;
END $function$;

-- On the other side, for a marker; may come twice. What is made here is made by pgteal: the freeze lets it pass. Everything is made of names,
-- literals and known words: a marker is a row, and never a statement.
CREATE OR REPLACE FUNCTION pgteal.make_partition(detail jsonb) RETURNS void LANGUAGE plpgsql SET pgteal.ddl = on
  SET search_path = pg_catalog, pg_temp
  SET standard_conforming_strings = on SET datestyle = 'ISO, YMD' SET intervalstyle = postgres SET bytea_output = hex SET extra_float_digits = 3
  SET timezone = 'UTC' SET lc_monetary = 'C' AS $function$
DECLARE
  parent CONSTANT regclass := to_regclass(format('%I.%I', detail ->> 'parent_schema', detail ->> 'parent'));
  name CONSTANT text := format('%I.%I', detail ->> 'schema', detail ->> 'name');
  marker CONSTANT regclass := format('pgteal.marker_%s', (detail ->> 'lane')::int)::regclass;
  leaf regclass := to_regclass(name);
  made boolean := false;
  above oid := (SELECT h.inhparent FROM pg_inherits h WHERE h.inhrelid = leaf);
  one record;
  common text[];
  mine text[];
BEGIN
  IF parent IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'undefined_table',
      MESSAGE = format('partition %s was made on the other server, and there is no table %I.%I here that it belongs to', name,
                       detail ->> 'parent_schema', detail ->> 'parent'),
      HINT = 'Make that table here as it is there (SET pgteal.ddl = on): the lane then goes on by itself.';
  END IF;
  IF detail ->> 'do' = 'detach' THEN
    IF above = parent THEN
      EXECUTE format('ALTER TABLE %s DETACH PARTITION %s', parent, leaf);
    END IF;
  ELSIF leaf IS NULL THEN
    EXECUTE format('CREATE TABLE %s PARTITION OF %s %s%s%s%s', name, parent, pgteal.plain_bound(detail ->> 'bound'),
                   CASE detail ->> 'strategy' WHEN 'r' THEN ' PARTITION BY RANGE ' WHEN 'l' THEN ' PARTITION BY LIST ' WHEN 'h' THEN ' PARTITION BY HASH ' END
                   || '(' || (SELECT string_agg(quote_ident(k), ', ') FROM jsonb_array_elements_text(pgteal.array_or_none(detail -> 'key')) k) || ')',
                   ' WITH (' || (SELECT string_agg(format('%I = %L', split_part(o, '=', 1), substr(o, strpos(o, '=') + 1)), ', ')
                                   FROM jsonb_array_elements_text(pgteal.array_or_none(detail -> 'options')) o) || ')',
                   ' TABLESPACE ' || quote_ident(detail ->> 'tablespace'));
    leaf := name::regclass;
    made := true;
    -- Default privileges of whoever runs this are not the other side's.
    FOR one IN SELECT DISTINCT g.grantee FROM pg_class c, aclexplode(c.relacl) g WHERE c.oid = leaf AND g.grantee <> c.relowner LOOP
      EXECUTE format('REVOKE ALL ON TABLE %s FROM %s', leaf,
                     CASE WHEN one.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(one.grantee)) END);
    END LOOP;
    EXECUTE format('ALTER TABLE %s OWNER TO %I', leaf, detail ->> 'owner');
    FOR one IN
      SELECT g FROM jsonb_array_elements(pgteal.array_or_none(detail -> 'grants')) g
       WHERE g ->> 'what' IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER')
          OR g ->> 'what' = 'MAINTAIN' AND current_setting('server_version_num')::int >= 170000
    LOOP
      EXECUTE format('GRANT %s ON TABLE %s TO %s%s', one.g ->> 'what', leaf, coalesce(quote_ident(one.g ->> 'to'), 'PUBLIC'),
                     CASE WHEN (one.g ->> 'option')::boolean AND one.g ->> 'to' IS NOT NULL THEN ' WITH GRANT OPTION' ELSE '' END);
    END LOOP;
  ELSIF above IS NULL THEN
    EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s %s', parent, leaf, pgteal.plain_bound(detail ->> 'bound'));
  ELSIF above <> parent THEN
    RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
      MESSAGE = format('%s is a partition of %s here and of %s on the other server', name, above::regclass, parent),
      HINT = format('SET pgteal.ddl = on; ALTER TABLE %s DETACH PARTITION %s; the lane then goes on by itself.', above::regclass, name);
  END IF;
  IF leaf IS NULL THEN
    RETURN;
  END IF;
  INSERT INTO pgteal.partitions AS p
    VALUES (leaf, CASE WHEN detail ->> 'do' = 'detach' THEN 0::oid ELSE parent::oid END, (detail ->> 'born')::boolean, true,
            (detail ->> 'born')::boolean AND NOT EXISTS (SELECT FROM pg_subscription_rel r WHERE r.srrelid = marker), false)
    ON CONFLICT (child) DO UPDATE SET parent = excluded.parent, moved = true;
  IF detail ->> 'do' = 'detach' OR (SELECT c.relkind = 'r' FROM pg_class c WHERE c.oid = leaf) THEN
    IF made THEN
      PERFORM pgteal.identify_like_others(leaf);
    END IF;
    -- Of what this side has, only what the other one has can be carried back.
    SELECT array_agg(a.attname::text ORDER BY a.attnum), array_agg(a.attname::text ORDER BY a.attnum) FILTER (WHERE detail -> 'columns' ? a.attname::text)
      INTO mine, common
      FROM pg_attribute a WHERE a.attrelid = leaf AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '';
    -- One that waits was made before the lanes were: its lane is the one whose subscription will list it.
    PERFORM pgteal.enlist(leaf, (detail ->> 'lane')::int, CASE WHEN common <> mine THEN common END)
      FROM pgteal.partitions p WHERE p.child = leaf AND NOT p.waits;
  END IF;
END $function$;

CREATE OR REPLACE FUNCTION pgteal.partition_arrives() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $function$
BEGIN
  PERFORM pgteal.make_partition(NEW.detail);
  RETURN NULL;
END $function$;

-- What was made while a publication or a subscription was being made is in none of their lists; and roots, where their partitions are. Clients
-- who make partitions lock the table first, then perhaps the publication, to their end: so does this, and gives way to them soon.
CREATE OR REPLACE FUNCTION pgteal.enlist_one(item regclass) RETURNS void LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp SET pgteal.ddl = on SET lock_timeout = '200ms' AS $function$
DECLARE
  at record;
BEGIN
  EXECUTE format('LOCK TABLE ONLY %s IN SHARE UPDATE EXCLUSIVE MODE', item);
  at := pgteal.lane_of(item);
  -- With a partition that no lane has, foreign or unlogged, a root would bring that too.
  IF EXISTS (
      SELECT FROM pg_partition_tree(item) t JOIN pg_class k ON k.oid = t.relid
       WHERE k.oid <> item AND k.relkind <> 'p' AND NOT EXISTS (
         SELECT FROM pg_publication p JOIN pg_publication_rel m ON m.prpubid = p.oid AND m.prrelid = format('pgteal.marker_%s', at.lane)::regclass
           JOIN pg_publication_rel r ON r.prpubid = p.oid AND r.prrelid = k.oid WHERE p.pubname ~ '^pgteal_')) THEN
    RETURN;
  END IF;
  PERFORM pgteal.enlist(item, at.lane, at.columns);
END $function$;

REVOKE ALL ON FUNCTION pgteal.enlist(regclass, int, text[]), pgteal.lane_of(regclass), pgteal.identify_like_others(regclass),
  pgteal.why_not_carried(regclass, regclass, boolean), pgteal.move_partition(regclass, regclass, boolean, boolean),
  pgteal.note_partitions(), pgteal.let_apply_write(), pgteal.is_of_this_transaction(xid), pgteal.refuse_unattached(), pgteal.plain_bound(text), pgteal.array_or_none(jsonb), pgteal.make_partition(jsonb),
  pgteal.partition_arrives(), pgteal.enlist_one(regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgteal.carry_partition(text), pgteal.goes_with_detach(text, oid, text[]) TO PUBLIC;
