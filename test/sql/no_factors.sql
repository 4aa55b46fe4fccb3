-- Models whose factors are missing, or some of them, say so: nothing that is found is
-- no answer.
\set VERBOSITY default
SET client_min_messages = warning;
CREATE SCHEMA no_factors;
SET search_path = no_factors, public;
CREATE TABLE seen AS
SELECT u AS user_id, i AS item_id, 1 + (u * i) % 5 AS stars, timestamptz '2025-01-01 00:00:00+00' AS at
FROM generate_series(1, 30) AS u, generate_series(1, 20) AS i
WHERE (u * u + i * i + u * i) % 7 < 2 OR (u + i) % 5 = 0;
SELECT wals_train('m', 'seen', time_col => 'at', factors => 4, iterations => 2);
SELECT wals_train('other', 'seen', factors => 4, iterations => 2);

CREATE FUNCTION outcome(query text) RETURNS text LANGUAGE plpgsql AS
$$
DECLARE
	rows bigint;
	detail text;
	hint text;
BEGIN
	EXECUTE format('SELECT count(q.*) FROM (%s) AS q', query) INTO rows;
	RETURN rows || ' rows';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' / ', SQLSTATE, SQLERRM, detail, hint);
END;
$$;
CREATE VIEW answers AS
SELECT query, outcome('SELECT ' || query) AS outcome
FROM unnest(ARRAY[
	'* FROM wals_recommend(2, 3, ''m'')',
	'* FROM wals_recommend(999, 3, ''m'')',
	'* FROM wals_recommend(2, 3, ''m'', fold_in => ''never'')',
	'* FROM wals_recommend_for(ARRAY[3, 4], model => ''m'')',
	'* FROM wals_fold_in(ARRAY[3, 4], model => ''m'')',
	'* FROM wals_similar_items(3, 3, ''m'')',
	'* FROM wals_similar_users(3, 3, ''m'')',
	'wals_score(2, 3, ''m'')',
	'* FROM wals_recommend_all(3, ''m'')',
	'* FROM wals_recommend_users(3, 3, ''m'')',
	'* FROM wals_popular(3, ''m'')',
	'* FROM wals_evaluate(''seen'', ''m'')',
	'* FROM wals_compare(''seen'', ''other'', ''m'')',
	'* FROM wals_explain(2, 3, model => ''m'')',
	'* FROM wals_map(''m'')',
	'wals_warm(''m'')',
	'wals_activate(''m'', 1)',
	'* FROM wals_refresh(''m'', ''2000-01-01'')']) WITH ORDINALITY AS q (query, place)
ORDER BY place;
SET client_min_messages = error;
-- all of them answer as long as nothing is missing
SELECT count(*) AS all, count(*) FILTER (WHERE outcome ~ '^[1-9].* rows$') AS answer FROM answers;

-- restored without the rows of either table, as the manual recommends
\x on
BEGIN;
TRUNCATE m_users, m_items;
SELECT outcome, array_agg(query ORDER BY query COLLATE "C") AS queries FROM answers GROUP BY 1 ORDER BY 1;
ROLLBACK;
-- of one of them
BEGIN;
TRUNCATE m_users;
SELECT outcome, array_agg(query ORDER BY query COLLATE "C") AS queries FROM answers GROUP BY 1 ORDER BY 1;
ROLLBACK;
-- a copy that stopped half-way
BEGIN;
CREATE TABLE items_copy AS TABLE m_items;
CREATE TABLE users_copy AS TABLE m_users;
TRUNCATE m_items, m_users;
INSERT INTO m_items SELECT * FROM items_copy WHERE id % 3 > 0;
INSERT INTO m_users SELECT * FROM users_copy WHERE id % 3 > 0;
SELECT outcome, array_agg(query ORDER BY query COLLATE "C") AS queries FROM answers GROUP BY 1 ORDER BY 1;
-- and was finished
INSERT INTO m_items SELECT * FROM items_copy WHERE id % 3 = 0;
INSERT INTO m_users SELECT * FROM users_copy WHERE id % 3 = 0;
SELECT count(*) FILTER (WHERE outcome ~ '^[1-9].* rows$') AS answer FROM answers;
ROLLBACK;
\x off
SET client_min_messages = warning;

-- what the owner deletes by hand is meant to be missing, but for all of it
BEGIN;
DELETE FROM m_items WHERE id = 3;
DELETE FROM m_users WHERE id = 3;
SELECT n_users, n_items FROM m;
ROLLBACK;
BEGIN;
ALTER TABLE m_items_1 DROP CONSTRAINT m_items_1_version_check;
UPDATE m_items SET version = 99 WHERE id = 3;
UPDATE m_users SET n = n;
SELECT n_users, n_items FROM m;
ROLLBACK;
BEGIN;
DELETE FROM m_items WHERE id = 3;
DELETE FROM m_users WHERE id = 3;
SELECT count(*) FROM wals_popular(NULL, 'm');
SELECT count(*) FROM wals_similar_users(2, NULL, 'm');
DELETE FROM m_items;
SELECT outcome('SELECT * FROM wals_popular(NULL, ''m'')');
ROLLBACK;
-- what a refresh and wals_forget add and remove is counted
INSERT INTO seen VALUES (31, 1, 5, now()), (31, 21, 4, now()), (1, 21, 3, now());
SELECT users_added, items_added FROM wals_refresh('m', '2000-01-01');
SELECT n_users = (SELECT count(*) FROM m_users) AS users, n_items = (SELECT count(*) FROM m_items) AS items FROM m;
SELECT versions FROM wals_forget(31, 'm', delete_rows => true);
SELECT n_users = (SELECT count(*) FROM m_users) AS users, n_items = (SELECT count(*) FROM m_items) AS items FROM m;
SELECT count(*) FROM wals_similar_users(2, NULL, 'm');
SELECT count(*) FROM wals_popular(NULL, 'm');

-- what the hint says helps; so does a retraining with a gate, which has nothing to compare with
TRUNCATE m_users, m_items;
CALL wals_retrain('m');
SELECT count(*) AS answers FROM wals_recommend(2, 3, 'm', exclude_seen => false);
TRUNCATE m_users, m_items;
CALL wals_retrain('m', activate => 'if_better');
SELECT version, active FROM m ORDER BY 1;

-- nobody else is told to do what he may not; what was imported has no source
CREATE ROLE regress_wals_reader;
GRANT USAGE ON SCHEMA no_factors TO regress_wals_reader;
GRANT SELECT ON m, m_users, m_items TO regress_wals_reader;
CREATE TABLE users_in AS SELECT id, factors FROM m_users WHERE version = 3;
CREATE TABLE items_in AS SELECT id, factors FROM m_items WHERE version = 3;
SELECT wals_import('brought', users => 'users_in', items => 'items_in');
TRUNCATE m_items, brought_items;
SET ROLE regress_wals_reader;
SELECT * FROM wals_popular(3, 'm');
RESET ROLE;
SELECT * FROM wals_popular(3, 'brought');

-- whom a policy shows nothing, or some, has no others
CALL wals_retrain('m');
ALTER TABLE m_items ENABLE ROW LEVEL SECURITY;
SET ROLE regress_wals_reader;
SELECT count(*) FROM wals_popular(NULL, 'm');
RESET ROLE;
CREATE POLICY few ON m_items USING (id > 15);
SET ROLE regress_wals_reader;
SELECT min(item_id), count(*) > 0 AS some FROM wals_popular(NULL, 'm');
RESET ROLE;

SET client_min_messages = error;
DROP SCHEMA no_factors CASCADE;
DROP ROLE regress_wals_reader;
