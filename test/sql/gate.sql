-- activate => 'if_better': versions judged on ratings that were held out
\set VERBOSITY terse
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA gate;
SET search_path = gate, public;

-- groups of users like groups of items: a model of one factor ranks far worse
-- than one of eight
CREATE TABLE likes AS
SELECT u AS user_id, i AS item_id, (1 + (u * i) % 5)::real AS stars,
	timestamptz '2025-01-01 00:00+00' + (u * i) % 97 * interval '1 day' AS at
FROM generate_series(1, 200) AS u, generate_series(1, 60) AS i
WHERE (u % 6 = i % 6 AND (u * i) % 7 < 5) OR (u * 31 + i * 17) % 41 = 0;
CREATE VIEW held AS SELECT * FROM likes WHERE wals_holdout(user_id, item_id, 0.2, 1752132708);
CREATE VIEW held_too AS SELECT * FROM held;

-- what a version says about its gate, but for the figures
CREATE FUNCTION verdicts(model regclass) RETURNS TABLE (version integer, active boolean, metric text, verdict text)
LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT version, active, (SELECT key FROM jsonb_object_keys(metrics) AS key WHERE key NOT IN (''gate'', ''holdout'')),
		CASE WHEN metrics->''gate'' IS NULL THEN ''none''
		ELSE concat_ws('' '', CASE WHEN (metrics->''gate''->''activated'')::boolean THEN ''activated'' ELSE ''kept'' END,
			''against '' || (metrics->''gate''->>''active_version''), ''margin '' || (metrics->''gate''->>''margin''),
			CASE WHEN (metrics->''gate''->>''active_saw_holdout'')::boolean THEN ''saw'' END,
			CASE WHEN metrics->''gate''->''difference'' IS NULL THEN ''not compared'' END) END
		FROM %s ORDER BY version', model);
END $$;

-- ---------------------------------------------------------------------------
-- Implicit feedback
-- ---------------------------------------------------------------------------

-- a hold-out without a gate: measured, and not trained on
SELECT wals_train('m', 'likes', factors => 8, holdout => 0.2, keep_versions => 20);
SELECT n_entries = (SELECT count(*) FROM likes) - (SELECT count(*) FROM held) AS rest_only,
	n_rows = (SELECT count(*) FROM likes) AS all_read, options->'holdout' AS holdout
FROM m;
SELECT * FROM verdicts('m');

-- the figure is the one of wals_evaluate on the same pairs
SET client_min_messages = error;
SELECT abs(e.value - (m.metrics->>'ndcg@10')::float8) < 1e-9 AS same_value,
	abs(e.std_error - (m.metrics->'holdout'->>'std_error')::float8) < 1e-9 AS same_error,
	e.n_users = (m.metrics->'holdout'->>'n_users')::bigint AS same_users
FROM wals_evaluate('held', 'm') AS e, m WHERE e.metric = 'ndcg';
SET client_min_messages = warning;

-- no worse, worse, worse but within the margin, better
CALL wals_retrain('m', activate => 'if_better', margin => 0.1);
SELECT wals_train('m', 'likes', factors => 1, activate => 'if_better', holdout => 0.2, keep_versions => 20);
SELECT wals_train('m', 'likes', factors => 1, activate => 'if_better', holdout => 0.2, margin => 0.9, keep_versions => 20);
SELECT wals_train('m', 'likes', factors => 8, activate => 'if_better', holdout => 0.2, keep_versions => 20);
SELECT * FROM verdicts('m');
-- warm, because the versions before hold out the same; the fraction stays
SELECT version, started_from, options->'holdout' AS holdout FROM m WHERE version = 2;
SET client_min_messages = error;
SELECT v.version, abs(c.difference - (v.metrics->'gate'->>'difference')::float8) < 1e-9 AS same_difference,
	abs(c.std_error - (v.metrics->'gate'->>'user_error')::float8) < 1e-9 AS same_error,
	abs(c.value_a - (v.metrics->'gate'->>'active_value')::float8) < 1e-9
		AND abs(c.value_b - (v.metrics->'gate'->>'value')::float8) < 1e-9 AS same_values,
	c.n_users = (v.metrics->'gate'->>'n_users')::bigint AS same_users
FROM m AS v, wals_compare('held', 'm', version_a => (v.metrics->'gate'->>'active_version')::integer, version_b => v.version) AS c
WHERE c.metric = 'ndcg' AND v.version > 1 ORDER BY 1;
SET client_min_messages = warning;

-- every metric; a smaller fraction is a part of the larger one
CALL wals_retrain('m', activate => 'if_better', margin => 1, metric => 'recall@20');
CALL wals_retrain('m', activate => 'if_better', margin => 1, metric => 'precision@5');
CALL wals_retrain('m', activate => 'if_better', margin => 1, metric => 'hit_rate@10');
CALL wals_retrain('m', activate => 'if_better', margin => 1, metric => 'auc');
CALL wals_retrain('m', activate => 'if_better', margin => 1, metric => 'map@3', holdout => 0.1);
SELECT * FROM verdicts('m') WHERE version > 5;
SET client_min_messages = error;
SELECT v.version, c.metric, c.k, abs(c.difference - (v.metrics->'gate'->>'difference')::float8) < 1e-9 AS same_difference
FROM m AS v, wals_compare('held', 'm', version_a => v.version - 1, version_b => v.version, k => '{5,10,20}') AS c
WHERE concat_ws('@', c.metric, c.k) = v.metrics->'gate'->>'metric' AND v.version BETWEEN 6 AND 9 ORDER BY 1;
SET client_min_messages = warning;
-- a larger fraction than the active version's: it saw, and is no start
CALL wals_retrain('m', activate => 'if_better', holdout => 0.3, margin => 1);
SELECT * FROM verdicts('m') WHERE version > 10;
SELECT started_from, options->'holdout' AS holdout FROM m WHERE version = 11;
-- without a gate the fraction stays too, unless it is taken back
CALL wals_retrain('m');
CALL wals_retrain('m', holdout => 0);
SELECT version, active, options->'holdout' AS holdout, metrics IS NULL AS no_metrics FROM m WHERE version > 11 ORDER BY 1;

-- users who came after the active version, and items it does not have
CREATE TABLE more AS SELECT * FROM likes WHERE user_id <= 100 AND item_id > 10;
SELECT wals_train('grows', 'more', factors => 8, holdout => 0.2, keep_versions => 9);
INSERT INTO more SELECT * FROM likes WHERE user_id > 100 OR item_id <= 10;
CALL wals_retrain('grows', activate => 'if_better', margin => 1);
SET client_min_messages = error;
SELECT abs(c.difference - (v.metrics->'gate'->>'difference')::float8) < 1e-9 AS same_difference,
	(v.metrics->'gate'->>'n_users')::bigint = c.n_users AND c.n_users < (v.metrics->'holdout'->>'n_users')::bigint AS users_of_both
FROM grows AS v, wals_compare('held', 'grows', version_a => 1, version_b => 2) AS c
WHERE c.metric = 'ndcg' AND v.version = 2;
SET client_min_messages = warning;
-- items it has and the source has no longer
DELETE FROM more WHERE item_id BETWEEN 20 AND 25;
CALL wals_retrain('grows', activate => 'if_better', margin => 1);
-- nobody it knows: nothing to compare, so nothing changes
UPDATE more SET user_id = user_id + 1000;
CALL wals_retrain('grows', activate => 'if_better', margin => 1);
SELECT * FROM verdicts('grows');

-- rare users and items that are left out; text and uuid; values of zero
CREATE TABLE named AS SELECT 'u' || user_id AS user_id, md5('i' || item_id)::uuid AS item_id,
	CASE WHEN (user_id + item_id) % 3 = 0 THEN 0 ELSE stars END AS stars FROM likes;
INSERT INTO named VALUES ('rare', md5('i1')::uuid, 1), ('u1', md5('rare')::uuid, 1);
SELECT wals_train('named_model', 'named', value_col => 'stars', factors => 8, holdout => 0.3, min_user_rows => 4, min_item_rows => 2);
CALL wals_retrain('named_model', activate => 'if_better', margin => 0.2, metric => 'ndcg@5');
SELECT * FROM verdicts('named_model');
CREATE VIEW with_zeros AS SELECT user_id, item_id, CASE WHEN (user_id + item_id) % 3 = 0 THEN 0 ELSE stars END AS stars FROM likes;
CREATE VIEW held_zeros AS SELECT * FROM with_zeros WHERE wals_holdout(user_id, item_id, 0.2, 1752132708);
SELECT wals_train('heavy', 'with_zeros', value_col => 'stars', feedback => 'weighted', factors => 4, holdout => 0.2);
CALL wals_retrain('heavy', activate => 'if_better', margin => 0.2);
SELECT * FROM verdicts('heavy');
SET client_min_messages = error;
SELECT abs(e.value - (m.metrics->>'ndcg@10')::float8) < 1e-9 AS same_value, e.n_users = (m.metrics->'holdout'->>'n_users')::bigint AS same_users
FROM wals_evaluate('held_zeros', 'heavy') AS e, heavy AS m WHERE e.metric = 'ndcg' AND m.active;
SET client_min_messages = warning;

-- ---------------------------------------------------------------------------
-- Explicit feedback: errors are better when they are smaller
-- ---------------------------------------------------------------------------

SELECT wals_train('stars', 'likes', value_col => 'stars', time_col => 'at', feedback => 'explicit', factors => 2, holdout => 0.2, keep_versions => 9);
SELECT wals_train('stars', 'likes', value_col => 'stars', time_col => 'at', feedback => 'explicit', factors => 2, holdout => 0.2, keep_versions => 9,
	regularization => 3, activate => 'if_better');
SELECT wals_train('stars', 'likes', value_col => 'stars', time_col => 'at', feedback => 'explicit', factors => 2, holdout => 0.2, keep_versions => 9,
	regularization => 3, activate => 'if_better', margin => 2, metric => 'mae');
SELECT wals_train('stars', 'likes', value_col => 'stars', feedback => 'explicit', factors => 2, holdout => 0.2, keep_versions => 9,
	half_life => '30 days', time_col => 'at', activate => 'if_better');
CALL wals_retrain('stars', activate => 'if_better', metric => 'ndcg@10', margin => 1);
SELECT * FROM verdicts('stars');
SET client_min_messages = error;
SELECT v.version, c.metric, abs(c.difference - (v.metrics->'gate'->>'difference')::float8) < 1e-6 AS same_difference,
	abs(c.std_error - (v.metrics->'gate'->>'user_error')::float8) < 1e-6 AS same_error,
	abs(c.value_b - (v.metrics->'gate'->>'value')::float8) < 1e-6 AS same_value
FROM stars AS v, wals_compare('held', 'stars', version_a => (v.metrics->'gate'->>'active_version')::integer, version_b => v.version) AS c
WHERE concat_ws('@', c.metric, c.k) = v.metrics->'gate'->>'metric' AND v.version > 1 ORDER BY 1;
-- with users and items the active version does not have
TRUNCATE more;
INSERT INTO more SELECT * FROM likes WHERE user_id <= 100 AND item_id > 10;
SELECT wals_train('star_grows', 'more', value_col => 'stars', feedback => 'explicit', factors => 2, holdout => 0.2);
INSERT INTO more SELECT * FROM likes WHERE user_id > 100 OR item_id <= 10;
CALL wals_retrain('star_grows', activate => 'if_better', margin => 1);
SELECT abs(c.value_a - (v.metrics->'gate'->>'active_value')::float8) < 1e-6 AS same_active,
	abs(c.value_b - (v.metrics->'gate'->>'value')::float8) < 1e-6 AS same_value,
	(v.metrics->'gate'->>'n_users')::bigint = c.n_users AND c.n_users < (v.metrics->'holdout'->>'n_users')::bigint AS users_of_both
FROM star_grows AS v, wals_compare('held', 'star_grows', version_a => 1, version_b => 2) AS c
WHERE c.metric = 'rmse' AND v.version = 2;
SELECT abs(e.value - (m.metrics->>'rmse')::float8) < 1e-6 AS same_value,
	abs(e.std_error - (m.metrics->'holdout'->>'std_error')::float8) < 1e-6 AS same_error
FROM wals_evaluate('held', 'stars', version => 1) AS e, stars AS m WHERE e.metric = 'rmse' AND m.version = 1;
SET client_min_messages = warning;

-- ---------------------------------------------------------------------------
-- No active version; one that was trained on everything
-- ---------------------------------------------------------------------------

SELECT wals_train('first', 'likes', factors => 8, activate => 'if_better', holdout => 0.2);
UPDATE first SET active = false;
SELECT wals_train('first', 'likes', factors => 1, activate => 'if_better');
SELECT * FROM verdicts('first');
SELECT wals_train('old', 'likes', factors => 8);
CALL wals_retrain('old', activate => 'if_better', margin => 1);
SELECT * FROM verdicts('old');
-- versions from before the option existed
UPDATE old SET options = options - 'holdout', active = version = 1;
CALL wals_retrain('old', activate => 'if_better');
SELECT * FROM verdicts('old') WHERE version = 3;

-- a refresh does not solve from what was held out: the next gate is fair and begins
-- warm; one of an older release did, and said so
CREATE TABLE fresh AS TABLE likes;
SELECT wals_train('fresh_model', 'fresh', factors => 8, holdout => 0.2, keep_versions => 9);
SELECT wals_queue_enable('fresh_model');
SET client_min_messages = notice;
SELECT users_updated FROM wals_refresh('fresh_model');
SET client_min_messages = warning;
SELECT options->'holdout' AS holdout, options ? 'holdout_seen' AS seen FROM fresh_model;
INSERT INTO fresh SELECT 1, i FROM generate_series(1, 60, 7) AS i;
SELECT users_updated FROM wals_refresh('fresh_model');
SELECT options->'holdout' AS holdout, options->'holdout_seen' AS seen FROM fresh_model;
SELECT users_updated FROM wals_refresh('fresh_model', items => 'touched');
CALL wals_retrain('fresh_model', activate => 'if_better', margin => 1);
UPDATE fresh_model SET options = options || '{"holdout_seen": true}' WHERE active;
CALL wals_retrain('fresh_model', activate => 'if_better', margin => 1);
CALL wals_retrain('fresh_model', activate => 'if_better', margin => 1);
SELECT v.*, m.started_from, m.options->'holdout' AS holdout, m.options->'holdout_seen' AS seen
FROM verdicts('fresh_model') AS v JOIN fresh_model AS m USING (version) ORDER BY 1;
-- nor does forgetting, for the items it solves without the user
SELECT items_updated > 0 AS items FROM wals_forget(1, 'fresh_model', delete_rows => true);
CALL wals_retrain('fresh_model', activate => 'if_better', margin => 1);
SELECT * FROM verdicts('fresh_model') WHERE version > 4;
-- nothing was held out
SELECT wals_train('fresh_all', 'fresh', factors => 2, iterations => 1);
SELECT wals_queue_enable('fresh_all');
DELETE FROM fresh WHERE user_id = 2;
SELECT users_removed FROM wals_refresh('fresh_all');
SELECT options ? 'holdout_seen' AS seen FROM fresh_all;

-- in a transaction block, beside a version of the same transaction
BEGIN;
SELECT wals_train('block', 'likes', factors => 8, holdout => 0.2);
CALL wals_retrain('block', activate => 'if_better', margin => 1);
SELECT * FROM verdicts('block');
COMMIT;
-- all models of the role
CREATE ROLE regress_gate;
GRANT ALL ON SCHEMA gate TO regress_gate;
GRANT SELECT ON likes TO regress_gate;
SET ROLE regress_gate;
SELECT wals_train('mine', 'likes', factors => 2, holdout => 0.2);
SELECT wals_train('mine_too', 'likes', value_col => 'stars', feedback => 'explicit', factors => 2, holdout => 0.2);
CALL wals_retrain(activate => 'if_better', margin => 1);
SELECT * FROM verdicts('mine') UNION ALL SELECT * FROM verdicts('mine_too');
RESET ROLE;

-- ---------------------------------------------------------------------------
-- Errors
-- ---------------------------------------------------------------------------

\set VERBOSITY default
SELECT wals_train('m', 'likes', activate => 'if_worse');
CALL wals_retrain('m', activate => 'if_better', metric => 'ndcg');
CALL wals_retrain('m', activate => 'if_better', metric => 'rmse');
CALL wals_retrain('m', activate => 'if_better', margin => -1);
CALL wals_retrain('m', activate => 'if_better', holdout => 1);
CALL wals_retrain('m', activate => 'if_better', holdout => 0);
CALL wals_retrain('m', metric => 'auc');
CALL wals_retrain('m', margin => 0.1);
\set VERBOSITY terse
CALL wals_retrain('m', activate => 'if_better', metric => 'ndcg@0');
CALL wals_retrain('m', activate => 'if_better', metric => 'ndcg@1001');
CALL wals_retrain('m', activate => 'if_better', metric => 'ndcg@10x');
CALL wals_retrain('m', activate => 'if_better', metric => 'ndcg@-1');
CALL wals_retrain('m', activate => 'if_better', metric => 'popularity@10');
CALL wals_retrain('m', activate => 'if_better', metric => 'coverage@10');
CALL wals_retrain('m', activate => 'if_better', metric => '');
CALL wals_retrain('m', activate => 'if_better', margin => 'NaN');
CALL wals_retrain('m', activate => 'if_better', margin => 'Infinity');
CALL wals_retrain('m', activate => 'if_better', holdout => 'NaN');
CALL wals_retrain('m', activate => 'if_better', holdout => 1e-9);
SELECT wals_train('m', 'likes', value_col => 'stars', feedback => 'explicit', activate => 'if_better');
SELECT wals_train('m', 'likes', holdout => 0.999999);
UPDATE m SET options = options || '{"holdout": 7}';
CALL wals_retrain('m', activate => 'if_better');
UPDATE m SET options = options || '{"holdout": 0.2}';
-- the active version is damaged: nothing is written
UPDATE m_items SET factors = '{1,2}' WHERE version = (SELECT version FROM m WHERE active) AND id = 7;
SELECT count(*) AS versions FROM m;
CALL wals_retrain('m', warm_start => false, activate => 'if_better');
SELECT count(*) AS versions FROM m;

SET client_min_messages = error;
DROP SCHEMA gate CASCADE;
DROP OWNED BY regress_gate;
DROP ROLE regress_gate;
