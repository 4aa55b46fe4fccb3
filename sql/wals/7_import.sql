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
	keep_versions bigint DEFAULT 2,
	user_bias_regularization double precision DEFAULT NULL,
	item_bias_regularization double precision DEFAULT NULL
) RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000
AS 'MODULE_PATHNAME', 'wals_import';
COMMENT ON FUNCTION wals_import(text, regclass, regclass, regclass, name, name, name, name, text, double precision, double precision, double precision, double precision, text, double precision, double precision, text, bigint, double precision, double precision)
IS 'store factors that were trained elsewhere as a new version of a model; returns the version number';
