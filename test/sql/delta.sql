-- What a refresh changes is a small file beside the large one: every answer is
-- that of a version whose rows are all packed anew.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA delta;
CREATE TABLE delta.rated (user_id bigint, item_id bigint);
INSERT INTO delta.rated SELECT u, u * j * j % 6007 FROM generate_series(1, 900) AS u, generate_series(1, 12) AS j;
INSERT INTO delta.rated SELECT 1 + i % 900, i FROM generate_series(0, 5999) AS i;
INSERT INTO delta.rated SELECT u, u % 40 FROM generate_series(1, 900) AS u;
CREATE INDEX ON delta.rated (user_id);
CREATE INDEX ON delta.rated (item_id);

SET wals.cache_share = 'always';
SELECT wals_train('delta.m', 'delta.rated', factors => 16, iterations => 2, regularization => 0.05);

-- All that is answered, of all verbs
CREATE FUNCTION delta.answers() RETURNS TABLE (verb text, about text, answer text) LANGUAGE sql AS
$$
	SELECT 'recommend', u || ' ' || n || ' ' || f, array_agg(ROW(r.*) ORDER BY rank)::text
	FROM unnest(ARRAY[1, 7, 20, 33, 41, 899, 900, 901, 905]) AS u, unnest(ARRAY[5, 700]) AS n, unnest(ARRAY['never', 'always']) AS f,
		LATERAL wals_recommend(u, n, 'delta.m', fold_in => f) AS r GROUP BY u, n, f
	UNION ALL
	SELECT 'candidates', u || '', array_agg(ROW(r.*) ORDER BY rank)::text
	FROM unnest(ARRAY[1, 7, 20, 905]) AS u, LATERAL wals_recommend(u, 30, 'delta.m',
		ARRAY(SELECT generate_series(3, 9000, 7))::bigint[], ARRAY(SELECT generate_series(3, 9000, 14))::bigint[]) AS r GROUP BY u
	UNION ALL
	SELECT 'rerank', u || '', array_agg(ROW(r.*) ORDER BY rank)::text
	FROM unnest(ARRAY[1, 7, 20]) AS u, LATERAL wals_recommend(u, 10, 'delta.m', diversity => 0.3, popularity_penalty => 0.01) AS r GROUP BY u
	UNION ALL
	SELECT 'explore', u || '', array_agg(ROW(r.*) ORDER BY rank)::text
	FROM unnest(ARRAY[1, 7, 20]) AS u, LATERAL wals_recommend(u, 10, 'delta.m', explore => 0.5) AS r GROUP BY u
	UNION ALL
	SELECT 'all', user_id, array_agg(ROW(r.*) ORDER BY rank)::text
	FROM wals_recommend_all(8, 'delta.m') AS r GROUP BY user_id
	UNION ALL
	SELECT 'similar', i || ' ' || metric, array_agg(ROW(r.*) ORDER BY rank)::text
	FROM (SELECT id FROM delta.m_items WHERE id IN (1, 2, 17, 500, 5999, 7001, 7002)) AS s(i), unnest(ARRAY['cosine', 'dot', 'euclidean', 'together']) AS metric,
		LATERAL wals_similar_items(i, 9, 'delta.m', metric => metric) AS r GROUP BY i, metric
	UNION ALL
	SELECT 'users', i || '', array_agg(ROW(r.*) ORDER BY rank)::text
	FROM (SELECT id FROM delta.m_items WHERE id IN (1, 17, 500, 7001)) AS s(i), LATERAL wals_recommend_users(i, 20, 'delta.m') AS r GROUP BY i
	UNION ALL
	SELECT 'score', u || ' ' || i, wals_score(u, i, 'delta.m')::text
	FROM unnest(ARRAY[1, 7, 20, 905]) AS u, generate_series(1, 7010, 50) AS i
	UNION ALL
	SELECT 'popular', n || '', array_agg(ROW(r.*) ORDER BY rank)::text
	FROM unnest(ARRAY[20, 9000]) AS n, LATERAL wals_popular(n, 'delta.m') AS r GROUP BY n
	UNION ALL
	SELECT 'basket', '', array_agg(ROW(r.*) ORDER BY rank)::text
	FROM wals_recommend_for(ARRAY[1, 3, 500, 7001]::bigint[], model => 'delta.m') AS r
	UNION ALL
	SELECT 'explain', u || '', array_agg(ROW(r.*)::text ORDER BY r.contribution DESC, because_item_id)::text
	FROM unnest(ARRAY[1, 7, 20]) AS u, LATERAL wals_explain(u, 17, 30, 'delta.m') AS r GROUP BY u
$$;
CREATE TABLE delta.kept (verb text, about text, answer text);
-- Keep the answers of this session; then compare them with others, which have read all rows
CREATE FUNCTION delta.keep() RETURNS TABLE (answers boolean) LANGUAGE sql AS
$$
	DELETE FROM delta.kept;
	INSERT INTO delta.kept SELECT * FROM delta.answers();
	SELECT count(*) > 900 AND count(DISTINCT verb) = 11 FROM delta.kept;
$$;
CREATE VIEW delta.differences AS
	SELECT verb, count(*) FROM ((TABLE delta.kept EXCEPT SELECT * FROM delta.answers())
		UNION ALL (SELECT * FROM delta.answers() EXCEPT TABLE delta.kept)) AS d GROUP BY verb;
-- The files of a side: a pack and, of many items, its Gram matrix; or a delta, what it is to, and that
CREATE FUNCTION delta.files(side regclass) RETURNS bigint LANGUAGE sql AS
$$
	SELECT count(*)
	FROM pg_ls_tmpdir(), (SELECT CASE WHEN side = 'delta.m_items'::regclass THEN COALESCE(items_id, version_id) ELSE version_id END
		FROM delta.m WHERE active) AS v(id)
	WHERE name LIKE 'pgsql\_tmp\_wals\_%\_' || side::oid || '\_' || translate(v.id::text, '-', '') || '\_%'
$$;
SELECT wals_queue_enable('delta.m');
SELECT count(*) FROM wals_recommend_users(1, 5, 'delta.m');
SELECT delta.files('delta.m_items') AS items, delta.files('delta.m_users') AS users;

-- one user, who is not new
INSERT INTO delta.rated VALUES (7, 500), (7, 501);
SELECT * FROM wals_refresh('delta.m');
SELECT delta.files('delta.m_items') AS items, delta.files('delta.m_users') AS users;
SELECT * FROM delta.keep();
\c -
SET client_min_messages = warning;
SET wals.cache_share = 'never';
SELECT * FROM delta.differences;
SET wals.cache_share = 'always';

-- new items and a new user
INSERT INTO delta.rated VALUES (7, 7001), (20, 7001), (33, 7001), (905, 7001), (905, 3), (905, 17), (20, 7002);
SELECT * FROM wals_refresh('delta.m');
SELECT delta.files('delta.m_items') AS items, delta.files('delta.m_users') AS users;
SELECT * FROM delta.keep();
\c -
SET client_min_messages = warning;
SET wals.cache_share = 'never';
SELECT * FROM delta.differences;
SET wals.cache_share = 'always';

-- items that have changed, one that is gone, and a user who is
DELETE FROM delta.rated WHERE item_id = 7002 OR user_id = 41;
INSERT INTO delta.rated VALUES (1, 17), (33, 17), (33, 5999);
SELECT users_updated > 0 AS updated, users_added, users_removed, items_updated, items_added, items_removed
FROM wals_refresh('delta.m', items => 'touched');
SELECT delta.files('delta.m_items') AS items, delta.files('delta.m_users') AS users;
SELECT * FROM delta.keep();
\c -
SET client_min_messages = warning;
SET wals.cache_share = 'never';
SELECT * FROM delta.differences;
SET wals.cache_share = 'always';

-- what is back is the same again
INSERT INTO delta.rated VALUES (20, 7002), (7, 7002);
SELECT * FROM wals_refresh('delta.m');
SELECT * FROM delta.keep();
\c -
SET client_min_messages = warning;
SET wals.cache_share = 'never';
SELECT * FROM delta.differences;
SET wals.cache_share = 'always';

-- in a transaction: its own answers, and those from before when it is rolled back
\c -
SET client_min_messages = warning;
SET wals.cache_share = 'always';
BEGIN;
INSERT INTO delta.rated VALUES (1, 7003), (20, 7004), (899, 7003);
SELECT * FROM wals_refresh('delta.m');
INSERT INTO delta.rated VALUES (2, 7005);
SELECT * FROM wals_refresh('delta.m');
SELECT count(*) > 0 AS changed FROM delta.differences;
ROLLBACK;
SELECT * FROM delta.differences;

-- a user who is forgotten is in no file
SELECT versions > 0 AS forgotten FROM wals_forget(20, 'delta.m', delete_rows => true);
SELECT * FROM delta.keep();
SELECT delta.files('delta.m_items') AS items, delta.files('delta.m_users') AS users;
\c -
SET client_min_messages = warning;
SET wals.cache_share = 'never';
SELECT * FROM delta.differences;
SET wals.cache_share = 'always';

-- so many changes that all is packed anew
INSERT INTO delta.rated SELECT u, 8000 + u FROM generate_series(1, 500) AS u;
SELECT * FROM wals_refresh('delta.m');
SELECT delta.files('delta.m_items') AS items, delta.files('delta.m_users') AS users;
SELECT * FROM delta.keep();
\c -
SET client_min_messages = warning;
SET wals.cache_share = 'never';
SELECT * FROM delta.differences;

-- a trigger of the owner that changes other rows than those that are written
SET wals.cache_share = 'always';
SELECT wals_train('delta.m', 'delta.rated', factors => 16, iterations => 2, regularization => 0.05);
CREATE FUNCTION delta.meddle() RETURNS trigger LANGUAGE plpgsql AS
$$
BEGIN
	IF pg_trigger_depth() = 1 THEN
		UPDATE delta.m_items SET likes = 4321 WHERE id = 4;
	END IF;
	RETURN NULL;
END
$$;
CREATE TRIGGER meddle AFTER INSERT ON delta.m_items_2 FOR EACH STATEMENT EXECUTE FUNCTION delta.meddle();
INSERT INTO delta.rated VALUES (7, 7006);
SELECT * FROM wals_refresh('delta.m');
SELECT item_id, likes FROM wals_popular(1, 'delta.m');
SELECT * FROM delta.keep();
\c -
SET client_min_messages = warning;
SET wals.cache_share = 'never';
SELECT * FROM delta.differences;

-- the model does not depend on the way: refreshed from files, and from tables
SET wals.cache_share = 'always';
CREATE TABLE delta.rated_again AS TABLE delta.rated;
CREATE INDEX ON delta.rated_again (user_id);
CREATE INDEX ON delta.rated_again (item_id);
SELECT wals_train('delta.first', 'delta.rated_again', factors => 16, iterations => 2, regularization => 0.05);
SELECT wals_train('delta.second', 'delta.rated_again', factors => 16, iterations => 2, regularization => 0.05);
SELECT wals_queue_enable('delta.first'), wals_queue_enable('delta.second');
INSERT INTO delta.rated_again VALUES (7, 9001), (33, 9001), (905, 9002);
SELECT * FROM wals_refresh('delta.first');
SET wals.cache_share = 'never';
SELECT * FROM wals_refresh('delta.second');
INSERT INTO delta.rated_again VALUES (7, 9002), (8, 9003);
SELECT * FROM wals_refresh('delta.second');
SET wals.cache_share = 'always';
SELECT * FROM wals_refresh('delta.first');
SELECT count(*) FROM ((TABLE delta.first_items EXCEPT TABLE delta.second_items) UNION ALL (TABLE delta.second_items EXCEPT TABLE delta.first_items)) AS d;
SELECT count(*) FROM ((TABLE delta.first_users EXCEPT TABLE delta.second_users) UNION ALL (TABLE delta.second_users EXCEPT TABLE delta.first_users)) AS d;

SELECT wals_drop('delta.m'), wals_drop('delta.first'), wals_drop('delta.second');
DROP SCHEMA delta CASCADE;
