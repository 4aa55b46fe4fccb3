\echo Use "CREATE EXTENSION wals" to load this file. \quit

-- ---------------------------------------------------------------------------
-- Types of model tables: wals_train creates typed tables of these, so the
-- server itself guards their columns.
-- ---------------------------------------------------------------------------

CREATE TYPE wals_model AS (
	version integer,
	version_id uuid,
	active boolean,
	is_default boolean,
	format integer,
	wals_version text,
	trained_at timestamp with time zone,
	trained_by name,
	source regclass,
	user_col name,
	item_col name,
	value_col name,
	weight_col name,
	time_col name,
	users_table regclass,
	items_table regclass,
	feedback text,
	options jsonb,
	objective text,
	factors integer,
	biases boolean,
	global_mean double precision,
	n_users bigint,
	n_items bigint,
	n_entries bigint,
	n_rows bigint,
	n_skipped bigint,
	started_from integer,
	iterations integer,
	stop_reason text,
	loss double precision,
	losses double precision[],
	iteration_seconds double precision[],
	load_seconds double precision,
	solve_seconds double precision,
	write_seconds double precision,
	seconds double precision,
	metrics jsonb
);

COMMENT ON TYPE wals_model IS 'row type of a model table: one row per trained version';
COMMENT ON COLUMN wals_model.version IS 'number of the version, 1 for the first training';
COMMENT ON COLUMN wals_model.version_id IS 'identity of this version''s factors; caches are keyed by it';
COMMENT ON COLUMN wals_model.active IS 'true for the one version that answers';
COMMENT ON COLUMN wals_model.is_default IS 'true for the model its owner marked with wals_set_default';
COMMENT ON COLUMN wals_model.format IS 'number of the layout of the stored factors';
COMMENT ON COLUMN wals_model.wals_version IS 'version of the library that trained';
COMMENT ON COLUMN wals_model.trained_at IS 'when the training began';
COMMENT ON COLUMN wals_model.trained_by IS 'the role that trained';
COMMENT ON COLUMN wals_model.source IS 'relation the ratings were read from';
COMMENT ON COLUMN wals_model.user_col IS 'column of the source with user ids';
COMMENT ON COLUMN wals_model.item_col IS 'column of the source with item ids';
COMMENT ON COLUMN wals_model.value_col IS 'column of the source with values; NULL: each row counts 1';
COMMENT ON COLUMN wals_model.weight_col IS 'column of the source with a weight per row; NULL: 1';
COMMENT ON COLUMN wals_model.time_col IS 'column of the source with times; NULL: not used';
COMMENT ON COLUMN wals_model.users_table IS 'table with the user factors';
COMMENT ON COLUMN wals_model.items_table IS 'table with the item factors';
COMMENT ON COLUMN wals_model.feedback IS 'implicit, explicit or weighted';
COMMENT ON COLUMN wals_model.options IS 'all options of the training, choices resolved';
COMMENT ON COLUMN wals_model.objective IS 'the objective that was minimized, in words and symbols';
COMMENT ON COLUMN wals_model.factors IS 'number of factors k';
COMMENT ON COLUMN wals_model.biases IS 'true when users and items have a bias';
COMMENT ON COLUMN wals_model.global_mean IS 'mean added to every score (explicit feedback), else 0';
COMMENT ON COLUMN wals_model.n_users IS 'users in the version';
COMMENT ON COLUMN wals_model.n_items IS 'items in the version';
COMMENT ON COLUMN wals_model.n_entries IS 'distinct (user, item) cells trained on';
COMMENT ON COLUMN wals_model.n_rows IS 'rows read from the source';
COMMENT ON COLUMN wals_model.n_skipped IS 'rows left out: NULL id, value, weight or time, weight 0, implicit value 0';
COMMENT ON COLUMN wals_model.started_from IS 'version whose items were the first factors (warm_start), NULL if none';
COMMENT ON COLUMN wals_model.iterations IS 'full sweeps that were run';
COMMENT ON COLUMN wals_model.stop_reason IS 'why there were no more: iterations, tolerance or max_seconds, the option that was reached';
COMMENT ON COLUMN wals_model.loss IS 'loss of the stored factors';
COMMENT ON COLUMN wals_model.losses IS 'loss after each iteration';
COMMENT ON COLUMN wals_model.iteration_seconds IS 'seconds each iteration took';
COMMENT ON COLUMN wals_model.load_seconds IS 'seconds spent reading and indexing';
COMMENT ON COLUMN wals_model.solve_seconds IS 'seconds spent in half sweeps and losses';
COMMENT ON COLUMN wals_model.write_seconds IS 'seconds spent writing factors';
COMMENT ON COLUMN wals_model.seconds IS 'seconds from call to the end of writing';
COMMENT ON COLUMN wals_model.metrics IS 'metrics attached to the version, NULL if none';

CREATE TYPE wals_factors_bigint AS (
	version integer,
	id bigint,
	factors real[],
	bias real,
	n integer,
	norm real
);
COMMENT ON TYPE wals_factors_bigint IS 'row type of a factor table with integer ids: one row per version and user or item';
COMMENT ON COLUMN wals_factors_bigint.version IS 'version the row belongs to';
COMMENT ON COLUMN wals_factors_bigint.id IS 'id as in the source';
COMMENT ON COLUMN wals_factors_bigint.factors IS 'vector of k factors';
COMMENT ON COLUMN wals_factors_bigint.bias IS 'bias added to every score, 0 without biases';
COMMENT ON COLUMN wals_factors_bigint.n IS 'entries the row was trained on';
COMMENT ON COLUMN wals_factors_bigint.norm IS 'Euclidean norm of the factors';

CREATE TYPE wals_factors_text AS (
	version integer,
	id text,
	factors real[],
	bias real,
	n integer,
	norm real
);
COMMENT ON TYPE wals_factors_text IS 'row type of a factor table with text ids: one row per version and user or item';
COMMENT ON COLUMN wals_factors_text.version IS 'version the row belongs to';
COMMENT ON COLUMN wals_factors_text.id IS 'id as in the source';
COMMENT ON COLUMN wals_factors_text.factors IS 'vector of k factors';
COMMENT ON COLUMN wals_factors_text.bias IS 'bias added to every score, 0 without biases';
COMMENT ON COLUMN wals_factors_text.n IS 'entries the row was trained on';
COMMENT ON COLUMN wals_factors_text.norm IS 'Euclidean norm of the factors';

CREATE TYPE wals_factors_uuid AS (
	version integer,
	id uuid,
	factors real[],
	bias real,
	n integer,
	norm real
);
COMMENT ON TYPE wals_factors_uuid IS 'row type of a factor table with uuid ids: one row per version and user or item';
COMMENT ON COLUMN wals_factors_uuid.version IS 'version the row belongs to';
COMMENT ON COLUMN wals_factors_uuid.id IS 'id as in the source';
COMMENT ON COLUMN wals_factors_uuid.factors IS 'vector of k factors';
COMMENT ON COLUMN wals_factors_uuid.bias IS 'bias added to every score, 0 without biases';
COMMENT ON COLUMN wals_factors_uuid.n IS 'entries the row was trained on';
COMMENT ON COLUMN wals_factors_uuid.norm IS 'Euclidean norm of the factors';

-- ---------------------------------------------------------------------------
-- Training
-- ---------------------------------------------------------------------------

CREATE FUNCTION wals_train(
	model text,
	source regclass,
	user_col name DEFAULT 'user_id',
	item_col name DEFAULT 'item_id',
	value_col name DEFAULT NULL,
	weight_col name DEFAULT NULL,
	time_col name DEFAULT NULL,
	feedback text DEFAULT 'implicit',
	factors integer DEFAULT 64,
	iterations integer DEFAULT 15,
	regularization double precision DEFAULT NULL,
	reg_exponent double precision DEFAULT 1,
	unobserved_weight double precision DEFAULT NULL,
	unobserved_weighting text DEFAULT 'uniform',
	popularity_exponent double precision DEFAULT 0.5,
	weighting text DEFAULT 'constant',
	alpha double precision DEFAULT 1,
	epsilon double precision DEFAULT 1,
	row_weight_exponent double precision DEFAULT 0,
	col_weight_exponent double precision DEFAULT 0,
	weight_normalize boolean DEFAULT true,
	row_weights regclass DEFAULT NULL,
	col_weights regclass DEFAULT NULL,
	half_life interval DEFAULT NULL,
	duplicates text DEFAULT NULL,
	min_user_rows integer DEFAULT 1,
	min_item_rows integer DEFAULT 1,
	biases boolean DEFAULT NULL,
	tolerance double precision DEFAULT 0,
	max_seconds integer DEFAULT NULL,
	seed bigint DEFAULT 0,
	warm_start boolean DEFAULT false,
	activate text DEFAULT 'yes',
	keep_versions integer DEFAULT 2
) RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000
AS 'MODULE_PATHNAME', 'wals_train';

COMMENT ON FUNCTION wals_train(text, regclass, name, name, name, name, name, text, integer, integer, double precision, double precision, double precision, text, double precision, text, double precision, double precision, double precision, double precision, boolean, regclass, regclass, interval, text, integer, integer, boolean, double precision, integer, bigint, boolean, text, integer)
IS 'train a new version of a model by weighted alternating least squares from a relation of ratings; returns the version number';

-- ---------------------------------------------------------------------------
-- Answers.  One overload per id type: polymorphic result columns do not go
-- together with defaulted and named arguments.  The text overload serves every
-- id type, and models whose users and items differ in type.
-- ---------------------------------------------------------------------------

CREATE FUNCTION wals_recommend_support(internal) RETURNS internal
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'wals_recommend_support';
COMMENT ON FUNCTION wals_recommend_support(internal)
IS 'planner support: a call with a constant n is estimated at n rows';

CREATE FUNCTION wals_recommend(
	user_id bigint,
	n integer DEFAULT 10,
	model regclass DEFAULT NULL,
	candidates bigint[] DEFAULT NULL,
	exclude bigint[] DEFAULT NULL,
	exclude_seen boolean DEFAULT true,
	min_score real DEFAULT NULL,
	cold_start text DEFAULT 'popular'
) RETURNS TABLE (item_id bigint, score real, rank integer, basis text)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10
SUPPORT wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_recommend';
COMMENT ON FUNCTION wals_recommend(bigint, integer, regclass, bigint[], bigint[], boolean, real, text)
IS 'the n best items for a user, best first; models with integer ids';

CREATE FUNCTION wals_recommend(
	user_id text,
	n integer DEFAULT 10,
	model regclass DEFAULT NULL,
	candidates text[] DEFAULT NULL,
	exclude text[] DEFAULT NULL,
	exclude_seen boolean DEFAULT true,
	min_score real DEFAULT NULL,
	cold_start text DEFAULT 'popular'
) RETURNS TABLE (item_id text, score real, rank integer, basis text)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10
SUPPORT wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_recommend';
COMMENT ON FUNCTION wals_recommend(text, integer, regclass, text[], text[], boolean, real, text)
IS 'the n best items for a user, best first; models with any id type, ids as text';

CREATE FUNCTION wals_recommend(
	user_id uuid,
	n integer DEFAULT 10,
	model regclass DEFAULT NULL,
	candidates uuid[] DEFAULT NULL,
	exclude uuid[] DEFAULT NULL,
	exclude_seen boolean DEFAULT true,
	min_score real DEFAULT NULL,
	cold_start text DEFAULT 'popular'
) RETURNS TABLE (item_id uuid, score real, rank integer, basis text)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10
SUPPORT wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_recommend';
COMMENT ON FUNCTION wals_recommend(uuid, integer, regclass, uuid[], uuid[], boolean, real, text)
IS 'the n best items for a user, best first; models with uuid ids';

CREATE FUNCTION wals_score(user_id bigint, item_id bigint, model regclass DEFAULT NULL)
RETURNS real
LANGUAGE C STABLE PARALLEL SAFE COST 100
AS 'MODULE_PATHNAME', 'wals_score';
COMMENT ON FUNCTION wals_score(bigint, bigint, regclass)
IS 'score of one item for one user, NULL when either is unknown; models with integer ids';

CREATE FUNCTION wals_score(user_id text, item_id text, model regclass DEFAULT NULL)
RETURNS real
LANGUAGE C STABLE PARALLEL SAFE COST 100
AS 'MODULE_PATHNAME', 'wals_score';
COMMENT ON FUNCTION wals_score(text, text, regclass)
IS 'score of one item for one user, NULL when either is unknown; models with any id type, ids as text';

CREATE FUNCTION wals_score(user_id uuid, item_id uuid, model regclass DEFAULT NULL)
RETURNS real
LANGUAGE C STABLE PARALLEL SAFE COST 100
AS 'MODULE_PATHNAME', 'wals_score';
COMMENT ON FUNCTION wals_score(uuid, uuid, regclass)
IS 'score of one item for one user, NULL when either is unknown; models with uuid ids';

CREATE FUNCTION wals_popular(n integer DEFAULT 10, model regclass DEFAULT NULL)
RETURNS TABLE (item_id text, n_rows bigint, rank integer)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10
SUPPORT wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_popular';
COMMENT ON FUNCTION wals_popular(integer, regclass)
IS 'the n items with the most entries in the active version, most popular first';

-- ---------------------------------------------------------------------------
-- Models
-- ---------------------------------------------------------------------------

CREATE FUNCTION wals_set_default(model regclass) RETURNS void
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'wals_set_default';
COMMENT ON FUNCTION wals_set_default(regclass)
IS 'mark the model that functions use when none is named; owner only';

CREATE FUNCTION wals_activate(model regclass, version integer) RETURNS void
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'wals_activate';
COMMENT ON FUNCTION wals_activate(regclass, integer)
IS 'make a stored version the one that answers; owner only';

CREATE FUNCTION wals_prune(model regclass, keep integer DEFAULT 2) RETURNS integer
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'wals_prune';
COMMENT ON FUNCTION wals_prune(regclass, integer)
IS 'delete all but the newest versions, never the active one; returns how many were deleted; owner only';

CREATE FUNCTION wals_drop(model regclass) RETURNS void
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'wals_drop';
COMMENT ON FUNCTION wals_drop(regclass)
IS 'drop a model with its factor tables; owner only';

CREATE FUNCTION wals_model_list(
	OUT model regclass,
	OUT owner name,
	OUT is_default boolean,
	OUT versions integer,
	OUT active wals_model
) RETURNS SETOF record
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10
AS 'MODULE_PATHNAME', 'wals_model_list';
COMMENT ON FUNCTION wals_model_list()
IS 'every model the caller may read, with its active version; wals_models shows it in columns';

CREATE VIEW wals_models AS
SELECT l.model,
	l.owner,
	l.is_default,
	l.versions,
	(l.active).version AS active_version,
	CASE WHEN pg_catalog.isfinite((l.active).trained_at)
		THEN pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) (l.active).trained_at
	END AS age,
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
	(l.active).options,
	(l.active).metrics,
	(l.active).wals_version
FROM @extschema@.wals_model_list() AS l;

COMMENT ON VIEW wals_models IS 'every model the caller may read, with its active version';
COMMENT ON COLUMN wals_models.model IS 'the model';
COMMENT ON COLUMN wals_models.owner IS 'its owner, the only role that may train, activate, prune or drop it';
COMMENT ON COLUMN wals_models.is_default IS 'true when functions called without a model use it for the current role';
COMMENT ON COLUMN wals_models.versions IS 'number of stored versions';
COMMENT ON COLUMN wals_models.active_version IS 'the version that answers, NULL if none';
COMMENT ON COLUMN wals_models.age IS 'time since the active version''s training began';
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
COMMENT ON COLUMN wals_models.options IS 'all options, choices resolved';
COMMENT ON COLUMN wals_models.metrics IS 'metrics attached to the version';
COMMENT ON COLUMN wals_models.wals_version IS 'version of the library that trained';

-- The function behind it shows only what the caller may read.
GRANT SELECT ON wals_models TO PUBLIC;

CREATE FUNCTION wals_log_list(
	OUT model regclass,
	OUT version integer,
	OUT active boolean,
	OUT trained_at timestamp with time zone,
	OUT losses double precision[],
	OUT iteration_seconds double precision[]
) RETURNS SETOF record
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 20
AS 'MODULE_PATHNAME', 'wals_log_list';
COMMENT ON FUNCTION wals_log_list()
IS 'losses of every version of every model the caller may read; wals_training_log shows them by iteration';

CREATE VIEW wals_training_log AS
SELECT l.model,
	l.version,
	l.active,
	l.trained_at,
	i.iteration::integer AS iteration,
	i.loss,
	(i.loss OPERATOR(pg_catalog.-) pg_catalog.lag(i.loss) OVER w)
		OPERATOR(pg_catalog./)
		NULLIF(pg_catalog.abs(pg_catalog.lag(i.loss) OVER w), 0::double precision) AS rel_change,
	i.seconds
FROM @extschema@.wals_log_list() AS l
CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(l.losses), pg_catalog.unnest(l.iteration_seconds))
	WITH ORDINALITY AS i(loss, seconds, iteration)
WINDOW w AS (PARTITION BY l.model, l.version ORDER BY i.iteration);

COMMENT ON VIEW wals_training_log IS 'loss and seconds of every iteration of every stored version the caller may read';
COMMENT ON COLUMN wals_training_log.model IS 'the model';
COMMENT ON COLUMN wals_training_log.version IS 'its version';
COMMENT ON COLUMN wals_training_log.active IS 'true for the version that answers';
COMMENT ON COLUMN wals_training_log.trained_at IS 'when the training began';
COMMENT ON COLUMN wals_training_log.iteration IS 'number of the iteration, from 1';
COMMENT ON COLUMN wals_training_log.loss IS 'loss after the iteration';
COMMENT ON COLUMN wals_training_log.rel_change IS 'change of the loss relative to the iteration before; NULL for the first';
COMMENT ON COLUMN wals_training_log.seconds IS 'seconds the iteration took';

GRANT SELECT ON wals_training_log TO PUBLIC;

CREATE FUNCTION wals_progress_list(
	OUT pid integer,
	OUT model text,
	OUT role name,
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
COMMENT ON FUNCTION wals_progress_list()
IS 'trainings that are running; wals_progress shows them';

CREATE VIEW wals_progress AS
SELECT p.pid,
	p.model,
	p.role,
	p.phase,
	p.iteration,
	p.iterations,
	p.rows_read,
	p.loss,
	pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) p.started_at AS elapsed,
	p.expected_end
FROM @extschema@.wals_progress_list() AS p;

COMMENT ON VIEW wals_progress IS 'trainings that are running in this database, of sessions whose activity the caller may see';
COMMENT ON COLUMN wals_progress.pid IS 'process of the session, as in pg_stat_activity';
COMMENT ON COLUMN wals_progress.model IS 'name of the model with its schema';
COMMENT ON COLUMN wals_progress.role IS 'the role that trains';
COMMENT ON COLUMN wals_progress.phase IS 'loading, preparing, solving users, solving items or writing';
COMMENT ON COLUMN wals_progress.iteration IS 'iterations done';
COMMENT ON COLUMN wals_progress.iterations IS 'iterations asked for';
COMMENT ON COLUMN wals_progress.rows_read IS 'rows read from the source, NULL while loading';
COMMENT ON COLUMN wals_progress.loss IS 'loss after the last iteration, NULL before the first is done';
COMMENT ON COLUMN wals_progress.elapsed IS 'time since the training began';
COMMENT ON COLUMN wals_progress.expected_end IS 'when the solving should end, going by the iterations so far; NULL before the first is done and while writing';

-- The function behind it shows only what pg_stat_activity would.
GRANT SELECT ON wals_progress TO PUBLIC;

CREATE FUNCTION wals_info() RETURNS TABLE (name text, value text)
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000 ROWS 10
AS 'MODULE_PATHNAME', 'wals_info';
COMMENT ON FUNCTION wals_info()
IS 'versions, libraries and settings for a bug report';

CREATE FUNCTION wals_version() RETURNS text
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'wals_version';
COMMENT ON FUNCTION wals_version()
IS 'version of the loaded library';
