-- The same data, options and seed give the same model for any number of
-- threads; kernels of other widths differ in the last digits only.
SET client_min_messages = warning;
CREATE SCHEMA threads;
SET search_path = threads, public;

-- rows of 1 to 180 entries, so that there are short rows, long ones, and more
-- chunks of them than threads
CREATE TABLE ratings AS
SELECT u AS user_id, i AS item_id, 1 + (u * 7 + i * 3) % 5 AS rating
FROM generate_series(1, 900) AS u, generate_series(1, 180) AS i
WHERE (u * 31 + i * 17) % (2 + (u * i) % 11 + u % 7) = 0 OR i = 1 + u % 180;

-- a digest of all factors of the newest version, bit for bit
CREATE FUNCTION digest(model regclass) RETURNS text LANGUAGE plpgsql AS
$$
DECLARE
	result text;
BEGIN
	EXECUTE format('SELECT md5(string_agg(f, '';'' ORDER BY side, id)) FROM (
		SELECT 1 AS side, id, factors::text || bias AS f FROM %1$s_users WHERE version = (SELECT max(version) FROM %1$s)
		UNION ALL SELECT 2, id, factors::text || bias FROM %1$s_items WHERE version = (SELECT max(version) FROM %1$s)) AS a', model)
	INTO result;
	RETURN result;
END;
$$;

CREATE FUNCTION trained_with(threads integer, options text) RETURNS text LANGUAGE plpgsql AS
$$
BEGIN
	PERFORM set_config('wals.threads', threads::text, false);
	EXECUTE 'SELECT wals_train(''t'', ''ratings'', value_col => ''rating'', iterations => 3, ' || options || ')';
	RETURN digest('t');
END;
$$;

SELECT options, count(DISTINCT trained_with(n, options)) AS models
FROM (VALUES ('factors => 8'), ('factors => 37'), ('factors => 70, solver => ''cg'''),
		('factors => 100, solver => ''block'''), ('factors => 70, weighting => ''log'''),
		('factors => 16, feedback => ''explicit'''),
		('factors => 16, feedback => ''weighted'', unobserved_weighting => ''popularity''')) AS o(options),
	(VALUES (1), (2), (3), (7), (64)) AS t(n)
GROUP BY options ORDER BY options COLLATE "C";

-- a refresh, with rows of one entry and of hundreds; back to the start after each
SELECT wals_train('r', 'ratings', value_col => 'rating', factors => 37, iterations => 2);
SELECT wals_queue_enable('r');
CREATE FUNCTION refreshed_with(threads integer) RETURNS text LANGUAGE plpgsql AS
$$
DECLARE
	result text;
BEGIN
	PERFORM set_config('wals.threads', threads::text, false);
	BEGIN
		UPDATE ratings SET rating = 6 - rating WHERE user_id % 3 = 0;
		INSERT INTO ratings SELECT u, 1000, 5 FROM generate_series(1, 900, 2) AS u;
		PERFORM wals_refresh('r', items => 'touched');
		result := digest('r');
		RAISE 'back';
	EXCEPTION WHEN raise_exception THEN
	END;
	RETURN result;
END;
$$;
SELECT count(DISTINCT refreshed_with(n)) AS models, bool_or(refreshed_with(n) = digest('r')) AS nothing
FROM (VALUES (1), (2), (3), (7), (64)) AS t(n);
SELECT wals_queue_disable('r');

-- the same rows through every kernel: portable runs everywhere, auto is the
-- widest there is
RESET wals.threads;
SET wals.kernel = 'portable';
SELECT wals_train('narrow', 'ratings', factors => 37, iterations => 3);
SET wals.kernel = 'auto';
SELECT wals_train('wide', 'ratings', factors => 37, iterations => 3);
SELECT count(*) AS pairs, max(abs(wals_score(user_id, item_id, 'narrow') - wals_score(user_id, item_id, 'wide'))) < 1e-4 AS same
FROM ratings;

-- settings
SET wals.threads = 257;
SET wals.threads = -1;
SET wals.kernel = 'sse9';
SELECT name, value FROM wals_info() WHERE name IN ('wals.threads', 'wals.kernel') ORDER BY name;

DROP SCHEMA threads CASCADE;
