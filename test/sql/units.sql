-- The unit of ratings: the same ones in another unit give the same model, but for
-- the unit, and what is regularized how much follows from how they spread.
SET client_min_messages = error;
CREATE SCHEMA units;
SET search_path = units, public;
\set SHOW_CONTEXT never
\set VERBOSITY terse

-- users and items with biases, two tastes, and noise
CREATE TABLE stars AS
SELECT u AS user_id, i AS item_id,
	least(5, greatest(1, round(3.2 + (u % 7 - 3) * 0.2 + (i % 5 - 2) * 0.3 + (u % 2 * 2 - 1) * (i % 2 * 2 - 1) * 0.9
		+ (u % 3 - 1) * (i % 3 - 1) * 0.5 + (u * 7919 + i * 104729 + u * i * 31) % 13 / 6.0 - 1)))::real AS rating
FROM generate_series(1, 120) AS u, generate_series(1, 60) AS i
WHERE (u * u + i * i * 3 + u * i) % 5 < 2;
CREATE VIEW hundred AS SELECT user_id, item_id, rating * 20 AS rating FROM stars;
CREATE VIEW unit AS SELECT user_id, item_id, rating / 5 AS rating FROM stars;
CREATE VIEW fourfold AS SELECT user_id, item_id, rating * 4 AS rating FROM stars;

CREATE FUNCTION in_unit(source regclass, unit float8, kind text)
RETURNS TABLE (predictions bool, user_factors bool, item_factors bool, biases bool, loss bool, lambda bool, bias_lambda bool)
LANGUAGE plpgsql AS $$
DECLARE
	close float8 := CASE WHEN unit = 4 THEN 1e-7 ELSE 1e-4 END;
BEGIN
	PERFORM wals_train('a', 'stars', value_col => 'rating', feedback => kind, factors => 6, keep_versions => 1);
	PERFORM wals_train('b', source, value_col => 'rating', feedback => kind, factors => 6, keep_versions => 1);
	SELECT max(abs(wals_score(u, i, 'b') / unit - wals_score(u, i, 'a'))) < 5 * close
	FROM generate_series(1, 120) AS u, generate_series(1, 60) AS i INTO predictions;
	SELECT max(abs(y.f / sqrt(unit) - x.f)) < close, max(abs(y.bias / unit - x.bias)) < close
	FROM (SELECT id, place, f, bias FROM a_users, unnest(factors) WITH ORDINALITY AS f(f, place)) AS x
	JOIN (SELECT id, place, f, bias FROM b_users, unnest(factors) WITH ORDINALITY AS f(f, place)) AS y USING (id, place)
	INTO user_factors, biases;
	SELECT max(abs(y.f / sqrt(unit) - x.f)) < close, biases AND max(abs(y.bias / unit - x.bias)) < close
	FROM (SELECT id, place, f, bias FROM a_items, unnest(factors) WITH ORDINALITY AS f(f, place)) AS x
	JOIN (SELECT id, place, f, bias FROM b_items, unnest(factors) WITH ORDINALITY AS f(f, place)) AS y USING (id, place)
	INTO item_factors, biases;
	SELECT abs(b.loss / unit ^ 2 / a.loss - 1) < close,
		abs((b.options ->> 'regularization')::float8 / unit / (a.options ->> 'regularization')::float8 - 1) < 1e-6,
		CASE kind WHEN 'explicit' THEN
			abs((b.options ->> 'user_bias_regularization')::float8 / (a.options ->> 'user_bias_regularization')::float8 - 1) < 1e-4
		ELSE NOT b.options ? 'user_bias_regularization' END
	FROM a, b INTO loss, lambda, bias_lambda;
	RETURN NEXT;
END $$;
SELECT feedback, source, r.* FROM (VALUES ('hundred', 20::float8), ('unit', 0.2), ('fourfold', 4)) AS v(source, unit),
	unnest(ARRAY['explicit', 'weighted']) AS feedback, in_unit(source::regclass, unit, feedback) AS r
ORDER BY 1, 2;

-- 0.1 for all of them was what failed: in a unit of 20 it is nothing
SELECT wals_train('a', 'stars', value_col => 'rating', feedback => 'explicit', factors => 6, keep_versions => 1, regularization => 0.1);
SELECT wals_train('b', 'hundred', value_col => 'rating', feedback => 'explicit', factors => 6, keep_versions => 1, regularization => 0.1);
SELECT max(abs(wals_score(u, i, 'b') / 20 - wals_score(u, i, 'a'))) > 0.1 AS differ
FROM generate_series(1, 120) AS u, generate_series(1, 60) AS i;
-- a lambda that is given is taken as it is, for a row by its weight, and is in the
-- unit of the ratings; lambdas of biases have none and are found in the ratings
SELECT options ->> 'regularization' AS lambda, options ->> 'reg_exponent' AS nu, options -> 'chosen' AS chosen,
	objective LIKE '%lambda of a row = 0.1 * (sum of its weights)' AS shown,
	objective ~ ' \+ [0-9.]+ sum of b_i\^2 .* \+ [0-9.]+ sum of b_j\^2' AS biases_shown FROM b;
SELECT wals_train('b', 'hundred', value_col => 'rating', feedback => 'explicit', factors => 6, keep_versions => 1, regularization => 2);
SELECT max(abs(wals_score(u, i, 'b') / 20 - wals_score(u, i, 'a'))) < 1e-3 AS same
FROM generate_series(1, 120) AS u, generate_series(1, 60) AS i;

-- what is left out is shown, and meant for a row of the mean weight
SELECT wals_train('a', 'stars', value_col => 'rating', feedback => 'explicit', factors => 6, keep_versions => 1);
SELECT options -> 'chosen' AS chosen, options ->> 'reg_exponent' AS nu,
	(options ->> 'regularization')::float8 BETWEEN 0.5 AND 2 AS lambda,
	objective LIKE '%lambda of a row = ' || to_char((options ->> 'regularization')::float8, 'FM0.999') || ' * (sum of its weights)^0.5' AS shown
FROM a;
-- a nightly training chooses again, and on the same ratings the same
CREATE TABLE before AS SELECT options - 'warm_start' AS options FROM a;
CALL wals_retrain('a');
SELECT version, options - 'warm_start' = (SELECT options FROM before) AS same FROM a WHERE active;
-- in another unit it chooses what fits that: who folds users in needs no more
DELETE FROM stars WHERE user_id = 120;
UPDATE stars SET rating = rating * 2;
CALL wals_retrain('a', warm_start => false);
SELECT abs((options ->> 'regularization')::float8 / (SELECT options ->> 'regularization' FROM before)::float8 - 2) < 0.05 AS twice
FROM a WHERE active;
SELECT wals_queue_enable('a');
INSERT INTO stars SELECT 120, item_id, rating FROM stars WHERE user_id = 1;
SELECT bool_and(abs(wals_score(120, i, 'a', fold_in => 'always') - wals_score(1, i, 'a')) < 1e-4) AS as_the_twin FROM generate_series(1, 60) AS i;
-- a refresh solves with what the version was trained with
SELECT users_added FROM wals_refresh('a');
SELECT bool_and(abs(wals_score(120, i, 'a') - wals_score(1, i, 'a')) < 1e-4) AS as_the_twin FROM generate_series(1, 60) AS i;

-- a version of 0.1.0 has biases that were regularized as their rows: it answers,
-- refreshes, and the next training chooses
UPDATE a SET options = options - 'user_bias_regularization' - 'item_bias_regularization' || '{"regularization": 0.1, "reg_exponent": 1,
	"chosen": ["regularization", "unobserved_weight", "biases"]}' WHERE active;
SELECT abs((SELECT sum(contribution) FROM wals_explain(120, 7, NULL, 'a')) - wals_score(120, 7, 'a', fold_in => 'always')) < 1e-4 AS explained;
INSERT INTO stars SELECT 121, item_id, rating FROM stars WHERE user_id = 2;
SELECT users_added FROM wals_refresh('a');
SELECT bool_and(abs(wals_score(121, i, 'a') - wals_score(121, i, 'a', fold_in => 'always')) < 1e-5) AS as_folded_in FROM generate_series(1, 60) AS i;
CALL wals_retrain('a');
SELECT options ? 'user_bias_regularization' AS apart, options ->> 'reg_exponent' AS nu FROM a WHERE active;
-- what stands there is checked
CREATE FUNCTION outcome(call text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE call;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT lambda, outcome(format($$UPDATE units.a SET options = options || '{"user_bias_regularization": %s}' WHERE active;
	SELECT wals_score(120, 7, 'units.a', fold_in => 'always')$$, lambda)) FROM unnest(ARRAY['-2', '"x"', '1e400', 'null', '0']) AS lambda;

-- a tuning without a grid tries the same in any unit
CREATE VIEW single AS SELECT user_id, item_id, rating / 2 AS rating FROM stars;
SELECT feedback, count(*) AS trials, bool_and(abs(a.value - b.value * CASE feedback WHEN 'explicit' THEN 2 ELSE 1 END) < 1e-3) AS same,
	bool_and(abs((a.options ->> 'regularization')::float8 / (b.options ->> 'regularization')::float8 - 2) < 1e-3) AS twice
FROM unnest(ARRAY['explicit', 'weighted']) AS feedback,
	wals_tune('stars', value_col => 'rating', feedback => feedback, trials => 5, search => 'random') AS a
	JOIN wals_tune('single', value_col => 'rating', feedback => feedback, trials => 5, search => 'random') AS b USING (trial)
GROUP BY feedback ORDER BY feedback;

-- constant ratings have no spread, and are no reason to fail
CREATE VIEW same AS SELECT user_id, item_id, 3.3::real AS rating FROM stars;
SELECT wals_train('c', 'same', value_col => 'rating', feedback => 'explicit', factors => 4);
SELECT round(min(wals_score(u, i, 'c'))::numeric, 4) AS lowest, round(max(wals_score(u, i, 'c'))::numeric, 4) AS highest
FROM generate_series(1, 120) AS u, generate_series(1, 60) AS i;

-- one slip outweighs all that people said
SET client_min_messages = warning;
CREATE VIEW slip AS SELECT user_id, item_id, CASE WHEN user_id = 3 AND item_id = (SELECT min(item_id) FROM stars WHERE user_id = 3) THEN 1e9 ELSE rating END AS rating FROM stars;
SELECT wals_train('d', 'slip', value_col => 'rating', feedback => 'explicit', factors => 4);
SELECT wals_train('d', 'slip', value_col => 'rating', feedback => 'weighted', factors => 4);
SELECT wals_drop('d');
SET client_min_messages = error;

SELECT wals_drop('a');
SELECT wals_drop('b');
SELECT wals_drop('c');
DROP SCHEMA units CASCADE;
