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
-- Errors
-- ---------------------------------------------------------------------------

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
