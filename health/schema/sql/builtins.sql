-- What is PostgreSQL's own here: function signatures, settings, columns of catalogs and views ("pg_stat_bgwriter.buffers_backend"), and words that
-- can't be the name of a function or type, or of a table or column.
SELECT 'function' AS kind, pg_catalog.format('%s(%s)', p.proname, pg_catalog.oidvectortypes(p.proargtypes)) AS name
  FROM pg_catalog.pg_proc p WHERE p.pronamespace = 11 AND p.oid < 16384 -- an extension's may be there too
UNION ALL
SELECT 'function word', k.word FROM pg_catalog.pg_get_keywords() k WHERE k.catcode IN ('R', 'C')
UNION ALL
SELECT 'column word', k.word FROM pg_catalog.pg_get_keywords() k WHERE k.catcode IN ('R', 'T')
UNION ALL
SELECT 'setting', pg_catalog.lower(s.name) FROM pg_catalog.pg_settings s WHERE s.name NOT LIKE '%.%'
UNION ALL
SELECT 'column', c.relname || '.' || a.attname
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE c.relnamespace = 11 AND c.oid < 16384 AND c.relkind IN ('r', 'v')
