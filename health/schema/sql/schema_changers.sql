-- Functions of users that change the schema when they run, told by their text, and the tables whose reads or writes run them. A function that calls
-- such a one is one too. What only makes temporary tables is left out: the freeze lets it pass.
WITH RECURSIVE source AS (
    SELECT p.oid, format('%I.%I', n.nspname, p.proname) AS name,
           substring(lower(p.proname) FROM '[a-z0-9_]+$') AS word,
           regexp_replace(regexp_replace(lower(p.prosrc), '/[*].*?[*]/', ' ', 'g'), '--[^\n]*', ' ', 'g') AS body
      FROM pg_catalog.pg_proc p
      JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
      JOIN pg_catalog.pg_language l ON l.oid = p.prolang
     WHERE p.oid >= 16384 AND p.prokind <> 'a' AND l.lanname NOT IN ('c', 'internal')
       AND n.nspname NOT IN ('pgteal', 'pgteal_migrations') AND n.nspname !~ '^pg_(toast|temp)'
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                        WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
), told AS (
    SELECT s.*,
           substring(s.body FROM
               'partition\s+of\M|(?:at|de)tach\s+partition\M|create\s+(?:unlogged\s+|foreign\s+)?table\M|create\s+schema\M') AS makes,
           CASE WHEN s.body !~ 'create\s+(?:local\s+|global\s+)?temp' THEN
               substring(s.body FROM
                   '(?:create\s+(?:or\s+replace\s+|unique\s+|materialized\s+|constraint\s+)*|alter\s+|drop\s+)'
                   '(?:table|index|view|sequence|schema|type|domain|function|procedure|trigger|policy|rule|extension|publication)\M')
           END AS changes
      FROM source s
), call AS (
    SELECT DISTINCT s.oid AS caller, t.oid AS called
      FROM source s, regexp_matches(s.body, '([a-z0-9_]+)"?\s*[(]', 'g') AS m, source t
     WHERE t.word = m[1] AND t.oid <> s.oid
), changer AS (
    SELECT oid, name, coalesce(makes, changes) AS how, makes IS NOT NULL AS makes, ''::text COLLATE "C" AS through
      FROM told WHERE makes IS NOT NULL OR changes IS NOT NULL
    UNION
    SELECT s.oid, s.name, c.how, c.makes, c.name
      FROM changer c JOIN call l ON l.called = c.oid JOIN source s ON s.oid = l.caller
), hook AS (
    SELECT d.refobjid AS function, coalesce(t.tgrelid, a.adrelid, r.ev_class, k.conrelid, y.polrelid) AS relation
      FROM pg_catalog.pg_depend d
      LEFT JOIN pg_catalog.pg_trigger t
        ON d.classid = 'pg_catalog.pg_trigger'::regclass AND t.oid = d.objid AND t.tgenabled <> 'D'
      LEFT JOIN pg_catalog.pg_attrdef a ON d.classid = 'pg_catalog.pg_attrdef'::regclass AND a.oid = d.objid
      LEFT JOIN pg_catalog.pg_rewrite r ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND r.oid = d.objid
      LEFT JOIN pg_catalog.pg_constraint k ON d.classid = 'pg_catalog.pg_constraint'::regclass AND k.oid = d.objid
      LEFT JOIN pg_catalog.pg_policy y ON d.classid = 'pg_catalog.pg_policy'::regclass AND y.oid = d.objid
     WHERE d.refclassid = 'pg_catalog.pg_proc'::regclass AND d.deptype IN ('n', 'a')
)
SELECT DISTINCT ON (c.oid) c.name, regexp_replace(c.how, '\s+', ' ', 'g') AS how, c.makes, c.through,
       ARRAY(SELECT DISTINCT format('%I.%I', n.nspname, x.relname)
               FROM hook h
               JOIN pg_catalog.pg_class x ON x.oid = h.relation
               JOIN pg_catalog.pg_namespace n ON n.oid = x.relnamespace
              WHERE h.function = c.oid
              ORDER BY 1) AS tables
  FROM changer c
 ORDER BY c.oid, c.makes DESC, c.through;
