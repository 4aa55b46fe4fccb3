-- What is a model's own, and who may write to it: a queue and factor tables are
-- known by more than their names, and a GRANT ALL does not make its holder act
-- as the owner.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE ROLE regress_wals_owner;
CREATE ROLE regress_wals_app;
CREATE ROLE regress_wals_member IN ROLE regress_wals_owner;
CREATE SCHEMA trust;
CREATE SCHEMA trust_too AUTHORIZATION regress_wals_owner;
GRANT ALL ON SCHEMA trust TO regress_wals_owner, regress_wals_app, regress_wals_member;
SET search_path = trust, public;
SET ROLE regress_wals_owner;

-- What an error says, without tokens and OIDs.
CREATE FUNCTION outcome(query text) RETURNS text LANGUAGE plpgsql AS
$$
DECLARE
	detail text;
	hint text;
BEGIN
	EXECUTE query;
	RETURN 'fine';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN SQLSTATE || ': ' || SQLERRM || COALESCE(E'\n  detail: ' || NULLIF(detail, ''), '')
		|| COALESCE(E'\n  hint: ' || NULLIF(hint, ''), '');
END;
$$;
CREATE FUNCTION guarded(model text) RETURNS text LANGUAGE sql AS
$$
SELECT string_agg(c.relname || ' ' || t.tgenabled::text, ', ' ORDER BY c.relname)
	|| CASE WHEN count(DISTINCT split_part(encode(t.tgargs, 'escape'), '\000', 1)) = 1 THEN ': one token' ELSE ': several' END
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE t.tgname = 'wals_guard' AND c.relname ~ ('^' || model || '(_users|_items|_queue|_moved)?$')
$$;
CREATE TABLE r AS
SELECT u AS user_id, i AS item_id FROM generate_series(1, 60) u, generate_series(1, 20) i WHERE (u * u + i) % 3 = 0;
CREATE FUNCTION train(model text, more text DEFAULT '') RETURNS integer LANGUAGE plpgsql AS
$$
DECLARE
	version integer;
BEGIN
	EXECUTE format('SELECT wals_train(%L, ''r'', factors => 4, iterations => 2%s)', model, more) INTO version;
	RETURN version;
END;
$$;

-- ---------------------------------------------------------------------------
-- A table that has the name of a queue
-- ---------------------------------------------------------------------------

SELECT train('movies');
CREATE TABLE movies_queue (user_id bigint, item_id bigint, added timestamptz DEFAULT now());
INSERT INTO movies_queue VALUES (1, 2), (3, 4);
SELECT outcome($$SELECT wals_queue_enable('movies')$$);
SET client_min_messages = notice;
SELECT wals_refresh('movies');
SELECT users_added FROM wals_refresh('movies', since => '2020-01-01');
SELECT versions, rows_deleted FROM wals_forget(999, 'movies');
SELECT wals_queue_disable('movies');
SELECT wals_drop('movies');
SET client_min_messages = warning;
SELECT count(*) FROM movies_queue;
DROP TABLE movies_queue;
-- also of one with our very columns, in the place of ours
SELECT train('movies');
SELECT wals_queue_enable('movies');
SELECT guarded('movies');
DROP TABLE movies_queue;
CREATE TABLE movies_queue (user_id bigint, item_id bigint);
INSERT INTO movies_queue VALUES (1, 2), (3, 4);
INSERT INTO r VALUES (70, 3);
SELECT outcome($$SELECT wals_refresh('movies')$$);
-- what is left of ours goes
SELECT wals_queue_disable('movies');
SELECT count(*) AS triggers FROM pg_trigger WHERE tgrelid = 'r'::regclass;
SELECT wals_queue_disable('movies');
TABLE movies_queue;
DROP TABLE movies_queue;
-- the queue is found under any name, and goes with its model
SELECT wals_queue_enable('movies');
ALTER TABLE movies_queue RENAME TO movies_moved;
ALTER TABLE movies RENAME TO films;
INSERT INTO r VALUES (71, 3), (71, 6);
SELECT count(*) FROM movies_moved;
SELECT users_added FROM wals_refresh('films');
SELECT outcome($$SELECT wals_queue_enable('films')$$);
SELECT wals_drop('films');
SELECT to_regclass('movies_moved'), (SELECT count(*) FROM pg_trigger WHERE tgrelid = 'r'::regclass) AS triggers;
-- two models of one name have a queue each

SELECT train('same');
SELECT train('trust_too.same');
SELECT wals_queue_enable('same');
SELECT wals_queue_disable('trust_too.same');
SELECT wals_queue_enable('trust_too.same');
INSERT INTO r VALUES (72, 3);
SELECT * FROM same_queue;
SELECT * FROM trust_too.same_queue;
SELECT users_added FROM wals_refresh('trust_too.same');
SELECT wals_drop('trust_too.same');
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'r'::regclass;
SELECT wals_drop('same');

-- a queue of 0.1.0 has no guard, but our comment
SELECT train('early');
SELECT wals_queue_enable('early');
DROP TRIGGER wals_guard ON early_queue;
INSERT INTO r VALUES (73, 3);
SELECT users_added FROM wals_refresh('early');
SELECT wals_queue_disable('early');

-- ---------------------------------------------------------------------------
-- Factor tables of somebody else
-- ---------------------------------------------------------------------------

-- a copy of a model names the tables of the other
CREATE TABLE copied OF wals_model;
INSERT INTO copied TABLE early;
SELECT outcome($$SELECT train('copied')$$);
SELECT outcome($$SELECT wals_refresh('copied', since => '2020-01-01')$$);
SELECT outcome($$SELECT wals_forget(999, 'copied')$$);
INSERT INTO copied SELECT (e).* FROM (SELECT jsonb_populate_record(early, '{"version": 0, "active": false}') AS e FROM early) AS x;
SELECT wals_prune('copied', 1);
SELECT count(*) > 0 AS kept FROM early_users;
SET client_min_messages = notice;
SELECT wals_drop('copied');
SET client_min_messages = warning;
SELECT count(*) FROM wals_recommend(1, 3, 'early');
-- without guards, too; and the model itself is not kept from its own
CREATE TABLE copied OF wals_model;
INSERT INTO copied TABLE early;
DROP TRIGGER wals_guard ON early_users;
SELECT outcome($$SELECT wals_drop('copied')$$);
SELECT train('early');
SELECT guarded('early');
SELECT wals_drop('early');
SELECT to_regclass('early_users'), to_regclass('early_items');

-- what no row names any more goes, too, and what is no queue is not taken for one
SELECT train('bare');
ALTER TABLE bare_items NOT OF;
SELECT wals_queue_disable('bare');
ALTER TABLE bare_items OF wals_factors_bigint;
DELETE FROM bare;
SELECT wals_drop('bare');
SELECT to_regclass('bare_users'), to_regclass('bare_items');

-- a table with the name of one that is missing
SELECT train('a');
ALTER TABLE a RENAME TO b;
CREATE TABLE a OF wals_model;
SELECT outcome($$SELECT train('a')$$);
SELECT wals_drop('a');
SELECT count(*) FROM wals_recommend(1, 3, 'b');

-- ---------------------------------------------------------------------------
-- Who may write
-- ---------------------------------------------------------------------------

CREATE TABLE payroll (name text, secret text, user_id int);
INSERT INTO payroll SELECT 'n' || i, 's' || i % 7, 1 + i % 9 FROM generate_series(1, 40) AS i;
CREATE TABLE traces (who name);
GRANT INSERT ON traces TO PUBLIC;
GRANT SELECT ON r TO PUBLIC;
SELECT train('m');
GRANT ALL ON m, m_users, m_items TO regress_wals_app;
SET ROLE regress_wals_app;
CREATE FUNCTION spring() RETURNS boolean LANGUAGE plpgsql AS
	$$BEGIN INSERT INTO trust.traces VALUES (current_user); RETURN true; END$$;
CREATE FUNCTION spring_trigger() RETURNS trigger LANGUAGE plpgsql AS
	$$BEGIN PERFORM trust.spring(); RETURN NEW; END$$;
CREATE VIEW v_evil AS SELECT * FROM r WHERE spring();
GRANT SELECT ON v_evil TO PUBLIC;
SELECT query, split_part(outcome(query), E'\n', 1) AS outcome FROM unnest(ARRAY[
	$$UPDATE m SET source = 'v_evil'$$,
	$$UPDATE m SET source = 'payroll', item_col = 'secret'$$,
	$$INSERT INTO m SELECT * FROM m$$,
	$$INSERT INTO m SELECT * FROM m WHERE false ON CONFLICT (version) DO UPDATE SET source = 'v_evil'$$,
	$$MERGE INTO m USING (VALUES (1)) AS v (x) ON m.version = v.x WHEN MATCHED THEN UPDATE SET source = 'v_evil'$$,
	$$DELETE FROM m$$, $$TRUNCATE m$$,
	$$DELETE FROM m_users$$, $$UPDATE m_items SET factors = '{0,0,0,0}'$$, $$TRUNCATE m_users$$,
	$$INSERT INTO m_users VALUES (1, 999, '{1,2,3,4}')$$,
	$$DROP TRIGGER wals_guard ON m$$, $$ALTER TABLE m DISABLE TRIGGER wals_guard$$]) AS query;
SELECT outcome($$UPDATE m SET source = 'v_evil'$$);
SELECT count(*) FROM wals_recommend(1, 3, 'm');
RESET ROLE;
-- a view of the owner's lends no rights, nor does a function of a stranger's
SET ROLE regress_wals_owner;
CREATE VIEW m_rows AS SELECT version, source FROM m;
GRANT UPDATE ON m_rows TO regress_wals_app;
SET ROLE regress_wals_app;
SELECT split_part(outcome($$UPDATE m_rows SET source = 'v_evil'$$), E'\n', 1);
-- who belongs to the owner, and superusers, may; and where the owner's own
-- functions are called
SET ROLE regress_wals_member;
SELECT outcome($$UPDATE m SET metrics = '{}'$$);
RESET ROLE;
SELECT outcome($$UPDATE m SET metrics = '{}'$$);
SET ROLE regress_wals_owner;
SELECT outcome($$UPDATE m SET metrics = NULL$$);
CREATE TABLE people (id bigint PRIMARY KEY);
INSERT INTO people SELECT DISTINCT user_id FROM r;
GRANT DELETE, SELECT ON people TO regress_wals_app;
ALTER TABLE m_users_1 ADD FOREIGN KEY (id) REFERENCES people ON DELETE CASCADE;
SELECT version_id AS before FROM m \gset
SET ROLE regress_wals_app;
DELETE FROM people WHERE id = 60;
SET ROLE regress_wals_owner;
SELECT count(*) AS users_60, (SELECT version_id <> :'before' AS new_identity FROM m) FROM m_users WHERE id = 60;
ALTER TABLE m_users_1 DROP CONSTRAINT m_users_1_id_fkey;
CALL wals_retrain('m');

-- The guard can be replaced by who holds TRIGGER, but not passed off.
SET ROLE regress_wals_app;
CREATE OR REPLACE TRIGGER wals_guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON m
	FOR EACH STATEMENT WHEN (false) EXECUTE FUNCTION _wals_guard('x', '1');
UPDATE m SET source = 'v_evil';
CREATE OR REPLACE TRIGGER wals_guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON m
	FOR EACH STATEMENT EXECUTE FUNCTION _wals_guard('x', '1');
SET ROLE regress_wals_owner;
SELECT outcome($$CALL wals_retrain('m')$$);
SELECT split_part(outcome($$SELECT wals_refresh('m', since => '2020-01-01')$$), E'\n', 1);
SELECT split_part(outcome($$SELECT wals_forget(1, 'm', delete_rows => true)$$), E'\n', 1);
SELECT split_part(outcome($$SELECT wals_queue_enable('m')$$), E'\n', 1);
SELECT outcome($$SELECT wals_activate('m', 1)$$);
SELECT split_part(outcome($$CALL wals_retrain('m')$$), E'\n', 1);
TABLE traces;
-- named again, it is followed from then on, but not what was there before
SELECT train('m', ', keep_versions => 5');
SELECT guarded('m');
SELECT outcome($$CALL wals_retrain('m')$$);
SELECT wals_activate('m', 1);
SELECT outcome($$CALL wals_retrain('m')$$);
SELECT wals_activate('m', 4);
TABLE traces;
DROP VIEW m_rows;
SELECT wals_drop('m');

-- A model of 0.1.0 has no guards.  Where only its owner could write, they come with
-- the next write; where others could, what its rows name is named again first,
-- or the privileges go.
CREATE FUNCTION unguard() RETURNS void LANGUAGE sql AS
	$$DROP TRIGGER wals_guard ON m; DROP TRIGGER wals_guard ON m_users; DROP TRIGGER wals_guard ON m_items$$;
SELECT train('m');
SELECT unguard();
GRANT SELECT, DELETE ON m TO regress_wals_app;
GRANT SELECT ON m_users, m_items TO regress_wals_app;
SELECT wals_activate('m', 1);
SELECT guarded('m');
SELECT unguard();
CALL wals_retrain('m');
SELECT guarded('m');
SELECT unguard();
GRANT UPDATE (source) ON m TO PUBLIC;
SET ROLE regress_wals_app;
UPDATE m SET source = 'v_evil';
SET ROLE regress_wals_owner;
SELECT outcome($$CALL wals_retrain('m')$$);
SELECT guarded('m');
SELECT wals_prune('m', 1);
SELECT split_part(outcome($$CALL wals_retrain('m')$$), E'\n', 1);
REVOKE UPDATE (source) ON m FROM PUBLIC;
UPDATE m SET source = 'r';
SELECT outcome($$CALL wals_retrain('m')$$);
SELECT guarded('m');
-- one that is disabled is none
GRANT ALL ON m TO regress_wals_app;
ALTER TABLE m DISABLE TRIGGER wals_guard;
SELECT split_part(outcome($$CALL wals_retrain('m')$$), E'\n', 1);
ALTER TABLE m ENABLE ALWAYS TRIGGER wals_guard;
SELECT outcome($$CALL wals_retrain('m')$$);
TABLE traces;

-- What the owner has named is followed, also to a table of somebody else's who
-- allows it.
SET ROLE regress_wals_app;
CREATE TABLE theirs AS SELECT * FROM r;
GRANT SELECT, DELETE ON theirs TO regress_wals_owner;
SET ROLE regress_wals_owner;
SELECT wals_train('on_theirs', 'theirs', factors => 4, iterations => 2);
SELECT versions, rows_deleted > 0 AS deleted FROM wals_forget(2, 'on_theirs', delete_rows => true);
SELECT count(*) FROM theirs WHERE user_id = 2;
SELECT wals_drop('on_theirs');

-- ---------------------------------------------------------------------------
-- Triggers of others
-- ---------------------------------------------------------------------------

SET ROLE regress_wals_app;
CREATE TRIGGER trap BEFORE UPDATE ON m FOR EACH ROW EXECUTE FUNCTION spring_trigger();
SET ROLE regress_wals_owner;
SELECT outcome($$CALL wals_retrain('m')$$);
SELECT query, split_part(outcome(query), E'\n', 1) AS outcome FROM unnest(ARRAY[
	$$SELECT train('m')$$, $$SELECT wals_activate('m', 2)$$, $$SELECT wals_set_default('m')$$, $$SELECT wals_prune('m', 1)$$,
	$$SELECT wals_set_metrics('m', 2, '{}')$$, $$SELECT wals_refresh('m', since => '2020-01-01')$$,
	$$SELECT wals_forget(999, 'm')$$, $$SELECT wals_queue_enable('m')$$,
	$$DELETE FROM m_users WHERE id = 1$$]) AS query;
-- of another model it is no matter
SELECT outcome($$DELETE FROM a_users WHERE id = 1$$);
DROP TRIGGER trap ON m;
-- on a factor table
GRANT TRIGGER ON m_items TO regress_wals_app;
SET ROLE regress_wals_app;
CREATE TRIGGER trap BEFORE INSERT ON m_items EXECUTE FUNCTION spring_trigger();
SET ROLE regress_wals_owner;
SELECT split_part(outcome($$SELECT train('m')$$), E'\n', 1);
DROP TRIGGER trap ON m_items;
-- functions of the owner's are run, but not while others may put them there
CREATE FUNCTION own_trigger() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
CREATE TRIGGER own BEFORE INSERT ON m_items EXECUTE FUNCTION own_trigger();
SELECT split_part(outcome($$SELECT train('m')$$), E'\n', 1);
REVOKE TRIGGER ON m_items FROM regress_wals_app;
SELECT split_part(outcome($$SELECT train('m')$$), E'\n', 1);
-- on a queue: not written to, and the application is not kept from writing
SELECT wals_queue_enable('m');
GRANT ALL ON m_queue TO regress_wals_app;
SET ROLE regress_wals_app;
CREATE TRIGGER trap BEFORE INSERT ON m_queue EXECUTE FUNCTION spring_trigger();
SELECT split_part(outcome('DELETE FROM m_queue'), E'\n', 1);
SET ROLE regress_wals_owner;
INSERT INTO r VALUES (74, 3);
SELECT count(*) FROM m_queue;
TABLE traces;
-- a model is dropped whatever is there
SET ROLE regress_wals_app;
CREATE TRIGGER trap BEFORE UPDATE OR DELETE ON m FOR EACH ROW EXECUTE FUNCTION spring_trigger();
SET ROLE regress_wals_owner;
SELECT wals_drop('m');
TABLE traces;
SELECT outcome('SELECT _wals_guard()');
CREATE TABLE other (x int);
CREATE TRIGGER g AFTER INSERT ON other FOR EACH ROW EXECUTE FUNCTION _wals_guard('x');
SELECT outcome('INSERT INTO other VALUES (1)');

-- ---------------------------------------------------------------------------
-- Rows that are changed by hand are noticed
-- ---------------------------------------------------------------------------

CREATE TABLE likes AS SELECT u AS user_id, 1 + (u * i * 7919 + i) % 300 AS item_id FROM generate_series(1, 400) u, generate_series(1, 10) i;
SET wals.cache_share = 'always';
SELECT wals_train('likes_model', 'likes', factors => 16, iterations => 2);
SELECT user_id AS neighbour FROM wals_similar_users(41, 1, 'likes_model') \gset
SELECT bool_or(user_id = :'neighbour') AS listed FROM wals_recommend_all(1, 'likes_model');
SELECT item_id AS best FROM wals_recommend(7, 1, 'likes_model') \gset
DELETE FROM likes_model_users WHERE id = :neighbour;
SELECT bool_or(user_id = :neighbour) AS listed FROM wals_similar_users(41, NULL, 'likes_model');
SELECT bool_or(user_id = :'neighbour') AS listed FROM wals_recommend_all(1, 'likes_model');
SELECT bool_or(user_id = :neighbour) AS listed FROM wals_recommend_users(:best, NULL, 'likes_model', exclude_seen => false);
DELETE FROM likes_model_items WHERE id = :best;
SELECT bool_or(item_id = :best) AS listed FROM wals_recommend(7, NULL, 'likes_model', exclude_seen => false);
SELECT bool_or(item_id = :'best') AS listed FROM wals_map('likes_model', 300);
-- users alone leave what is kept of the items
SELECT version_id AS version_id, COALESCE(items_id, version_id) AS items_id FROM likes_model \gset
UPDATE likes_model_users SET bias = 0 WHERE id = 1;
SELECT version_id <> :'version_id' AS users, COALESCE(items_id, version_id) <> :'items_id' AS items FROM likes_model;
UPDATE likes_model_items SET bias = 0 WHERE id = 1;
SELECT version_id <> :'version_id' AS users, COALESCE(items_id, version_id) <> :'items_id' AS items FROM likes_model;
-- what is rolled back is as it was
BEGIN;
DELETE FROM likes_model_users WHERE id = 41;
SELECT bool_or(user_id = 41) AS listed FROM wals_similar_users(40, NULL, 'likes_model');
ROLLBACK;
SELECT bool_or(user_id = 41) AS listed FROM wals_similar_users(40, NULL, 'likes_model');
-- our own writes give one identity, not one per statement
SELECT version_id AS version_id FROM likes_model \gset
SELECT wals_train('likes_model', 'likes', factors => 16, iterations => 1, activate => 'no', keep_versions => 3);
SELECT count(*) FROM likes_model WHERE version_id = :'version_id';

RESET ROLE;
RESET wals.cache_share;
DROP SCHEMA trust, trust_too CASCADE;
DROP ROLE regress_wals_owner, regress_wals_app, regress_wals_member;
