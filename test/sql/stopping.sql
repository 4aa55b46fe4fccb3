-- When a training stops: after its iterations, when the loss hardly falls any
-- more (tolerance), when the time is up (max_seconds).  What it says of it and
-- what it records.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA stopping;
SET search_path = stopping, public;

CREATE FUNCTION outcome(statement text) RETURNS text
LANGUAGE plpgsql AS
$$
DECLARE
	detail text;
BEGIN
	EXECUTE statement;
	RETURN 'fine';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN SQLSTATE || ': ' || SQLERRM || E'\n  detail: ' || detail;
END;
$$;

CREATE TABLE seen AS
SELECT u AS user_id, i AS item_id
FROM generate_series(1, 60) AS u, generate_series(1, 40) AS i
WHERE (u * 7919 + i * 104729 + u * i * 31) % 101 < 20 + 30 * (u % 3 = i % 3)::integer;

-- ---------------------------------------------------------------------------
-- All iterations: the default, and what is reached in the last one
-- ---------------------------------------------------------------------------

SELECT wals_train('m', 'seen', factors => 8, iterations => 30, keep_versions => 99);
SELECT wals_train('m', 'seen', factors => 8, iterations => 30, keep_versions => 99,
	tolerance => 0, max_seconds => 2147483646);
SELECT wals_train('m', 'seen', factors => 8, iterations => 1, keep_versions => 99, tolerance => 1);
SELECT version, iterations, stop_reason, options -> 'iterations' AS asked,
	options -> 'tolerance' AS tolerance, options -> 'max_seconds' AS max_seconds,
	cardinality(losses) AS losses, cardinality(iteration_seconds) AS seconds
FROM m ORDER BY version;

-- ---------------------------------------------------------------------------
-- tolerance
-- ---------------------------------------------------------------------------

-- it stops after the first iteration whose relative fall is below it, and not
-- before: what the training that ran them all says
SET client_min_messages = notice;
SELECT wals_train('m', 'seen', factors => 8, iterations => 30, keep_versions => 99, tolerance => 0.01);
SET client_min_messages = warning;
SELECT wals_train('m', 'seen', factors => 8, iterations => 30, keep_versions => 99, tolerance => 0.001);
SELECT wals_train('m', 'seen', factors => 8, iterations => 30, keep_versions => 99, tolerance => 1);
CREATE VIEW falls AS
SELECT (options ->> 'tolerance')::float8 AS tolerance, m.iterations, m.stop_reason,
	(SELECT min(f.iteration) FROM wals_training_log AS f
	WHERE f.model = 'm'::regclass AND f.version = 1
		AND - f.rel_change <= (m.options ->> 'tolerance')::float8) AS expected,
	cardinality(losses) = iterations AND cardinality(iteration_seconds) = iterations AS complete,
	m.losses = (SELECT first.losses[1:m.iterations] FROM m AS first WHERE first.version = 1) AS same_way,
	m.loss <= m.losses[iterations] AS last_half_sweep
FROM m WHERE version > 3 ORDER BY version;
SELECT tolerance, iterations BETWEEN 2 AND 29 AS early, iterations = expected AS as_expected,
	stop_reason, complete, same_way, last_half_sweep FROM falls;

-- the stored users fit the stored items, as after all iterations: the same
-- model as that of as many iterations
SELECT wals_train('whole', 'seen', factors => 8, iterations => (SELECT iterations FROM m WHERE version = 4));
SELECT count(*) AS users, bool_and(a.factors = b.factors) AS same
FROM m_users AS a JOIN whole_users AS b USING (id) WHERE a.version = 4;
SELECT count(*) > 30 AS items, bool_and(a.factors = b.factors) AS same
FROM m_items AS a JOIN whole_items AS b USING (id) WHERE a.version = 4;

-- a loss that is 0 falls no further
CREATE TABLE ones AS SELECT u AS user_id, i AS item_id, 3 AS value, u AS stars
FROM generate_series(1, 5) AS u, generate_series(1, 5) AS i;
SELECT wals_train('flat', 'ones', value_col => 'value', feedback => 'explicit', factors => 2, tolerance => 0.001);
SELECT iterations < 15 AS early, stop_reason, loss < 1e-6 AS exact FROM flat;

-- explicit feedback, the view
SELECT wals_train('stars', 'ones', value_col => 'stars', feedback => 'explicit', factors => 2,
	iterations => 100, tolerance => 0.0001);
SELECT model, iterations BETWEEN 2 AND 99 AS early, stop_reason FROM wals_models
WHERE model IN ('stars'::regclass, 'whole'::regclass) ORDER BY model::text;

-- ---------------------------------------------------------------------------
-- max_seconds
-- ---------------------------------------------------------------------------

-- the time is up when the rows have been read: there is one iteration all the
-- same, and a model that answers
CREATE VIEW slow AS SELECT s.* FROM seen AS s, (SELECT pg_sleep(1.1) OFFSET 0) AS wait;
SET client_min_messages = notice;
SELECT wals_train('hasty', 'slow', factors => 8, iterations => 30, max_seconds => 1, tolerance => 0);
SET client_min_messages = warning;
SELECT iterations, stop_reason, options -> 'max_seconds' AS max_seconds,
	cardinality(losses) AS losses, cardinality(iteration_seconds) AS seconds,
	loss <= losses[1] AS last_half_sweep FROM hasty;
SELECT count(*) FROM wals_recommend(1, 3, 'hasty');
-- all iterations were run: the limit did not end them
SELECT wals_train('hasty', 'slow', factors => 8, iterations => 1, max_seconds => 1);
SELECT stop_reason FROM hasty WHERE active;

-- ---------------------------------------------------------------------------
-- Values
-- ---------------------------------------------------------------------------

CREATE VIEW unreadable AS SELECT user_id, item_id / (user_id - user_id) AS item_id FROM seen;
SELECT outcome('SELECT wals_train(''wrong'', ''unreadable'', ' || option || ')')
FROM unnest('{tolerance => -0.1,tolerance => 1.1,tolerance => ''NaN'',tolerance => ''Infinity'',
	max_seconds => 0,max_seconds => -1}'::text[]) AS o(option);
SELECT wals_train('m', 'seen', factors => 8, iterations => 2, tolerance => NULL, max_seconds => NULL);
SELECT iterations, stop_reason, options -> 'tolerance' AS tolerance, options -> 'max_seconds' AS max_seconds
FROM m WHERE active;

SET client_min_messages = error;
-- a fit that is all but exact: the loss falls to nothing, and is never negative
CREATE TABLE exact AS SELECT u AS user_id, i AS item_id, 1 + abs(hashint4(u * 100 + i)) % 5 AS rating
FROM generate_series(1, 30) AS u, generate_series(1, 10) AS i;
SELECT wals_train('exactly', 'exact', value_col => 'rating', feedback => 'weighted', weighting => 'none',
	unobserved_weight => 1, factors => 10, iterations => 30, regularization => 0);
SELECT bool_and(l >= 0) AS none_negative, min(l) < 1e-6 AS all_but_exact FROM exactly, unnest(losses) AS l;

DROP SCHEMA stopping CASCADE;
