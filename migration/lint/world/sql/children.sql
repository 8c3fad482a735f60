-- Partitions, and children by inheritance.
SELECT h.inhparent AS parent, h.inhrelid AS child
  FROM pg_catalog.pg_inherits h
  JOIN pg_catalog.pg_class c ON c.oid = h.inhrelid AND c.relkind IN ('r', 'p', 'f')
 ORDER BY h.inhparent, c.relname
