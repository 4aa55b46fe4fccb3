-- Predicted ratings stay on the scale of the ratings, everywhere they are shown,
-- and the order of a list is by what they would have been.
\set SHOW_CONTEXT never
SET client_min_messages = error;
SET jit = off;
CREATE SCHEMA range;
SET search_path = range, public;

-- generous users and good items, so that their sum goes beyond 5
CREATE TABLE stars AS
SELECT u AS user_id, i AS item_id, least(5, greatest(1, u % 5 + i % 5 - 1 + (u * i) % 2)) AS stars
FROM generate_series(1, 60) AS u, generate_series(1, 40) AS i
WHERE (u * 7 + i * 11) % 10 < 4;
SELECT wals_train('movies', 'stars', value_col => 'stars', feedback => 'explicit', factors => 2, seed => 1);
SELECT options -> 'lowest_value' AS lowest, options -> 'highest_value' AS highest FROM movies;

-- every cell, as the factors have it
CREATE VIEW raw AS
SELECT u.id AS user_id, i.id AS item_id, (SELECT global_mean FROM movies WHERE active) + u.bias + i.bias
	+ (SELECT sum(a::float8 * b::float8) FROM unnest(u.factors, i.factors) AS f (a, b)) AS score
FROM movies_users AS u, movies_items AS i;
SELECT count(*) FILTER (WHERE score > 5) > 20 AS above, count(*) FILTER (WHERE score < 1) > 20 AS below FROM raw;

CREATE FUNCTION limited(score float8) RETURNS float8
LANGUAGE sql AS 'SELECT least(5, greatest(1, score))';

-- one score, all of them, lists of items and of users, a basket
SELECT count(*) FROM raw WHERE abs(wals_score(user_id, item_id, 'movies') - limited(score)) > 1e-4;
SELECT count(*) FROM raw
WHERE abs(wals_score(user_id, item_id, 'movies', fold_in => 'always') - limited(score)) > 1e-3;
SELECT count(*), min(a.score), max(a.score), count(*) FILTER (WHERE abs(a.score - limited(r.score)) > 1e-4) AS differ
FROM wals_recommend_all(40, 'movies', exclude_seen => false) AS a
JOIN raw AS r ON r.user_id = a.user_id::bigint AND r.item_id = a.item_id::bigint;
SELECT count(*), count(*) FILTER (WHERE abs(l.score - limited(r.score)) > 1e-4) AS differ,
	count(*) FILTER (WHERE r.score > 5) > 3 AS above,
	bool_and(r.score < before + 1e-5) AS in_order
FROM (SELECT l.*, lag(r.score) OVER (ORDER BY rank) AS before
	FROM wals_recommend(4, 40, 'movies', exclude_seen => false) AS l JOIN raw AS r ON r.user_id = 4 AND r.item_id = l.item_id) AS l
JOIN raw AS r ON r.user_id = 4 AND r.item_id = l.item_id;
SELECT count(*), count(*) FILTER (WHERE abs(l.score - limited(r.score)) > 1e-4) AS differ,
	bool_and(r.score < before + 1e-5) AS in_order
FROM (SELECT l.*, lag(r.score) OVER (ORDER BY rank) AS before
	FROM wals_recommend_users(4, 60, 'movies', exclude_seen => false) AS l JOIN raw AS r ON r.item_id = 4 AND r.user_id = l.user_id) AS l
JOIN raw AS r ON r.item_id = 4 AND r.user_id = l.user_id;
SELECT min(score) >= 1 AS not_below, max(score) AS most
FROM wals_recommend_for(ARRAY[4, 9, 14], ARRAY[5, 5, 5], n => 40, model => 'movies');

-- under rules of the house
SELECT max(score) AS most FROM wals_recommend(4, 10, 'movies', exclude_seen => false, diversity => 0.3);
SELECT max(score) AS most FROM wals_recommend(4, 10, 'movies', exclude_seen => false, explore => 1);

-- the least score is one of those that are shown
SELECT least_score, (SELECT count(*) FROM wals_recommend(4, 40, 'movies', exclude_seen => false, min_score => least_score)) =
	(SELECT count(*) FROM raw WHERE user_id = 4 AND limited(score) >= least_score) AS one,
	(SELECT count(*) FROM wals_recommend_all(40, 'movies', exclude_seen => false, min_score => least_score)) =
	(SELECT count(*) FROM raw WHERE limited(score) >= least_score) AS each_one
FROM unnest(ARRAY[0, 1, 1.0001, 3, 5, 5.0001]::real[]) AS least_score;

-- what is measured is what is shown
SELECT e.metric, abs(e.value - CASE e.metric WHEN 'rmse' THEN p.rmse ELSE p.mae END) < 1e-5 AS same, p.raw_rmse - p.rmse > 0.001 AS better
FROM wals_evaluate('stars', 'movies', value_col => 'stars') AS e,
	(SELECT sqrt(avg((limited(score) - stars) ^ 2)) AS rmse, avg(abs(limited(score) - stars)) AS mae,
		sqrt(avg((score - stars) ^ 2)) AS raw_rmse
	FROM raw JOIN stars USING (user_id, item_id)) AS p
WHERE e.metric IN ('rmse', 'mae') ORDER BY 1;

-- another unit; what an explanation adds up to, the rest being its first row's
CREATE TABLE tens AS SELECT user_id, item_id, stars * 4 - 10 AS points FROM stars;
SELECT wals_train('tens_model', 'tens', value_col => 'points', feedback => 'explicit', factors => 2, seed => 1);
SELECT min(score), max(score) FROM wals_recommend_all(40, 'tens_model', exclude_seen => false);
SELECT bool_and(abs(sum - score) < 1e-4) AS adds_up, bool_and(abs(rest - (raw - bias)) < 1e-3) AS is_the_users
FROM raw AS r (user_id, item_id, raw), wals_score(user_id, item_id, 'movies', fold_in => 'always') AS score,
	LATERAL (SELECT sum(contribution), sum(contribution) FILTER (WHERE because_item_id IS NOT NULL) AS rest
		FROM wals_explain(user_id, item_id, NULL, 'movies')) AS e,
	LATERAL (SELECT bias + (SELECT global_mean FROM movies) AS bias FROM movies_items WHERE id = item_id) AS i
WHERE user_id < 20;

-- other feedback has no such scale
SELECT wals_train('weighted', 'stars', value_col => 'stars', feedback => 'weighted', factors => 2);
SELECT wals_train('clicks', 'stars', factors => 2);
SELECT count(*) FROM (SELECT options FROM weighted UNION ALL SELECT options FROM clicks) AS o WHERE options ? 'lowest_value';

-- a version that does not say, as earlier ones and imported ones; and one that cannot be right
SELECT wals_import('copy', 'movies_users', 'movies_items', source => 'stars', value_col => 'stars',
	feedback => 'explicit', regularization => 1, global_mean => (SELECT global_mean FROM movies));
SELECT max(score) > 5 AS beyond FROM wals_recommend_all(40, 'copy', exclude_seen => false);
UPDATE movies SET options = options - 'lowest_value' - 'highest_value';
SELECT max(wals_score(user_id, item_id, 'movies')) > 5 AS beyond FROM raw;
UPDATE movies SET options = options || '{"lowest_value": 7, "highest_value": 2}';
SELECT wals_score(4, 4, 'movies');
UPDATE movies SET options = '[1]';
SELECT max(wals_score(user_id, item_id, 'movies')) > 5 AS beyond FROM raw;

DROP SCHEMA range CASCADE;
