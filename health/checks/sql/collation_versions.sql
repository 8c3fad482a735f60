-- The version of the C library and of ICU as their collations report it; NULL when the server has none.
SELECT (SELECT max(pg_catalog.pg_collation_actual_version(oid)) FROM pg_catalog.pg_collation
         WHERE collprovider = 'c' AND collcollate !~* '^(C|POSIX)($|\.)') AS libc,
       (SELECT max(pg_catalog.pg_collation_actual_version(oid)) FROM pg_catalog.pg_collation
         WHERE collprovider = 'i' AND collname IN ('und-x-icu', 'unicode')) AS icu;
