-- The freeze of DDL: schema changes are not replicated, so one made during a run would be missing on the other side. What is temporary,
-- REFRESH MATERIALIZED VIEW and REINDEX go on; so do privileges and comments, which pgteal carries (privileges.hpp), and publications,
-- which are no business of the other side's; and superusers' sessions with pgteal.ddl = on, which are pgteal's own or an operator's who
-- means it. Partitions are another thing where they are carried: lane_partitions.sql.
-- What is temporary is told by its row in the catalogs, never by what it is called: anybody may call a table "x on pg_temp.y".
-- The bodies are compiled in the session of whoever runs DDL: pg_temp last on the path, and nothing that a setting of theirs reads differently.
CREATE OR REPLACE FUNCTION pgteal.refuse_ddl(command text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $function$
BEGIN
  RAISE EXCEPTION USING
    ERRCODE = 'object_not_in_prerequisite_state',
    MESSAGE = pg_catalog.format('%s is refused: a blue/green run of pgteal is under way in database "%s"',
                                command, pg_catalog.current_database()),
    DETAIL = CASE WHEN command = 'DROP OWNED' THEN 'It might drop more than privileges, which would then be left on the other server: '
                                                   'REVOKE and DROP ROLE are not refused.'
                  ELSE 'A schema change made now would be missing on the other server. GRANT, REVOKE, ALTER DEFAULT PRIVILEGES, COMMENT, '
                       'roles, publications and temporary objects are not frozen.' END,
    HINT = 'Ending the run lifts this: pgteal finish, or pgteal abort before the cutover.';
END $function$;

-- By session_user: a superuser's SECURITY DEFINER function that a client calls is still that client's session. What pgteal does itself for a
-- partition of a client's is in that session too, and told by a row that only this transaction sees.
CREATE OR REPLACE FUNCTION pgteal.may_change_schema() RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
BEGIN
  RETURN coalesce(pg_catalog.current_setting('pgteal.ddl', true), '') = 'on'
     AND EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = session_user AND r.rolsuper)
      OR EXISTS (SELECT FROM pgteal.partitions p WHERE p.doing);
END $function$;

-- The relation that an object without a schema of its own belongs to; statistics have one, but live and die with their table.
CREATE OR REPLACE FUNCTION pgteal.relation_of(class oid, object oid) RETURNS oid LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $function$
BEGIN
  RETURN CASE class
    WHEN 'pg_catalog.pg_class'::regclass THEN object
    WHEN 'pg_catalog.pg_trigger'::regclass THEN (SELECT t.tgrelid FROM pg_catalog.pg_trigger t WHERE t.oid = object)
    WHEN 'pg_catalog.pg_rewrite'::regclass THEN (SELECT r.ev_class FROM pg_catalog.pg_rewrite r WHERE r.oid = object)
    WHEN 'pg_catalog.pg_policy'::regclass THEN (SELECT p.polrelid FROM pg_catalog.pg_policy p WHERE p.oid = object)
    WHEN 'pg_catalog.pg_attrdef'::regclass THEN (SELECT d.adrelid FROM pg_catalog.pg_attrdef d WHERE d.oid = object)
    WHEN 'pg_catalog.pg_statistic_ext'::regclass THEN (SELECT s.stxrelid FROM pg_catalog.pg_statistic_ext s WHERE s.oid = object)
    END;
END $function$;

-- A publication with a table of pgteal's is a lane's.
CREATE OR REPLACE FUNCTION pgteal.is_of_lane(publication text) RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $function$
BEGIN
  RETURN EXISTS (SELECT FROM pg_catalog.pg_publication p JOIN pg_catalog.pg_publication_rel r ON r.prpubid = p.oid
                   JOIN pg_catalog.pg_class c ON c.oid = r.prrelid
                  WHERE p.pubname = publication AND c.relnamespace = 'pgteal'::regnamespace);
END $function$;

GRANT EXECUTE ON FUNCTION pgteal.refuse_ddl(text), pgteal.may_change_schema(), pgteal.relation_of(oid, oid), pgteal.is_of_lane(text) TO PUBLIC;

-- Commands that drop report nothing here but their tag; sql_drop tells what they drop. The address of what a publication publishes has the
-- publication as its last name. schema_name is read from the object's own row, and only this session's temporary
-- schema is pg_temp there: no other can have that name.
CREATE OR REPLACE FUNCTION pgteal.freeze_ddl() RETURNS event_trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $function$
BEGIN
  IF pgteal.may_change_schema()
     OR tg_tag IN ('REFRESH MATERIALIZED VIEW', 'REINDEX', 'GRANT', 'REVOKE', 'ALTER DEFAULT PRIVILEGES', 'COMMENT') THEN
    RETURN;
  END IF;
  IF tg_tag = 'DROP OWNED' THEN
    PERFORM pgteal.refuse_ddl(tg_tag);
  END IF;
  IF tg_tag IN ('CREATE PUBLICATION', 'ALTER PUBLICATION') THEN
    PERFORM FROM pg_catalog.pg_event_trigger_ddl_commands() c
      CROSS JOIN LATERAL pg_catalog.pg_identify_object_as_address(c.classid, c.objid, c.objsubid) a
      WHERE pgteal.is_of_lane(coalesce(a.object_args[1], a.object_names[1]));
    IF FOUND THEN
      PERFORM pgteal.refuse_ddl(tg_tag);
    END IF;
    RETURN;
  END IF;
  PERFORM FROM pg_catalog.pg_event_trigger_ddl_commands() c
    WHERE c.schema_name IS DISTINCT FROM 'pg_temp'
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_class r
                       WHERE r.oid = pgteal.relation_of(c.classid, c.objid) AND r.relnamespace = pg_catalog.pg_my_temp_schema());
  IF FOUND AND NOT pgteal.carry_partition(tg_tag) THEN
    PERFORM pgteal.refuse_ddl(tg_tag);
  END IF;
END $function$;

-- The rows are gone by now, but address_names holds the names one by one, the schema first for what hangs on a relation. What a temporary
-- object takes with it by itself (neither original nor normal) is temporary too; what CASCADE takes need not be.
CREATE OR REPLACE FUNCTION pgteal.freeze_drop() RETURNS event_trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $function$
BEGIN
  -- The last of the default privileges of a role takes their row along.
  IF pgteal.may_change_schema() OR tg_tag IN ('GRANT', 'REVOKE', 'ALTER DEFAULT PRIVILEGES') THEN
    RETURN;
  END IF;
  IF tg_tag IN ('ALTER PUBLICATION', 'DROP PUBLICATION') THEN
    PERFORM FROM pg_catalog.pg_event_trigger_dropped_objects() d
      WHERE d.object_type = 'publication relation' AND d.address_names[1] = 'pgteal'
         OR pgteal.is_of_lane(coalesce(d.address_args[1], d.address_names[1]));
    IF FOUND THEN
      PERFORM pgteal.refuse_ddl(tg_tag);
    END IF;
    RETURN;
  END IF;
  PERFORM FROM pg_catalog.pg_event_trigger_dropped_objects() d
    WHERE (d.original OR d.normal) AND NOT d.is_temporary
      AND NOT (d.classid IN ('pg_catalog.pg_trigger'::regclass, 'pg_catalog.pg_rewrite'::regclass, 'pg_catalog.pg_policy'::regclass,
                             'pg_catalog.pg_attrdef'::regclass)
               AND coalesce(d.address_names[1], '') = 'pg_temp')
      AND NOT pgteal.goes_with_detach(tg_tag, d.classid, d.address_names);
  IF FOUND THEN
    PERFORM pgteal.refuse_ddl(tg_tag);
  END IF;
END $function$;

-- What can't be rolled back is refused before it begins: CONCURRENTLY commits on its way (refused at its end, an index would stay behind,
-- a dropped one would be dead, a partition hidden), and a subscription's slot is made and dropped on another server. No object is known yet,
-- so this goes by the text of the one statement that the client sent, and rather too far; in a transaction or a function the server itself
-- refuses CONCURRENTLY.
CREATE OR REPLACE FUNCTION pgteal.freeze_start() RETURNS event_trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
  query text := pg_catalog.lower(coalesce(pg_catalog.current_query(), 'concurrently') COLLATE pg_catalog."C");
  marker regclass;
BEGIN
  IF pgteal.may_change_schema() THEN
    -- Who means it may skip a transaction of a lane, which leaves rows out: the comparison is void from then on (continuity.hpp).
    IF tg_tag = 'ALTER SUBSCRIPTION' AND query ~ '[^a-z_]skip[^a-z_]' THEN
      FOR marker IN SELECT c.oid::regclass FROM pg_class c WHERE c.relnamespace = 'pgteal'::regnamespace AND c.relname ~ '^marker_[0-9]+$' LOOP
        EXECUTE format('UPDATE %s SET detail = $1 WHERE kind = ''look''', marker)
          USING jsonb_build_object('gap', to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'));
      END LOOP;
    END IF;
    RETURN;
  END IF;
  IF tg_tag LIKE '%SUBSCRIPTION' OR (pg_catalog.strpos(query, 'concurrently') > 0
                                     AND query !~ '^[[:space:]]*(do|select|call|with|insert|update|delete|refresh)[^a-z_]') THEN
    PERFORM pgteal.refuse_ddl(tg_tag);
  END IF;
END $function$;

DROP EVENT TRIGGER IF EXISTS pgteal_freeze_start;
DROP EVENT TRIGGER IF EXISTS pgteal_freeze_ddl;
DROP EVENT TRIGGER IF EXISTS pgteal_freeze_drop;
CREATE EVENT TRIGGER pgteal_freeze_start ON ddl_command_start
  WHEN TAG IN ('CREATE INDEX', 'DROP INDEX', 'ALTER TABLE', 'CREATE SUBSCRIPTION', 'ALTER SUBSCRIPTION', 'DROP SUBSCRIPTION')
  EXECUTE FUNCTION pgteal.freeze_start();
CREATE EVENT TRIGGER pgteal_freeze_ddl ON ddl_command_end EXECUTE FUNCTION pgteal.freeze_ddl();
CREATE EVENT TRIGGER pgteal_freeze_drop ON sql_drop EXECUTE FUNCTION pgteal.freeze_drop();
-- Also for sessions with session_replication_role = replica.
ALTER EVENT TRIGGER pgteal_freeze_start ENABLE ALWAYS;
ALTER EVENT TRIGGER pgteal_freeze_ddl ENABLE ALWAYS;
ALTER EVENT TRIGGER pgteal_freeze_drop ENABLE ALWAYS;
