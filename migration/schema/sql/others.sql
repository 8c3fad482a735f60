-- What is rarer: access methods, conversions, casts, operators and their classes, collations, text search, languages, statistics, publications, default
-- privileges, foreign servers. PostgreSQL 13-18; columns that not all of these have are taken from to_jsonb().
-- Objects of the system have oids below 16384 (access/transam.h, FirstNormalObjectId). Options that may be secrets are not read.
-- What depends internally ('i') on a type came with it, as the cast from a range to its multirange (14 on).
WITH mine AS (
    SELECT n.oid, n.nspname FROM pg_catalog.pg_namespace n
    WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'pgteal', 'pgteal_migrations')
), found (class, object, kind, identity, name, definition, attributes) AS (
    SELECT c.tableoid, c.oid, 'cast', t.name, t.name,
           CASE c.castmethod WHEN 'f' THEN 'WITH FUNCTION ' || c.castfunc::regprocedure WHEN 'i' THEN 'WITH INOUT' ELSE 'WITHOUT FUNCTION' END
           || CASE c.castcontext WHEN 'a' THEN ' AS ASSIGNMENT' WHEN 'i' THEN ' AS IMPLICIT' ELSE '' END, '{}'::text[]
    FROM pg_catalog.pg_cast c
    CROSS JOIN LATERAL (SELECT format('(%s AS %s)', pg_catalog.format_type(c.castsource, NULL),
                                      pg_catalog.format_type(c.casttarget, NULL)) AS name) t
    UNION ALL
    SELECT o.tableoid, o.oid, 'operator', o.oid::regoperator::text, o.oid::regoperator::text,
           concat('FUNCTION = ', o.oprcode, ', COMMUTATOR = ' || nullif(o.oprcom, 0)::regoperator,
                  ', NEGATOR = ' || nullif(o.oprnegate, 0)::regoperator, ', RESTRICT = ' || nullif(o.oprrest, 0)::regproc,
                  ', JOIN = ' || nullif(o.oprjoin, 0)::regproc, CASE WHEN o.oprcanhash THEN ', HASHES' END,
                  CASE WHEN o.oprcanmerge THEN ', MERGES' END), ARRAY['owner', pg_get_userbyid(o.oprowner)::text]
    FROM pg_catalog.pg_operator o JOIN mine n ON n.oid = o.oprnamespace
    UNION ALL
    SELECT o.tableoid, o.oid, 'operator class', i.name, i.name,
           concat(CASE WHEN o.opcdefault THEN 'DEFAULT ' END, 'FOR TYPE ', pg_catalog.format_type(o.opcintype, NULL),
                  ' FAMILY ', f.opfname, ' STORAGE ' || pg_catalog.format_type(nullif(o.opckeytype, 0), NULL)),
           ARRAY['owner', pg_get_userbyid(o.opcowner)::text]
    FROM pg_catalog.pg_opclass o JOIN mine n ON n.oid = o.opcnamespace
    JOIN pg_catalog.pg_am m ON m.oid = o.opcmethod JOIN pg_catalog.pg_opfamily f ON f.oid = o.opcfamily
    CROSS JOIN LATERAL (SELECT format('%I.%I USING %I', n.nspname, o.opcname, m.amname) AS name) i
    UNION ALL
    SELECT f.tableoid, f.oid, 'operator family', i.name, i.name,
           concat((SELECT string_agg(format('OPERATOR %s %s', a.amopstrategy, a.amopopr::regoperator), ', '
                                     ORDER BY a.amopstrategy, a.amopopr::regoperator::text)
                   FROM pg_catalog.pg_amop a WHERE a.amopfamily = f.oid), '; ',
                  (SELECT string_agg(format('FUNCTION %s %s', a.amprocnum, a.amproc::regprocedure), ', '
                                     ORDER BY a.amprocnum, a.amproc::regprocedure::text)
                   FROM pg_catalog.pg_amproc a WHERE a.amprocfamily = f.oid)),
           ARRAY['owner', pg_get_userbyid(f.opfowner)::text]
    FROM pg_catalog.pg_opfamily f JOIN mine n ON n.oid = f.opfnamespace JOIN pg_catalog.pg_am m ON m.oid = f.opfmethod
    CROSS JOIN LATERAL (SELECT format('%I.%I USING %I', n.nspname, f.opfname, m.amname) AS name) i
    UNION ALL
    SELECT c.tableoid, c.oid, 'collation', format('%I.%I', n.nspname, c.collname), format('%I.%I', n.nspname, c.collname),
           concat('provider ', CASE c.collprovider WHEN 'i' THEN 'icu' WHEN 'c' THEN 'libc' WHEN 'b' THEN 'builtin' ELSE 'default' END,
                  ', locale ', coalesce(to_jsonb(c) ->> 'colllocale', to_jsonb(c) ->> 'colliculocale', to_jsonb(c) ->> 'collcollate'),
                  CASE WHEN c.collprovider = 'c' THEN ', ctype ' || (to_jsonb(c) ->> 'collctype') END,
                  CASE WHEN NOT c.collisdeterministic THEN ', not deterministic' END,
                  ', rules ' || (to_jsonb(c) ->> 'collicurules')), ARRAY['owner', pg_get_userbyid(c.collowner)::text]
    FROM pg_catalog.pg_collation c JOIN mine n ON n.oid = c.collnamespace
    UNION ALL
    SELECT c.tableoid, c.oid, 'text search configuration', format('%I.%I', n.nspname, c.cfgname), format('%I.%I', n.nspname, c.cfgname),
           concat('parser ', (SELECT p.prsname FROM pg_catalog.pg_ts_parser p WHERE p.oid = c.cfgparser), ': ',
                  (SELECT string_agg(t.alias || ' with ' || t.dictionaries, ', ' ORDER BY t.alias)
                   FROM (SELECT k.alias, string_agg(m.mapdict::regdictionary::text, ', ' ORDER BY m.mapseqno) AS dictionaries
                         FROM pg_catalog.pg_ts_config_map m
                         JOIN pg_catalog.ts_token_type(c.cfgparser) k ON k.tokid = m.maptokentype
                         WHERE m.mapcfg = c.oid GROUP BY k.alias) t)), ARRAY['owner', pg_get_userbyid(c.cfgowner)::text]
    FROM pg_catalog.pg_ts_config c JOIN mine n ON n.oid = c.cfgnamespace
    UNION ALL
    SELECT d.tableoid, d.oid, 'text search dictionary', format('%I.%I', n.nspname, d.dictname), format('%I.%I', n.nspname, d.dictname),
           concat('template ', (SELECT t.tmplname FROM pg_catalog.pg_ts_template t WHERE t.oid = d.dicttemplate), ', ', d.dictinitoption),
           ARRAY['owner', pg_get_userbyid(d.dictowner)::text]
    FROM pg_catalog.pg_ts_dict d JOIN mine n ON n.oid = d.dictnamespace
    UNION ALL
    SELECT a.tableoid, a.oid, 'access method', format('%I', a.amname), format('%I', a.amname),
           concat('TYPE ', CASE a.amtype WHEN 'i' THEN 'INDEX' ELSE 'TABLE' END, ' HANDLER ', a.amhandler), '{}'
    FROM pg_catalog.pg_am a
    UNION ALL
    SELECT c.tableoid, c.oid, 'conversion', format('%I.%I', n.nspname, c.conname), format('%I.%I', n.nspname, c.conname),
           concat(CASE WHEN c.condefault THEN 'DEFAULT ' END, 'FOR ', quote_literal(pg_encoding_to_char(c.conforencoding)),
                  ' TO ', quote_literal(pg_encoding_to_char(c.contoencoding)), ' FROM ', c.conproc),
           ARRAY['owner', pg_get_userbyid(c.conowner)::text]
    FROM pg_catalog.pg_conversion c JOIN mine n ON n.oid = c.connamespace
    UNION ALL
    SELECT l.tableoid, l.oid, 'language', format('%I', l.lanname), format('%I', l.lanname), '', '{}'
    FROM pg_catalog.pg_language l WHERE l.oid < 16384 -- the system's: only who may use them
    UNION ALL
    SELECT l.tableoid, l.oid, 'language', format('%I', l.lanname), format('%I', l.lanname),
           concat(CASE WHEN l.lanpltrusted THEN 'trusted, ' END, 'handler ', l.lanplcallfoid::regproc),
           ARRAY['owner', pg_get_userbyid(l.lanowner)::text]
    FROM pg_catalog.pg_language l WHERE l.lanispl AND l.oid >= 16384
    UNION ALL
    SELECT s.tableoid, s.oid, 'statistics', format('%I.%I', n.nspname, s.stxname), format('%I.%I', n.nspname, s.stxname),
           pg_get_statisticsobjdef(s.oid),
           ARRAY['owner', pg_get_userbyid(s.stxowner)::text,
                 'target', CASE WHEN s.stxstattarget >= 0 THEN s.stxstattarget::text ELSE '' END]
    FROM pg_catalog.pg_statistic_ext s JOIN mine n ON n.oid = s.stxnamespace
    UNION ALL
    SELECT p.tableoid, p.oid, 'publication', format('%I', p.pubname), format('%I', p.pubname),
           concat(CASE WHEN p.puballtables THEN 'for all tables' ELSE 'for ' || coalesce(
                      (SELECT string_agg(r.prrelid::regclass::text, ', ' ORDER BY r.prrelid::regclass::text)
                       FROM pg_catalog.pg_publication_rel r WHERE r.prpubid = p.oid), 'no table') END,
                  concat(CASE WHEN p.pubinsert THEN ', insert' END, CASE WHEN p.pubupdate THEN ', update' END,
                         CASE WHEN p.pubdelete THEN ', delete' END, CASE WHEN p.pubtruncate THEN ', truncate' END,
                         CASE WHEN p.pubviaroot THEN ', via root' END)), ARRAY['owner', pg_get_userbyid(p.pubowner)::text]
    FROM pg_catalog.pg_publication p WHERE p.pubname !~ '^pgteal_'
    UNION ALL
    SELECT a.tableoid, a.oid, 'default privileges',
           format('%s of %I%s', CASE a.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions'
                      WHEN 'T' THEN 'types' WHEN 'n' THEN 'schemas' ELSE 'large objects' END, pg_get_userbyid(a.defaclrole),
                  CASE WHEN n.nspname IS NULL THEN '' ELSE format(' in %I', n.nspname) END), '',
           (SELECT string_agg(g.who || '=' || g.what, '; ' ORDER BY g.who)
            FROM (SELECT CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE format('%I', pg_get_userbyid(x.grantee)) END AS who,
                         string_agg(x.privilege_type || CASE WHEN x.is_grantable AND x.grantee <> a.defaclrole THEN '*' ELSE '' END,
                                    ',' ORDER BY x.privilege_type COLLATE "C") AS what
                  FROM aclexplode(a.defaclacl) x
                  WHERE x.privilege_type <> 'MAINTAIN' OR x.grantee <> a.defaclrole GROUP BY 1) g), '{}'
    FROM pg_catalog.pg_default_acl a LEFT JOIN pg_catalog.pg_namespace n ON n.oid = a.defaclnamespace
    UNION ALL
    SELECT w.tableoid, w.oid, 'foreign data wrapper', format('%I', w.fdwname), format('%I', w.fdwname),
           concat('handler ', w.fdwhandler::regproc, ', validator ', w.fdwvalidator::regproc),
           ARRAY['owner', pg_get_userbyid(w.fdwowner)::text]
    FROM pg_catalog.pg_foreign_data_wrapper w
    UNION ALL
    SELECT s.tableoid, s.oid, 'foreign server', format('%I', s.srvname), format('%I', s.srvname),
           concat('wrapper ', w.fdwname, ', type ' || s.srvtype, ', version ' || s.srvversion),
           ARRAY['owner', pg_get_userbyid(s.srvowner)::text, 'options', coalesce((SELECT string_agg(
                     CASE WHEN o ~* '^[^=]*(pass|secret|token|key|credential)' THEN split_part(o, '=', 1) || '=(hidden)' ELSE o END,
                     ', ' ORDER BY o) FROM unnest(s.srvoptions) o), '')]
    FROM pg_catalog.pg_foreign_server s JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid = s.srvfdw
    UNION ALL
    SELECT u.tableoid, u.oid, 'user mapping', i.name, i.name,
           coalesce((SELECT string_agg(CASE WHEN o LIKE 'user=%' THEN o ELSE split_part(o, '=', 1) || '=(hidden)' END, ', ' ORDER BY o)
                     FROM unnest(u.umoptions) o), ''), '{}'
    FROM pg_catalog.pg_user_mapping u JOIN pg_catalog.pg_foreign_server s ON s.oid = u.umserver
    CROSS JOIN LATERAL (SELECT format('%s on %I', CASE u.umuser WHEN 0 THEN 'PUBLIC' ELSE format('%I', pg_get_userbyid(u.umuser)) END,
                                      s.srvname) AS name) i
)
SELECT f.class, f.object, 0 AS sub, 0::oid AS relation, f.kind, f.identity, '' AS parent, f.name, f.definition, f.attributes
FROM found f
WHERE (f.object >= 16384 OR f.kind = 'language')
  AND (f.object < 16384 OR NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = f.class AND d.objid = f.object AND d.deptype IN ('e', 'i')))
UNION ALL
-- The database itself. Left out is the fence with which pgteal keeps clients off the side that stands by.
SELECT d.tableoid, d.oid, 0, 0::oid, 'database', format('%I', d.datname), '', format('%I', d.datname), '',
       ARRAY['owner', pg_get_userbyid(d.datdba)::text,
             'settings', coalesce((SELECT string_agg(concat('role ' || nullif(s.setrole, 0)::regrole || ': ',
                     CASE WHEN o ~* '^[^=]*(pass|secret|token|key|credential)' THEN split_part(o, '=', 1) || '=(hidden)' ELSE o END),
                     ', ' ORDER BY s.setrole::regrole::text, o)
                 FROM pg_catalog.pg_db_role_setting s CROSS JOIN unnest(s.setconfig) o
                 WHERE s.setdatabase = d.oid AND (s.setrole <> 0 OR o NOT LIKE 'default\_transaction\_read\_only=%')), '')]
FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()
