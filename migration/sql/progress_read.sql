-- Of the statement at that place, or of the same text at another place, should the file have been mended in between.
SELECT position, passed, changed, checksum FROM pgteal_migrations.progress
 WHERE version = :'version' AND (statement = :'statement' OR checksum = :'checksum')
 ORDER BY checksum = :'checksum' DESC NULLS LAST, statement = :'statement' DESC
 LIMIT 1
