-- The members of the extensions of this database, by what they are on any server. What hangs on a member (its row type, its array type)
-- is a member on some majors only.
SELECT e.extname AS extension, object.type, object.identity AS name
  FROM pg_catalog.pg_depend d
  JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
 CROSS JOIN LATERAL pg_catalog.pg_identify_object(d.classid, d.objid, 0) object
 WHERE d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.deptype = 'e' AND d.objsubid = 0
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend i WHERE i.classid = d.classid AND i.objid = d.objid AND i.deptype = 'i'
                     -- A partitioned table hangs on columns of its own.
                     AND i.refobjid <> i.objid)
 ORDER BY 1, 2, 3;
