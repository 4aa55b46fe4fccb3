-- metric => 'together': how many of those who have a row have another, by the vectors, against the
-- formula in SQL and against counting.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET jit = off;
CREATE SCHEMA together;
SET search_path = together, public;

CREATE TABLE seen AS
SELECT u AS user_id, i AS item_id
FROM generate_series(1, 300) AS u, generate_series(1, 80) AS i
WHERE (u * u + i * i * 3 + u * i * 5) % 101 < 60 / (1 + i / 8);
SELECT wals_train('m', 'seen', factors => 8, iterations => 5);
SET wals.default_model = 'm';

CREATE FUNCTION pairs(side regclass) RETURNS TABLE (a bigint, b bigint, together float8)
LANGUAGE plpgsql AS
$$
BEGIN
	RETURN QUERY EXECUTE format('
	SELECT x.id, y.id, p.ab / sqrt(p.aa * p.bb) * sqrt(coalesce(y.likes, y.n)::float8 / coalesce(x.likes, x.n))
	FROM %1$s AS x, %1$s AS y, LATERAL (
		SELECT sum(f::float8 * g) AS ab, sum(f::float8 * f) AS aa, sum(g::float8 * g) AS bb
		FROM unnest(x.factors, y.factors) AS v(f, g)) AS p
	WHERE x.id <> y.id', side);
END;
$$;

-- all pairs of items and of users, in order, ties by id
SELECT count(*) AS pairs, count(*) FILTER (WHERE NOT abs(similarity - p.together) <= 2e-5 * (1 + abs(p.together))) AS wrong,
	count(*) FILTER (WHERE similarity > before OR similarity = before AND item_id < id_before) AS out_of_order
FROM (SELECT i.id, s.*, lag(similarity) OVER w AS before, lag(item_id) OVER w AS id_before
	FROM m_items AS i, LATERAL wals_similar_items(i.id, NULL, metric => 'together') AS s WINDOW w AS (PARTITION BY i.id ORDER BY s.rank)) AS s
	LEFT JOIN pairs('m_items') AS p ON p.a = s.id AND p.b = s.item_id;
SELECT (SELECT count(*) FROM m_items) AS items, count(*) AS pairs,
	count(*) FILTER (WHERE NOT abs(similarity - p.together) <= 2e-5 * (1 + abs(p.together))) AS wrong
FROM (SELECT u.id, s.* FROM m_users AS u, LATERAL wals_similar_users(u.id, NULL, metric => 'together') AS s WHERE u.id <= 60) AS s
	LEFT JOIN pairs('m_users') AS p ON p.a = s.id AND p.b = s.user_id;
-- the first of all are the few, and candidates are looked for among themselves
SELECT count(*) AS rows, count(*) FILTER (WHERE a.item_id IS DISTINCT FROM b.item_id OR a.similarity IS DISTINCT FROM b.similarity) AS differences
FROM m_items AS i CROSS JOIN LATERAL wals_similar_items(i.id, 3, metric => 'together') AS a
	LEFT JOIN LATERAL wals_similar_items(i.id, NULL, metric => 'together') AS b ON b.rank = a.rank;
SELECT count(*) AS rows, bool_and(item_id IN (3, 5, 30)) AS are_candidates, bool_and(item_id <> i.id) AS not_itself
FROM m_items AS i CROSS JOIN LATERAL wals_similar_items(i.id, 3, candidates => '{3,5,30,999,NULL}', metric => 'together') AS s;
-- text ids alike
SELECT count(*) AS differences FROM m_items AS i, LATERAL ROWS FROM (wals_similar_items(i.id, 5, metric => 'together'),
	wals_similar_items(i.id::text, 5, metric => 'together')) AS r(item_id, similarity, rank, t_item, t_similarity, t_rank)
WHERE (item_id::text, similarity, rank) IS DISTINCT FROM (t_item, t_similarity, t_rank);

-- ---------------------------------------------------------------------------
-- What it is for
-- ---------------------------------------------------------------------------

-- Of 60 users with a lamp (1) all have the bulb (2), which 90 others have, too; 6 have the
-- shade (3), which nobody has without the lamp; nobody has a tent (4), pegs (5) or a rope (6).
CREATE TABLE bought AS
SELECT u AS user_id, i AS item_id FROM generate_series(1, 60) AS u, generate_series(1, 3) AS i WHERE i < 3 OR u % 10 = 0
UNION ALL SELECT u, 2 FROM generate_series(61, 150) AS u
UNION ALL SELECT u, i FROM generate_series(151, 250) AS u, generate_series(4, 6) AS i WHERE (u + i) % 3 > 0;
SELECT wals_train('shop', 'bought', factors => 3);
SELECT metric, string_agg(s.item_id || CASE WHEN metric = 'together' THEN format(' (%s)', round(s.similarity::numeric, 1)) ELSE '' END, ', ' ORDER BY rank) AS best
FROM unnest(ARRAY['cosine', 'together']) AS metric, wals_similar_items(1, 2, 'shop', metric => metric) AS s GROUP BY 1 ORDER BY 1;
SELECT b.item_id, count(*)::float8 / 60 AS part FROM bought AS a JOIN bought AS b USING (user_id)
WHERE a.item_id = 1 AND b.item_id <> 1 GROUP BY 1 ORDER BY 2 DESC, 1;

-- What most dislike is not liked together with anything: all with a lamp have seen a gadget (7),
-- two like it.
CREATE TABLE judged AS
SELECT *, 1 AS value FROM bought UNION ALL SELECT u, 7, CASE WHEN u <= 2 THEN 1 ELSE -1 END FROM generate_series(1, 150) AS u;
SELECT wals_train('judges', 'judged', value_col => 'value', factors => 3);
SELECT s.item_id AS best, (SELECT array_agg(n || ' entries, ' || likes || ' likes') FROM judges_items WHERE id = 7) AS gadget,
	(SELECT rank > 2 FROM wals_similar_items(1, NULL, 'judges', metric => 'together') AS s WHERE item_id = 7) AS behind
FROM wals_similar_items(1, 1, 'judges', metric => 'together') AS s;

-- ---------------------------------------------------------------------------
-- Ends
-- ---------------------------------------------------------------------------

-- no likes count as 1, where they are not known all entries do; vectors of zeros have no direction
BEGIN;
UPDATE m_items SET likes = 0 WHERE id = 2;
UPDATE m_items SET likes = NULL WHERE id = 3;
UPDATE m_items SET factors = array_fill(0::real, ARRAY[8]) WHERE id = 4;
SELECT wals_activate('m', 1);
SELECT count(*) AS others, count(*) FILTER (WHERE item_id = 4) AS zeros,
	bool_and(abs(similarity - p.together * CASE WHEN item_id = 2 THEN 1 / sqrt(i.n) ELSE sqrt(j.n::float8 / i.n) END) < 2e-5) AS as_meant
FROM wals_similar_items(1, NULL, metric => 'together') AS s JOIN m_items AS i ON i.id = 1 JOIN m_items AS j ON j.id = s.item_id
	JOIN (SELECT x.id, (SELECT sum(f::float8 * g) / sqrt(sum(f::float8 * f) * sum(g::float8 * g)) FROM unnest(x.factors, y.factors) AS v(f, g)) AS together
		FROM m_items AS x, m_items AS y WHERE y.id = 1) AS p ON p.id = s.item_id;
SELECT count(*) FROM wals_similar_items(4, NULL, metric => 'together');
ROLLBACK;

DROP SCHEMA together CASCADE;
