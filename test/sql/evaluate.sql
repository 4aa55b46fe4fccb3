-- wals_evaluate: figures worked out by hand, the same figures from plain SQL
-- over the factor tables, and everything that would flatter.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET jit = off;
CREATE SCHEMA evaluate;
SET search_path = evaluate, public;

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

-- ---------------------------------------------------------------------------
-- By hand
-- ---------------------------------------------------------------------------

-- Scores are made: item 1 has the highest for everybody, item 8 the lowest,
-- and the items have been seen by 8, 1, 1, ... users, item 3 by 3.
CREATE TABLE seen AS
SELECT * FROM (VALUES (1, 1), (2, 1), (3, 1), (4, 1), (5, 1), (6, 1), (7, 1), (8, 1),
	(1, 2), (2, 3), (3, 3), (4, 3), (5, 4), (6, 5), (7, 6), (8, 7), (8, 8)) AS s (user_id, item_id);
SELECT wals_train('hand', 'seen', factors => 1, iterations => 1);
UPDATE hand_items SET factors = ARRAY[(9 - id) / 8.0]::real[];
UPDATE hand_users SET factors = '{1}';
SELECT wals_activate('hand', 1);
-- User 1, who has seen 1 and 2: 3, 4, 5, 6, 7, 8 are ranked in this order; 4
-- and 8 are relevant, and 99, which nobody knows.
-- User 2, who has seen 1 and 3: 2, 4, 5, 6, 7, 8; 2 is relevant.
-- User 99 is unknown.
CREATE TABLE test AS
SELECT * FROM (VALUES (1, 4), (1, 8), (1, 99), (2, 2), (99, 1)) AS t (user_id, item_id);

-- precision		1: 0, 1/2; 2: 1, 1/2
-- recall			1: 0, 1/3; 2: 1, 1
-- recall_capped	1: 0, 1/2; 2: 1, 1
-- ndcg				1: 0, (1/log2 3)/(1 + 1/log2 3) = 0.386853; 2: 1, 1
-- map				1: 0, (1/2)/2 = 0.25; 2: 1, 1
-- mrr				1: 0, 1/2; 2: 1, 1
-- popularity		1: 3, (3 + 1)/2; 2: 1, 1
-- coverage			items 3 and 2: 2/8; 3, 4, 2: 3/8
-- auc				1: of 3 * 4 pairs 3 + 0 + 0; 2: all 5
-- By popularity 1 gets 3, 4, 5, ... as before, and 2 gets 2, 4, 5, ...
SET client_min_messages = notice;
SELECT metric, k, round(value::numeric, 6) AS value, round(std_error::numeric, 6) AS std_error,
	round(popular_baseline::numeric, 6) AS popular, n_users, n_skipped
FROM wals_evaluate('test', 'hand', k => '{2,1,2}');
SET client_min_messages = warning;
-- the types, and all defaults
SET wals.default_model = 'hand';
SELECT pg_typeof(metric), pg_typeof(k), pg_typeof(value), pg_typeof(std_error), pg_typeof(popular_baseline),
	pg_typeof(n_users), pg_typeof(n_skipped), count(*)
FROM wals_evaluate('test') GROUP BY 1, 2, 3, 4, 5, 6, 7;
RESET wals.default_model;

-- without the exclusion: 1, 2, 3, 4, ... for both
SELECT metric, k, round(value::numeric, 6) AS value FROM wals_evaluate('test', 'hand', '{2}', exclude_seen => false)
WHERE metric IN ('mrr', 'auc', 'recall');
-- among candidates, of which one has been seen and one is unknown: 5, 8 and 4
-- for user 1, nothing but the relevant 2 for user 2, who has no AUC then
CREATE TABLE lists AS SELECT * FROM (VALUES (1, 5), (1, 8), (1, 1), (1, 77), (1, 5), (3, 4), (99, 1)) AS l (user_id, item_id);
SELECT metric, k, round(value::numeric, 6) AS value, n_users, n_skipped
FROM wals_evaluate('test', 'hand', '{1,2}', candidates => 'lists') WHERE metric IN ('mrr', 'auc', 'recall', 'coverage');
-- the protocol of such figures has one test item per user
SET client_min_messages = notice;
SELECT count(*) FROM wals_evaluate('test', 'hand', negatives => 2) WHERE value IS NOT NULL;
CREATE VIEW one_each AS SELECT * FROM test WHERE item_id IN (8, 2);
SELECT count(*) FROM wals_evaluate('one_each', 'hand', negatives => 2) WHERE value IS NOT NULL;
SET client_min_messages = warning;
-- as many negatives as there are is everything
SELECT count(*) AS differences FROM (SELECT * FROM wals_evaluate('test', 'hand', '{1,2,3}')
	EXCEPT SELECT * FROM wals_evaluate('test', 'hand', '{1,2,3}', negatives => 1000)) AS d;
-- a source that has grown since: what is tested stays to be found, what came
-- besides is not ranked any more
CREATE TABLE before AS SELECT * FROM wals_evaluate('test', 'hand', '{1,2}');
INSERT INTO seen SELECT * FROM test WHERE user_id < 3;
SELECT count(*) AS differences FROM (TABLE before EXCEPT SELECT * FROM wals_evaluate('test', 'hand', '{1,2}')) AS d;
INSERT INTO seen VALUES (1, 3);
SELECT b.metric, b.k, round(b.value::numeric, 6) AS before, round(a.value::numeric, 6) AS after
FROM before AS b JOIN wals_evaluate('test', 'hand', '{1}') AS a ON b.metric = a.metric AND b.k = a.k WHERE b.metric IN ('mrr', 'popularity');
DELETE FROM seen WHERE (user_id, item_id) IN (TABLE test UNION ALL VALUES (1, 3)) AND user_id < 3;

-- ---------------------------------------------------------------------------
-- Against plain SQL
-- ---------------------------------------------------------------------------

CREATE TABLE ratings AS
SELECT u AS user_id, i AS item_id, 1 + (u * 7 + i * 13 + u * i) % 5 AS rating
FROM generate_series(1, 90) AS u, generate_series(1, 70) AS i
WHERE (u * u + i * i + u * i) % 11 < 3 AND (u % 3 = i % 3 OR (u + i) % 5 = 0);
-- besides the held-out rows, users and items nobody has trained on
CREATE VIEW ratings_train AS SELECT * FROM ratings WHERE NOT wals_holdout(user_id, item_id, 0.3) AND item_id < 68 AND user_id < 88;
CREATE VIEW ratings_test AS SELECT * FROM ratings WHERE wals_holdout(user_id, item_id, 0.3) OR item_id >= 68 OR user_id >= 88;
SELECT wals_train('m', 'ratings_train', factors => 4, iterations => 5, value_col => 'rating');
SELECT wals_train('stars', 'ratings_train', factors => 3, iterations => 5, value_col => 'rating', feedback => 'explicit');

-- every pair that is ranked, with its rank; relevant: the test rows of a value
CREATE FUNCTION ranked(model text, popular boolean, threshold integer) RETURNS TABLE (user_id bigint, item_id bigint, likes integer, score double precision, rank bigint)
LANGUAGE plpgsql AS
$$
BEGIN
	RETURN QUERY EXECUTE format($q$
		SELECT u.id, i.id, i.likes, s.score, row_number() OVER (PARTITION BY u.id ORDER BY s.score DESC, i.id)
		FROM %1$I_users AS u CROSS JOIN %1$I_items AS i,
			LATERAL (SELECT CASE WHEN $1 THEN i.likes - i.n / 1e6::double precision ELSE u.bias::double precision + i.bias + sum(a::double precision * b) END AS score
				FROM unnest(u.factors, i.factors) AS f(a, b)) AS s
		WHERE EXISTS (SELECT FROM ratings_test AS t WHERE t.user_id = u.id AND t.rating >= $2)
			AND NOT EXISTS (SELECT FROM ratings_train AS t WHERE t.user_id = u.id AND t.item_id = i.id)
		$q$, model) USING popular, threshold;
END;
$$;
CREATE FUNCTION plain(model text, popular boolean, threshold integer, k integer)
RETURNS TABLE (metric text, mean double precision, error double precision, users bigint)
LANGUAGE sql AS
$$
	WITH r AS MATERIALIZED (
		SELECT r.*, EXISTS (SELECT FROM ratings_test AS t WHERE t.user_id = r.user_id AND t.item_id = r.item_id AND t.rating >= threshold) AS hit
		FROM ranked(model, popular, threshold) AS r
	), h AS (
		SELECT *, count(*) FILTER (WHERE hit) OVER (PARTITION BY user_id ORDER BY rank) AS hits FROM r
	), t AS (
		SELECT *, least(k, t) AS capped, (SELECT sum(ln(2) / ln(i + 1)) FROM generate_series(1, least(k, t)) AS i) AS ideal
		FROM (SELECT user_id, count(*) AS t FROM ratings_test WHERE rating >= threshold GROUP BY user_id) AS t
	), a AS (
		SELECT p.user_id, sum(CASE WHEN p.score > q.score THEN 1 WHEN p.score = q.score THEN 0.5 ELSE 0 END) AS won
		FROM r AS p JOIN r AS q USING (user_id) WHERE p.hit AND NOT q.hit GROUP BY 1
	), u AS (
		SELECT h.user_id,
			count(*) FILTER (WHERE hit AND rank <= k)::double precision / k AS precision,
			count(*) FILTER (WHERE hit AND rank <= k)::double precision / min(t) AS recall,
			count(*) FILTER (WHERE hit AND rank <= k)::double precision / min(capped) AS recall_capped,
			(count(*) FILTER (WHERE hit AND rank <= k) > 0)::integer AS hit_rate,
			COALESCE(sum(ln(2) / ln(rank + 1)) FILTER (WHERE hit AND rank <= k), 0) / min(ideal) AS ndcg,
			COALESCE(sum(hits::double precision / rank) FILTER (WHERE hit AND rank <= k), 0) / min(capped) AS map,
			COALESCE(1.0 / min(rank) FILTER (WHERE hit AND rank <= k), 0) AS mrr,
			avg(likes) FILTER (WHERE rank <= k) AS popularity,
			COALESCE(min(won), 0) / (min(t) * count(*) FILTER (WHERE NOT hit)) AS auc
		FROM h JOIN t USING (user_id) LEFT JOIN a USING (user_id) GROUP BY 1
	)
	SELECT v.metric, avg(v.value), stddev_samp(v.value) / sqrt(count(*)), count(*)
	FROM u, LATERAL (VALUES ('precision', precision), ('recall', recall), ('recall_capped', recall_capped), ('hit_rate', hit_rate),
		('ndcg', ndcg), ('map', map), ('mrr', mrr), ('popularity', popularity), ('auc', auc)) AS v (metric, value)
	GROUP BY 1
	UNION ALL
	SELECT 'coverage', count(DISTINCT item_id) FILTER (WHERE rank <= k)::double precision / count(DISTINCT item_id), NULL, count(DISTINCT user_id) FROM r
$$;
-- relative differences of anything, by cut and threshold; the users are those
-- of the model with something relevant, the rest is skipped
SELECT c.k, c.threshold, count(*) AS metrics, count(*) FILTER (WHERE e.n_users <> p.users) AS other_users,
	count(DISTINCT e.n_users + e.n_skipped) = 1 AND min(e.n_users + e.n_skipped) = (SELECT count(DISTINCT user_id) FROM ratings_test) AS all_counted,
	count(*) FILTER (WHERE abs(e.value - p.mean) > 1e-9) AS values, count(*) FILTER (WHERE abs(e.popular_baseline - b.mean) > 1e-9) AS baselines,
	count(*) FILTER (WHERE abs(e.std_error - p.error) > 1e-9 OR (e.std_error IS NULL) <> (p.error IS NULL)) AS errors
FROM (VALUES (1, 1), (5, 1), (20, 1), (7, 4), (500, 2)) AS c (k, threshold),
	LATERAL wals_evaluate('ratings_test', 'm', ARRAY[c.k], relevance_threshold => c.threshold) AS e
	LEFT JOIN LATERAL plain('m', false, c.threshold, c.k) AS p USING (metric)
	LEFT JOIN LATERAL plain('m', true, c.threshold, c.k) AS b USING (metric)
GROUP BY 1, 2 ORDER BY 1, 2;
-- several cuts at once are the same as one by one
SELECT count(*) AS rows, count(*) FILTER (WHERE (a.value, a.std_error, a.popular_baseline) IS DISTINCT FROM (b.value, b.std_error, b.popular_baseline)) AS differences
FROM wals_evaluate('ratings_test', 'm', '{1,5,20}') AS a
JOIN (SELECT b.* FROM unnest('{1,5,20}'::integer[]) AS c, LATERAL wals_evaluate('ratings_test', 'm', ARRAY[c]) AS b) AS b
	ON a.metric = b.metric AND a.k = b.k;

-- predictions: the model's own, those of mean and biases, errors by user
WITH r AS (
	SELECT t.user_id, t.rating - (wals_score(t.user_id, t.item_id, 'stars')) AS off FROM ratings_test AS t
), u AS (
	SELECT user_id, count(off) AS n, sum(off * off) AS s, sum(abs(off)) AS a FROM r WHERE off IS NOT NULL GROUP BY 1
), m AS (SELECT sqrt(sum(s) / sum(n)) AS rmse, sum(a) / sum(n) AS mae, sum(n) AS n, count(*) AS users FROM u),
e AS (
	SELECT sqrt(count(*) / (count(*) - 1.0) * sum((s - u.n * m.rmse ^ 2) ^ 2)) / min(m.n) / (2 * min(m.rmse)) AS rmse,
		sqrt(count(*) / (count(*) - 1.0) * sum((a - u.n * m.mae) ^ 2)) / min(m.n) AS mae
	FROM (SELECT user_id, n::double precision AS n, s, a FROM u) AS u, m
), bi AS (
	SELECT item_id, sum(rating - (SELECT global_mean FROM stars)) / (count(*) + 5) AS b FROM ratings_train GROUP BY 1
), bu AS (
	SELECT user_id, sum(rating - (SELECT global_mean FROM stars) - b) / (count(*) + 5) AS b FROM ratings_train JOIN bi USING (item_id) GROUP BY 1
), d AS (
	SELECT t.rating - least(highest, greatest(lowest, (SELECT global_mean FROM stars) + bi.b + bu.b)) AS off
	FROM ratings_test AS t JOIN bi USING (item_id) JOIN bu USING (user_id),
		(SELECT min(rating) AS lowest, max(rating) AS highest FROM ratings_train) AS r
)
SELECT v.metric, abs(v.value - CASE v.metric WHEN 'rmse' THEN m.rmse ELSE m.mae END) < 1e-6 AS value,
	abs(v.std_error - CASE v.metric WHEN 'rmse' THEN e.rmse ELSE e.mae END) < 1e-6 AS std_error,
	abs(v.popular_baseline - (SELECT CASE v.metric WHEN 'rmse' THEN sqrt(avg(off * off)) ELSE avg(abs(off)) END FROM d)) < 1e-6 AS baseline,
	v.n_users = m.users AS users, v.n_skipped = (SELECT count(*) FROM ratings_test) - m.n AS skipped
FROM wals_evaluate('ratings_test', 'stars') AS v, m, e WHERE v.metric IN ('rmse', 'mae');
-- an implicit model predicts no ratings
SELECT count(*) FROM wals_evaluate('ratings_test', 'm') WHERE metric IN ('rmse', 'mae');
-- without the source there are no biases to estimate
SELECT metric, value IS NOT NULL AS value, popular_baseline FROM wals_evaluate('ratings_test', 'stars', exclude_seen => false) WHERE metric IN ('rmse', 'mae');

-- ---------------------------------------------------------------------------
-- Nothing flatters unnoticed
-- ---------------------------------------------------------------------------

SET client_min_messages = notice;
-- trained on the test
SELECT count(*) FROM wals_evaluate('ratings', 'm');
-- rows that cannot be used; twice the same pair is one
CREATE TABLE odd AS SELECT user_id, item_id, rating FROM ratings_test WHERE user_id < 5 AND item_id < 68
	UNION ALL SELECT user_id, item_id, rating FROM ratings_test WHERE user_id < 5 AND item_id < 68
	UNION ALL VALUES (NULL, 1, 1), (1, NULL, 1), (1, 1, NULL);
SELECT count(*) FROM wals_evaluate('odd', 'm');
SET client_min_messages = warning;
CREATE VIEW even AS SELECT DISTINCT * FROM odd WHERE user_id + item_id + rating IS NOT NULL;
SELECT count(*) AS rows, count(*) FILTER (WHERE a.value IS DISTINCT FROM b.value) AS differences
FROM wals_evaluate('odd', 'm') AS a JOIN wals_evaluate('even', 'm') AS b USING (metric);
-- rows of one pair count with their mean
CREATE TABLE pairs AS VALUES (1, 4, 5), (1, 4, 1), (2, 2, 3), (2, 2, 5);
ALTER TABLE pairs RENAME column1 TO user_id;
ALTER TABLE pairs RENAME column2 TO item_id;
ALTER TABLE pairs RENAME column3 TO rating;
SELECT threshold, outcome(format($$SELECT * FROM wals_evaluate('pairs', 'hand', value_col => 'rating', relevance_threshold => %s)$$, threshold)),
	(SELECT n_users FROM wals_evaluate('pairs', 'hand', value_col => 'rating', relevance_threshold => threshold) WHERE metric = 'mrr')
FROM unnest('{3,3.5,4,4.5}'::double precision[]) AS threshold;
-- 0.7 is at least 0.7, though real rounds it down
CREATE VIEW tenths AS SELECT user_id, item_id, 0.7::real AS rating FROM pairs;
SELECT n_users FROM wals_evaluate('tenths', 'hand', value_col => 'rating', relevance_threshold => 0.7) WHERE metric = 'mrr';
-- implicit: what is not above 0 is not relevant
UPDATE pairs SET rating = -1 WHERE user_id = 1;
SELECT n_users, n_skipped FROM wals_evaluate('pairs', 'hand', value_col => 'rating') WHERE metric = 'mrr';

-- ---------------------------------------------------------------------------
-- Draws
-- ---------------------------------------------------------------------------

-- users: as many as asked, the same ones again, others with another seed, and
-- always the same whatever the order of the rows
SELECT a.n_users + a.n_skipped AS asked, a.value = b.value AS again, a.value <> c.value AS other_seed
FROM wals_evaluate('ratings_test', 'm', max_users => 30) AS a, wals_evaluate('ratings_test', 'm', max_users => 30) AS b,
	wals_evaluate('ratings_test', 'm', max_users => 30, seed => 1) AS c
WHERE a.metric = 'auc' AND b.metric = 'auc' AND c.metric = 'auc';
CREATE TABLE shuffled AS SELECT * FROM ratings_test ORDER BY md5(user_id::text || item_id);
SELECT count(*) AS rows, count(*) FILTER (WHERE a IS DISTINCT FROM b) AS differences
FROM wals_evaluate('ratings_test', 'm', max_users => 50, negatives => 20) AS a
JOIN wals_evaluate('shuffled', 'm', max_users => 50, negatives => 20) AS b USING (metric);
-- negatives: fewer make it easier, the seed decides which
SELECT bool_and(a.value > b.value) AS easier, bool_or(a.value <> c.value) AS other_seed
FROM wals_evaluate('ratings_test', 'm', negatives => 5) AS a JOIN wals_evaluate('ratings_test', 'm') AS b USING (metric)
JOIN wals_evaluate('ratings_test', 'm', negatives => 5, seed => 3) AS c USING (metric)
WHERE metric IN ('precision', 'recall', 'ndcg', 'map', 'mrr', 'hit_rate');
-- any number of threads
SET wals.threads = 1;
CREATE TABLE one_thread AS SELECT * FROM wals_evaluate('ratings_test', 'm', '{3,10}');
SET wals.threads = 5;
SELECT count(*) AS differences FROM (SELECT * FROM one_thread EXCEPT SELECT * FROM wals_evaluate('ratings_test', 'm', '{3,10}')) AS d;
RESET wals.threads;

-- ---------------------------------------------------------------------------
-- Ids, columns, versions
-- ---------------------------------------------------------------------------

CREATE VIEW text_train AS SELECT 'u' || user_id AS who, 'i' || item_id AS what, rating AS stars FROM ratings_train;
CREATE VIEW text_test AS SELECT 'u' || user_id AS who, 'i' || item_id AS what, rating AS stars FROM ratings_test;
CREATE VIEW text_renamed AS SELECT who::varchar AS customer, what AS sku, stars::numeric AS score FROM text_test;
CREATE VIEW uuid_train AS SELECT lpad(user_id::text, 32, '0')::uuid AS user_id, item_id::smallint FROM ratings_train;
CREATE VIEW uuid_test AS SELECT lpad(user_id::text, 32, '0')::uuid AS user_id, item_id FROM ratings_test;
SELECT wals_train('t', 'text_train', 'who', 'what', 'stars', factors => 4, iterations => 5);
SELECT wals_train('x', 'uuid_train', factors => 4, iterations => 5);
SELECT (SELECT count(*) FROM wals_evaluate('text_test', 't')) AS text, (SELECT count(*) FROM wals_evaluate('uuid_test', 'x')) AS mixed;
SELECT count(*) AS rows, count(*) FILTER (WHERE a IS DISTINCT FROM b) AS differences
FROM wals_evaluate('text_test', 't') AS a
JOIN wals_evaluate('text_renamed', 't', user_col => 'customer', item_col => 'sku', value_col => 'score') AS b USING (metric);
-- another version than the active one
SELECT wals_train('m', 'ratings_train', factors => 2, iterations => 2, value_col => 'rating', activate => 'no');
SELECT count(*) FILTER (WHERE a IS DISTINCT FROM b) AS active, count(*) FILTER (WHERE a.value <> c.value) > 0 AS other
FROM wals_evaluate('ratings_test', 'm') AS a JOIN wals_evaluate('ratings_test', 'm', version => 1) AS b USING (metric)
JOIN wals_evaluate('ratings_test', 'm', version => 2) AS c USING (metric);

-- where it may be called
BEGIN READ ONLY;
SELECT count(*) FROM wals_evaluate('ratings_test', 'm');
ROLLBACK;
PREPARE e(regclass, integer[]) AS SELECT count(*) FROM wals_evaluate($1, 'm', k => $2);
EXECUTE e('ratings_test', '{1,2}');
EXPLAIN (COSTS off) SELECT * FROM wals_evaluate('ratings_test', 'm');

-- ---------------------------------------------------------------------------
-- Metrics of a version
-- ---------------------------------------------------------------------------

SELECT wals_set_metrics('m', 1, (SELECT jsonb_object_agg(metric || COALESCE('@' || k, ''), round(value::numeric, 3))
	FROM wals_evaluate('test', 'hand', '{2}') WHERE metric IN ('mrr', 'auc')));
SELECT version, metrics FROM m ORDER BY version;
SELECT metrics FROM wals_models WHERE model = 'm'::regclass;
SELECT wals_set_metrics('m', 1, NULL);
SELECT metrics FROM m WHERE version = 1;
SELECT outcome($$SELECT wals_set_metrics('m', 7, '{}')$$);
SELECT outcome($$SELECT wals_set_metrics('m', NULL, '{}')$$);
SELECT outcome($$SELECT wals_set_metrics('m', 1, '[1]')$$);
SELECT outcome($$SELECT wals_set_metrics('ratings', 1, '{}')$$);

-- ---------------------------------------------------------------------------
-- Errors
-- ---------------------------------------------------------------------------

SELECT outcome($$SELECT * FROM wals_evaluate(NULL, 'm')$$);
SELECT outcome($$SELECT * FROM wals_evaluate('ratings_test', 'm', '{}')$$);
SELECT outcome($$SELECT * FROM wals_evaluate('ratings_test', 'm', '{NULL}')$$);
SELECT outcome($$SELECT * FROM wals_evaluate('ratings_test', 'm', '{0}')$$);
SELECT outcome($$SELECT * FROM wals_evaluate('ratings_test', 'm', '{5,1001}')$$);
SELECT outcome($$SELECT * FROM wals_evaluate('ratings_test', 'm', '{{5}}')$$);
SELECT outcome($$SELECT * FROM wals_evaluate('ratings_test', 'm', ARRAY(SELECT generate_series(1, 21)))$$);
SELECT outcome($$SELECT * FROM wals_evaluate('ratings_test', 'm', NULL)$$);
SELECT outcome($$SELECT * FROM wals_evaluate('ratings_test', 'm', version => 9)$$);
SELECT outcome($$SELECT * FROM wals_evaluate('ratings_test', 'm', version => 0)$$);
SELECT outcome($$SELECT * FROM wals_evaluate('ratings_test', 'm', negatives => 0)$$);
SELECT outcome($$SELECT * FROM wals_evaluate('ratings_test', 'm', negatives => 1001)$$);
SELECT outcome($$SELECT * FROM wals_evaluate('ratings_test', 'm', negatives => 5, candidates => 'ratings')$$);
SELECT outcome($$SELECT * FROM wals_evaluate('ratings_test', 'm', max_users => 0)$$);
SELECT outcome($$SELECT * FROM wals_evaluate('ratings_test', 'm', relevance_threshold => 'NaN')$$);
SELECT outcome($$SELECT * FROM wals_evaluate('test', 'hand', relevance_threshold => 3)$$);
SELECT outcome($$SELECT * FROM wals_evaluate('ratings_test', 'ratings')$$);
SELECT outcome($$SELECT * FROM wals_evaluate('ratings_test', 'm', user_col => 'nobody')$$);
SELECT outcome($$SELECT * FROM wals_evaluate('text_renamed', 't')$$);
SELECT outcome($$SELECT * FROM wals_evaluate('ratings_test', 'm', value_col => 'nothing')$$);
SELECT outcome($$SELECT * FROM wals_evaluate('text_test', 'm', user_col => 'who', item_col => 'what')$$);
SELECT outcome($$SELECT * FROM wals_evaluate('ratings_test', 'm', candidates => 'text_test')$$);
SELECT outcome($$SELECT * FROM wals_evaluate('ratings_test', 'm', candidates => 'm')$$);
SELECT outcome($$SELECT * FROM wals_evaluate('m_items', 'm')$$);
SELECT outcome($$SELECT * FROM wals_evaluate(1, 'm')$$);
CREATE VIEW nothing AS SELECT * FROM ratings WHERE false;
SELECT outcome($$SELECT * FROM wals_evaluate('nothing', 'm')$$);
CREATE VIEW strangers AS SELECT user_id + 1000 AS user_id, item_id FROM ratings;
SELECT outcome($$SELECT * FROM wals_evaluate('strangers', 'm')$$);
CREATE VIEW infinite AS SELECT user_id, item_id, 'Infinity'::double precision AS rating FROM ratings_test;
SELECT outcome($$SELECT * FROM wals_evaluate('infinite', 'm')$$);
CREATE VIEW large AS SELECT user_id, item_id, 1e300 AS rating FROM ratings_test WHERE user_id = 1;
SELECT outcome($$SELECT * FROM wals_evaluate('large', 'm')$$) ~ '^22003: value of user 1 and item \d+ is out of range for type real' AS large;
-- no default
SELECT outcome($$SELECT * FROM wals_evaluate('ratings_test')$$) ~ '^55000' AS no_default;
-- the source is gone, or has changed
CREATE TABLE gone AS SELECT * FROM ratings_train;
SELECT wals_train('left_over', 'gone', factors => 2, iterations => 1);
ALTER TABLE gone ALTER user_id TYPE text;
SELECT outcome($$SELECT * FROM wals_evaluate('ratings_test', 'left_over')$$);
ALTER TABLE gone DROP user_id;
SELECT outcome($$SELECT * FROM wals_evaluate('ratings_test', 'left_over')$$);
DROP TABLE gone;
SELECT outcome($$SELECT * FROM wals_evaluate('ratings_test', 'left_over')$$) ~ '^42P01: the source of model "left_over" no longer exists' AS gone;
SELECT outcome($$SELECT * FROM wals_evaluate('ratings_test', 'left_over', exclude_seen => false)$$);
-- a damaged row
UPDATE left_over_items SET factors = ARRAY['NaN', 1]::real[] WHERE id = 7;
SELECT outcome($$SELECT * FROM wals_evaluate('ratings_test', 'left_over', exclude_seen => false)$$) ~ '^XX001' AS damaged;
UPDATE left_over_items SET factors = ARRAY[3e38, 3e38]::real[] WHERE id = 7;
UPDATE left_over_users SET factors = ARRAY[3e38, 3e38]::real[];
SELECT outcome($$SELECT * FROM wals_evaluate('ratings_test', 'left_over', exclude_seen => false)$$) ~ '^XX001' AS damaged;

-- ---------------------------------------------------------------------------
-- Rights and row-level security
-- ---------------------------------------------------------------------------

CREATE ROLE regress_wals_analyst;
GRANT USAGE ON SCHEMA evaluate TO regress_wals_analyst;
CREATE TABLE log AS SELECT * FROM ratings_train;
CREATE TABLE log_test AS SELECT * FROM ratings_test;
SELECT wals_train('guarded', 'log', factors => 3, iterations => 2);
SET ROLE regress_wals_analyst;
SELECT outcome($$SELECT * FROM wals_evaluate('log_test', 'guarded')$$);
RESET ROLE;
GRANT SELECT ON guarded, guarded_users, guarded_items TO regress_wals_analyst;
SET ROLE regress_wals_analyst;
SELECT outcome($$SELECT * FROM wals_evaluate('log_test', 'guarded')$$);
RESET ROLE;
GRANT SELECT (user_id, item_id) ON log_test TO regress_wals_analyst;
SET ROLE regress_wals_analyst;
SELECT outcome($$SELECT * FROM wals_evaluate('log_test', 'guarded')$$);
SELECT outcome($$SELECT * FROM wals_evaluate('log_test', 'guarded', exclude_seen => false)$$);
SELECT outcome($$SELECT * FROM wals_evaluate('log_test', 'guarded', exclude_seen => false, candidates => 'log')$$);
SELECT outcome($$SELECT * FROM wals_evaluate('log_test', 'guarded', exclude_seen => false, value_col => 'rating')$$);
SELECT split_part(outcome($$SELECT wals_set_metrics('guarded', 1, '{}')$$), E'\n', 1);
RESET ROLE;
GRANT SELECT (user_id, item_id) ON log TO regress_wals_analyst;
SET ROLE regress_wals_analyst;
SELECT outcome($$SELECT * FROM wals_evaluate('log_test', 'guarded')$$);
RESET ROLE;
-- a policy hides users of the test and what they have seen
ALTER TABLE log_test ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON log_test USING (user_id <= 20);
ALTER TABLE log ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON log USING (user_id <= 10);
SELECT n_users > 20 AS owner FROM wals_evaluate('log_test', 'guarded') WHERE metric = 'auc';
SET ROLE regress_wals_analyst;
SELECT n_users + n_skipped <= 20 AS analyst FROM wals_evaluate('log_test', 'guarded') WHERE metric = 'auc';
RESET ROLE;
-- and what the model has
ALTER TABLE guarded_users ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON guarded_users USING (id <= 5);
SET ROLE regress_wals_analyst;
SELECT n_users <= 5 AND n_users > 0 AS known, n_skipped > 10 AS skipped FROM wals_evaluate('log_test', 'guarded') WHERE metric = 'auc';
RESET ROLE;

-- memory counts against the limit, whoever needs it
SET wals.max_memory = '40kB';
SELECT regexp_replace(outcome($$SELECT * FROM wals_evaluate('log_test', 'guarded')$$), '\d+ kB were', '... kB were');
SELECT split_part(outcome($$SELECT * FROM wals_compare('log_test', 'guarded', 'hand')$$), E'\n', 1);
SET wals.max_memory = '100MB';
SELECT count(*) > 0 AS measured FROM wals_evaluate('log_test', 'guarded');
SET wals.max_memory = 0;
SELECT count(*) > 0 AS measured FROM wals_evaluate('log_test', 'guarded');
RESET wals.max_memory;

SET client_min_messages = error;
DROP SCHEMA evaluate CASCADE;
DROP ROLE regress_wals_analyst;
