-- one spelling of a metric, ndcg@10, wherever one is named
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA metric;
SET search_path = metric, public;

CREATE TABLE ratings AS
SELECT u AS user_id, i AS item_id, 1 + (u * 7 + i * 5 + (u % 3) * (i % 3) * 4) % 5 AS rating
FROM generate_series(1, 60) AS u, generate_series(1, 40) AS i
WHERE (u * i + u * u * 3 + i * i) % 7 IN (0, 1) OR (u % 3 = i % 3 AND (u + i) % 2 = 0);

-- what a tuning of one trial comes to, or its error
CREATE FUNCTION tuned(arguments text) RETURNS text
LANGUAGE plpgsql AS
$$
DECLARE
	detail text;
	hint text;
	result text;
BEGIN
	EXECUTE format('SELECT concat_ws('' '', value, test_value) FROM wals_tune(''ratings'', ''{"factors": [4], "iterations": 3}'', value_col => ''rating''%s)',
		arguments) INTO STRICT result;
	RETURN result;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN SQLSTATE || ': ' || SQLERRM || COALESCE(E'\n  detail: ' || NULLIF(detail, ''), '')
		|| COALESCE(E'\n  hint: ' || NULLIF(hint, ''), '');
END;
$$;

-- the length is said with the name, or in k, or is 10
SELECT new, tuned(new) = tuned(old) AS same, tuned(new) = tuned(other) AS same_as_other
FROM (VALUES ($$, metric => 'ndcg@5'$$, $$, metric => 'ndcg', k => 5$$, $$, metric => 'ndcg', k => 6$$),
	($$, metric => 'map@7'$$, $$, metric => 'map', k => 7$$, $$, metric => 'ndcg', k => 7$$),
	($$, metric => 'hit_rate@3', k => 3$$, $$, metric => 'hit_rate', k => 3$$, $$, metric => 'hit_rate@1'$$),
	($$, metric => 'recall@10'$$, $$, metric => 'recall'$$, $$, metric => 'recall@11'$$),
	($$, metric => 'ndcg@10'$$, $$$$, $$, k => 11$$),
	($$, metric => 'ndcg@11'$$, $$, k => 11$$, $$$$),
	($$, metric => 'ndcg@11', k => NULL$$, $$, k => 11$$, $$$$),
	($$, metric => 'auc', k => 5$$, $$, metric => 'auc'$$, $$, metric => 'mrr'$$),
	($$, metric => 'rmse', feedback => 'explicit'$$, $$, feedback => 'explicit'$$, $$, metric => 'mae', feedback => 'explicit'$$)) AS v (new, old, other);

-- two lengths are a contradiction; what is no metric, or only tells
SELECT arguments, tuned(arguments)
FROM (VALUES ($$, metric => 'ndcg@20', k => 10$$), ($$, metric => 'ndcg@0'$$), ($$, metric => 'ndcg@1001'$$), ($$, metric => 'ndcg@'$$),
	($$, metric => 'ndcg@5x'$$), ($$, metric => 'popularity@5'$$), ($$, metric => 'coverage@5'$$), ($$, metric => 'popularity'$$), ($$, metric => 'auc@5'$$),
	($$, metric => 'rmse@5', feedback => 'explicit'$$), ($$, metric => 'mae'$$), ($$, metric => ''$$)) AS v (arguments);

-- all that an evaluation tells and a model can be judged by is accepted where one
-- is judged, and is called the same there
CREATE VIEW train AS SELECT * FROM ratings WHERE NOT wals_holdout(user_id, item_id, 0.2);
CREATE VIEW test AS SELECT * FROM ratings WHERE wals_holdout(user_id, item_id, 0.2);
SELECT wals_train('model', 'train', value_col => 'rating', feedback => 'explicit', factors => 4, iterations => 3, regularization => 1, reg_exponent => 0, keep_versions => 1000) > 0 AS trained;
CREATE TABLE told AS SELECT concat_ws('@', metric, k) AS metric FROM wals_evaluate('test', 'model', k => '{3,8}') WHERE metric NOT IN ('popularity', 'coverage');
SELECT metric, tuned(format(', metric => %L, feedback => ''explicit''', metric)) ~ '^[0-9.]+ [0-9.]+$' AS tunes FROM told;
DO $$
DECLARE
	name text;
BEGIN
	FOR name IN SELECT metric FROM told LOOP
		EXECUTE format('CALL wals_retrain(''model'', holdout => 0.2, metric => %L)', name);
	END LOOP;
END $$;
SELECT bool_and(metric IN (SELECT t.metric FROM told AS t)) AS the_same, count(*)
FROM (SELECT (SELECT key FROM jsonb_object_keys(metrics) AS key WHERE key <> 'holdout') AS metric FROM model WHERE version > 1) AS m;

DROP SCHEMA metric CASCADE;
