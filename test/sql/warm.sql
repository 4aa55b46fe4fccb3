-- A version that is about to answer has its files before it does, whoever makes it
-- active; it keeps them when it is made active again; wals_warm makes them anew.
\set SHOW_CONTEXT never
SET client_min_messages = error;
SET wals.cache_share = 'always';
CREATE SCHEMA warm;
SET search_path = warm, public;
CREATE TABLE seen AS
SELECT u AS user_id, i AS item_id FROM generate_series(1, 30) AS u, generate_series(1, 40) AS i
WHERE (u * 7 + i * i) % 5 < 2;

-- how a session that has never answered comes by the items, or users, of the active version
CREATE FUNCTION fetched(OUT items text, OUT users text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM * FROM wals_recommend(1, 3, 'm');
	PERFORM * FROM wals_recommend_users(1, 3, 'm');
	SELECT max(CASE WHEN opens > 0 THEN 'file' ELSE 'table' END) FILTER (WHERE side = 'items'),
		max(CASE WHEN opens > 0 THEN 'file' ELSE 'table' END) FILTER (WHERE side = 'users')
	FROM wals_cache_info() INTO items, users;
END $$;
\set again '\\c \\\\ SET search_path = warm, public; SET client_min_messages = error; SET wals.cache_share = always;'

SELECT wals_train('m', 'seen', factors => 4);
SELECT version_id AS first FROM m \gset
-- of users only where somebody has asked
:again
SELECT * FROM fetched();
CALL wals_retrain('m');
:again
SELECT * FROM fetched();
SELECT * FROM fetched();

-- back and forth: the identities are the same, and so are the files
SELECT wals_activate('m', 1);
SELECT version_id = :'first' AS same FROM m WHERE active;
:again
SELECT * FROM fetched();
SELECT wals_activate('m', 2);
:again
SELECT * FROM fetched();

-- refreshed, and imported
SELECT wals_queue_enable('m');
INSERT INTO seen VALUES (1, 41), (2, 41), (31, 3);
SELECT users_added, items_added FROM wals_refresh('m');
:again
SELECT * FROM fetched();
CREATE VIEW users AS SELECT id, factors FROM m_users WHERE version = 1;
CREATE VIEW items AS SELECT id, factors FROM m_items WHERE version = 1;
SELECT wals_import('m', 'users', 'items', 'seen', keep_versions => 5);
:again
SELECT * FROM fetched();

-- a training that is rolled back leaves all as it was
BEGIN;
SELECT wals_train('m', 'seen', factors => 4);
ROLLBACK;
:again
SELECT * FROM fetched();

-- what was changed by hand in this transaction is in no file of others
SELECT count(*) > 0 AS known FROM wals_recommend(1, 3, 'm', exclude_seen => false);
BEGIN;
DELETE FROM m_items WHERE id > 5;
SELECT wals_warm('m') > 0 AS made;
SELECT count(*) AS items FROM wals_popular(NULL, 'm');
ROLLBACK;
:again
SELECT count(*) AS items FROM wals_popular(NULL, 'm');

-- wals_warm: of the active version, of another one; nothing where files are not used
SELECT wals_warm('m') > 1000 AS bytes, wals_warm('m', 1) > 1000 AS of_another, wals_warm('m') = wals_warm('m') AS same;
SET wals.cache_share = 'never';
SELECT wals_warm('m');
SELECT wals_warm('m', 99);

-- a version without usable rows does not answer
SET wals.cache_share = 'always';
UPDATE m_items SET factors = '{1,2,3,NaN}' WHERE version = 1 AND id = 3;
SELECT wals_activate('m', 1);
SELECT version FROM m WHERE active;
DROP SCHEMA warm CASCADE;
