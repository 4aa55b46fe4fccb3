-- wals_recommend(explore => ...): scores plus a multiple of what they are
-- uncertain by, against the formula in SQL.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET jit = off;
CREATE SCHEMA explore;
SET search_path = explore, public;
CREATE ROLE regress_wals_explore;
GRANT USAGE ON SCHEMA explore TO regress_wals_explore;

CREATE TABLE ratings AS
SELECT u AS user_id, i AS item_id, (u * 3 + i * 5) % 7 + 1 AS value
FROM generate_series(1, 30) AS u, generate_series(1, 40) AS i
WHERE (u * u + i * i + u * i) % 7 < 2 OR (u + i) % 11 = 0;
SELECT wals_train('m', 'ratings', factors => 2, iterations => 4, unobserved_weight => 0.1, regularization => 0.5, reg_exponent => 0);
SELECT wals_train('stars', 'ratings', value_col => 'value', feedback => 'explicit', factors => 1, iterations => 4,
	regularization => 0.5, reg_exponent => 0);

-- sqrt(v' A^-1 v) for a symmetric A of two rows
CREATE FUNCTION spread(a float8, b float8, d float8, v float8, w float8) RETURNS float8 LANGUAGE sql AS
$$ SELECT sqrt((d * v * v - 2 * b * v * w + a * w * w) / (a * d - b * b)) $$;

-- two factors, each rating weighs 1: A = w0 sum of all v v' + sum of the user's v v' + lambda.  The
-- item's own n entries, 1.1 with w0, leave (|u|^2 + trace A^-1) / (lambda + 1.1 n |u|^2 / 2) open.
CREATE VIEW expected AS
SELECT u.user_id, i.id AS item_id, sqrt(spread(a.a, a.b, a.d, i.factors[1], i.factors[2]) ^ 2
	+ (u.square + (a.a + a.d) / (a.a * a.d - a.b * a.b)) / (0.5 + 1.1 * i.n * u.square / 2)) AS spread
FROM (SELECT id AS user_id, factors[1]::float8 ^ 2 + factors[2]::float8 ^ 2 AS square FROM m_users) AS u,
	LATERAL (SELECT sum(f[1] * f[1] * c) + 0.5 AS a, sum(f[1] * f[2] * c) AS b, sum(f[2] * f[2] * c) + 0.5 AS d
		FROM (SELECT factors::float8[] AS f, 0.1 + (EXISTS (SELECT FROM ratings AS r
			WHERE r.user_id = u.user_id AND r.item_id = m_items.id))::int AS c FROM m_items) AS x) AS a,
	m_items AS i;
-- one factor and a bias, which are solved together
CREATE VIEW expected_stars AS
SELECT u.user_id, i.id AS item_id, spread(a.a, a.b, a.d, i.factors[1], 1) AS spread
FROM generate_series(1, 30) AS u(user_id),
	LATERAL (SELECT sum(f[1] * f[1]) + 0.5 AS a, sum(f[1]) AS b,
			count(*) + (SELECT (options ->> 'user_bias_regularization')::float8 FROM stars) AS d
		FROM (SELECT factors::float8[] AS f FROM ratings AS r JOIN stars_items AS j ON j.id = r.item_id
			WHERE r.user_id = u.user_id) AS x) AS a,
	stars_items AS i;

-- ---------------------------------------------------------------------------
-- The order
-- ---------------------------------------------------------------------------

-- 0 and NULL change nothing
SELECT count(*), count(*) FILTER (WHERE (a.item_id, a.score) IS DISTINCT FROM (b.item_id, b.score)
	OR (a.item_id, a.score) IS DISTINCT FROM (c.item_id, c.score)) AS differences
FROM generate_series(1, 30) AS u CROSS JOIN LATERAL wals_recommend(u, 10, 'm') AS a
	LEFT JOIN LATERAL wals_recommend(u, 10, 'm', explore => 0) AS b ON b.rank = a.rank
	LEFT JOIN LATERAL wals_recommend(u, 10, 'm', explore => NULL) AS c ON c.rank = a.rank;

-- each next one is worth no more than the one before, up to the last digits
SELECT model, explore, count(*) AS rows, count(DISTINCT user_id) AS users, min(basis) AS basis,
	bool_and(worth <= last_worth + 1e-4 * (1 + explore)) AS in_order, bool_and(score = plain_score) AS same_scores
FROM (
	SELECT model, explore, u.user_id, item_id, r.score, r.basis, p.score AS plain_score,
		r.score + explore * e.spread AS worth,
		lag(r.score + explore * e.spread, 1, 'Infinity') OVER (PARTITION BY model, explore, u.user_id ORDER BY r.rank) AS last_worth
	FROM unnest(ARRAY['m', 'stars']) AS model CROSS JOIN unnest(ARRAY[0.05, 0.5, 3, 1000000]::real[]) AS explore
		CROSS JOIN generate_series(1, 30) AS u(user_id)
		CROSS JOIN LATERAL wals_recommend(u.user_id, NULL, model::regclass, explore => explore) AS r
		JOIN LATERAL wals_recommend(u.user_id, NULL, model::regclass) AS p USING (item_id)
		JOIN (SELECT 'm' AS model, * FROM expected UNION ALL SELECT 'stars', * FROM expected_stars) AS e USING (model, item_id)
	WHERE e.user_id = u.user_id) AS x
GROUP BY 1, 2 ORDER BY 1, 2;
-- the first n of all are the n first: nothing is missed for a low score
SELECT explore, count(*) AS rows, count(*) FILTER (WHERE a.item_id IS NULL OR b.item_id IS NULL) AS differences
FROM unnest(ARRAY[0.5, 1000000]::real[]) AS explore, generate_series(1, 30) AS u,
	LATERAL (SELECT a.item_id, b.item_id FROM wals_recommend(u, 4, 'm', explore => explore) AS a
		FULL JOIN (SELECT * FROM wals_recommend(u, NULL, 'm', explore => explore) WHERE rank <= 4) AS b
			ON (a.item_id, a.rank, a.score) = (b.item_id, b.rank, b.score)) AS x(a_item, b_item),
	LATERAL (SELECT a_item AS item_id) AS a, LATERAL (SELECT b_item AS item_id) AS b
GROUP BY 1 ORDER BY 1;

-- What few have come across comes up the more, the more is explored, though the vectors of such
-- items are short.
CREATE TABLE popular AS
SELECT u AS user_id, i AS item_id FROM generate_series(1, 200) AS u, generate_series(1, 60) AS i
WHERE (u * 7919 + i * 104729 + u * i * 31) % (2 + i * i / 8) = 0;
SELECT wals_train('p', 'popular', factors => 8, iterations => 5);
SELECT string_agg(entries || '', ' > ' ORDER BY explore) AS mean_entries, bool_and(falls) AS falls
FROM (SELECT explore, round(avg(n)) AS entries, coalesce(avg(n) < lag(avg(n)) OVER (ORDER BY explore), true) AS falls
	FROM unnest(ARRAY[0, 0.01, 0.03, 0.1, 1]) AS explore CROSS JOIN (SELECT id FROM p_users) AS u
		CROSS JOIN LATERAL wals_recommend(u.id, 5, 'p', explore => explore) AS r JOIN p_items AS i ON i.id = r.item_id
	GROUP BY 1) AS x;

-- What nobody can tell comes first: a user has seen one kind of items, again and
-- again, and the scores of the other kind are about 0.
CREATE TABLE kinds AS
SELECT u AS user_id, i AS item_id FROM generate_series(1, 40) AS u, generate_series(1, 20) AS i
WHERE (u % 2 = 0) = (i <= 10) AND (u + i) % 4 > 0;
SELECT wals_train('k', 'kinds', factors => 2, iterations => 5);
SELECT explore, bool_and(item_id <= 10) AS own_kind, bool_and(item_id > 10) AS other_kind
FROM unnest(ARRAY[0, 100]::real[]) AS explore,
	LATERAL (SELECT item_id FROM generate_series(2, 40, 2) AS u, wals_recommend(u, 2, 'k', explore => explore)) AS r GROUP BY 1 ORDER BY 1;

-- ---------------------------------------------------------------------------
-- With filters and the other rules
-- ---------------------------------------------------------------------------

SELECT count(*) AS rows, bool_and(r.item_id BETWEEN 5 AND 30 AND r.item_id <> 7) AS filtered, bool_and(s.item_id IS NULL) AS unseen,
	bool_and(r.score >= 0.1) AS good
FROM generate_series(1, 30) AS u CROSS JOIN LATERAL wals_recommend(u, 5, 'm', explore => 2, min_score => 0.1,
	candidates => ARRAY(SELECT generate_series(30, 5, -1)), exclude => '{7}') AS r
	LEFT JOIN ratings AS s ON s.user_id = u AND s.item_id = r.item_id;
SELECT count(*) FROM wals_recommend(3, 5, 'm', explore => 2, candidates => '{}');
SELECT count(*) FROM wals_recommend(3, 0, 'm', explore => 2);
SELECT count(*) FROM wals_recommend(3, 5, 'm', explore => 2, min_score => 1000);
SELECT count(*) FROM wals_recommend(3, NULL, 'm', explore => 2, exclude_seen => false);
-- the penalty is taken from what exploring adds
SELECT count(*) AS rows, bool_and(worth <= last_worth + 1e-3) AS in_order
FROM (SELECT worth, lag(worth, 1, 'Infinity') OVER (PARTITION BY user_id ORDER BY rank) AS last_worth
	FROM (SELECT u AS user_id, r.rank, r.score + 2 * e.spread - 3 * ln(1 + i.n) / (SELECT ln(1 + max(n)) FROM m_items) AS worth
		FROM generate_series(1, 30) AS u CROSS JOIN LATERAL wals_recommend(u, NULL, 'm', explore => 2, popularity_penalty => 3) AS r
			JOIN expected AS e ON e.user_id = u AND e.item_id = r.item_id JOIN m_items AS i ON i.id = r.item_id) AS x) AS x;
-- diversity begins with the best and chooses from them
SELECT bool_and(d.item_id = e.item_id) AS same_first, count(*) FROM generate_series(1, 30) AS u,
	LATERAL (SELECT * FROM wals_recommend(u, 5, 'm', explore => 2, diversity => 0.5) WHERE rank = 1) AS d,
	LATERAL (SELECT * FROM wals_recommend(u, 5, 'm', explore => 2) WHERE rank = 1) AS e;

-- ---------------------------------------------------------------------------
-- Users
-- ---------------------------------------------------------------------------

-- the stored factors and the ratings of now; folded in; neither
SELECT DISTINCT basis FROM wals_recommend(3, 5, 'm', explore => 1);
SELECT DISTINCT basis FROM wals_recommend(3, 5, 'm', explore => 1, fold_in => 'always');
SELECT DISTINCT basis FROM wals_recommend(99, 5, 'm', explore => 1);
INSERT INTO ratings VALUES (99, 1, 3), (99, 2, 4);
SELECT DISTINCT basis FROM wals_recommend(99, 5, 'm', explore => 1);
-- what was explored is no longer uncertain
BEGIN;
INSERT INTO kinds SELECT 2, i FROM generate_series(11, 18) AS i;
SELECT array_agg(item_id <= 10) AS own_kind FROM wals_recommend(2::bigint, 2, 'k', explore => 100);
-- without ratings that count nothing is known of the uncertainty: by score
DELETE FROM ratings WHERE user_id = 3;
SELECT bool_and(a.item_id = b.item_id) AS by_score FROM wals_recommend(3, 10, 'm', explore => 5) AS a JOIN wals_recommend(3, 10, 'm') AS b USING (rank);
ROLLBACK;
-- text ids
SELECT count(*), pg_typeof(item_id) FROM wals_recommend('3'::text, 5, 'm', explore => 1) GROUP BY 2;

-- ---------------------------------------------------------------------------
-- Errors and rights
-- ---------------------------------------------------------------------------

SELECT * FROM wals_recommend(3, 5, 'm', explore => -0.1);
SELECT * FROM wals_recommend(3, 5, 'm', explore => 'NaN');
SELECT * FROM wals_recommend(3, 5, 'm', explore => 'Infinity');
SELECT * FROM wals_recommend(3, 5, 'm', explore => 1, fold_in => 'never');
SELECT count(*) FROM wals_recommend(3, 5, 'm', explore => 0, fold_in => 'never');
GRANT SELECT ON stars, stars_users, stars_items TO regress_wals_explore;
GRANT SELECT (user_id, item_id) ON ratings TO regress_wals_explore;
SET ROLE regress_wals_explore;
SELECT count(*) FROM wals_recommend(3, 5, 'stars');
SELECT count(*) FROM wals_recommend(3, 5, 'stars', explore => 1);
RESET ROLE;
GRANT SELECT (value) ON ratings TO regress_wals_explore;
SET ROLE regress_wals_explore;
SELECT count(*) FROM wals_recommend(3, 5, 'stars', explore => 1);
RESET ROLE;
-- hostile factors
BEGIN;
UPDATE m_items SET factors = '{3e38,3e38}' WHERE id = 5;
SELECT wals_activate('m', 1);
SELECT count(*) FROM wals_recommend(3, 5, 'm', explore => 1);
ROLLBACK;

DROP SCHEMA explore CASCADE;
DROP ROLE regress_wals_explore;
