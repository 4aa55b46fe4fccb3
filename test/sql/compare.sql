-- wals_compare: differences by user, worked out by hand and from plain SQL.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET jit = off;
CREATE SCHEMA compare;
SET search_path = compare, public;

CREATE FUNCTION outcome(statement text) RETURNS text
LANGUAGE plpgsql AS
$$
DECLARE
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'fine';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN SQLSTATE || ': ' || SQLERRM || COALESCE(E'\n  hint: ' || NULLIF(hint, ''), '');
END;
$$;

-- ---------------------------------------------------------------------------
-- By hand
-- ---------------------------------------------------------------------------

-- Everybody has seen item 1.  Version 1 shows 2, 3, 4, 5 to everybody, version
-- 2 shows 5, 4, 3, 2.  Users 1, 2, 3 look for 5, user 4 for 2, user 5 for both.
CREATE TABLE seen AS SELECT u AS user_id, 1 AS item_id FROM generate_series(1, 5) AS u
UNION ALL SELECT 6, i FROM generate_series(1, 5) AS i;
CREATE TABLE test AS SELECT * FROM (VALUES (1, 5), (2, 5), (3, 5), (4, 2), (5, 5), (5, 2), (77, 5)) AS t (user_id, item_id);
SELECT wals_train('m', 'seen', factors => 1, iterations => 1);
SELECT wals_train('m', 'seen', factors => 1, iterations => 1);
UPDATE m_items SET factors = ARRAY[CASE version WHEN 1 THEN 10 - id ELSE id END]::real[];
UPDATE m_users SET factors = '{1}';
SELECT wals_activate('m', 2);
-- mrr@4: a is 1/4, 1/4, 1/4, 1, 1 and b is 1, 1, 1, 1/4, 1: differences 3/4,
-- 3/4, 3/4, -3/4, 0; mean 0.3, variance (3 * 0.45^2 + 1.05^2 + 0.3^2) / 4 = 0.45,
-- error sqrt(0.45 / 5) = 0.3, t = 1, p for 4 degrees of freedom 0.373901.
-- 3 to 1 by the signs: 2 * 5/16.
-- hit_rate@1: 0, 0, 0, 1, 1 and 1, 1, 1, 0, 1: 0.4, variance 0.8, error 0.4.
-- coverage@1: both 1 of 5 items.
SELECT metric, k, round(value_a::numeric, 6) AS a, round(value_b::numeric, 6) AS b, round(difference::numeric, 6) AS difference,
	round(std_error::numeric, 6) AS error, round(t::numeric, 6) AS t, round(p_value::numeric, 6) AS p,
	n_higher AS up, n_lower AS down, round(sign_p_value::numeric, 6) AS sign_p, n_users AS n, n_skipped AS skipped
FROM wals_compare('test', 'm', version_a => 1, k => '{1,4}');
-- the other way round everything changes its sign and nothing its size
SELECT count(*) AS rows, count(*) FILTER (WHERE (a.value_a, a.value_b, a.difference, a.std_error, a.t, a.p_value, a.n_higher, a.n_lower, a.sign_p_value)
	IS DISTINCT FROM (b.value_b, b.value_a, -b.difference, b.std_error, -b.t, b.p_value, b.n_lower, b.n_higher, b.sign_p_value)) AS differences
FROM wals_compare('test', 'm', version_a => 1, version_b => 2) AS a JOIN wals_compare('test', 'm', version_a => 2, version_b => 1) AS b USING (metric);
-- two copies do not differ, and nothing is divided by 0
CREATE TABLE seen_again AS TABLE seen;
SELECT wals_train('n', 'seen_again', factors => 1, iterations => 1);
UPDATE n_items SET factors = ARRAY[id]::real[];
UPDATE n_users SET factors = '{1}';
SELECT wals_activate('n', 1);
SELECT DISTINCT difference, std_error, t, p_value, n_higher, n_lower, sign_p_value FROM wals_compare('test', 'm', 'n') WHERE metric <> 'coverage';

-- ---------------------------------------------------------------------------
-- Against wals_evaluate and plain SQL
-- ---------------------------------------------------------------------------

CREATE TABLE ratings AS
SELECT u AS user_id, i AS item_id, 1 + (u * 7 + i * 13 + u * i) % 5 AS rating
FROM generate_series(1, 90) AS u, generate_series(1, 70) AS i
WHERE (u * u + i * i + u * i) % 11 < 3 AND (u % 3 = i % 3 OR (u + i) % 5 = 0);
CREATE VIEW train AS SELECT * FROM ratings WHERE NOT wals_holdout(user_id, item_id, 0.3);
-- knows fewer users and items
CREATE VIEW part AS SELECT * FROM train WHERE user_id > 20 AND item_id < 60;
CREATE VIEW held_out AS SELECT * FROM ratings WHERE wals_holdout(user_id, item_id, 0.3);
SELECT wals_train('stars', 'train', factors => 3, iterations => 5, value_col => 'rating', feedback => 'explicit');
SELECT wals_train('fewer', 'part', factors => 2, iterations => 5, value_col => 'rating', feedback => 'explicit');
-- with the same users and what they have seen, the figures are those of
-- wals_evaluate; and with negatives the same ones are drawn for both
SELECT wals_train('stars', 'train', factors => 1, iterations => 3, value_col => 'rating', feedback => 'explicit', activate => 'no');
SELECT negatives, count(*) AS rows, count(*) FILTER (WHERE (c.value_a, c.value_b) IS DISTINCT FROM (a.value, b.value)) AS differences
FROM (VALUES (NULL), (20)) AS v (negatives), LATERAL wals_compare('held_out', 'stars', version_b => 2, negatives => v.negatives) AS c
JOIN LATERAL wals_evaluate('held_out', 'stars', negatives => v.negatives) AS a USING (metric)
JOIN LATERAL wals_evaluate('held_out', 'stars', version => 2, negatives => v.negatives) AS b USING (metric)
GROUP BY 1;
-- two models: the users both know, what both predict, and neither is shown what
-- is in the source of either
WITH s AS (
	SELECT t.user_id, t.rating - wals_score(t.user_id, t.item_id, 'stars') AS a, t.rating - wals_score(t.user_id, t.item_id, 'fewer') AS b FROM held_out AS t
), u AS (
	SELECT user_id, count(*) AS n, sum(a * a) AS aa, sum(b * b) AS bb, sum(abs(a)) AS a, sum(abs(b)) AS b FROM s WHERE a + b IS NOT NULL GROUP BY 1
), m AS (
	SELECT sum(n) AS n, count(*) AS users, sqrt(sum(aa) / sum(n)) AS rmse_a, sqrt(sum(bb) / sum(n)) AS rmse_b, sum(a) / sum(n) AS mae_a, sum(b) / sum(n) AS mae_b,
		count(*) FILTER (WHERE bb > aa) AS rmse_up, count(*) FILTER (WHERE b > a) AS mae_up
	FROM u
), e AS (
	SELECT sqrt(count(*) / (count(*) - 1.0) * sum((bb - aa - u.n * (rmse_b ^ 2 - rmse_a ^ 2)) ^ 2)) / min(m.n) / min(rmse_a + rmse_b) AS rmse,
		sqrt(count(*) / (count(*) - 1.0) * sum((b - a - u.n * (mae_b - mae_a)) ^ 2)) / min(m.n) AS mae
	FROM u, m
)
SELECT c.metric, abs(c.value_a - x.a) < 1e-6 AS value_a, abs(c.value_b - x.b) < 1e-6 AS value_b, abs(c.difference - (x.b - x.a)) < 1e-6 AS difference,
	abs(c.std_error - x.e) < 1e-6 AS std_error, abs(c.t - (x.b - x.a) / x.e) < 1e-3 AS t, c.n_higher = x.up AS higher, c.n_users = m.users AS users,
	c.n_skipped = (SELECT count(*) FROM held_out) - m.n AS skipped
FROM m, e, LATERAL (VALUES ('rmse', rmse_a, rmse_b, e.rmse, rmse_up), ('mae', mae_a, mae_b, e.mae, mae_up)) AS x (metric, a, b, e, up)
JOIN wals_compare('held_out', 'stars', 'fewer') AS c USING (metric);
CREATE VIEW known AS SELECT * FROM held_out WHERE user_id > 20;
SELECT metric, abs(c.value_a - a.value) < 1e-12 AS same, c.n_users = a.n_users AS users
FROM wals_compare('held_out', 'stars', 'fewer') AS c JOIN wals_evaluate('known', 'stars', version => 1) AS a USING (metric) WHERE metric IN ('ndcg', 'recall', 'auc');
-- warnings are about either source
SET client_min_messages = notice;
SELECT count(*) FROM wals_compare('train', 'stars', 'fewer');
SET client_min_messages = warning;

-- ---------------------------------------------------------------------------
-- Options, by several versions trained with different seeds
-- ---------------------------------------------------------------------------

SELECT wals_train('seeds', 'train', factors => 4, iterations => 4, seed => s, keep_versions => 20, activate => 'no') FROM generate_series(1, 4) AS s;
SELECT wals_train('seeds', 'train', factors => 2, iterations => 4, seed => s, keep_versions => 20, activate => 'no') FROM generate_series(5, 7) AS s;
SELECT wals_activate('seeds', 1);
SELECT wals_train('guesses', 'train', value_col => 'rating', feedback => 'explicit', factors => 2, iterations => 3, seed => s, keep_versions => 20)
FROM generate_series(1, 3) AS s;
SELECT wals_train('guesses', 'train', value_col => 'rating', feedback => 'explicit', factors => 4, iterations => 3, seed => s, keep_versions => 20)
FROM generate_series(4, 6) AS s;
-- values are means of the versions' own, and so is the part of the error that they tell
CREATE FUNCTION sides(model regclass, a bigint[], b bigint[]) RETURNS TABLE (metric text, value_a boolean, value_b boolean, difference boolean, version_error boolean, larger boolean, p boolean, users boolean)
LANGUAGE sql AS $$
	WITH v AS (
		SELECT e.metric, v = ANY ($2) AS first, e.value, e.n_users FROM unnest($2 || $3) AS v, LATERAL wals_evaluate('held_out', $1, version => v) AS e
		WHERE e.metric NOT IN ('popularity', 'coverage')
	), s AS (
		SELECT metric, avg(value) FILTER (WHERE first) AS a, avg(value) FILTER (WHERE NOT first) AS b, max(n_users) AS n,
			sqrt(COALESCE(var_samp(value) FILTER (WHERE first) / count(*) FILTER (WHERE first), 0)
				+ COALESCE(var_samp(value) FILTER (WHERE NOT first) / count(*) FILTER (WHERE NOT first), 0)) AS error
		FROM v GROUP BY 1
	)
	SELECT s.metric, abs(c.value_a - s.a) < 1e-9, abs(c.value_b - s.b) < 1e-9, abs(c.difference - (s.b - s.a)) < 1e-9, abs(c.version_error - s.error) < 1e-9,
		c.std_error >= c.version_error AND c.df > 0 AND c.df < s.n, abs(c.t - c.difference / c.std_error) < 1e-9 AND c.p_value BETWEEN 0 AND 1, c.n_users = s.n
	FROM s JOIN wals_compare('held_out', $1, versions_a => $2, versions_b => $3) AS c USING (metric)
$$;
SELECT * FROM sides('seeds', '{1,2,3,4}', '{5,6,7}') ORDER BY 1;
SELECT * FROM sides('guesses', '{1,2,3}', '{4,5,6}') WHERE metric IN ('rmse', 'mae', 'ndcg') ORDER BY 1;
-- one against several; the other way round
SELECT bool_and(value_a AND value_b AND difference AND version_error AND larger AND p AND users) AS one_and_three FROM sides('seeds', '{2}', '{5,6,7}');
SELECT count(*) AS rows, count(*) FILTER (WHERE abs(a.difference + b.difference) > 1e-12 OR abs(a.std_error - b.std_error) > 1e-12 OR abs(a.df - b.df) > 1e-9
	OR abs(a.p_value - b.p_value) > 1e-9 OR (a.n_higher, a.n_lower) <> (b.n_lower, b.n_higher)) AS differences
FROM wals_compare('held_out', 'seeds', versions_a => '{1,2,3}', versions_b => '{5,6,7}') AS a
JOIN wals_compare('held_out', 'seeds', versions_a => '{7,6,5}', versions_b => '{3,2,1}') AS b USING (metric);
-- lists of one are what version_a and version_b are, and models may differ
SELECT count(*) AS rows, count(*) FILTER (WHERE a IS DISTINCT FROM b) AS differences
FROM wals_compare('held_out', 'seeds', versions_a => '{2}', versions_b => '{6}') AS a
JOIN wals_compare('held_out', 'seeds', version_a => 2, version_b => 6) AS b USING (metric);
SELECT metric, n_users > 0 AS users, version_error > 0 AS version_error
FROM wals_compare('held_out', 'seeds', 'stars', versions_a => '{1,2}', versions_b => '{1,2}') WHERE metric IN ('ndcg', 'auc', 'rmse') ORDER BY 1;
-- Twenty comparisons of options with themselves: those of single versions find
-- more differences than those of several.
SELECT wals_train('nulls', 'train', factors => 4, iterations => 2, seed => s, keep_versions => 99) FROM generate_series(1, 20) AS s;
WITH alone AS (
	SELECT count(*) FILTER (WHERE p_value < 0.05) AS n FROM generate_series(1, 19) AS v, LATERAL wals_compare('held_out', 'nulls', version_a => v, version_b => v + 1) AS c WHERE metric = 'auc'
), several AS (
	SELECT count(*) FILTER (WHERE p_value < 0.05) AS n FROM generate_series(1, 19) AS v, LATERAL wals_compare('held_out', 'nulls',
		versions_a => ARRAY[1 + v % 20, 1 + (v + 4) % 20, 1 + (v + 9) % 20, 1 + (v + 14) % 20],
		versions_b => ARRAY[1 + (v + 1) % 20, 1 + (v + 6) % 20, 1 + (v + 12) % 20, 1 + (v + 17) % 20]) AS c WHERE metric = 'auc'
)
SELECT alone.n > several.n AS fewer, several.n <= 3 AS few FROM alone, several;
-- what a p value is about is said
SET client_min_messages = notice;
SELECT count(*) FROM wals_compare('held_out', 'seeds', version_a => 2, version_b => 6);
SELECT count(*) FROM wals_compare('held_out', 'seeds', versions_a => '{2,3}', versions_b => '{6}');
SET client_min_messages = warning;

-- ---------------------------------------------------------------------------
-- Errors
-- ---------------------------------------------------------------------------

SELECT outcome($$SELECT * FROM wals_compare('held_out', 'seeds', version_a => 1, versions_a => '{1,2}', versions_b => '{3,4}')$$);
SELECT outcome($$SELECT * FROM wals_compare('held_out', 'seeds', versions_a => '{}', versions_b => '{3,4}')$$);
SELECT outcome($$SELECT * FROM wals_compare('held_out', 'seeds', versions_a => '{1,2}', versions_b => '{2,3}')$$);
SELECT outcome($$SELECT * FROM wals_compare('held_out', 'seeds', versions_a => '{1,1}', versions_b => '{2,3}')$$);
SELECT outcome($$SELECT * FROM wals_compare('held_out', 'seeds', versions_a => '{1,99}', versions_b => '{2,3}')$$);
SELECT outcome($$SELECT * FROM wals_compare('held_out', 'seeds', versions_a => '{0}', versions_b => '{2,3}')$$);
SELECT outcome($$SELECT * FROM wals_compare('held_out', 'seeds', versions_a => (SELECT array_agg(v) FROM generate_series(1, 21) AS v), versions_b => '{2,3}')$$);

SELECT outcome($$SELECT * FROM wals_compare('held_out', 'stars')$$);
SELECT outcome($$SELECT * FROM wals_compare('held_out', 'stars', version_a => 2, version_b => 2)$$);
SELECT outcome($$SELECT * FROM wals_compare('held_out', 'stars', 'fewer', version_b => 3)$$);
SELECT outcome($$SELECT * FROM wals_compare(NULL, 'stars', 'fewer')$$);
CREATE VIEW text_train AS SELECT user_id::text, item_id FROM train;
SELECT wals_train('other', 'text_train', factors => 1, iterations => 1);
SELECT outcome($$SELECT * FROM wals_compare('held_out', 'stars', 'other')$$);
CREATE VIEW first_users AS SELECT * FROM held_out WHERE user_id <= 20;
SELECT outcome($$SELECT * FROM wals_compare('first_users', 'stars', 'fewer')$$);

SET client_min_messages = error;
DROP SCHEMA compare CASCADE;
