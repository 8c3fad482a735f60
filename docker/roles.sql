-- On both sides: the superuser that pgteal logs in as.
CREATE ROLE pgteal LOGIN SUPERUSER PASSWORD 'pgteal';
