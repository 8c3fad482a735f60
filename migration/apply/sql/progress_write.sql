-- How far a statement of an unfinished file is: of a backfill the last key that is done, the rows it passed and changed.
INSERT INTO pgteal_migrations.progress (version, statement, position, passed, changed, checksum)
VALUES (:'version', :'statement', :'position', :'passed', :'changed', :'checksum')
ON CONFLICT (version, statement) DO UPDATE
   SET position = excluded.position, passed = excluded.passed, changed = excluded.changed, checksum = excluded.checksum
