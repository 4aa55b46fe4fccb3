-- Partitions that come and go are changes of a queued source; the list of models
-- shows what queues are doing.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE ROLE regress_wals_reader;
CREATE SCHEMA parts;
SET search_path = parts, public;
SET wals.threads = 1;
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
	RETURN concat_ws(E'\n  ', SQLSTATE || ': ' || SQLERRM, 'DETAIL: ' || NULLIF(detail, ''), 'HINT: ' || NULLIF(hint, ''));
END;
$$;
CREATE TABLE clicks (user_id int, item_id int, day int) PARTITION BY LIST (day);
CREATE TABLE day_1 PARTITION OF clicks FOR VALUES IN (1);
CREATE TABLE day_2 PARTITION OF clicks FOR VALUES IN (2);
INSERT INTO clicks SELECT u, i, 1 + u % 2 FROM generate_series(1, 30) AS u, generate_series(1, 12) AS i WHERE (u * u + i) % 3 = 0;
SELECT wals_train('m', 'clicks', factors => 4, iterations => 2);
SELECT wals_queue_enable('m');
SET client_min_messages = notice;
SELECT * FROM wals_refresh('m');

-- one that comes with rows: its users, and nobody else
CREATE TABLE day_3 (day int, item_id int, user_id int);
INSERT INTO day_3 SELECT 3, i, u FROM generate_series(28, 35) AS u, generate_series(1, 6) AS i;
ALTER TABLE clicks ATTACH PARTITION day_3 FOR VALUES IN (3);
SELECT queue FROM wals_models WHERE model = 'm'::regclass;
SELECT users_updated, users_added, users_removed FROM wals_refresh('m');
SELECT queue FROM wals_models WHERE model = 'm'::regclass;
SELECT * FROM wals_refresh('m');
-- one that goes, and stays a table
ALTER TABLE clicks DETACH PARTITION day_3;
SELECT users_updated, users_added, users_removed FROM wals_refresh('m');
-- one that comes and goes between two refreshes; one that is called otherwise; an empty one
ALTER TABLE clicks ATTACH PARTITION day_3 FOR VALUES IN (3);
ALTER TABLE clicks DETACH PARTITION day_3;
ALTER TABLE day_2 RENAME TO second_day;
SELECT * FROM wals_refresh('m');
CREATE TABLE day_4 PARTITION OF clicks FOR VALUES IN (4) PARTITION BY RANGE (user_id);
CREATE TABLE day_4_low PARTITION OF day_4 FOR VALUES FROM (0) TO (100);
SELECT * FROM wals_refresh('m');
-- through the source its rows are noted down as all others
INSERT INTO clicks VALUES (40, 3, 4), (40, 6, 4);
SELECT users_updated, users_added, users_removed FROM wals_refresh('m');
-- a tree that goes as one
ALTER TABLE clicks DETACH PARTITION day_4;
SELECT users_updated, users_added, users_removed FROM wals_refresh('m');
-- one that is dropped: nobody knows whose rows it had
ALTER TABLE clicks ATTACH PARTITION day_3 FOR VALUES IN (3);
SELECT users_added FROM wals_refresh('m');
DROP TABLE day_3;
SELECT users_updated > 20 AS all_of_them, users_added, users_removed FROM wals_refresh('m');
-- one whose rows cannot be read by themselves
ALTER TABLE clicks DETACH PARTITION second_day;
ALTER TABLE second_day ALTER user_id TYPE text;
SELECT users_updated > 10 AS all_of_them, users_added, users_removed > 10 AS removed FROM wals_refresh('m');
SELECT * FROM wals_refresh('m');
-- a comment of somebody's own says nothing of parts: all count as new, once
COMMENT ON TABLE m_queue IS 'mine';
SELECT users_updated > 10 AS all_of_them FROM wals_refresh('m');
SELECT * FROM wals_refresh('m');
SELECT obj_description('m_queue'::regclass) ~ '^mine; tables below the source: \d+$' AS kept;

-- tables that inherit
CREATE TABLE base (user_id int, item_id int);
INSERT INTO base SELECT u, i FROM generate_series(1, 20) AS u, generate_series(1, 12) AS i WHERE (u * u + i) % 3 = 0;
CREATE TABLE more (LIKE base);
INSERT INTO more SELECT u, i FROM generate_series(19, 22) AS u, generate_series(1, 6) AS i;
SET client_min_messages = warning;
SELECT wals_train('b', 'base', factors => 4, iterations => 2, regularization => 0.01);
SET client_min_messages = notice;
SELECT wals_queue_enable('b');
ALTER TABLE more INHERIT base;
SELECT users_updated, users_added FROM wals_refresh('b');
ALTER TABLE more NO INHERIT base;
SELECT users_updated, users_removed FROM wals_refresh('b');

-- a foreign table below: statements that write to it would fail by our triggers
CREATE FOREIGN DATA WRAPPER regress_wals_nothing;
CREATE SERVER regress_wals_nowhere FOREIGN DATA WRAPPER regress_wals_nothing;
SELECT wals_queue_disable('m');
CREATE FOREIGN TABLE far PARTITION OF clicks FOR VALUES IN (9) SERVER regress_wals_nowhere;
SELECT outcome($$SELECT wals_queue_enable('m')$$);
DROP FOREIGN TABLE far;

-- what the list of models says
CREATE VIEW queues AS SELECT model, queue FROM wals_models;
SELECT * FROM queues;
INSERT INTO base VALUES (1, 1), (1, 2), (2, 4);
SELECT * FROM queues WHERE queue IS NOT NULL;
SELECT wals_refresh('b') IS NOT NULL;
COPY base FROM STDIN;
5	1
6	1
\.
SELECT * FROM queues WHERE queue IS NOT NULL;
SELECT wals_refresh('b') IS NOT NULL;
INSERT INTO base VALUES (1, 3);
SELECT * FROM queues WHERE queue IS NOT NULL;
TRUNCATE base;
SELECT * FROM queues WHERE queue IS NOT NULL;
INSERT INTO base SELECT u, i FROM generate_series(1, 200) AS u, generate_series(1, 120) AS i;
DELETE FROM b_queue WHERE user_id IS NULL;
SELECT * FROM queues WHERE queue IS NOT NULL;
DELETE FROM b_queue;
ALTER TABLE base DISABLE TRIGGER USER;
SELECT * FROM queues WHERE queue IS NOT NULL;
ALTER TABLE base ENABLE TRIGGER USER;
ALTER TABLE base RENAME user_id TO who;
SELECT * FROM queues WHERE queue IS NOT NULL;
ALTER TABLE base RENAME who TO user_id;
CREATE FOREIGN TABLE far () INHERITS (base) SERVER regress_wals_nowhere;
SELECT * FROM queues WHERE queue IS NOT NULL;
DROP FOREIGN TABLE far;
-- who may not read the queue sees no number, who may not read the model nothing
GRANT USAGE ON SCHEMA parts TO regress_wals_reader;
GRANT SELECT ON b, b_users, b_items TO regress_wals_reader;
SET ROLE regress_wals_reader;
SELECT model, queue FROM wals_models WHERE queue IS NOT NULL;
RESET ROLE;
REVOKE SELECT ON b FROM regress_wals_reader;
SET ROLE regress_wals_reader;
SELECT _wals_queue_state('b', 'base', 'user_id', 'item_id'), _wals_queue_state('base', 'base', 'user_id', 'item_id'),
	_wals_queue_state(NULL, NULL, NULL, NULL), _wals_queue_state(1::oid, 'base', 'user_id', 'item_id');
RESET ROLE;
DROP TABLE base;
SELECT * FROM queues WHERE queue IS NOT NULL;
UPDATE b SET active = false;
SELECT * FROM queues WHERE queue IS NOT NULL;
SELECT wals_queue_disable('b');
SELECT * FROM queues WHERE queue IS NOT NULL;

SET client_min_messages = warning;
DROP SCHEMA parts CASCADE;
DROP FOREIGN DATA WRAPPER regress_wals_nothing CASCADE;
DROP ROLE regress_wals_reader;
