-- What stands in these tables decides what pgteal does as a superuser, and members of pg_write_all_data may write any table. (Row level
-- security would stop them too, and the backups of whoever may only read.) Everybody may write to the probe, and nothing is read from it.
-- It costs pgteal's sessions and apply nothing, which are in replica mode.
CREATE OR REPLACE FUNCTION pgteal.refuse_writers() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $function$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = current_user AND r.rolsuper) THEN
    RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = format('%s.%s is pgteal''s own', TG_TABLE_SCHEMA, TG_TABLE_NAME);
  END IF;
  RETURN NULL;
END $function$;
REVOKE ALL ON FUNCTION pgteal.refuse_writers() FROM PUBLIC;
DO $pgteal$
DECLARE
  kept regclass;
BEGIN
  FOR kept IN SELECT c.oid::regclass FROM pg_catalog.pg_class c
               WHERE c.relnamespace = 'pgteal'::pg_catalog.regnamespace AND c.relkind = 'r' AND c.relname <> 'probe'
                 AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'pgteal_kept')
  LOOP
    EXECUTE pg_catalog.format('CREATE TRIGGER pgteal_kept BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s '
                              'FOR EACH STATEMENT EXECUTE FUNCTION pgteal.refuse_writers()', kept);
  END LOOP;
END $pgteal$;
