-- What is PostgreSQL's own here: function signatures, and words that can't be the name of a function or type, or of a table or column.
SELECT 'function' AS kind, pg_catalog.format('%s(%s)', p.proname, pg_catalog.oidvectortypes(p.proargtypes)) AS name
  FROM pg_catalog.pg_proc p WHERE p.pronamespace = 11
UNION ALL
SELECT 'function word', k.word FROM pg_catalog.pg_get_keywords() k WHERE k.catcode IN ('R', 'C')
UNION ALL
SELECT 'column word', k.word FROM pg_catalog.pg_get_keywords() k WHERE k.catcode IN ('R', 'T')
