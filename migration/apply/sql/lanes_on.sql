-- Whether any subscription of this database applies changes now.
SELECT EXISTS (SELECT FROM pg_catalog.pg_subscription
                WHERE subenabled AND subdbid = (SELECT oid FROM pg_catalog.pg_database
                                                 WHERE datname = pg_catalog.current_database()))
