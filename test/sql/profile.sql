-- wals_profile: what is in a relation of ratings, counted by hand
CREATE SCHEMA profile;
SET search_path = profile, public;
SET timezone = 'UTC';
SET wals.threads = 1;

-- The cost depends on the machine; everything else is known.
CREATE FUNCTION facts(source regclass, user_col name DEFAULT 'user_id',
	item_col name DEFAULT 'item_id', value_col name DEFAULT NULL,
	weight_col name DEFAULT NULL, time_col name DEFAULT NULL)
RETURNS TABLE (property text, value numeric, note text)
LANGUAGE sql AS $$
	SELECT property, trim_scale(value), note
	FROM wals_profile(source, user_col, item_col, value_col, weight_col, time_col)
	WHERE property !~ '^(training|version)_' AND property <> 'advice' $$;
CREATE FUNCTION advice(source regclass, user_col name DEFAULT 'user_id',
	item_col name DEFAULT 'item_id', value_col name DEFAULT NULL,
	weight_col name DEFAULT NULL, time_col name DEFAULT NULL)
RETURNS SETOF text
LANGUAGE sql AS $$
	SELECT note
	FROM wals_profile(source, user_col, item_col, value_col, weight_col, time_col)
	WHERE property = 'advice' $$;

-- Eight rows of twenty are good: users 1 to 3, items a to d, one pair twice.
CREATE TABLE crafted (user_id integer, item_id text, v numeric, w real, t timestamptz);
CREATE INDEX ON crafted (user_id);
INSERT INTO crafted VALUES
	(1, 'a', 3, 1, '2025-01-05 00:00+00'),
	(1, 'b', -1, 1, '2025-01-01 12:00+00'),
	(1, 'b', 3, 2, '2025-01-02 00:00+00'),
	(1, 'c', 0, 1, '2025-01-03 00:00+00'),
	(2, 'a', 0.5, 1, '2025-01-03 00:00+00'),
	(2, 'd', 3, 1, '2025-01-09 00:00+00'),
	(3, 'a', 0.5, 1, '2025-01-03 00:00.25+00'),
	(3, 'c', 7, 1, '2025-01-03 00:00+00'),
	(NULL, 'a', 1, 1, '2025-01-01'),
	(4, NULL, 1, 1, '2025-01-01'),
	(4, 'e', NULL, 1, '2025-01-01'),
	(4, NULL, NULL, NULL, NULL),
	(4, 'e', 'NaN', 1, '2020-01-01'),
	(4, 'e', 'Infinity', 1, '2020-01-01'),
	(4, 'e', 1e300, 1, '2020-01-01'),
	(4, 'e', 1, -2, '2020-01-01'),
	(4, 'e', 1, 'NaN', '2020-01-01'),
	(4, 'e', 1, 1, '-infinity'),
	(4, 'e', 'NaN', -1, 'infinity'),
	(4, 'e', 100, 0, '2020-01-01');
SELECT * FROM facts('crafted', value_col => 'v', weight_col => 'w', time_col => 't');

-- What is not asked for is not reported, nor are its rows left out.
SELECT * FROM facts('crafted') WHERE property IN ('rows', 'rows_with_null', 'users', 'entries')
	OR property ~ '^(value|rows_with_bad|oldest)';

-- What it will cost: memory by the formula, all of it positive.
SELECT property, value > 0 AS positive, note FROM wals_profile('crafted', factors => 16)
WHERE property ~ '^(training|version)_';
SET wals.max_memory = 0;
SELECT note FROM wals_profile('crafted') WHERE property = 'training_memory_mb';
RESET wals.max_memory;
SELECT few.value < many.value AS more_factors_cost_more
FROM wals_profile('crafted', factors => 8) AS few
JOIN wals_profile('crafted', factors => 1024) AS many USING (property)
WHERE property IN ('training_memory_mb', 'version_mb');
-- 5 users and items, 4 * 1024 + 112 bytes each
SELECT value FROM wals_profile('crafted', value_col => 'v', factors => 1024)
WHERE property = 'version_mb';

-- The top hundredth of the items, and medians of an even number.
CREATE TABLE spread AS
SELECT i % 40 AS user_id, i AS item_id FROM generate_series(1, 240) AS i
UNION ALL
SELECT u, 7 FROM generate_series(0, 29) AS u WHERE u <> 7;
SELECT * FROM facts('spread') WHERE property IN ('items', 'entries', 'density',
	'user_entries_median', 'item_entries_max', 'items_with_one_entry', 'top_items_share');

-- More different values than are counted.
CREATE TABLE many AS SELECT i % 300 AS user_id, i % 307 AS item_id, i / 8.0 AS v
FROM generate_series(1, 65537) AS i;
SELECT * FROM facts('many', value_col => 'v') WHERE property ~ 'value';

-- Every type of id, and every kind of relation.
CREATE TABLE uuids AS
SELECT md5(user_id::text)::uuid AS user_id, item_id::smallint FROM spread;
SELECT property, value, note FROM facts('uuids') WHERE property IN ('users', 'items', 'user_entries_max');
CREATE VIEW seen AS SELECT user_id::text COLLATE "C", item_id::bigint FROM spread WHERE item_id < 100;
SELECT property, value, note FROM facts('seen') WHERE property IN ('users', 'items', 'user_entries_max');
CREATE MATERIALIZED VIEW stored AS SELECT * FROM spread;
SELECT * FROM advice('stored');
CREATE TABLE parts (user_id bigint, item_id bigint, seen_on date) PARTITION BY HASH (user_id);
CREATE TABLE parts_0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO parts SELECT user_id, item_id, date '2025-03-01' + item_id % 7 FROM spread;
SELECT * FROM facts('parts', time_col => 'seen_on')
WHERE property IN ('rows', 'users', 'oldest_time', 'newest_time');
SELECT * FROM advice('parts', time_col => 'seen_on');
CREATE INDEX ON parts (user_id);
SELECT * FROM advice('parts', time_col => 'seen_on');

-- Advice, one table a kind.  A good source gets none.
CREATE TABLE good AS
SELECT u AS user_id, i AS item_id, 1 + (u * i) % 50 / 2.0 AS v, 1700000000 + u AS t
FROM generate_series(1, 40) AS u, generate_series(1, 40) AS i
WHERE (u * 7 + i * 11 + u * i) % 5 = 0;
CREATE INDEX ON good (user_id, item_id);
SELECT * FROM advice('good', value_col => 'v', time_col => 't');
SELECT property, value, note FROM facts('good', time_col => 't') WHERE property ~ 'time$';
SELECT * FROM advice('good', 'item_id', 'user_id', time_col => 't');
CREATE VIEW worded AS SELECT user_id AS "Kundin", item_id AS ref, item_id AS track, user_id AS customer_item, t FROM good;
SELECT * FROM advice('worded', 'Kundin', 'ref', time_col => 't');
SELECT * FROM advice('worded', 'track', 'ref', time_col => 't');
SELECT * FROM advice('worded', 'customer_item', 'track', time_col => 't');

-- empty; one item only
CREATE TABLE nothing (user_id uuid PRIMARY KEY, item_id uuid, t timestamp);
SELECT * FROM facts('nothing', time_col => 't');
SELECT * FROM advice('nothing', time_col => 't');
-- refused numbers, NULLs and all the rest of the crafted table
SELECT * FROM advice('crafted', value_col => 'v', weight_col => 'w', time_col => 't');
-- ratings; constants; zeros only
CREATE VIEW stars AS SELECT *, 1 + (user_id * item_id) % 5 AS rating, 7 AS seven, 0 AS zero FROM good;
SELECT * FROM advice('stars', value_col => 'rating', time_col => 't');
SELECT * FROM advice('stars', value_col => 'seven', time_col => 't');
SELECT * FROM advice('stars', value_col => 'zero', time_col => 't');
-- an item everybody has; a user who has everything; items without end
CREATE VIEW everybody AS SELECT user_id, item_id, t FROM good UNION SELECT u, 100, 0 FROM generate_series(1, 36) AS u;
SELECT * FROM advice('everybody', time_col => 't');
CREATE VIEW robot AS SELECT user_id, item_id * 3 + user_id % 3 AS item_id, t FROM good
UNION SELECT 100, i, 0 FROM generate_series(3, 122) AS i;
SELECT * FROM advice('robot', time_col => 't');
CREATE VIEW turned AS SELECT i % 4 AS a, i AS b, i AS t FROM generate_series(1, 200) AS i;
SELECT * FROM advice('turned', 'a', 'b', time_col => 't');
-- users who come once
CREATE VIEW passing AS SELECT i AS user_id, i % 9 AS item_id, i AS t FROM generate_series(1, 100) AS i;
SELECT * FROM advice('passing', time_col => 't');
-- the future; no time at all; a name to be quoted
CREATE TABLE "Odd Name" ("User's" integer, "Item" integer, "At" timestamp);
INSERT INTO "Odd Name" SELECT user_id, item_id, timestamp '2999-01-01' FROM good;
SELECT * FROM advice('"Odd Name"', 'User''s', 'Item', time_col => 'At');
SELECT * FROM advice('"Odd Name"', 'User''s', 'Item');
SELECT * FROM advice('spread');
-- an index that is partial, or begins with something else, serves nobody
CREATE INDEX ON spread (item_id, user_id);
CREATE INDEX ON spread (user_id) WHERE item_id > 5;
CREATE INDEX ON spread USING brin (user_id);
SELECT * FROM advice('spread') WHERE advice ~ 'INDEX';
CREATE INDEX ON spread USING hash (user_id);
SELECT * FROM advice('spread') WHERE advice ~ 'INDEX';
-- memory
CREATE TABLE wide AS SELECT i % 1000 AS user_id, i AS item_id, i AS t FROM generate_series(1, 3000) AS i;
CREATE INDEX ON wide (user_id);
SET wals.max_memory = '8MB';
SELECT regexp_replace(note, '\d+MB', '...MB') FROM wals_profile('wide', time_col => 't', factors => 1024)
WHERE property = 'advice';
SELECT note FROM wals_profile('wide', time_col => 't', factors => 16) WHERE property = 'advice';
SET wals.max_memory = '64kB';
\set VERBOSITY sqlstate
SELECT * FROM wals_profile('wide');
\set VERBOSITY default
RESET wals.max_memory;

-- Rights, and row-level security, as in a training.
CREATE ROLE regress_profile_reader;
GRANT USAGE ON SCHEMA profile TO regress_profile_reader;
SET ROLE regress_profile_reader;
SELECT * FROM wals_profile('good');
RESET ROLE;
GRANT SELECT (user_id, item_id) ON good TO regress_profile_reader;
SET ROLE regress_profile_reader;
SELECT value FROM wals_profile('good') WHERE property = 'rows';
SELECT * FROM wals_profile('good', value_col => 'v');
RESET ROLE;
ALTER TABLE good ENABLE ROW LEVEL SECURITY;
CREATE POLICY visible ON good TO regress_profile_reader USING (user_id <= 20);
SET ROLE regress_profile_reader;
SELECT property, value, note FROM wals_profile('good') WHERE property IN ('rows', 'users') OR note ~ 'security';
RESET ROLE;
SELECT value FROM wals_profile('good') WHERE property = 'rows';

-- Errors
SELECT * FROM wals_profile(NULL);
SELECT * FROM wals_profile('nowhere');
SELECT * FROM wals_profile('good', user_col => 'customer');
SELECT * FROM wals_profile('crafted', user_col => 'v');
SELECT * FROM wals_profile('crafted', value_col => 'item_id');
SELECT * FROM wals_profile('crafted', time_col => 'w');
SELECT * FROM wals_profile('good', factors => 0);
SELECT * FROM wals_profile('good', factors => 1025);
SELECT wals_train('judged', 'spread', factors => 2, iterations => 1) > 0 AS trained;
SELECT * FROM wals_profile('judged');
-- NULLs mean defaults
SELECT count(*) > 10 AS many FROM wals_profile('spread', NULL, NULL, NULL, NULL, NULL, NULL);

SET client_min_messages = warning;
DROP SCHEMA profile CASCADE;
DROP ROLE regress_profile_reader;
