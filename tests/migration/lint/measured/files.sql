-- case: made-here-index
-- file:
CREATE TABLE fresh (id int, name text);
CREATE INDEX ON fresh (name);
-- case: made-here-primary-key
-- file:
CREATE TABLE fresh (id int, name text);
ALTER TABLE fresh ADD PRIMARY KEY (id);
-- case: made-here-change-type
-- file:
CREATE TABLE fresh (id int PRIMARY KEY, name text);
ALTER TABLE fresh ALTER COLUMN id TYPE bigint;
-- case: made-here-not-null
-- file:
CREATE TABLE fresh (id int PRIMARY KEY, name text);
ALTER TABLE fresh ALTER COLUMN name SET NOT NULL, ADD CHECK (name <> '');
-- case: made-here-reference
-- file:
CREATE TABLE fresh (id int PRIMARY KEY, customer_id bigint);
ALTER TABLE fresh ADD FOREIGN KEY (customer_id) REFERENCES customers;
-- case: made-here-filled-then-indexed
-- file:
CREATE TABLE fresh AS SELECT id, name FROM customers;
CREATE INDEX ON fresh (id);
ALTER TABLE fresh ADD PRIMARY KEY (id);
-- case: made-in-an-earlier-file
-- file:
CREATE TABLE fresh (id int, name text);
-- next:
CREATE INDEX ON fresh (name);
ALTER TABLE fresh ALTER COLUMN id TYPE bigint;
-- case: made-here-then-renamed
-- file:
CREATE TABLE fresh (id int, name text);
ALTER TABLE fresh RENAME TO renamed;
CREATE INDEX ON renamed (name);
-- case: made-here-then-dropped
-- file:
CREATE TABLE fresh (id int);
DROP TABLE fresh;
-- case: dropped-and-made-again
-- file:
DROP TABLE items;
CREATE TABLE items (id int PRIMARY KEY, name text);
CREATE INDEX ON items (name);
-- case: made-here-as-partition
-- file:
CREATE TABLE events_3 (LIKE events);
ALTER TABLE events ATTACH PARTITION events_3 FOR VALUES FROM ('2026-03-01') TO ('2026-04-01');
-- case: new-column-then-default-then-fill
-- file:
ALTER TABLE customers ADD COLUMN key uuid;
ALTER TABLE customers ALTER COLUMN key SET DEFAULT gen_random_uuid();
-- case: new-column-with-default-set-not-null
-- file:
ALTER TABLE items ADD COLUMN level int DEFAULT 1;
ALTER TABLE items ALTER COLUMN level SET NOT NULL;
-- case: new-column-then-indexed
-- file:
ALTER TABLE customers ADD COLUMN key uuid;
CREATE INDEX ON customers (key);
-- case: new-column-change-its-type
-- file:
ALTER TABLE items ADD COLUMN level int;
ALTER TABLE items ALTER COLUMN level TYPE text;
-- case: not-valid-and-validate-one-file
-- file:
ALTER TABLE customers ADD CONSTRAINT scored CHECK (score > 0) NOT VALID;
ALTER TABLE customers VALIDATE CONSTRAINT scored;
-- case: not-valid-and-validate-two-files
-- file:
ALTER TABLE customers ADD CONSTRAINT scored CHECK (score > 0) NOT VALID;
-- next:
ALTER TABLE customers VALIDATE CONSTRAINT scored;
-- case: foreign-key-not-valid-and-validate-one-file
-- file:
ALTER TABLE items ADD CONSTRAINT of_order FOREIGN KEY (order_id) REFERENCES orders NOT VALID;
ALTER TABLE items VALIDATE CONSTRAINT of_order;
-- case: foreign-key-not-valid-and-validate-two-files
-- file:
ALTER TABLE items ADD CONSTRAINT of_order FOREIGN KEY (order_id) REFERENCES orders NOT VALID;
-- next:
ALTER TABLE items VALIDATE CONSTRAINT of_order;
-- case: not-null-in-three-files
-- file:
ALTER TABLE customers ADD CONSTRAINT has_name CHECK (name IS NOT NULL) NOT VALID;
-- next:
ALTER TABLE customers VALIDATE CONSTRAINT has_name;
-- next:
ALTER TABLE customers ALTER COLUMN name SET NOT NULL;
ALTER TABLE customers DROP CONSTRAINT has_name;
-- case: not-null-without-validating
-- file:
ALTER TABLE customers ADD CONSTRAINT has_name CHECK (name IS NOT NULL) NOT VALID;
-- next:
ALTER TABLE customers ALTER COLUMN name SET NOT NULL;
-- case: not-null-proof-dropped-first
-- setup: ALTER TABLE customers ADD CONSTRAINT has_name CHECK (name IS NOT NULL);
-- file:
ALTER TABLE customers DROP CONSTRAINT has_name;
ALTER TABLE customers ALTER COLUMN name SET NOT NULL;
-- case: index-concurrently-then-constraint
-- hold: UPDATE customers SET score = score WHERE id = 1
-- file:
CREATE UNIQUE INDEX CONCURRENTLY one_email ON customers (email);
-- next:
ALTER TABLE customers ADD CONSTRAINT one_email UNIQUE USING INDEX one_email;
-- case: step-by-step-file
-- hold: UPDATE customers SET score = score WHERE id = 1
-- file:
-- pgteal: no-transaction
SET lock_timeout = '2s';
ALTER TABLE customers ADD COLUMN phone text;
CREATE INDEX CONCURRENTLY customers_phone ON customers (phone);
ALTER TABLE customers ADD CONSTRAINT phoned CHECK (phone <> '') NOT VALID;
ALTER TABLE customers VALIDATE CONSTRAINT phoned;
-- case: rename-then-change-type
-- file:
ALTER TABLE kinds RENAME COLUMN short TO brief;
ALTER TABLE kinds ALTER COLUMN brief TYPE text;
-- case: rename-table-then-index
-- file:
ALTER TABLE items RENAME TO pieces;
CREATE INDEX ON pieces (sku);
-- case: widened-twice
-- file:
ALTER TABLE kinds ALTER COLUMN short TYPE varchar(50);
ALTER TABLE kinds ALTER COLUMN short TYPE text;
-- case: index-dropped-then-free-collation
-- file:
DROP INDEX customers_name;
ALTER TABLE customers ALTER COLUMN name TYPE text COLLATE "C";
-- case: view-dropped-type-changed-view-made
-- setup: CREATE VIEW seen AS SELECT short FROM kinds;
-- file:
DROP VIEW seen;
ALTER TABLE kinds ALTER COLUMN short TYPE text;
CREATE VIEW seen AS SELECT short FROM kinds;
-- case: emptied-then-changed
-- file:
TRUNCATE items;
ALTER TABLE items ALTER COLUMN amount TYPE bigint;
-- case: new-schema-and-table
-- file:
CREATE SCHEMA reports;
CREATE TABLE reports.monthly (id int PRIMARY KEY, total numeric);
CREATE INDEX ON reports.monthly (total);
-- case: search-path-set
-- setup: CREATE TABLE archive.old (id int, name text); INSERT INTO archive.old SELECT n, n FROM generate_series(1, 300) n;
-- file:
SET LOCAL search_path = archive, public;
CREATE INDEX ON old (name);
-- case: quoted-names
-- setup: CREATE TABLE "Odd Name" ("Some Id" int); INSERT INTO "Odd Name" SELECT generate_series(1, 300);
-- file: CREATE INDEX "Odd Index" ON "Odd Name" ("Some Id");
