-- A model that predicts worse than mean and biases says so.
CREATE SCHEMA baseline;
SET search_path = baseline, public;
SET client_min_messages = warning;
\set SHOW_CONTEXT never

-- biases and noise, nothing that factors could learn
CREATE TABLE noise AS
SELECT u AS user_id, i AS item_id, (3 + (u % 5 - 2) * 0.4 + (i % 7 - 3) * 0.3 + (u::bigint * u * i * 7919 + i * i * 104729 + u * 1299709) % 101 / 30.0)::real AS rating
FROM generate_series(1, 150) AS u, generate_series(1, 60) AS i
WHERE (u * u + i * i * 3 + u * i) % 5 < 2;
-- and a taste
CREATE VIEW taste AS SELECT user_id, item_id, rating + (user_id % 2 * 2 - 1) * (item_id % 2 * 2 - 1) AS rating FROM noise;

-- by default neither is behind, in no unit
SELECT wals_train('m', 'noise', value_col => 'rating', feedback => 'explicit', factors => 8);
SELECT wals_train('m', 'taste', value_col => 'rating', feedback => 'explicit', factors => 8);
CREATE VIEW large AS SELECT user_id, item_id, rating * 1000 AS rating FROM noise;
SELECT wals_train('m', 'large', value_col => 'rating', feedback => 'explicit', factors => 8);
-- nor with feedback that predicts no ratings, whatever it is given
SELECT wals_train('m', 'noise', value_col => 'rating', feedback => 'weighted', factors => 8, regularization => 1e-4);

-- what learns the noise is: the figures are there, in the unit of the ratings
\set VERBOSITY terse
SELECT wals_train('m', 'noise', value_col => 'rating', feedback => 'explicit', factors => 8, regularization => 0.001);
SELECT wals_train('m', 'large', value_col => 'rating', feedback => 'explicit', factors => 8, regularization => 0.1);
-- where there is a taste, less of it helps
SELECT wals_train('m', 'taste', value_col => 'rating', feedback => 'explicit', factors => 2, regularization => 0.1);
-- with options that weigh entries, and without biases
SELECT wals_train('m', 'noise', value_col => 'rating', feedback => 'explicit', factors => 8, regularization => 0.001,
	row_weight_exponent => -0.5, iterations => 3);
SELECT wals_train('m', 'noise', value_col => 'rating', feedback => 'explicit', factors => 8, regularization => 0.001, biases => false);
\set VERBOSITY default
-- a few ratings tell nothing
CREATE TABLE few AS SELECT * FROM noise WHERE user_id <= 20;
SELECT wals_train('m', 'few', value_col => 'rating', feedback => 'explicit', factors => 8, regularization => 0.001);

-- the model is that of all ratings, whether it was compared or not
SELECT wals_train('m', 'noise', value_col => 'rating', feedback => 'explicit', factors => 8, regularization => 0.05);
SELECT n_entries = (SELECT count(*) FROM noise) AS entries, iterations FROM m WHERE active;

SELECT wals_drop('m');
DROP SCHEMA baseline CASCADE;
