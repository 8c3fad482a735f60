-- Enums, domains, composite types, ranges and base types. PostgreSQL 13-18.
-- typtype 'c' only when its relation is a type of its own (relkind 'c'), and no array types (typelem with typarray of another).
SELECT t.tableoid AS class, t.oid AS object, 0 AS sub, 0::oid AS relation,
       CASE t.typtype WHEN 'd' THEN 'domain' ELSE 'type' END AS kind,
       format('%I.%I', n.nspname, t.typname) AS identity, '' AS parent, format('%I.%I', n.nspname, t.typname) AS name,
       CASE t.typtype
           WHEN 'e' THEN 'AS ENUM (' || (SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)
                                         FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid) || ')'
           WHEN 'c' THEN 'AS (' || coalesce((SELECT string_agg(
                   format('%I %s', a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod))
                   || CASE WHEN a.attcollation <> y.typcollation AND a.attcollation <> 0
                           THEN ' COLLATE ' || a.attcollation::regcollation::text ELSE '' END,
                   ', ' ORDER BY a.attnum)
                   FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type y ON y.oid = a.atttypid
                   WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped), '') || ')'
           WHEN 'r' THEN (SELECT 'AS RANGE (SUBTYPE = ' || pg_catalog.format_type(r.rngsubtype, NULL)
                       || ', SUBTYPE_OPCLASS = ' || (SELECT format('%I.%I', m.nspname, o.opcname) FROM pg_catalog.pg_opclass o
                              JOIN pg_catalog.pg_namespace m ON m.oid = o.opcnamespace WHERE o.oid = r.rngsubopc)
                       || CASE WHEN r.rngcollation <> 0 THEN ', COLLATION = ' || r.rngcollation::regcollation::text ELSE '' END
                       || CASE WHEN r.rngcanonical <> 0 THEN ', CANONICAL = ' || r.rngcanonical::regproc::text ELSE '' END
                       || CASE WHEN r.rngsubdiff <> 0 THEN ', SUBTYPE_DIFF = ' || r.rngsubdiff::regproc::text ELSE '' END || ')'
                   FROM pg_catalog.pg_range r WHERE r.rngtypid = t.oid)
           WHEN 'd' THEN 'AS ' || pg_catalog.format_type(t.typbasetype, t.typtypmod)
           WHEN 'b' THEN format('(INPUT = %s, OUTPUT = %s, INTERNALLENGTH = %s, ALIGNMENT = %s, STORAGE = %s)',
                                t.typinput, t.typoutput, t.typlen, t.typalign, t.typstorage)
           ELSE ''
       END AS definition,
       ARRAY['owner', pg_get_userbyid(t.typowner)::text]
       || CASE WHEN t.typtype = 'd' THEN
              ARRAY['default', coalesce(t.typdefault, ''), 'not null', CASE WHEN t.typnotnull THEN 'yes' ELSE '' END,
                    'collation', CASE WHEN t.typcollation <> b.typcollation AND t.typcollation <> 0
                                      THEN t.typcollation::regcollation::text ELSE '' END]
          ELSE '{}' END AS attributes
FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype
LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'pgteal', 'pgteal_migrations')
  AND (t.typtype IN ('e', 'd', 'r') OR (t.typtype = 'c' AND c.relkind = 'c')
       OR (t.typtype = 'b' AND NOT EXISTS (SELECT FROM pg_catalog.pg_type s WHERE s.typarray = t.oid)))
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = t.tableoid AND d.objid = t.oid AND d.deptype = 'e')
