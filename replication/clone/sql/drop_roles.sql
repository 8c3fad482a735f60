-- Drops roles that pgteal made. Whoever is logged in as one of them is somebody's use of it: that role stays, and so does one
-- on which something else depends. All at once first, since from 16 on a role that granted a membership depends on it; then what
-- can be dropped alone, as often as that makes a difference.
DO $pgteal$
DECLARE
  still text[] := ARRAY(SELECT r.rolname::text FROM pg_catalog.pg_roles r WHERE r.rolname = ANY (ARRAY[/* names */]::text[]));
  used text[] := ARRAY(SELECT DISTINCT a.usename::text FROM pg_catalog.pg_stat_activity a WHERE a.usename = ANY (still));
  before int;
  one text;
BEGIN
  still := ARRAY(SELECT pg_catalog.unnest(still) EXCEPT SELECT pg_catalog.unnest(used));
  BEGIN
    IF pg_catalog.cardinality(still) > 0 THEN
      EXECUTE 'DROP ROLE ' || (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(r), ', ') FROM pg_catalog.unnest(still) r);
    END IF;
    still := '{}';
  EXCEPTION WHEN dependent_objects_still_exist OR object_in_use THEN
    LOOP
      before := pg_catalog.cardinality(still);
      FOREACH one IN ARRAY still LOOP
        BEGIN
          EXECUTE pg_catalog.format('DROP ROLE IF EXISTS %I', one);
          still := pg_catalog.array_remove(still, one);
        EXCEPTION WHEN dependent_objects_still_exist OR object_in_use THEN
          NULL;
        END;
      END LOOP;
      EXIT WHEN pg_catalog.cardinality(still) IN (0, before);
    END LOOP;
  END;
  PERFORM pg_catalog.set_config('pgteal.roles_left',
    pg_catalog.array_to_string(ARRAY(SELECT r FROM pg_catalog.unnest(still || used) r ORDER BY 1), ', '), false);
END $pgteal$;
SELECT pg_catalog.current_setting('pgteal.roles_left') AS roles_left
