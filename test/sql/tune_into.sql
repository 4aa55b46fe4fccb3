-- CALL wals_tune_into: what wals_tune returns stands in a table, tuning after
-- tuning; the best options are trained as the call of the best row would; rights,
-- wrong tables, transaction blocks.
\set SHOW_CONTEXT never
\set VERBOSITY terse
SET client_min_messages = warning;
SET jit = off;
CREATE ROLE regress_wals_into;
CREATE ROLE regress_wals_into_other;
CREATE SCHEMA tune_into;
GRANT ALL ON SCHEMA tune_into TO regress_wals_into, regress_wals_into_other;
SET search_path = tune_into, public;
SET ROLE regress_wals_into;
CREATE TABLE ratings AS
SELECT u AS user_id, i AS item_id,
	1 + (u * 7 + i * 5 + (u % 3) * (i % 3) * 4 + (u * i) % 3) % 5 AS rating,
	timestamptz '2026-01-01' + (u * 13 + i * 29) % 97 * interval '1 day' AS at
FROM generate_series(1, 120) AS u, generate_series(1, 60) AS i
WHERE (u * i + u * u * 3 + i * i) % 7 IN (0, 1) OR (u % 3 = i % 3 AND (u + i) % 2 = 0);
GRANT SELECT ON ratings TO regress_wals_into_other;

-- the arguments of wals_tune, with the same defaults, between a table and a model
SELECT replace(pg_get_function_arguments('wals_tune_into'::regproc), 'IN ', '') =
	'trials_table text, ' || pg_get_function_arguments('wals_tune'::regproc)
	|| ', model text DEFAULT NULL::text, activate text DEFAULT ''yes''::text' AS same_arguments;

-- ---------------------------------------------------------------------------
-- The table has what the function returns, and the model what its call trains
-- ---------------------------------------------------------------------------

CREATE FUNCTION factors_of(model text) RETURNS text LANGUAGE plpgsql AS
$$
DECLARE
	result text;
BEGIN
	EXECUTE format('SELECT md5(string_agg(f::text, '','' ORDER BY f::text)) FROM (
		SELECT side, id, factors, bias FROM (
			SELECT 1 AS side, u.* FROM %1$I_users AS u UNION ALL SELECT 2, i.* FROM %1$I_items AS i) AS all_rows) AS f', model) INTO result;
	RETURN result;
END;
$$;
CREATE FUNCTION options_of(model text) RETURNS jsonb LANGUAGE plpgsql AS
$$
DECLARE
	result jsonb;
BEGIN
	EXECUTE format('SELECT jsonb_build_array(options, source, user_col, value_col, time_col, feedback, factors) FROM %I WHERE active', model) INTO result;
	RETURN result;
END;
$$;
-- names of arguments and a call of each kind: (a name, what follows the source)
CREATE TABLE cases (name text, arguments text);
INSERT INTO cases VALUES
	('grid', $$'{"factors": [2, 4], "regularization": [0.01, 0.1], "iterations": 3}'$$),
	('halving', $$'{"factors": [2, 3, 4], "regularization": [0.01, 0.1], "iterations": [3, 6]}', search => 'halving', trials => 9, seed => 3$$),
	('explicit', $$'{"factors": 3, "regularization": [0, 0.1], "iterations": 4, "biases": [true, null]}', value_col => 'rating', time_col => 'at', feedback => 'explicit'$$),
	('faded', $$'{"half_life": ["20 days", null], "unobserved_weight": 0.1, "iterations": 2}', time_col => 'at', metric => 'recall', k => 5$$);
CREATE FUNCTION compare(name text) RETURNS TABLE (trials bigint, differ bigint, best bigint, same_train boolean, same_options boolean) LANGUAGE plpgsql AS
$$
DECLARE
	columns text := 'trial, options, value, std_error, iterations, best, test_value, test_std_error, test_popular_baseline, call';
	arguments text := (SELECT c.arguments FROM cases AS c WHERE c.name = compare.name);
	pasted text;
BEGIN
	EXECUTE format('SELECT replace(call, ''ratings_model'', %L) FROM %I WHERE best', name || '_pasted', name || '_trials') INTO pasted;
	EXECUTE pasted;
	RETURN QUERY EXECUTE format('SELECT (SELECT count(*) FROM %3$I), (SELECT count(*) FROM (
			(SELECT %1$s FROM wals_tune(''ratings'', %2$s) EXCEPT ALL SELECT %1$s FROM %3$I)
			UNION ALL (SELECT %1$s FROM %3$I EXCEPT ALL SELECT %1$s FROM wals_tune(''ratings'', %2$s))) AS d), count(*) FILTER (WHERE best),
		factors_of(%4$L) = factors_of(%5$L), options_of(%4$L) = options_of(%5$L) FROM %3$I',
		columns, arguments, name || '_trials', name || '_model', name || '_pasted');
END;
$$;
SELECT format('CALL wals_tune_into(%L, %L, %s, model => %L)', name || '_trials', 'ratings', arguments, name || '_model') FROM cases ORDER BY name \gexec
SELECT name, c.* FROM cases, compare(name) AS c ORDER BY name;
SELECT DISTINCT source, metric, tuned_at < now() AND tuned_at > now() - interval '1 hour' AS tuned FROM faded_trials;
-- without a grid: numbers of factors are left to the training
CALL wals_tune_into('default_trials', 'ratings', trials => 1, model => 'default_model');
SELECT options, best FROM default_trials;
SELECT (options->'chosen') ? 'factors' AS chosen FROM default_model;

-- ---------------------------------------------------------------------------
-- One table for many tunings; columns and rights
-- ---------------------------------------------------------------------------

CALL wals_tune_into('grid_trials', 'tune_into.ratings', '{"factors": 2, "iterations": [1, 2]}', seed => 4);
SELECT row_number() OVER (ORDER BY tuned_at) AS tuning, count(*), count(*) FILTER (WHERE best) AS best FROM grid_trials GROUP BY tuned_at ORDER BY 1;
SELECT c.reloftype::regtype, pg_get_constraintdef(o.oid), r.rolname, obj_description(c.oid)
FROM pg_class AS c JOIN pg_constraint AS o ON o.conrelid = c.oid JOIN pg_roles AS r ON r.oid = c.relowner
WHERE c.oid = 'grid_trials'::regclass AND o.contype = 'p';
-- an existing model gets a version, if it may
CALL wals_tune_into('"Odd Trials"', 'ratings', '{"factors": 2, "iterations": [1, 2]}', model => 'grid_model', activate => 'no');
SELECT version, active FROM grid_model ORDER BY 1;
CALL wals_tune_into('"Odd Trials"', 'ratings', '{"factors": 2, "iterations": [1, 2]}', model => 'grid_model', activate => 'if_better');
SELECT version, active, metrics ? 'gate' AS judged FROM grid_model ORDER BY 1;
SELECT count(*) FROM "Odd Trials";

\set VERBOSITY default
CALL wals_tune_into(NULL, 'ratings');
CALL wals_tune_into('t', NULL);
CALL wals_tune_into('', 'ratings');
CALL wals_tune_into('ratings', 'ratings');
CALL wals_tune_into('grid_model', 'ratings');
CALL wals_tune_into('pg_temp.t', 'ratings');
CALL wals_tune_into('nowhere.t', 'ratings');
CALL wals_tune_into('pg_catalog.t', 'ratings');
CALL wals_tune_into('t', 'ratings', '{"factors": 0}');
CALL wals_tune_into('t', 'ratings', '{"sources": 3}');
CALL wals_tune_into('t', 'ratings', user_col => 'nobody');
CALL wals_tune_into('t', 'ratings', activate => 'perhaps');
CALL wals_tune_into('t', 'ratings', model => 'ratings');
CALL wals_tune_into('t', 'ratings', model => 'pg_catalog.m');
CREATE VIEW texts AS SELECT 'u' || user_id AS user_id, item_id FROM ratings;
CALL wals_tune_into('t', 'texts', model => 'grid_model');
SELECT to_regclass('t') AS left_behind;
-- a view or a partitioned table of that type is no such table
CREATE TABLE parts OF public.wals_trial PARTITION BY LIST (trial);
CALL wals_tune_into('parts', 'ratings');
-- one that the owner made without a key
CREATE TABLE keyless OF public.wals_trial;
CALL wals_tune_into('keyless', 'ratings', '{"factors": [2, 3, 4], "iterations": 3}', search => 'halving');
SELECT trial, best FROM keyless ORDER BY 1;
-- somebody else's: his triggers would run as whoever tunes
GRANT ALL ON grid_trials, grid_model TO regress_wals_into_other;
SET ROLE regress_wals_into_other;
CALL wals_tune_into('grid_trials', 'ratings', '{"factors": 2, "iterations": 1}');
CALL wals_tune_into('other_trials', 'ratings', '{"factors": 2, "iterations": 1}', model => 'grid_model');
RESET ROLE;
CALL wals_tune_into('grid_trials', 'ratings', '{"factors": 2, "iterations": 1}');
SET ROLE regress_wals_into;
SELECT to_regclass('other_trials') AS left_behind;

-- ---------------------------------------------------------------------------
-- In a transaction block, functions and DO; read only
-- ---------------------------------------------------------------------------

BEGIN;
CALL wals_tune_into('block_trials', 'ratings', '{"factors": 2, "iterations": 1}', model => 'block_model');
SELECT count(*) FROM block_trials;
ROLLBACK;
SELECT to_regclass('block_trials'), to_regclass('block_model');
CREATE FUNCTION in_function() RETURNS void LANGUAGE plpgsql AS $$BEGIN CALL wals_tune_into('function_trials', 'ratings', '{"factors": 2, "iterations": 1}'); END$$;
SELECT in_function();
SELECT count(*) FROM function_trials;
-- DO commits as the call alone does: what comes after it does not take it back
DO $$
BEGIN
	CALL wals_tune_into('do_trials', 'ratings', '{"factors": 2, "iterations": [1, 2]}', model => 'do_model');
	RAISE EXCEPTION 'later';
END
$$;
SELECT count(*), count(*) FILTER (WHERE best) AS best FROM do_trials;
SELECT count(*) FROM do_model;
CREATE PROCEDURE nightly(name text) LANGUAGE plpgsql AS
$$
BEGIN
	CALL wals_tune_into(name, 'ratings', '{"factors": 2, "iterations": [1, 2]}');
	CALL wals_tune_into(name, 'ratings', '{"factors": 2, "iterations": [3, 4]}');
END
$$;
CALL nightly('nightly_trials');
SELECT count(*), count(DISTINCT tuned_at) AS tunings, count(*) FILTER (WHERE best) AS best FROM nightly_trials;
BEGIN READ ONLY;
CALL wals_tune_into('read_only', 'ratings');
ROLLBACK;
SET default_transaction_isolation = 'repeatable read';
CALL wals_tune_into('nightly_trials', 'ratings', '{"factors": 2, "iterations": [1, 2]}', model => 'repeatable_model');
SELECT count(*) FROM repeatable_model;
RESET default_transaction_isolation;
-- a trigger of the owner's stops it: what was found before stays
CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN IF NEW.trial = 3 THEN RAISE 'enough'; END IF; RETURN NEW; END$$;
CREATE TRIGGER stop BEFORE INSERT ON do_trials FOR EACH ROW EXECUTE FUNCTION stop();
CALL wals_tune_into('do_trials', 'ratings', '{"factors": 2, "iterations": [1, 2, 3, 4]}');
SELECT trial, best, value > 0 AS has_value FROM do_trials WHERE tuned_at = (SELECT max(tuned_at) FROM do_trials) ORDER BY trial;
-- new names that are one
CALL wals_tune_into('tz', 'ratings', '{"factors": 2, "iterations": [1, 2]}', model => 'tz');
CALL wals_tune_into('tz_items', 'ratings', '{"factors": 2, "iterations": [1, 2]}', model => 'tz');
SELECT to_regclass('tz') AS made_tz, to_regclass('tz_items') AS made_tz_items;

SET client_min_messages = error;
RESET ROLE;
DROP SCHEMA tune_into CASCADE;
DROP ROLE regress_wals_into, regress_wals_into_other;
