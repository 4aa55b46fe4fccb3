--
-- Several rows of the same user and item: each policy gives the model of the
-- table that was merged before, bit for bit.
--
SET client_min_messages = warning;
CREATE SCHEMA wals_duplicates;
SET search_path = wals_duplicates, public;

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
-- 1 to 3 rows per pair, in no order; "late" is later for higher n, and in a
-- tie the larger value and then the larger weight win
CREATE TABLE ratings AS
SELECT u AS user_id, i AS item_id, (u * 3 + i * 5 + n * 7) % 5 - 1 AS value,
	(u + i + n * 2) % 3 + 1 AS weight, n / 2 AS late
FROM generate_series(1, 7) AS u, generate_series(1, 6) AS i,
	generate_series(0, 2) AS n
WHERE (u * u + 3 * i) % 5 < 3 AND n <= (u + i) % 3
ORDER BY (u * 5 + i * 11 + n * 17) % 19;
SELECT count(*), count(DISTINCT (user_id, item_id)) FROM ratings;

CREATE VIEW merged_sum AS SELECT user_id, item_id, sum(value) AS value,
	max(weight) AS weight, 0 AS late
FROM ratings GROUP BY 1, 2;
CREATE VIEW merged_max AS SELECT user_id, item_id, max(value) AS value,
	max(weight) AS weight, 0 AS late FROM ratings GROUP BY 1, 2;
CREATE VIEW merged_avg AS SELECT user_id, item_id, avg(value::float8) AS value,
	max(weight) AS weight, 0 AS late
FROM ratings GROUP BY 1, 2;
CREATE VIEW merged_last AS SELECT DISTINCT ON (user_id, item_id) *
FROM ratings ORDER BY user_id, item_id, late DESC, value DESC, weight DESC;

-- Train on both and compare every factor, bias, count and the loss.
CREATE FUNCTION compare(policy text, merged regclass, common text)
RETURNS TABLE (entries bigint, same_factors bool, same_loss bool)
LANGUAGE plpgsql AS $$
DECLARE
	call text := 'SELECT wals_train(%L, %L, factors => 3, iterations => 3, '
		'time_col => ''late'', %s)';
BEGIN
	EXECUTE format(call, 'a', 'ratings', common ||
		COALESCE(', duplicates => ' || quote_literal(policy), ''));
	EXECUTE format(call, 'b', merged, common || ', duplicates => ''error''');
	RETURN QUERY SELECT a.n_entries,
		NOT EXISTS (TABLE a_users EXCEPT TABLE b_users) AND
		NOT EXISTS (TABLE a_items EXCEPT TABLE b_items) AND
		(SELECT count(*) FROM a_users) = (SELECT count(*) FROM b_users) AND
		(SELECT count(*) FROM a_items) = (SELECT count(*) FROM b_items),
		a.losses = b.losses AND a.loss = b.loss AND a.n_entries = b.n_entries
		FROM a, b;
	PERFORM wals_drop('a'), wals_drop('b');
END $$;

SELECT policy, c.*
FROM (VALUES ('sum'), ('max'), ('avg'), ('last')) AS v(policy), LATERAL
	compare(policy, ('merged_' || policy)::regclass,
		'value_col => ''value'', feedback => ''explicit''') AS c;
SELECT policy, c.*
FROM (VALUES ('sum'), ('max'), ('last')) AS v(policy), LATERAL
	compare(policy, ('merged_' || policy)::regclass,
		'value_col => ''value'', weight_col => ''weight'', '
		'feedback => ''weighted'', unobserved_weight => 0.5') AS c;
-- implicit feedback: a sum of 0 is no entry, one below is a dislike
SELECT policy, c.*
FROM (VALUES ('sum'), ('max'), ('avg'), ('last')) AS v(policy), LATERAL
	compare(policy, ('merged_' || policy)::regclass,
		'value_col => ''value'', weighting => ''linear''') AS c;
-- without a value column each row counts 1; a sum counts the rows
SELECT policy, c.* FROM (VALUES ('max'), ('avg'), ('last')) AS v(policy),
	LATERAL compare(policy, ('merged_' || policy)::regclass, 'alpha => 1') AS c;
CREATE VIEW ones AS SELECT user_id, item_id, 1 AS value, late FROM ratings;
CREATE VIEW counted AS SELECT user_id, item_id, count(*) AS value, 0 AS late
FROM ratings GROUP BY 1, 2;
SELECT wals_train('a', 'ones', value_col => 'value', weighting => 'linear',
	factors => 3, iterations => 3);
SELECT wals_train('b', 'counted', value_col => 'value', weighting => 'linear',
	factors => 3, iterations => 3);
SELECT wals_train('c', 'ratings', weighting => 'linear',
	factors => 3, iterations => 3);
SELECT count(*) FROM a_users JOIN b_users USING (id, factors)
JOIN c_users USING (id, factors);
SELECT wals_drop('a'), wals_drop('b'), wals_drop('c');

-- defaults: implicit sum; explicit and weighted the last with a time, else avg
SELECT * FROM compare(NULL, 'merged_sum',
	$$value_col => 'value', weighting => 'linear'$$);
SELECT * FROM compare(NULL, 'merged_last',
	$$value_col => 'value', feedback => 'explicit'$$);
SELECT wals_train('a', 'ratings', value_col => 'value', feedback => 'weighted',
	factors => 3, iterations => 3);
SELECT wals_train('b', 'merged_avg', value_col => 'value',
	feedback => 'weighted', factors => 3, iterations => 3);
SELECT options->>'duplicates' AS duplicates, a.loss = b.loss AS same_loss
FROM a, (SELECT loss FROM b) AS b;

-- the order of duplicates does not matter, for fractions either
CREATE TABLE fractions AS
SELECT user_id, item_id, value / 7.0 + n / 13.0 AS value
FROM ratings, generate_series(1, 20) AS n;
CREATE TABLE reversed AS SELECT f.* FROM fractions AS f ORDER BY value DESC;
SELECT wals_train('f', 'fractions', value_col => 'value', factors => 3,
	feedback => 'explicit', duplicates => d, iterations => 3)
FROM unnest('{sum,avg}'::text[]) AS d;
SELECT wals_train('r', 'reversed', value_col => 'value', factors => 3,
	feedback => 'explicit', duplicates => d, iterations => 3)
FROM unnest('{sum,avg}'::text[]) AS d;
SELECT f.version, count(*) FROM f_users AS f
JOIN r_users AS r USING (version, id, factors) GROUP BY 1 ORDER BY 1;

\pset format unaligned
\pset tuples_only on
-- duplicates refused
SELECT outcome($$SELECT wals_train('e', 'ratings', duplicates => 'error')$$);
CREATE VIEW texts AS SELECT 'u' || user_id AS user_id, 'i' || item_id AS item_id
FROM ratings ORDER BY 1, 2;
SELECT outcome($$SELECT wals_train('e', 'texts', duplicates => 'error')$$);
SELECT outcome($$SELECT wals_train('e', 'ratings', duplicates => 'last')$$);
SELECT outcome($$SELECT wals_train('e', 'ratings', duplicates => 'first')$$);
\pset tuples_only off
\pset format aligned

DROP SCHEMA wals_duplicates CASCADE;
