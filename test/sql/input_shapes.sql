--
-- Shapes of the input: empty, smallest, more factors than users, singular; and
-- what a model depends on: the set of rows and the seed, not their order.
--
SET client_min_messages = warning;
CREATE SCHEMA wals_shapes;
SET search_path = wals_shapes, public;

-- What becomes of a statement: its result, or SQLSTATE, message, detail, hint.
CREATE FUNCTION outcome(statement text) RETURNS SETOF text
LANGUAGE plpgsql AS $$
DECLARE
	state text;
	message text;
	detail text;
	hint text;
BEGIN
	RETURN QUERY EXECUTE format('SELECT x::text FROM (%s) AS x', statement);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state := RETURNED_SQLSTATE,
		message := MESSAGE_TEXT, detail := PG_EXCEPTION_DETAIL,
		hint := PG_EXCEPTION_HINT;
	RETURN NEXT state || ' ' || message;
	RETURN QUERY SELECT l FROM (VALUES ('  DETAIL: ' || NULLIF(detail, '')),
		('  HINT: ' || NULLIF(hint, ''))) AS v(l) WHERE l IS NOT NULL;
END $$;
CREATE TABLE ratings AS
SELECT u AS user_id, i AS item_id, (u * u * 3 + i * 5 + u * i) % 5 + 1 AS value,
	(u + i * i) % 3 / 2.0 + 0.5 AS weight, date '2024-01-01' + (u * i) % 7 AS day
FROM generate_series(1, 40) AS u, generate_series(1, 25) AS i
WHERE (u * u + u * i + 2 * i * i) % 11 < 3;

-- Users, items and entries of the model of a query, and whether all is finite.
CREATE FUNCTION shape(query text, options text DEFAULT 'factors => 2')
RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE 'CREATE VIEW source AS ' || query;
	RETURN QUERY SELECT regexp_replace(o, 'pivot \S+ of', 'pivot ... of')
	FROM outcome('SELECT wals_train(''m'', ''source'', iterations => 1, ' ||
		options || ')') AS o WHERE o <> '(1)';
	IF to_regclass('m') IS NOT NULL THEN
		RETURN QUERY SELECT format('%s users, %s items, %s entries, %s',
			n_users, n_items, n_entries,
			CASE WHEN loss < 'Infinity' AND (SELECT bool_and(abs(x) < 'Infinity')
				FROM (SELECT unnest(factors || bias || norm) AS x FROM m_users
				UNION ALL SELECT unnest(factors || bias || norm) FROM m_items)
				AS f) THEN 'finite' ELSE 'not finite' END) FROM m;
		PERFORM wals_drop('m');
	END IF;
	DROP VIEW source;
END $$;

\pset format unaligned
\pset tuples_only on
-- nothing to train on: no model is left behind
SELECT shape('SELECT * FROM ratings WHERE false');
SELECT shape('SELECT NULL::int AS user_id, item_id FROM ratings');
SELECT shape('SELECT * FROM ratings', 'min_user_rows => 26');
SELECT shape('SELECT * FROM ratings', 'min_item_rows => 41');
-- fewer than two of either side
SELECT shape('SELECT 1 AS user_id, 1 AS item_id');
SELECT shape('SELECT 1 AS user_id, item_id FROM ratings WHERE user_id = 1');
SELECT shape('SELECT user_id, 1 AS item_id FROM ratings WHERE item_id = 1');
SELECT shape('SELECT 1 AS user_id, 1 AS item_id FROM ratings');
SELECT to_regclass('m'), to_regclass('m_users'), to_regclass('m_items');
-- two of each are enough, also side by side
SELECT shape('SELECT n AS user_id, n AS item_id FROM generate_series(1, 2) n');
SELECT shape('SELECT * FROM (VALUES (1, 1), (1, 2), (2, 1)) '
	'AS v(user_id, item_id)');
-- a full matrix, one row against many
SELECT shape('SELECT u AS user_id, i AS item_id '
	'FROM generate_series(1, 9) AS u, generate_series(1, 7) AS i');
SELECT shape('SELECT * FROM ratings WHERE user_id <= 2');
SELECT shape('SELECT * FROM ratings WHERE item_id <= 2');
-- more factors than users and items, up to the limit
SELECT shape('SELECT * FROM ratings', 'factors => 1');
SELECT shape('SELECT * FROM ratings', 'factors => 26');
SELECT shape('SELECT * FROM ratings', 'factors => 65');
SELECT shape('SELECT * FROM ratings WHERE user_id <= 3', 'factors => 1024');
SELECT shape('SELECT * FROM ratings', 'factors => 33, value_col => ''value'', '
	'feedback => ''explicit''');
-- no regularization: fine where the systems are regular, else refused by name
SELECT shape('SELECT * FROM ratings', 'factors => 2, regularization => 0');
SELECT shape('SELECT * FROM ratings', 'factors => 2, regularization => 0, '
	'feedback => ''explicit'', value_col => ''value'', biases => false');
SELECT shape('SELECT * FROM ratings', 'factors => 30, regularization => 0, '
	'feedback => ''explicit'', value_col => ''value''');
SELECT shape('SELECT ''u'' || user_id AS user_id, ''i'' || item_id AS item_id, '
	'value FROM ratings', 'factors => 30, regularization => 0, '
	'feedback => ''explicit'', value_col => ''value'', biases => false');
-- rare users and items are left out, both counted once before
SELECT shape('SELECT * FROM ratings', 'factors => 2, min_user_rows => 8');
SELECT shape('SELECT * FROM ratings', 'factors => 2, min_item_rows => 12');
SELECT shape('SELECT * FROM ratings', 'factors => 2, min_user_rows => 8, '
	'min_item_rows => 12');
WITH u AS (SELECT user_id FROM ratings GROUP BY 1 HAVING count(*) >= 8),
	i AS (SELECT item_id FROM ratings GROUP BY 1 HAVING count(*) >= 12)
SELECT count(DISTINCT user_id), count(DISTINCT item_id), count(*)
FROM ratings JOIN u USING (user_id) JOIN i USING (item_id);
-- duplicates count once for that
SELECT shape('SELECT r.* FROM ratings AS r, generate_series(1, 9)',
	'factors => 2, min_user_rows => 8');

-- the same rows in another order, with dead rows between: the same bits
CREATE TABLE reversed (LIKE ratings);
INSERT INTO reversed SELECT * FROM ratings ORDER BY user_id DESC, item_id DESC;
CREATE TABLE shuffled (note text, LIKE ratings);
INSERT INTO shuffled SELECT 'x', * FROM ratings
ORDER BY (user_id * 7919 + item_id * 104729) % 997, user_id, item_id;
UPDATE shuffled SET note = 'y' WHERE (user_id + item_id) % 3 = 0;

-- Of the factors of both sides, losses, last loss and objective: how many
-- different ones the relations give.
CREATE FUNCTION kinds(options text,
	sources text[] DEFAULT '{ratings,reversed,shuffled}')
RETURNS TABLE (entries bigint, kinds bigint[])
LANGUAGE plpgsql AS $$
DECLARE
	source text;
BEGIN
	FOREACH source IN ARRAY sources LOOP
		EXECUTE format('SELECT wals_train(%L, %L, factors => 5, iterations => 4, '
			'keep_versions => 9, %s)', 'm', source, options);
	END LOOP;
	RETURN QUERY SELECT min(m.n_entries), ARRAY[
		(SELECT count(DISTINCT s) FROM (SELECT array_agg((id, factors::text,
			bias, n, norm) ORDER BY id)::text AS s
			FROM m_users GROUP BY version) AS x),
		(SELECT count(DISTINCT s) FROM (SELECT array_agg((id, factors::text,
			bias, n, norm) ORDER BY id)::text AS s
			FROM m_items GROUP BY version) AS x),
		count(DISTINCT losses), count(DISTINCT loss),
		count(DISTINCT objective)] FROM m;
	PERFORM wals_drop('m');
END $$;
SELECT * FROM kinds('seed => 0');
SELECT * FROM kinds('value_col => ''value'', weight_col => ''weight'', '
	'weighting => ''log'', time_col => ''day'', half_life => ''3 days''');
SELECT * FROM kinds('value_col => ''value'', feedback => ''explicit'', '
	'row_weight_exponent => -0.5');

-- so do rows in blocks that are just full, and just not
CREATE FUNCTION blocks(user_id text, item_id text)
RETURNS TABLE (rows int, entries bigint, kinds bigint[])
LANGUAGE plpgsql AS $$
BEGIN
	FOREACH rows IN ARRAY '{2047,2048,2049,4095,4096,4097}'::int[] LOOP
		EXECUTE format('CREATE TABLE up AS SELECT %s AS user_id, %s AS item_id, '
			'n %% 5 + 1 AS value, 1 AS weight FROM (SELECT n, n / 50 AS u, '
			'n * 7 %% 50 AS i FROM generate_series(1, %s) AS n) AS r',
			user_id, item_id, rows);
		CREATE TABLE down AS SELECT * FROM up ORDER BY ctid DESC;
		-- rows that are left out take no room in them
		CREATE VIEW gaps AS SELECT r.* FROM up, LATERAL (VALUES
			(user_id, item_id, value, 0), (user_id, item_id, value, 1),
			(NULL, item_id, value, 1)) AS r(user_id, item_id, value, weight);
		SELECT k.* INTO entries, kinds FROM kinds('value_col => ''value'', '
			'weight_col => ''weight'', feedback => ''explicit''',
			'{up,down,gaps}') AS k;
		RETURN NEXT;
		DROP VIEW gaps;
		DROP TABLE up, down;
	END LOOP;
END $$;
SELECT * FROM blocks('u', 'i');
SELECT * FROM blocks('''user '' || u', 'i * 1000003::bigint');

-- the seed decides the start: the same one, the same bits
SELECT wals_train('s', 'ratings', factors => 4, iterations => 2, seed => seed,
	keep_versions => 9)
FROM unnest('{0,0,1,-1,1,9223372036854775807,-9223372036854775808}'::bigint[])
	WITH ORDINALITY AS v(seed, n) ORDER BY n;
WITH v AS (SELECT version, string_agg(factors::text, ' ' ORDER BY id) AS sum
	FROM s_users GROUP BY version)
SELECT v.version, s.options->>'seed', min(w.version)
FROM v JOIN v AS w USING (sum) JOIN s ON s.version = v.version
GROUP BY 1, 2 ORDER BY 1;
\pset tuples_only off
\pset format aligned

SET client_min_messages = error;
DROP SCHEMA wals_shapes CASCADE;
