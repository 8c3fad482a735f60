-- Flyway's history in the order in which it was made. installed_on has no time zone: it is the server's.
SELECT version, description, type, script, checksum, execution_time, success,
       pg_catalog.to_char(installed_on, 'YYYY-MM-DD"T"HH24:MI:SS') AS applied_at
  FROM :"schema".:"table"
 ORDER BY installed_rank
