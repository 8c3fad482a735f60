-- What would make an apply worker, which has our role's settings in its database, read a value's text as another value.
SELECT name, setting FROM pg_catalog.pg_settings WHERE name IN ('array_nulls', 'xmloption');
