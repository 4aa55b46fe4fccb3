--
-- Trainings that go through and mean something else: each is a warning, with
-- what to do about it; columns that cannot be meant are refused.
--
CREATE SCHEMA wals_doubts;
SET search_path = wals_doubts, public;
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE TABLE r AS SELECT u AS user_id, i AS item_id, 1 + (u * i) % 5 AS rating, 3 AS same,
	timestamptz '2024-03-01 00:00Z' - (u % 50) * interval '1 day' AS at
FROM generate_series(1, 60) AS u, generate_series(1, 20) AS i WHERE (u * u + i) % 3 = 0;

-- nothing to say of an ordinary one
SELECT wals_train('fine', 'r', factors => 4, iterations => 5);
SELECT wals_train('fine', 'r', factors => 4, iterations => 5, time_col => 'at', half_life => '100 days');

-- factors that cannot tell items apart
SELECT wals_train('m', 'r', regularization => 20, factors => 8);
SELECT wals_train('m', 'r', value_col => 'same', feedback => 'explicit', factors => 8);
SELECT wals_train('m', 'r', value_col => 'rating', feedback => 'explicit', biases => false, regularization => 1e30, factors => 8);
-- and users neither
SELECT wals_train('m', 'r', regularization => 0.9, reg_exponent => 1, factors => 8);

-- a rating where the user is meant
CREATE TABLE wide AS SELECT u AS user_id, i AS item_id, 1 + (u * i) % 5 AS rating
FROM generate_series(1, 300) AS u, generate_series(1, 500) AS i WHERE (u * i) % 7 = 1;
SELECT wals_train('m', 'wide', 'rating', factors => 4, iterations => 2);

-- integer times that do not count seconds
CREATE VIEW times AS SELECT user_id, item_id, extract(epoch FROM at)::bigint AS seconds,
	(extract(epoch FROM at) * 1000)::bigint AS ms, to_char(at, 'YYYYMMDD')::int AS day,
	CASE WHEN user_id = 1 THEN timestamptz '2099-01-01 00:00Z' ELSE at END AS at FROM r;
SELECT wals_train('m', 'times', time_col => 'seconds', half_life => '100 days', factors => 4, iterations => 2);
SELECT wals_train('m', 'times', time_col => 'ms', half_life => '100 days', factors => 4, iterations => 2);
SELECT wals_train('m', 'times', time_col => 'day', half_life => '100 days', factors => 4, iterations => 2);
-- a single row of the future fades all others
SELECT wals_train('m', 'times', time_col => 'at', half_life => '100 days', factors => 4, iterations => 2);

-- values that are one number in single precision, where their differences count
CREATE VIEW far AS SELECT user_id, item_id, 100000000 + rating AS far, 100000000 AS one, rating / 10.0 AS near FROM r;
SELECT wals_train('m', 'far', value_col => 'far', feedback => 'explicit', factors => 2, iterations => 2, regularization => 1);
SELECT wals_train('m', 'far', value_col => 'far', feedback => 'weighted', factors => 2, iterations => 2);
-- nothing to say where only the sign counts, where tenths are rounded, where all are the same
SELECT wals_train('m', 'far', value_col => 'far', factors => 4, iterations => 5);
SELECT wals_train('m', 'far', value_col => 'near', feedback => 'explicit', factors => 2, iterations => 5);
SELECT wals_train('m', 'far', value_col => 'one', feedback => 'weighted', factors => 4, iterations => 5);

-- one column for two things
SELECT wals_train('m', 'r', user_col => 'item_id');
SELECT wals_train('m', 'r', value_col => 'item_id');
SELECT * FROM wals_profile('r', item_col => 'user_id');
SELECT * FROM wals_tune('r', '{"factors": [4]}', time_col => 'user_id');

DROP SCHEMA wals_doubts CASCADE;
