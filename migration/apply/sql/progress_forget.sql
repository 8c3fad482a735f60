DELETE FROM pgteal_migrations.progress WHERE version = :'version'
