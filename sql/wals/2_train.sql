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
	factors bigint DEFAULT NULL,
	iterations bigint DEFAULT 15,
	regularization double precision DEFAULT NULL,
	reg_exponent double precision DEFAULT NULL,
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
	min_user_rows bigint DEFAULT 1,
	min_item_rows bigint DEFAULT 1,
	biases boolean DEFAULT NULL,
	tolerance double precision DEFAULT 0,
	max_seconds bigint DEFAULT NULL,
	seed bigint DEFAULT 0,
	solver text DEFAULT 'auto',
	cg_steps bigint DEFAULT 3,
	warm_start boolean DEFAULT false,
	activate text DEFAULT 'yes',
	keep_versions bigint DEFAULT 2,
	metric text DEFAULT NULL,
	margin double precision DEFAULT 0,
	holdout double precision DEFAULT NULL,
	holdout_seed bigint DEFAULT 0
) RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000
AS 'MODULE_PATHNAME', 'wals_train';

COMMENT ON FUNCTION wals_train(text, regclass, name, name, name, name, name, text, bigint, bigint, double precision, double precision, double precision, text, double precision, text, double precision, double precision, double precision, double precision, boolean, regclass, regclass, interval, text, bigint, bigint, boolean, double precision, bigint, bigint, text, bigint, boolean, text, bigint, text, double precision, double precision, bigint)
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
	holdout_seed bigint DEFAULT NULL,
	factors bigint DEFAULT NULL
)
LANGUAGE C
AS 'MODULE_PATHNAME', 'wals_retrain';
COMMENT ON PROCEDURE wals_retrain(regclass, boolean, bigint, interval, text, text, double precision, double precision, bigint, bigint)
IS 'train one model, or all models of the current role, again with the options of the active version; commits between reading, solving and writing where it may';
