-- wals_recommend, wals_score, wals_popular: every way to call them, every
-- filter, and the same answers as plain SQL over the factor tables.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET jit = off;
CREATE SCHEMA recommend;
SET search_path = recommend, public;

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

-- 60 users, 40 items; the same ratings under ids of all types
CREATE TABLE seen AS
SELECT u AS user_id, i AS item_id
FROM generate_series(1, 60) AS u, generate_series(1, 40) AS i
WHERE (u * u + i * i + u * i) % 7 < 2 AND (u % 3 = i % 3 OR (u + i) % 9 = 0);
SELECT count(*), count(DISTINCT user_id), count(DISTINCT item_id) FROM seen;

CREATE TABLE seen_small AS SELECT user_id::smallint, item_id FROM seen;
CREATE TABLE seen_text AS
SELECT 'u' || user_id AS user_id, ('i' || item_id)::varchar(20) AS item_id FROM seen;
CREATE TABLE seen_uuid AS
SELECT lpad(user_id::text, 32, '0')::uuid AS user_id,
	lpad(item_id::text, 32, 'a')::uuid AS item_id FROM seen;
CREATE TABLE seen_mixed AS
SELECT user_id, 'sku-' || item_id AS item_id FROM seen;

SELECT wals_train('m_int', 'seen', factors => 8, iterations => 5);
SELECT wals_train('m_small', 'seen_small', factors => 8, iterations => 5);
SELECT wals_train('m_text', 'seen_text', factors => 8, iterations => 5);
SELECT wals_train('m_uuid', 'seen_uuid', factors => 8, iterations => 5);
SELECT wals_train('m_mixed', 'seen_mixed', factors => 8, iterations => 5);
SET wals.default_model = 'm_int';

-- ---------------------------------------------------------------------------
-- Overloads
-- ---------------------------------------------------------------------------

-- which overload a call finds, by the type of its ids
SELECT pg_typeof(item_id), count(*) FROM wals_recommend(7, 3) GROUP BY 1;
SELECT pg_typeof(item_id), count(*) FROM wals_recommend(7::smallint, 3) GROUP BY 1;
SELECT pg_typeof(item_id), count(*) FROM wals_recommend(7::bigint, 3) GROUP BY 1;
SELECT pg_typeof(item_id), count(*) FROM wals_recommend('7', 3) GROUP BY 1;
SELECT pg_typeof(item_id), count(*) FROM wals_recommend('u7'::text, 3, 'm_text') GROUP BY 1;
SELECT pg_typeof(item_id), count(*) FROM wals_recommend('u7'::varchar, 3, 'm_text') GROUP BY 1;
SELECT pg_typeof(item_id), count(*)
FROM wals_recommend('00000000000000000000000000000007'::uuid, 3, 'm_uuid') GROUP BY 1;
SELECT pg_typeof(item_id), count(*)
FROM wals_recommend('00000000000000000000000000000007', 3, 'm_uuid') GROUP BY 1;
SELECT DISTINCT pg_typeof(item_id), pg_typeof(score), pg_typeof(rank), pg_typeof(basis), basis
FROM wals_recommend(7);

-- untyped parameters
PREPARE untyped AS SELECT count(*), min(item_id) IS NOT NULL AS some FROM wals_recommend($1, 4, $2);
EXECUTE untyped('7', 'm_int');
EXECUTE untyped('u7', 'm_text');
EXECUTE untyped('00000000000000000000000000000007', 'm_uuid');
EXECUTE untyped('7', 'm_mixed');
PREPARE untyped_n AS SELECT count(*) FROM wals_recommend($1, $2);
EXECUTE untyped_n('7', 6);
PREPARE typed(integer) AS SELECT pg_typeof(item_id) FROM wals_recommend($1, 1);
EXECUTE typed(7);
PREPARE untyped_array AS SELECT count(*) FROM wals_recommend('7', 10, candidates => $1, exclude_seen => false);
EXECUTE untyped_array('{1,2,3}');
PREPARE typed_array(bigint[]) AS SELECT count(*) FROM wals_recommend(7, 10, candidates => $1, exclude_seen => false);
EXECUTE typed_array('{1,2,3}');
PREPARE untyped_score AS SELECT pg_typeof(wals_score($1, $2)), wals_score($1, $2) IS NOT NULL AS known;
EXECUTE untyped_score('7', '8');

-- the text overload gives the same answer as the typed one
SELECT count(*) AS differences
FROM generate_series(1, 60) AS u,
	LATERAL ROWS FROM (wals_recommend(u, 5), wals_recommend(u::text, 5)) AS
		r(item_id, score, rank, basis, t_item, t_score, t_rank, t_basis)
WHERE (item_id::text, score, rank, basis) IS DISTINCT FROM (t_item, t_score, t_rank, t_basis);
SELECT count(*) AS differences
FROM (SELECT DISTINCT user_id FROM seen_uuid) AS u,
	LATERAL ROWS FROM (wals_recommend(u.user_id, 5, 'm_uuid'), wals_recommend(u.user_id::text, 5, 'm_uuid')) AS
		r(item_id, score, rank, basis, t_item, t_score, t_rank, t_basis)
WHERE (item_id::text, score, rank, basis) IS DISTINCT FROM (t_item, t_score, t_rank, t_basis);

-- columns of smaller integers give the same model
SELECT count(*) AS differences
FROM generate_series(1, 60) AS u,
	LATERAL ROWS FROM (wals_recommend(u, 5, 'm_int'), wals_recommend(u, 5, 'm_small')) AS
		r(item_id, score, rank, basis, s_item, s_score, s_rank, s_basis)
WHERE (item_id, score, rank, basis) IS DISTINCT FROM (s_item, s_score, s_rank, s_basis);

-- users and items of different types: through text only
SELECT count(*), bool_and(item_id LIKE 'sku-%') FROM wals_recommend('7', 5, 'm_mixed');
SELECT count(*), bool_and(r.item_id LIKE 'sku-%') FROM (VALUES (1), (2), (3)) AS u(user_id),
	LATERAL wals_recommend(u.user_id::text, 2, 'm_mixed') AS r;
SELECT * FROM wals_recommend(7, 5, 'm_mixed');
SELECT wals_score(7, 7, 'm_mixed');
SELECT wals_score('7', 'sku-8', 'm_mixed') IS NOT NULL AS known,
	wals_score('7', 'sku-999', 'm_mixed') IS NULL AS unknown;
-- the wrong overload for the model, and ids that are none
SELECT * FROM wals_recommend(7, 5, 'm_text');
SELECT * FROM wals_recommend('00000000000000000000000000000007'::uuid, 5, 'm_int');
SELECT outcome($$SELECT * FROM wals_recommend('seven', 5)$$);
SELECT outcome($$SELECT * FROM wals_recommend('seven', 5, 'm_uuid')$$);
SELECT outcome($$SELECT * FROM wals_recommend('7', 5, exclude => '{x}')$$);

-- named arguments, in any order; notation mixed
SELECT count(*) FROM wals_recommend(user_id => 7, n => 3);
SELECT count(*) FROM wals_recommend(n => 3, model => 'm_text', user_id => 'u7');
SELECT count(*) FROM wals_recommend(7, cold_start => 'error', exclude => '{1,2}', min_score => -1000,
	exclude_seen => false, candidates => ARRAY[1, 2, 3], n => 5);
SELECT wals_score(model => 'm_int', item_id => 8, user_id => 7) IS NOT NULL AS known;

-- the model as a regclass of any spelling
SELECT count(*) FROM wals_recommend(7, 3, 'recommend.m_int');
SELECT count(*) FROM wals_recommend(7, 3, 'm_int'::regclass::oid);
SELECT outcome($$SELECT * FROM wals_recommend(7, 3, 'nowhere')$$);
SELECT outcome($$SELECT * FROM wals_recommend(7, 3, 'seen')$$);
SELECT outcome($$SELECT * FROM wals_recommend(7, 3, 'm_int_items')$$);
SELECT outcome($$SELECT * FROM wals_recommend(7, 3, 4294967295::oid)$$);

-- ---------------------------------------------------------------------------
-- n
-- ---------------------------------------------------------------------------

SELECT count(*), min(rank), max(rank) FROM wals_recommend(7);
SELECT count(*) FROM wals_recommend(7, 0);
SELECT count(*), max(rank) FROM wals_recommend(7, NULL, exclude_seen => false);
SELECT count(*), max(rank) FROM wals_recommend(7, 2147483647, exclude_seen => false);
SELECT * FROM wals_recommend(7, -1);
SELECT outcome('SELECT * FROM wals_recommend(7, -2147483648)');
-- seen items do not make the answer shorter, they make room for others
SELECT (SELECT count(*) FROM seen WHERE user_id = 7) AS seen,
	count(*) AS all_others FROM wals_recommend(7, NULL);

-- ---------------------------------------------------------------------------
-- candidates and exclude
-- ---------------------------------------------------------------------------

SELECT array_agg(item_id ORDER BY item_id) FROM wals_recommend(7, 10, candidates => '{3,5,8,5,999,3}', exclude_seen => false);
SELECT array_agg(item_id ORDER BY item_id) FROM wals_recommend(7, 10, candidates => '{NULL,3,NULL}', exclude_seen => false);
SELECT array_agg(item_id ORDER BY item_id) FROM wals_recommend(7, 10, candidates => '[5:6]={3,5}', exclude_seen => false);
SELECT count(*) FROM wals_recommend(7, 10, candidates => '{}');
SELECT count(*) FROM wals_recommend(7, 10, candidates => '{NULL}');
SELECT count(*) FROM wals_recommend(7, 10, candidates => '{999}');
SELECT count(*) FROM wals_recommend(7, 10, candidates => NULL);
SELECT count(*) FROM wals_recommend(7, NULL, exclude => '{}', exclude_seen => false);
SELECT count(*) FROM wals_recommend(7, NULL, exclude => NULL, exclude_seen => false);
SELECT count(*) FROM wals_recommend(7, NULL, exclude => '{1,2,NULL,2,999}', exclude_seen => false);
SELECT count(*) FROM wals_recommend(7, NULL, exclude => '[0:1]={1,2}', exclude_seen => false);
SELECT count(*) FROM wals_recommend(7, 10, exclude => ARRAY(SELECT DISTINCT item_id FROM seen), exclude_seen => false);
-- what is both is left out
SELECT array_agg(item_id ORDER BY item_id)
FROM wals_recommend(7, 10, candidates => '{3,5,8}', exclude => '{5}', exclude_seen => false);
SELECT * FROM wals_recommend(7, 10, candidates => '{{1,2},{3,4}}');
SELECT * FROM wals_recommend(7, 10, exclude => '{{1,2},{3,4}}');
SELECT outcome($$SELECT * FROM wals_recommend('u7', 10, 'm_text', candidates => '{{i1,i2}}')$$);
-- in the other types
SELECT array_agg(item_id ORDER BY item_id) FROM wals_recommend('u7', 10, 'm_text', candidates => '{i3,i5,nothing,"",NULL}', exclude_seen => false);
SELECT count(*) FROM wals_recommend('u7', NULL, 'm_text', exclude => '{i3,i5,nothing}', exclude_seen => false);
SELECT array_agg(right(item_id::text, 2) ORDER BY item_id)
FROM wals_recommend(lpad('7', 32, '0')::uuid, 10, 'm_uuid',
	candidates => ARRAY[lpad('3', 32, 'a')::uuid, lpad('5', 32, 'a')::uuid, lpad('5', 32, 'b')::uuid],
	exclude_seen => false);
-- many
SELECT count(*) FROM wals_recommend(7, NULL, candidates => ARRAY(SELECT generate_series(-100000, 100000)), exclude_seen => false);

-- ---------------------------------------------------------------------------
-- exclude_seen asks the live table
-- ---------------------------------------------------------------------------

SELECT count(*) AS seen_recommended
FROM generate_series(1, 60) AS u, LATERAL wals_recommend(u, NULL) AS r
JOIN seen AS s ON s.item_id = r.item_id
WHERE s.user_id = u;
SELECT item_id AS first FROM wals_recommend(7, 1) \gset
INSERT INTO seen VALUES (7, :first);
SELECT count(*) AS again FROM wals_recommend(7, NULL) WHERE item_id = :first;
SELECT count(*) AS with_seen FROM wals_recommend(7, NULL, exclude_seen => false) WHERE item_id = :first;
-- NULL is the default, true
SELECT count(*) AS again FROM wals_recommend(7, NULL, exclude_seen => NULL) WHERE item_id = :first;
UPDATE seen SET user_id = 8 WHERE user_id = 7 AND item_id = :first;
SELECT item_id = :first AS back FROM wals_recommend(7, 1);
DELETE FROM seen WHERE user_id = 8 AND item_id = :first
	AND ctid = (SELECT max(ctid) FROM seen WHERE user_id = 8 AND item_id = :first);
-- within a transaction, and undone with it
BEGIN;
INSERT INTO seen VALUES (7, :first);
SELECT count(*) AS again FROM wals_recommend(7, NULL) WHERE item_id = :first;
ROLLBACK;
SELECT item_id = :first AS back FROM wals_recommend(7, 1);
-- a row without an item is none
BEGIN;
INSERT INTO seen VALUES (7, NULL);
SELECT item_id = :first AS unchanged FROM wals_recommend(7, 1);
ROLLBACK;
-- columns renamed, retyped, gone; the table gone
BEGIN;
ALTER TABLE seen RENAME COLUMN item_id TO thing;
SELECT outcome('SELECT * FROM wals_recommend(7)');
SELECT count(*) FROM wals_recommend(7, exclude_seen => false);
ROLLBACK;
BEGIN;
ALTER TABLE seen ALTER COLUMN user_id TYPE text;
SELECT outcome('SELECT * FROM wals_recommend(7)');
SELECT count(*) FROM wals_recommend(7, exclude_seen => false);
ROLLBACK;
BEGIN;
ALTER TABLE seen ALTER COLUMN user_id TYPE bigint;
SELECT item_id = :first AS unchanged FROM wals_recommend(7, 1);
ROLLBACK;
BEGIN;
ALTER TABLE seen RENAME TO looked_at;
SELECT item_id = :first AS unchanged FROM wals_recommend(7, 1);
ROLLBACK;
BEGIN;
DROP TABLE seen;
SELECT outcome('SELECT * FROM wals_recommend(7)');
SELECT count(*) FROM wals_recommend(7, exclude_seen => false);
ROLLBACK;

-- ---------------------------------------------------------------------------
-- min_score
-- ---------------------------------------------------------------------------

SELECT count(*) AS all_of_them FROM wals_recommend(7, NULL, min_score => '-Infinity', exclude_seen => false);
SELECT count(*) FROM wals_recommend(7, NULL, min_score => 'Infinity', exclude_seen => false);
SELECT outcome($$SELECT * FROM wals_recommend(7, 3, min_score => 'NaN')$$);
SELECT score AS third FROM wals_recommend(7, 3, exclude_seen => false) WHERE rank = 3 \gset
-- the bound itself qualifies
SELECT count(*) FROM wals_recommend(7, NULL, min_score => :'third', exclude_seen => false);
SELECT count(*) FROM wals_recommend(7, 2, min_score => :'third', exclude_seen => false);

-- ---------------------------------------------------------------------------
-- Unknown users, NULL users, popular items
-- ---------------------------------------------------------------------------

SELECT item_id, score, rank, basis FROM wals_recommend(999, 3);
SELECT item_id, score, rank, basis FROM wals_recommend(999, 3, cold_start => 'popular', exclude => '{1}');
SELECT item_id, score, rank, basis FROM wals_recommend(999, 3, candidates => '{1,2,999}');
-- min_score is about scores, not about popularity
SELECT item_id, score, rank, basis FROM wals_recommend(999, 2, min_score => 1e30);
SELECT count(*) FROM wals_recommend(999, 3, min_score => 'Infinity');
-- nor do popular items take the place of those below it
SELECT count(*) FROM wals_recommend(7, 3, min_score => 1e30);
SELECT count(*) FROM wals_recommend(999, 3, cold_start => 'none');
SELECT * FROM wals_recommend(999, 3, cold_start => 'error');
SELECT outcome($$SELECT * FROM wals_recommend('u''999', 3, 'm_text', cold_start => 'error')$$);
SELECT outcome($$SELECT * FROM wals_recommend('', 3, 'm_text', cold_start => 'error')$$);
SELECT outcome($$SELECT * FROM wals_recommend(999, 3, cold_start => 'maybe')$$);
SELECT count(*) FROM wals_recommend(7, 3, cold_start => NULL);
SELECT count(*) FROM wals_recommend(NULL::bigint, 3);
SELECT count(*) FROM wals_recommend(NULL, 3);
SELECT count(*) FROM wals_recommend(NULL::uuid, 3, cold_start => 'error');
SELECT x.u, count(r.item_id) FROM (VALUES (7), (NULL), (8)) AS x(u)
LEFT JOIN LATERAL wals_recommend(x.u, 2) AS r ON true GROUP BY 1 ORDER BY 1;
-- an unknown user who has rows by now: what he has seen is left out
BEGIN;
INSERT INTO seen SELECT 999, item_id::integer FROM wals_popular(2);
SELECT min(rank) AS rank, count(*) AS shown FROM wals_recommend(999, 3) AS r
WHERE r.item_id IN (SELECT item_id FROM seen WHERE user_id = 999);
ROLLBACK;

SELECT * FROM wals_popular(3);
SELECT count(*) AS differences
FROM wals_popular(NULL) AS p
FULL JOIN (SELECT item_id::text, count(*) AS n_rows,
		row_number() OVER (ORDER BY count(*) DESC, item_id) AS rank
	FROM seen GROUP BY item_id) AS q USING (item_id, n_rows, rank)
WHERE p.item_id IS NULL OR q.item_id IS NULL;
SELECT pg_typeof(item_id), count(*) FROM wals_popular(model => 'm_uuid') GROUP BY 1;
-- counts beyond what a real can hold
BEGIN;
UPDATE m_int_items SET n = 16777217, likes = 16777217 WHERE id = 5;
SELECT wals_activate('m_int', 1);
SELECT * FROM wals_popular(1);
ROLLBACK;
SELECT count(*) FROM wals_popular(0);
SELECT outcome('SELECT * FROM wals_popular(-1)');
-- an unknown user gets the same
SELECT count(*) AS differences
FROM wals_popular(NULL) AS p FULL JOIN wals_recommend('nobody', NULL, 'm_text') AS r
	ON replace(r.item_id, 'i', '') = p.item_id AND r.score = p.n_rows
WHERE p.item_id IS NULL OR r.item_id IS NULL;

-- ---------------------------------------------------------------------------
-- The same as plain SQL over the factor tables
-- ---------------------------------------------------------------------------

-- Trained factors: scores agree to rounding, and the order follows them.
CREATE VIEW product AS
SELECT u.id AS user_id, i.id AS item_id, sum(a::float8 * b::float8) AS score
FROM m_int_users AS u, m_int_items AS i, unnest(u.factors, i.factors) AS f(a, b)
GROUP BY u.id, i.id;
CREATE TABLE answer AS
SELECT u AS user_id, r.* FROM generate_series(1, 60) AS u,
	LATERAL wals_recommend(u, NULL, exclude_seen => false) AS r;
SELECT count(*) AS pairs, count(*) FILTER (WHERE abs(p.score - r.score) > 1e-5) AS other_score,
	count(*) FILTER (WHERE abs(s.score - r.score) > 1e-5) AS other_place
FROM answer AS r JOIN product AS p USING (user_id, item_id)
JOIN (SELECT user_id, score, row_number() OVER (PARTITION BY user_id ORDER BY score DESC) AS rank
	FROM product) AS s USING (user_id, rank);
SELECT count(*) FILTER (WHERE wals_score(user_id, item_id) IS DISTINCT FROM score) AS differences FROM answer;
SELECT wals_score(7, 999) IS NULL AS item, wals_score(999, 7) IS NULL AS "user",
	wals_score(NULL, 7) IS NULL AS "null", wals_score(7::smallint, 8::bigint) = wals_score('7', '8') AS same;

-- With biases and a mean the score is mean + user's bias + item's + product.
CREATE TABLE stars AS SELECT user_id, item_id, 1 + (user_id + item_id * 3) % 5 AS stars FROM seen;
SELECT wals_train('m_stars', 'stars', value_col => 'stars', feedback => 'explicit', factors => 3, iterations => 5);
SELECT bool_or(bias <> 0) AS biased, (SELECT global_mean > 1 FROM m_stars) AS mean FROM m_stars_items;
CREATE TABLE stars_answer AS
SELECT u AS user_id, r.* FROM generate_series(1, 60) AS u,
	LATERAL wals_recommend(u, NULL, 'm_stars', exclude_seen => false) AS r;
SELECT count(*) AS pairs, count(*) FILTER (WHERE abs(p.score - r.score) > 1e-4) AS other_score,
	bool_and(r.score = wals_score(user_id, item_id, 'm_stars')) AS consistent
FROM stars_answer AS r JOIN (SELECT u.id AS user_id, i.id AS item_id,
		m.global_mean + u.bias + i.bias + sum(a::float8 * b::float8) AS score
	FROM m_stars AS m, m_stars_users AS u, m_stars_items AS i, unnest(u.factors, i.factors) AS f(a, b)
	GROUP BY u.id, i.id, m.global_mean, u.bias, i.bias) AS p USING (user_id, item_id);
SELECT count(*) AS out_of_order FROM stars_answer AS a JOIN stars_answer AS b
	ON a.user_id = b.user_id AND a.rank < b.rank AND (a.score, -a.item_id) < (b.score, -b.item_id);

-- Factors of small integers: arithmetic is exact, ties abound, and the answer
-- must be the same to the last bit, ties in the order of the ids.
UPDATE m_int_users SET factors = ARRAY(SELECT ((id * (f + 2) + f * f) % 5 - 2)::real FROM generate_series(1, 8) AS f);
UPDATE m_int_items SET factors = ARRAY(SELECT ((id * (f + 1) + f) % 3 - 1)::real FROM generate_series(1, 8) AS f);
SELECT wals_activate('m_int', 1);
CREATE TABLE exact AS
SELECT user_id, item_id, score::real, row_number() OVER (PARTITION BY user_id ORDER BY score DESC, item_id)::integer AS rank
FROM product;
SELECT count(*) - count(DISTINCT (user_id, score)) > 1000 AS many_ties FROM exact;
SELECT count(*) AS differences
FROM exact AS e
FULL JOIN (SELECT u AS user_id, r.* FROM generate_series(1, 60) AS u,
		LATERAL wals_recommend(u, NULL, exclude_seen => false) AS r) AS r
	USING (user_id, item_id, score, rank)
WHERE e.user_id IS NULL OR r.basis IS DISTINCT FROM 'model';
SELECT count(*) AS differences
FROM (SELECT user_id, item_id, score,
		row_number() OVER (PARTITION BY user_id ORDER BY score DESC, item_id)::integer AS rank
	FROM exact AS e WHERE NOT EXISTS (SELECT FROM seen AS s WHERE s.user_id = e.user_id AND s.item_id = e.item_id)
		AND item_id % 4 <> 0 AND item_id % 3 <> 0 AND score >= -1) AS e
FULL JOIN (SELECT u AS user_id, r.* FROM generate_series(1, 60) AS u,
		LATERAL wals_recommend(u, 5, candidates => ARRAY(SELECT i FROM generate_series(1, 40) AS i WHERE i % 4 <> 0),
			exclude => ARRAY(SELECT i FROM generate_series(1, 50) AS i WHERE i % 3 = 0), min_score => -1) AS r) AS r
	USING (user_id, item_id, score, rank)
WHERE rank <= 5 AND (e.user_id IS NULL OR r.user_id IS NULL);
-- text ids of equal score are in the order of their bytes
UPDATE m_text_items SET factors = array_fill(1::real, ARRAY[8]);
SELECT wals_activate('m_text', 1);
SELECT array_agg(item_id ORDER BY rank) FROM wals_recommend('u7', 6, 'm_text', exclude_seen => false);

-- ---------------------------------------------------------------------------
-- Where it may stand
-- ---------------------------------------------------------------------------

SELECT count(*), sum(item_id) AS check FROM generate_series(1, 60) AS u, LATERAL wals_recommend(u, 3, exclude_seen => false);
SELECT sum(item_id) AS check FROM exact WHERE rank <= 3;

CREATE VIEW top AS SELECT u.user_id, r.* FROM (SELECT DISTINCT user_id FROM seen) AS u,
	LATERAL wals_recommend(u.user_id, 3, 'm_int', exclude_seen => false) AS r;
SELECT count(*) AS differences FROM top FULL JOIN exact AS e USING (user_id, item_id, score, rank)
WHERE rank <= 3 AND (basis IS NULL OR e.item_id IS NULL);
SELECT pg_get_viewdef('top'::regclass) LIKE '%m_int%' AS names_the_model;

CREATE FUNCTION top_sql(who integer, n integer) RETURNS SETOF bigint
LANGUAGE sql STABLE AS $$SELECT item_id FROM wals_recommend(who, n, exclude_seen => false) ORDER BY rank$$;
CREATE FUNCTION top_plpgsql(who bigint, n integer) RETURNS bigint[]
LANGUAGE plpgsql STABLE AS
$$
DECLARE
	r record;
	result bigint[];
BEGIN
	FOR r IN SELECT * FROM wals_recommend(who, n, exclude_seen => false) LOOP
		result := result || r.item_id;
	END LOOP;
	RETURN result;
END;
$$;
SELECT count(*) AS differences FROM generate_series(1, 60) AS u
WHERE top_plpgsql(u, 4) <> ARRAY(SELECT top_sql(u, 4))
	OR top_plpgsql(u, 4) <> ARRAY(SELECT item_id FROM exact WHERE user_id = u AND rank <= 4 ORDER BY rank);

-- in the select list, under LIMIT, in a sub-select
SELECT count(*) FROM (SELECT wals_recommend(u, 4) FROM generate_series(1, 3) AS u) AS x;
SELECT count(*) FROM (SELECT * FROM wals_recommend(7, NULL) LIMIT 2) AS x;
SELECT count(*) FROM (SELECT r.* FROM generate_series(1, 60) AS u, LATERAL wals_recommend(u, 5) AS r LIMIT 7) AS x;
SELECT (SELECT count(*) FROM wals_recommend(7, 5) AS r WHERE EXISTS (SELECT FROM wals_recommend(r.item_id, 1))) AS nested;

-- cursors
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT e.item_id = r.item_id AS same, r.rank
	FROM wals_recommend(7, NULL, exclude_seen => false) AS r JOIN exact AS e USING (rank) WHERE e.user_id = 7 ORDER BY rank;
FETCH 2 FROM c;
MOVE 10 IN c;
FETCH 1 FROM c;
FETCH BACKWARD 1 FROM c;
FETCH LAST FROM c;
CLOSE c;
DECLARE h CURSOR WITH HOLD FOR SELECT rank FROM wals_recommend(7, 4);
COMMIT;
FETCH ALL FROM h;
CLOSE h;

-- prepared statements, with custom plans and a generic one
PREPARE top(integer, integer) AS
SELECT array_agg(item_id ORDER BY r.rank) = (SELECT array_agg(item_id ORDER BY rank) FROM exact WHERE user_id = $1 AND rank <= $2) AS same
FROM wals_recommend($1, $2, exclude_seen => false) AS r;
EXECUTE top(1, 3);
EXECUTE top(2, 3);
EXECUTE top(3, 3);
EXECUTE top(4, 3);
EXECUTE top(5, 3);
EXECUTE top(6, 3);
EXECUTE top(7, 40);
SET plan_cache_mode = force_generic_plan;
EXECUTE top(8, 3);
EXECUTE top(9, 5);
RESET plan_cache_mode;
DEALLOCATE ALL;

-- ---------------------------------------------------------------------------
-- The planner knows how many rows to expect
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
SELECT estimate('SELECT * FROM wals_recommend(7)') AS by_default,
	estimate('SELECT * FROM wals_recommend(7, 3)') AS constant,
	estimate('SELECT * FROM wals_recommend(7, 1 + 1)') AS folded,
	estimate('SELECT * FROM wals_recommend(n => 25, user_id => 7)') AS named,
	estimate('SELECT * FROM wals_recommend(7, 0)') AS none,
	estimate('SELECT * FROM wals_recommend(7, NULL)') AS everything,
	estimate('SELECT * FROM wals_recommend(7, 2147483647)') AS huge,
	estimate('SELECT * FROM wals_recommend(7, -5)') AS wrong,
	estimate('SELECT * FROM wals_recommend(7, (SELECT 5))') AS unknown,
	estimate('SELECT * FROM wals_popular(4)') AS popular;
PREPARE limited(integer) AS SELECT * FROM wals_recommend(7, $1);
SET plan_cache_mode = force_custom_plan;
SELECT estimate('EXECUTE limited(17)') AS custom;
SET plan_cache_mode = force_generic_plan;
SELECT estimate('EXECUTE limited(17)') AS generic;
RESET plan_cache_mode;
DEALLOCATE limited;
EXPLAIN (COSTS OFF) SELECT * FROM wals_recommend(7, 3);

-- ---------------------------------------------------------------------------
-- Parallel query
-- ---------------------------------------------------------------------------

CREATE TABLE many_users AS SELECT 1 + g % 60 AS user_id FROM generate_series(1, 2000) AS g;
ANALYZE many_users;
SELECT set_config(name, CASE vartype WHEN 'enum' THEN 'on' ELSE '0' END, false) FROM pg_settings
WHERE name IN ('force_parallel_mode', 'debug_parallel_query');
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF)
SELECT m.user_id, r.* FROM many_users AS m, LATERAL wals_recommend(m.user_id, 3, exclude_seen => false) AS r;
CREATE TABLE parallel_answer AS
SELECT m.user_id, r.* FROM many_users AS m, LATERAL wals_recommend(m.user_id, 3, exclude_seen => false) AS r;
SELECT count(*), count(*) FILTER (WHERE e.rank IS DISTINCT FROM p.rank OR e.score <> p.score) AS differences
FROM parallel_answer AS p LEFT JOIN exact AS e USING (user_id, item_id);
SELECT count(*), sum(r.rank) FROM many_users AS m, LATERAL wals_recommend(m.user_id, 3) AS r;
SELECT count(wals_score(m.user_id, 3)) FROM many_users AS m;
SELECT count(*) FROM wals_recommend(7);
RESET ALL;

SET client_min_messages = warning;
DROP SCHEMA recommend CASCADE;
