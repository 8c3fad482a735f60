-- Replication origins with a state slot; a subscription's origin is named pg_<oid of the subscription>.
SELECT count(*) AS origins,
       count(*) FILTER (WHERE EXISTS (SELECT FROM pg_catalog.pg_subscription s
                                       WHERE s.subname LIKE 'pgteal\_%' AND o.external_id = 'pg_' || s.oid)) AS origins_ours
  FROM pg_catalog.pg_replication_origin_status o;
