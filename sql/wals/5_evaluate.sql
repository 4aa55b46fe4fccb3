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
	k bigint[] DEFAULT '{10}',
	version bigint DEFAULT NULL,
	user_col name DEFAULT NULL,
	item_col name DEFAULT NULL,
	value_col name DEFAULT NULL,
	relevance_threshold double precision DEFAULT NULL,
	exclude_seen boolean DEFAULT true,
	negatives bigint DEFAULT NULL,
	candidates regclass DEFAULT NULL,
	max_users bigint DEFAULT 10000,
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
COMMENT ON FUNCTION wals_evaluate(regclass, regclass, bigint[], bigint, name, name, name, double precision, boolean, bigint, regclass, bigint, bigint)
IS 'how well a version ranks, and with explicit feedback predicts, ratings that were held out, beside what popularity achieves';

CREATE TYPE wals_evaluation AS (
	evaluated_at timestamp with time zone,
	test text,
	model text,
	version integer,
	metric text,
	k integer,
	value double precision,
	std_error double precision,
	popular_baseline double precision,
	n_users bigint,
	n_skipped bigint
);
COMMENT ON TYPE wals_evaluation IS 'row type of a table that CALL wals_evaluate_into() writes: one row per evaluation and metric';
COMMENT ON COLUMN wals_evaluation.evaluated_at IS 'when the evaluation began; the same for all its metrics';
COMMENT ON COLUMN wals_evaluation.test IS 'name of the test with its schema';
COMMENT ON COLUMN wals_evaluation.model IS 'name of the model with its schema';
COMMENT ON COLUMN wals_evaluation.version IS 'version that was evaluated';
COMMENT ON COLUMN wals_evaluation.metric IS 'name of the metric';
COMMENT ON COLUMN wals_evaluation.k IS 'length of the lists, NULL where there is none';
COMMENT ON COLUMN wals_evaluation.value IS 'mean over the users, or over the predictions';
COMMENT ON COLUMN wals_evaluation.std_error IS 'its standard error';
COMMENT ON COLUMN wals_evaluation.popular_baseline IS 'what popularity achieves, or mean and biases';
COMMENT ON COLUMN wals_evaluation.n_users IS 'users it is a mean of';
COMMENT ON COLUMN wals_evaluation.n_skipped IS 'users or predictions that could not be measured';

CREATE PROCEDURE wals_evaluate_into(
	results_table text,
	test regclass,
	model regclass DEFAULT NULL,
	k bigint[] DEFAULT '{10}',
	version bigint DEFAULT NULL,
	user_col name DEFAULT NULL,
	item_col name DEFAULT NULL,
	value_col name DEFAULT NULL,
	relevance_threshold double precision DEFAULT NULL,
	exclude_seen boolean DEFAULT true,
	negatives bigint DEFAULT NULL,
	candidates regclass DEFAULT NULL,
	max_users bigint DEFAULT 10000,
	seed bigint DEFAULT 0
)
LANGUAGE C
AS 'MODULE_PATHNAME', 'wals_evaluate_into';
COMMENT ON PROCEDURE wals_evaluate_into(text, regclass, regclass, bigint[], bigint, name, name, name, double precision, boolean, bigint, regclass, bigint, bigint)
IS 'wals_evaluate() as a job: commits where it may when all is read, so that it holds no snapshot, and adds its rows to a table of the caller''s';

CREATE FUNCTION wals_compare(
	test regclass,
	model_a regclass DEFAULT NULL,
	model_b regclass DEFAULT NULL,
	version_a bigint DEFAULT NULL,
	version_b bigint DEFAULT NULL,
	k bigint[] DEFAULT '{10}',
	user_col name DEFAULT NULL,
	item_col name DEFAULT NULL,
	value_col name DEFAULT NULL,
	relevance_threshold double precision DEFAULT NULL,
	exclude_seen boolean DEFAULT true,
	negatives bigint DEFAULT NULL,
	candidates regclass DEFAULT NULL,
	max_users bigint DEFAULT 10000,
	seed bigint DEFAULT 0,
	versions_a bigint[] DEFAULT NULL,
	versions_b bigint[] DEFAULT NULL
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
	n_skipped bigint,
	version_error double precision,
	df double precision
)
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000000 ROWS 10
AS 'MODULE_PATHNAME', 'wals_compare';
COMMENT ON FUNCTION wals_compare(regclass, regclass, regclass, bigint, bigint, bigint[], name, name, name, double precision, boolean, bigint, regclass, bigint, bigint, bigint[], bigint[])
IS 'whether one version, of the same or another model, ranks or predicts better than another: differences per user, with their errors and p values, which are about these versions; with several of each side, trained with different seeds, about their options';

CREATE FUNCTION wals_set_metrics(model regclass, version bigint, metrics jsonb) RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'wals_set_metrics';
COMMENT ON FUNCTION wals_set_metrics(regclass, bigint, jsonb)
IS 'attach metrics to a version, NULL to remove them; owner only';
