SELECT position, passed, changed FROM pgteal_migrations.progress
 WHERE version = :'version' AND statement = :'statement'
