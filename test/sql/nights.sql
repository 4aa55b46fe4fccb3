-- activate => 'if_better' over many nights: from the first one on, with many small
-- steps down, with the noise of training, and what is left to see of a refusal.
\set VERBOSITY terse
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA nights;
SET search_path = nights, public;

CREATE TABLE likes AS
SELECT u AS user_id, i AS item_id, (1 + (u * i) % 5)::real AS stars
FROM generate_series(1, 200) AS u, generate_series(1, 60) AS i
WHERE (u % 6 = i % 6 AND (u * i) % 7 < 5) OR (u * 31 + i * 17) % 41 = 0;
CREATE VIEW held AS SELECT * FROM likes WHERE wals_holdout(user_id, item_id, 0.2, 1752132708);

-- what a gate says about versions, but for the figures
CREATE FUNCTION verdicts(model regclass) RETURNS TABLE (version integer, active boolean, activated boolean, against text, saw boolean, reason text)
LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT version, active, (metrics #>> ''{gate,activated}'')::boolean, metrics #>> ''{gate,against}'',
		(metrics #>> ''{gate,active_saw_holdout}'')::boolean,
		regexp_replace(metrics #>> ''{gate,reason}'', ''[0-9]+\.[0-9]+|(?<=is )[0-9]+(?=,)'', ''#'', ''g'') FROM %s ORDER BY version', model);
END $$;

-- ---------------------------------------------------------------------------
-- The first night of a model that was trained on everything
-- ---------------------------------------------------------------------------

SELECT wals_train('m', 'likes', factors => 8, keep_versions => 20);
CALL wals_retrain('m', activate => 'if_better');
CALL wals_retrain('m', activate => 'if_better', margin => 0.5);
CALL wals_retrain('m', activate => 'if_better', margin => 0.5);
SELECT * FROM verdicts('m');
SELECT version, started_from FROM m ORDER BY 1;
-- its own figure is told, and is too good
SELECT (metrics #>> '{gate,seen_value}')::float8 > (metrics ->> 'ndcg@10')::float8 + 0.05 AS flattered FROM m WHERE version = 2;
-- the same options called by hand; more or others held out than before
SELECT wals_train('m', 'likes', factors => 8, seed => 5, keep_versions => 20, activate => 'if_better', holdout => 0.2);
CALL wals_retrain('m', activate => 'if_better', holdout_seed => 1);
SELECT * FROM verdicts('m') WHERE version > 4;

-- With other options the active version's are trained again, in memory: the
-- figures are those of such a version.
SELECT wals_train('n', 'likes', factors => 8, keep_versions => 20);
SELECT wals_train('n', 'likes', factors => 1, activate => 'if_better', holdout => 0.2, keep_versions => 20);
SELECT wals_train('n', 'likes', factors => 8, activate => 'no', holdout => 0.2, keep_versions => 20);
SELECT wals_train('n', 'likes', factors => 9, activate => 'if_better', margin => 0.1, holdout => 0.2, keep_versions => 20);
SELECT * FROM verdicts('n');
SET client_min_messages = error;
SELECT v.version, abs(c.value_a - (v.metrics #>> '{gate,active_value}')::float8) < 1e-9 AS its_options,
	abs(c.difference - (v.metrics #>> '{gate,difference}')::float8) < 1e-9 AS difference,
	abs(c.std_error - (v.metrics #>> '{gate,user_error}')::float8) < 1e-9 AS error, c.n_users = (v.metrics #>> '{gate,n_users}')::integer AS users
FROM n AS v, wals_compare('held', 'n', version_a => 3, version_b => v.version) AS c WHERE c.metric = 'ndcg' AND v.metrics ? 'gate' ORDER BY 1;
-- with users and items that only one of the two trainings has, and ratings
CREATE TABLE more AS TABLE likes;
INSERT INTO more SELECT 500 + u, 1 + u % 3, 4 FROM generate_series(1, 20) AS u;
INSERT INTO more SELECT u, 900, 2 FROM generate_series(1, 9, 4) AS u;
CREATE VIEW more_held AS SELECT * FROM more WHERE wals_holdout(user_id, item_id, 0.2, 1752132708);
SELECT wals_train('s', 'more', value_col => 'stars', feedback => 'explicit', factors => 2, keep_versions => 20);
SELECT wals_train('s', 'more', value_col => 'stars', feedback => 'explicit', factors => 3, min_user_rows => 4, min_item_rows => 4,
	activate => 'if_better', margin => 0.5, holdout => 0.2, keep_versions => 20);
SELECT wals_train('s', 'more', value_col => 'stars', feedback => 'explicit', factors => 2, activate => 'no', holdout => 0.2, keep_versions => 20);
SELECT abs(c.value_a - (v.metrics #>> '{gate,active_value}')::float8) < 1e-6 AS its_options,
	abs(c.value_b - (v.metrics #>> '{gate,value}')::float8) < 1e-6 AS new,
	abs(c.std_error - (v.metrics #>> '{gate,user_error}')::float8) < 1e-6 AS error
FROM s AS v, wals_compare('more_held', 's', version_a => 3, version_b => 2) AS c WHERE c.metric = 'rmse' AND v.version = 2;
SET client_min_messages = warning;
SELECT * FROM verdicts('s');

-- What cannot be trained again is compared as it is, and its figure is a bound: an
-- imported version, another source, another table of weights.
CREATE TABLE imported_users AS SELECT id, factors FROM m_users WHERE version = 1;
CREATE TABLE imported_items AS SELECT id, factors FROM m_items WHERE version = 1;
SELECT wals_import('i', 'imported_users', 'imported_items', source => 'likes');
SELECT wals_train('i', 'likes', factors => 8, activate => 'if_better', holdout => 0.2);
SELECT * FROM verdicts('i');
CREATE TABLE copy AS TABLE likes;
SELECT wals_train('c', 'copy', factors => 8);
SELECT wals_train('c', 'likes', factors => 8, activate => 'if_better', holdout => 0.2);
SELECT * FROM verdicts('c');
CREATE TABLE heavy AS SELECT DISTINCT user_id, 1 + user_id % 2 AS weight FROM likes;
SELECT wals_train('w', 'likes', factors => 8, row_weights => 'heavy');
SELECT wals_train('w', 'likes', factors => 8, row_weights => 'heavy', activate => 'if_better', holdout => 0.2);
SELECT wals_train('w', 'likes', factors => 8, activate => 'if_better', holdout => 0.2, keep_versions => 3);
SELECT * FROM verdicts('w');

-- ---------------------------------------------------------------------------
-- A refusal can be seen
-- ---------------------------------------------------------------------------

SELECT model, active_version, refused_version, refused_at > trained_at AS later,
	regexp_replace(refused_because, '[0-9]+\.[0-9]+', '#', 'g') AS because, refused_metrics #>> '{gate,activated}' AS activated
FROM wals_models WHERE model IN ('m'::regclass, 'n', 'i', 'c') ORDER BY model::text;
-- nobody it knows: nothing to compare, so nothing changes
UPDATE copy SET user_id = user_id + 1000;
CALL wals_retrain('c', activate => 'if_better');
SELECT refused_version, refused_because FROM wals_models WHERE model = 'c'::regclass;
-- until it answers
SELECT wals_activate('c', 3);
SELECT active_version, refused_version, refused_because FROM wals_models WHERE model = 'c'::regclass;
-- metrics that somebody wrote are none of ours
SELECT wals_set_metrics('c', 3, '{"gate": {"metric": 7, "behind_best": "x", "activated": []}, "holdout": 5}');
SELECT refused_version FROM wals_models WHERE model = 'c'::regclass;
CALL wals_retrain('c', activate => 'if_better', margin => 1);
SELECT metrics #>> '{gate,activated}' AS activated FROM c WHERE version = 4;

-- ---------------------------------------------------------------------------
-- Many small steps down
-- ---------------------------------------------------------------------------

-- each night a little more regularization than is good: with any night alone the
-- step is within the margin, all of them together are far beyond it
SELECT wals_train('d', 'likes', factors => 8, holdout => 0.2, regularization => 0.02, keep_versions => 40);
DO $$
BEGIN
	FOR night IN 1 .. 28 LOOP
		PERFORM wals_train('d', 'likes', factors => 8, holdout => 0.2, regularization => 0.02 * 1.05 ^ night, keep_versions => 40,
			activate => 'if_better', margin => 0.03);
	END LOOP;
END $$;
SELECT count(*) AS nights, count(*) FILTER (WHERE activated) BETWEEN 1 AND 24 AS some, bool_or(NOT activated) AS refused,
	bool_and(reason ~ '^its ndcg@10 is #, # behind that of version [0-9]+, the best so far: more than the margin, #$') FILTER (WHERE NOT activated) AS because
FROM verdicts('d') WHERE version > 1;
WITH v AS (
	SELECT version, (metrics ->> 'ndcg@10')::float8 AS value, version = 1 OR (metrics #>> '{gate,activated}')::boolean AS answered,
		(metrics #>> '{gate,behind_best}')::float8 AS behind, (metrics #>> '{gate,best_version}')::integer AS best
	FROM d
)
SELECT (SELECT max(o.value - v.value) FROM v JOIN v AS o ON o.version = v.version - 1) < 0.03 AS small_steps,
	min(value) < max(value) - 0.06 AS falls, min(value) FILTER (WHERE answered) >= max(value) FILTER (WHERE answered) - 0.03 AS promise,
	-- the same pairs every night, so it is the difference to the best that answered before
	bool_and(abs(behind - greatest(0, (SELECT max(o.value) FROM v AS o WHERE o.answered AND o.version <= v.version) - value)) < 1e-9) AS behind,
	bool_and(value = (SELECT max(o.value) FROM v AS o WHERE o.answered AND o.version < v.version) - behind OR best = version
		OR (SELECT o.value FROM v AS o WHERE o.version = v.best) = (SELECT max(o.value) FROM v AS o WHERE o.answered AND o.version < v.version)) AS best
FROM v;
-- who activates by hand what was turned down begins anew from there
SELECT wals_activate('d', 29);
CALL wals_retrain('d', activate => 'if_better', margin => 0.03);
SELECT activated, (SELECT (metrics #>> '{gate,behind_best}')::float8 <= 0.03 FROM d WHERE version = 30) AS behind FROM verdicts('d') WHERE version = 30;
-- for errors less is better
SELECT wals_train('e', 'likes', value_col => 'stars', feedback => 'explicit', factors => 2, holdout => 0.2, regularization => 0.05, keep_versions => 40);
DO $$
BEGIN
	FOR night IN 1 .. 12 LOOP
		PERFORM wals_train('e', 'likes', value_col => 'stars', feedback => 'explicit', factors => 2, holdout => 0.2, regularization => 0.05 * 1.5 ^ night,
			keep_versions => 40, activate => 'if_better', margin => 0.05);
	END LOOP;
END $$;
WITH v AS (
	SELECT version, (metrics ->> 'rmse')::float8 AS value, version = 1 OR (metrics #>> '{gate,activated}')::boolean AS answered FROM e
)
SELECT count(*), max(value) > min(value) + 0.1 AS rises, count(*) FILTER (WHERE answered) BETWEEN 2 AND 12 AS some,
	bool_and(value <= (SELECT min(o.value) FROM v AS o WHERE o.answered AND o.version < v.version) + 0.05 + 1e-9) FILTER (WHERE answered AND version > 1) AS promise
FROM v;

-- ---------------------------------------------------------------------------
-- The noise of training
-- ---------------------------------------------------------------------------

-- the same options with other seeds: how much they differ is known after some nights
SELECT wals_train('x', 'likes', factors => 4, iterations => 3, holdout => 0.2, keep_versions => 40);
DO $$
BEGIN
	FOR night IN 1 .. 9 LOOP
		PERFORM wals_train('x', 'likes', factors => 4, iterations => 3, seed => night, holdout => 0.2, keep_versions => 40,
			activate => 'if_better', margin => 0.02);
	END LOOP;
END $$;
WITH v AS (
	SELECT version, (metrics #>> '{gate,difference}')::float8 AS difference, (metrics #>> '{gate,std_error}')::float8 AS std_error,
		(metrics #>> '{gate,user_error}')::float8 AS user_error, (metrics #>> '{gate,training_error}')::float8 AS training_error,
		(metrics #>> '{gate,differences,n}')::integer AS n
	FROM x WHERE version > 1
)
SELECT count(*), bool_and(n = version - 1) AS n, count(*) FILTER (WHERE training_error IS NULL) AS unknown,
	bool_and(abs(training_error - (SELECT sqrt(avg(o.difference ^ 2)) FROM v AS o WHERE o.version < v.version)) < 1e-9) AS deviation,
	bool_and(abs(std_error - sqrt(user_error ^ 2 + COALESCE(training_error, 0) ^ 2)) < 1e-9) AS std_error
FROM v;
-- other options tell nothing of it, nor does what cannot be noise; another metric
-- begins anew
UPDATE x SET options = options || '{"regularization": 1e9, "chosen": []}' WHERE active;
CALL wals_retrain('x', activate => 'if_better', warm_start => false);
SELECT wals_train('x', 'likes', factors => 5, iterations => 3, holdout => 0.2, keep_versions => 40, activate => 'if_better', margin => 1);
CALL wals_retrain('x', activate => 'if_better', metric => 'auc', margin => 1);
SELECT version, metrics #>> '{gate,differences,n}' AS n FROM x WHERE version > 9 ORDER BY 1;

SET client_min_messages = error;
DROP SCHEMA nights CASCADE;
