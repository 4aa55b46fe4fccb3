\echo Use "CREATE EXTENSION wals" to load this file. \quit

-- ---------------------------------------------------------------------------
-- Types of model tables: wals_train creates typed tables of these, so the
-- server itself guards their columns.
-- ---------------------------------------------------------------------------

CREATE TYPE wals_model AS (
	version integer,
	version_id uuid,
	items_id uuid,
	active boolean,
	is_default boolean,
	format integer,
	wals_version text,
	trained_at timestamp with time zone,
	trained_by name,
	refreshed_at timestamp with time zone,
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
	metrics jsonb,
	source_name text,
	source_id text,
	row_weights_id text,
	col_weights_id text,
	newest_time text,
	newest_rows bigint
);

COMMENT ON TYPE wals_model IS 'row type of a model table: one row per trained version';
COMMENT ON COLUMN wals_model.version IS 'number of the version, 1 for the first training';
COMMENT ON COLUMN wals_model.version_id IS 'identity of this version''s factors; caches are keyed by it';
COMMENT ON COLUMN wals_model.items_id IS 'identity of its item factors where only users have changed since; caches are keyed by it; NULL: version_id';
COMMENT ON COLUMN wals_model.active IS 'true for the one version that answers';
COMMENT ON COLUMN wals_model.is_default IS 'true for the model its owner marked with wals_set_default';
COMMENT ON COLUMN wals_model.format IS 'number of the layout of the stored factors';
COMMENT ON COLUMN wals_model.wals_version IS 'version of the library that trained';
COMMENT ON COLUMN wals_model.trained_at IS 'when the training began';
COMMENT ON COLUMN wals_model.trained_by IS 'the role that trained';
COMMENT ON COLUMN wals_model.refreshed_at IS 'when wals_refresh last began to bring it up to date, NULL if never';
COMMENT ON COLUMN wals_model.source IS 'relation the ratings are read from now, in wals_models; in a model''s rows NULL, but as 0.1.0 wrote it: see source_name';
COMMENT ON COLUMN wals_model.user_col IS 'column of the source with user ids';
COMMENT ON COLUMN wals_model.item_col IS 'column of the source with item ids';
COMMENT ON COLUMN wals_model.value_col IS 'column of the source with values; NULL: each row counts 1';
COMMENT ON COLUMN wals_model.weight_col IS 'column of the source with a weight per row; NULL: 1';
COMMENT ON COLUMN wals_model.time_col IS 'column of the source with times; NULL: not used';
COMMENT ON COLUMN wals_model.users_table IS 'table with the user factors';
COMMENT ON COLUMN wals_model.items_table IS 'table with the item factors';
COMMENT ON COLUMN wals_model.feedback IS 'implicit, explicit or weighted';
COMMENT ON COLUMN wals_model.options IS 'all options of the training, choices resolved; NULL: not known, the factors were imported';
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
COMMENT ON COLUMN wals_model.source_name IS 'relation the ratings were read from, by its name with its schema; NULL: none is known';
COMMENT ON COLUMN wals_model.source_id IS 'its identity where it was read: server, database, OID, owner';
COMMENT ON COLUMN wals_model.row_weights_id IS 'the same of the table of row_weights, whose name stands in options';
COMMENT ON COLUMN wals_model.col_weights_id IS 'the same of the table of col_weights';
COMMENT ON COLUMN wals_model.newest_time IS 'newest time of the rows that were looked at, as the time column has it: where the next refresh goes on';
COMMENT ON COLUMN wals_model.newest_rows IS 'rows about that time, which tell whether more have come';

CREATE TYPE wals_factors_bigint AS (
	version integer,
	id bigint,
	factors real[],
	bias real,
	n integer,
	norm real,
	weight real,
	likes integer
);
COMMENT ON TYPE wals_factors_bigint IS 'row type of a factor table with integer ids: one row per version and user or item';
COMMENT ON COLUMN wals_factors_bigint.version IS 'version the row belongs to';
COMMENT ON COLUMN wals_factors_bigint.id IS 'id as in the source';
COMMENT ON COLUMN wals_factors_bigint.factors IS 'vector of k factors';
COMMENT ON COLUMN wals_factors_bigint.bias IS 'bias added to every score, 0 without biases';
COMMENT ON COLUMN wals_factors_bigint.n IS 'entries the row was trained on';
COMMENT ON COLUMN wals_factors_bigint.norm IS 'Euclidean norm of the factors';
COMMENT ON COLUMN wals_factors_bigint.weight IS 'weight the row was given by row_weights or col_weights, 1 without';
COMMENT ON COLUMN wals_factors_bigint.likes IS 'entries of n that are likes, for popularity; NULL: not known, all count';

CREATE TYPE wals_factors_text AS (
	version integer,
	id text,
	factors real[],
	bias real,
	n integer,
	norm real,
	weight real,
	likes integer
);
COMMENT ON TYPE wals_factors_text IS 'row type of a factor table with text ids: one row per version and user or item';
COMMENT ON COLUMN wals_factors_text.version IS 'version the row belongs to';
COMMENT ON COLUMN wals_factors_text.id IS 'id as in the source';
COMMENT ON COLUMN wals_factors_text.factors IS 'vector of k factors';
COMMENT ON COLUMN wals_factors_text.bias IS 'bias added to every score, 0 without biases';
COMMENT ON COLUMN wals_factors_text.n IS 'entries the row was trained on';
COMMENT ON COLUMN wals_factors_text.norm IS 'Euclidean norm of the factors';
COMMENT ON COLUMN wals_factors_text.weight IS 'weight the row was given by row_weights or col_weights, 1 without';
COMMENT ON COLUMN wals_factors_text.likes IS 'entries of n that are likes, for popularity; NULL: not known, all count';

CREATE TYPE wals_factors_uuid AS (
	version integer,
	id uuid,
	factors real[],
	bias real,
	n integer,
	norm real,
	weight real,
	likes integer
);
COMMENT ON TYPE wals_factors_uuid IS 'row type of a factor table with uuid ids: one row per version and user or item';
COMMENT ON COLUMN wals_factors_uuid.version IS 'version the row belongs to';
COMMENT ON COLUMN wals_factors_uuid.id IS 'id as in the source';
COMMENT ON COLUMN wals_factors_uuid.factors IS 'vector of k factors';
COMMENT ON COLUMN wals_factors_uuid.bias IS 'bias added to every score, 0 without biases';
COMMENT ON COLUMN wals_factors_uuid.n IS 'entries the row was trained on';
COMMENT ON COLUMN wals_factors_uuid.norm IS 'Euclidean norm of the factors';
COMMENT ON COLUMN wals_factors_uuid.weight IS 'weight the row was given by row_weights or col_weights, 1 without';
COMMENT ON COLUMN wals_factors_uuid.likes IS 'entries of n that are likes, for popularity; NULL: not known, all count';
