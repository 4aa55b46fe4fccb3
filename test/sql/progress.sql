-- wals_progress, seen from inside the training: a function in the source and
-- triggers on the factor tables look at it.  test/t/010_progress.pl looks from
-- other sessions.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA progress;
CREATE SCHEMA "progress; two";
SET search_path = progress, public;

CREATE TABLE seen AS
SELECT u AS user_id, i AS item_id
FROM generate_series(1, 30) AS u, generate_series(1, 20) AS i
WHERE (u * u + i * i + u * i) % 7 < 2 OR (u + i) % 9 = 0;

-- nothing is running
SELECT count(*) FROM wals_progress;

CREATE TABLE noted (
	place text, model text, own_role boolean, phase text, iteration integer, iterations integer,
	rows_read bigint, has_loss boolean, is_real boolean, has_end boolean, has_rate boolean
);
CREATE FUNCTION note(place text) RETURNS void LANGUAGE plpgsql AS
$$
BEGIN
	-- the server keeps what it has seen of sessions until the transaction ends
	PERFORM pg_stat_clear_snapshot();
	INSERT INTO progress.noted
	SELECT place, p.model, p.role = current_user, p.phase, p.iteration, p.iterations, p.rows_read,
		p.loss IS NOT NULL, p.loss > 0 AND p.elapsed > interval '0', p.expected_end IS NOT NULL,
		p.rows_per_second > 0 AND p.rows_per_second * extract(epoch FROM p.elapsed) >= p.rows_read / 2
	FROM (SELECT) AS one LEFT JOIN wals_progress AS p ON p.pid = pg_backend_pid();
END;
$$;
CREATE FUNCTION note_trigger() RETURNS trigger LANGUAGE plpgsql AS
$$
BEGIN
	PERFORM progress.note(TG_TABLE_NAME);
	RETURN NULL;
END;
$$;
-- what was noted, which is then forgotten
CREATE FUNCTION notes() RETURNS SETOF noted LANGUAGE sql AS $$ DELETE FROM progress.noted RETURNING * $$;
CREATE VIEW watched AS
SELECT s.* FROM seen AS s, (SELECT note('source') OFFSET 0) AS n;

-- ---------------------------------------------------------------------------
-- The first training: it has a name before its tables are there, and making
-- them does not end it
-- ---------------------------------------------------------------------------

CREATE FUNCTION add_triggers() RETURNS event_trigger LANGUAGE plpgsql AS
$$
DECLARE
	command record;
BEGIN
	FOR command IN SELECT * FROM pg_event_trigger_ddl_commands() LOOP
		IF command.command_tag = 'CREATE TABLE' AND command.object_identity ~ '^progress\.m_' THEN
			EXECUTE format('CREATE TRIGGER note AFTER INSERT OR UPDATE ON %s FOR EACH STATEMENT
				EXECUTE FUNCTION progress.note_trigger()', command.object_identity);
		END IF;
	END LOOP;
END;
$$;
CREATE EVENT TRIGGER progress_add_triggers ON ddl_command_end EXECUTE FUNCTION add_triggers();
SELECT wals_train('m', 'watched', factors => 4, iterations => 3);
DROP EVENT TRIGGER progress_add_triggers;
SELECT * FROM notes();
SELECT count(*) FROM wals_progress;

-- ---------------------------------------------------------------------------
-- Rows are counted while they arrive
-- ---------------------------------------------------------------------------

CREATE FUNCTION note_row(number integer) RETURNS boolean LANGUAGE plpgsql AS
$$
BEGIN
	PERFORM progress.note(number::text);
	RETURN true;
END;
$$;
CREATE VIEW counted AS
SELECT i % 50 AS user_id, i % 37 AS item_id FROM generate_series(1, 40000) AS i
WHERE CASE WHEN i % 10000 = 0 THEN note_row(i) ELSE true END;
SELECT wals_train('counted_model', 'counted', factors => 2, iterations => 1);
SELECT place, phase, rows_read > place::integer - 10000 AS enough, rows_read <= place::integer AS not_more,
	has_rate
FROM notes() ORDER BY place;

-- ---------------------------------------------------------------------------
-- Iterations done and asked for; names
-- ---------------------------------------------------------------------------

SELECT wals_train('m', 'watched', factors => 4, iterations => 30, tolerance => 1);
SELECT place, model, phase, iteration, iterations FROM notes();
ALTER TABLE m SET SCHEMA "progress; two";
ALTER TABLE "progress; two".m RENAME TO "a ""model"" of fifty-seven bytes; its name must not be cut ";
SELECT wals_train('"progress; two"."a ""model"" of fifty-seven bytes; its name must not be cut "', 'watched',
	factors => 4, iterations => 1);
SELECT DISTINCT model FROM notes();

-- ---------------------------------------------------------------------------
-- What else uses the counters of the session
-- ---------------------------------------------------------------------------

-- an exception that is caught ends the entry for a moment, and so does a
-- command with a progress of its own, and another training
CREATE FUNCTION disturb(how text) RETURNS void LANGUAGE plpgsql AS
$$
BEGIN
	PERFORM note('before');
	CASE how
		WHEN 'exception' THEN
			BEGIN
				PERFORM 1 / 0;
			EXCEPTION WHEN division_by_zero THEN
			END;
		WHEN 'analyze' THEN
			ANALYZE progress.seen;
		WHEN 'training' THEN
			PERFORM wals_train('progress.inside', 'progress.seen', factors => 2, iterations => 1);
	END CASE;
END;
$$;
SELECT wals_train('disturbed', 'seen', factors => 4, iterations => 3);
CREATE TRIGGER note AFTER INSERT ON disturbed_items FOR EACH STATEMENT EXECUTE FUNCTION note_trigger();
CREATE TABLE ways (way text);
CREATE VIEW disturbing AS
SELECT s.* FROM seen AS s, (SELECT disturb(way) FROM ways OFFSET 0) AS n;
INSERT INTO ways VALUES ('exception');
SELECT wals_train('disturbed', 'disturbing', factors => 4, iterations => 3);
SELECT place, model, phase, iteration, iterations, rows_read FROM notes();
UPDATE ways SET way = 'analyze';
SELECT wals_train('disturbed', 'disturbing', factors => 4, iterations => 3);
SELECT place, model, phase, iteration, iterations, rows_read FROM notes();
UPDATE ways SET way = 'training';
SELECT wals_train('disturbed', 'disturbing', factors => 4, iterations => 3);
SELECT place, model, phase, iteration, iterations, rows_read FROM notes();
SELECT count(*) FROM wals_progress;

-- ---------------------------------------------------------------------------
-- The entry is gone after an error, caught or not
-- ---------------------------------------------------------------------------

CREATE VIEW failing AS SELECT user_id, item_id / (user_id - 30) AS item_id FROM watched;
SELECT wals_train('failed', 'failing');
SELECT count(*) FROM wals_progress;
DO $$
BEGIN
	BEGIN
		PERFORM wals_train('failed', 'failing');
	EXCEPTION WHEN division_by_zero THEN
	END;
	PERFORM progress.note('after');
END
$$;
SELECT * FROM notes();

-- ---------------------------------------------------------------------------
-- Without track_activities there is nothing to see, and nothing fails
-- ---------------------------------------------------------------------------

SET track_activities = off;
SELECT wals_train('m2', 'watched', factors => 4, iterations => 1);
RESET track_activities;
SELECT * FROM notes();

SET client_min_messages = error;
DROP SCHEMA progress, "progress; two" CASCADE;
