-- What a round of the fuzzer begins with: sources of all kinds, models of all
-- kinds, and roles that may more or less with them.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE EXTENSION wals;
CREATE ROLE fuzz_owner;
CREATE ROLE fuzz_reader;
CREATE ROLE fuzz_policy;
CREATE ROLE fuzz_nobody;
CREATE SCHEMA w AUTHORIZATION fuzz_owner;
CREATE SCHEMA aside AUTHORIZATION fuzz_owner;
GRANT USAGE ON SCHEMA w, aside TO fuzz_reader, fuzz_policy;
ALTER DATABASE :DBNAME SET search_path = w, public;
SET search_path = w, public;
SET ROLE fuzz_owner;

CREATE DOMAIN small AS bigint CHECK (VALUE < 1000000);
CREATE DOMAIN word AS text;

CREATE TABLE s_int AS
SELECT u AS user_id, i AS item_id, (1 + (u * 3 + i) % 5)::real AS value,
	(1 + (u + i) % 3)::real AS weight,
	timestamptz '2026-01-01 00:00+00' + (u * 7 + i) % 300 * interval '1 hour' AS at,
	123456789012::bigint + i AS alt, 'word ' || i AS txt, md5(i::text)::uuid AS uid
FROM generate_series(1, 60) AS u, generate_series(1, 25) AS i
WHERE (u * u + i * i + u * i) % 7 < 2 OR (u + i) % 5 = 0;
CREATE INDEX s_int_pair ON s_int (user_id, item_id);
CREATE INDEX s_int_item ON s_int (item_id, user_id) INCLUDE (value);

CREATE TABLE s_big (user_id bigint NOT NULL, item_id small, value double precision, weight numeric, at date,
	twice bigint GENERATED ALWAYS AS (user_id * 2) STORED, PRIMARY KEY (user_id, item_id));
INSERT INTO s_big SELECT DISTINCT u, (u * 7 + i * i * 13 + u * i) % 40, 1 + (u + i) % 5, 1, date '2026-02-01' + (u + i) % 40
FROM generate_series(1, 80) AS u, generate_series(1, 10) AS i ON CONFLICT DO NOTHING;

CREATE TABLE s_text AS SELECT 'u' || user_id AS user_id, 'i' || item_id AS item_id, value, weight, at, txt::word AS word FROM s_int;
CREATE INDEX s_text_pair ON s_text (user_id, item_id);
CREATE TABLE s_uuid AS SELECT md5('u' || user_id)::uuid AS user_id, md5('i' || item_id)::uuid AS item_id, value, weight, at FROM s_int;

CREATE TABLE s_part (user_id integer, item_id bigint, value integer, weight real, at timestamp) PARTITION BY HASH (user_id);
CREATE TABLE s_part_0 PARTITION OF s_part FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE s_part_1 (weight real, at timestamp, junk text, value integer, item_id bigint, user_id integer);
ALTER TABLE s_part_1 DROP COLUMN junk;
ALTER TABLE s_part ATTACH PARTITION s_part_1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO s_part SELECT user_id, item_id, value, weight, at FROM s_int;

CREATE VIEW s_view AS SELECT user_id, item_id, value, weight, at FROM s_int WHERE value > 1;
CREATE TABLE row_w (user_id bigint PRIMARY KEY, weight real);
INSERT INTO row_w SELECT i, 0.5 + i % 4 FROM generate_series(1, 60) AS i;
CREATE TABLE col_w (item_id bigint PRIMARY KEY, weight double precision);
INSERT INTO col_w SELECT i, 0.5 + i % 3 FROM generate_series(1, 25) AS i;
CREATE TABLE labels (id bigint PRIMARY KEY, name text, other text);
INSERT INTO labels SELECT i, 'label <' || i || '>', '&' FROM generate_series(1, 25) AS i;
CREATE TABLE few (user_id bigint, item_id bigint, value real);
INSERT INTO few SELECT user_id, item_id, value FROM s_int WHERE (user_id + item_id) % 9 = 0;

-- two versions each
SELECT wals_train(m, s, feedback => f, value_col => v, factors => k, iterations => 2, seed => n)
FROM (VALUES ('mi', 's_int', 'implicit', NULL, 8), ('mx', 's_int', 'explicit', 'value', 4),
	('mb', 's_big', 'implicit', 'value', 6), ('mt', 's_text', 'implicit', 'value', 5),
	('mu', 's_uuid', 'explicit', 'value', 3), ('mp', 's_part', 'implicit', NULL, 4),
	('mv', 's_view', 'implicit', NULL, 4)) AS x(m, s, f, v, k), generate_series(1, 2) AS n;
SELECT wals_train('mw', 's_int', value_col => 'value', weight_col => 'weight', time_col => 'at', feedback => 'weighted',
	half_life => '10 days', row_weights => 'row_w', col_weights => 'col_w', factors => 4, iterations => 2, seed => n)
FROM generate_series(1, 2) AS n;
CREATE TABLE imp_users AS SELECT id, factors FROM mi_users WHERE version = 2;
CREATE TABLE imp_items AS SELECT id, factors FROM mi_items WHERE version = 2;
SELECT wals_import('mm', 'imp_users', 'imp_items', source => 's_int');
SELECT wals_set_default('mi');
SELECT wals_queue_enable('mi');
SELECT wals_queue_enable('mt');

GRANT SELECT ON ALL TABLES IN SCHEMA w TO fuzz_reader, fuzz_policy;
-- by these, whom row security restricts sees all the same rows, read by statements
DO $$
DECLARE
	t regclass;
BEGIN
	FOR t IN SELECT oid FROM pg_class WHERE relnamespace = 'w'::regnamespace AND relkind IN ('r', 'p') LOOP
		EXECUTE format('CREATE POLICY everything ON %s TO fuzz_policy USING (true)', t);
	END LOOP;
END;
$$;

-- for triggers to come
CREATE FUNCTION falsify() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW := json_populate_record(NEW, json_build_object('factors', ARRAY[1, 'NaN'::real], 'weight', -1, 'n', -5));
	RETURN NEW;
END;
$$;
CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END;$$;
RESET ROLE;
VACUUM ANALYZE;
