-- wals_retrain: the same options again, when due, with commits in between
\set VERBOSITY terse
\set SHOW_CONTEXT never

CREATE TABLE retrain_ratings (u integer, i integer, v real, w real, t timestamptz);
INSERT INTO retrain_ratings
SELECT u, i, 1 + (u * i) % 5, 1 + (u + i) % 3, timestamptz '2025-01-01 00:00+00' + (u * i) % 97 * interval '1 day'
FROM generate_series(1, 60) AS u, generate_series(1, 40) AS i
WHERE (u * 7 + i * 13) % 23 < 2;
CREATE TABLE retrain_trust AS SELECT u, (1 + u % 2)::real AS weight FROM generate_series(1, 60) AS u;

-- every option comes back: the retrained version is the version again
SET client_min_messages = warning;
SELECT wals_train('rt_plain', 'retrain_ratings', 'u', 'i', factors => 4, weighting => 'linear');
SELECT wals_train('rt_all', 'retrain_ratings', 'u', 'i', 'v', 'w', 't',
	factors => 5, iterations => 3, regularization => 0.125, reg_exponent => 0.5,
	unobserved_weight => 0.25, unobserved_weighting => 'popularity', popularity_exponent => 0.75,
	weighting => 'log', alpha => 3, epsilon => 2,
	row_weight_exponent => 0.5, col_weight_exponent => -0.25, weight_normalize => false,
	row_weights => 'retrain_trust', half_life => '30 days',
	duplicates => 'max', min_user_rows => 2, min_item_rows => 3,
	tolerance => 0.0001, max_seconds => 1000, seed => -9223372036854775808, keep_versions => 5);
SELECT wals_train('rt_stars', 'retrain_ratings', 'u', 'i', 'v', feedback => 'explicit', biases => false, factors => 3, iterations => 2);
SELECT wals_train('rt_counts', 'retrain_ratings', 'u', 'i', 'v', feedback => 'weighted', weighting => 'counts', factors => 3, iterations => 2);
RESET client_min_messages;

CREATE FUNCTION same_version(model regclass) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	same boolean;
	result text;
BEGIN
	EXECUTE format('SELECT count(*) = 2 AND count(DISTINCT (options - ''warm_start'', objective, loss, source, user_col, value_col)) = 1
		FROM %s WHERE version IN (1, 2)', model) INTO same;
	result := 'row ' || same;
	EXECUTE format('SELECT count(*) = 0 FROM (SELECT id, factors, bias, n FROM %1$s_items WHERE version = 1
		EXCEPT SELECT id, factors, bias, n FROM %1$s_items WHERE version = 2) AS d', model) INTO same;
	RETURN result || ', factors ' || same;
END $$;
CALL wals_retrain('rt_plain', warm_start => false);
CALL wals_retrain('rt_all', warm_start => false);
CALL wals_retrain('rt_stars', warm_start => false);
CALL wals_retrain('rt_counts', warm_start => false);
SELECT m, same_version(m) FROM unnest('{rt_plain,rt_all,rt_stars,rt_counts}'::regclass[]) AS m;
SELECT options->'chosen' AS chosen FROM rt_plain WHERE active;
SELECT options->'chosen' AS chosen FROM rt_all WHERE active;

-- what was chosen from the data is chosen again
INSERT INTO retrain_ratings SELECT u, i FROM generate_series(1, 60) AS u, generate_series(1, 20) AS i;
CALL wals_retrain('rt_plain');
SELECT count(DISTINCT options->'unobserved_weight') AS w0, bool_or(started_from = 2) AS warm FROM rt_plain;

-- only when due
CALL wals_retrain('rt_plain', min_new_rows => 1);
INSERT INTO retrain_ratings VALUES (1, 1);
CALL wals_retrain('rt_plain', min_new_rows => 2);
CALL wals_retrain('rt_plain', min_new_rows => 1);
UPDATE rt_plain SET trained_at = '2025-06-01 12:00+00' WHERE active;
SET timezone = 'UTC';
CALL wals_retrain('rt_plain', if_older_than => '100 years');
CALL wals_retrain('rt_plain', if_older_than => '1 hour');
CALL wals_retrain('rt_plain', min_new_rows => -1);
CALL wals_retrain('rt_plain', activate => 'maybe');
CALL wals_retrain('rt_plain', activate => 'no');
SELECT version, active FROM rt_plain ORDER BY version;

-- inside a transaction block it is one piece
BEGIN;
CALL wals_retrain('rt_stars');
SELECT count(*) FROM rt_stars;
ROLLBACK;
SELECT count(*) FROM rt_stars;
-- from PL/pgSQL as everybody writes it: there is no output parameter
DO $$ BEGIN CALL wals_retrain('rt_stars'); END $$;
CREATE FUNCTION nightly() RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
	CALL wals_retrain('rt_stars', activate => 'no');
	RETURN (SELECT max(version) FROM rt_stars);
END;
$$;
SELECT nightly() = max(version) + 1 AS one_more FROM rt_stars;
SELECT count(*) FROM pg_proc WHERE proname ~ '^wals' AND prokind = 'p' AND proargmodes IS NOT NULL;

-- errors
CALL wals_retrain('retrain_ratings');
UPDATE rt_counts SET options = options || '{"weighting": "heavy"}' WHERE active;
CALL wals_retrain('rt_counts');
UPDATE rt_counts SET options = options - 'alpha' || '{"weighting": "counts"}' WHERE active;
CALL wals_retrain('rt_counts');
UPDATE rt_counts SET options = '[1]' WHERE active;
CALL wals_retrain('rt_counts');
UPDATE rt_counts SET active = false;
CALL wals_retrain('rt_counts');
DROP TABLE retrain_trust;
CALL wals_retrain('rt_all');
-- a failure lets go of the model
SELECT count(*) FROM pg_locks WHERE locktype = 'object' AND objsubid = 22337;

-- all models of the role
CREATE ROLE regress_retrain;
GRANT CREATE ON SCHEMA public TO regress_retrain;
GRANT SELECT ON retrain_ratings TO regress_retrain;
GRANT SELECT ON rt_plain, rt_plain_items TO regress_retrain;
SET ROLE regress_retrain;
CALL wals_retrain();
CALL wals_retrain('rt_plain');
SET client_min_messages = warning;
SELECT wals_train('rt_mine', 'retrain_ratings', 'u', 'i', factors => 2, iterations => 2);
SELECT wals_train('rt_too', 'retrain_ratings', 'u', 'i', factors => 2, iterations => 2);
CALL wals_retrain();
SELECT (SELECT max(version) FROM rt_mine) AS mine, (SELECT max(version) FROM rt_too) AS too;
RESET ROLE;
SET client_min_messages = warning;
DROP OWNED BY regress_retrain;
DROP ROLE regress_retrain;
DROP FUNCTION same_version;
SELECT wals_drop(m) FROM unnest('{rt_plain,rt_all,rt_stars,rt_counts}'::regclass[]) AS m;
DROP TABLE retrain_ratings;
