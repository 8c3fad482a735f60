SELECT datname FROM pg_catalog.pg_database WHERE datname LIKE 'pgteal\_rehearse\_%' ORDER BY datname
