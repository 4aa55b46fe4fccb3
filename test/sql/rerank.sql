-- The rules of wals_recommend, popularity_penalty and diversity: the same order
-- as plain SQL by their formulas, after all filters, with the scores unchanged.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET jit = off;
CREATE SCHEMA rerank;
SET search_path = rerank, public;

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

-- low items are popular
CREATE TABLE seen AS
SELECT u AS user_id, i AS item_id
FROM generate_series(1, 80) AS u, generate_series(1, 300) AS i
WHERE (u * 7919 + i * 104729 + u * i * 31) % 1009 < 3000 / (10 + i) + CASE WHEN u % 4 = i % 4 THEN 60 ELSE 0 END;
SELECT count(*), count(DISTINCT item_id) FROM seen;
SELECT wals_train('m', 'seen', factors => 8, iterations => 5);
SET wals.default_model = 'm';

-- ---------------------------------------------------------------------------
-- popularity_penalty: score - penalty * log(1 + n) / log(1 + n of the most popular)
-- ---------------------------------------------------------------------------

CREATE VIEW worth AS
SELECT s.user_id, s.id AS item_id, s.score, s.penalty,
	s.score::float8 - s.penalty * ln(1 + s.n) / ln(1 + max(s.n) OVER ()) AS worth
FROM (SELECT u AS user_id, i.id, i.n, p AS penalty, wals_score(u, i.id) AS score
	FROM generate_series(1, 80, 7) AS u CROSS JOIN m_items AS i
	CROSS JOIN unnest(ARRAY[0.05, 0.3, 1, 1000]::real[]) AS p) AS s;
CREATE TABLE worths AS SELECT * FROM worth;

-- all items in the order of their worth, with their own scores
CREATE TABLE ranks AS
SELECT q.*, r.* FROM (SELECT DISTINCT user_id, penalty FROM worths) AS q
CROSS JOIN LATERAL wals_recommend(q.user_id, NULL, exclude_seen => false, popularity_penalty => q.penalty) AS r;
SELECT penalty, count(*) AS items, count(*) FILTER (WHERE other) AS other_scores, count(*) FILTER (WHERE worth > before + 1e-6) AS misplaced
FROM (SELECT penalty, w.worth, r.score <> w.score AS other, lag(w.worth) OVER (PARTITION BY user_id, penalty ORDER BY r.rank) AS before
	FROM ranks AS r JOIN worths AS w USING (user_id, penalty, item_id)) AS x
GROUP BY 1 ORDER BY 1;
-- the few best are the first of all, whatever the pool they are looked for in
SELECT q.penalty, k, count(*) AS few, count(*) FILTER (WHERE a.item_id IS DISTINCT FROM f.item_id) AS differences
FROM (SELECT DISTINCT user_id, penalty FROM worths) AS q CROSS JOIN unnest(ARRAY[1, 3, 10, 40]) AS k
CROSS JOIN LATERAL wals_recommend(q.user_id, k, exclude_seen => false, popularity_penalty => q.penalty) AS f
LEFT JOIN ranks AS a ON (a.user_id, a.penalty, a.rank) = (q.user_id, q.penalty, f.rank)
GROUP BY 1, 2 ORDER BY 1, 2;
-- users who are folded in as well
INSERT INTO seen VALUES (900, 20), (900, 21), (900, 40);
SELECT basis, count(*) AS items, count(*) FILTER (WHERE worth > before + 1e-6) AS misplaced, bool_or(score > score_before) AS is_changed
FROM (SELECT basis, score, worth, lag(worth) OVER w AS before, lag(score) OVER w AS score_before
	FROM (SELECT r.*, r.score - 0.3 * ln(1 + i.n) / ln(1 + max(i.n) OVER ()) AS worth
		FROM wals_recommend(900, NULL, exclude_seen => false, popularity_penalty => 0.3) AS r JOIN m_items AS i ON i.id = r.item_id) AS x
	WINDOW w AS (ORDER BY rank)) AS x
GROUP BY 1;
SELECT count(*), array_agg(item_id ORDER BY rank) IS DISTINCT FROM (SELECT array_agg(item_id ORDER BY rank) FROM wals_recommend(900, 20)) AS is_changed
FROM wals_recommend(900, 20, diversity => 0.9);
DELETE FROM seen WHERE user_id = 900;
-- filters first, as ever: n rows when n qualify
SELECT count(*) FROM wals_recommend(1, 10, popularity_penalty => 1);
SELECT array_agg(item_id ORDER BY item_id) FROM wals_recommend(1, 10, candidates => '{3,5,8,999}', exclude => '{5}', exclude_seen => false, popularity_penalty => 1000);
SELECT count(*) AS seen FROM wals_recommend(1, NULL, popularity_penalty => 1) JOIN seen USING (item_id) WHERE user_id = 1;
-- min_score is about the score, not what is left of it
SELECT (SELECT count(*) FROM wals_recommend(1, NULL, min_score => 0.1)) = count(*) AS same FROM wals_recommend(1, NULL, min_score => 0.1, popularity_penalty => 1000);
-- a large penalty leaves the order of popularity, from the other end
SELECT count(*) FILTER (WHERE i.n < before) AS misplaced FROM (
	SELECT i.n, lag(i.n) OVER (ORDER BY r.rank) AS before FROM wals_recommend(1, NULL, exclude_seen => false, popularity_penalty => 1e6) AS r JOIN m_items AS i ON i.id = r.item_id) AS i;
-- it makes answers less popular
SELECT avg(i.n) FILTER (WHERE p = 0) > 1.2 * avg(i.n) FILTER (WHERE p > 0) AS less_popular
FROM generate_series(1, 80) AS u CROSS JOIN unnest(ARRAY[0, 0.5]::real[]) AS p
CROSS JOIN LATERAL wals_recommend(u, 10, popularity_penalty => p) AS r JOIN m_items AS i ON i.id = r.item_id;

-- ---------------------------------------------------------------------------
-- diversity: maximal marginal relevance over the 10 n best, at least 100
-- ---------------------------------------------------------------------------

CREATE FUNCTION mmr(who bigint, places integer, pool integer, diversity float8) RETURNS bigint[]
LANGUAGE plpgsql AS
$$
DECLARE
	chosen bigint[] := '{}';
	next bigint;
BEGIN
	CREATE TEMP TABLE pool ON COMMIT DROP AS
	SELECT r.item_id, r.rank, (r.score - min(r.score) OVER ()) / (max(r.score) OVER () - min(r.score) OVER ())::float8 AS relevance, i.factors
	FROM wals_recommend(who, pool) AS r JOIN m_items AS i ON i.id = r.item_id;
	FOR place IN 1 .. places LOOP
		SELECT p.item_id INTO next FROM pool AS p
		WHERE p.item_id <> ALL (chosen)
		ORDER BY (1 - diversity) * p.relevance - diversity * COALESCE((
			SELECT max((SELECT sum(a::float8 * b) / sqrt(sum(a::float8 * a) * sum(b::float8 * b)) FROM unnest(p.factors, c.factors) AS f(a, b)))
			FROM pool AS c WHERE c.item_id = ANY (chosen)), 0) DESC, p.rank
		LIMIT 1;
		chosen := chosen || next;
	END LOOP;
	DROP TABLE pool;
	RETURN chosen;
END;
$$;
SELECT d AS diversity, count(*) AS users, count(*) FILTER (WHERE mmr(u, 8, 100, d) <> ARRAY(SELECT item_id FROM wals_recommend(u, 8, diversity => d::real) ORDER BY rank)) AS differences
FROM generate_series(1, 80, 27) AS u CROSS JOIN unnest(ARRAY[0.25, 0.5, 1]::float8[]) AS d GROUP BY 1 ORDER BY 1;
SELECT mmr(1, 12, 120, 0.5) = ARRAY(SELECT item_id FROM wals_recommend(1, 12, diversity => 0.5) ORDER BY rank) AS pool_of_120;
-- the best stays first, scores and ranks are right, nothing comes twice
SELECT count(*) AS answers, count(*) FILTER (WHERE r.rank = 1 AND r.item_id <> b.item_id) AS other_firsts,
	count(*) FILTER (WHERE r.score <> wals_score(u, r.item_id)) AS other_scores, count(*) - count(DISTINCT (u, r.item_id)) AS doubles
FROM generate_series(1, 80) AS u CROSS JOIN LATERAL wals_recommend(u, 1) AS b CROSS JOIN LATERAL wals_recommend(u, 20, diversity => 0.7) AS r;
-- answers are less alike
CREATE FUNCTION likeness(d real) RETURNS float8 LANGUAGE sql AS
$$
SELECT avg(s.similarity) FROM generate_series(1, 80, 9) AS u CROSS JOIN LATERAL wals_recommend(u, 10, diversity => d) AS a
CROSS JOIN LATERAL wals_recommend(u, 10, diversity => d) AS b CROSS JOIN LATERAL wals_similar_items(a.item_id, 1, candidates => ARRAY[b.item_id]) AS s
WHERE a.item_id <> b.item_id
$$;
SELECT likeness(0) > likeness(0.3) AND likeness(0.3) > likeness(0.8) AS less_alike;
-- filters first; all rows come out whatever n
SELECT array_agg(item_id ORDER BY item_id) FROM wals_recommend(1, 10, candidates => '{3,5,8,999}', exclude => '{5}', exclude_seen => false, diversity => 0.5);
SELECT count(*), count(DISTINCT item_id), max(rank) FROM wals_recommend(1, NULL, exclude_seen => false, diversity => 0.5);
SELECT count(*) FROM wals_recommend(1, 0, diversity => 0.5, popularity_penalty => 1);
SELECT count(*) FROM wals_recommend(1, 10, min_score => 1e30, diversity => 0.5, popularity_penalty => 1);
SELECT count(*) FROM wals_recommend(1, 10, candidates => '{}', diversity => 0.5, popularity_penalty => 1);
-- both rules: the pool is the best of what the penalty leaves
SELECT count(*) FILTER (WHERE r.item_id <> b.item_id) AS other_firsts
FROM generate_series(1, 80) AS u CROSS JOIN LATERAL wals_recommend(u, 1, popularity_penalty => 0.5) AS b
CROSS JOIN LATERAL wals_recommend(u, 1, popularity_penalty => 0.5, diversity => 0.5) AS r;

-- ---------------------------------------------------------------------------
-- Off by default, checked, and not for users nobody knows
-- ---------------------------------------------------------------------------

SELECT count(*) AS differences FROM generate_series(1, 80) AS u,
	LATERAL ROWS FROM (wals_recommend(u, 10), wals_recommend(u, 10, popularity_penalty => 0, diversity => NULL)) AS
		r(item_id, score, rank, basis, o_item, o_score, o_rank, o_basis)
WHERE (item_id, score, rank) IS DISTINCT FROM (o_item, o_score, o_rank);
SELECT count(*) AS differences FROM wals_recommend(999, 10) AS a
FULL JOIN wals_recommend(999, 10, popularity_penalty => 1, diversity => 1) AS b USING (item_id, score, rank, basis)
WHERE a.item_id IS NULL OR b.item_id IS NULL OR a.basis <> 'popular';
SELECT name, value, outcome(format('SELECT * FROM wals_recommend(1, 3, %s => %L)', name, value))
FROM unnest(ARRAY['popularity_penalty', 'diversity']) AS name CROSS JOIN unnest(ARRAY['-0.1', '1.1', '1e7', 'NaN', 'Infinity', '-0', '1']) WITH ORDINALITY AS v(value, nr)
ORDER BY name, nr;
-- text and uuid take them too
SELECT count(*) FROM wals_recommend('1', 3, popularity_penalty => 0.5, diversity => 0.5);
SELECT outcome($$SELECT * FROM wals_recommend('00000000000000000000000000000007'::uuid, 3, diversity => 0.5)$$);
-- nobody has liked anything, as far as the counts say
BEGIN;
UPDATE m_items SET n = 0, likes = 0;
SELECT wals_activate('m', 1);
SELECT count(*) FILTER (WHERE a.item_id <> b.item_id) AS differences FROM wals_recommend(1, 10) AS a JOIN wals_recommend(1, 10, popularity_penalty => 1) AS b USING (rank);
ROLLBACK;
-- vectors of zeros are like nothing
BEGIN;
UPDATE m_items SET factors = array_fill(0::real, ARRAY[8]);
SELECT wals_activate('m', 1);
SELECT array_agg(item_id ORDER BY rank) FROM wals_recommend(1, 5, exclude_seen => false, diversity => 0.5);
ROLLBACK;

DROP SCHEMA rerank CASCADE;
