-- What is read is not kept locked: after a call that reads and then computes, its
-- transaction holds no lock on a relation of the user's.  On a model's own tables
-- it may.
\set SHOW_CONTEXT never
SET client_min_messages = error;
CREATE SCHEMA locks;
SET search_path = locks, public;
SET wals.threads = 1;

-- what this transaction has locked here
CREATE FUNCTION held() RETURNS TABLE (relation name, mode text)
LANGUAGE sql AS
$$
	SELECT c.relname, l.mode
	FROM pg_catalog.pg_locks AS l JOIN pg_catalog.pg_class AS c ON c.oid = l.relation
	WHERE l.pid = pg_catalog.pg_backend_pid() AND c.relnamespace = 'locks'::regnamespace
		AND l.database <> 0
	ORDER BY 1, 2
$$;

-- a table by day, a view over it that asks another table, and what is made of it
CREATE TABLE clicks (user_id int, item_id int, n int, at timestamptz, day int) PARTITION BY LIST (day);
CREATE TABLE clicks_1 PARTITION OF clicks FOR VALUES IN (1);
CREATE TABLE clicks_2 PARTITION OF clicks FOR VALUES IN (2);
CREATE INDEX ON clicks (user_id);
INSERT INTO clicks
SELECT u, (u * i * 7 + i * i) % 40, 1 + (u + i) % 3, '2030-01-01'::timestamptz + make_interval(hours => u), 1 + u % 2
FROM generate_series(1, 60) AS u, generate_series(1, 12) AS i;
CREATE TABLE hidden (id int PRIMARY KEY);
INSERT INTO hidden VALUES (39);
CREATE FUNCTION is_shown(item int) RETURNS boolean LANGUAGE plpgsql STABLE AS
$$ BEGIN RETURN NOT EXISTS (SELECT FROM locks.hidden WHERE id = item); END $$;
CREATE VIEW shown AS SELECT user_id, item_id, n, at FROM clicks WHERE is_shown(item_id);
CREATE MATERIALIZED VIEW summary AS SELECT user_id, item_id, sum(n)::int AS n, max(at) AS at FROM clicks GROUP BY 1, 2;
CREATE TABLE user_weights AS SELECT u AS user_id, 1 + u % 2 AS weight FROM generate_series(1, 60) AS u;
CREATE TABLE item_weights AS SELECT i AS item_id, 1 + i % 2 AS weight FROM generate_series(0, 39) AS i;
CREATE TABLE names AS SELECT i AS id, 'item ' || i AS name FROM generate_series(0, 39) AS i;
CREATE TABLE test AS SELECT user_id, (item_id + 1) % 39 AS item_id FROM clicks WHERE user_id % 3 = 0 AND item_id % 4 = 0;

-- trainings: of a view, of a materialized one with weights, with a gate, again
BEGIN;
SELECT wals_train('a', 'shown', factors => 4, iterations => 2, seed => 1);
SELECT * FROM held() WHERE relation !~ '^a(_|$)';
ROLLBACK;
SELECT wals_train('a', 'shown', factors => 4, iterations => 2);
BEGIN;
SELECT wals_train('b', 'summary', value_col => 'n', weighting => 'log', time_col => 'at', duplicates => 'last', factors => 4, iterations => 2,
	row_weights => 'user_weights', col_weights => 'item_weights');
SELECT * FROM held() WHERE relation !~ '^b(_|$)';
COMMIT;
BEGIN;
SELECT wals_train('a', 'clicks', factors => 4, iterations => 2, warm_start => true, holdout => 0.1, activate => 'if_better');
SELECT * FROM held() WHERE relation !~ '^a(_|$)';
ROLLBACK;
BEGIN;
CALL wals_retrain('b');
SELECT * FROM held() WHERE relation !~ '^b(_|$)';
CALL wals_retrain('b', min_new_rows => 1);
SELECT * FROM held() WHERE relation !~ '^b(_|$)';
ROLLBACK;

-- what reads and computes without writing
BEGIN;
SELECT count(*) FROM wals_tune('shown', '{"factors": [2, 4]}', trials => 2);
SELECT * FROM held();
ROLLBACK;
BEGIN;
SELECT count(*) > 0 FROM wals_evaluate('test', 'a', candidates => 'summary');
SELECT * FROM held() WHERE relation !~ '^a(_|$)';
ROLLBACK;
BEGIN;
SELECT count(*) > 0 FROM wals_compare('test', 'a', 'b');
SELECT * FROM held() WHERE relation !~ '^[ab](_|$)';
ROLLBACK;
BEGIN;
SELECT count(*) > 0 FROM wals_recommend_all(3, 'a');
SELECT * FROM held() WHERE relation !~ '^a(_|$)';
ROLLBACK;
BEGIN;
SELECT length(wals_map_svg('a', labels => 'names')) > 0;
SELECT * FROM held() WHERE relation !~ '^a(_|$)';
ROLLBACK;

-- a refresh by the time column, with weights; one by a queue; forgetting
BEGIN;
SELECT users_updated > 0, items_updated > 0 FROM wals_refresh('b', '2030-01-03', 'touched');
SELECT * FROM held() WHERE relation !~ '^b(_|$)';
ROLLBACK;
SELECT wals_train('c', 'clicks', time_col => 'at', duplicates => 'last', factors => 4, iterations => 2);
SELECT wals_queue_enable('c');
INSERT INTO clicks SELECT 61, i, 1, now(), 1 FROM generate_series(1, 5) AS i;
BEGIN;
SELECT users_added FROM wals_refresh('c');
SELECT * FROM held() WHERE relation !~ '^c(_|$)';
COMMIT;
BEGIN;
SELECT versions FROM wals_forget(1000, 'c');
SELECT * FROM held() WHERE relation !~ '^c(_|$)';
ROLLBACK;

-- what the transaction had locked itself it keeps
BEGIN;
LOCK TABLE clicks_1 IN ACCESS SHARE MODE;
SELECT users_updated FROM wals_refresh('c', '2030-01-03');
SELECT * FROM held() WHERE relation !~ '^c(_|$)';
ROLLBACK;

-- of a source that writes, what it wrote stays, and its locks with it
CREATE TABLE looks (at timestamptz);
CREATE FUNCTION note() RETURNS boolean LANGUAGE plpgsql VOLATILE AS
$$ BEGIN INSERT INTO locks.looks VALUES (now()); RETURN true; END $$;
CREATE VIEW noted AS SELECT user_id, item_id FROM clicks, (SELECT note() OFFSET 0) AS n WHERE note;
BEGIN;
SELECT wals_train('d', 'noted', factors => 4, iterations => 2);
SELECT relation, mode FROM held() WHERE relation !~ '^(d|c)(_|$)' AND mode <> 'AccessShareLock';
COMMIT;
SELECT count(*) FROM looks;

-- an error while reading leaves the transaction as it was
CREATE VIEW broken AS SELECT user_id, item_id, 1 / (user_id - 30) AS n FROM clicks;
BEGIN;
SAVEPOINT s;
SELECT wals_train('e', 'broken', value_col => 'n', factors => 4);
ROLLBACK TO s;
SELECT * FROM held();
DO $$
BEGIN
	PERFORM wals_train('e', 'locks.broken', value_col => 'n', factors => 4);
EXCEPTION WHEN division_by_zero THEN
	PERFORM wals_train('e', 'locks.shown', factors => 4, iterations => 2);
END $$;
SELECT * FROM held() WHERE relation !~ '^e(_|$)';
COMMIT;
SELECT model, n_users FROM wals_models WHERE model::text = 'e';

DROP SCHEMA locks CASCADE;
