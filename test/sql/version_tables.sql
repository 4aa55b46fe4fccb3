--
-- The tables of versions: made with a training, read through the factor table,
-- dropped as a whole; and what becomes of factor tables that have more to them.
--
SET client_min_messages = warning;
CREATE SCHEMA version_tables;
SET search_path = version_tables, public;
CREATE ROLE regress_versions_owner;
CREATE ROLE regress_versions_app;
GRANT CREATE, USAGE ON SCHEMA version_tables TO regress_versions_owner;
GRANT USAGE ON SCHEMA version_tables TO regress_versions_app;
CREATE TABLE seen AS
SELECT u AS user_id, 1 + (u * 7 + i * i * 3 + u * i) % 40 AS item_id, now() - interval '1 day' AS at
FROM generate_series(1, 60) AS u, generate_series(1, 8) AS i;
GRANT SELECT ON seen TO regress_versions_owner, regress_versions_app;

-- The tables below a factor table, with their rows by version.
CREATE FUNCTION below(factor_table regclass) RETURNS TABLE (name text, own_key boolean, toasted boolean, guarded boolean, versions text)
LANGUAGE plpgsql AS
$$
BEGIN
	FOR name, own_key, toasted, guarded IN
		SELECT c.oid::regclass, c.relhasindex, c.reltoastrelid <> 0,
			EXISTS (SELECT FROM pg_trigger WHERE tgrelid = c.oid AND tgname = 'wals_guard' AND tgenabled = 'A')
		FROM pg_class AS c WHERE c.oid = factor_table OR c.oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = factor_table)
		ORDER BY c.oid LOOP
		EXECUTE format('SELECT string_agg(version || '': '' || n, '', '' ORDER BY version)
			FROM (SELECT version, count(*) AS n FROM ONLY %s GROUP BY version) AS v', name) INTO versions;
		RETURN NEXT;
	END LOOP;
END;
$$;

SET ROLE regress_versions_owner;
SELECT wals_train('m', 'seen', factors => 4, iterations => 2);
GRANT SELECT ON m, m_users, m_items TO regress_versions_app;
SELECT * FROM below('m_users');
SELECT * FROM below('m_items');
-- what is fixed comes first, so that nothing is lost to alignment
SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'm_users_1'::regclass AND attnum > 0;
SELECT wals_train('m', 'seen', factors => 4, iterations => 2, seed => 2);

-- rights are those on the factor table
SET ROLE regress_versions_app;
SELECT count(*) FROM wals_recommend(1, 5, 'm');
SELECT version, count(*) FROM m_users GROUP BY version ORDER BY version;
SELECT count(*) FROM m_users_2;
SET ROLE regress_versions_owner;

-- a third version: the first leaves with the commit, not before
BEGIN;
SELECT wals_train('m', 'seen', factors => 4, iterations => 2, seed => 3);
SELECT name, versions FROM below('m_items');
SELECT version, active FROM m ORDER BY version;
ROLLBACK;
SELECT name, versions FROM below('m_items');
BEGIN;
SAVEPOINT part;
SELECT wals_train('m', 'seen', factors => 4, iterations => 2, seed => 3);
ROLLBACK TO part;
COMMIT;
SELECT name, versions FROM below('m_items');
BEGIN;
SAVEPOINT part;
SELECT wals_train('m', 'seen', factors => 4, iterations => 2, seed => 3);
RELEASE part;
COMMIT;
SELECT name, versions FROM below('m_items');
SELECT version, active FROM m ORDER BY version;

-- somebody's view keeps its table, and harms nobody
CREATE VIEW looks AS SELECT id FROM m_items_2;
SELECT wals_train('m', 'seen', factors => 4, iterations => 2, seed => 4);
SELECT name, versions FROM below('m_items');
SELECT name, versions FROM below('m_users');
DROP VIEW looks;
SELECT wals_prune('m', keep => 2);
SELECT name, versions FROM below('m_items');
SELECT wals_activate('m', 3);
SELECT wals_prune('m', keep => 1);
SELECT name, versions FROM below('m_items');
SELECT version, active FROM m ORDER BY version;

-- a version that answered until now is being read: its rows are deleted, and its
-- table goes with the next
SELECT wals_train('m', 'seen', factors => 4, iterations => 2, keep_versions => 1);
SELECT name, versions FROM below('m_items');
SELECT wals_train('m', 'seen', factors => 4, iterations => 2, keep_versions => 1);
SELECT name, versions FROM below('m_items');

-- rows that are changed by hand, through either table, and put beside those of ours
SELECT version_id AS before FROM m WHERE active \gset
UPDATE m_users_6 SET factors = '{1,0,0,0}' WHERE id = 7;
SELECT version_id <> :'before' AS "new identity" FROM m WHERE active;
SELECT version_id AS before FROM m WHERE active \gset
UPDATE m_users SET factors = '{0,1,0,0}' WHERE id = 7;
SELECT version_id <> :'before' AS "new identity" FROM m WHERE active;
SELECT count(*) AS known FROM wals_recommend(777, 5, 'm', fold_in => 'never') WHERE basis = 'model';
INSERT INTO m_users (version, id, factors, bias, n, norm, weight) VALUES (6, 777, '{0,1,0,0}', 0, 1, 1, 1);
SELECT count(*) AS known FROM wals_recommend(777, 5, 'm', fold_in => 'never') WHERE basis = 'model';
SELECT abs(wals_score(777, 3, 'm') - wals_score(7, 3, 'm')) < 1e-6 AS same;
SELECT name, versions FROM below('m_users');
DELETE FROM m_users WHERE id = 777;
INSERT INTO m_users_6 (version, id, factors) VALUES (5, 1, '{1,2,3,4}');
-- nobody else may, whatever was granted
GRANT INSERT, UPDATE, DELETE ON m_users_6 TO regress_versions_app;
SET ROLE regress_versions_app;
UPDATE m_users_6 SET n = 0;
SET ROLE regress_versions_owner;

-- a refresh and a forgetting find the table
RESET ROLE;
INSERT INTO seen VALUES (61, 3, now()), (61, 5, now()), (1, 33, now());
SET ROLE regress_versions_owner;
SELECT wals_train('r', 'seen', time_col => 'at', factors => 4, iterations => 2);
RESET ROLE;
INSERT INTO seen VALUES (62, 3, now() + interval '1 minute'), (62, 5, now() + interval '1 minute');
SET ROLE regress_versions_owner;
SELECT users_updated, users_added FROM wals_refresh('r');
SELECT name, versions FROM below('r_users');
RESET ROLE;
DELETE FROM seen WHERE user_id = 62;
SET ROLE regress_versions_owner;
SELECT wals_forget(62, 'r');
SELECT name, versions FROM below('r_users');

-- where the owner has put something on the factor table, all stays there
CREATE INDEX ON r_users (id);
SELECT wals_train('r', 'seen', factors => 4, iterations => 2);
SELECT name, versions FROM below('r_users');
SELECT name, versions FROM below('r_items');
DROP INDEX r_users_id_idx;
SELECT wals_train('r', 'seen', factors => 4, iterations => 2);
SELECT name, versions FROM below('r_users');
SELECT wals_train('r', 'seen', factors => 4, iterations => 2);
SELECT name, versions FROM below('r_users');
ALTER TABLE r_users ADD CHECK (n >= 0);
RESET ROLE;
SET client_min_messages = error;
CREATE PUBLICATION regress_versions FOR TABLE r_items;
SET client_min_messages = warning;
SET ROLE regress_versions_owner;
SELECT wals_train('r', 'seen', factors => 4, iterations => 2);
SELECT name, versions FROM below('r_users');
SELECT name, versions FROM below('r_items');
RESET ROLE;
DROP PUBLICATION regress_versions;
REVOKE CREATE ON SCHEMA version_tables FROM regress_versions_owner;
SET ROLE regress_versions_owner;
SELECT wals_train('r', 'seen', factors => 4, iterations => 2);
SELECT name, versions FROM below('r_items');
SELECT count(*) FROM wals_recommend(1, 5, 'r');
RESET ROLE;
GRANT CREATE ON SCHEMA version_tables TO regress_versions_owner;
SET ROLE regress_versions_owner;

-- ids of text may be long; names are taken, or too long to append to
CREATE TABLE texts AS SELECT 'user ' || user_id AS user_id, 'item ' || item_id AS item_id FROM seen;
CREATE TABLE texts_model_users_1 (a int);
SELECT wals_train('texts_model', 'texts', factors => 4, iterations => 2);
SELECT * FROM below('texts_model_users');
SELECT wals_train('long_name_of_a_model_that_has_as_many_bytes_as_can_be_had', 'texts', factors => 4, iterations => 2);
SELECT name FROM below('long_name_of_a_model_that_has_as_many_bytes_as_can_be_had_users');
SELECT count(*) FROM wals_recommend('user 1', 5, 'long_name_of_a_model_that_has_as_many_bytes_as_can_be_had');

-- what is not a version's table is left to statements: the answers are the same
CREATE TABLE strange (CHECK (version > 0)) INHERITS (m_users);
INSERT INTO strange (version, id, factors) VALUES (6, 779, '{0,1,0,0}');
SELECT abs(wals_score(779, 3, 'm') - wals_score(7, 3, 'm')) < 1e-6 AS same;
DROP TABLE strange;
SELECT count(*) AS known FROM wals_recommend(779, 5, 'm', fold_in => 'never') WHERE basis = 'model';

-- a version that somebody has deleted by hand leaves a table, which its successor takes
SELECT wals_train('texts_model', 'texts', factors => 4, iterations => 2);
SELECT wals_activate('texts_model', 1);
DELETE FROM texts_model WHERE version = 2;
DELETE FROM texts_model_users WHERE version = 2;
DELETE FROM texts_model_items WHERE version = 2;
SELECT wals_train('texts_model', 'texts', factors => 4, iterations => 2);
SELECT name, versions FROM below('texts_model_users');
SELECT count(*) FROM wals_recommend('user 1', 5, 'texts_model');

-- another owner of the factor tables alone
RESET ROLE;
SELECT wals_train('o', 'seen', factors => 4, iterations => 2);
ALTER TABLE o OWNER TO regress_versions_owner;
ALTER TABLE o_users OWNER TO regress_versions_owner;
ALTER TABLE o_items OWNER TO regress_versions_owner;
SET ROLE regress_versions_owner;
SELECT count(*) FROM wals_recommend(1, 5, 'o');
SELECT wals_train('o', 'seen', factors => 4, iterations => 2);
SELECT wals_train('o', 'seen', factors => 4, iterations => 2);
SELECT name, versions FROM below('o_users');

-- all of it goes with the model
SELECT wals_drop('m'), wals_drop('r'), wals_drop('o'), wals_drop('texts_model'), wals_drop('long_name_of_a_model_that_has_as_many_bytes_as_can_be_had');
SELECT relname FROM pg_class WHERE relnamespace = 'version_tables'::regnamespace AND relkind = 'r' ORDER BY relname;
RESET ROLE;
DROP SCHEMA version_tables CASCADE;
DROP ROLE regress_versions_owner, regress_versions_app;
