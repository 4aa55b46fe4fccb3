--
-- half_life: each row fades once, whatever the policy for duplicates, and ends
-- as if it had been deleted.
--
SET client_min_messages = warning;
CREATE SCHEMA wals_fading;
SET search_path = wals_fading, public;

-- an event log: 1 to 4 events per pair, with days between them
CREATE TABLE events AS
SELECT u AS user_id, (u * 7 + j * j) % 30 AS item_id, 1 AS one,
	(u + j + r) % 5 + 1 AS stars, timestamptz '2024-03-01 00:00Z' - 10 * ((u * j + r) % 9) * interval '1 day' AS at
FROM generate_series(0, 59) AS u, generate_series(0, 7) AS j, generate_series(0, 3) AS r
WHERE r <= (u + j) % 4;

-- largest difference of factors of two models
CREATE FUNCTION difference(a text, b text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
	result float8;
BEGIN
	EXECUTE format('SELECT max(abs(f.x - g.x)) FROM
		(SELECT id, p, x FROM %I_users, unnest(factors) WITH ORDINALITY AS f (x, p)) AS f
		FULL JOIN (SELECT id, p, x FROM %I_users, unnest(factors) WITH ORDINALITY AS g (x, p)) AS g
		USING (id, p)', a, b) INTO result;
	RETURN result;
END $$;

-- a half-life without end, and a weight column of ones, change nothing
CREATE FUNCTION both_ways(options text) RETURNS TABLE (endless bool, ones bool) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('SELECT wals_train(''plain'', ''events'', factors => 4, iterations => 3, time_col => ''at'', %s)', options);
	EXECUTE format('SELECT wals_train(''endless'', ''events'', factors => 4, iterations => 3, time_col => ''at'', half_life => ''100000000 days'', %s)', options);
	EXECUTE format('SELECT wals_train(''ones'', ''events'', factors => 4, iterations => 3, time_col => ''at'', weight_col => ''one'', %s)', options);
	RETURN QUERY SELECT difference('plain', 'endless') < 1e-4, difference('plain', 'ones') = 0;
	PERFORM wals_drop('plain'), wals_drop('endless'), wals_drop('ones');
END $$;
SELECT o AS options, b.*
FROM unnest(ARRAY[
	$$unobserved_weight => 0.5$$,
	$$unobserved_weight => 0.5, weighting => 'linear'$$,
	$$unobserved_weight => 0.5, weighting => 'log'$$,
	$$unobserved_weight => 0.5, weighting => 'linear', value_col => 'stars'$$,
	$$unobserved_weight => 0.5, weighting => 'log', value_col => 'stars', duplicates => 'avg'$$,
	$$unobserved_weight => 0.5, weighting => 'linear', value_col => 'stars', duplicates => 'max'$$,
	$$unobserved_weight => 0.5, weighting => 'linear', value_col => 'stars', duplicates => 'last'$$,
	$$feedback => 'explicit', value_col => 'stars', duplicates => 'avg'$$,
	$$feedback => 'weighted', value_col => 'stars', duplicates => 'sum', unobserved_weight => 0.5$$]) AS o,
	LATERAL both_ways(o) AS b;

-- the weights people see: the events, once
SELECT wals_train('hl', 'events', factors => 4, weighting => 'linear', time_col => 'at', unobserved_weight => 0.5,
	half_life => '1000000 days');
SELECT DISTINCT round(weight::numeric, 2) AS weight FROM generate_series(0, 59) AS u, LATERAL wals_explain(u, 2, NULL, 'hl') ORDER BY 1;

-- a mean weighs each value by what is left of it: 5 today and 1 a hundred days ago
CREATE TABLE changed AS
SELECT u AS user_id, i AS item_id, 3.0 AS rating, date '2024-03-01' AS day
FROM generate_series(1, 8) AS u, generate_series(1, 6) AS i WHERE (u + i) % 3 < 2 AND (u, i) <> (1, 1);
INSERT INTO changed VALUES (1, 1, 5, '2024-03-01'), (1, 1, 1, date '2024-03-01' - 100);
SELECT wals_train('c', 'changed', feedback => 'explicit', value_col => 'rating', time_col => 'day',
	half_life => '10 days', duplicates => 'avg', factors => 2);
SELECT round(value::numeric, 3) AS value, round(weight::numeric, 3) AS weight
FROM wals_explain(1, 2, NULL, 'c') WHERE because_item_id = '1';

-- what is old enough is as if it were gone
CREATE TABLE aging AS
SELECT u AS user_id, i AS item_id, timestamptz '2024-03-01 00:00Z' AS at
FROM generate_series(1, 40) AS u, generate_series(1, 20) AS i WHERE (u * u + i) % 3 = 0 OR i = 7 AND u % 2 = 0;
CREATE VIEW aged AS SELECT user_id, item_id, CASE WHEN item_id = 7 AND user_id <= 20 THEN at - interval '10 years' ELSE at END AS at FROM aging;
CREATE VIEW gone AS SELECT * FROM aging WHERE NOT (item_id = 7 AND user_id <= 20);
SELECT wals_train('m_aged', 'aged', factors => 6, time_col => 'at', half_life => '10 days', unobserved_weight => 0.3, regularization => 0.01, reg_exponent => 0);
SELECT wals_train('m_gone', 'gone', factors => 6, unobserved_weight => 0.3, regularization => 0.01, reg_exponent => 0);
SELECT max(abs(wals_score(u, i, 'm_aged') - wals_score(u, i, 'm_gone'))) < 1e-4 AS forgotten
FROM generate_series(1, 40) AS u, generate_series(1, 20) AS i;
-- and on the way there a score falls
DO $$
DECLARE
	d int;
BEGIN
	FOREACH d IN ARRAY '{0,10,30,90}'::int[] LOOP
		EXECUTE format('CREATE VIEW way_%s AS SELECT user_id, item_id, CASE WHEN item_id = 7 AND user_id <= 20
			THEN at - %s * interval ''1 day'' ELSE at END AS at FROM aging', d, d);
		PERFORM wals_train('way', format('way_%s', d)::regclass, factors => 6, time_col => 'at', half_life => '10 days',
			unobserved_weight => 0.3, regularization => 0.01, reg_exponent => 0, keep_versions => 9);
	END LOOP;
END $$;
SELECT version, round((sum(x::float8 * y) / count(DISTINCT u.id))::numeric, 1) AS mean_score
FROM way_users AS u JOIN way_items AS i USING (version),
	LATERAL unnest(u.factors, i.factors) AS f (x, y)
WHERE i.id = 7 AND u.id <= 20 AND u.id % 2 = 0 GROUP BY 1 ORDER BY 1;

-- a user folded in from the rows of the training has the stored score
SELECT max(abs(a.score - b.score)) < 1e-4 AS same
FROM generate_series(1, 40) AS u,
	LATERAL (SELECT wals_score(u, 7, 'm_aged') AS score) AS a,
	LATERAL (SELECT wals_score(u, 7, 'm_aged', fold_in => 'always') AS score) AS b;

-- ages are counted back from the newest row that counts: not from one of value
-- 0, and not from those of users left out
CREATE TABLE scored AS SELECT user_id, item_id, 1 AS times, at - item_id * interval '1 day' AS at FROM aging;
SELECT wals_train('before', 'scored', value_col => 'times', factors => 4, time_col => 'at', half_life => '10 days', min_user_rows => 2);
INSERT INTO scored VALUES (1, 1, 0, '2099-01-01'), (900, 1, 1, '2098-01-01');
SELECT wals_train('after', 'scored', value_col => 'times', factors => 4, time_col => 'at', half_life => '10 days', min_user_rows => 2);
SELECT difference('before', 'after') = 0 AS same, b.options->>'newest_time' = a.options->>'newest_time' AS same_newest
FROM before AS b, after AS a;

DROP SCHEMA wals_fading CASCADE;
