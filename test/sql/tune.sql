-- wals_tune: every figure is that of wals_train and wals_evaluate on views that
-- hold out the same rows; searches, options, calls to paste, errors.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET jit = off;
CREATE SCHEMA tune;
SET search_path = tune, public;

-- what a statement comes to: its SQLSTATE, message, detail and hint, or "fine"
CREATE FUNCTION outcome(statement text) RETURNS text
LANGUAGE plpgsql AS
$$
DECLARE
	detail text;
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'fine';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN SQLSTATE || ': ' || SQLERRM || COALESCE(E'\n  detail: ' || NULLIF(detail, ''), '')
		|| COALESCE(E'\n  hint: ' || NULLIF(hint, ''), '');
END;
$$;

-- 120 users of three tastes, 60 items; ratings 1 to 5, times with ties
CREATE TABLE ratings AS
SELECT u AS user_id, i AS item_id,
	1 + (u * 7 + i * 5 + (u % 3) * (i % 3) * 4 + (u * i) % 3) % 5 AS rating,
	(u * 13 + i * 29) % 97 AS ts
FROM generate_series(1, 120) AS u, generate_series(1, 60) AS i
WHERE (u * i + u * u * 3 + i * i) % 7 IN (0, 1) OR (u % 3 = i % 3 AND (u + i) % 2 = 0);
SELECT count(*), count(DISTINCT user_id), count(DISTINCT item_id) FROM ratings;

-- ---------------------------------------------------------------------------
-- The figures are those of wals_train and wals_evaluate
-- ---------------------------------------------------------------------------

-- the three parts, as the reference defines them
CREATE VIEW hash_parts AS
SELECT *, CASE WHEN wals_holdout(user_id, item_id, 0.1, 5 # 1953853029) THEN 'test'
	WHEN wals_holdout(user_id, item_id, 0.2, 5 # 1953853029) THEN 'validation' ELSE 'train' END AS part
FROM ratings;
-- one time for each entry of a user, so that SQL knows the order without hashes
CREATE TABLE timed AS
SELECT user_id, item_id, rating, row_number() OVER (PARTITION BY user_id ORDER BY ts, item_id) AS ts FROM ratings;
CREATE VIEW leave_last_parts AS
SELECT user_id, item_id, rating, ts, CASE row_number() OVER (PARTITION BY user_id ORDER BY ts DESC)
	WHEN 1 THEN 'test' WHEN 2 THEN 'validation' ELSE 'train' END AS part
FROM timed;
CREATE VIEW last_parts AS
SELECT r.*, CASE WHEN r.ts > q.test THEN 'test' WHEN r.ts > q.validation THEN 'validation' ELSE 'train' END AS part
FROM ratings AS r, (SELECT percentile_disc(0.8) WITHIN GROUP (ORDER BY ts) AS validation,
	percentile_disc(0.9) WITHIN GROUP (ORDER BY ts) AS test FROM ratings) AS q;
SELECT part, count(*) FROM hash_parts GROUP BY part ORDER BY part;
SELECT part, count(*) FROM leave_last_parts GROUP BY part ORDER BY part;
SELECT part, count(*) FROM last_parts GROUP BY part ORDER BY part;

-- Train and evaluate on views of these parts, tune, and compare: the figure of
-- the validation, its error, and the same of the test.
CREATE FUNCTION same_as_separate(parts regclass, source regclass, metric text, cut integer, trained text, tuned text,
	options jsonb, OUT value boolean, OUT std_error boolean, OUT test_value boolean, OUT test_std_error boolean, OUT test_popular boolean)
LANGUAGE plpgsql AS
$$
DECLARE
	own record;
	separate record;
	tested record;
BEGIN
	EXECUTE format('CREATE VIEW part_train AS SELECT * FROM %s WHERE part = ''train''', parts);
	EXECUTE format('CREATE VIEW part_more AS SELECT * FROM %s WHERE part IN (''train'', ''validation'')', parts);
	EXECUTE format('CREATE VIEW part_validation AS SELECT * FROM %s WHERE part = ''validation''', parts);
	EXECUTE format('CREATE VIEW part_test AS SELECT * FROM %s WHERE part = ''test''', parts);
	EXECUTE format('SELECT wals_train(''separate'', ''part_train'', seed => 5, activate => ''yes'' %s)', trained);
	SELECT * INTO STRICT separate FROM wals_evaluate('part_validation', 'separate', k => ARRAY[COALESCE(cut, 10)], max_users => 50, seed => 5) AS e
	WHERE e.metric = same_as_separate.metric;
	EXECUTE format('SELECT wals_train(''separate_more'', ''part_more'', seed => 5 %s)', trained);
	SELECT * INTO STRICT tested FROM wals_evaluate('part_test', 'separate_more', k => ARRAY[COALESCE(cut, 10)], max_users => 50, seed => 5) AS e
	WHERE e.metric = same_as_separate.metric;
	EXECUTE format('SELECT * FROM wals_tune(%L, %L, metric => %L, k => %s, max_users => 50, seed => 5 %s)', source, options, metric,
		COALESCE(cut, 10), tuned) INTO STRICT own;
	value := abs(own.value - separate.value) < 1e-6;
	std_error := abs(own.std_error - separate.std_error) < 1e-6;
	test_value := abs(own.test_value - tested.value) < 1e-6;
	test_std_error := abs(own.test_std_error - tested.std_error) < 1e-6;
	test_popular := abs(own.test_popular_baseline - tested.popular_baseline) < 1e-9;
	PERFORM wals_drop('separate'), wals_drop('separate_more');
	DROP VIEW part_train, part_more, part_validation, part_test;
END;
$$;

SELECT metric, s.* FROM unnest(ARRAY['ndcg', 'recall', 'recall_capped', 'precision', 'hit_rate', 'map', 'mrr', 'auc']) AS metric,
	same_as_separate('hash_parts', 'ratings', metric, CASE WHEN metric <> 'auc' THEN 5 END,
		', factors => 8, unobserved_weight => 0.2, regularization => 0.02', '',
		'{"factors": 8, "unobserved_weight": [0.2], "regularization": 0.02}') AS s;
-- options left to the training, weights by count and value, rare users, values
SELECT * FROM same_as_separate('hash_parts', 'ratings', 'ndcg', 10,
	$$, value_col => 'rating', factors => 6, weighting => 'log', alpha => 3, epsilon => 2, row_weight_exponent => -0.5, min_user_rows => 15, min_item_rows => 28$$,
	$$, value_col => 'rating'$$,
	'{"factors": 6, "weighting": "log", "alpha": 3, "epsilon": 2, "row_weight_exponent": -0.5, "min_user_rows": 15, "min_item_rows": 28, "regularization": null}');
SELECT * FROM same_as_separate('hash_parts', 'ratings', 'recall', 10,
	$$, value_col => 'rating', weight_col => 'rating', factors => 6, feedback => 'weighted', unobserved_weighting => 'popularity', popularity_exponent => 0.7, iterations => 3$$,
	$$, value_col => 'rating', weight_col => 'rating', feedback => 'weighted'$$,
	'{"factors": 6, "unobserved_weighting": "popularity", "popularity_exponent": 0.7, "iterations": 3}');
-- predictions
SELECT metric, s.* FROM unnest(ARRAY['rmse', 'mae', 'ndcg']) AS metric,
	same_as_separate('hash_parts', 'ratings', metric, CASE WHEN metric = 'ndcg' THEN 10 END,
		$$, value_col => 'rating', feedback => 'explicit', factors => 3, biases => true$$,
		$$, value_col => 'rating', feedback => 'explicit'$$, '{"factors": [3], "biases": [true]}') AS s;
-- by time
SELECT * FROM same_as_separate('leave_last_parts', 'timed', 'ndcg', 10, ', factors => 8',
	$$, holdout => 'leave_last', time_col => 'ts'$$, '{"factors": 8}');
SELECT * FROM same_as_separate('last_parts', 'ratings', 'mrr', 10, ', factors => 8',
	$$, holdout => 'last', time_col => 'ts'$$, '{"factors": 8}');

-- a half-life: ages are counted back from the newest row that is trained on, and
-- rows of a pair fade before they are merged
SELECT * FROM same_as_separate('last_parts', 'ratings', 'ndcg', 10, $$, factors => 6, unobserved_weight => 0.2, time_col => 'ts', half_life => '12 seconds'$$,
	$$, holdout => 'last', time_col => 'ts'$$, '{"factors": 6, "unobserved_weight": 0.2, "half_life": "12 seconds"}');
CREATE TABLE often AS
SELECT user_id, item_id, ts FROM ratings UNION ALL SELECT user_id, item_id, ts - 7 * (item_id % 3) FROM ratings;
CREATE VIEW often_parts AS
SELECT *, CASE WHEN wals_holdout(user_id, item_id, 0.1, 5 # 1953853029) THEN 'test'
	WHEN wals_holdout(user_id, item_id, 0.2, 5 # 1953853029) THEN 'validation' ELSE 'train' END AS part
FROM often;
SELECT * FROM same_as_separate('often_parts', 'often', 'recall', 10, $$, factors => 6, time_col => 'ts', half_life => '15 seconds'$$,
	$$, time_col => 'ts'$$, '{"factors": 6, "half_life": ["15 seconds"]}');
-- it matters, null is none, and the call has what it needs
SELECT count(DISTINCT value) AS values, min(value) FILTER (WHERE options -> 'half_life' = 'null') = (SELECT value FROM wals_tune('often',
	'{"factors": 6, "iterations": 3}', time_col => 'ts')) AS null_is_none
FROM wals_tune('often', '{"factors": 6, "iterations": 3, "half_life": [null, "5 seconds", "1 minute"]}', time_col => 'ts');
SELECT call FROM wals_tune('often', '{"factors": 2, "iterations": 1, "half_life": ["1 mon 2 days"]}', time_col => 'ts');

-- ---------------------------------------------------------------------------
-- Searches
-- ---------------------------------------------------------------------------

-- every combination, in order; the best is the best
CREATE TABLE grid AS
SELECT * FROM wals_tune('ratings', '{"factors": [4, 8], "regularization": [0.01, 0.1, 1]}', search => 'grid');
SELECT trial, options, iterations, seconds >= 0 AS timed, std_error > 0 AS error FROM grid ORDER BY trial;
SELECT count(*) FILTER (WHERE best) AS best, bool_and(value <= (SELECT value FROM grid WHERE best)) AS highest,
	bool_and((test_value IS NOT NULL) = best AND (test_std_error IS NOT NULL) = best AND (test_popular_baseline IS NOT NULL) = best
		AND (call IS NOT NULL) = best) AS tested_once
FROM grid;
SELECT count(*) FILTER (WHERE best) AS best, bool_and(value >= (SELECT min(value) FILTER (WHERE best) FROM wals_tune('ratings',
	'{"factors": [2, 4], "regularization": [0.05, 0.5]}', value_col => 'rating', feedback => 'explicit'))) AS lowest
FROM wals_tune('ratings', '{"factors": [2, 4], "regularization": [0.05, 0.5]}', value_col => 'rating', feedback => 'explicit');
-- all that is listed is a grid by itself
SELECT count(*), min(iterations) FROM wals_tune('ratings', '{"factors": [2, 3], "iterations": [3, 4, 5]}');
SELECT count(*), min(options::text) FROM wals_tune('ratings', '{}');

-- random: as many as asked for, all different, within the range
CREATE TABLE random AS
SELECT * FROM wals_tune('ratings', '{"factors": {"min": 2, "max": 9}, "regularization": {"min": 0.001, "max": 1, "log": true},
	"col_weight_exponent": [-0.5, 0], "iterations": 4}', search => 'random', trials => 12);
SELECT count(*), count(DISTINCT options), min(iterations), max(iterations),
	bool_and((options ->> 'factors')::integer BETWEEN 2 AND 9) AS factors,
	bool_and((options ->> 'regularization')::float8 BETWEEN 0.001 AND 1) AS regularization,
	count(DISTINCT options ->> 'col_weight_exponent') AS exponents
FROM random;
-- no more than there are
SELECT count(*) FROM wals_tune('ratings', '{"factors": {"min": 2, "max": 4}, "iterations": 2}', search => 'random');

-- halving: 12 trials run a third, 4 all of their iterations, and
-- these have the figures they have without halving
CREATE TABLE halving AS
SELECT * FROM wals_tune('ratings', '{"factors": {"min": 2, "max": 9}, "regularization": {"min": 0.001, "max": 1, "log": true},
	"col_weight_exponent": [-0.5, 0], "iterations": 18}', search => 'halving', trials => 12);
SELECT iterations, count(*), count(*) FILTER (WHERE best) AS best FROM halving GROUP BY iterations ORDER BY iterations;
CREATE TABLE whole AS
SELECT * FROM wals_tune('ratings', '{"factors": {"min": 2, "max": 9}, "regularization": {"min": 0.001, "max": 1, "log": true},
	"col_weight_exponent": [-0.5, 0], "iterations": 18}', trials => 12, search => 'random');
SELECT count(*) AS trials, bool_and(h.options = w.options) AS same_options,
	bool_and(abs(h.value - w.value) < 1e-6) FILTER (WHERE h.iterations = 18) AS same_values
FROM halving AS h JOIN whole AS w USING (trial);
-- the seed decides
SELECT count(*) FROM (SELECT options FROM halving INTERSECT SELECT options FROM wals_tune('ratings', '{"factors": {"min": 2, "max": 9},
	"regularization": {"min": 0.001, "max": 1, "log": true}, "col_weight_exponent": [-0.5, 0], "iterations": 2}',
	trials => 12, search => 'random', seed => 1)) AS seeds;

-- a model: the first six are those of the random search, then it chooses; the
-- rounds are those of halving, and what was run to the end has the same figure
CREATE TABLE model AS
SELECT * FROM wals_tune('ratings', '{"factors": {"min": 2, "max": 9}, "regularization": {"min": 0.001, "max": 1, "log": true},
	"col_weight_exponent": [-0.5, 0], "iterations": 18}', search => 'model', trials => 12);
SELECT iterations, count(*), count(*) FILTER (WHERE best) AS best FROM model GROUP BY iterations ORDER BY iterations;
SELECT count(DISTINCT m.options) AS trials, bool_and(m.options = w.options) FILTER (WHERE trial <= 6) AS first_ones,
	bool_and(m.options = w.options) FILTER (WHERE trial > 6) AS others
FROM model AS m JOIN whole AS w USING (trial);
SELECT m.trial IS NOT NULL AS same_options, abs(m.value - t.value) < 1e-6 AS same_value, abs(m.test_value - t.test_value) < 1e-6 AS same_test
FROM model AS m, LATERAL wals_tune('ratings', m.options) AS t WHERE m.best;
-- and is what is used where there is more to try than trials
SELECT count(*) AS trials, bool_and(m.options = a.options AND m.value = a.value) AS same
FROM model AS m JOIN wals_tune('ratings', '{"factors": {"min": 2, "max": 9}, "regularization": {"min": 0.001, "max": 1, "log": true},
	"col_weight_exponent": [-0.5, 0], "iterations": 18}', trials => 12) AS a USING (trial);
-- it learns, whatever is better: lambda from 1000 on leaves nothing of the
-- factors, and three of four points have it
SELECT feedback, count(DISTINCT options) AS trials, count(*) FILTER (WHERE best) AS best,
	count(*) FILTER (WHERE (options ->> 'regularization')::float8 >= 1000 AND trial <= 6) > 2 AS bad_first,
	count(*) FILTER (WHERE (options ->> 'regularization')::float8 >= 1000 AND trial > 8) < 4 AS few_later
FROM unnest(ARRAY['implicit', 'explicit']) AS feedback, wals_tune('ratings',
	'{"factors": {"min": 2, "max": 30}, "regularization": [0.05, 1000, 2000, 4000], "iterations": 4}',
	search => 'model', trials => 16, value_col => 'rating', feedback => feedback, seed => 2)
GROUP BY feedback ORDER BY feedback;
-- what can all be tried is
SELECT count(*), min(iterations) FROM wals_tune('ratings', '{"factors": [2, 3, 4], "iterations": 3}', search => 'model');

-- nothing but the source: the defaults are among the trials
SELECT count(*) AS trials, count(*) FILTER (WHERE best) AS best, min(options::text) FILTER (WHERE trial = 1) AS first,
	bool_and(options ?& '{factors,regularization,unobserved_weight}') FILTER (WHERE trial > 1) AS others
FROM wals_tune('ratings', trials => 6);
SELECT count(*) AS trials, count(*) FILTER (WHERE best) AS best, min(options::text) FILTER (WHERE trial = 1) AS first,
	bool_and(options ?& '{factors,regularization}') FILTER (WHERE trial > 1) AS others
FROM wals_tune('ratings', trials => 6, value_col => 'rating', feedback => 'explicit');

-- ---------------------------------------------------------------------------
-- Combinations that wals_train would refuse
-- ---------------------------------------------------------------------------

-- alpha has a meaning for linear and log only: 2 of 6 are left out
SET client_min_messages = notice;
\set VERBOSITY terse
SELECT trial, options FROM wals_tune('ratings', '{"factors": 2, "iterations": 1, "alpha": [1, 2, 3], "weighting": ["constant", "linear"]}', trials => 4,
	metric => 'hit_rate', k => 60)
ORDER BY trial;
\set VERBOSITY default
SET client_min_messages = warning;
-- they do not count as trials, neither where they are drawn
SELECT search, count(*), count(value), count(*) FILTER (WHERE options ->> 'weighting' = 'constant' AND (options ->> 'alpha')::float8 <> 1) AS refused
FROM unnest(ARRAY['random', 'halving', 'model']) AS search, wals_tune('ratings',
	'{"factors": {"min": 2, "max": 20}, "iterations": 1, "alpha": [1, 2], "weighting": ["constant", "log"]}', search => search, trials => 9)
GROUP BY search ORDER BY search;
-- options of the call contradict, too
CREATE TABLE weighed AS SELECT *, 1 + user_id % 2 AS weight FROM ratings;
SELECT trial, options FROM wals_tune('weighed', '{"factors": 2, "iterations": 1, "weighting": ["none", "constant"]}', weight_col => 'weight');
-- an error only when none is left, or a value is wrong by itself
SELECT grid, outcome(format('SELECT * FROM wals_tune(''ratings'', %L)', grid))
FROM (VALUES ('{"alpha": [2, 3], "weighting": ["constant", "counts"]}'), ('{"factors": {"min": 2, "max": 9}, "epsilon": 2}'),
	('{"alpha": [0, 1], "weighting": ["linear"]}'), ('{"factors": {"min": 0, "max": 2000}}')) AS g (grid);

-- ---------------------------------------------------------------------------
-- The same for any number of threads and any order of rows
-- ---------------------------------------------------------------------------

CREATE TABLE reversed AS SELECT * FROM ratings ORDER BY user_id DESC, item_id DESC;
SET wals.threads = 1;
CREATE TABLE one AS SELECT * FROM wals_tune('ratings', trials => 5, time_col => 'ts', holdout => 'leave_last');
SET wals.threads = 3;
CREATE TABLE three AS SELECT * FROM wals_tune('reversed', trials => 5, time_col => 'ts', holdout => 'leave_last');
RESET wals.threads;
SELECT count(*) AS trials, bool_and(o.options = t.options AND o.value = t.value AND o.std_error = t.std_error
	AND o.iterations = t.iterations AND o.best = t.best AND o.test_value IS NOT DISTINCT FROM t.test_value) AS same
FROM one AS o JOIN three AS t USING (trial);

-- duplicates are merged before they are split
CREATE TABLE twice AS SELECT * FROM ratings UNION ALL SELECT user_id, item_id, rating, ts - 1000 FROM ratings;
SELECT bool_and(t.value = r.value AND t.test_value IS NOT DISTINCT FROM r.test_value) AS same
FROM wals_tune('twice', '{"factors": [4, 5]}', time_col => 'ts', holdout => 'last') AS t
JOIN wals_tune('ratings', '{"factors": [4, 5]}', time_col => 'ts', holdout => 'last') AS r USING (trial);

-- ---------------------------------------------------------------------------
-- The call to paste
-- ---------------------------------------------------------------------------

CREATE SCHEMA "Odd; ""Schema""";
CREATE TABLE "Odd; ""Schema"""."it's" AS
SELECT 'user ' || user_id AS "the user", md5(item_id::text)::uuid AS "it'em", rating AS "Value", rating AS weight, ts AS "when" FROM ratings;
SELECT call AS odd FROM wals_tune('"Odd; ""Schema"""."it''s"', '{"factors": 3, "biases": true, "solver": "cg", "cg_steps": 4, "regularization": 0.07}',
	user_col => 'the user', item_col => 'it''em', value_col => 'Value', weight_col => 'weight', time_col => 'when',
	feedback => 'explicit', seed => -9) WHERE best \gset
SELECT :'odd';
:odd
SELECT feedback, factors, options ->> 'seed' AS seed, options ->> 'regularization' AS regularization, options ->> 'duplicates' AS duplicates,
	options ->> 'solver' AS solver, weight_col, time_col
FROM "it's_model";
SELECT wals_drop('"it''s_model"');
SELECT call AS plain FROM wals_tune('ratings', '{"factors": 5, "weight_normalize": false, "unobserved_weighting": "popularity", "unobserved_weight": null}',
	time_col => 'ts', holdout => 'last') WHERE best \gset
SELECT :'plain';
:plain
SELECT wals_drop('ratings_model');

-- what is said at the end
SET client_min_messages = notice;
SELECT count(*) FROM wals_tune('ratings', '{"factors": [2], "iterations": 1}', metric => 'hit_rate', k => 60, max_users => 3);
SET client_min_messages = warning;

-- ---------------------------------------------------------------------------
-- What is relevant; trials without a value
-- ---------------------------------------------------------------------------

-- nobody rates above 5: nothing is relevant
SELECT outcome($$SELECT * FROM wals_tune('ratings', '{"factors": 2}', value_col => 'rating', relevance_threshold => 6)$$);
SELECT a.value <> b.value AS threshold_matters
FROM wals_tune('ratings', '{"factors": 4}', value_col => 'rating', relevance_threshold => 4) AS a,
	wals_tune('ratings', '{"factors": 4}', value_col => 'rating') AS b;
-- without regularization the systems are singular; the others go on
SELECT trial, value IS NULL AS failed, best FROM wals_tune('ratings', '{"factors": [40], "regularization": [0, 0.1]}',
	value_col => 'rating', feedback => 'explicit') ORDER BY trial;
SELECT outcome($$SELECT * FROM wals_tune('ratings', '{"factors": [40], "regularization": [0]}', value_col => 'rating', feedback => 'explicit')$$);

-- ---------------------------------------------------------------------------
-- Errors
-- ---------------------------------------------------------------------------

SELECT grid, outcome(format('SELECT * FROM wals_tune(''ratings'', %L)', grid))
FROM (VALUES ('[1]'), ('3'), ('{"factor": [8]}'), ('{"feedback": ["explicit"]}'), ('{"factors": []}'), ('{"factors": ["8"]}'),
	('{"factors": [8.5]}'), ('{"factors": [0]}'), ('{"factors": [[8]]}'), ('{"factors": {}}'), ('{"factors": {"min": 1}}'),
	('{"factors": {"min": 9, "max": 2}}'), ('{"factors": {"min": 1.5, "max": 2}}'),
	('{"regularization": {"min": 0, "max": 1, "log": true}}'), ('{"regularization": {"min": 0, "max": 1, "log": "yes"}}'),
	('{"regularization": {"min": 0, "max": 1, "step": 1}}'), ('{"regularization": -1}'), ('{"weighting": ["linear", "square"]}'),
	('{"weighting": {"min": 1, "max": 2}}'), ('{"biases": 1}'), ('{"min_user_rows": [1, 2]}'), ('{"min_user_rows": {"min": 1, "max": 2}}'),
	('{"alpha": [2], "weighting": "constant"}'), ('{"half_life": 5}'), ('{"half_life": ["-1 day"]}'), ('{"half_life": "soon"}'),
	('{"half_life": {"min": 1, "max": 2}}'), ('{"half_life": "1 day"}')) AS g (grid);
SELECT arguments, outcome(format('SELECT * FROM wals_tune(%s)', arguments))
FROM (VALUES ($$NULL$$), ($$'nothing'$$), ($$'ratings', metric => 'accuracy'$$), ($$'ratings', metric => 'rmse'$$), ($$'ratings', k => 0$$),
	($$'ratings', trials => 0$$), ($$'ratings', trials => 1001$$), ($$'ratings', search => 'model', trials => 201$$), ($$'ratings', max_seconds => 0$$), ($$'ratings', search => 'bayes'$$),
	($$'ratings', search => 'grid'$$), ($$'ratings', '{"factors": [1, 2, 3]}', search => 'grid', trials => 2$$),
	($$'ratings', holdout => 'first'$$), ($$'ratings', holdout => 'last'$$), ($$'ratings', fraction => 0.5$$), ($$'ratings', fraction => 'NaN'$$),
	($$'ratings', relevance_threshold => 3$$), ($$'ratings', value_col => 'rating', relevance_threshold => 'NaN'$$), ($$'ratings', max_users => 0$$),
	($$'ratings', user_col => 'nobody'$$), ($$'ratings', value_col => 'rating', feedback => 'loud'$$), ($$'ratings', feedback => 'explicit'$$)) AS a (arguments);

-- too little to train on, nothing to measure, nothing at all
CREATE TABLE few AS SELECT * FROM ratings WHERE user_id < 3 AND item_id < 4;
SELECT outcome($$SELECT * FROM wals_tune('few', fraction => 0.49)$$);
CREATE TABLE single AS SELECT u AS user_id, u % 3 AS item_id, u AS ts FROM generate_series(1, 30) AS u;
SELECT outcome($$SELECT * FROM wals_tune('single', holdout => 'leave_last', time_col => 'ts')$$);
SELECT outcome($$SELECT * FROM wals_tune('single', holdout => 'last', time_col => 'ts')$$);
CREATE TABLE empty (user_id bigint, item_id bigint);
SELECT outcome($$SELECT * FROM wals_tune('empty')$$);
INSERT INTO empty VALUES (NULL, 1);
SELECT outcome($$SELECT * FROM wals_tune('empty')$$);

-- memory: the items of all trials while they are halved
SET wals.max_memory = '2MB';
SELECT outcome($$SELECT count(*) FROM wals_tune('ratings', '{"factors": 16, "iterations": 1}')$$);
SELECT regexp_replace(outcome($$SELECT count(*) FROM wals_tune('ratings', '{"factors": 64, "regularization": {"min": 0.01, "max": 0.1}}',
	trials => 1000)$$), '\d+ kB', 'N kB', 'g');
RESET wals.max_memory;

-- the caller's rights, and nothing is written
CREATE ROLE regress_wals_tune_stranger;
GRANT USAGE ON SCHEMA tune TO regress_wals_tune_stranger;
GRANT SELECT (user_id, item_id) ON ratings TO regress_wals_tune_stranger;
SET ROLE regress_wals_tune_stranger;
SELECT outcome($$SELECT * FROM wals_tune('ratings', '{"factors": 2}', value_col => 'rating')$$);
SELECT count(*) FROM wals_tune('ratings', '{"factors": 2}');
RESET ROLE;
BEGIN READ ONLY;
SELECT count(*) FROM wals_tune('ratings', '{"factors": 2}');
COMMIT;
SELECT count(*) FROM wals_models;
SELECT count(*) FROM wals_tune_progress;
SELECT count(*) FROM wals_progress;

DROP OWNED BY regress_wals_tune_stranger;
DROP ROLE regress_wals_tune_stranger;
DROP SCHEMA "Odd; ""Schema""" CASCADE;
DROP SCHEMA tune CASCADE;
