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
	metrics jsonb
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
COMMENT ON COLUMN wals_model.source IS 'relation the ratings were read from; NULL: none is known';
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

CREATE TYPE wals_factors_bigint AS (
	version integer,
	id bigint,
	factors real[],
	bias real,
	n integer,
	norm real,
	weight real
);
COMMENT ON TYPE wals_factors_bigint IS 'row type of a factor table with integer ids: one row per version and user or item';
COMMENT ON COLUMN wals_factors_bigint.version IS 'version the row belongs to';
COMMENT ON COLUMN wals_factors_bigint.id IS 'id as in the source';
COMMENT ON COLUMN wals_factors_bigint.factors IS 'vector of k factors';
COMMENT ON COLUMN wals_factors_bigint.bias IS 'bias added to every score, 0 without biases';
COMMENT ON COLUMN wals_factors_bigint.n IS 'entries the row was trained on';
COMMENT ON COLUMN wals_factors_bigint.norm IS 'Euclidean norm of the factors';
COMMENT ON COLUMN wals_factors_bigint.weight IS 'weight the row was given by row_weights or col_weights, 1 without';

CREATE TYPE wals_factors_text AS (
	version integer,
	id text,
	factors real[],
	bias real,
	n integer,
	norm real,
	weight real
);
COMMENT ON TYPE wals_factors_text IS 'row type of a factor table with text ids: one row per version and user or item';
COMMENT ON COLUMN wals_factors_text.version IS 'version the row belongs to';
COMMENT ON COLUMN wals_factors_text.id IS 'id as in the source';
COMMENT ON COLUMN wals_factors_text.factors IS 'vector of k factors';
COMMENT ON COLUMN wals_factors_text.bias IS 'bias added to every score, 0 without biases';
COMMENT ON COLUMN wals_factors_text.n IS 'entries the row was trained on';
COMMENT ON COLUMN wals_factors_text.norm IS 'Euclidean norm of the factors';
COMMENT ON COLUMN wals_factors_text.weight IS 'weight the row was given by row_weights or col_weights, 1 without';

CREATE TYPE wals_factors_uuid AS (
	version integer,
	id uuid,
	factors real[],
	bias real,
	n integer,
	norm real,
	weight real
);
COMMENT ON TYPE wals_factors_uuid IS 'row type of a factor table with uuid ids: one row per version and user or item';
COMMENT ON COLUMN wals_factors_uuid.version IS 'version the row belongs to';
COMMENT ON COLUMN wals_factors_uuid.id IS 'id as in the source';
COMMENT ON COLUMN wals_factors_uuid.factors IS 'vector of k factors';
COMMENT ON COLUMN wals_factors_uuid.bias IS 'bias added to every score, 0 without biases';
COMMENT ON COLUMN wals_factors_uuid.n IS 'entries the row was trained on';
COMMENT ON COLUMN wals_factors_uuid.norm IS 'Euclidean norm of the factors';
COMMENT ON COLUMN wals_factors_uuid.weight IS 'weight the row was given by row_weights or col_weights, 1 without';
-- ---------------------------------------------------------------------------
-- Before training
-- ---------------------------------------------------------------------------

CREATE FUNCTION wals_profile(
	source regclass,
	user_col name DEFAULT 'user_id',
	item_col name DEFAULT 'item_id',
	value_col name DEFAULT NULL,
	weight_col name DEFAULT NULL,
	time_col name DEFAULT NULL,
	factors integer DEFAULT 64
) RETURNS TABLE (property text, value numeric, note text)
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000000 ROWS 30
AS 'MODULE_PATHNAME', 'wals_profile';
COMMENT ON FUNCTION wals_profile(regclass, name, name, name, name, name, integer)
IS 'what is in a relation of ratings, what training on it would take, and what is odd about it';
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
	row_weight_exponent double precision DEFAULT NULL,
	col_weight_exponent double precision DEFAULT NULL,
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
	solver text DEFAULT 'auto',
	cg_steps integer DEFAULT 3,
	warm_start boolean DEFAULT false,
	activate text DEFAULT 'yes',
	keep_versions integer DEFAULT 2,
	metric text DEFAULT NULL,
	margin double precision DEFAULT 0,
	holdout double precision DEFAULT NULL
) RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000
AS 'MODULE_PATHNAME', 'wals_train';

COMMENT ON FUNCTION wals_train(text, regclass, name, name, name, name, name, text, integer, integer, double precision, double precision, double precision, text, double precision, text, double precision, double precision, double precision, double precision, boolean, regclass, regclass, interval, text, integer, integer, boolean, double precision, integer, bigint, text, integer, boolean, text, integer, text, double precision, double precision)
IS 'train a new version of a model by weighted alternating least squares from a relation of ratings; returns the version number';

CREATE PROCEDURE wals_retrain(
	model regclass DEFAULT NULL,
	warm_start boolean DEFAULT true,
	min_new_rows bigint DEFAULT 0,
	if_older_than interval DEFAULT NULL,
	activate text DEFAULT 'yes',
	metric text DEFAULT NULL,
	margin double precision DEFAULT 0,
	holdout double precision DEFAULT NULL,
	INOUT version integer DEFAULT NULL
)
LANGUAGE C
AS 'MODULE_PATHNAME', 'wals_retrain';
COMMENT ON PROCEDURE wals_retrain(regclass, boolean, bigint, interval, text, text, double precision, double precision, integer)
IS 'train one model, or all models of the current role, again with the options of the active version; commits between reading, solving and writing where it may; version is that of the last new one, NULL if none was due';
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
	cold_start text DEFAULT 'popular',
	fold_in text DEFAULT 'auto',
	popularity_penalty real DEFAULT 0,
	diversity real DEFAULT 0,
	explore real DEFAULT 0
) RETURNS TABLE (item_id bigint, score real, rank integer, basis text)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10
SUPPORT wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_recommend';
COMMENT ON FUNCTION wals_recommend(bigint, integer, regclass, bigint[], bigint[], boolean, real, text, text, real, real, real)
IS 'the n best items for a user, best first; models with integer ids';

CREATE FUNCTION wals_recommend(
	user_id text,
	n integer DEFAULT 10,
	model regclass DEFAULT NULL,
	candidates text[] DEFAULT NULL,
	exclude text[] DEFAULT NULL,
	exclude_seen boolean DEFAULT true,
	min_score real DEFAULT NULL,
	cold_start text DEFAULT 'popular',
	fold_in text DEFAULT 'auto',
	popularity_penalty real DEFAULT 0,
	diversity real DEFAULT 0,
	explore real DEFAULT 0
) RETURNS TABLE (item_id text, score real, rank integer, basis text)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10
SUPPORT wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_recommend';
COMMENT ON FUNCTION wals_recommend(text, integer, regclass, text[], text[], boolean, real, text, text, real, real, real)
IS 'the n best items for a user, best first; models with any id type, ids as text';

CREATE FUNCTION wals_recommend(
	user_id uuid,
	n integer DEFAULT 10,
	model regclass DEFAULT NULL,
	candidates uuid[] DEFAULT NULL,
	exclude uuid[] DEFAULT NULL,
	exclude_seen boolean DEFAULT true,
	min_score real DEFAULT NULL,
	cold_start text DEFAULT 'popular',
	fold_in text DEFAULT 'auto',
	popularity_penalty real DEFAULT 0,
	diversity real DEFAULT 0,
	explore real DEFAULT 0
) RETURNS TABLE (item_id uuid, score real, rank integer, basis text)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10
SUPPORT wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_recommend';
COMMENT ON FUNCTION wals_recommend(uuid, integer, regclass, uuid[], uuid[], boolean, real, text, text, real, real, real)
IS 'the n best items for a user, best first; models with uuid ids';

CREATE FUNCTION wals_score(user_id bigint, item_id bigint, model regclass DEFAULT NULL, fold_in text DEFAULT 'never')
RETURNS real
LANGUAGE C STABLE PARALLEL SAFE COST 100
AS 'MODULE_PATHNAME', 'wals_score';
COMMENT ON FUNCTION wals_score(bigint, bigint, regclass, text)
IS 'score of one item for one user, NULL when either is unknown; models with integer ids';

CREATE FUNCTION wals_score(user_id text, item_id text, model regclass DEFAULT NULL, fold_in text DEFAULT 'never')
RETURNS real
LANGUAGE C STABLE PARALLEL SAFE COST 100
AS 'MODULE_PATHNAME', 'wals_score';
COMMENT ON FUNCTION wals_score(text, text, regclass, text)
IS 'score of one item for one user, NULL when either is unknown; models with any id type, ids as text';

CREATE FUNCTION wals_score(user_id uuid, item_id uuid, model regclass DEFAULT NULL, fold_in text DEFAULT 'never')
RETURNS real
LANGUAGE C STABLE PARALLEL SAFE COST 100
AS 'MODULE_PATHNAME', 'wals_score';
COMMENT ON FUNCTION wals_score(uuid, uuid, regclass, text)
IS 'score of one item for one user, NULL when either is unknown; models with uuid ids';

CREATE FUNCTION wals_popular(n integer DEFAULT 10, model regclass DEFAULT NULL)
RETURNS TABLE (item_id text, n_rows bigint, rank integer)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10
SUPPORT wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_popular';
COMMENT ON FUNCTION wals_popular(integer, regclass)
IS 'the n items with the most entries in the active version, most popular first, ids as text';

CREATE FUNCTION wals_popular_bigint(n integer DEFAULT 10, model regclass DEFAULT NULL)
RETURNS TABLE (item_id bigint, n_rows bigint, rank integer)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10
SUPPORT wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_popular';
COMMENT ON FUNCTION wals_popular_bigint(integer, regclass)
IS 'the n items with the most entries in the active version, most popular first; models with integer item ids';

CREATE FUNCTION wals_popular_uuid(n integer DEFAULT 10, model regclass DEFAULT NULL)
RETURNS TABLE (item_id uuid, n_rows bigint, rank integer)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10
SUPPORT wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_popular';
COMMENT ON FUNCTION wals_popular_uuid(integer, regclass)
IS 'the n items with the most entries in the active version, most popular first; models with uuid item ids';
-- ---------------------------------------------------------------------------
-- Folding in: users the version does not know, ratings that are in no table,
-- and what a score is made of.
-- ---------------------------------------------------------------------------

CREATE FUNCTION wals_recommend_for(
	items bigint[],
	"values" real[] DEFAULT NULL,
	n integer DEFAULT 10,
	model regclass DEFAULT NULL,
	candidates bigint[] DEFAULT NULL,
	exclude bigint[] DEFAULT NULL,
	exclude_seen boolean DEFAULT true,
	min_score real DEFAULT NULL,
	cold_start text DEFAULT 'popular',
	weights real[] DEFAULT NULL
) RETURNS TABLE (item_id bigint, score real, rank integer, basis text)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10
SUPPORT wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_recommend_for';
COMMENT ON FUNCTION wals_recommend_for(bigint[], real[], integer, regclass, bigint[], bigint[], boolean, real, text, real[])
IS 'the n best items for whoever liked these items, best first; models with integer item ids';

CREATE FUNCTION wals_recommend_for(
	items text[],
	"values" real[] DEFAULT NULL,
	n integer DEFAULT 10,
	model regclass DEFAULT NULL,
	candidates text[] DEFAULT NULL,
	exclude text[] DEFAULT NULL,
	exclude_seen boolean DEFAULT true,
	min_score real DEFAULT NULL,
	cold_start text DEFAULT 'popular',
	weights real[] DEFAULT NULL
) RETURNS TABLE (item_id text, score real, rank integer, basis text)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10
SUPPORT wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_recommend_for';
COMMENT ON FUNCTION wals_recommend_for(text[], real[], integer, regclass, text[], text[], boolean, real, text, real[])
IS 'the n best items for whoever liked these items, best first; models with any id type, ids as text';

CREATE FUNCTION wals_recommend_for(
	items uuid[],
	"values" real[] DEFAULT NULL,
	n integer DEFAULT 10,
	model regclass DEFAULT NULL,
	candidates uuid[] DEFAULT NULL,
	exclude uuid[] DEFAULT NULL,
	exclude_seen boolean DEFAULT true,
	min_score real DEFAULT NULL,
	cold_start text DEFAULT 'popular',
	weights real[] DEFAULT NULL
) RETURNS TABLE (item_id uuid, score real, rank integer, basis text)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10
SUPPORT wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_recommend_for';
COMMENT ON FUNCTION wals_recommend_for(uuid[], real[], integer, regclass, uuid[], uuid[], boolean, real, text, real[])
IS 'the n best items for whoever liked these items, best first; models with uuid item ids';

CREATE FUNCTION wals_explain(
	user_id bigint,
	item_id bigint,
	n integer DEFAULT 10,
	model regclass DEFAULT NULL
) RETURNS TABLE (because_item_id bigint, value real, weight real, contribution real, share real)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10
SUPPORT wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_explain';
COMMENT ON FUNCTION wals_explain(bigint, bigint, integer, regclass)
IS 'what each rating of a user contributes to the score of an item; models with integer ids';

CREATE FUNCTION wals_explain(
	user_id text,
	item_id text,
	n integer DEFAULT 10,
	model regclass DEFAULT NULL
) RETURNS TABLE (because_item_id text, value real, weight real, contribution real, share real)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10
SUPPORT wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_explain';
COMMENT ON FUNCTION wals_explain(text, text, integer, regclass)
IS 'what each rating of a user contributes to the score of an item; models with any id type, ids as text';

CREATE FUNCTION wals_explain(
	user_id uuid,
	item_id uuid,
	n integer DEFAULT 10,
	model regclass DEFAULT NULL
) RETURNS TABLE (because_item_id uuid, value real, weight real, contribution real, share real)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10
SUPPORT wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_explain';
COMMENT ON FUNCTION wals_explain(uuid, uuid, integer, regclass)
IS 'what each rating of a user contributes to the score of an item; models with uuid ids';

CREATE FUNCTION wals_user_factors(user_id bigint, model regclass DEFAULT NULL, fold_in text DEFAULT 'auto')
RETURNS real[]
LANGUAGE C STABLE PARALLEL SAFE COST 1000
AS 'MODULE_PATHNAME', 'wals_user_factors';
COMMENT ON FUNCTION wals_user_factors(bigint, regclass, text)
IS 'factors of a user, stored or folded in; models with integer user ids';

CREATE FUNCTION wals_user_factors(user_id text, model regclass DEFAULT NULL, fold_in text DEFAULT 'auto')
RETURNS real[]
LANGUAGE C STABLE PARALLEL SAFE COST 1000
AS 'MODULE_PATHNAME', 'wals_user_factors';
COMMENT ON FUNCTION wals_user_factors(text, regclass, text)
IS 'factors of a user, stored or folded in; models with any id type, ids as text';

CREATE FUNCTION wals_user_factors(user_id uuid, model regclass DEFAULT NULL, fold_in text DEFAULT 'auto')
RETURNS real[]
LANGUAGE C STABLE PARALLEL SAFE COST 1000
AS 'MODULE_PATHNAME', 'wals_user_factors';
COMMENT ON FUNCTION wals_user_factors(uuid, regclass, text)
IS 'factors of a user, stored or folded in; models with uuid user ids';

CREATE FUNCTION wals_fold_in(items bigint[], "values" real[] DEFAULT NULL, weights real[] DEFAULT NULL, model regclass DEFAULT NULL)
RETURNS real[]
LANGUAGE C STABLE PARALLEL SAFE COST 1000
AS 'MODULE_PATHNAME', 'wals_fold_in';
COMMENT ON FUNCTION wals_fold_in(bigint[], real[], real[], regclass)
IS 'factors of whoever liked these items; models with integer item ids';

CREATE FUNCTION wals_fold_in(items text[], "values" real[] DEFAULT NULL, weights real[] DEFAULT NULL, model regclass DEFAULT NULL)
RETURNS real[]
LANGUAGE C STABLE PARALLEL SAFE COST 1000
AS 'MODULE_PATHNAME', 'wals_fold_in';
COMMENT ON FUNCTION wals_fold_in(text[], real[], real[], regclass)
IS 'factors of whoever liked these items; models with any id type, ids as text';

CREATE FUNCTION wals_fold_in(items uuid[], "values" real[] DEFAULT NULL, weights real[] DEFAULT NULL, model regclass DEFAULT NULL)
RETURNS real[]
LANGUAGE C STABLE PARALLEL SAFE COST 1000
AS 'MODULE_PATHNAME', 'wals_fold_in';
COMMENT ON FUNCTION wals_fold_in(uuid[], real[], real[], regclass)
IS 'factors of whoever liked these items; models with uuid item ids';
-- ---------------------------------------------------------------------------
-- Evaluation
-- ---------------------------------------------------------------------------

CREATE FUNCTION wals_holdout(
	user_id bigint,
	item_id bigint,
	fraction double precision DEFAULT 0.1,
	seed bigint DEFAULT 0
) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'wals_holdout';
COMMENT ON FUNCTION wals_holdout(bigint, bigint, double precision, bigint)
IS 'true for a fraction of all pairs of user and item, always the same ones: splits ratings into training and test; bigint ids';

CREATE FUNCTION wals_holdout(
	user_id text,
	item_id text,
	fraction double precision DEFAULT 0.1,
	seed bigint DEFAULT 0
) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'wals_holdout';
COMMENT ON FUNCTION wals_holdout(text, text, double precision, bigint)
IS 'true for a fraction of all pairs of user and item, always the same ones: splits ratings into training and test; text ids';

CREATE FUNCTION wals_holdout(
	user_id uuid,
	item_id uuid,
	fraction double precision DEFAULT 0.1,
	seed bigint DEFAULT 0
) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'wals_holdout';
COMMENT ON FUNCTION wals_holdout(uuid, uuid, double precision, bigint)
IS 'true for a fraction of all pairs of user and item, always the same ones: splits ratings into training and test; uuid ids';

CREATE FUNCTION wals_evaluate(
	test regclass,
	model regclass DEFAULT NULL,
	k integer[] DEFAULT '{10}',
	version integer DEFAULT NULL,
	user_col name DEFAULT NULL,
	item_col name DEFAULT NULL,
	value_col name DEFAULT NULL,
	relevance_threshold double precision DEFAULT NULL,
	exclude_seen boolean DEFAULT true,
	negatives integer DEFAULT NULL,
	candidates regclass DEFAULT NULL,
	max_users integer DEFAULT 10000,
	seed bigint DEFAULT 0
) RETURNS TABLE (
	metric text,
	k integer,
	value double precision,
	std_error double precision,
	popular_baseline double precision,
	n_users bigint,
	n_skipped bigint
)
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000000 ROWS 10
AS 'MODULE_PATHNAME', 'wals_evaluate';
COMMENT ON FUNCTION wals_evaluate(regclass, regclass, integer[], integer, name, name, name, double precision, boolean, integer, regclass, integer, bigint)
IS 'how well a version ranks, and with explicit feedback predicts, ratings that were held out, beside what popularity achieves';

CREATE FUNCTION wals_compare(
	test regclass,
	model_a regclass DEFAULT NULL,
	model_b regclass DEFAULT NULL,
	version_a integer DEFAULT NULL,
	version_b integer DEFAULT NULL,
	k integer[] DEFAULT '{10}',
	user_col name DEFAULT NULL,
	item_col name DEFAULT NULL,
	value_col name DEFAULT NULL,
	relevance_threshold double precision DEFAULT NULL,
	exclude_seen boolean DEFAULT true,
	negatives integer DEFAULT NULL,
	candidates regclass DEFAULT NULL,
	max_users integer DEFAULT 10000,
	seed bigint DEFAULT 0
) RETURNS TABLE (
	metric text,
	k integer,
	value_a double precision,
	value_b double precision,
	difference double precision,
	std_error double precision,
	t double precision,
	p_value double precision,
	n_higher bigint,
	n_lower bigint,
	sign_p_value double precision,
	n_users bigint,
	n_skipped bigint
)
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000000 ROWS 10
AS 'MODULE_PATHNAME', 'wals_compare';
COMMENT ON FUNCTION wals_compare(regclass, regclass, regclass, integer, integer, integer[], name, name, name, double precision, boolean, integer, regclass, integer, bigint)
IS 'whether one version, of the same or another model, ranks or predicts better than another: differences per user, with their errors and p values';

CREATE FUNCTION wals_set_metrics(model regclass, version integer, metrics jsonb) RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'wals_set_metrics';
COMMENT ON FUNCTION wals_set_metrics(regclass, integer, jsonb)
IS 'attach metrics to a version, NULL to remove them; owner only';
-- ---------------------------------------------------------------------------
-- Answers about items and users alike
-- ---------------------------------------------------------------------------

CREATE FUNCTION wals_similar_items(
	item_id bigint,
	n integer DEFAULT 10,
	model regclass DEFAULT NULL,
	candidates bigint[] DEFAULT NULL,
	metric text DEFAULT 'cosine'
) RETURNS TABLE (item_id bigint, similarity real, rank integer)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10
SUPPORT wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_similar_items';
COMMENT ON FUNCTION wals_similar_items(bigint, integer, regclass, bigint[], text)
IS 'the n items most like an item, most alike first; models with integer item ids';

CREATE FUNCTION wals_similar_items(
	item_id text,
	n integer DEFAULT 10,
	model regclass DEFAULT NULL,
	candidates text[] DEFAULT NULL,
	metric text DEFAULT 'cosine'
) RETURNS TABLE (item_id text, similarity real, rank integer)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10
SUPPORT wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_similar_items';
COMMENT ON FUNCTION wals_similar_items(text, integer, regclass, text[], text)
IS 'the n items most like an item, most alike first; models with any id type, ids as text';

CREATE FUNCTION wals_similar_items(
	item_id uuid,
	n integer DEFAULT 10,
	model regclass DEFAULT NULL,
	candidates uuid[] DEFAULT NULL,
	metric text DEFAULT 'cosine'
) RETURNS TABLE (item_id uuid, similarity real, rank integer)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10
SUPPORT wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_similar_items';
COMMENT ON FUNCTION wals_similar_items(uuid, integer, regclass, uuid[], text)
IS 'the n items most like an item, most alike first; models with uuid item ids';

CREATE FUNCTION wals_similar_users(
	user_id bigint,
	n integer DEFAULT 10,
	model regclass DEFAULT NULL,
	candidates bigint[] DEFAULT NULL,
	metric text DEFAULT 'cosine'
) RETURNS TABLE (user_id bigint, similarity real, rank integer)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10
SUPPORT wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_similar_users';
COMMENT ON FUNCTION wals_similar_users(bigint, integer, regclass, bigint[], text)
IS 'the n users most like a user, most alike first; models with integer user ids';

CREATE FUNCTION wals_similar_users(
	user_id text,
	n integer DEFAULT 10,
	model regclass DEFAULT NULL,
	candidates text[] DEFAULT NULL,
	metric text DEFAULT 'cosine'
) RETURNS TABLE (user_id text, similarity real, rank integer)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10
SUPPORT wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_similar_users';
COMMENT ON FUNCTION wals_similar_users(text, integer, regclass, text[], text)
IS 'the n users most like a user, most alike first; models with any id type, ids as text';

CREATE FUNCTION wals_similar_users(
	user_id uuid,
	n integer DEFAULT 10,
	model regclass DEFAULT NULL,
	candidates uuid[] DEFAULT NULL,
	metric text DEFAULT 'cosine'
) RETURNS TABLE (user_id uuid, similarity real, rank integer)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10
SUPPORT wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_similar_users';
COMMENT ON FUNCTION wals_similar_users(uuid, integer, regclass, uuid[], text)
IS 'the n users most like a user, most alike first; models with uuid user ids';

CREATE FUNCTION wals_recommend_users(
	item_id bigint,
	n integer DEFAULT 10,
	model regclass DEFAULT NULL,
	candidates bigint[] DEFAULT NULL,
	exclude_seen boolean DEFAULT true
) RETURNS TABLE (user_id bigint, score real, rank integer)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10
SUPPORT wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_recommend_users';
COMMENT ON FUNCTION wals_recommend_users(bigint, integer, regclass, bigint[], boolean)
IS 'the n best users for an item, best first; models with integer ids';

CREATE FUNCTION wals_recommend_users(
	item_id text,
	n integer DEFAULT 10,
	model regclass DEFAULT NULL,
	candidates text[] DEFAULT NULL,
	exclude_seen boolean DEFAULT true
) RETURNS TABLE (user_id text, score real, rank integer)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10
SUPPORT wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_recommend_users';
COMMENT ON FUNCTION wals_recommend_users(text, integer, regclass, text[], boolean)
IS 'the n best users for an item, best first; models with any id type, ids as text';

CREATE FUNCTION wals_recommend_users(
	item_id uuid,
	n integer DEFAULT 10,
	model regclass DEFAULT NULL,
	candidates uuid[] DEFAULT NULL,
	exclude_seen boolean DEFAULT true
) RETURNS TABLE (user_id uuid, score real, rank integer)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10
SUPPORT wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_recommend_users';
COMMENT ON FUNCTION wals_recommend_users(uuid, integer, regclass, uuid[], boolean)
IS 'the n best users for an item, best first; models with uuid ids';
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
	k integer DEFAULT 10,
	trials integer DEFAULT 20,
	max_seconds integer DEFAULT NULL,
	search text DEFAULT 'auto',
	holdout text DEFAULT 'hash',
	fraction double precision DEFAULT 0.1,
	relevance_threshold double precision DEFAULT NULL,
	max_users integer DEFAULT 10000,
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
COMMENT ON FUNCTION wals_tune(regclass, jsonb, name, name, name, name, name, text, text, integer, integer, integer, text, text, double precision, double precision, integer, bigint)
IS 'try options of wals_train on a part of the ratings and measure them on another; the best is measured on a third part and comes with the call that trains it';

CREATE FUNCTION wals_tune_progress_list(
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
COMMENT ON FUNCTION wals_tune_progress_list()
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
FROM @extschema@.wals_tune_progress_list() AS t;

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
-- ---------------------------------------------------------------------------
-- Answers for all users at once.  The type of the result cannot tell overloads
-- apart, so its name is part of the function's.
-- ---------------------------------------------------------------------------

CREATE FUNCTION wals_recommend_all_support(internal) RETURNS internal
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'wals_recommend_all_support';
COMMENT ON FUNCTION wals_recommend_all_support(internal)
IS 'planner support: n rows for each of the users';

CREATE FUNCTION wals_recommend_all(
	n integer DEFAULT 10,
	model regclass DEFAULT NULL,
	exclude_seen boolean DEFAULT true,
	users text[] DEFAULT NULL,
	candidates text[] DEFAULT NULL,
	min_score real DEFAULT NULL
) RETURNS TABLE (user_id text, item_id text, score real, rank integer)
LANGUAGE C STABLE PARALLEL SAFE COST 1000000 ROWS 10000
SUPPORT wals_recommend_all_support
AS 'MODULE_PATHNAME', 'wals_recommend_all';
COMMENT ON FUNCTION wals_recommend_all(integer, regclass, boolean, text[], text[], real)
IS 'the n best items for every user, by user, best first; models with any id type, ids as text';

CREATE FUNCTION wals_recommend_all_bigint(
	n integer DEFAULT 10,
	model regclass DEFAULT NULL,
	exclude_seen boolean DEFAULT true,
	users bigint[] DEFAULT NULL,
	candidates bigint[] DEFAULT NULL,
	min_score real DEFAULT NULL
) RETURNS TABLE (user_id bigint, item_id bigint, score real, rank integer)
LANGUAGE C STABLE PARALLEL SAFE COST 1000000 ROWS 10000
SUPPORT wals_recommend_all_support
AS 'MODULE_PATHNAME', 'wals_recommend_all';
COMMENT ON FUNCTION wals_recommend_all_bigint(integer, regclass, boolean, bigint[], bigint[], real)
IS 'the n best items for every user, by user, best first; models with integer ids';

CREATE FUNCTION wals_recommend_all_uuid(
	n integer DEFAULT 10,
	model regclass DEFAULT NULL,
	exclude_seen boolean DEFAULT true,
	users uuid[] DEFAULT NULL,
	candidates uuid[] DEFAULT NULL,
	min_score real DEFAULT NULL
) RETURNS TABLE (user_id uuid, item_id uuid, score real, rank integer)
LANGUAGE C STABLE PARALLEL SAFE COST 1000000 ROWS 10000
SUPPORT wals_recommend_all_support
AS 'MODULE_PATHNAME', 'wals_recommend_all';
COMMENT ON FUNCTION wals_recommend_all_uuid(integer, regclass, boolean, uuid[], uuid[], real)
IS 'the n best items for every user, by user, best first; models with uuid ids';
-- ---------------------------------------------------------------------------
-- Importing
-- ---------------------------------------------------------------------------

CREATE FUNCTION wals_import(
	model text,
	users regclass,
	items regclass,
	source regclass DEFAULT NULL,
	user_col name DEFAULT 'user_id',
	item_col name DEFAULT 'item_id',
	value_col name DEFAULT NULL,
	weight_col name DEFAULT NULL,
	feedback text DEFAULT 'implicit',
	global_mean double precision DEFAULT 0,
	regularization double precision DEFAULT NULL,
	reg_exponent double precision DEFAULT 1,
	unobserved_weight double precision DEFAULT NULL,
	weighting text DEFAULT 'constant',
	alpha double precision DEFAULT 1,
	epsilon double precision DEFAULT 1,
	activate text DEFAULT 'yes',
	keep_versions integer DEFAULT 2
) RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000
AS 'MODULE_PATHNAME', 'wals_import';
COMMENT ON FUNCTION wals_import(text, regclass, regclass, regclass, name, name, name, name, text, double precision, double precision, double precision, double precision, text, double precision, double precision, text, integer)
IS 'store factors that were trained elsewhere as a new version of a model; returns the version number';
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
	-- what a stranger's model names is not its own, and may be locked
	CASE WHEN (l.active).version IS NOT NULL THEN (
		SELECT pg_catalog.sum(pg_catalog.pg_total_relation_size(c.oid))::bigint
		FROM pg_catalog.pg_class AS c
		JOIN pg_catalog.pg_class AS m ON m.relowner OPERATOR(pg_catalog.=) c.relowner
		WHERE m.oid OPERATOR(pg_catalog.=) l.model::oid
			AND c.oid OPERATOR(pg_catalog.=) ANY (ARRAY[l.model::oid,
				(l.active).users_table::oid, (l.active).items_table::oid]))
	END AS bytes,
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

-- The function behind it shows only what the caller may read.
GRANT SELECT ON wals_models TO PUBLIC;
-- ---------------------------------------------------------------------------
-- Between trainings: refreshing and forgetting
-- ---------------------------------------------------------------------------

CREATE FUNCTION wals_refresh(
	model regclass DEFAULT NULL,
	since timestamp with time zone DEFAULT NULL,
	items text DEFAULT 'new',
	OUT users_updated bigint,
	OUT users_added bigint,
	OUT users_removed bigint,
	OUT items_updated bigint,
	OUT items_added bigint,
	OUT items_removed bigint
) RETURNS record
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000
AS 'MODULE_PATHNAME', 'wals_refresh';
COMMENT ON FUNCTION wals_refresh(regclass, timestamp with time zone, text)
IS 'solve the users whose rows have changed, and new items, anew in the active version; owner only';

CREATE FUNCTION wals_forget(
	user_id bigint,
	model regclass DEFAULT NULL,
	delete_rows boolean DEFAULT false,
	items text DEFAULT 'rated',
	OUT versions integer,
	OUT rows_deleted bigint,
	OUT items_updated bigint,
	OUT items_removed bigint,
	OUT users_updated bigint
) RETURNS record
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000
AS 'MODULE_PATHNAME', 'wals_forget';
COMMENT ON FUNCTION wals_forget(bigint, regclass, boolean, text)
IS 'take a user out of all versions of a model and solve the items of his rows, or all, without them; owner only';

CREATE FUNCTION wals_forget(
	user_id text,
	model regclass DEFAULT NULL,
	delete_rows boolean DEFAULT false,
	items text DEFAULT 'rated',
	OUT versions integer,
	OUT rows_deleted bigint,
	OUT items_updated bigint,
	OUT items_removed bigint,
	OUT users_updated bigint
) RETURNS record
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000
AS 'MODULE_PATHNAME', 'wals_forget';
COMMENT ON FUNCTION wals_forget(text, regclass, boolean, text)
IS 'take a user out of all versions of a model and solve the items of his rows, or all, without them; owner only';

CREATE FUNCTION wals_forget(
	user_id uuid,
	model regclass DEFAULT NULL,
	delete_rows boolean DEFAULT false,
	items text DEFAULT 'rated',
	OUT versions integer,
	OUT rows_deleted bigint,
	OUT items_updated bigint,
	OUT items_removed bigint,
	OUT users_updated bigint
) RETURNS record
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000
AS 'MODULE_PATHNAME', 'wals_forget';
COMMENT ON FUNCTION wals_forget(uuid, regclass, boolean, text)
IS 'take a user out of all versions of a model and solve the items of his rows, or all, without them; owner only';

CREATE FUNCTION wals_queue_touched() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'wals_queue_touched';
COMMENT ON FUNCTION wals_queue_touched()
IS 'trigger that notes down in a model''s queue which users and items were touched; wals_queue_enable creates its triggers';

CREATE FUNCTION wals_queue_enable(model regclass) RETURNS void
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'wals_queue_enable';
COMMENT ON FUNCTION wals_queue_enable(regclass)
IS 'create a queue of touched users and items and the triggers on the source that fill it; owner of model and source only';

CREATE FUNCTION wals_queue_disable(model regclass) RETURNS boolean
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'wals_queue_disable';
COMMENT ON FUNCTION wals_queue_disable(regclass)
IS 'drop a model''s queue and its triggers; false if there was none; owner only';
-- ---------------------------------------------------------------------------
-- What a DBA looks at
-- ---------------------------------------------------------------------------

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

CREATE FUNCTION wals_progress_log(
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
COMMENT ON FUNCTION wals_progress_log()
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
	FROM @extschema@.wals_log_list() AS l
	CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(l.losses), pg_catalog.unnest(l.iteration_seconds))
		WITH ORDINALITY AS i(loss, seconds, iteration)
	UNION ALL
	SELECT p.model, p.version, false, p.started_at, p.iteration, p.loss, p.seconds, p.pid
	FROM @extschema@.wals_progress_log() AS p
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

CREATE FUNCTION wals_progress_list(
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
COMMENT ON FUNCTION wals_progress_list()
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
FROM @extschema@.wals_progress_list() AS p;

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
-- ---------------------------------------------------------------------------
-- What people would rather look at
-- ---------------------------------------------------------------------------

CREATE FUNCTION wals_loss_plot(
	model regclass DEFAULT NULL,
	version integer DEFAULT NULL,
	width integer DEFAULT 72,
	height integer DEFAULT 12,
	characters text DEFAULT 'auto'
) RETURNS SETOF text
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000 ROWS 16
AS 'MODULE_PATHNAME', 'wals_loss_plot';
COMMENT ON FUNCTION wals_loss_plot(regclass, integer, integer, integer, text)
IS 'loss after each iteration of a version, drawn with characters; a line a row';

CREATE FUNCTION wals_loss_svg(
	model regclass DEFAULT NULL,
	version integer DEFAULT NULL,
	width integer DEFAULT 640,
	height integer DEFAULT 360
) RETURNS text
LANGUAGE C STABLE PARALLEL SAFE COST 1000
AS 'MODULE_PATHNAME', 'wals_loss_svg';
COMMENT ON FUNCTION wals_loss_svg(regclass, integer, integer, integer)
IS 'loss after each iteration of a version, as an SVG';

CREATE FUNCTION wals_metric_plot(
	metric text,
	model regclass DEFAULT NULL,
	version integer DEFAULT NULL,
	width integer DEFAULT 72,
	height integer DEFAULT 12,
	characters text DEFAULT 'auto'
) RETURNS SETOF text
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000 ROWS 16
AS 'MODULE_PATHNAME', 'wals_metric_plot';
COMMENT ON FUNCTION wals_metric_plot(text, regclass, integer, integer, integer, text)
IS 'a metric of every version, or of one version for every k, drawn with characters; a line a row';

CREATE FUNCTION wals_metric_svg(
	metric text,
	model regclass DEFAULT NULL,
	version integer DEFAULT NULL,
	width integer DEFAULT 640,
	height integer DEFAULT 360
) RETURNS text
LANGUAGE C STABLE PARALLEL SAFE COST 1000
AS 'MODULE_PATHNAME', 'wals_metric_svg';
COMMENT ON FUNCTION wals_metric_svg(text, regclass, integer, integer, integer)
IS 'a metric of every version, or of one version for every k, as an SVG';

CREATE FUNCTION wals_map(model regclass DEFAULT NULL, n integer DEFAULT 200)
RETURNS TABLE (item_id text, x real, y real, n_entries bigint)
LANGUAGE C STABLE PARALLEL SAFE COST 10000 ROWS 200
SUPPORT wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_map';
COMMENT ON FUNCTION wals_map(regclass, integer)
IS 'the n items with the most entries as points of a plane in which those liked alike lie together, ids as text';

CREATE FUNCTION wals_map_bigint(model regclass DEFAULT NULL, n integer DEFAULT 200)
RETURNS TABLE (item_id bigint, x real, y real, n_entries bigint)
LANGUAGE C STABLE PARALLEL SAFE COST 10000 ROWS 200
SUPPORT wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_map';
COMMENT ON FUNCTION wals_map_bigint(regclass, integer)
IS 'the n items with the most entries as points of a plane in which those liked alike lie together; models with integer item ids';

CREATE FUNCTION wals_map_uuid(model regclass DEFAULT NULL, n integer DEFAULT 200)
RETURNS TABLE (item_id uuid, x real, y real, n_entries bigint)
LANGUAGE C STABLE PARALLEL SAFE COST 10000 ROWS 200
SUPPORT wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_map';
COMMENT ON FUNCTION wals_map_uuid(regclass, integer)
IS 'the n items with the most entries as points of a plane in which those liked alike lie together; models with uuid item ids';

CREATE FUNCTION wals_map_svg(
	model regclass DEFAULT NULL,
	n integer DEFAULT 200,
	labels regclass DEFAULT NULL,
	id_col name DEFAULT 'id',
	label_col name DEFAULT 'name',
	width integer DEFAULT 800,
	height integer DEFAULT 600
) RETURNS text
LANGUAGE C STABLE PARALLEL RESTRICTED COST 10000
AS 'MODULE_PATHNAME', 'wals_map_svg';
COMMENT ON FUNCTION wals_map_svg(regclass, integer, regclass, name, name, integer, integer)
IS 'the items with the most entries drawn as a map, as an SVG with labels from a relation of yours';
