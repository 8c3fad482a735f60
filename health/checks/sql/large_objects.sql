-- How many large objects there are, and the columns that may hold their numbers (types oid and lo).
SELECT (SELECT count(*) FROM pg_catalog.pg_largeobject_metadata) AS count,
       ARRAY(SELECT format('%I.%I(%I)', n.nspname, c.relname, a.attname)
               FROM pg_catalog.pg_attribute a
               JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
               JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
               JOIN pg_catalog.pg_type y ON y.oid = a.atttypid
              WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND y.typname IN ('oid', 'lo')
                AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
              ORDER BY 1 LIMIT 5) AS columns;
