-- Retraining all models: one that fails does not keep the others from being
-- trained, whenever it fails, and the call fails in the end.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA retrain_all;
CREATE ROLE regress_wals_retrain_owner;
GRANT CREATE, USAGE ON SCHEMA retrain_all TO regress_wals_retrain_owner;
SET search_path = retrain_all, public;
SET ROLE regress_wals_retrain_owner;

CREATE TABLE rated AS
SELECT u AS user_id, i AS item_id, 1.0::float8 AS value
FROM generate_series(1, 30) AS u, generate_series(1, 20) AS i
WHERE (u * u + i * i + u * i) % 7 < 2;
CREATE FUNCTION train(model text, source text DEFAULT 'rated') RETURNS integer LANGUAGE sql AS
$$ SELECT wals_train(model, source::regclass, value_col => 'value', factors => 2, iterations => 2) $$;
CREATE FUNCTION state(OUT model text, OUT versions bigint, OUT users bigint, OUT items bigint)
RETURNS SETOF record LANGUAGE plpgsql AS
$$
BEGIN
	FOR model IN SELECT relname FROM pg_class WHERE relnamespace = 'retrain_all'::regnamespace AND reloftype = 'wals_model'::regtype ORDER BY 1 LOOP
		EXECUTE format('SELECT (SELECT max(version) FROM %I), (SELECT count(DISTINCT version) FROM %I), (SELECT count(DISTINCT version) FROM %I)',
			model, model || '_users', model || '_items') INTO versions, users, items;
		RETURN NEXT;
	END LOOP;
END;
$$;

-- a and z are well; the others fail before reading, while reading, in a
-- function of the source that has a query open, and when all is computed
SELECT train('a'), train('z');
CREATE VIEW gone AS TABLE rated;
SELECT train('b', 'gone');
ALTER VIEW gone RENAME COLUMN item_id TO thing;
CREATE TABLE dirty AS TABLE rated;
SELECT train('c', 'dirty');
INSERT INTO dirty VALUES (1, 1, 'NaN');
CREATE FUNCTION divide(i integer) RETURNS integer LANGUAGE plpgsql AS
$$
DECLARE
	r record;
BEGIN
	FOR r IN SELECT wals_score(1, 1, 'a') FROM rated LOOP
		i := i / (i - 7);
	END LOOP;
	RETURN i;
END;
$$;
CREATE VIEW failing AS SELECT user_id, item_id, value FROM rated;
SELECT train('d', 'failing');
CREATE OR REPLACE VIEW failing AS SELECT user_id, CASE WHEN item_id = 7 THEN divide(item_id) ELSE item_id END AS item_id, value FROM rated;
SELECT train('e');
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
$$
BEGIN
	RAISE 'the items are read only' USING HINT = 'Ask the owner.';
END;
$$;
CREATE TRIGGER refuse BEFORE INSERT ON e_items FOR EACH STATEMENT EXECUTE FUNCTION refuse();
-- and one whose commit fails
SELECT train('f');
CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON f_items DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
	WHEN (NEW.id = 3) EXECUTE FUNCTION refuse();
SELECT * FROM state();

CALL wals_retrain();
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM state();
-- no lock is left, nor anything of the session that the next call minds
SELECT count(*) FROM pg_locks WHERE locktype = 'object' AND objsubid = 22337 AND pid = pg_backend_pid();
SELECT count(*) FROM wals_progress;
SELECT count(*) FROM wals_recommend(1, 3, 'a');

-- a procedure of one's own may call it, with queries of its own open
CREATE PROCEDURE nightly(model regclass, INOUT said text DEFAULT NULL) LANGUAGE plpgsql AS
$$
DECLARE
	r record;
BEGIN
	FOR r IN SELECT generate_series(1, 3) AS i LOOP
		COMMIT;
		IF r.i = 2 THEN
			CALL wals_retrain(model);
		END IF;
		said := concat_ws(', ', said, r.i, (SELECT max(version) FROM a));
	END LOOP;
END;
$$;
\set VERBOSITY terse
SET client_min_messages = error;
CALL nightly('a');
CALL nightly(NULL);
SET client_min_messages = warning;
SELECT model, versions FROM state();
-- all of it undone where it may not commit, at the first failure
BEGIN;
CALL wals_retrain();
ROLLBACK;
SELECT * FROM state();
-- one model alone: its error as it is
CALL wals_retrain('c');
-- nothing fails any more
DROP TRIGGER refuse ON e_items;
DROP TRIGGER refuse ON f_items;
ALTER VIEW gone RENAME COLUMN thing TO item_id;
DELETE FROM dirty WHERE value = 'NaN';
CREATE OR REPLACE VIEW failing AS SELECT user_id, item_id, value FROM rated;
CALL wals_retrain();
SELECT * FROM state();
CALL nightly(NULL);

RESET ROLE;
SET client_min_messages = error;
DROP SCHEMA retrain_all CASCADE;
DROP ROLE regress_wals_retrain_owner;
