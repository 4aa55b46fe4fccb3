-- Lists from a model that predicts ratings: it is said, once, and so is what ranks.
CREATE SCHEMA lists;
SET search_path = lists, public;
CREATE TABLE stars AS
SELECT u AS user_id, i AS item_id, ((u * 3 + i * 5 + u * i) % 9 + 1) / 2.0 AS rating
FROM generate_series(1, 30) AS u, generate_series(1, 20) AS i
WHERE (u * u + i * i + u * i) % 7 < 3;

-- by purpose, whatever the values look like
CREATE VIEW ratings AS SELECT user_id, item_id, rating FROM stars;
CREATE VIEW jokes AS SELECT user_id, item_id, rating * 4 - 10 + user_id % 7 / 100.0 AS rating FROM stars;
CREATE VIEW plays AS SELECT user_id, item_id, (rating * rating * 100)::int AS rating FROM stars;
CREATE VIEW thumbs AS SELECT user_id, item_id, sign(rating - 2.2)::int AS rating FROM stars;
SELECT r AS relation, note FROM unnest(ARRAY['ratings', 'jokes', 'plays', 'thumbs']::regclass[]) AS r, wals_profile(r, value_col => 'rating')
WHERE property = 'advice' AND note ~ 'feedback => |weighting => ';

-- a training says it, of explicit feedback only
SELECT wals_train('explicit', 'stars', value_col => 'rating', feedback => 'explicit', factors => 4, biases => false);
SET client_min_messages = warning;
SELECT wals_train('weighted', 'stars', value_col => 'rating', feedback => 'weighted', factors => 4);
SELECT wals_train('implicit', 'stars', factors => 4);
SELECT wals_train('other', 'stars', value_col => 'rating', feedback => 'explicit', factors => 4);
SET client_min_messages = notice;

-- predicting is what it is for
SELECT wals_score(1, 3, 'explicit') IS NOT NULL AS predicted;
-- a list: once for each model, by whatever function
SELECT count(*) FROM wals_recommend(1, 3, 'explicit');
SELECT count(*) FROM generate_series(1, 30) AS u, wals_recommend(u, 3, 'explicit');
SELECT count(*) FROM wals_recommend_users(1, 3, 'explicit');
SELECT count(*) FROM wals_recommend_users(1, 3, 'other');
SELECT count(*) > 0 AS rows FROM wals_recommend_all(3, 'other');
SELECT count(*) FROM wals_recommend_for(ARRAY[1, 2]::bigint[], ARRAY[5, 4], 3, 'other');
-- models that rank say nothing
SELECT count(*) FROM wals_recommend(1, 3, 'weighted');
SELECT count(*) FROM wals_recommend(1, 3, 'implicit');
-- another session is told again
\c -
SET search_path = lists, public;
SELECT count(*) > 0 AS rows FROM wals_recommend_all(3, 'explicit');

SET client_min_messages = warning;
SELECT wals_drop(m) FROM unnest(ARRAY['explicit', 'weighted', 'implicit', 'other']::regclass[]) AS m;
DROP SCHEMA lists CASCADE;
