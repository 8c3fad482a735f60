-- What a session begins with when neither its client, its role nor its database sets it: settings that clients see in what they read, and
-- such as decide how fast it comes. Where this session's own start, our role or this database overrules it, the configuration files or the
-- default say. $1 = the settings.
SELECT s.name, s.vartype AS type, coalesce(s.unit, '') AS unit,
       CASE WHEN s.source IN ('default', 'override', 'environment variable', 'configuration file', 'command line') THEN s.setting
            ELSE coalesce(f.setting, s.boot_val, '') END AS value,
       NOT (s.source IN ('default', 'override') OR s.source NOT IN ('environment variable', 'configuration file', 'command line')
            AND f.setting IS NULL) AS set
  FROM pg_catalog.pg_settings s
  LEFT JOIN (SELECT DISTINCT ON (pg_catalog.lower(name)) pg_catalog.lower(name) AS name, setting
               FROM pg_catalog.pg_file_settings
              WHERE error IS NULL
              ORDER BY pg_catalog.lower(name), seqno DESC) f ON f.name = pg_catalog.lower(s.name)
 WHERE pg_catalog.lower(s.name) = ANY ($1::text[])
 UNION ALL
-- Settings of applications: no server knows them, and pg_settings doesn't show them.
SELECT * FROM (SELECT DISTINCT ON (pg_catalog.lower(f.name)) f.name, 'string', '', f.setting, true
                 FROM pg_catalog.pg_file_settings f
                WHERE f.name LIKE '%.%' AND f.error IS NULL
                  AND NOT EXISTS (SELECT FROM pg_catalog.pg_settings s WHERE pg_catalog.lower(s.name) = pg_catalog.lower(f.name))
                ORDER BY pg_catalog.lower(f.name), f.seqno DESC) own
 ORDER BY 1;
