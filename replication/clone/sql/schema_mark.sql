-- One text that is another one whenever something was changed that pg_dump -s reads, or a role. Sums of xmin: each change of a row writes
-- a new one. Temporary tables and vacuum (which changes rows in place) don't count. Needs superuser (pg_authid, pg_user_mapping).
WITH seen AS (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_(temp|toast)'),
     rel AS (SELECT c.oid, c.xmin FROM pg_catalog.pg_class c JOIN seen ON seen.oid = c.relnamespace WHERE c.relpersistence <> 't')
SELECT pg_catalog.md5(pg_catalog.string_agg(part, ',')) FROM (
          SELECT pg_catalog.format('%s %s', count(*), sum(xmin::text::numeric)) AS part FROM rel
UNION ALL SELECT pg_catalog.format('%s %s', count(*), sum(a.xmin::text::numeric)) FROM pg_catalog.pg_attribute a JOIN rel ON rel.oid = a.attrelid
UNION ALL SELECT pg_catalog.format('%s %s', count(*), sum(a.xmin::text::numeric)) FROM pg_catalog.pg_attrdef a JOIN rel ON rel.oid = a.adrelid
UNION ALL SELECT pg_catalog.format('%s %s', count(*), sum(r.xmin::text::numeric)) FROM pg_catalog.pg_rewrite r JOIN rel ON rel.oid = r.ev_class
UNION ALL SELECT pg_catalog.format('%s %s', count(*), sum(t.xmin::text::numeric)) FROM pg_catalog.pg_trigger t JOIN rel ON rel.oid = t.tgrelid
UNION ALL SELECT pg_catalog.format('%s %s', count(*), sum(i.xmin::text::numeric)) FROM pg_catalog.pg_index i JOIN rel ON rel.oid = i.indexrelid
UNION ALL SELECT pg_catalog.format('%s %s', count(*), sum(c.xmin::text::numeric)) FROM pg_catalog.pg_constraint c JOIN seen ON seen.oid = c.connamespace
UNION ALL SELECT pg_catalog.format('%s %s', count(*), sum(t.xmin::text::numeric)) FROM pg_catalog.pg_type t JOIN seen ON seen.oid = t.typnamespace
           WHERE t.typrelid = 0 AND t.typelem = 0 -- rows of tables and arrays go with what they are of
UNION ALL SELECT pg_catalog.format('%s %s', count(*), sum(xmin::text::numeric)) FROM pg_catalog.pg_proc
UNION ALL SELECT pg_catalog.format('%s %s', count(*), sum(xmin::text::numeric)) FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_(temp|toast)'
UNION ALL SELECT pg_catalog.format('%s %s', count(*), sum(xmin::text::numeric)) FROM pg_catalog.pg_enum
UNION ALL SELECT pg_catalog.format('%s %s', count(*), sum(xmin::text::numeric)) FROM pg_catalog.pg_operator
UNION ALL SELECT pg_catalog.format('%s %s', count(*), sum(xmin::text::numeric)) FROM pg_catalog.pg_opclass
UNION ALL SELECT pg_catalog.format('%s %s', count(*), sum(xmin::text::numeric)) FROM pg_catalog.pg_cast
UNION ALL SELECT pg_catalog.format('%s %s', count(*), sum(xmin::text::numeric)) FROM pg_catalog.pg_collation
UNION ALL SELECT pg_catalog.format('%s %s', count(*), sum(xmin::text::numeric)) FROM pg_catalog.pg_conversion
UNION ALL SELECT pg_catalog.format('%s %s', count(*), sum(xmin::text::numeric)) FROM pg_catalog.pg_extension
UNION ALL SELECT pg_catalog.format('%s %s', count(*), sum(xmin::text::numeric)) FROM pg_catalog.pg_foreign_data_wrapper
UNION ALL SELECT pg_catalog.format('%s %s', count(*), sum(xmin::text::numeric)) FROM pg_catalog.pg_foreign_server
UNION ALL SELECT pg_catalog.format('%s %s', count(*), sum(xmin::text::numeric)) FROM pg_catalog.pg_foreign_table
UNION ALL SELECT pg_catalog.format('%s %s', count(*), sum(xmin::text::numeric)) FROM pg_catalog.pg_user_mapping
UNION ALL SELECT pg_catalog.format('%s %s', count(*), sum(xmin::text::numeric)) FROM pg_catalog.pg_language
UNION ALL SELECT pg_catalog.format('%s %s', count(*), sum(xmin::text::numeric)) FROM pg_catalog.pg_policy
UNION ALL SELECT pg_catalog.format('%s %s', count(*), sum(xmin::text::numeric)) FROM pg_catalog.pg_publication
UNION ALL SELECT pg_catalog.format('%s %s', count(*), sum(xmin::text::numeric)) FROM pg_catalog.pg_publication_rel
UNION ALL SELECT pg_catalog.format('%s %s', count(*), sum(xmin::text::numeric)) FROM pg_catalog.pg_event_trigger
UNION ALL SELECT pg_catalog.format('%s %s', count(*), sum(xmin::text::numeric)) FROM pg_catalog.pg_ts_config
UNION ALL SELECT pg_catalog.format('%s %s', count(*), sum(xmin::text::numeric)) FROM pg_catalog.pg_ts_config_map
UNION ALL SELECT pg_catalog.format('%s %s', count(*), sum(xmin::text::numeric)) FROM pg_catalog.pg_ts_dict
UNION ALL SELECT pg_catalog.format('%s %s', count(*), sum(xmin::text::numeric)) FROM pg_catalog.pg_statistic_ext
UNION ALL SELECT pg_catalog.format('%s %s', count(*), sum(xmin::text::numeric)) FROM pg_catalog.pg_default_acl
UNION ALL SELECT pg_catalog.format('%s %s', count(*), sum(xmin::text::numeric)) FROM pg_catalog.pg_transform
UNION ALL SELECT pg_catalog.format('%s %s', count(*), sum(xmin::text::numeric)) FROM pg_catalog.pg_seclabel
UNION ALL SELECT pg_catalog.format('%s %s', count(*), sum(xmin::text::numeric)) FROM pg_catalog.pg_authid
UNION ALL SELECT pg_catalog.format('%s %s', count(*), sum(xmin::text::numeric)) FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()
) parts;
