-- The freeze of DDL: schema changes are not replicated, so one made during a run would be missing on the other side.
-- Temporary objects, REFRESH MATERIALIZED VIEW and REINDEX go on; so do sessions with pgteal.ddl = on, which are pgteal's own.
CREATE OR REPLACE FUNCTION pgteal.refuse_ddl(command text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog AS $function$
BEGIN
  RAISE EXCEPTION USING
    ERRCODE = 'object_not_in_prerequisite_state',
    MESSAGE = pg_catalog.format('%s is refused: a blue/green run of pgteal is under way in database "%s"',
                                command, pg_catalog.current_database()),
    DETAIL = 'A schema change made now would be missing on the other server.',
    HINT = 'Ending the run lifts this: pgteal finish, or pgteal abort before the cutover.';
END $function$;

GRANT EXECUTE ON FUNCTION pgteal.refuse_ddl(text) TO PUBLIC;

-- Commands that drop report nothing here but their tag; sql_drop tells what they drop.
CREATE OR REPLACE FUNCTION pgteal.freeze_ddl() RETURNS event_trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $function$
BEGIN
  IF pg_catalog.current_setting('pgteal.ddl', true) = 'on' OR tg_tag IN ('REFRESH MATERIALIZED VIEW', 'REINDEX') THEN
    RETURN;
  END IF;
  IF tg_tag = 'DROP OWNED' THEN
    PERFORM pgteal.refuse_ddl(tg_tag);
  END IF;
  PERFORM 1 FROM pg_catalog.pg_event_trigger_ddl_commands() c
    WHERE coalesce(c.schema_name, '') !~ '^pg_temp(_[0-9]+)?$'
      AND coalesce(c.object_identity, '') !~ '(^|^for | on | for )pg_temp(_[0-9]+)?[.]';
  IF FOUND THEN
    PERFORM pgteal.refuse_ddl(tg_tag);
  END IF;
END $function$;

-- Only what the command names: what goes with a temporary object is temporary too, though servers do not say so of its defaults.
CREATE OR REPLACE FUNCTION pgteal.freeze_drop() RETURNS event_trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $function$
BEGIN
  IF pg_catalog.current_setting('pgteal.ddl', true) = 'on' THEN
    RETURN;
  END IF;
  PERFORM 1 FROM pg_catalog.pg_event_trigger_dropped_objects() d
    WHERE d.original AND NOT d.is_temporary
      AND coalesce(d.schema_name, '') !~ '^pg_temp(_[0-9]+)?$'
      AND coalesce(d.object_identity, '') !~ '(^|^for | on | for )pg_temp(_[0-9]+)?[.]';
  IF FOUND THEN
    PERFORM pgteal.refuse_ddl(tg_tag);
  END IF;
END $function$;

DROP EVENT TRIGGER IF EXISTS pgteal_freeze_ddl;
DROP EVENT TRIGGER IF EXISTS pgteal_freeze_drop;
CREATE EVENT TRIGGER pgteal_freeze_ddl ON ddl_command_end EXECUTE FUNCTION pgteal.freeze_ddl();
CREATE EVENT TRIGGER pgteal_freeze_drop ON sql_drop EXECUTE FUNCTION pgteal.freeze_drop();
-- Also for sessions with session_replication_role = replica.
ALTER EVENT TRIGGER pgteal_freeze_ddl ENABLE ALWAYS;
ALTER EVENT TRIGGER pgteal_freeze_drop ENABLE ALWAYS;
