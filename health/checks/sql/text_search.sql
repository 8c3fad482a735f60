-- The text search configurations that initdb made, each with all that decides over its results. They may be altered, and no dump has that.
SELECT c.cfgname AS name,
       pg_catalog.md5(pg_catalog.string_agg(pg_catalog.format('%s %s %s %s', m.maptokentype, m.mapseqno, d.dictname, d.dictinitoption), E'\n'
                                            ORDER BY m.maptokentype, m.mapseqno)) AS sum
  FROM pg_catalog.pg_ts_config c
  LEFT JOIN pg_catalog.pg_ts_config_map m ON m.mapcfg = c.oid
  LEFT JOIN pg_catalog.pg_ts_dict d ON d.oid = m.mapdict
 WHERE c.oid < 16384
 GROUP BY c.cfgname
 ORDER BY c.cfgname;
