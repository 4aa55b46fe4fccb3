-- wals_recommend_all: the rows wals_recommend gives for each user, whatever the
-- size of the blocks, of the memory and of the source.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET jit = off;
CREATE SCHEMA recommend_all;
SET search_path = recommend_all, public;

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
SELECT u AS user_id, i AS item_id
FROM generate_series(1, 60) AS u, generate_series(1, 40) AS i
WHERE (u * u + i * i + u * i) % 7 < 2 AND (u % 3 = i % 3 OR (u + i) % 9 = 0);
CREATE TABLE seen_text AS SELECT 'u' || user_id AS user_id, ('i' || item_id)::varchar(20) AS item_id FROM seen;
CREATE TABLE seen_uuid AS
SELECT lpad(user_id::text, 32, '0')::uuid AS user_id, lpad(item_id::text, 32, 'a')::uuid AS item_id FROM seen;
CREATE TABLE seen_mixed AS SELECT user_id::smallint, 'sku-' || item_id AS item_id FROM seen;
SELECT wals_train('m', 'seen', factors => 8, iterations => 3);
SELECT wals_train('m_text', 'seen_text', factors => 8, iterations => 3);
SELECT wals_train('m_uuid', 'seen_uuid', factors => 8, iterations => 3);
SELECT wals_train('m_mixed', 'seen_mixed', factors => 8, iterations => 3);
SET wals.default_model = 'm';

-- ---------------------------------------------------------------------------
-- The same as user by user
-- ---------------------------------------------------------------------------

-- n, seen or not
SELECT COALESCE(a.n, r.n) AS n, COALESCE(a.exclude_seen, r.exclude_seen) AS exclude_seen, count(*) AS rows, count(*) FILTER (WHERE a.user_id IS NULL OR r.user_id IS NULL) AS differences
FROM (SELECT n, exclude_seen, a.* FROM unnest(ARRAY[1, 3, 10, 50, NULL]) AS n CROSS JOIN unnest(ARRAY[true, false]) AS exclude_seen
	CROSS JOIN LATERAL wals_recommend_all_bigint(n, exclude_seen => exclude_seen) AS a) AS a
FULL JOIN (SELECT n, exclude_seen, u AS user_id, r.* FROM unnest(ARRAY[1, 3, 10, 50, NULL]) AS n CROSS JOIN unnest(ARRAY[true, false]) AS exclude_seen
	CROSS JOIN generate_series(1, 60) AS u CROSS JOIN LATERAL wals_recommend(u, n, exclude_seen => exclude_seen) AS r) AS r
	ON (COALESCE(a.n, -1), a.exclude_seen, a.user_id, a.item_id, a.score, a.rank) = (COALESCE(r.n, -1), r.exclude_seen, r.user_id, r.item_id, r.score, r.rank)
GROUP BY 1, 2 ORDER BY 1, 2;
-- by user, then by rank, as they come
SELECT count(*), count(*) FILTER (WHERE user_id < last_user OR user_id = last_user AND rank <> last_rank + 1 OR user_id > last_user AND rank <> 1) AS out_of_order
FROM (SELECT *, lag(user_id) OVER w AS last_user, lag(rank) OVER w AS last_rank
	FROM wals_recommend_all_bigint(7) WITH ORDINALITY AS a(user_id, item_id, score, rank, place) WINDOW w AS (ORDER BY place)) AS x;
-- the other types
SELECT pg_typeof(user_id), pg_typeof(item_id), count(*) FROM wals_recommend_all() GROUP BY 1, 2;
SELECT count(*) AS differences FROM wals_recommend_all(5, 'm_text') AS a
FULL JOIN (SELECT 'u' || u AS user_id, r.* FROM generate_series(1, 60) AS u, LATERAL wals_recommend('u' || u, 5, 'm_text') AS r) AS r
	USING (user_id, item_id, score, rank) WHERE a.user_id IS NULL OR r.user_id IS NULL;
SELECT count(*) AS differences FROM wals_recommend_all_uuid(5, 'm_uuid') AS a
FULL JOIN (SELECT u.user_id, r.* FROM (SELECT DISTINCT user_id FROM seen_uuid) AS u, LATERAL wals_recommend(u.user_id, 5, 'm_uuid') AS r) AS r
	USING (user_id, item_id, score, rank) WHERE a.user_id IS NULL OR r.user_id IS NULL;
SELECT count(*) AS differences FROM wals_recommend_all(5, 'm_mixed') AS a
FULL JOIN (SELECT u::text AS user_id, r.* FROM generate_series(1, 60) AS u, LATERAL wals_recommend(u::text, 5, 'm_mixed') AS r) AS r
	USING (user_id, item_id, score, rank) WHERE a.user_id IS NULL OR r.user_id IS NULL;
SELECT count(*) AS differences FROM wals_recommend_all(5) AS t
FULL JOIN wals_recommend_all_bigint(5) AS b ON (t.user_id, t.item_id, t.score, t.rank) = (b.user_id::text, b.item_id::text, b.score, b.rank)
WHERE t.user_id IS NULL OR b.user_id IS NULL;
SELECT outcome('SELECT * FROM wals_recommend_all_bigint(5, ''m_mixed'')');
SELECT outcome('SELECT * FROM wals_recommend_all_uuid(5)');
SELECT outcome('SELECT * FROM wals_recommend_all(-1)');
SELECT count(*) FROM wals_recommend_all(0);
SELECT outcome('SELECT * FROM wals_recommend_all(5, ''seen'')');

-- ---------------------------------------------------------------------------
-- Some users, some items, a floor
-- ---------------------------------------------------------------------------

SELECT user_id, count(*) FROM wals_recommend_all_bigint(3, users => '{9,2,9,NULL,999,5}') GROUP BY 1 ORDER BY 1;
SELECT array_agg(DISTINCT user_id) FROM wals_recommend_all(3, users => '{9,10,2}');
SELECT count(*) FROM wals_recommend_all_bigint(3, users => '{}');
SELECT count(*) FROM wals_recommend_all_bigint(3, users => '{999}');
SELECT outcome('SELECT * FROM wals_recommend_all_bigint(3, users => ''{{1,2},{3,4}}'')');
SELECT outcome('SELECT * FROM wals_recommend_all(3, users => ''{x}'')');
SELECT count(*) AS differences FROM wals_recommend_all_bigint(5, users => ARRAY(SELECT generate_series(60, 1, -2)), candidates => '{1,2,3,5,8,13,21,34,999}', min_score => 0.01) AS a
FULL JOIN (SELECT u AS user_id, r.* FROM generate_series(2, 60, 2) AS u,
		LATERAL wals_recommend(u, 5, candidates => '{1,2,3,5,8,13,21,34,999}', min_score => 0.01) AS r) AS r
	USING (user_id, item_id, score, rank) WHERE a.user_id IS NULL OR r.user_id IS NULL;
SELECT count(*) AS differences FROM wals_recommend_all_uuid(5, 'm_uuid', users => ARRAY(SELECT DISTINCT user_id FROM seen_uuid WHERE user_id::text > '00000000-0000-0000-0000-000000000030')) AS a
FULL JOIN (SELECT * FROM wals_recommend_all_uuid(5, 'm_uuid') WHERE user_id::text > '00000000-0000-0000-0000-000000000030') AS r
	USING (user_id, item_id, score, rank) WHERE a.user_id IS NULL OR r.user_id IS NULL;
SELECT count(*), count(DISTINCT user_id) FROM wals_recommend_all(5, 'm_text', users => ARRAY(SELECT 'u' || g FROM generate_series(1, 100, 2) AS g));
SELECT count(*) FROM wals_recommend_all_bigint(3, candidates => '{}');
SELECT outcome('SELECT * FROM wals_recommend_all_bigint(3, min_score => ''NaN'')');
SELECT count(*) FROM wals_recommend_all_bigint(3, min_score => 'Infinity');

-- ---------------------------------------------------------------------------
-- The live source
-- ---------------------------------------------------------------------------

BEGIN;
-- everything but one, everything, strangers, nothing
INSERT INTO seen SELECT 7, i FROM generate_series(1, 39) AS i;
INSERT INTO seen SELECT 8, i FROM generate_series(1, 40) AS i;
INSERT INTO seen VALUES (999, 1), (9, 999), (NULL, 1), (9, NULL);
DELETE FROM seen WHERE user_id = 10;
SELECT user_id, array_agg(item_id) FROM wals_recommend_all_bigint(3) WHERE user_id IN (7, 8) GROUP BY 1;
SELECT count(*) AS differences FROM wals_recommend_all_bigint(40) AS a
FULL JOIN (SELECT u AS user_id, r.* FROM generate_series(1, 60) AS u, LATERAL wals_recommend(u, 40) AS r) AS r
	USING (user_id, item_id, score, rank) WHERE a.user_id IS NULL OR r.user_id IS NULL;
SELECT count(*) FROM wals_recommend_all_bigint(NULL, users => '{8}');
DELETE FROM seen;
SELECT count(*) FROM wals_recommend_all_bigint(NULL);
DROP TABLE seen;
SELECT outcome('SELECT * FROM wals_recommend_all(3)');
SELECT count(*) FROM wals_recommend_all(3, exclude_seen => false);
ROLLBACK;

-- a source that asks for recommendations itself, of a model that takes all memory
CREATE TABLE seen_wide AS SELECT u AS user_id, i AS item_id FROM generate_series(1, 1400) AS u, generate_series(1, 3) AS i;
SELECT wals_train('m_wide', 'seen_wide', factors => 200, iterations => 1);
CREATE FUNCTION busy(i bigint) RETURNS bigint LANGUAGE sql AS $$SELECT i + 0 * (SELECT count(*) FROM wals_similar_users(i, 1, 'm_wide'))$$;
CREATE VIEW seen_busy AS SELECT user_id, busy(item_id) AS item_id FROM seen WHERE user_id <= 6;
SELECT wals_train('m_busy', 'seen_busy', factors => 8, iterations => 3);
SET wals.cache_mem = '1MB';
SELECT count(*) AS differences FROM wals_recommend_all_bigint(5, 'm_busy') AS a
FULL JOIN (SELECT u AS user_id, r.* FROM generate_series(1, 6) AS u, LATERAL wals_recommend(u, 5, 'm_busy') AS r) AS r
	USING (user_id, item_id, score, rank) WHERE a.user_id IS NULL OR r.user_id IS NULL;
RESET wals.cache_mem;

-- ---------------------------------------------------------------------------
-- More than one block, more than one read
-- ---------------------------------------------------------------------------

CREATE TABLE seen_much AS
SELECT u AS user_id, i AS item_id FROM generate_series(1, 2500) AS u, generate_series(1, 200) AS i WHERE (u * 31 + i * 17 + u * i) % 11 < 3;
SELECT count(*) > 1024 * 1024 / 8 AS more_than_fits FROM seen_much;
SELECT wals_train('m_much', 'seen_much', factors => 2, iterations => 2);
CREATE TABLE much_text AS SELECT CASE user_id % 2 WHEN 0 THEN 'u' ELSE 'U' END || user_id AS user_id, item_id::text AS item_id FROM seen_much;
-- where there is one, under a collation that is not the order of the bytes
DO $$
BEGIN
	ALTER TABLE much_text ALTER user_id TYPE text COLLATE "und-x-icu";
EXCEPTION WHEN undefined_object THEN
	NULL;
END
$$;
SELECT wals_train('m_much_text', 'much_text', factors => 2, iterations => 2);
CREATE TABLE one_read AS SELECT * FROM wals_recommend_all_bigint(20, 'm_much');
CREATE TABLE one_read_text AS SELECT * FROM wals_recommend_all(20, 'm_much_text');
SELECT count(*) AS seen FROM one_read JOIN seen_much USING (user_id, item_id);
SELECT count(*), count(*) FILTER (WHERE a.user_id IS NULL OR r.user_id IS NULL) AS differences FROM one_read AS a
FULL JOIN (SELECT u AS user_id, r.* FROM generate_series(1, 2500, 250) AS u, LATERAL wals_recommend(u, 20, 'm_much') AS r) AS r
	USING (user_id, item_id, score, rank) WHERE user_id % 250 = 1;
SET wals.cache_mem = '1MB';
SELECT count(*), count(*) FILTER (WHERE a.user_id IS NULL OR r.user_id IS NULL) AS differences
FROM one_read AS a FULL JOIN wals_recommend_all_bigint(20, 'm_much') AS r USING (user_id, item_id, score, rank);
SELECT count(*), count(*) FILTER (WHERE a.user_id IS NULL OR r.user_id IS NULL) AS differences
FROM one_read_text AS a FULL JOIN wals_recommend_all(20, 'm_much_text') AS r USING (user_id, item_id, score, rank);
SELECT count(*), count(*) FILTER (WHERE a.user_id IS NULL OR r.user_id IS NULL) AS differences
FROM one_read AS a FULL JOIN wals_recommend_all_bigint(20, 'm_much', users => ARRAY(SELECT generate_series(1, 2500))) AS r USING (user_id, item_id, score, rank);
-- more rows of one user than fit
INSERT INTO seen_much SELECT 77, 1 + g % 150 FROM generate_series(1, 150000) AS g;
SELECT count(*), min(item_id) > 150 AS unseen FROM wals_recommend_all_bigint(20, 'm_much') WHERE user_id = 77;
DELETE FROM seen_much WHERE user_id = 77;
INSERT INTO seen_much SELECT 77, i FROM generate_series(1, 200) AS i WHERE (77 * 31 + i * 17 + 77 * i) % 11 < 3;
-- far more rows than there were at the training, first the same, then others
INSERT INTO seen_much SELECT s.* FROM seen_much AS s;
INSERT INTO seen_much SELECT user_id, item_id FROM seen_much WHERE user_id = 1234;
SELECT count(*), count(*) FILTER (WHERE a.user_id IS NULL OR r.user_id IS NULL) AS differences
FROM one_read AS a FULL JOIN wals_recommend_all_bigint(20, 'm_much') AS r USING (user_id, item_id, score, rank);
INSERT INTO seen_much SELECT u, i FROM generate_series(1, 2500) AS u, generate_series(2, 200, 2) AS i;
CREATE TABLE many_reads AS SELECT * FROM wals_recommend_all_bigint(20, 'm_much');
SELECT count(DISTINCT user_id) AS users, count(*) FILTER (WHERE item_id % 2 = 0) AS seen FROM many_reads;
SELECT count(*), count(*) FILTER (WHERE a.user_id IS NULL OR r.user_id IS NULL) AS differences FROM many_reads AS a
FULL JOIN (SELECT u AS user_id, r.* FROM generate_series(1, 2500, 250) AS u, LATERAL wals_recommend(u, 20, 'm_much') AS r) AS r
	USING (user_id, item_id, score, rank) WHERE user_id % 250 = 1;
RESET wals.cache_mem;
DELETE FROM seen_much WHERE item_id % 2 = 0;

-- ---------------------------------------------------------------------------
-- Where it may stand: rows come one by one
-- ---------------------------------------------------------------------------

CREATE TABLE stored (user_id bigint, item_id bigint, score real, rank integer);
INSERT INTO stored SELECT * FROM wals_recommend_all_bigint(3);
SELECT count(*) FROM stored;
SELECT count(*) AS differences FROM stored AS s
FULL JOIN (SELECT (a).* FROM (SELECT wals_recommend_all_bigint(3) AS a OFFSET 0) AS x) AS r USING (user_id, item_id, score, rank)
WHERE s.user_id IS NULL OR r.user_id IS NULL;
SELECT (a).rank, count(*) FROM (SELECT wals_recommend_all_bigint(3) AS a LIMIT 7) AS x GROUP BY 1 ORDER BY 1;
-- other statements between the rows, and more than one at a time
CREATE FUNCTION interleaved() RETURNS bigint LANGUAGE plpgsql AS
$$
DECLARE
	a refcursor;
	b refcursor;
	x record;
	y record;
	differences bigint := 0;
BEGIN
	OPEN a FOR SELECT (r).* FROM (SELECT wals_recommend_all_bigint(20, 'm_much') AS r OFFSET 0) AS q;
	OPEN b FOR SELECT * FROM wals_recommend_all_bigint(20, 'm_much');
	SET LOCAL wals.cache_mem = '1MB';
	LOOP
		FETCH a INTO x;
		FETCH b INTO y;
		EXIT WHEN x IS NULL AND y IS NULL;
		IF x IS DISTINCT FROM y THEN
			differences := differences + 1;
		END IF;
		IF x.rank = 1 AND x.user_id % 500 = 0 THEN
			PERFORM * FROM wals_recommend('u7', 3, 'm_text');
			PERFORM * FROM wals_similar_users(7, 3, 'm_wide');
		END IF;
	END LOOP;
	RETURN differences;
END;
$$;
SELECT interleaved();
-- rows that were changed by hand, unnoticed until they are read again
SELECT count(*) FROM wals_recommend_all_bigint(1, 'm_much');
ALTER TABLE m_much_items DISABLE TRIGGER wals_guard;
DELETE FROM m_much_items WHERE id = 5;
BEGIN;
DECLARE c CURSOR FOR SELECT (r).rank FROM (SELECT wals_recommend_all_bigint(20, 'm_much') AS r OFFSET 0) AS q;
FETCH 1 FROM c;
CLUSTER m_much_items USING m_much_items_pkey;
MOVE 100000 IN c;
ROLLBACK;

-- ---------------------------------------------------------------------------
-- The planner
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
SELECT estimate('SELECT * FROM wals_recommend_all(5)') AS unknown,
	estimate('SELECT * FROM wals_recommend_all(5, users => ''{1,2,3}'')') AS users,
	estimate('SELECT * FROM wals_recommend_all(5, users => ''{}'')') AS nobody,
	estimate('SELECT * FROM wals_recommend_all((SELECT 5), users => ''{1,2,3}'')') AS n_unknown,
	estimate('SELECT * FROM wals_recommend_all(5, ''seen'')') AS no_model;
ANALYZE m, m_users;
SELECT estimate('SELECT * FROM wals_recommend_all(5, ''m'')') AS analyzed, estimate('SELECT * FROM wals_recommend_all_bigint(NULL, ''m'')') AS everything;

-- ---------------------------------------------------------------------------
-- Rights
-- ---------------------------------------------------------------------------

CREATE ROLE regress_wals_batch;
GRANT USAGE ON SCHEMA recommend_all TO regress_wals_batch;
GRANT SELECT ON m, m_items TO regress_wals_batch;
SET ROLE regress_wals_batch;
SELECT outcome('SELECT * FROM wals_recommend_all(3)');
RESET ROLE;
GRANT SELECT ON m_users TO regress_wals_batch;
SET ROLE regress_wals_batch;
SELECT outcome('SELECT * FROM wals_recommend_all(3)');
SELECT count(*) FROM wals_recommend_all(3, exclude_seen => false);
RESET ROLE;
GRANT SELECT (user_id, item_id) ON seen TO regress_wals_batch;
ALTER TABLE seen ENABLE ROW LEVEL SECURITY;
CREATE POLICY even ON seen USING (user_id % 2 = 0);
ALTER TABLE m_users ENABLE ROW LEVEL SECURITY;
CREATE POLICY low ON m_users USING (id <= 30);
SET ROLE regress_wals_batch;
SELECT count(DISTINCT a.user_id) AS users, max(a.user_id) FROM wals_recommend_all_bigint(NULL) AS a;
RESET ROLE;
SET ROLE regress_wals_batch;
CREATE TEMP TABLE answers AS SELECT * FROM wals_recommend_all_bigint(NULL);
RESET ROLE;
SELECT count(*) FILTER (WHERE a.user_id % 2 = 0) AS of_what_he_sees, count(*) FILTER (WHERE a.user_id % 2 = 1) > 0 AS of_what_he_does_not
FROM pg_temp.answers AS a JOIN seen USING (user_id, item_id);
DROP TABLE pg_temp.answers;

-- ---------------------------------------------------------------------------
-- Damaged tables
-- ---------------------------------------------------------------------------

CREATE FUNCTION after(damage text, query text) RETURNS text
LANGUAGE plpgsql AS
$$
DECLARE
	rows bigint;
BEGIN
	EXECUTE damage;
	EXECUTE format('SELECT count(*) FROM (%s) AS q', query) INTO rows;
	RAISE EXCEPTION USING ERRCODE = '00001', MESSAGE = rows || ' rows';
EXCEPTION WHEN OTHERS THEN
	RETURN CASE WHEN SQLSTATE <> '00001' THEN SQLSTATE || ': ' ELSE '' END || SQLERRM;
END;
$$;
SELECT damage, query, after('UPDATE m_text_' || damage, 'SELECT * FROM wals_' || query) AS "what comes of it"
FROM unnest(ARRAY[
	'users SET factors = ''{1,2,3}'' WHERE id = ''u7''',
	'users SET factors = ''{NaN,0,0,0,0,0,0,0}'' WHERE id = ''u7''',
	'items SET factors = ''{1,2,3,4,5,6,7,Infinity}'' WHERE id = ''i7''',
	'items SET bias = ''NaN'' WHERE id = ''i7''',
	'items SET n = NULL',
	'users SET n = -2147483648 WHERE id = ''u7''',
	'users SET n = 2147483647',
	'users SET id = repeat(id, 1000) WHERE id = ''u7''']) WITH ORDINALITY AS d(damage, nr),
	unnest(ARRAY['recommend_all(3, ''m_text'')', 'recommend_users(''i7'', 3, ''m_text'')', 'similar_items(''i7'', 3, ''m_text'')',
		'similar_users(''u7'', 3, ''m_text'')', 'recommend(''u7'', 3, ''m_text'', popularity_penalty => 0.5, diversity => 0.5)']) WITH ORDINALITY AS q(query, place)
ORDER BY nr, place;
SELECT after('DELETE FROM m_text_items', 'SELECT * FROM wals_recommend_all(3, ''m_text'')') AS no_items,
	after('DELETE FROM m_text_items', 'SELECT * FROM wals_recommend(''u7'', 3, ''m_text'', popularity_penalty => 0.5, diversity => 0.5)') AS no_items_by_rules,
	after('DELETE FROM m_text_users', 'SELECT * FROM wals_recommend_all(3, ''m_text'')') AS no_users,
	after('DELETE FROM m_text_users', 'SELECT * FROM wals_recommend_users(''i7'', 3, ''m_text'')') AS nobody_to_show_to;

-- ---------------------------------------------------------------------------
-- Many items: users are searched for together, by any number of threads
-- ---------------------------------------------------------------------------

CREATE TABLE shop AS
SELECT u AS user_id, i AS item_id
FROM generate_series(1, 300) AS u, generate_series(1, 400) AS i
WHERE (u * u + 3 * i * i + u * i) % 97 < 2 OR (u + i) % 61 = 0;
SELECT wals_train('m_shop', 'shop', factors => 6, iterations => 2);
SELECT threads, kind, count(*) AS rows, count(*) FILTER (WHERE a.user_id IS NULL OR r.user_id IS NULL) AS differences
FROM (SELECT threads, kind, set_config('wals.threads', threads::text, false) AS set
	FROM unnest(ARRAY[1, 3]) AS threads, unnest(ARRAY['all', 'seen too', 'most candidates', 'few candidates', 'good ones']) AS kind OFFSET 0) AS t
CROSS JOIN LATERAL (
	SELECT * FROM wals_recommend_all_bigint(9, 'm_shop', exclude_seen => kind <> 'seen too',
		candidates => CASE kind WHEN 'most candidates' THEN ARRAY(SELECT generate_series(50, 500)) WHEN 'few candidates' THEN ARRAY(SELECT generate_series(1, 20)) END,
		min_score => CASE WHEN kind = 'good ones' THEN 0.3 END)) AS a
FULL JOIN (
	SELECT of_kind, user_id, r.*
	FROM unnest(ARRAY['all', 'seen too', 'most candidates', 'few candidates', 'good ones']) AS of_kind, generate_series(1, 300) AS user_id,
	LATERAL wals_recommend(user_id, 9, 'm_shop', exclude_seen => of_kind <> 'seen too',
		candidates => CASE of_kind WHEN 'most candidates' THEN ARRAY(SELECT generate_series(50, 500)) WHEN 'few candidates' THEN ARRAY(SELECT generate_series(1, 20)) END,
		min_score => CASE WHEN of_kind = 'good ones' THEN 0.3 END) AS r) AS r
	ON (kind, a.user_id, a.item_id, a.score, a.rank) = (of_kind, r.user_id, r.item_id, r.score, r.rank)
GROUP BY 1, 2 ORDER BY 1, 2;
RESET wals.threads;
-- a score beyond float32, of whichever user comes first
UPDATE m_shop_items SET factors = '{3e38,0,0,0,0,0}' WHERE id = 77;
UPDATE m_shop_users SET factors = '{3e38,0,0,0,0,0}' WHERE id = 300;
SELECT wals_activate('m_shop', 1);
SELECT outcome('SELECT count(*) FROM wals_recommend_all_bigint(9, ''m_shop'')');

SET client_min_messages = warning;
DROP SCHEMA recommend_all CASCADE;
DROP ROLE regress_wals_batch;
