-- wals_similar_items, wals_similar_users, wals_recommend_users and wals_popular
-- for typed ids: the same answers as plain SQL over the factor tables.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET jit = off;
CREATE SCHEMA similar_rows;
SET search_path = similar_rows, public;

-- what a statement comes to: its SQLSTATE, message and hint, or "fine"
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

CREATE TABLE seen AS
SELECT u AS user_id, i AS item_id, 1 + (u + i) % 5 AS rating
FROM generate_series(1, 60) AS u, generate_series(1, 40) AS i
WHERE (u * u + i * i + u * i) % 7 < 2 AND (u % 3 = i % 3 OR (u + i) % 9 = 0);
CREATE TABLE seen_uuid AS
SELECT lpad(user_id::text, 32, '0')::uuid AS user_id,
	lpad(item_id::text, 32, 'a')::uuid AS item_id FROM seen;
CREATE TABLE seen_mixed AS
SELECT user_id, 'sku-' || item_id AS item_id FROM seen;
SELECT wals_train('m', 'seen', factors => 8, iterations => 5);
SELECT wals_train('m_uuid', 'seen_uuid', factors => 8, iterations => 5);
SELECT wals_train('m_mixed', 'seen_mixed', factors => 8, iterations => 5);
SELECT wals_train('stars', 'seen', value_col => 'rating', feedback => 'explicit', factors => 4, iterations => 5);
SET wals.default_model = 'm';

-- every pair of a side, by plain SQL
CREATE FUNCTION pairs(side regclass) RETURNS TABLE (a bigint, b bigint, cosine float8, dot float8, euclidean float8)
LANGUAGE plpgsql AS
$$
BEGIN
	RETURN QUERY EXECUTE format('
	SELECT x.id, y.id, p.ab / sqrt(p.aa * p.bb), p.ab, 1 / (1 + sqrt(p.dd))
	FROM %1$s AS x, %1$s AS y, LATERAL (
		SELECT sum(f::float8 * g) AS ab, sum(f::float8 * f) AS aa, sum(g::float8 * g) AS bb, sum((f::float8 - g) * (f::float8 - g)) AS dd
		FROM unnest(x.factors, y.factors) AS v(f, g)) AS p
	WHERE x.version = y.version AND x.id <> y.id', side);
END;
$$;
CREATE TABLE item_pairs AS SELECT * FROM pairs('m_items');
CREATE TABLE user_pairs AS SELECT * FROM pairs('m_users');

-- ---------------------------------------------------------------------------
-- Alike
-- ---------------------------------------------------------------------------

-- all pairs, by each metric: the numbers, the order, and never itself
SELECT metric, count(*) AS pairs,
	count(*) FILTER (WHERE NOT abs(s.similarity - CASE metric WHEN 'cosine' THEN p.cosine WHEN 'dot' THEN p.dot ELSE p.euclidean END) < 1e-5) AS wrong
FROM unnest(ARRAY['cosine', 'dot', 'euclidean']) AS metric CROSS JOIN generate_series(1, 40) AS i
CROSS JOIN LATERAL wals_similar_items(i, NULL, metric => metric) AS s
LEFT JOIN item_pairs AS p ON p.a = i AND p.b = s.item_id
GROUP BY 1 ORDER BY 1;
SELECT metric, count(*) AS pairs,
	count(*) FILTER (WHERE NOT abs(s.similarity - CASE metric WHEN 'cosine' THEN p.cosine WHEN 'dot' THEN p.dot ELSE p.euclidean END) < 1e-5) AS wrong
FROM unnest(ARRAY['cosine', 'dot', 'euclidean']) AS metric CROSS JOIN generate_series(1, 60) AS u
CROSS JOIN LATERAL wals_similar_users(u, NULL, metric => metric) AS s
LEFT JOIN user_pairs AS p ON p.a = u AND p.b = s.user_id
GROUP BY 1 ORDER BY 1;
SELECT count(*) FILTER (WHERE similarity > before OR similarity = before AND item_id < id_before) AS out_of_order,
	count(*) FILTER (WHERE rank <> place) AS misnumbered, count(*) FILTER (WHERE similarity NOT BETWEEN -1 AND 1) AS out_of_range
FROM (SELECT s.*, lag(similarity) OVER w AS before, lag(item_id) OVER w AS id_before, row_number() OVER w AS place
	FROM generate_series(1, 40) AS i, LATERAL wals_similar_items(i, NULL) AS s WINDOW w AS (PARTITION BY i ORDER BY s.rank)) AS x;
-- fewer are the first of all
SELECT count(*) AS few, count(*) FILTER (WHERE (few.item_id, few.similarity) NOT IN (SELECT item_id, similarity FROM wals_similar_items(i, NULL) AS a WHERE a.rank = few.rank)) AS differences
FROM generate_series(1, 40) AS i CROSS JOIN LATERAL wals_similar_items(i, 5) AS few;

-- n
SELECT count(*) FROM wals_similar_items(7);
SELECT count(*) FROM wals_similar_items(7, 0);
SELECT count(*), max(rank) FROM wals_similar_items(7, NULL);
SELECT count(*) FROM wals_similar_users(7, 2147483647);
SELECT outcome('SELECT * FROM wals_similar_items(7, -1)');

-- candidates: the row itself is none, unknown, repeated and NULL ids do not matter
SELECT array_agg(item_id ORDER BY item_id) FROM wals_similar_items(7, 10, candidates => '{3,7,5,3,NULL,999}');
SELECT count(*) FROM wals_similar_items(7, 10, candidates => '{}');
SELECT count(*) FROM wals_similar_items(7, 10, candidates => '{7}');
SELECT count(*) AS differences FROM wals_similar_users(7, NULL) AS everyone
FULL JOIN wals_similar_users(7, NULL, candidates => ARRAY(SELECT generate_series(60, 1, -1))) AS named USING (user_id, similarity, rank)
WHERE everyone.user_id IS NULL OR named.user_id IS NULL;
SELECT outcome($$SELECT * FROM wals_similar_items(7, 10, candidates => '{{1,2},{3,4}}')$$);

-- ids nobody knows, NULL
SELECT * FROM wals_similar_items(999);
SELECT outcome('SELECT * FROM wals_similar_users(999)');
SELECT outcome($$SELECT * FROM wals_similar_items('x''y', 3, 'm_mixed')$$);
SELECT count(*) FROM wals_similar_items(NULL::bigint);
SELECT count(*) FROM wals_similar_users(NULL);
SELECT outcome($$SELECT * FROM wals_similar_items(7, metric => 'manhattan')$$);
SELECT count(*) FROM wals_similar_items(7, 3, metric => NULL);

-- types: of one side only
SELECT pg_typeof(item_id), count(*) FROM wals_similar_items(7::smallint, 3) GROUP BY 1;
SELECT pg_typeof(item_id), count(*) FROM wals_similar_items('7', 3) GROUP BY 1;
SELECT pg_typeof(item_id), count(*) FROM wals_similar_items(lpad('7', 32, 'a')::uuid, 3, 'm_uuid') GROUP BY 1;
SELECT pg_typeof(user_id), count(*) FROM wals_similar_users(lpad('7', 32, '0')::uuid, 3, 'm_uuid') GROUP BY 1;
SELECT pg_typeof(user_id), count(*) FROM wals_similar_users(7, 3, 'm_mixed') GROUP BY 1;
SELECT pg_typeof(item_id), bool_and(item_id LIKE 'sku-%') FROM wals_similar_items('sku-7', 3, 'm_mixed') GROUP BY 1;
SELECT * FROM wals_similar_items(7, 3, 'm_mixed');
SELECT outcome($$SELECT * FROM wals_similar_users(lpad('7', 32, '0')::uuid, 3, 'm')$$);
SELECT count(*) AS differences FROM generate_series(1, 40) AS i,
	LATERAL ROWS FROM (wals_similar_items(i, 5), wals_similar_items(i::text, 5)) AS
		r(item_id, similarity, rank, t_item, t_similarity, t_rank)
WHERE (item_id::text, similarity, rank) IS DISTINCT FROM (t_item, t_similarity, t_rank);
PREPARE untyped AS SELECT pg_typeof(item_id), count(*) FROM wals_similar_items($1, $2, $3) GROUP BY 1;
EXECUTE untyped('sku-7', 4, 'm_mixed');
EXECUTE untyped('7', 4, 'm');
DEALLOCATE untyped;

-- biases do not count
SELECT count(*) AS differences FROM pairs('stars_items') AS p
JOIN LATERAL wals_similar_items(p.a, 1, 'stars', candidates => ARRAY[p.b]) AS s ON true
WHERE NOT abs(s.similarity - p.cosine) < 1e-5;

-- vectors of zeros have no direction, but a place
BEGIN;
UPDATE m_items SET factors = array_fill(0::real, ARRAY[8]) WHERE id IN (5, 6);
SELECT wals_activate('m', 1);
SELECT count(*), bool_or(item_id IN (5, 6)) AS zeros FROM wals_similar_items(7, NULL);
SELECT count(*) FROM wals_similar_items(5, NULL);
SELECT item_id, similarity, rank FROM wals_similar_items(5, 2, candidates => '{6,5}', metric => 'euclidean');
SELECT item_id, similarity, rank FROM wals_similar_items(5, 3, metric => 'dot');
ROLLBACK;
-- twins are entirely alike and in the order of their ids
BEGIN;
UPDATE m_items SET factors = (SELECT factors FROM m_items WHERE id = 7) WHERE id IN (8, 21, 13);
SELECT wals_activate('m', 1);
SELECT item_id, similarity, rank FROM wals_similar_items(7, 3);
SELECT item_id, similarity, rank FROM wals_similar_items(7, 3, metric => 'euclidean');
ROLLBACK;
-- lengths whose squares leave the range of real
BEGIN;
UPDATE m_items SET factors = ARRAY(SELECT f * '1e30'::real FROM unnest(factors) AS f) WHERE id % 2 = 0;
UPDATE m_items SET factors = ARRAY(SELECT f * '1e-30'::real FROM unnest(factors) AS f) WHERE id % 2 = 1;
SELECT wals_activate('m', 1);
SELECT count(*) AS pairs, count(*) FILTER (WHERE NOT abs(s.similarity - p.cosine) < 1e-5) AS wrong
FROM generate_series(1, 40) AS i CROSS JOIN LATERAL wals_similar_items(i, NULL) AS s JOIN item_pairs AS p ON p.a = i AND p.b = s.item_id;
SELECT outcome('SELECT * FROM wals_similar_items(2, metric => ''dot'')');
ROLLBACK;

-- ---------------------------------------------------------------------------
-- Whom to show an item to
-- ---------------------------------------------------------------------------

-- all pairs, in the order of the scores
SELECT count(*) AS pairs, count(*) FILTER (WHERE r.score <> wals_score(r.user_id, i)) AS wrong,
	count(*) FILTER (WHERE r.rank <> r.place) AS misplaced
FROM generate_series(1, 40) AS i,
	LATERAL (SELECT *, row_number() OVER (ORDER BY score DESC, user_id) AS place FROM wals_recommend_users(i, NULL, exclude_seen => false)) AS r;
SELECT count(*) AS pairs, count(*) FILTER (WHERE NOT abs(r.score - wals_score(r.user_id, i, 'stars')) < 1e-5) AS wrong
FROM generate_series(1, 40) AS i, LATERAL wals_recommend_users(i, NULL, 'stars', exclude_seen => false) AS r;
-- who has rows of it is left out, and makes room for others
SELECT count(*) AS shown_again FROM generate_series(1, 40) AS i, LATERAL wals_recommend_users(i, NULL) AS r
JOIN seen AS s ON s.user_id = r.user_id WHERE s.item_id = i;
SELECT (SELECT count(*) FROM seen WHERE item_id = 7) AS know, count(*) AS others FROM wals_recommend_users(7, NULL);
SELECT user_id AS first FROM wals_recommend_users(7, 1) \gset
BEGIN;
INSERT INTO seen VALUES (:first, 7, 1), (NULL, 7, 1), (999, 7, 1);
SELECT count(*) AS again FROM wals_recommend_users(7, NULL) WHERE user_id = :first;
SELECT count(*) AS with_seen FROM wals_recommend_users(7, NULL, exclude_seen => false) WHERE user_id = :first;
SELECT count(*) AS again FROM wals_recommend_users(7, NULL, exclude_seen => NULL) WHERE user_id = :first;
ROLLBACK;
SELECT user_id = :first AS back FROM wals_recommend_users(7, 1);
-- only these users
SELECT array_agg(user_id ORDER BY user_id) FROM wals_recommend_users(7, 10, candidates => '{3,5,3,NULL,999}', exclude_seen => false);
SELECT count(*) FROM wals_recommend_users(7, 10, candidates => '{}');
SELECT count(*) FROM wals_recommend_users(7);
SELECT count(*) FROM wals_recommend_users(7, 0);
SELECT outcome('SELECT * FROM wals_recommend_users(7, -1)');
SELECT outcome('SELECT * FROM wals_recommend_users(999)');
SELECT count(*) FROM wals_recommend_users(NULL::uuid);
SELECT pg_typeof(user_id), count(*) FROM wals_recommend_users('sku-7', 3, 'm_mixed') GROUP BY 1;
SELECT pg_typeof(user_id), count(*) FROM wals_recommend_users(lpad('7', 32, 'a')::uuid, 3, 'm_uuid') GROUP BY 1;
SELECT outcome('SELECT * FROM wals_recommend_users(7, 3, ''m_mixed'')');
BEGIN;
DROP TABLE seen;
SELECT outcome('SELECT * FROM wals_recommend_users(7)');
SELECT count(*) FROM wals_recommend_users(7, exclude_seen => false);
ROLLBACK;

-- ---------------------------------------------------------------------------
-- Popular items, in their own type
-- ---------------------------------------------------------------------------

SELECT count(*) AS differences FROM wals_popular_bigint(NULL) AS p
FULL JOIN wals_popular(NULL) AS t ON (p.item_id::text, p.n_rows, p.rank) = (t.item_id, t.n_rows, t.rank)
WHERE p.item_id IS NULL OR t.item_id IS NULL;
SELECT count(*) AS differences FROM wals_popular_uuid(NULL, 'm_uuid') AS p
FULL JOIN wals_popular(NULL, 'm_uuid') AS t ON (p.item_id::text, p.n_rows, p.rank) = (t.item_id, t.n_rows, t.rank)
WHERE p.item_id IS NULL OR t.item_id IS NULL;
SELECT pg_typeof(item_id), count(*) FROM wals_popular_bigint() GROUP BY 1;
SELECT outcome('SELECT * FROM wals_popular_bigint(3, ''m_mixed'')');
SELECT outcome('SELECT * FROM wals_popular_uuid(3)');
SELECT outcome('SELECT * FROM wals_popular_bigint(-1)');

-- ---------------------------------------------------------------------------
-- The planner knows how many rows to expect; generic plans, parallel query
-- ---------------------------------------------------------------------------

CREATE FUNCTION estimate(query text) RETURNS bigint LANGUAGE plpgsql AS
$$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
	RETURN plan -> 0 -> 'Plan' ->> 'Plan Rows';
END;
$$;
SELECT estimate('SELECT * FROM wals_similar_items(7)') AS by_default, estimate('SELECT * FROM wals_similar_users(7, 3)') AS constant,
	estimate('SELECT * FROM wals_recommend_users(7, 25)') AS users, estimate('SELECT * FROM wals_popular_bigint(4)') AS popular,
	estimate('SELECT * FROM wals_similar_items(7, NULL)') AS everything;
SET plan_cache_mode = force_generic_plan;
PREPARE generic(bigint, integer) AS SELECT count(*) FROM wals_similar_items($1, $2) AS s
	FULL JOIN item_pairs AS p ON p.a = $1 AND p.b = s.item_id WHERE s.rank <= $2 AND abs(s.similarity - p.cosine) < 1e-5;
EXECUTE generic(7, 5);
EXECUTE generic(8, 6);
DEALLOCATE generic;
RESET plan_cache_mode;
CREATE TABLE many_items AS SELECT 1 + g % 40 AS item_id FROM generate_series(1, 500) AS g;
ANALYZE many_items;
SELECT set_config(name, CASE vartype WHEN 'enum' THEN 'on' ELSE '0' END, false) FROM pg_settings
WHERE name IN ('force_parallel_mode', 'debug_parallel_query');
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SELECT count(*), count(*) FILTER (WHERE NOT abs(s.similarity - p.cosine) < 1e-5) AS wrong
FROM many_items AS m, LATERAL wals_similar_items(m.item_id, 3) AS s JOIN item_pairs AS p ON p.b = s.item_id WHERE p.a = m.item_id;
SELECT count(*), sum(r.rank) FROM many_items AS m, LATERAL wals_recommend_users(m.item_id, 2) AS r;
RESET ALL;
SET search_path = similar_rows, public;
SET client_min_messages = warning;

-- ---------------------------------------------------------------------------
-- Rights: the three tables, and the source only for what was seen
-- ---------------------------------------------------------------------------

CREATE ROLE regress_wals_mailer;
GRANT USAGE ON SCHEMA similar_rows TO regress_wals_mailer;
SET ROLE regress_wals_mailer;
SELECT outcome('SELECT * FROM wals_similar_items(7, 3, ''m'')');
RESET ROLE;
GRANT SELECT ON m, m_items TO regress_wals_mailer;
SET ROLE regress_wals_mailer;
SELECT outcome('SELECT * FROM wals_similar_items(7, 3, ''m'')');
RESET ROLE;
GRANT SELECT ON m_users TO regress_wals_mailer;
SET ROLE regress_wals_mailer;
SELECT outcome('SELECT * FROM wals_similar_items(7, 3, ''m'')'), outcome('SELECT * FROM wals_popular_bigint(3, ''m'')');
SELECT outcome('SELECT * FROM wals_recommend_users(7, 3, ''m'')');
SELECT count(*) FROM wals_recommend_users(7, 3, 'm', exclude_seen => false);
RESET ROLE;
GRANT SELECT (user_id, item_id) ON seen TO regress_wals_mailer;
SET ROLE regress_wals_mailer;
SELECT count(*) FROM wals_recommend_users(7, 3, 'm');
RESET ROLE;
-- row security of the source and of the factors
ALTER TABLE seen ENABLE ROW LEVEL SECURITY;
CREATE POLICY even ON seen USING (user_id % 2 = 0);
ALTER TABLE m_users ENABLE ROW LEVEL SECURITY;
CREATE POLICY low ON m_users USING (id <= 30);
SET ROLE regress_wals_mailer;
SELECT count(*) AS shown, count(*) FILTER (WHERE user_id > 30) AS hidden_users FROM wals_recommend_users(7, NULL, 'm');
RESET ROLE;
SELECT (SELECT count(*) FROM m_users WHERE id <= 30) - (SELECT count(*) FROM seen WHERE item_id = 7 AND user_id <= 30 AND user_id % 2 = 0) AS shown;
SET ROLE regress_wals_mailer;
SELECT max(user_id) FROM wals_similar_users(7, NULL, 'm');
SELECT outcome('SELECT * FROM wals_similar_users(31, 3, ''m'')');
RESET ROLE;

SET client_min_messages = warning;
DROP SCHEMA similar_rows CASCADE;
DROP ROLE regress_wals_mailer;
