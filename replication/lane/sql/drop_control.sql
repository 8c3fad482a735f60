-- Takes schema pgteal out of a database, and nothing that isn't pgteal's: what others have put into it, or made to depend on it
-- (a view, a foreign key, a function's default), ends this with an error that names it. May be run again.
DO $pgteal$
DECLARE
  home oid := pg_catalog.to_regnamespace('pgteal');
  stranger text;
  objects text;
BEGIN
  IF home IS NULL THEN
    RETURN;
  END IF;
  SELECT c.oid::pg_catalog.regclass::text INTO stranger FROM pg_catalog.pg_class c
    WHERE c.relnamespace = home AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
      AND c.relname NOT IN ('run', 'probe', 'progress', 'copied', 'seen', 'partitions', 'slots', 'migrated',
                            'inserted') AND c.relname !~ '^marker_[0-9]+$'
    ORDER BY 1 LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'dependent_objects_still_exist',
      MESSAGE = pg_catalog.format('%s is in schema pgteal, which pgteal is about to drop, and is not its own', stranger),
      HINT = pg_catalog.format('Move it: SET pgteal.ddl = on; ALTER TABLE %s SET SCHEMA public. Then run the command again.', stranger);
  END IF;
  SET LOCAL lock_timeout = '10s';
  IF pg_catalog.to_regprocedure('pgteal.let_apply_write()') IS NOT NULL AND EXISTS (SELECT FROM pgteal.partitions) THEN
    EXECUTE pg_catalog.format('ALTER ROLE %I IN DATABASE %I RESET default_transaction_read_only', session_user, pg_catalog.current_database());
  END IF;
  -- The freeze first: it would refuse what follows.
  FOR objects IN
    SELECT pg_catalog.format('DROP EVENT TRIGGER %I', e.evtname) FROM pg_catalog.pg_event_trigger e
      JOIN pg_catalog.pg_proc p ON p.oid = e.evtfoid
     WHERE p.pronamespace = home AND e.evtname ~ '^pgteal_'
  LOOP
    EXECUTE objects;
  END LOOP;
  BEGIN
    SELECT pg_catalog.string_agg(c.oid::pg_catalog.regclass::text, ', ') INTO objects
      FROM pg_catalog.pg_class c WHERE c.relnamespace = home AND c.relkind IN ('r', 'p');
    IF objects IS NOT NULL THEN
      EXECUTE 'DROP TABLE ' || objects || ' RESTRICT';
    END IF;
    SELECT pg_catalog.string_agg(p.oid::pg_catalog.regprocedure::text, ', ') INTO objects
      FROM pg_catalog.pg_proc p WHERE p.pronamespace = home;
    IF objects IS NOT NULL THEN
      EXECUTE 'DROP ROUTINE ' || objects || ' RESTRICT';
    END IF;
    DROP SCHEMA pgteal RESTRICT;
  EXCEPTION WHEN dependent_objects_still_exist THEN
    GET STACKED DIAGNOSTICS stranger = PG_EXCEPTION_DETAIL;
    RAISE EXCEPTION USING ERRCODE = 'dependent_objects_still_exist',
      MESSAGE = pg_catalog.format('something that is not pgteal''s depends on schema pgteal, which pgteal is about to drop: %s', stranger),
      HINT = 'Drop what depends on it (SET pgteal.ddl = on lets you), then run the command again.';
  END;
EXCEPTION WHEN lock_not_available THEN
  -- Anybody may have written to pgteal.probe and left the transaction open.
  SELECT pg_catalog.format('pid %s, role %s, app "%s"', a.pid, a.usename, a.application_name) INTO stranger
    FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_class c ON c.oid = l.relation
    JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
   WHERE c.relnamespace = home AND l.granted AND l.pid <> pg_catalog.pg_backend_pid()
     AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
   ORDER BY a.xact_start LIMIT 1;
  RAISE EXCEPTION USING ERRCODE = 'lock_not_available',
    MESSAGE = pg_catalog.format('schema pgteal can''t be dropped: a transaction uses its tables (%s)', stranger),
    HINT = 'Wait for its end, or end it with pg_terminate_backend(). Then run the command again.';
END $pgteal$
