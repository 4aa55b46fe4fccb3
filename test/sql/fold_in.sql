-- Folding in: a user's rows of this moment against the items of a version give
-- what a training would have stored, whatever the objective.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET jit = off;
CREATE SCHEMA fold_in;
SET search_path = fold_in, public;
SET wals.threads = 1;

CREATE FUNCTION outcome(statement text) RETURNS text
LANGUAGE plpgsql AS
$$
DECLARE
	detail text;
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'fine';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN SQLSTATE || ': ' || SQLERRM || COALESCE(E'\n  detail: ' || NULLIF(detail, ''), '')
		|| COALESCE(E'\n  hint: ' || NULLIF(hint, ''), '');
END;
$$;

-- 50 users, 30 items, rows of all kinds: some pairs twice, some values 0 or
-- below, NULLs, weight 0
CREATE TABLE rated AS
SELECT u AS user_id, i AS item_id,
	CASE WHEN (u + i) % 37 = 0 THEN NULL ELSE (u * 3 + i * 5 + again) % 7 - 1 END AS stars,
	CASE WHEN (u + i) % 41 = 0 THEN 0 ELSE 0.25 + (u * i + again) % 5 END AS trust,
	timestamptz '2025-01-01 00:00:00+00' + ((u * 7 + i * 11 + again * 40) % 100) * interval '1 day' AS at,
	(u * 7 + i * 11 + again * 40) % 100 AS tick
FROM generate_series(1, 50) AS u, generate_series(1, 30) AS i, generate_series(0, 1) AS again
WHERE ((u * u + i * i + u * i) % 7 < 2 OR i <= u % 4)
	AND (again = 0 OR (u + 2 * i) % 11 = 0);
CREATE INDEX ON rated (user_id);
CREATE TABLE user_trust AS SELECT u AS user_id, 0.5 + u % 3 AS weight FROM generate_series(1, 40) AS u;
CREATE TABLE item_trust AS SELECT i AS item_id, 0.5 + i % 4 AS weight FROM generate_series(5, 30) AS i;
SELECT count(*), count(stars), count(*) FILTER (WHERE trust = 0) AS weightless,
	count(*) - count(DISTINCT (user_id, item_id)) AS again FROM rated;

-- ---------------------------------------------------------------------------
-- Stored score = folded-in score = sum of the explanation, for every form
-- ---------------------------------------------------------------------------

CREATE FUNCTION agrees(options text) RETURNS TABLE (stored boolean, explained boolean)
LANGUAGE plpgsql AS
$$
BEGIN
	EXECUTE format('SELECT wals_train(''form'', ''rated'', factors => 6, iterations => 4, keep_versions => 1%s)',
		COALESCE(', ' || NULLIF(options, ''), ''));
	RETURN QUERY
	WITH s AS MATERIALIZED (
		SELECT u, i, wals_score(u, i, 'form') AS stored, wals_score(u, i, 'form', fold_in => 'always') AS folded
		FROM generate_series(1, 50, 3) AS u, generate_series(1, 30, 4) AS i)
	SELECT bool_and(abs(s.stored - s.folded) <= 1e-5 * (1 + abs(s.stored))),
		bool_and(abs(s.folded - e.sum) <= 1e-5 * (1 + abs(s.folded)))
	FROM s, LATERAL (SELECT sum(contribution) FROM wals_explain(s.u, s.i, NULL, 'form')) AS e
	WHERE s.stored IS NOT NULL;
END;
$$;
SELECT o.options, a.stored, a.explained
FROM unnest(ARRAY[
	'',
	$$value_col => 'stars'$$,
	$$value_col => 'stars', weight_col => 'trust'$$,
	$$value_col => 'stars', weighting => 'linear', alpha => 3$$,
	$$value_col => 'stars', weighting => 'log', alpha => 3, epsilon => 0.5, weight_col => 'trust'$$,
	$$weighting => 'counts'$$,
	$$weighting => 'none'$$,
	$$value_col => 'stars', feedback => 'weighted', weighting => 'none', unobserved_weight => 0.7$$,
	$$row_weight_exponent => 0.5, col_weight_exponent => 0.7$$,
	$$row_weight_exponent => -0.5, col_weight_exponent => 1, weight_normalize => false$$,
	$$row_weights => 'user_trust', col_weights => 'item_trust'$$,
	$$col_weights => 'item_trust', col_weight_exponent => -0.3, unobserved_weighting => 'popularity'$$,
	$$unobserved_weighting => 'popularity', popularity_exponent => 0.8, reg_exponent => 0.5$$,
	$$unobserved_weight => 0, regularization => 0.2, reg_exponent => 0$$,
	$$time_col => 'at', half_life => '20 days'$$,
	$$time_col => 'tick', half_life => '30 seconds', weight_col => 'trust'$$,
	$$value_col => 'stars', duplicates => 'max'$$,
	$$value_col => 'stars', duplicates => 'avg', weight_col => 'trust'$$,
	$$value_col => 'stars', duplicates => 'last', time_col => 'at', weight_col => 'trust'$$,
	$$min_user_rows => 5, min_item_rows => 8, col_weight_exponent => 0.5, row_weight_exponent => 0.5$$,
	$$value_col => 'stars', feedback => 'explicit'$$,
	$$value_col => 'stars', feedback => 'explicit', biases => false, reg_exponent => 0.3$$,
	$$value_col => 'stars', feedback => 'explicit', time_col => 'at', half_life => '50 days', weight_col => 'trust'$$,
	$$value_col => 'stars', feedback => 'explicit', row_weights => 'user_trust', col_weights => 'item_trust', col_weight_exponent => 0.5$$,
	$$value_col => 'stars', feedback => 'weighted'$$,
	$$value_col => 'stars', feedback => 'weighted', weighting => 'counts', unobserved_weight => 200$$,
	$$value_col => 'stars', feedback => 'weighted', duplicates => 'last', time_col => 'tick'$$
]) WITH ORDINALITY AS o(options, nr), LATERAL agrees(o.options) AS a
ORDER BY o.nr;

-- items in another basis than that of a training: the scores are the same
SELECT agrees($$value_col => 'stars', weighting => 'linear'$$);
CREATE TABLE before AS
SELECT u, i, wals_score(u, i, 'form', fold_in => 'always') AS score FROM generate_series(1, 50) AS u, generate_series(1, 30) AS i;
UPDATE form_items SET factors = ARRAY[0.6 * factors[1] + 0.8 * factors[3], factors[2], 0.8 * factors[1] - 0.6 * factors[3],
	-factors[6], factors[5], factors[4]]::real[];
SELECT wals_activate('form', (SELECT max(version) FROM form));
SELECT bool_and(abs(score - wals_score(u, i, 'form', fold_in => 'always')) < 1e-5 * (1 + abs(score))) AS same,
	bool_or(score <> wals_score(u, i, 'form')) AS stored_users_do_not_fit
FROM before;
SELECT bool_and(abs(score - (SELECT sum(contribution) FROM wals_explain(u, i, NULL, 'form'))) < 1e-5 * (1 + abs(score))) AS explained
FROM before WHERE u % 10 = 1 AND i % 7 = 2;

-- ---------------------------------------------------------------------------
-- New rows count at once
-- ---------------------------------------------------------------------------

SELECT wals_train('m', 'rated', factors => 8, iterations => 5);
-- user 100 does what user 7 did
INSERT INTO rated (user_id, item_id) SELECT 100, item_id FROM rated WHERE user_id = 7;
SELECT basis, count(*) FROM wals_recommend(100, 5, 'm') GROUP BY 1;
SELECT bool_and(a.item_id = b.item_id AND abs(a.score - b.score) < 1e-5) AS like_user_7
FROM wals_recommend(100, 5, 'm') AS a JOIN wals_recommend(7, 5, 'm') AS b USING (rank);
-- a row more in the same transaction is another answer, a rollback the old one
BEGIN;
CREATE TEMP TABLE was ON COMMIT DROP AS SELECT * FROM wals_recommend(100, 30, 'm', exclude_seen => false);
INSERT INTO rated (user_id, item_id) SELECT 100, item_id FROM was WHERE rank = 30;
SELECT count(*) FILTER (WHERE w.score <> n.score) > 20 AS changed,
	bool_and(n.score > w.score) FILTER (WHERE w.rank = 30) AS chosen_rises
FROM was AS w JOIN wals_recommend(100, 30, 'm', exclude_seen => false) AS n USING (item_id);
SAVEPOINT s;
DELETE FROM rated WHERE user_id = 100;
SELECT DISTINCT basis FROM wals_recommend(100, 5, 'm');
ROLLBACK TO s;
SELECT DISTINCT basis FROM wals_recommend(100, 5, 'm');
ROLLBACK;
SELECT bool_and(a.item_id = b.item_id AND abs(a.score - b.score) < 1e-5) AS like_user_7
FROM wals_recommend(100, 5, 'm') AS a JOIN wals_recommend(7, 5, 'm') AS b USING (rank);
-- a cursor sees what was there when it was opened
BEGIN;
DECLARE c CURSOR FOR SELECT DISTINCT basis FROM wals_recommend(101, 5, 'm');
INSERT INTO rated (user_id, item_id) VALUES (101, 3);
FETCH c;
SELECT DISTINCT basis FROM wals_recommend(101, 5, 'm');
ROLLBACK;

-- auto, always, never; known, unknown, without rows
INSERT INTO rated (user_id, item_id) VALUES (7, 999), (200, 999), (201, NULL), (NULL, 3);
INSERT INTO rated (user_id, item_id) VALUES (7, 29);
SELECT u, f, (SELECT string_agg(DISTINCT basis, ' ') FROM wals_recommend(u, 5, 'm', fold_in => f)) AS basis,
	wals_score(u, 5, 'm', fold_in => f) IS NOT NULL AS score,
	array_length(wals_user_factors(u, 'm', fold_in => f), 1) AS factors
FROM unnest(ARRAY[7, 100, 200, 201, 300]) AS u, unnest(ARRAY['auto', 'always', 'never']) WITH ORDINALITY AS x(f, nr)
ORDER BY u, nr;
SELECT (SELECT count(*) FROM wals_recommend(7, NULL, 'm', fold_in => 'always')) = 30 - (SELECT count(DISTINCT item_id) FROM rated WHERE user_id = 7 AND item_id <= 30)
	AS seen_left_out;
SELECT wals_score(7, 5, 'm') <> wals_score(7, 5, 'm', fold_in => 'always') AS live_rows_differ,
	wals_score(100, 5, 'm') IS NULL AS not_by_default,
	wals_user_factors(7, 'm') = (SELECT factors FROM m_users WHERE id = 7) AS stored,
	wals_user_factors(7, 'm', 'always') <> (SELECT factors FROM m_users WHERE id = 7) AS folded;
-- NULL means the default
SELECT DISTINCT basis FROM wals_recommend(100, 3, 'm', fold_in => NULL);
SELECT wals_score(100, 3, 'm', NULL) IS NULL AS never, wals_user_factors(100, 'm', NULL) IS NOT NULL AS auto,
	wals_user_factors(NULL::bigint, 'm') IS NULL AS nobody;
SELECT outcome($$SELECT * FROM wals_recommend(100, 3, 'm', fold_in => 'sometimes')$$);
SELECT outcome($$SELECT wals_score(100, 3, 'm', fold_in => '')$$);
SELECT outcome($$SELECT wals_user_factors(100, 'm', fold_in => 'AUTO')$$);
SELECT outcome($$SELECT * FROM wals_recommend(300, 3, 'm', cold_start => 'error')$$);
SELECT outcome($$SELECT * FROM wals_recommend(100, 3, 'm', cold_start => 'error', fold_in => 'never')$$);
SELECT outcome($$SELECT * FROM wals_recommend(100, 3, 'm', cold_start => 'error')$$);
SELECT count(*) FROM wals_recommend(300, 3, 'm', cold_start => 'none');
-- filters apply
SELECT count(*), bool_and(score >= 0.1) AS enough FROM wals_recommend(100, NULL, 'm', min_score => 0.1);
SELECT array_agg(item_id ORDER BY item_id) FROM wals_recommend(100, 5, 'm', candidates => '{3,5,8,999}', exclude => '{5}', exclude_seen => false);
-- a user who only dislikes has the score 0 everywhere
SELECT wals_train('liked', 'rated', value_col => 'stars', factors => 4, iterations => 3);
INSERT INTO rated (user_id, item_id, stars) VALUES (102, 3, -1), (102, 4, -2);
SELECT basis, min(score), max(score), count(*) FROM wals_recommend(102, 5, 'liked') GROUP BY 1;

-- the other types of ids
CREATE TABLE rated_text AS SELECT 'u' || user_id AS user_id, ('i' || item_id)::varchar AS item_id FROM rated WHERE user_id < 50;
CREATE TABLE rated_uuid AS SELECT lpad(user_id::text, 32, '0')::uuid AS user_id, lpad(item_id::text, 32, 'a')::uuid AS item_id
FROM rated WHERE user_id < 50;
CREATE TABLE rated_mixed AS SELECT user_id, 'sku-' || item_id AS item_id FROM rated WHERE user_id < 50;
SELECT wals_train('m_text', 'rated_text', factors => 4, iterations => 3);
SELECT wals_train('m_uuid', 'rated_uuid', factors => 4, iterations => 3);
SELECT wals_train('m_mixed', 'rated_mixed', factors => 4, iterations => 3);
INSERT INTO rated_text VALUES ('new', 'i3'), ('new', 'i4'), ('new', 'unheard of');
INSERT INTO rated_uuid SELECT 'ffffffffffffffffffffffffffffffff', lpad(i::text, 32, 'a')::uuid FROM generate_series(3, 4) AS i;
INSERT INTO rated_mixed VALUES (1000, 'sku-3'), (1000, 'sku-4');
SELECT pg_typeof(item_id), basis, count(*) FROM wals_recommend('new', 3, 'm_text') GROUP BY 1, 2;
SELECT pg_typeof(item_id), basis, count(*) FROM wals_recommend('ffffffffffffffffffffffffffffffff'::uuid, 3, 'm_uuid') GROUP BY 1, 2;
SELECT pg_typeof(item_id), basis, count(*) FROM wals_recommend('1000', 3, 'm_mixed') GROUP BY 1, 2;
SELECT wals_user_factors(1000, 'm_mixed') = wals_user_factors('1000', 'm_mixed') AS users_need_no_text,
	wals_user_factors('1000', 'm_mixed') = wals_fold_in(ARRAY['sku-4', 'sku-3'], model => 'm_mixed') AS basket;
SELECT wals_user_factors('new', 'm_text') = wals_fold_in(ARRAY['i3', 'i4'], model => 'm_text') AS text,
	wals_user_factors('ffffffffffffffffffffffffffffffff'::uuid, 'm_uuid')
		= wals_fold_in(ARRAY[lpad('3', 32, 'a'), lpad('4', 32, 'a')]::uuid[], model => 'm_uuid') AS uuid;
SELECT outcome($$SELECT wals_fold_in(ARRAY[3], model => 'm_mixed')$$);
SELECT outcome($$SELECT wals_user_factors(1000, 'm_text')$$);

-- ---------------------------------------------------------------------------
-- Rows that a training would not take
-- ---------------------------------------------------------------------------

SELECT wals_train('checked', 'rated', value_col => 'stars', weight_col => 'trust', time_col => 'at', half_life => '90 days',
	factors => 4, iterations => 3);
ALTER TABLE rated ALTER stars TYPE float8, ALTER trust TYPE float8;
INSERT INTO rated VALUES (103, 3, 'NaN', 1, '2025-01-01'), (104, 3, 1, '-Infinity', '2025-01-01'), (105, 3, 1, -1, '2025-01-01'),
	(106, 3, 1e39, 1, '2025-01-01'), (107, 3, 1, 1, 'infinity'), (108, 3, NULL, 1, '2025-01-01'), (108, 4, 1, 0, '2025-01-01'),
	(109, 3, 3e38, 3e38, '2025-01-01'), (109, 3, 3e38, 3e38, '2025-01-01'), (110, 999, 'NaN', 1, '2025-01-01');
SELECT u, outcome(format('SELECT * FROM wals_recommend(%s, 3, ''checked'')', u)) FROM generate_series(103, 110) AS u;
SELECT DISTINCT basis FROM wals_recommend(108, 3, 'checked');
DELETE FROM rated WHERE user_id BETWEEN 103 AND 110;
CREATE TABLE once AS SELECT DISTINCT user_id, item_id FROM rated WHERE user_id < 50 AND item_id < 50;
SELECT wals_train('single', 'once', factors => 2, iterations => 1, duplicates => 'error');
INSERT INTO once VALUES (500, 3), (500, 4), (500, 3);
SELECT outcome($$SELECT * FROM wals_recommend(500, 3, 'single')$$);
-- without any regularization there may be no answer
SELECT wals_train('loose', 'once', factors => 4, iterations => 1, regularization => 0, min_user_rows => 5);
UPDATE loose SET options = jsonb_set(options, '{unobserved_weight}', '0');
SELECT split_part(outcome($$SELECT * FROM wals_recommend(500, 3, 'loose')$$), E'\n', 1);

-- ---------------------------------------------------------------------------
-- The source has changed
-- ---------------------------------------------------------------------------

BEGIN;
ALTER TABLE rated RENAME stars TO points;
SELECT outcome($$SELECT * FROM wals_recommend(100, 3, 'checked')$$);
SELECT outcome($$SELECT * FROM wals_recommend(7, 3, 'checked')$$);
ROLLBACK;
BEGIN;
ALTER TABLE rated ALTER at TYPE text;
SELECT outcome($$SELECT * FROM wals_recommend(100, 3, 'checked')$$);
ROLLBACK;
BEGIN;
ALTER TABLE rated ALTER at TYPE bigint USING extract(epoch FROM at);
SELECT outcome($$SELECT * FROM wals_recommend(100, 3, 'checked')$$);
ROLLBACK;
BEGIN;
ALTER TABLE rated ALTER at TYPE date;
SELECT outcome($$SELECT * FROM wals_recommend(100, 3, 'checked')$$);
ROLLBACK;
BEGIN;
DROP TABLE rated;
SELECT outcome($$SELECT * FROM wals_recommend(100, 3, 'm')$$);
SELECT outcome($$SELECT * FROM wals_recommend(100, 3, 'm', exclude_seen => false, fold_in => 'never')$$);
SELECT outcome($$SELECT * FROM wals_recommend(7, 3, 'm', exclude_seen => false)$$);
SELECT outcome($$SELECT wals_user_factors(100, 'm')$$);
SELECT outcome($$SELECT * FROM wals_explain(7, 3, model => 'm')$$);
ROLLBACK;

-- ---------------------------------------------------------------------------
-- Rights and row-level security
-- ---------------------------------------------------------------------------

CREATE ROLE regress_wals_fold;
GRANT USAGE ON SCHEMA fold_in TO regress_wals_fold;
GRANT SELECT ON m, m_users, m_items, checked, checked_users, checked_items TO regress_wals_fold;
SET ROLE regress_wals_fold;
SELECT outcome($$SELECT * FROM wals_recommend(100, 3, 'm')$$);
SELECT outcome($$SELECT * FROM wals_recommend(100, 3, 'm', exclude_seen => false)$$);
SELECT outcome($$SELECT * FROM wals_recommend(7, 3, 'm', exclude_seen => false)$$);
SELECT outcome($$SELECT * FROM wals_recommend(7, 3, 'm', exclude_seen => false, fold_in => 'always')$$);
SELECT outcome($$SELECT * FROM wals_recommend(100, 3, 'm', exclude_seen => false, fold_in => 'never')$$);
SELECT outcome($$SELECT * FROM wals_explain(7, 3, model => 'm')$$);
SELECT outcome($$SELECT wals_score(100, 3, 'm', fold_in => 'auto')$$);
SELECT outcome($$SELECT wals_user_factors(100, 'm')$$);
SELECT outcome($$SELECT wals_fold_in(ARRAY[3, 4], model => 'm')$$);
RESET ROLE;
-- the columns that are used are enough, and needed
GRANT SELECT (user_id, item_id) ON rated TO regress_wals_fold;
SET ROLE regress_wals_fold;
SELECT outcome($$SELECT * FROM wals_recommend(100, 3, 'm')$$);
SELECT outcome($$SELECT * FROM wals_recommend(7, 3, 'checked')$$);
SELECT outcome($$SELECT * FROM wals_recommend(7, 3, 'checked', fold_in => 'always')$$);
RESET ROLE;
GRANT SELECT (stars, trust, at) ON rated TO regress_wals_fold;
SET ROLE regress_wals_fold;
SELECT outcome($$SELECT * FROM wals_recommend(7, 3, 'checked', fold_in => 'always')$$);
RESET ROLE;
-- rows a policy hides do not count
ALTER TABLE rated ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON rated USING (item_id < 4);
SET ROLE regress_wals_fold;
SELECT wals_user_factors(100, 'm') = wals_fold_in(ARRAY(SELECT item_id FROM rated WHERE user_id = 100), model => 'm') AS visible_only,
	(SELECT count(*) FROM rated WHERE user_id = 100) AS visible;
RESET ROLE;
DROP POLICY few ON rated;
SET ROLE regress_wals_fold;
SELECT DISTINCT basis FROM wals_recommend(100, 3, 'm');
RESET ROLE;
ALTER TABLE rated DISABLE ROW LEVEL SECURITY;
-- nor items that a policy of the model hides
ALTER TABLE m_items ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON m_items USING (id < 20);
SET ROLE regress_wals_fold;
SELECT count(*) = 0 AS none FROM wals_recommend(100, NULL, 'm', exclude_seen => false) WHERE item_id >= 20;
SELECT count(*) > 0 AS some, max(item_id) < 20 AS few FROM wals_recommend(100, NULL, 'm', exclude_seen => false);
RESET ROLE;
SELECT max(item_id) >= 20 AS all_of_them FROM wals_recommend(100, NULL, 'm', exclude_seen => false);
ALTER TABLE m_items DISABLE ROW LEVEL SECURITY;
DROP OWNED BY regress_wals_fold;
DROP ROLE regress_wals_fold;

-- ---------------------------------------------------------------------------
-- Hostile model tables
-- ---------------------------------------------------------------------------

SELECT agrees($$row_weights => 'user_trust', col_weights => 'item_trust', value_col => 'stars', time_col => 'at', half_life => '1 year'$$);
CREATE FUNCTION after(damage text, query text DEFAULT 'SELECT * FROM wals_recommend(7, 3, ''form'', fold_in => ''always'')') RETURNS text
LANGUAGE plpgsql AS
$$
BEGIN
	EXECUTE damage;
	UPDATE form SET version_id = gen_random_uuid();
	RETURN outcome(query);
END;
$$;
CREATE FUNCTION undone(damage text, query text DEFAULT 'SELECT * FROM wals_recommend(7, 3, ''form'', fold_in => ''always'')') RETURNS text
LANGUAGE plpgsql AS
$$
DECLARE
	result text;
BEGIN
	result := after(damage, query);
	RAISE EXCEPTION USING ERRCODE = '00001', MESSAGE = result;
EXCEPTION WHEN SQLSTATE '00001' THEN
	RETURN SQLERRM;
END;
$$;
SELECT undone('SELECT');
SELECT key, undone(format('UPDATE form SET options = options - %L', key))
FROM unnest(ARRAY['feedback', 'weighting', 'duplicates', 'unobserved_weighting', 'regularization', 'reg_exponent', 'unobserved_weight',
	'popularity_exponent', 'alpha', 'epsilon', 'row_weight_exponent', 'col_weight_exponent', 'weight_normalize', 'count_weight',
	'half_life_seconds', 'half_life_units', 'newest_time', 'row_weights', 'col_weights', 'seed']) AS key;
SELECT key, value, undone(format('UPDATE form SET options = jsonb_set(options, %L, %L)', ARRAY[key], value))
FROM (VALUES ('feedback', '"?"'), ('feedback', '1'), ('weighting', '"linear"'), ('weighting', '"linea"'),
	('weighting', '"none"'), ('duplicates', '"last"'), ('duplicates', 'null'), ('duplicates', '"error"'),
	('regularization', '-1'), ('regularization', '1e400'), ('regularization', '1e300'), ('regularization', '"0.1"'), ('regularization', '0'),
	('reg_exponent', '2'), ('unobserved_weight', '-1'), ('unobserved_weight', '1e300'), ('unobserved_weight', '0'), ('alpha', '0'), ('alpha', '2'),
	('row_weight_exponent', '11'), ('row_weight_exponent', '10'), ('col_weight_exponent', '-10'), ('weight_normalize', '0'), ('weight_normalize', 'false'),
	('count_weight', '0'), ('count_weight', '-1'), ('count_weight', '1e308'), ('count_weight', '1e-300'), ('half_life_seconds', '-1'),
	('half_life_seconds', '1'), ('half_life_units', '0'), ('half_life_units', '1e-300'), ('newest_time', '1e30'), ('newest_time', '-9223300000000000000'),
	('newest_time', '9223300000000000000'), ('newest_time', '"now"'), ('row_weights', 'true'), ('col_weights', '{}')) AS v(key, value);
SELECT undone('UPDATE form SET options = NULL');
SELECT undone('UPDATE form SET options = ''[]''');
SELECT undone('UPDATE form SET options = ''"x"''');
SELECT undone('UPDATE form SET options = ''{}''');
SELECT undone('UPDATE form SET global_mean = ''Infinity''');
SELECT undone('UPDATE form SET biases = true');
SELECT undone('UPDATE form SET value_col = NULL');
SELECT undone('UPDATE form SET value_col = ''nothing''');
SELECT undone('UPDATE form SET value_col = ''at''');
SELECT undone('UPDATE form SET value_col = ''user_id''');
SELECT undone('UPDATE form SET weight_col = ''stars''');
SELECT undone('UPDATE form SET time_col = NULL');
SELECT undone('UPDATE form SET time_col = ''item_id''');
SELECT undone('UPDATE form SET source = ''user_trust'', item_col = ''user_id''');
SELECT undone('UPDATE form_items SET weight = ''NaN'' WHERE id = 3');
SELECT undone('UPDATE form_items SET weight = -1 WHERE id = 3');
SELECT undone('UPDATE form_items SET weight = 3e38');
SELECT undone('UPDATE form_items SET weight = NULL, n = NULL');
SELECT undone('UPDATE form_items SET n = -1');
SELECT undone('UPDATE form_users SET weight = ''Infinity''');
SELECT undone('UPDATE form_users SET weight = NULL');
SELECT undone('DELETE FROM form_users');
SELECT undone('DELETE FROM form_items');
SELECT undone('UPDATE form_items SET factors = ''{3e38,0,0,0,0,0}'' WHERE id = 3');
SELECT undone('UPDATE form_items SET factors = ''{0,0,0,0,0,0}''');
SELECT undone('UPDATE form_items SET factors = ''{1,1,1,1,1,1}''');
SELECT undone('SELECT', 'SELECT * FROM wals_recommend(7, 3, ''form'')');

DROP SCHEMA fold_in CASCADE;
