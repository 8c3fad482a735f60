-- Comments, to be put beside the objects; of columns with their name. PostgreSQL 13-18.
-- An attribute of a composite type is a column of the relation that the type has (relkind 'c'). An extension's comment comes from its
-- control file: 'stock' as long as nobody changed it.
SELECT coalesce(y.tableoid, d.classoid) AS class, coalesce(y.oid, d.objoid) AS object, d.objsubid AS sub, d.description AS comment,
       coalesce(quote_ident(a.attname), '') AS name, coalesce(v.comment = d.description, false) AS stock
FROM pg_catalog.pg_description d
LEFT JOIN pg_catalog.pg_attribute a ON d.classoid = 'pg_catalog.pg_class'::regclass AND d.objsubid > 0
                                   AND a.attrelid = d.objoid AND a.attnum = d.objsubid
LEFT JOIN pg_catalog.pg_class c ON d.classoid = c.tableoid AND c.oid = d.objoid AND c.relkind = 'c'
LEFT JOIN pg_catalog.pg_type y ON y.oid = c.reltype
LEFT JOIN pg_catalog.pg_extension e ON d.classoid = e.tableoid AND e.oid = d.objoid
LEFT JOIN pg_catalog.pg_available_extensions v ON v.name = e.extname
WHERE d.objoid >= 16384 OR d.classoid IN ('pg_catalog.pg_namespace'::regclass, 'pg_catalog.pg_extension'::regclass)
UNION ALL
SELECT s.classoid, s.objoid, 0, s.description, '', false
FROM pg_catalog.pg_shdescription s JOIN pg_catalog.pg_database d ON d.oid = s.objoid AND d.tableoid = s.classoid
WHERE d.datname = pg_catalog.current_database()
