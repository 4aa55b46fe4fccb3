-- A retraining whose commit fails: the model is as it was, and nobody holds its
-- lock, which the server has released with the transaction.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE ROLE regress_wals_commit;
CREATE SCHEMA retrain_commit AUTHORIZATION regress_wals_commit;
SET ROLE regress_wals_commit;
SET search_path = retrain_commit, public;
CREATE TABLE seen AS
SELECT u AS user_id, i AS item_id
FROM generate_series(1, 20) AS u, generate_series(1, 12) AS i
WHERE (u * u + i * i + u * i) % 7 < 2 OR (u + i) % 5 = 0;
SELECT wals_train('m', 'seen', factors => 3, iterations => 2);
SELECT wals_train('n', 'seen', factors => 3, iterations => 2);
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'not today';
END;
$$;
CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON m DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION refuse();
CREATE VIEW locks AS
SELECT count(*) FROM pg_locks WHERE locktype = 'object' AND objsubid = 22337 AND pid = pg_backend_pid();
CALL wals_retrain('m');
TABLE locks;
SELECT count(*) FROM m;
-- the other model is trained all the same
CALL wals_retrain();
TABLE locks;
SELECT count(*) FROM m;
SELECT count(*) FROM n;
DROP TRIGGER refuse ON m;
CALL wals_retrain('m');
TABLE locks;
SET client_min_messages = error;
RESET ROLE;
DROP SCHEMA retrain_commit CASCADE;
DROP ROLE regress_wals_commit;
