-- What pg_dump leaves out of a database's dump, because it takes it for an extension's or for the system's, and no lane carries.
-- An extension's members are what its script made, or what ALTER EXTENSION ... ADD gave it. pg_dump writes CREATE EXTENSION for both.
-- What the script makes is tried on green (try_extension()). Where green can't tell, the transaction that made the member may: the script's
-- are made in one, at CREATE and at each UPDATE (which writes pg_extension's own row). After pg_upgrade each has one of its own, and only
-- rows tell.
WITH member AS (
    SELECT d.classid, d.objid, e.oid AS extension, e.extname, d.xmin::text AS made, e.xmin::text AS touched,
           c.relkind, c.relname, c.relnamespace, coalesce(c.oid = ANY (e.extconfig), false) AS is_config
      FROM pg_catalog.pg_depend d
      JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
      LEFT JOIN pg_catalog.pg_class c ON d.classid = 'pg_catalog.pg_class'::regclass AND c.oid = d.objid
     WHERE d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'e' AND d.objsubid = 0
), script AS (
    SELECT extension, made, count(*) AS members FROM member GROUP BY extension, made
), born AS (
    SELECT DISTINCT ON (extension) extension, made, members FROM script ORDER BY extension, members DESC, made
), judged AS (
    SELECT m.*, born.members > 1 OR born.made = m.touched AS known,
           m.made NOT IN (born.made, m.touched) AS added,
           born.made = m.touched AS never_updated
      FROM member m JOIN born ON born.extension = m.extension
), rows_in AS (
    -- By size: a query over a table of users' may run what they put into its indexes.
    SELECT j.*, j.relkind IN ('r', 'p', 'm') AND NOT j.is_config AND
                (SELECT pg_catalog.sum(pg_catalog.pg_relation_size(part.oid))
                   FROM (SELECT j.objid AS oid UNION SELECT relid FROM pg_catalog.pg_partition_tree(j.objid)) part) > 0 AS filled
      FROM judged j
)
SELECT CASE WHEN r.filled THEN 'extension rows' WHEN r.relkind IN ('r', 'p', 'm') THEN 'extension table' ELSE 'extension member' END AS kind,
       object.identity AS name, object.type AS type, r.extname AS owner,
       pg_catalog.format('ALTER EXTENSION %I DROP %s %s;', r.extname, pg_catalog.upper(object.type), object.identity) AS fix
  FROM rows_in r
 CROSS JOIN LATERAL pg_catalog.pg_identify_object(r.classid, r.objid, 0) object
 WHERE r.filled OR (r.known AND r.added AND NOT r.is_config AND (r.relkind IN ('r', 'p', 'm') OR r.never_updated))
UNION ALL
SELECT 'system schema', object.identity, object.type, u.nspname,
       pg_catalog.format('ALTER %s %s SET SCHEMA public;', pg_catalog.upper(object.type), object.identity)
  FROM (SELECT 'pg_catalog.pg_class'::regclass AS classid, c.oid, n.nspname FROM pg_catalog.pg_class c
          JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
        UNION ALL
        SELECT 'pg_catalog.pg_proc'::regclass, p.oid, n.nspname FROM pg_catalog.pg_proc p
          JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
        UNION ALL
        SELECT 'pg_catalog.pg_type'::regclass, y.oid, n.nspname FROM pg_catalog.pg_type y
          JOIN pg_catalog.pg_namespace n ON n.oid = y.typnamespace WHERE y.typrelid = 0 AND y.typelem = 0 AND y.typtype IN ('b', 'd', 'e', 'r')
        UNION ALL
        SELECT 'pg_catalog.pg_operator'::regclass, o.oid, n.nspname FROM pg_catalog.pg_operator o
          JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
        UNION ALL
        SELECT 'pg_catalog.pg_ts_config'::regclass, t.oid, n.nspname FROM pg_catalog.pg_ts_config t
          JOIN pg_catalog.pg_namespace n ON n.oid = t.cfgnamespace
        UNION ALL
        SELECT 'pg_catalog.pg_ts_dict'::regclass, t.oid, n.nspname FROM pg_catalog.pg_ts_dict t
          JOIN pg_catalog.pg_namespace n ON n.oid = t.dictnamespace) u
 CROSS JOIN LATERAL pg_catalog.pg_identify_object(u.classid, u.oid, 0) object
 WHERE u.oid >= 16384 AND u.nspname ~ '^(pg_|information_schema$)' AND u.nspname !~ '^pg_(toast|temp)'
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = u.classid AND d.objid = u.oid AND d.deptype IN ('e', 'i'))
UNION ALL
SELECT 'label', l.provider, 'provider', '', '' FROM pg_catalog.pg_seclabel l GROUP BY l.provider
 ORDER BY 1, 2
 LIMIT 200;
