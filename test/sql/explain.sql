-- wals_explain: what each rating of a user contributes to the score of an item.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET jit = off;
CREATE SCHEMA explain;
SET search_path = explain, public;

CREATE TABLE seen AS
SELECT u AS user_id, i AS item_id, (u * 3 + i * 5) % 5 + 1 AS stars
FROM generate_series(1, 30) AS u, generate_series(1, 20) AS i
WHERE (u * u + i * i + u * i) % 7 < 2 OR (u + i) % 9 = 0;

-- ---------------------------------------------------------------------------
-- A case that can be worked out by hand
-- ---------------------------------------------------------------------------

-- Items (1 0), (0 2), (1 1); w0 = 0.5, c = 1, lambda = 2; a user of the first
-- two.  A = 0.5 (2 1; 1 5) + (1 0; 0 4) + 2 I = (4 0.5; 0.5 8.5), its
-- determinant 33.75.  For the third item A^-1 v = (8 3.5) / 33.75, so the first
-- contributes 1.5 * 8 / 33.75 and the second 1.5 * 2 * 3.5 / 33.75.
CREATE TABLE pairs (user_id integer, item_id integer);
INSERT INTO pairs VALUES (1, 1), (1, 2), (2, 3), (2, 1);
SELECT wals_train('hand', 'pairs', factors => 2, iterations => 1, unobserved_weight => 0.5, regularization => 2, reg_exponent => 0);
UPDATE hand_items SET factors = CASE id WHEN 1 THEN '{1,0}' WHEN 2 THEN '{0,2}' ELSE '{1,1}' END::real[];
SELECT wals_activate('hand', 1);
SELECT because_item_id, value, weight, round(contribution::numeric, 5) AS contribution, round(share::numeric, 5) AS share
FROM wals_explain(1, 3, model => 'hand');
SELECT round(1.5 * 8 / 33.75, 5) AS first, round(1.5 * 2 * 3.5 / 33.75, 5) AS second,
	round(wals_score(1, 3, 'hand', fold_in => 'always')::numeric, 5) = round((1.5 * 8 + 3 * 3.5) / 33.75, 5) AS sum;
-- factors are A^-1 y, y = 1.5 (1 2)
SELECT ARRAY(SELECT round(f::numeric, 5) FROM unnest(wals_user_factors(1, 'hand', 'always')) AS f)
	= ARRAY[round((8.5 * 1.5 - 0.5 * 3) / 33.75, 5), round((4 * 3 - 0.5 * 1.5) / 33.75, 5)] AS by_hand;

-- with a mean and biases there is a row without an item
SELECT wals_train('hand', 'seen', value_col => 'stars', feedback => 'explicit', factors => 1, iterations => 1, regularization => 1,
	reg_exponent => 0);
UPDATE hand SET global_mean = 3, options = options || '{"user_bias_regularization": 1}' WHERE active;
UPDATE hand_items SET factors = '{1}', bias = CASE id WHEN 1 THEN 0.5 ELSE 0 END WHERE version = (SELECT version FROM hand WHERE active);
SELECT wals_activate('hand', 2);
DELETE FROM seen WHERE user_id = 30;
INSERT INTO seen VALUES (30, 1, 5), (30, 2, 1);
-- deviations 1.5 and -2; v and bias column are 1 throughout: A = (3 2; 2 3), A^-1 (1 1)' = (0.2 0.2)'
SELECT because_item_id, value, weight, round(contribution::numeric, 5) AS contribution, round(share::numeric, 5) AS share
FROM wals_explain(30, 1, model => 'hand');
SELECT round(wals_score(30, 1, 'hand', fold_in => 'always')::numeric, 5) AS score;

-- ---------------------------------------------------------------------------
-- Sums, order, n
-- ---------------------------------------------------------------------------

SELECT wals_train('m', 'seen', value_col => 'stars', weighting => 'linear', factors => 6, iterations => 5);
SELECT wals_train('e', 'seen', value_col => 'stars', feedback => 'explicit', factors => 6, iterations => 5);
SELECT model, count(*) AS pairs, bool_and(abs(score - sum) < 1e-5 * (1 + abs(score))) AS sum_is_score,
	bool_and(abs(shares - 1) < 1e-5) AS shares_are_one
FROM unnest(ARRAY['m', 'e']::regclass[]) AS model, generate_series(1, 30) AS u, generate_series(1, 20) AS i,
	LATERAL (SELECT wals_score(u, i, model) AS score) AS s,
	LATERAL (SELECT sum(contribution), sum(abs(share)) AS shares FROM wals_explain(u, i, NULL, model)) AS x
GROUP BY 1 ORDER BY 1::text;
-- the largest first, whatever the sign, after the base
SELECT bool_and(abs(contribution) <= before) AS falling, count(*) FILTER (WHERE contribution < 0) > 0 AS some_against
FROM (SELECT contribution, lag(abs(contribution)) OVER () AS before FROM wals_explain(7, 3, NULL, 'm')) AS x;
SELECT because_item_id IS NULL AS base, value IS NULL AS no_value, weight IS NULL AS no_weight,
	abs(contribution - (SELECT global_mean + i.bias FROM e JOIN e_items AS i USING (version) WHERE i.id = 3)) < 1e-5 AS mean_and_bias
FROM wals_explain(7, 3, 1, 'e') LIMIT 1;
-- the items are those of the user, with value and weight
SELECT count(*) AS differences FROM
	(SELECT because_item_id, value::integer FROM wals_explain(7, 3, NULL, 'm')) AS x
	FULL JOIN (SELECT item_id, stars FROM seen WHERE user_id = 7) AS s ON s.item_id = x.because_item_id AND s.stars = x.value
WHERE x.value IS NULL OR s.stars IS NULL;
SELECT bool_and(abs(weight - value - (SELECT (options ->> 'unobserved_weight')::float8 FROM m)) < 1e-5) AS w0_plus_value
FROM wals_explain(7, 3, NULL, 'm');
-- n counts the ratings, not the base
SELECT n, (SELECT count(*) FROM wals_explain(7, 3, n, 'm')) AS implicit, (SELECT count(*) FROM wals_explain(7, 3, n, 'e')) AS explicit
FROM unnest(ARRAY[0, 1, 3, 2147483647]) AS n;
SELECT (SELECT count(*) FROM wals_explain(7, 3, NULL, 'm')) = (SELECT count(*) FROM seen WHERE user_id = 7) AS all_of_them,
	(SELECT count(*) FROM wals_explain(7, 3, model => 'm')) AS by_default;
SELECT * FROM wals_explain(7, 3, -1, 'm');

-- an item the user has rated, one that is rated twice
SELECT count(*) AS itself FROM wals_explain(7, (SELECT min(item_id) FROM seen WHERE user_id = 7)::bigint, NULL, 'm')
WHERE because_item_id = (SELECT min(item_id) FROM seen WHERE user_id = 7);
INSERT INTO seen SELECT 7, min(item_id), 4 FROM seen WHERE user_id = 7;
SELECT count(*) AS once, max(value) > 4 AS added_up FROM wals_explain(7, 3, NULL, 'm')
WHERE because_item_id = (SELECT min(item_id) FROM seen WHERE user_id = 7);

-- ---------------------------------------------------------------------------
-- Live rows, nothing to explain, types
-- ---------------------------------------------------------------------------

-- a user who is not in the model
INSERT INTO seen VALUES (100, 3, 5), (100, 8, 1), (100, 999, 2), (100, NULL, 2), (100, 4, NULL);
SET client_min_messages = notice;
SELECT because_item_id, value FROM wals_explain(100, 5, model => 'm') ORDER BY 1;
SET client_min_messages = warning;
SELECT abs(wals_score(100, 5, 'm', fold_in => 'auto') - sum(contribution)) < 1e-5 AS sum_is_score FROM wals_explain(100, 5, NULL, 'm');
-- nobody, nothing
SELECT count(*) FROM wals_explain(101, 5, model => 'm');
SELECT count(*) FROM wals_explain(7, 999, model => 'm');
SELECT count(*) FROM wals_explain(NULL::bigint, 5, model => 'm');
SELECT count(*) FROM wals_explain(7, NULL, model => 'm');
-- dislikes only: all contributions are 0
INSERT INTO seen VALUES (102, 3, -1), (102, 4, -2);
SELECT because_item_id, value, contribution, share FROM wals_explain(102, 5, model => 'm');
-- text and uuid
CREATE TABLE seen_text AS SELECT 'u' || user_id AS user_id, 'i' || item_id AS item_id FROM seen WHERE user_id <= 30;
CREATE TABLE seen_uuid AS SELECT lpad(user_id::text, 32, '0')::uuid AS user_id, lpad(item_id::text, 32, 'a')::uuid AS item_id
FROM seen WHERE user_id <= 30;
SELECT wals_train('t', 'seen_text', factors => 4, iterations => 2);
SELECT wals_train('u', 'seen_uuid', factors => 4, iterations => 2);
SELECT pg_typeof(because_item_id), count(*) FROM wals_explain('u7', 'i3', 4, 't') GROUP BY 1;
SELECT pg_typeof(because_item_id), count(*) FROM wals_explain('7', '3', 4, 'm') GROUP BY 1;
SELECT pg_typeof(because_item_id), count(*)
FROM wals_explain(lpad('7', 32, '0')::uuid, lpad('3', 32, 'a')::uuid, 4, 'u') GROUP BY 1;
SELECT * FROM wals_explain(7, 3, 4, 't');
-- estimated at n rows
CREATE FUNCTION estimate(query text) RETURNS numeric LANGUAGE plpgsql AS
$$
DECLARE
	plan jsonb;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
	RETURN plan #> '{0,Plan,Plan Rows}';
END;
$$;
SELECT estimate('SELECT * FROM wals_explain(7, 3, 4, ''m'')');

-- factors that are too large
UPDATE m_items SET factors = '{3e38,0,0,0,0,0}' WHERE id = 3;
SELECT wals_activate('m', 1);
SELECT * FROM wals_explain(7, 3, 4, 'm');
UPDATE m_items SET factors = '{1e18,0,0,0,0,0}' WHERE id = 3;
SELECT wals_activate('m', 1);
SELECT count(*) FROM wals_explain(7, 3, 4, 'm');

DROP SCHEMA explain CASCADE;
