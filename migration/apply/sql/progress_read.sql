SELECT position, passed, changed, checksum FROM pgteal_migrations.progress
 WHERE version = :'version' AND statement = :'statement'
