-- Sequences that can't go round and have given out more than nine tenths of their numbers.
SELECT format('%I.%I', schemaname, sequencename) AS name,
       (CASE WHEN increment_by > 0 THEN max_value::numeric - last_value ELSE last_value - min_value::numeric END
        / abs(increment_by))::numeric(30, 0)::text AS remaining,
       data_type::text AS type
  FROM pg_catalog.pg_sequences
 WHERE last_value IS NOT NULL AND NOT cycle AND schemaname <> 'pgteal'
   AND CASE WHEN increment_by > 0 THEN last_value - min_value::numeric ELSE max_value::numeric - last_value END
       > 0.9 * (max_value::numeric - min_value)
 ORDER BY 1;
