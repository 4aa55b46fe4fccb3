-- A queue never keeps the application from writing, and what it could not note
-- down is found out by the next refresh.  Its rights and columns: refresh.sql;
-- whose it is: trust.sql.
\set SHOW_CONTEXT never
CREATE ROLE regress_wals_writer;
CREATE SCHEMA queues;
GRANT USAGE ON SCHEMA queues TO regress_wals_writer;
SET search_path = queues, public;
CREATE FUNCTION outcome(query text) RETURNS text LANGUAGE plpgsql AS
$$
DECLARE
	hint text;
BEGIN
	EXECUTE query;
	RETURN 'fine';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN SQLSTATE || ': ' || SQLERRM || ' HINT: ' || hint;
END;
$$;
CREATE FUNCTION train(source text, more text DEFAULT '') RETURNS void LANGUAGE plpgsql AS
$$
BEGIN
	SET LOCAL client_min_messages = warning;
	EXECUTE format('SELECT wals_train(''m'', %L, factors => 4, iterations => 2 %s)', source, more);
END;
$$;
CREATE TABLE r AS SELECT u AS user_id, i AS item_id FROM generate_series(1, 30) u, generate_series(1, 12) i WHERE (u * u + i) % 3 = 0;
SELECT train('r');
SELECT wals_queue_enable('m');

-- a column is renamed: one warning in a session, and all is said to have changed
ALTER TABLE r RENAME user_id TO who;
INSERT INTO r VALUES (100, 3);
UPDATE r SET item_id = 6 WHERE who = 100;
DELETE FROM r WHERE who = 1 AND item_id = 2;
SELECT DISTINCT * FROM m_queue;
SELECT outcome($$SELECT wals_refresh('m')$$);
-- trained on the column there is now: the triggers are put right, and nothing is missed
INSERT INTO r VALUES (101, 6);
SELECT train('r', ', user_col => ''who''');
INSERT INTO r VALUES (102, 6), (102, 9);
SELECT users_added, users_updated > 20 AS all_of_them FROM wals_refresh('m');
INSERT INTO r VALUES (103, 6);
SELECT * FROM m_queue;
SELECT users_added, users_updated FROM wals_refresh('m');
ALTER TABLE r RENAME who TO user_id;
SELECT train('r');
SELECT users_added, users_updated > 20 AS all_of_them FROM wals_refresh('m');
-- another type
ALTER TABLE r ALTER user_id TYPE text;
INSERT INTO r VALUES ('104', 3);
SELECT DISTINCT * FROM m_queue;
ALTER TABLE r ALTER user_id TYPE integer USING user_id::integer;
INSERT INTO r VALUES (105, 3);
SELECT users_added, users_updated > 20 AS all_of_them FROM wals_refresh('m');
SELECT users_added, users_updated FROM wals_refresh('m');
-- a wider one of the same kind is the same
ALTER TABLE r ALTER user_id TYPE bigint;
INSERT INTO r VALUES (106, 3);
SELECT * FROM m_queue;
SELECT users_added, users_updated FROM wals_refresh('m');

-- a role that may write since then
GRANT INSERT, SELECT ON r TO regress_wals_writer;
SET ROLE regress_wals_writer;
INSERT INTO r VALUES (107, 3);
INSERT INTO r VALUES (108, 3);
RESET ROLE;
SELECT users_added, users_updated > 20 AS all_of_them FROM wals_refresh('m');
SET ROLE regress_wals_writer;
INSERT INTO r VALUES (109, 3);
RESET ROLE;
SELECT users_added, users_updated FROM wals_refresh('m');
-- one that may not look into the queue's schema
CREATE SCHEMA queues_source;
GRANT USAGE ON SCHEMA queues_source TO regress_wals_writer;
ALTER TABLE r SET SCHEMA queues_source;
SET search_path = queues, queues_source, public;
REVOKE USAGE ON SCHEMA queues FROM regress_wals_writer;
SET ROLE regress_wals_writer;
INSERT INTO r VALUES (110, 3);
RESET ROLE;
SELECT users_added FROM wals_refresh('m');
GRANT USAGE ON SCHEMA queues TO regress_wals_writer;
SELECT users_added FROM wals_refresh('m');

-- triggers that are gone, or disabled
DROP TRIGGER wals_delete_m ON r;
DELETE FROM r WHERE user_id = 109;
SELECT users_removed FROM wals_refresh('m');
ALTER TABLE r DISABLE TRIGGER USER;
DELETE FROM r WHERE user_id = 108;
SELECT users_removed FROM wals_refresh('m');
SELECT count(*), bool_and(tgenabled = 'O') AS enabled FROM pg_trigger WHERE tgrelid = 'r'::regclass;
-- trained on another table
CREATE TABLE other AS TABLE r;
SELECT train('other');
INSERT INTO other VALUES (200, 3);
INSERT INTO r VALUES (201, 3);
SELECT users_added FROM wals_refresh('m');
SELECT tgrelid::regclass, count(*) FROM pg_trigger WHERE tgname LIKE 'wals!_%!_m' ESCAPE '!' GROUP BY 1;
-- or on what is no table: the queue is of no use, a time is
CREATE VIEW v AS SELECT *, timestamptz '2024-01-01' AS at FROM other;
SELECT train('v', ', time_col => ''at''');
SELECT outcome($$SELECT wals_refresh('m')$$);
SELECT users_added FROM wals_refresh('m', since => '2030-01-01');
SELECT wals_drop('m');
-- emptied, and filled again: who is new is added
SELECT train('other');
SELECT wals_queue_enable('m');
TRUNCATE other;
INSERT INTO other SELECT u, i FROM generate_series(21, 50) u, generate_series(1, 12) i WHERE (u * u + i) % 3 = 0;
SELECT users_added, users_updated, users_removed > 0 AS removed FROM wals_refresh('m');
-- the queue itself is changed
ALTER TABLE m_queue DROP COLUMN item_id;
INSERT INTO other VALUES (300, 3);
SELECT outcome($$SELECT wals_refresh('m')$$);
SELECT wals_queue_disable('m');
SELECT wals_drop('m');
SET client_min_messages = warning;
DROP SCHEMA queues, queues_source CASCADE;
DROP ROLE regress_wals_writer;
