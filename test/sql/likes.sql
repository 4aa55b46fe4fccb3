-- Popularity counts likes, not entries: with votes, zeros and stars, for every
-- feedback, in everything that goes by popularity, after refreshing, forgetting
-- and importing; and what somebody gets who likes nothing.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET jit = off;
CREATE SCHEMA likes;
SET search_path = likes, public;

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
	RETURN SQLSTATE || ': ' || SQLERRM || E'\n  detail: ' || detail || E'\n  hint: ' || hint;
END;
$$;

-- ---------------------------------------------------------------------------
-- Votes: everybody dislikes item 1, a third each likes 2, 3 and 4.  Users 31 to
-- 40 like nothing: they dislike 1 and 5, which one user likes.
-- ---------------------------------------------------------------------------

CREATE TABLE votes (user_id integer, item_id integer, vote integer);
INSERT INTO votes SELECT u, 1, -1 FROM generate_series(1, 40) AS u;
INSERT INTO votes SELECT u, 2 + u % 3, 1 FROM generate_series(1, 30) AS u;
INSERT INTO votes SELECT u, 5, -1 FROM generate_series(31, 40) AS u;
INSERT INTO votes VALUES (1, 5, 1), (2, 6, -1), (2, 7, 0), (3, 7, 0);
SELECT wals_train('votes_model', 'votes', value_col => 'vote', factors => 4);

-- n is what is known of an item, likes who likes it; value 0 is no entry
SELECT id, n, likes FROM votes_model_items ORDER BY id;
SELECT likes, n, count(*), min(id) FROM votes_model_users GROUP BY likes, n ORDER BY likes, n;
SELECT options -> 'like_from' AS like_from FROM votes_model;

-- a new user, the list itself, and all of it: among equals those with fewer dislikes first
SELECT * FROM wals_recommend(999, 3, 'votes_model');
SELECT * FROM wals_popular(10, 'votes_model');
SELECT item_id, n_entries, likes FROM wals_map_bigint('votes_model');
SELECT item_id, score FROM wals_recommend(999, 3, 'votes_model', candidates => ARRAY[1, 5, 6, 2]);
SELECT item_id, score, basis FROM wals_recommend_for(ARRAY[12345]::bigint[], n => 2, model => 'votes_model');

-- circles and labels: the largest is of the most likes
SELECT substring(svg FROM 'the \d+ items with most likes') AS title, substring(svg FROM 'area: likes') AS note,
	t.titles
FROM wals_map_svg('votes_model') AS svg,
	LATERAL (SELECT array_agg(m[1]) AS titles FROM regexp_matches(svg, '<title>([^<]*entries|[^<]*likes)</title>', 'g') AS m) AS t;
SELECT m[2] AS item, round(m[1]::numeric, 1) AS radius
FROM wals_map_svg('votes_model') AS svg,
	LATERAL regexp_matches(svg, 'r="([0-9.]+)"[^>]*><title>(\d+): ', 'g') AS m
ORDER BY 1;

-- ---------------------------------------------------------------------------
-- Who likes nothing.  All factors are 0 then, and an order by them would be one
-- by id: they get what is popular, less what they have seen.
-- ---------------------------------------------------------------------------

SELECT factors = array_fill(0::real, ARRAY[4]) AS zeros FROM votes_model_users WHERE id = 35;
SELECT * FROM wals_recommend(35, 10, 'votes_model');
SELECT * FROM wals_recommend(35, 2, 'votes_model', fold_in => 'always');
SELECT item_id, score, basis FROM wals_recommend(35, 2, 'votes_model', exclude_seen => false, explore => 1, diversity => 0.5);
SELECT item_id, score, basis FROM wals_recommend_for(ARRAY[1, 2]::bigint[], ARRAY[-1, -1], 2, 'votes_model');
SELECT count(*) FROM wals_recommend(35, 10, 'votes_model', cold_start => 'none');
SELECT outcome($$SELECT * FROM wals_recommend(35, 10, 'votes_model', cold_start => 'error')$$);
SELECT outcome($$SELECT * FROM wals_recommend_for(ARRAY[1, 2]::bigint[], ARRAY[-1, -1], 2, 'votes_model', cold_start => 'error')$$);
-- no rows of theirs, as of users the version does not have
SELECT count(*) FILTER (WHERE user_id > 30) AS likes_nothing, count(DISTINCT user_id) AS others
FROM wals_recommend_all_bigint(2, 'votes_model');
SELECT count(*) FROM wals_recommend_all_bigint(2, 'votes_model', users => ARRAY[35, 36], candidates => ARRAY[2, 3]);
-- and to nobody should be shown what nobody likes
SELECT count(*) FROM wals_recommend_users(1, 5, 'votes_model', exclude_seen => false);
SELECT count(*) > 0 AS somebody FROM wals_recommend_users(5, 5, 'votes_model', exclude_seen => false);
-- a score is a prediction all the same, and it is 0
SELECT wals_score(35, 2, 'votes_model') AS score, wals_fold_in(ARRAY[1]::bigint[], ARRAY[-1], model => 'votes_model') AS factors;
-- one like makes the difference
SELECT basis FROM wals_recommend_for(ARRAY[1, 2]::bigint[], ARRAY[-1, 1], 1, 'votes_model');

-- ---------------------------------------------------------------------------
-- Stars.  Item 1 has most entries, and one star of everybody; item 2 three of all;
-- 3 and 4 are liked.  The mean of all is 3: from there on it is a like.
-- ---------------------------------------------------------------------------

CREATE TABLE stars AS
SELECT u AS user_id, i AS item_id, CASE i WHEN 1 THEN 1 WHEN 2 THEN 3 ELSE 5 END AS stars
FROM generate_series(1, 40) AS u, generate_series(1, 4) AS i
WHERE i = 1 OR (i = 2 AND u <= 20) OR (i > 2 AND u % 4 = i % 4) OR (i = 3 AND u <= 20);
INSERT INTO stars VALUES (1, 5, 3), (2, 5, 2), (3, 5, 4);
SELECT item_id, count(*) AS n, count(*) FILTER (WHERE stars >= (SELECT avg(stars) FROM stars)) AS likes
FROM stars GROUP BY item_id ORDER BY likes DESC, n, item_id;
SELECT wals_train('stars_' || feedback, 'stars', value_col => 'stars', feedback => feedback, factors => 2, regularization => 1)
FROM unnest(ARRAY['explicit', 'weighted', 'implicit']) AS feedback;
SELECT (SELECT array_agg((item_id, n_rows, likes) ORDER BY rank) FROM wals_popular_bigint(10, m::regclass)) AS popular
FROM unnest(ARRAY['stars_explicit', 'stars_weighted', 'stars_implicit']) AS m;
SELECT (SELECT round((options ->> 'like_from')::numeric, 3) FROM stars_explicit) AS explicit,
	(SELECT round((options ->> 'like_from')::numeric, 3) FROM stars_weighted) AS weighted,
	(SELECT round(avg(stars), 3) FROM stars) AS mean;
SELECT item_id, score, basis FROM wals_recommend(999, 2, 'stars_explicit');
-- the same in another unit, and from -1 to 1
CREATE VIEW percent AS SELECT user_id, item_id, stars * 20 AS value FROM stars;
CREATE VIEW centred AS SELECT user_id, item_id, (stars - 3) / 2.0 AS value FROM stars;
SELECT wals_train('percent_model', 'percent', value_col => 'value', feedback => 'explicit', factors => 2, regularization => 1);
SELECT wals_train('centred_model', 'centred', value_col => 'value', feedback => 'explicit', factors => 2, regularization => 1);
SELECT p.likes = s.likes AND c.likes = s.likes AS same
FROM (SELECT array_agg((id, likes) ORDER BY id) AS likes FROM stars_explicit_items) AS s,
	(SELECT array_agg((id, likes) ORDER BY id) AS likes FROM percent_model_items) AS p,
	(SELECT array_agg((id, likes) ORDER BY id) AS likes FROM centred_model_items) AS c;
-- values below what an unobserved cell is predicted to be are no likes, whatever their mean
CREATE VIEW all_bad AS SELECT user_id, item_id, stars - 6 AS value FROM stars;
SELECT wals_train('bad_model', 'all_bad', value_col => 'value', feedback => 'weighted', factors => 2);
SELECT sum(likes) AS likes, sum(n) > 0 AS entries FROM bad_model_items;
-- everybody agrees: all are likes
CREATE VIEW agreed AS SELECT user_id, item_id, 0.1 AS value FROM stars;
SELECT wals_train('agreed_model', 'agreed', value_col => 'value', feedback => 'explicit', factors => 2);
SELECT bool_and(likes = n) AS all FROM agreed_model_items;
-- a weight says how much a rating is believed, not what it says
CREATE VIEW weighed AS SELECT user_id, item_id, stars, 1 + item_id % 2 * 9 AS weight FROM stars;
SELECT wals_train('weighed_model', 'weighed', value_col => 'stars', weight_col => 'weight', feedback => 'explicit', factors => 2);
SELECT array_agg(likes ORDER BY id) = (SELECT array_agg(likes ORDER BY id) FROM stars_explicit_items) AS same FROM weighed_model_items;
-- explicit models have item biases, so a user without factors is still told apart
SELECT basis FROM wals_recommend(35, 1, 'stars_explicit', exclude_seen => false);
-- without values everything is a like
SELECT wals_train('plain_model', 'stars', factors => 2);
SELECT bool_and(likes = n) AS all FROM plain_model_items;
SELECT bool_and(likes = n) AS all FROM plain_model_users;
-- rows of a pair are merged first: a like and a dislike are no entry, two of three are a like
CREATE TABLE repeated AS SELECT * FROM votes;
INSERT INTO repeated VALUES (41, 2, 1), (41, 2, -1), (41, 3, 1), (41, 3, 1), (41, 3, -1);
SELECT wals_train('repeated_model', 'repeated', value_col => 'vote', factors => 4);
SELECT id, n, likes FROM repeated_model_items WHERE id IN (2, 3) ORDER BY id;

-- ---------------------------------------------------------------------------
-- What is measured
-- ---------------------------------------------------------------------------

CREATE TABLE test AS SELECT u AS user_id, 2 + (u + 1) % 3 AS item_id, 1 AS vote FROM generate_series(1, 30) AS u;
-- popularity, as a list for everybody less what he has: ranks of the test items in it
WITH popular AS (
	SELECT t.user_id, p.item_id, row_number() OVER (PARTITION BY t.user_id ORDER BY p.rank) AS place, p.item_id = t.item_id AS hit, p.likes
	FROM test AS t, wals_popular_bigint(100, 'votes_model') AS p
	WHERE NOT EXISTS (SELECT FROM votes AS v WHERE v.user_id = t.user_id AND v.item_id = p.item_id)
), want AS (
	SELECT avg(hit::integer) FILTER (WHERE place <= 1) AS precision,
		sum(1.0 / place) FILTER (WHERE place <= 3 AND hit) / 30 AS mrr
	FROM popular
)
SELECT e.metric, e.k, round(e.popular_baseline::numeric, 4) AS popular_baseline,
	abs(e.popular_baseline - CASE WHEN e.metric = 'mrr' THEN w.mrr ELSE w.precision END) < 1e-6 AS as_counted
FROM want AS w, wals_evaluate('test', 'votes_model', ARRAY[1, 3]) AS e
WHERE (e.metric, e.k) IN (('precision', 1), ('mrr', 3)) ORDER BY 1;
-- mean likes of what is listed, at most 11, where entries would be up to 40
SELECT value <= 11 AS likes, popular_baseline <= 11 AS likes_of_popular
FROM wals_evaluate('test', 'votes_model', ARRAY[2]) WHERE metric = 'popularity';
-- the same baseline where a tuning has it, on entries of its own
CREATE TABLE many AS
SELECT u AS user_id, i AS item_id, CASE WHEN i <= 10 THEN -1 ELSE 1 END AS vote
FROM generate_series(1, 200) AS u, generate_series(1, 40) AS i
WHERE (i <= 10 AND (u + i) % 4 <> 0) OR (i > 10 AND (u * u + 3 * i + u * i) % (i - 6) < 2);
SELECT bool_and(test_popular_baseline > 0.1) AS baseline
FROM wals_tune('many', '{"factors": 4, "iterations": 2}', value_col => 'vote', metric => 'ndcg', k => 5)
WHERE test_popular_baseline IS NOT NULL;

-- ---------------------------------------------------------------------------
-- The penalty on popularity: what is liked most loses most, a hated item nothing
-- ---------------------------------------------------------------------------

SELECT wals_train('many_model', 'many', value_col => 'vote', factors => 4);
WITH scored AS (
	SELECT i.id, s.score, i.likes FROM many_model_items AS i, LATERAL wals_score(7, i.id, 'many_model') AS s(score)
), want AS (
	SELECT id FROM scored ORDER BY score - 0.5 * ln(1 + likes) / ln(1 + (SELECT max(likes) FROM many_model_items)) DESC, id LIMIT 10
)
SELECT (SELECT array_agg(id) FROM want)
	= (SELECT array_agg(item_id ORDER BY rank) FROM wals_recommend(7, 10, 'many_model', popularity_penalty => 0.5, exclude_seen => false)) AS as_counted;

-- ---------------------------------------------------------------------------
-- Refreshing, by a queue, and forgetting
-- ---------------------------------------------------------------------------

SELECT wals_queue_enable('votes_model');
INSERT INTO votes SELECT u, i, CASE WHEN i = 6 THEN 1 ELSE -1 END FROM generate_series(101, 115) AS u, generate_series(4, 6) AS i;
UPDATE votes SET vote = 1 WHERE item_id = 5 AND user_id IN (31, 32);
SELECT users_added, users_updated, items_updated FROM wals_refresh('votes_model', items => 'touched');
SELECT item_id, n_rows, likes FROM wals_popular_bigint(10, 'votes_model');
SELECT item_id, score, basis FROM wals_recommend(999, 2, 'votes_model');
SELECT id, n, likes FROM votes_model_users WHERE id IN (31, 33, 101) ORDER BY id;
SELECT basis FROM wals_recommend(31, 1, 'votes_model');
SELECT basis FROM wals_recommend(33, 1, 'votes_model');
-- the same as a training would count
CALL wals_retrain('votes_model');
SELECT array_agg((id, n, likes) ORDER BY id) FILTER (WHERE version = 1) = array_agg((id, n, likes) ORDER BY id) FILTER (WHERE version = 2) AS same
FROM votes_model_items;
SELECT array_agg((id, n, likes) ORDER BY id) FILTER (WHERE version = 1) = array_agg((id, n, likes) ORDER BY id) FILTER (WHERE version = 2) AS same
FROM votes_model_users;
SELECT rows_deleted, items_updated FROM wals_forget(101, 'votes_model', delete_rows => true);
SELECT id, n, likes FROM votes_model_items WHERE version = 2 AND id IN (4, 6) ORDER BY id;

-- stars: the mean is that of the training
INSERT INTO stars SELECT u, 5, 5 FROM generate_series(201, 230) AS u;
DO $$
BEGIN
	EXECUTE 'SELECT wals_queue_enable(''stars_explicit'')';
	EXECUTE 'SELECT wals_queue_enable(''stars_weighted'')';
END
$$;
INSERT INTO stars SELECT u, 4, 3 FROM generate_series(201, 230) AS u;
SELECT users_added FROM wals_refresh('stars_explicit', items => 'touched');
SELECT users_added FROM wals_refresh('stars_weighted', items => 'touched');
SELECT item_id, n_rows, likes FROM wals_popular_bigint(3, 'stars_explicit');
SELECT item_id, n_rows, likes FROM wals_popular_bigint(3, 'stars_weighted');

-- ---------------------------------------------------------------------------
-- Importing
-- ---------------------------------------------------------------------------

CREATE TABLE their_users AS SELECT id, factors FROM stars_implicit_users;
CREATE TABLE their_items AS SELECT id, factors, n, likes FROM stars_explicit_items;
SELECT wals_import('theirs', 'their_users', 'their_items');
SELECT item_id, n_rows, likes FROM wals_popular_bigint(3, 'theirs');
-- which they may not know: then all entries count
UPDATE their_items SET likes = NULL WHERE id = 1;
SELECT wals_import('theirs', 'their_users', 'their_items');
SELECT item_id, n_rows, likes FROM wals_popular_bigint(2, 'theirs');
SELECT id, n, likes FROM theirs_items WHERE version = 2 AND id < 3 ORDER BY id;
ALTER TABLE their_items DROP COLUMN likes;
SELECT wals_import('theirs', 'their_users', 'their_items');
SELECT count(likes) AS likes FROM theirs_items WHERE version = 3;
SELECT item_id, n_rows, likes FROM wals_popular_bigint(2, 'theirs');
ALTER TABLE their_items ADD COLUMN likes integer;
UPDATE their_items SET likes = -1 WHERE id = 2;
SELECT outcome($$SELECT wals_import('theirs', 'their_users', 'their_items')$$);

-- ---------------------------------------------------------------------------
-- Rows edited by hand
-- ---------------------------------------------------------------------------

UPDATE votes_model_items SET likes = NULL WHERE version = 2 AND id = 1;
SELECT item_id, n_rows, likes FROM wals_popular_bigint(2, 'votes_model');
UPDATE votes_model_items SET likes = -5 WHERE version = 2 AND id = 1;
SELECT item_id, likes FROM wals_popular_bigint(10, 'votes_model') ORDER BY rank DESC LIMIT 1;
SELECT count(*) FROM wals_recommend(1, 10, 'votes_model', popularity_penalty => 1);
UPDATE votes_model_items SET likes = 2147483647 WHERE version = 2 AND id = 1;
SELECT item_id, score FROM wals_recommend(999, 1, 'votes_model');
SELECT count(*) FROM wals_map('votes_model');

DROP SCHEMA likes CASCADE;
