-- Fills materialized views that a restored schema left empty. One that reads another waits for it; one that fails for
-- another reason stays empty and is named.
DO $pgteal$
DECLARE
  todo text[] := ARRAY[/* names */]::text[];
  one text;
  before int;
BEGIN
  todo := ARRAY(SELECT v FROM pg_catalog.unnest(todo) v
                  JOIN pg_catalog.pg_class c ON c.oid = pg_catalog.to_regclass(v) AND c.relkind = 'm' AND NOT c.relispopulated);
  LOOP
    before := pg_catalog.cardinality(todo);
    EXIT WHEN before = 0;
    FOREACH one IN ARRAY todo LOOP
      BEGIN
        EXECUTE 'REFRESH MATERIALIZED VIEW ' || one;
        todo := pg_catalog.array_remove(todo, one);
      EXCEPTION WHEN OTHERS THEN
        RAISE DEBUG '%: %', one, SQLERRM;
      END;
    END LOOP;
    EXIT WHEN pg_catalog.cardinality(todo) = before;
  END LOOP;
  PERFORM pg_catalog.set_config('pgteal.views_left', pg_catalog.array_to_string(todo, ', '), false);
END $pgteal$;
SELECT pg_catalog.current_setting('pgteal.views_left') AS views_left
