-- ---------------------------------------------------------------------------
-- Models
-- ---------------------------------------------------------------------------

CREATE FUNCTION wals_set_default(model regclass) RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'wals_set_default';
COMMENT ON FUNCTION wals_set_default(regclass)
IS 'mark the model that functions use when none is named; owner only';

CREATE FUNCTION wals_set_source(
	model regclass,
	source regclass,
	row_weights regclass DEFAULT NULL,
	col_weights regclass DEFAULT NULL
) RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'wals_set_source';
COMMENT ON FUNCTION wals_set_source(regclass, regclass, regclass, regclass)
IS 'name another relation as the source of a model, and other tables of weights; all options stay; owner only';

CREATE FUNCTION wals_activate(model regclass, version bigint) RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'wals_activate';
COMMENT ON FUNCTION wals_activate(regclass, bigint)
IS 'make a stored version the one that answers; owner only';

CREATE FUNCTION wals_prune(model regclass, keep bigint DEFAULT 2) RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'wals_prune';
COMMENT ON FUNCTION wals_prune(regclass, bigint)
IS 'delete all but the newest versions, never the active one; returns how many were deleted; owner only';

CREATE FUNCTION wals_drop(model regclass) RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'wals_drop';
COMMENT ON FUNCTION wals_drop(regclass)
IS 'drop a model with its factor tables; owner only';

CREATE FUNCTION _wals_model_rows(
	OUT model regclass,
	OUT owner name,
	OUT is_default boolean,
	OUT versions integer,
	OUT active wals_model,
	OUT refused wals_model
) RETURNS SETOF record
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10
AS 'MODULE_PATHNAME', 'wals_model_list';
COMMENT ON FUNCTION _wals_model_rows()
IS 'every model the caller may read, with its active version and the last one after it that a gate turned down; wals_models shows it in columns';

CREATE FUNCTION _wals_queue_state(model regclass, source regclass, user_col name, item_col name) RETURNS text
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000
AS 'MODULE_PATHNAME', 'wals_queue_state';
COMMENT ON FUNCTION _wals_queue_state(regclass, regclass, name, name)
IS 'whether a model''s queue is on, and what waits in it, or why it has stopped; wals_models shows it';

-- stable, unlike the server's own, so that queries which do not ask for sizes have none counted
CREATE FUNCTION _wals_model_bytes(model regclass, users_table regclass, items_table regclass) RETURNS bigint
LANGUAGE C STABLE PARALLEL SAFE COST 1000
AS 'MODULE_PATHNAME', 'wals_model_bytes';
COMMENT ON FUNCTION _wals_model_bytes(regclass, regclass, regclass)
IS 'size on disk of a model''s tables, those of other owners left out; wals_models shows it';

CREATE VIEW wals_models AS
SELECT l.model,
	l.owner,
	l.is_default,
	l.versions,
	(l.active).version AS active_version,
	CASE WHEN pg_catalog.isfinite((l.active).trained_at)
		THEN pg_catalog.statement_timestamp() OPERATOR(pg_catalog.-) (l.active).trained_at
	END AS age,
	CASE WHEN (l.active).n_rows OPERATOR(pg_catalog.>) 0 THEN (
		SELECT GREATEST(pg_catalog.pg_stat_get_live_tuples(c.oid), c.reltuples::bigint)
			OPERATOR(pg_catalog.-) (l.active).n_rows
		FROM pg_catalog.pg_class AS c
		WHERE c.oid OPERATOR(pg_catalog.=) (l.active).source::oid
			AND c.relkind OPERATOR(pg_catalog.=) 'r'
			AND NOT c.relhassubclass AND NOT c.relrowsecurity
			AND (c.reltuples OPERATOR(pg_catalog.>=) 0
				OR pg_catalog.pg_stat_get_live_tuples(c.oid) OPERATOR(pg_catalog.>) 0))
	END AS rows_since,
	(l.active).trained_at,
	(l.active).trained_by,
	(l.active).source,
	(l.active).feedback,
	(l.active).objective,
	(l.active).factors,
	(l.active).n_users,
	(l.active).n_items,
	(l.active).n_entries,
	(l.active).n_skipped,
	(l.active).iterations,
	(l.active).stop_reason,
	(l.active).loss,
	(l.active).seconds,
	CASE WHEN (l.active).version IS NOT NULL
		THEN @extschema@._wals_model_bytes(l.model, (l.active).users_table, (l.active).items_table)
	END AS bytes,
	(l.active).options,
	(l.active).metrics,
	(l.active).wals_version,
	(l.refused).version AS refused_version,
	(l.refused).trained_at AS refused_at,
	(l.refused).metrics OPERATOR(pg_catalog.#>>) '{gate,reason}' AS refused_because,
	(l.refused).metrics AS refused_metrics,
	@extschema@._wals_queue_state(l.model, (l.active).source, (l.active).user_col, (l.active).item_col) AS queue,
	(l.active).options OPERATOR(pg_catalog.->>) 'dense' AS dense
FROM @extschema@._wals_model_rows() AS l;

COMMENT ON VIEW wals_models IS 'every model the caller may read, with its active version';
COMMENT ON COLUMN wals_models.model IS 'the model';
COMMENT ON COLUMN wals_models.owner IS 'its owner, the only role that may train, activate, prune or drop it';
COMMENT ON COLUMN wals_models.is_default IS 'true when functions called without a model use it for the current role';
COMMENT ON COLUMN wals_models.versions IS 'number of stored versions';
COMMENT ON COLUMN wals_models.active_version IS 'the version that answers, NULL if none';
COMMENT ON COLUMN wals_models.age IS 'time since the active version''s training began';
COMMENT ON COLUMN wals_models.rows_since IS 'estimate, from the server''s statistics, of how many rows more the source has than its training read; NULL if it is no plain table, has row-level security or inheritance children, or no statistics';
COMMENT ON COLUMN wals_models.trained_at IS 'when the active version''s training began';
COMMENT ON COLUMN wals_models.trained_by IS 'role that trained it';
COMMENT ON COLUMN wals_models.source IS 'relation the ratings were read from';
COMMENT ON COLUMN wals_models.feedback IS 'implicit, explicit or weighted';
COMMENT ON COLUMN wals_models.objective IS 'the objective in words and symbols';
COMMENT ON COLUMN wals_models.factors IS 'number of factors k';
COMMENT ON COLUMN wals_models.n_users IS 'users in the active version';
COMMENT ON COLUMN wals_models.n_items IS 'items in the active version';
COMMENT ON COLUMN wals_models.n_entries IS 'distinct (user, item) cells trained on';
COMMENT ON COLUMN wals_models.n_skipped IS 'rows of the source that were left out';
COMMENT ON COLUMN wals_models.iterations IS 'full sweeps that were run';
COMMENT ON COLUMN wals_models.stop_reason IS 'why there were no more: iterations, tolerance or max_seconds';
COMMENT ON COLUMN wals_models.loss IS 'loss of the stored factors';
COMMENT ON COLUMN wals_models.seconds IS 'seconds the training took';
COMMENT ON COLUMN wals_models.bytes IS 'size of the model''s three tables on disk, all versions, with indexes and TOAST';
COMMENT ON COLUMN wals_models.options IS 'all options, choices resolved';
COMMENT ON COLUMN wals_models.metrics IS 'metrics attached to the version';
COMMENT ON COLUMN wals_models.wals_version IS 'version of the library that trained';
COMMENT ON COLUMN wals_models.refused_version IS 'the last version after the active one that a gate turned down (activate => if_better), NULL if none';
COMMENT ON COLUMN wals_models.refused_at IS 'when its training began';
COMMENT ON COLUMN wals_models.refused_because IS 'why it was turned down';
COMMENT ON COLUMN wals_models.refused_metrics IS 'its figures, and in gate those of the comparison';
COMMENT ON COLUMN wals_models.queue IS 'whether the model''s queue is on and how many changes wait, or why it has stopped; NULL if it has none';
COMMENT ON COLUMN wals_models.dense IS 'whose dense algebra trained the active version: builtin, or openblas with its version and core type; NULL if it was not told';

-- The function behind it shows only what the caller may read.
GRANT SELECT ON wals_models TO PUBLIC;

-- the triggers that keep others from writing to a model's tables
CREATE FUNCTION _wals_guard() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'wals_guard';
COMMENT ON FUNCTION _wals_guard()
IS 'trigger on the tables of a model: refuses writes without the owner''s rights, and gives versions whose rows are changed new identities';
