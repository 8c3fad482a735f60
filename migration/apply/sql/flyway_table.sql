-- As Flyway makes it (flyway-core, PostgreSQLDatabase.getRawCreateScript).
CREATE TABLE :"schema".:"table" (
    installed_rank pg_catalog.int4 NOT NULL,
    version        pg_catalog.varchar(50),
    description    pg_catalog.varchar(200) NOT NULL,
    type           pg_catalog.varchar(20) NOT NULL,
    script         pg_catalog.varchar(1000) NOT NULL,
    checksum       pg_catalog.int4,
    installed_by   pg_catalog.varchar(100) NOT NULL,
    installed_on   pg_catalog.timestamp NOT NULL DEFAULT pg_catalog.now(),
    execution_time pg_catalog.int4 NOT NULL,
    success        pg_catalog.bool NOT NULL
);
ALTER TABLE :"schema".:"table" ADD CONSTRAINT :"table_pk" PRIMARY KEY (installed_rank);
CREATE INDEX :"table_s_idx" ON :"schema".:"table" (success);
-- The application's Flyway will write to it.
ALTER TABLE :"schema".:"table" OWNER TO :"owner"
