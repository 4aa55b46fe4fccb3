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
-- A refresh: what is read, solved and written, in its steps
-- ---------------------------------------------------------------------------

CREATE TABLE said (place text, command text, phase text, iteration integer, iterations integer, rows_read bigint, has_end boolean);
CREATE FUNCTION say(place text) RETURNS boolean LANGUAGE plpgsql AS
$$
BEGIN
	PERFORM pg_stat_clear_snapshot();
	INSERT INTO progress.said SELECT place, p.command, p.phase, p.iteration, p.iterations, p.rows_read, p.expected_end IS NOT NULL
	FROM wals_progress AS p WHERE p.pid = pg_backend_pid();
	RETURN true;
END;
$$;
CREATE FUNCTION say_trigger() RETURNS trigger LANGUAGE plpgsql AS
$$
BEGIN
	PERFORM progress.say(TG_TABLE_NAME);
	RETURN NULL;
END;
$$;
CREATE TABLE fresh AS SELECT user_id, item_id, now() - interval '1 day' AS at FROM seen;
CREATE VIEW fresh_view AS SELECT f.* FROM fresh AS f, (SELECT say('source') OFFSET 0) AS s;
SELECT wals_train('f', 'fresh_view', time_col => 'at', factors => 4, iterations => 1);
CREATE TRIGGER say AFTER INSERT ON f_users_1 FOR EACH STATEMENT EXECUTE FUNCTION say_trigger();
CREATE TRIGGER say AFTER INSERT ON f_items_1 FOR EACH STATEMENT EXECUTE FUNCTION say_trigger();
INSERT INTO fresh VALUES (1, 21, now() + interval '1 day'), (2, 21, now() + interval '1 day');
TRUNCATE said;
SELECT * FROM wals_refresh('f');
SELECT place, command, phase, iteration, iterations, rows_read > 0 AS rows, has_end FROM said;
TRUNCATE said;
DELETE FROM fresh WHERE user_id = 30;
SELECT versions, items_updated FROM wals_forget(30, 'f', items => 'all');
SELECT place, command, phase, iteration, iterations, rows_read > 0 AS rows, has_end FROM said;
SELECT count(*) FROM wals_progress;

-- ---------------------------------------------------------------------------
-- The iterations of a running training stand in the log, and go with it
-- ---------------------------------------------------------------------------

CREATE TABLE logged (place text, model text, version integer, active boolean, iterations bigint, falling boolean, seconds boolean, own boolean);
CREATE FUNCTION look(place text) RETURNS void LANGUAGE plpgsql AS
$$
BEGIN
	PERFORM pg_stat_clear_snapshot();
	INSERT INTO progress.logged SELECT place, l.model::text, l.version, l.active, count(*), max(l.rel_change) < 0, min(l.seconds) >= 0, l.pid = pg_backend_pid()
	FROM wals_training_log AS l WHERE l.model = 'progress.g'::regclass OR l.pid IS NOT NULL GROUP BY 1, 2, 3, 4, l.pid;
END;
$$;
CREATE FUNCTION look_trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM progress.look(TG_TABLE_NAME); RETURN NULL; END; $$;
SELECT wals_train('g', 'seen', factors => 4, iterations => 3);
CREATE TRIGGER look AFTER INSERT ON g_items FOR EACH STATEMENT EXECUTE FUNCTION look_trigger();
SELECT wals_train('g', 'seen', factors => 4, iterations => 5);
SELECT * FROM logged ORDER BY version;
TRUNCATE logged;
CALL wals_retrain('g', warm_start => false);
SELECT * FROM logged ORDER BY version;
-- the version that was written has them from now on, and nobody else
TRUNCATE logged;
SELECT look('after');
SELECT * FROM logged ORDER BY version;
-- a training that fails leaves none
ALTER TABLE g_items ADD CHECK (version < 4);
TRUNCATE logged;
\set VERBOSITY terse
SELECT wals_train('g', 'seen', factors => 4, iterations => 2);
\set VERBOSITY default
SELECT look('after');
SELECT DISTINCT version FROM logged ORDER BY version;

-- ---------------------------------------------------------------------------
-- Without track_activities there is nothing to see, and nothing fails
-- ---------------------------------------------------------------------------

SET track_activities = off;
SELECT wals_train('m2', 'watched', factors => 4, iterations => 1);
RESET track_activities;
SELECT * FROM notes();

SET client_min_messages = error;
DROP SCHEMA progress, "progress; two" CASCADE;
