-- ---------------------------------------------------------------------------
-- What a DBA looks at
-- ---------------------------------------------------------------------------

CREATE FUNCTION _wals_log_list(
	OUT model regclass,
	OUT version integer,
	OUT active boolean,
	OUT trained_at timestamp with time zone,
	OUT losses double precision[],
	OUT iteration_seconds double precision[]
) RETURNS SETOF record
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 20
AS 'MODULE_PATHNAME', 'wals_log_list';
COMMENT ON FUNCTION _wals_log_list()
IS 'losses of every version of every model the caller may read; wals_training_log shows them by iteration';

CREATE FUNCTION _wals_progress_log(
	OUT pid integer,
	OUT model regclass,
	OUT version integer,
	OUT started_at timestamp with time zone,
	OUT iteration integer,
	OUT loss double precision,
	OUT seconds double precision
) RETURNS SETOF record
LANGUAGE C STABLE PARALLEL RESTRICTED COST 100 ROWS 20
AS 'MODULE_PATHNAME', 'wals_progress_log';
COMMENT ON FUNCTION _wals_progress_log()
IS 'iterations of trainings that are running; wals_training_log shows them';

CREATE VIEW wals_training_log AS
SELECT a.model,
	a.version,
	a.active,
	a.trained_at,
	a.iteration,
	a.loss,
	(a.loss OPERATOR(pg_catalog.-) pg_catalog.lag(a.loss) OVER w)
		OPERATOR(pg_catalog./)
		NULLIF(pg_catalog.abs(pg_catalog.lag(a.loss) OVER w), 0::double precision) AS rel_change,
	a.seconds,
	a.pid
FROM (
	SELECT l.model, l.version, l.active, l.trained_at, i.iteration::integer AS iteration, i.loss, i.seconds, NULL::integer AS pid
	FROM @extschema@._wals_log_list() AS l
	CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(l.losses), pg_catalog.unnest(l.iteration_seconds))
		WITH ORDINALITY AS i(loss, seconds, iteration)
	UNION ALL
	SELECT p.model, p.version, false, p.started_at, p.iteration, p.loss, p.seconds, p.pid
	FROM @extschema@._wals_progress_log() AS p
) AS a
WINDOW w AS (PARTITION BY a.model, a.version, a.pid ORDER BY a.iteration);

COMMENT ON VIEW wals_training_log IS 'loss and seconds of every iteration: of every stored version the caller may read, and of trainings that are running, of sessions whose activity the caller may see';
COMMENT ON COLUMN wals_training_log.model IS 'the model; NULL while its first version is being trained';
COMMENT ON COLUMN wals_training_log.version IS 'its version';
COMMENT ON COLUMN wals_training_log.active IS 'true for the version that answers';
COMMENT ON COLUMN wals_training_log.trained_at IS 'when the training began';
COMMENT ON COLUMN wals_training_log.iteration IS 'number of the iteration, from 1';
COMMENT ON COLUMN wals_training_log.loss IS 'loss after the iteration';
COMMENT ON COLUMN wals_training_log.rel_change IS 'change of the loss relative to the iteration before; NULL for the first';
COMMENT ON COLUMN wals_training_log.seconds IS 'seconds the iteration took';
COMMENT ON COLUMN wals_training_log.pid IS 'process of the session that is training the version, as in wals_progress; NULL for a stored one';

-- The functions behind it show only what the caller may read or pg_stat_activity would show.
GRANT SELECT ON wals_training_log TO PUBLIC;

CREATE FUNCTION _wals_progress_list(
	OUT pid integer,
	OUT model text,
	OUT role name,
	OUT command text,
	OUT phase text,
	OUT iteration integer,
	OUT iterations integer,
	OUT rows_read bigint,
	OUT loss double precision,
	OUT started_at timestamp with time zone,
	OUT expected_end timestamp with time zone
) RETURNS SETOF record
LANGUAGE C STABLE PARALLEL RESTRICTED COST 100 ROWS 1
AS 'MODULE_PATHNAME', 'wals_progress_list';
COMMENT ON FUNCTION _wals_progress_list()
IS 'trainings, tunings and refreshes that are running; wals_progress shows them';

CREATE VIEW wals_progress AS
SELECT p.pid,
	p.model,
	p.role,
	p.command,
	p.phase,
	p.iteration,
	p.iterations,
	p.rows_read,
	CASE WHEN p.phase OPERATOR(pg_catalog.=) 'loading' THEN p.rows_read::double precision
		OPERATOR(pg_catalog./) NULLIF(pg_catalog.date_part('epoch',
			pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) p.started_at), 0::double precision)
	END AS rows_per_second,
	p.loss,
	pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) p.started_at AS elapsed,
	p.expected_end
FROM @extschema@._wals_progress_list() AS p;

COMMENT ON VIEW wals_progress IS 'trainings, tunings and refreshes that are running in this database, of sessions whose activity the caller may see';
COMMENT ON COLUMN wals_progress.pid IS 'process of the session, as in pg_stat_activity';
COMMENT ON COLUMN wals_progress.model IS 'name of the model with its schema; of a tuning, of its source';
COMMENT ON COLUMN wals_progress.role IS 'the role that trains';
COMMENT ON COLUMN wals_progress.command IS 'train, retrain, tune, refresh or forget';
COMMENT ON COLUMN wals_progress.phase IS 'loading, preparing, solving users, solving items, measuring or writing; of a tuning, tuning';
COMMENT ON COLUMN wals_progress.iteration IS 'iterations done; of a tuning, trials; of a refresh, users or items solved in this phase';
COMMENT ON COLUMN wals_progress.iterations IS 'iterations asked for; of a refresh, users or items to solve in this phase';
COMMENT ON COLUMN wals_progress.rows_read IS 'rows read from the source so far';
COMMENT ON COLUMN wals_progress.rows_per_second IS 'rows read per second since it began, while it is loading; NULL otherwise';
COMMENT ON COLUMN wals_progress.loss IS 'loss after the last iteration, NULL before the first is done; of a tuning, the best value so far';
COMMENT ON COLUMN wals_progress.elapsed IS 'time since it began';
COMMENT ON COLUMN wals_progress.expected_end IS 'when the solving should end, going by what is done so far; NULL before the first iteration is done, before the last step of a refresh, and while writing';

-- The function behind it shows only what pg_stat_activity would.
GRANT SELECT ON wals_progress TO PUBLIC;

CREATE FUNCTION wals_cache_info() RETURNS TABLE (
	model regclass,
	version integer,
	side text,
	place text,
	bytes bigint,
	hits bigint,
	loads bigint,
	opens bigint
)
LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 100 ROWS 4
AS 'MODULE_PATHNAME', 'wals_cache_info';
COMMENT ON FUNCTION wals_cache_info()
IS 'rows of users and items this session keeps to answer from, of models the caller may read: where, how large, how often they were at hand, read from the table or taken from a shared file';

CREATE FUNCTION wals_warm(
	model regclass DEFAULT NULL,
	version bigint DEFAULT NULL
) RETURNS bigint
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000
AS 'MODULE_PATHNAME', 'wals_warm';
COMMENT ON FUNCTION wals_warm(regclass, bigint)
IS 'make the files that sessions share of users and items of a version, the active one by default, unless they are there: after a restart, and on a standby; returns their bytes';

CREATE FUNCTION wals_info() RETURNS TABLE (name text, value text)
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000 ROWS 10
AS 'MODULE_PATHNAME', 'wals_info';
COMMENT ON FUNCTION wals_info()
IS 'versions, libraries and settings for a bug report';

CREATE FUNCTION wals_selftest() RETURNS TABLE (name text, passed boolean, detail text)
LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 100000 ROWS 10
AS 'MODULE_PATHNAME', 'wals_selftest';
COMMENT ON FUNCTION wals_selftest()
IS 'solves and searches small fixed problems with every kernel of this machine, starts threads, writes a shared file: whether wals works here, for after an upgrade';

CREATE FUNCTION wals_version() RETURNS text
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'wals_version';
COMMENT ON FUNCTION wals_version()
IS 'version of the loaded library';
