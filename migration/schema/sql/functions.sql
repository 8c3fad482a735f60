-- Functions, procedures and aggregates. PostgreSQL 13-18.
-- Named by the types of their input arguments: from 14 on the server prints IN before the arguments of procedures.
-- Those with an internal dependency are made with their type (constructors of ranges).
SELECT p.tableoid AS class, p.oid AS object, 0 AS sub, 0::oid AS relation,
       CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END AS kind,
       format('%I.%I(%s)', n.nspname, p.proname, arguments.types) AS identity, '' AS parent,
       format('%I.%I(%s)', n.nspname, p.proname, arguments.types) AS name,
       CASE WHEN p.prokind <> 'a' THEN rtrim(pg_get_functiondef(p.oid), E' \n')
            ELSE concat('CREATE OR REPLACE AGGREGATE ', format('%I.%I(%s)', n.nspname, p.proname,
                            CASE WHEN p.pronargs = 0 THEN '*' ELSE pg_get_function_arguments(p.oid) END),
                        ' (SFUNC = ', g.aggtransfn, ', STYPE = ', pg_catalog.format_type(g.aggtranstype, NULL),
                        ', SSPACE = ' || nullif(g.aggtransspace, 0),
                        CASE WHEN g.aggfinalfn <> 0 THEN concat(', FINALFUNC = ', g.aggfinalfn) END,
                        CASE WHEN g.aggfinalextra THEN ', FINALFUNC_EXTRA' END,
                        CASE WHEN g.aggfinalfn <> 0 THEN concat(', FINALFUNC_MODIFY = ', CASE g.aggfinalmodify
                            WHEN 'r' THEN 'READ_ONLY' WHEN 's' THEN 'SHAREABLE' ELSE 'READ_WRITE' END) END,
                        CASE WHEN g.aggcombinefn <> 0 THEN concat(', COMBINEFUNC = ', g.aggcombinefn) END,
                        CASE WHEN g.aggserialfn <> 0 THEN concat(', SERIALFUNC = ', g.aggserialfn) END,
                        CASE WHEN g.aggdeserialfn <> 0 THEN concat(', DESERIALFUNC = ', g.aggdeserialfn) END,
                        ', INITCOND = ' || quote_literal(g.agginitval),
                        CASE WHEN g.aggmtransfn <> 0 THEN concat(', MSFUNC = ', g.aggmtransfn, ', MINVFUNC = ', g.aggminvtransfn,
                            ', MSTYPE = ', pg_catalog.format_type(g.aggmtranstype, NULL),
                            ', MINITCOND = ' || quote_literal(g.aggminitval)) END,
                        CASE WHEN g.aggsortop <> 0 THEN concat(', SORTOP = ', g.aggsortop::regoperator) END,
                        ', PARALLEL = ', CASE p.proparallel WHEN 's' THEN 'SAFE' WHEN 'r' THEN 'RESTRICTED' ELSE 'UNSAFE' END,
                        CASE WHEN g.aggkind = 'h' THEN ', HYPOTHETICAL' END, ')')
       END AS definition,
       ARRAY['owner', pg_get_userbyid(p.proowner)::text] AS attributes
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
LEFT JOIN pg_catalog.pg_aggregate g ON g.aggfnoid = p.oid
CROSS JOIN LATERAL (SELECT coalesce(string_agg(pg_catalog.format_type(u.type, NULL), ', ' ORDER BY u.number), '') AS types
                    FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY u (type, number)) arguments
WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'pgteal', 'pgteal_migrations')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = p.tableoid AND d.objid = p.oid AND d.deptype IN ('e', 'i'))
