-- A file that is in Flyway's table is not half-way any more.
DELETE FROM pgteal_migrations.progress WHERE version = :'version';
DELETE FROM pgteal_migrations.history WHERE version = :'version'
