-- Anything a user made in this database, or said about it; a database from template1 as initdb leaves it has no such rows. Objects that
-- initdb makes have oids below 16384 (source: FirstNormalObjectId in access/transam.h). The catalogs themselves say which there are: each
-- ordinary one that has oids is asked (query_to_xml() reads the system's own tables only), so that no kind is forgotten. What belongs to an
-- object of the list (indexes, row types, defaults) is left out, and so are values of enums, which have no address.
SELECT kind, name FROM (
    SELECT object.type AS kind, object.identity AS name
      FROM (
        SELECT CASE c.relname WHEN 'pg_largeobject_metadata' THEN 'pg_catalog.pg_largeobject'::pg_catalog.regclass ELSE c.oid END AS classid,
               (pg_catalog.regexp_matches(pg_catalog.query_to_xml(
                  pg_catalog.format('SELECT oid FROM pg_catalog.%I WHERE oid >= 16384 OR %L', c.relname, c.relname = 'pg_largeobject_metadata'),
                  false, false, '')::text, '<oid>([0-9]+)</oid>', 'g'))[1]::pg_catalog.oid AS oid
          FROM pg_catalog.pg_class c
         WHERE c.relnamespace = 'pg_catalog'::pg_catalog.regnamespace AND c.relkind = 'r' AND NOT c.relisshared AND c.oid < 16384
           AND c.relname <> 'pg_enum'
           AND EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'oid' AND a.attnum > 0)
      ) made
     CROSS JOIN LATERAL pg_catalog.pg_identify_object(made.classid, made.oid, 0) object
     WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                        WHERE d.classid = made.classid AND d.objid = made.oid AND d.deptype IN ('a', 'i', 'P', 'S') AND d.refobjid >= 16384)
       AND coalesce(object.schema, '') !~ '^pg_(toast_)?temp' AND (object.type = 'schema' AND object.identity ~ '^pg_(toast_)?temp_') IS NOT TRUE
    UNION ALL
    SELECT 'setting', s.setting || CASE WHEN s.setrole = 0 THEN '' ELSE ' of role ' || pg_catalog.pg_get_userbyid(s.setrole) END
      FROM (SELECT setrole, pg_catalog.unnest(setconfig) AS setting FROM pg_catalog.pg_db_role_setting
             WHERE setdatabase = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())) s
    UNION ALL
    SELECT 'subscription', pg_catalog.quote_ident(subname) FROM pg_catalog.pg_subscription
     WHERE subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
    UNION ALL
    SELECT 'owner', pg_catalog.pg_get_userbyid(d.datdba) FROM pg_catalog.pg_database d
     WHERE d.datname = pg_catalog.current_database() AND d.datdba <> 10 AND pg_catalog.pg_get_userbyid(d.datdba) <> SESSION_USER
    UNION ALL
    SELECT 'comment', pg_catalog.quote_literal(t.description) FROM pg_catalog.pg_database d
      JOIN pg_catalog.pg_shdescription t ON t.classoid = 'pg_catalog.pg_database'::pg_catalog.regclass AND t.objoid = d.oid
     WHERE d.datname = pg_catalog.current_database()
    UNION ALL
    SELECT 'security label', l.provider FROM (SELECT provider FROM pg_catalog.pg_seclabel
           UNION SELECT s.provider FROM pg_catalog.pg_shseclabel s JOIN pg_catalog.pg_database d ON d.oid = s.objoid
            WHERE s.classoid = 'pg_catalog.pg_database'::pg_catalog.regclass AND d.datname = pg_catalog.current_database()) l
) AS objects
 ORDER BY kind, name
 LIMIT 1000
