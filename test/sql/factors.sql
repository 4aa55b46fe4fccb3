--
-- How many factors a training has when nobody says: by its users and items,
-- within wals.max_memory, kept by retraining.
--
CREATE SCHEMA factors;
SET search_path = factors, public;

-- 1,600 users and 1,800 items, and few of both
CREATE TABLE many AS
SELECT u AS user_id, (u * 7 + i * i * 31) % 1800 AS item_id
FROM generate_series(1, 1600) AS u, generate_series(1, 9) AS i;
CREATE TABLE few AS SELECT * FROM many WHERE user_id <= 300 AND item_id < 400;

-- few: nothing to say
SELECT wals_train('small', 'few', iterations => 1);
-- many: the cost is told
SELECT wals_train('large', 'many', iterations => 1);
SELECT factors, options ->> 'factors' AS option, options -> 'chosen' ? 'factors' AS chosen FROM small;
SELECT factors, options ->> 'factors' AS option, options -> 'chosen' ? 'factors' AS chosen FROM large;
SELECT DISTINCT array_length(factors, 1) AS factors FROM large_users;
-- the same for whoever has more of one side only
CREATE TABLE crowd AS SELECT user_id % 40 AS user_id, item_id FROM many;
SET client_min_messages = warning;
SELECT wals_train('wide', 'crowd', iterations => 1);
-- of what is left after rare ones are left out
SELECT wals_train('common', 'many', iterations => 1, min_item_rows => 9);
SELECT n_users, n_items, factors FROM wals_models WHERE model = 'common'::regclass;
-- explicit feedback has another objective
CREATE VIEW stars AS SELECT *, 1 + (user_id + item_id) % 5 AS stars FROM many;
SELECT wals_train('rated', 'stars', value_col => 'stars', feedback => 'explicit', iterations => 1);
SELECT w.factors AS wide, r.factors AS rated, r.options -> 'chosen' ? 'factors' AS chosen FROM wide AS w, rated AS r;

-- a number that is given stays what it is, NULL is none
SELECT wals_train('given', 'many', factors => 7, iterations => 1), wals_train('given', 'many', factors => NULL, iterations => 1);
SELECT version, factors, options -> 'chosen' ? 'factors' AS chosen FROM given ORDER BY version;
\set VERBOSITY terse
SELECT wals_train('given', 'many', factors => 0);
SELECT wals_train('given', 'many', factors => -2147483648);
SELECT count(*) FROM wals_tune('few', '{"factors": [-2147483648]}');
\set VERBOSITY default

-- retraining keeps their number, whatever has become of the data, and says so
-- where it would be another by far; a number may be asked for
SET client_min_messages = notice;
INSERT INTO few SELECT * FROM many WHERE user_id > 300 OR item_id >= 400;
CALL wals_retrain('small');
CALL wals_retrain('small', factors => 100);
CALL wals_retrain('small');
SELECT version, factors, options -> 'chosen' ? 'factors' AS chosen FROM small ORDER BY version;
\set VERBOSITY terse
CALL wals_retrain('small', factors => 0);
\set VERBOSITY default
-- a warm start takes those of the version it starts from
SET client_min_messages = warning;
SELECT wals_train('given', 'many', factors => 5, iterations => 1);
SELECT wals_train('given', 'many', warm_start => true, iterations => 1);
SELECT version, factors, options -> 'chosen' ? 'factors' AS chosen, started_from FROM given ORDER BY version;

-- no more than wals.max_memory allows: the training goes through, and says so
SET client_min_messages = notice;
SET wals.threads = 1;
SET wals.max_memory = '3MB';
SELECT wals_train('tight', 'many', iterations => 1);
SELECT factors BETWEEN 64 AND 96 AS fits FROM wals_models WHERE model = 'tight'::regclass;
SET wals.max_memory = '600kB';
\set VERBOSITY terse
SELECT wals_train('tight', 'many', iterations => 1);
\set VERBOSITY default
RESET wals.max_memory;
-- wherever the limit lies, what is chosen fits
SET client_min_messages = error;
CREATE FUNCTION trains(kilobytes integer) RETURNS integer LANGUAGE plpgsql AS
$$
BEGIN
	PERFORM set_config('wals.max_memory', kilobytes::text, true);
	PERFORM wals_train('tight', 'many', iterations => 1);
	RETURN (SELECT m.factors FROM wals_models AS m WHERE m.model = 'tight'::regclass);
END;
$$;
SELECT bool_and(trains(kilobytes) BETWEEN 64 AND 512) AS all_fit FROM generate_series(3000, 12000, 1000) AS kilobytes;
SELECT trains(3000) < trains(12000) AS more_memory_more_factors;
RESET wals.max_memory;
RESET wals.threads;

-- the profile tells it before
SET client_min_messages = notice;
SELECT property, value, note FROM wals_profile('many') WHERE property = 'factors';
SELECT property, value, note FROM wals_profile('many', factors => 64) WHERE property = 'factors';
SELECT property, value, note FROM wals_profile('many', factors => 256) WHERE property = 'factors';
SET wals.max_memory = '3MB';
SELECT value BETWEEN 64 AND 96 AS fits, split_part(note, ';', 1) AS note FROM wals_profile('many') WHERE property = 'factors';
RESET wals.max_memory;
CREATE TABLE nothing (user_id integer, item_id integer);
SELECT property, value, note FROM wals_profile('nothing') WHERE property = 'factors';
-- and a tuning tries what a training would choose
SELECT trial, options, value > 0 AS works FROM wals_tune('many', '{"factors": [null, 64], "iterations": 2}', max_users => 200) ORDER BY trial;

SET client_min_messages = warning;
DROP SCHEMA factors CASCADE;
