-- Where names lead to: $1 is [[kind, schema, name], ...], the schema '' where none is said. builtin: found in pg_catalog; schemas: those of users that have it.
SELECT w.place::int AS place,
       CASE w.kind
         WHEN 'function' THEN EXISTS (SELECT FROM pg_catalog.pg_proc p WHERE p.proname = w.name AND p.pronamespace = 11)
         WHEN 'type' THEN EXISTS (SELECT FROM pg_catalog.pg_type t WHERE t.typname = w.name AND t.typnamespace = 11)
         WHEN 'operator' THEN EXISTS (SELECT FROM pg_catalog.pg_operator o WHERE o.oprname = w.name AND o.oprnamespace = 11)
         ELSE EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relname = w.name AND c.relnamespace = 11)
       END AS builtin,
       ARRAY(SELECT n.nspname::text
               FROM pg_catalog.pg_namespace n
              WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pgteal', 'pgteal_migrations') AND n.nspname !~ '^pg_(toast|temp)'
                AND (w.schema = '' OR n.nspname = w.schema)
                AND CASE w.kind
                      WHEN 'function' THEN EXISTS (SELECT FROM pg_catalog.pg_proc p WHERE p.proname = w.name AND p.pronamespace = n.oid)
                      WHEN 'type' THEN EXISTS (SELECT FROM pg_catalog.pg_type t WHERE t.typname = w.name AND t.typnamespace = n.oid)
                      WHEN 'operator' THEN EXISTS (SELECT FROM pg_catalog.pg_operator o WHERE o.oprname = w.name AND o.oprnamespace = n.oid)
                      ELSE EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relname = w.name AND c.relnamespace = n.oid)
                    END
              ORDER BY n.nspname <> 'public', n.nspname) AS schemas,
       -- Of an operator that pg_catalog has too: what users' are for. With a type of users' that type alone: text = text is PostgreSQL's.
       ARRAY(SELECT DISTINCT t.oid::text
               FROM pg_catalog.pg_operator o
               JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pgteal')
               JOIN pg_catalog.pg_type t ON t.oid IN (o.oprleft, o.oprright)
              WHERE w.kind = 'operator' AND o.oprname = w.name
                AND (t.typnamespace <> 11
                     OR NOT EXISTS (SELECT FROM pg_catalog.pg_type u WHERE u.oid IN (o.oprleft, o.oprright) AND u.typnamespace <> 11))) AS operands
  FROM (SELECT e.item ->> 0 AS kind, e.item ->> 1 AS schema, e.item ->> 2 AS name, e.place
          FROM pg_catalog.jsonb_array_elements($1::jsonb) WITH ORDINALITY e (item, place)) w
 ORDER BY w.place
