-- ---------------------------------------------------------------------------
-- Tuning
-- ---------------------------------------------------------------------------

CREATE FUNCTION wals_tune(
	source regclass,
	grid jsonb DEFAULT NULL,
	user_col name DEFAULT 'user_id',
	item_col name DEFAULT 'item_id',
	value_col name DEFAULT NULL,
	weight_col name DEFAULT NULL,
	time_col name DEFAULT NULL,
	feedback text DEFAULT 'implicit',
	metric text DEFAULT NULL,
	k bigint DEFAULT NULL,
	trials bigint DEFAULT NULL,
	max_seconds bigint DEFAULT NULL,
	search text DEFAULT 'auto',
	holdout text DEFAULT 'hash',
	fraction double precision DEFAULT 0.1,
	relevance_threshold double precision DEFAULT NULL,
	max_users bigint DEFAULT 10000,
	seed bigint DEFAULT 0
) RETURNS TABLE (
	trial integer,
	options jsonb,
	value double precision,
	std_error double precision,
	iterations integer,
	seconds double precision,
	best boolean,
	test_value double precision,
	test_std_error double precision,
	test_popular_baseline double precision,
	call text
)
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 20
AS 'MODULE_PATHNAME', 'wals_tune';
COMMENT ON FUNCTION wals_tune(regclass, jsonb, name, name, name, name, name, text, text, bigint, bigint, bigint, text, text, double precision, double precision, bigint, bigint)
IS 'try options of wals_train on a part of the ratings and measure them on another; the best is measured on a third part and comes with the call that trains it';

CREATE TYPE wals_trial AS (
	tuned_at timestamp with time zone,
	source text,
	metric text,
	trial integer,
	options jsonb,
	value double precision,
	std_error double precision,
	iterations integer,
	seconds double precision,
	best boolean,
	test_value double precision,
	test_std_error double precision,
	test_popular_baseline double precision,
	call text
);
COMMENT ON TYPE wals_trial IS 'row type of a table that CALL wals_tune_into() writes: one row per tuning and trial';
COMMENT ON COLUMN wals_trial.tuned_at IS 'when the tuning began; the same for all its trials';
COMMENT ON COLUMN wals_trial.source IS 'name of the source with its schema';
COMMENT ON COLUMN wals_trial.metric IS 'the metric that value and test_value are of';
COMMENT ON COLUMN wals_trial.trial IS 'number of the trial, from 1';
COMMENT ON COLUMN wals_trial.options IS 'what it tried; other options have their defaults';
COMMENT ON COLUMN wals_trial.value IS 'the metric on the validation, NULL if the trial failed';
COMMENT ON COLUMN wals_trial.std_error IS 'its standard error';
COMMENT ON COLUMN wals_trial.iterations IS 'iterations that were run';
COMMENT ON COLUMN wals_trial.seconds IS 'seconds the trial took';
COMMENT ON COLUMN wals_trial.best IS 'true for one trial of a tuning that has ended, false for all of one that has not';
COMMENT ON COLUMN wals_trial.test_value IS 'of the best: the metric on the test, after a training on all the rest';
COMMENT ON COLUMN wals_trial.test_std_error IS 'its standard error';
COMMENT ON COLUMN wals_trial.test_popular_baseline IS 'of the best: what ranking by popularity achieves on the test; NULL for rmse and mae';
COMMENT ON COLUMN wals_trial.call IS 'of the best: the call of wals_train on the whole source';

CREATE PROCEDURE wals_tune_into(
	trials_table text,
	source regclass,
	grid jsonb DEFAULT NULL,
	user_col name DEFAULT 'user_id',
	item_col name DEFAULT 'item_id',
	value_col name DEFAULT NULL,
	weight_col name DEFAULT NULL,
	time_col name DEFAULT NULL,
	feedback text DEFAULT 'implicit',
	metric text DEFAULT NULL,
	k bigint DEFAULT NULL,
	trials bigint DEFAULT NULL,
	max_seconds bigint DEFAULT NULL,
	search text DEFAULT 'auto',
	holdout text DEFAULT 'hash',
	fraction double precision DEFAULT 0.1,
	relevance_threshold double precision DEFAULT NULL,
	max_users bigint DEFAULT 10000,
	seed bigint DEFAULT 0,
	model text DEFAULT NULL,
	activate text DEFAULT 'yes'
)
LANGUAGE C
AS 'MODULE_PATHNAME', 'wals_tune_into';
COMMENT ON PROCEDURE wals_tune_into(text, regclass, jsonb, name, name, name, name, name, text, text, bigint, bigint, bigint, text, text, double precision, double precision, bigint, bigint, text, text)
IS 'wals_tune() as a job: writes each trial to a table of the caller''s and commits where it may, so that it holds no snapshot; trains the best options if a model is named';

CREATE FUNCTION _wals_tune_progress_list(
	OUT pid integer,
	OUT source text,
	OUT trial integer,
	OUT options text,
	OUT value double precision,
	OUT std_error double precision,
	OUT iterations integer,
	OUT seconds double precision
) RETURNS SETOF record
LANGUAGE C STABLE PARALLEL RESTRICTED COST 100 ROWS 20
AS 'MODULE_PATHNAME', 'wals_tune_progress_list';
COMMENT ON FUNCTION _wals_tune_progress_list()
IS 'trials of tunings that are running; wals_tune_progress shows them';

CREATE VIEW wals_tune_progress AS
SELECT t.pid,
	t.source,
	t.trial,
	t.options,
	t.value,
	t.std_error,
	t.iterations,
	t.seconds
FROM @extschema@._wals_tune_progress_list() AS t;

COMMENT ON VIEW wals_tune_progress IS 'trials that are done in tunings that are running in this database, of sessions whose activity the caller may see';
COMMENT ON COLUMN wals_tune_progress.pid IS 'process of the session, as in pg_stat_activity';
COMMENT ON COLUMN wals_tune_progress.source IS 'name of the source with its schema';
COMMENT ON COLUMN wals_tune_progress.trial IS 'number of the trial, from 1';
COMMENT ON COLUMN wals_tune_progress.options IS 'the options it tries, as JSON; cut after 511 bytes';
COMMENT ON COLUMN wals_tune_progress.value IS 'the metric on the validation, NULL if the trial failed';
COMMENT ON COLUMN wals_tune_progress.std_error IS 'its standard error';
COMMENT ON COLUMN wals_tune_progress.iterations IS 'iterations run so far; a search by halving goes on with the best';
COMMENT ON COLUMN wals_tune_progress.seconds IS 'seconds the trial took so far';

-- The function behind it shows only what pg_stat_activity would.
GRANT SELECT ON wals_tune_progress TO PUBLIC;
