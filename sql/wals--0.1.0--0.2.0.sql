\echo Use "ALTER EXTENSION wals UPDATE TO '0.2.0'" to load this file. \quit

-- Step by step what sql/wals has since 0.1.0.  A test compares the result with
-- a fresh installation: signatures, defaults, attributes, comments, grants.

-- ---------------------------------------------------------------------------
-- What is behind the views, and the planner's support, no longer begins with
-- wals_, so that \df wals_* shows what is to be called.  Views keep working.
-- ---------------------------------------------------------------------------

ALTER FUNCTION wals_recommend_support(internal) RENAME TO _wals_recommend_support;
ALTER FUNCTION wals_recommend_all_support(internal) RENAME TO _wals_recommend_all_support;
ALTER FUNCTION wals_log_list() RENAME TO _wals_log_list;
ALTER FUNCTION wals_progress_log() RENAME TO _wals_progress_log;
ALTER FUNCTION wals_progress_list() RENAME TO _wals_progress_list;
ALTER FUNCTION wals_tune_progress_list() RENAME TO _wals_tune_progress_list;

-- ---------------------------------------------------------------------------
-- wals_models says which version a gate turned down.  Views on it stay.
-- ---------------------------------------------------------------------------

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

CREATE OR REPLACE VIEW wals_models AS
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

COMMENT ON COLUMN wals_models.refused_version IS 'the last version after the active one that a gate turned down (activate => if_better), NULL if none';
COMMENT ON COLUMN wals_models.refused_at IS 'when its training began';
COMMENT ON COLUMN wals_models.refused_because IS 'why it was turned down';
COMMENT ON COLUMN wals_models.refused_metrics IS 'its figures, and in gate those of the comparison';
COMMENT ON COLUMN wals_models.queue IS 'whether the model''s queue is on and how many changes wait, or why it has stopped; NULL if it has none';
COMMENT ON COLUMN wals_models.dense IS 'whose dense algebra trained the active version: builtin, or openblas with its version and core type; NULL if it was not told';

DROP FUNCTION wals_model_list();

-- ---------------------------------------------------------------------------
-- How many of a row's entries are likes.  Rows of before do not say it, and all
-- of theirs count, until their model is trained again.
-- ---------------------------------------------------------------------------

ALTER TYPE wals_factors_bigint ADD ATTRIBUTE likes integer CASCADE;
ALTER TYPE wals_factors_text ADD ATTRIBUTE likes integer CASCADE;
ALTER TYPE wals_factors_uuid ADD ATTRIBUTE likes integer CASCADE;
COMMENT ON COLUMN wals_factors_bigint.likes IS 'entries of n that are likes, for popularity; NULL: not known, all count';
COMMENT ON COLUMN wals_factors_text.likes IS 'entries of n that are likes, for popularity; NULL: not known, all count';
COMMENT ON COLUMN wals_factors_uuid.likes IS 'entries of n that are likes, for popularity; NULL: not known, all count';

-- ---------------------------------------------------------------------------
-- Arguments that were integer and real are bigint and double precision, because
-- drivers send those.  What nothing depends on is dropped.  What a view or the
-- like was made with goes on under another name, outside the extension, so that
-- it can be dumped and restored; it answers as before, by the same library.
-- ---------------------------------------------------------------------------

DO $retire$
DECLARE
	old pg_catalog.regprocedure;
	new_name text;
	users text;
BEGIN
	FOREACH old IN ARRAY ARRAY[
		'wals_profile(regclass, name, name, name, name, name, integer)',
		'wals_train(text, regclass, name, name, name, name, name, text, integer, integer, double precision, double precision, double precision, text, double precision, text, double precision, double precision, double precision, double precision, boolean, regclass, regclass, interval, text, integer, integer, boolean, double precision, integer, bigint, text, integer, boolean, text, integer, text, double precision, double precision)',
		'wals_recommend(bigint, integer, regclass, bigint[], bigint[], boolean, real, text, text, real, real, real)',
		'wals_recommend(text, integer, regclass, text[], text[], boolean, real, text, text, real, real, real)',
		'wals_recommend(uuid, integer, regclass, uuid[], uuid[], boolean, real, text, text, real, real, real)',
		'wals_popular(integer, regclass)',
		'wals_popular_bigint(integer, regclass)',
		'wals_popular_uuid(integer, regclass)',
		'wals_recommend_for(bigint[], real[], integer, regclass, bigint[], bigint[], boolean, real, text, real[])',
		'wals_recommend_for(text[], real[], integer, regclass, text[], text[], boolean, real, text, real[])',
		'wals_recommend_for(uuid[], real[], integer, regclass, uuid[], uuid[], boolean, real, text, real[])',
		'wals_explain(bigint, bigint, integer, regclass)',
		'wals_explain(text, text, integer, regclass)',
		'wals_explain(uuid, uuid, integer, regclass)',
		'wals_fold_in(bigint[], real[], real[], regclass)',
		'wals_fold_in(text[], real[], real[], regclass)',
		'wals_fold_in(uuid[], real[], real[], regclass)',
		'wals_evaluate(regclass, regclass, integer[], integer, name, name, name, double precision, boolean, integer, regclass, integer, bigint)',
		'wals_compare(regclass, regclass, regclass, integer, integer, integer[], name, name, name, double precision, boolean, integer, regclass, integer, bigint)',
		'wals_set_metrics(regclass, integer, jsonb)',
		'wals_similar_items(bigint, integer, regclass, bigint[], text)',
		'wals_similar_items(text, integer, regclass, text[], text)',
		'wals_similar_items(uuid, integer, regclass, uuid[], text)',
		'wals_similar_users(bigint, integer, regclass, bigint[], text)',
		'wals_similar_users(text, integer, regclass, text[], text)',
		'wals_similar_users(uuid, integer, regclass, uuid[], text)',
		'wals_recommend_users(bigint, integer, regclass, bigint[], boolean)',
		'wals_recommend_users(text, integer, regclass, text[], boolean)',
		'wals_recommend_users(uuid, integer, regclass, uuid[], boolean)',
		'wals_tune(regclass, jsonb, name, name, name, name, name, text, text, integer, integer, integer, text, text, double precision, double precision, integer, bigint)',
		'wals_recommend_all(integer, regclass, boolean, text[], text[], real)',
		'wals_recommend_all_bigint(integer, regclass, boolean, bigint[], bigint[], real)',
		'wals_recommend_all_uuid(integer, regclass, boolean, uuid[], uuid[], real)',
		'wals_import(text, regclass, regclass, regclass, name, name, name, name, text, double precision, double precision, double precision, double precision, text, double precision, double precision, text, integer)',
		'wals_activate(regclass, integer)',
		'wals_prune(regclass, integer)',
		'wals_loss_plot(regclass, integer, integer, integer, text)',
		'wals_loss_svg(regclass, integer, integer, integer)',
		'wals_metric_plot(text, regclass, integer, integer, integer, text)',
		'wals_metric_svg(text, regclass, integer, integer, integer)',
		'wals_map(regclass, integer)',
		'wals_map_bigint(regclass, integer)',
		'wals_map_uuid(regclass, integer)',
		'wals_map_svg(regclass, integer, regclass, name, name, integer, integer)'
	]::pg_catalog.regprocedure[]
	LOOP
		SELECT pg_catalog.string_agg(DISTINCT pg_catalog.pg_describe_object(
				CASE WHEN r.oid IS NULL THEN d.classid ELSE 'pg_catalog.pg_class'::pg_catalog.regclass END,
				COALESCE(r.ev_class, d.objid), 0), ', ')
		INTO users
		FROM pg_catalog.pg_depend AS d
		LEFT JOIN pg_catalog.pg_rewrite AS r ON d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_rewrite'::pg_catalog.regclass
			AND r.oid OPERATOR(pg_catalog.=) d.objid
		WHERE d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass
			AND d.refobjid OPERATOR(pg_catalog.=) old::oid;

		EXECUTE pg_catalog.format('ALTER EXTENSION wals DROP FUNCTION %s', old);
		IF users IS NULL THEN
			EXECUTE pg_catalog.format('DROP FUNCTION %s', old);
			CONTINUE;
		END IF;
		SELECT p.proname OPERATOR(pg_catalog.||) '_0_1_0' INTO new_name
		FROM pg_catalog.pg_proc AS p WHERE p.oid OPERATOR(pg_catalog.=) old::oid;
		RAISE WARNING '% has other argument types now, the old one goes on as %', old, new_name
			USING DETAIL = pg_catalog.format('It is used by: %s.', users),
				HINT = pg_catalog.format('When it suits you, define them again with the text you once wrote, without "_0_1_0", then DROP FUNCTION %s.',
					pg_catalog.replace(old::pg_catalog.text, '(', '_0_1_0('));
		EXECUTE pg_catalog.format('ALTER FUNCTION %s RENAME TO %I', old, new_name);
		EXECUTE (SELECT pg_catalog.format('ALTER FUNCTION %s PARALLEL RESTRICTED', old)
			FROM pg_catalog.pg_proc AS p
			WHERE p.oid OPERATOR(pg_catalog.=) old::oid AND p.proparallel OPERATOR(pg_catalog.=) 's');
		EXECUTE pg_catalog.format('ALTER FUNCTION %s DEPENDS ON EXTENSION wals', old);
	END LOOP;
END
$retire$;

CREATE FUNCTION wals_profile(
	source regclass,
	user_col name DEFAULT 'user_id',
	item_col name DEFAULT 'item_id',
	value_col name DEFAULT NULL,
	weight_col name DEFAULT NULL,
	time_col name DEFAULT NULL,
	factors bigint DEFAULT NULL
) RETURNS TABLE (property text, value numeric, note text)
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000000 ROWS 30
AS 'MODULE_PATHNAME', 'wals_profile';
COMMENT ON FUNCTION wals_profile(regclass, name, name, name, name, name, bigint)
IS 'what is in a relation of ratings, what training on it would take, and what is odd about it';

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

-- nothing can depend on a procedure
DROP PROCEDURE wals_retrain(regclass, boolean, bigint, interval, text, text, double precision, double precision, integer);

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

CREATE FUNCTION wals_recommend(
	user_id bigint,
	n bigint DEFAULT 10,
	model regclass DEFAULT NULL,
	candidates bigint[] DEFAULT NULL,
	exclude bigint[] DEFAULT NULL,
	exclude_seen boolean DEFAULT true,
	min_score double precision DEFAULT NULL,
	cold_start text DEFAULT 'popular',
	fold_in text DEFAULT 'auto',
	popularity_penalty double precision DEFAULT 0,
	diversity double precision DEFAULT 0,
	explore double precision DEFAULT 0
) RETURNS TABLE (item_id bigint, score real, rank integer, basis text)
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000 ROWS 10
SUPPORT _wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_recommend';
COMMENT ON FUNCTION wals_recommend(bigint, bigint, regclass, bigint[], bigint[], boolean, double precision, text, text, double precision, double precision, double precision)
IS 'the n best items for a user, best first; models with integer ids';

CREATE FUNCTION wals_recommend(
	user_id text,
	n bigint DEFAULT 10,
	model regclass DEFAULT NULL,
	candidates text[] DEFAULT NULL,
	exclude text[] DEFAULT NULL,
	exclude_seen boolean DEFAULT true,
	min_score double precision DEFAULT NULL,
	cold_start text DEFAULT 'popular',
	fold_in text DEFAULT 'auto',
	popularity_penalty double precision DEFAULT 0,
	diversity double precision DEFAULT 0,
	explore double precision DEFAULT 0
) RETURNS TABLE (item_id text, score real, rank integer, basis text)
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000 ROWS 10
SUPPORT _wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_recommend';
COMMENT ON FUNCTION wals_recommend(text, bigint, regclass, text[], text[], boolean, double precision, text, text, double precision, double precision, double precision)
IS 'the n best items for a user, best first; models with any id type, ids as text';

CREATE FUNCTION wals_recommend(
	user_id uuid,
	n bigint DEFAULT 10,
	model regclass DEFAULT NULL,
	candidates uuid[] DEFAULT NULL,
	exclude uuid[] DEFAULT NULL,
	exclude_seen boolean DEFAULT true,
	min_score double precision DEFAULT NULL,
	cold_start text DEFAULT 'popular',
	fold_in text DEFAULT 'auto',
	popularity_penalty double precision DEFAULT 0,
	diversity double precision DEFAULT 0,
	explore double precision DEFAULT 0
) RETURNS TABLE (item_id uuid, score real, rank integer, basis text)
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000 ROWS 10
SUPPORT _wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_recommend';
COMMENT ON FUNCTION wals_recommend(uuid, bigint, regclass, uuid[], uuid[], boolean, double precision, text, text, double precision, double precision, double precision)
IS 'the n best items for a user, best first; models with uuid ids';

CREATE FUNCTION wals_popular(n bigint DEFAULT 10, model regclass DEFAULT NULL)
RETURNS TABLE (item_id text, n_rows bigint, rank integer, likes bigint)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10
SUPPORT _wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_popular';
COMMENT ON FUNCTION wals_popular(bigint, regclass)
IS 'the n items with the most likes in the active version, most popular first, ids as text';

CREATE FUNCTION wals_popular_bigint(n bigint DEFAULT 10, model regclass DEFAULT NULL)
RETURNS TABLE (item_id bigint, n_rows bigint, rank integer, likes bigint)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10
SUPPORT _wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_popular';
COMMENT ON FUNCTION wals_popular_bigint(bigint, regclass)
IS 'the n items with the most likes in the active version, most popular first; models with integer item ids';

CREATE FUNCTION wals_popular_uuid(n bigint DEFAULT 10, model regclass DEFAULT NULL)
RETURNS TABLE (item_id uuid, n_rows bigint, rank integer, likes bigint)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10
SUPPORT _wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_popular';
COMMENT ON FUNCTION wals_popular_uuid(bigint, regclass)
IS 'the n items with the most likes in the active version, most popular first; models with uuid item ids';

CREATE FUNCTION wals_recommend_for(
	items bigint[],
	"values" double precision[] DEFAULT NULL,
	n bigint DEFAULT 10,
	model regclass DEFAULT NULL,
	candidates bigint[] DEFAULT NULL,
	exclude bigint[] DEFAULT NULL,
	exclude_seen boolean DEFAULT true,
	min_score double precision DEFAULT NULL,
	cold_start text DEFAULT 'popular',
	weights double precision[] DEFAULT NULL
) RETURNS TABLE (item_id bigint, score real, rank integer, basis text)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10
SUPPORT _wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_recommend_for';
COMMENT ON FUNCTION wals_recommend_for(bigint[], double precision[], bigint, regclass, bigint[], bigint[], boolean, double precision, text, double precision[])
IS 'the n best items for whoever liked these items, best first; models with integer item ids';

CREATE FUNCTION wals_recommend_for(
	items text[],
	"values" double precision[] DEFAULT NULL,
	n bigint DEFAULT 10,
	model regclass DEFAULT NULL,
	candidates text[] DEFAULT NULL,
	exclude text[] DEFAULT NULL,
	exclude_seen boolean DEFAULT true,
	min_score double precision DEFAULT NULL,
	cold_start text DEFAULT 'popular',
	weights double precision[] DEFAULT NULL
) RETURNS TABLE (item_id text, score real, rank integer, basis text)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10
SUPPORT _wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_recommend_for';
COMMENT ON FUNCTION wals_recommend_for(text[], double precision[], bigint, regclass, text[], text[], boolean, double precision, text, double precision[])
IS 'the n best items for whoever liked these items, best first; models with any id type, ids as text';

CREATE FUNCTION wals_recommend_for(
	items uuid[],
	"values" double precision[] DEFAULT NULL,
	n bigint DEFAULT 10,
	model regclass DEFAULT NULL,
	candidates uuid[] DEFAULT NULL,
	exclude uuid[] DEFAULT NULL,
	exclude_seen boolean DEFAULT true,
	min_score double precision DEFAULT NULL,
	cold_start text DEFAULT 'popular',
	weights double precision[] DEFAULT NULL
) RETURNS TABLE (item_id uuid, score real, rank integer, basis text)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10
SUPPORT _wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_recommend_for';
COMMENT ON FUNCTION wals_recommend_for(uuid[], double precision[], bigint, regclass, uuid[], uuid[], boolean, double precision, text, double precision[])
IS 'the n best items for whoever liked these items, best first; models with uuid item ids';

CREATE FUNCTION wals_recommend_for(
	items text,
	"values" double precision[] DEFAULT NULL,
	n bigint DEFAULT 10,
	model regclass DEFAULT NULL,
	candidates text[] DEFAULT NULL,
	exclude text[] DEFAULT NULL,
	exclude_seen boolean DEFAULT true,
	min_score double precision DEFAULT NULL,
	cold_start text DEFAULT 'popular',
	weights double precision[] DEFAULT NULL
) RETURNS TABLE (item_id text, score real, rank integer, basis text)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10
SUPPORT _wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_recommend_for';
COMMENT ON FUNCTION wals_recommend_for(text, double precision[], bigint, regclass, text[], text[], boolean, double precision, text, double precision[])
IS 'the n best items for whoever liked these items, best first; items are the text of an array, ids as text';

CREATE FUNCTION wals_explain(
	user_id bigint,
	item_id bigint,
	n bigint DEFAULT 10,
	model regclass DEFAULT NULL
) RETURNS TABLE (because_item_id bigint, value real, weight real, contribution real, share real)
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000 ROWS 10
SUPPORT _wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_explain';
COMMENT ON FUNCTION wals_explain(bigint, bigint, bigint, regclass)
IS 'what each rating of a user contributes to the score of an item; models with integer ids';

CREATE FUNCTION wals_explain(
	user_id text,
	item_id text,
	n bigint DEFAULT 10,
	model regclass DEFAULT NULL
) RETURNS TABLE (because_item_id text, value real, weight real, contribution real, share real)
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000 ROWS 10
SUPPORT _wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_explain';
COMMENT ON FUNCTION wals_explain(text, text, bigint, regclass)
IS 'what each rating of a user contributes to the score of an item; models with any id type, ids as text';

CREATE FUNCTION wals_explain(
	user_id uuid,
	item_id uuid,
	n bigint DEFAULT 10,
	model regclass DEFAULT NULL
) RETURNS TABLE (because_item_id uuid, value real, weight real, contribution real, share real)
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000 ROWS 10
SUPPORT _wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_explain';
COMMENT ON FUNCTION wals_explain(uuid, uuid, bigint, regclass)
IS 'what each rating of a user contributes to the score of an item; models with uuid ids';

CREATE FUNCTION wals_fold_in(items bigint[], "values" double precision[] DEFAULT NULL, weights double precision[] DEFAULT NULL, model regclass DEFAULT NULL)
RETURNS real[]
LANGUAGE C STABLE PARALLEL SAFE COST 1000
AS 'MODULE_PATHNAME', 'wals_fold_in';
COMMENT ON FUNCTION wals_fold_in(bigint[], double precision[], double precision[], regclass)
IS 'factors of whoever liked these items; models with integer item ids';

CREATE FUNCTION wals_fold_in(items text[], "values" double precision[] DEFAULT NULL, weights double precision[] DEFAULT NULL, model regclass DEFAULT NULL)
RETURNS real[]
LANGUAGE C STABLE PARALLEL SAFE COST 1000
AS 'MODULE_PATHNAME', 'wals_fold_in';
COMMENT ON FUNCTION wals_fold_in(text[], double precision[], double precision[], regclass)
IS 'factors of whoever liked these items; models with any id type, ids as text';

CREATE FUNCTION wals_fold_in(items uuid[], "values" double precision[] DEFAULT NULL, weights double precision[] DEFAULT NULL, model regclass DEFAULT NULL)
RETURNS real[]
LANGUAGE C STABLE PARALLEL SAFE COST 1000
AS 'MODULE_PATHNAME', 'wals_fold_in';
COMMENT ON FUNCTION wals_fold_in(uuid[], double precision[], double precision[], regclass)
IS 'factors of whoever liked these items; models with uuid item ids';

CREATE FUNCTION wals_fold_in(items text, "values" double precision[] DEFAULT NULL, weights double precision[] DEFAULT NULL, model regclass DEFAULT NULL)
RETURNS real[]
LANGUAGE C STABLE PARALLEL SAFE COST 1000
AS 'MODULE_PATHNAME', 'wals_fold_in';
COMMENT ON FUNCTION wals_fold_in(text, double precision[], double precision[], regclass)
IS 'factors of whoever liked these items; items are the text of an array, ids as text';

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

CREATE FUNCTION wals_similar_items(
	item_id bigint,
	n bigint DEFAULT 10,
	model regclass DEFAULT NULL,
	candidates bigint[] DEFAULT NULL,
	metric text DEFAULT 'cosine'
) RETURNS TABLE (item_id bigint, similarity real, rank integer)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10
SUPPORT _wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_similar_items';
COMMENT ON FUNCTION wals_similar_items(bigint, bigint, regclass, bigint[], text)
IS 'the n items most like an item, most alike first; models with integer item ids';

CREATE FUNCTION wals_similar_items(
	item_id text,
	n bigint DEFAULT 10,
	model regclass DEFAULT NULL,
	candidates text[] DEFAULT NULL,
	metric text DEFAULT 'cosine'
) RETURNS TABLE (item_id text, similarity real, rank integer)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10
SUPPORT _wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_similar_items';
COMMENT ON FUNCTION wals_similar_items(text, bigint, regclass, text[], text)
IS 'the n items most like an item, most alike first; models with any id type, ids as text';

CREATE FUNCTION wals_similar_items(
	item_id uuid,
	n bigint DEFAULT 10,
	model regclass DEFAULT NULL,
	candidates uuid[] DEFAULT NULL,
	metric text DEFAULT 'cosine'
) RETURNS TABLE (item_id uuid, similarity real, rank integer)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10
SUPPORT _wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_similar_items';
COMMENT ON FUNCTION wals_similar_items(uuid, bigint, regclass, uuid[], text)
IS 'the n items most like an item, most alike first; models with uuid item ids';

CREATE FUNCTION wals_similar_users(
	user_id bigint,
	n bigint DEFAULT 10,
	model regclass DEFAULT NULL,
	candidates bigint[] DEFAULT NULL,
	metric text DEFAULT 'cosine'
) RETURNS TABLE (user_id bigint, similarity real, rank integer)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10
SUPPORT _wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_similar_users';
COMMENT ON FUNCTION wals_similar_users(bigint, bigint, regclass, bigint[], text)
IS 'the n users most like a user, most alike first; models with integer user ids';

CREATE FUNCTION wals_similar_users(
	user_id text,
	n bigint DEFAULT 10,
	model regclass DEFAULT NULL,
	candidates text[] DEFAULT NULL,
	metric text DEFAULT 'cosine'
) RETURNS TABLE (user_id text, similarity real, rank integer)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10
SUPPORT _wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_similar_users';
COMMENT ON FUNCTION wals_similar_users(text, bigint, regclass, text[], text)
IS 'the n users most like a user, most alike first; models with any id type, ids as text';

CREATE FUNCTION wals_similar_users(
	user_id uuid,
	n bigint DEFAULT 10,
	model regclass DEFAULT NULL,
	candidates uuid[] DEFAULT NULL,
	metric text DEFAULT 'cosine'
) RETURNS TABLE (user_id uuid, similarity real, rank integer)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10
SUPPORT _wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_similar_users';
COMMENT ON FUNCTION wals_similar_users(uuid, bigint, regclass, uuid[], text)
IS 'the n users most like a user, most alike first; models with uuid user ids';

CREATE FUNCTION wals_recommend_users(
	item_id bigint,
	n bigint DEFAULT 10,
	model regclass DEFAULT NULL,
	candidates bigint[] DEFAULT NULL,
	exclude_seen boolean DEFAULT true
) RETURNS TABLE (user_id bigint, score real, rank integer)
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000 ROWS 10
SUPPORT _wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_recommend_users';
COMMENT ON FUNCTION wals_recommend_users(bigint, bigint, regclass, bigint[], boolean)
IS 'the n best users for an item, best first; models with integer ids';

CREATE FUNCTION wals_recommend_users(
	item_id text,
	n bigint DEFAULT 10,
	model regclass DEFAULT NULL,
	candidates text[] DEFAULT NULL,
	exclude_seen boolean DEFAULT true
) RETURNS TABLE (user_id text, score real, rank integer)
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000 ROWS 10
SUPPORT _wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_recommend_users';
COMMENT ON FUNCTION wals_recommend_users(text, bigint, regclass, text[], boolean)
IS 'the n best users for an item, best first; models with any id type, ids as text';

CREATE FUNCTION wals_recommend_users(
	item_id uuid,
	n bigint DEFAULT 10,
	model regclass DEFAULT NULL,
	candidates uuid[] DEFAULT NULL,
	exclude_seen boolean DEFAULT true
) RETURNS TABLE (user_id uuid, score real, rank integer)
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000 ROWS 10
SUPPORT _wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_recommend_users';
COMMENT ON FUNCTION wals_recommend_users(uuid, bigint, regclass, uuid[], boolean)
IS 'the n best users for an item, best first; models with uuid ids';

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

CREATE FUNCTION wals_recommend_all(
	n bigint DEFAULT 10,
	model regclass DEFAULT NULL,
	exclude_seen boolean DEFAULT true,
	users text[] DEFAULT NULL,
	candidates text[] DEFAULT NULL,
	min_score double precision DEFAULT NULL
) RETURNS TABLE (user_id text, item_id text, score real, rank integer)
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000000 ROWS 10000
SUPPORT _wals_recommend_all_support
AS 'MODULE_PATHNAME', 'wals_recommend_all';
COMMENT ON FUNCTION wals_recommend_all(bigint, regclass, boolean, text[], text[], double precision)
IS 'the n best items for every user, by user, best first; models with any id type, ids as text';

CREATE FUNCTION wals_recommend_all_bigint(
	n bigint DEFAULT 10,
	model regclass DEFAULT NULL,
	exclude_seen boolean DEFAULT true,
	users bigint[] DEFAULT NULL,
	candidates bigint[] DEFAULT NULL,
	min_score double precision DEFAULT NULL
) RETURNS TABLE (user_id bigint, item_id bigint, score real, rank integer)
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000000 ROWS 10000
SUPPORT _wals_recommend_all_support
AS 'MODULE_PATHNAME', 'wals_recommend_all';
COMMENT ON FUNCTION wals_recommend_all_bigint(bigint, regclass, boolean, bigint[], bigint[], double precision)
IS 'the n best items for every user, by user, best first; models with integer ids';

CREATE FUNCTION wals_recommend_all_uuid(
	n bigint DEFAULT 10,
	model regclass DEFAULT NULL,
	exclude_seen boolean DEFAULT true,
	users uuid[] DEFAULT NULL,
	candidates uuid[] DEFAULT NULL,
	min_score double precision DEFAULT NULL
) RETURNS TABLE (user_id uuid, item_id uuid, score real, rank integer)
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000000 ROWS 10000
SUPPORT _wals_recommend_all_support
AS 'MODULE_PATHNAME', 'wals_recommend_all';
COMMENT ON FUNCTION wals_recommend_all_uuid(bigint, regclass, boolean, uuid[], uuid[], double precision)
IS 'the n best items for every user, by user, best first; models with uuid ids';

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

CREATE FUNCTION wals_loss_plot(
	model regclass DEFAULT NULL,
	version bigint DEFAULT NULL,
	width bigint DEFAULT 72,
	height bigint DEFAULT 12,
	characters text DEFAULT 'auto'
) RETURNS SETOF text
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000 ROWS 16
AS 'MODULE_PATHNAME', 'wals_loss_plot';
COMMENT ON FUNCTION wals_loss_plot(regclass, bigint, bigint, bigint, text)
IS 'loss after each iteration of a version, drawn with characters; a line a row';

CREATE FUNCTION wals_loss_svg(
	model regclass DEFAULT NULL,
	version bigint DEFAULT NULL,
	width bigint DEFAULT 640,
	height bigint DEFAULT 360
) RETURNS text
LANGUAGE C STABLE PARALLEL SAFE COST 1000
AS 'MODULE_PATHNAME', 'wals_loss_svg';
COMMENT ON FUNCTION wals_loss_svg(regclass, bigint, bigint, bigint)
IS 'loss after each iteration of a version, as an SVG';

CREATE FUNCTION wals_metric_plot(
	metric text,
	model regclass DEFAULT NULL,
	version bigint DEFAULT NULL,
	width bigint DEFAULT 72,
	height bigint DEFAULT 12,
	characters text DEFAULT 'auto'
) RETURNS SETOF text
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000 ROWS 16
AS 'MODULE_PATHNAME', 'wals_metric_plot';
COMMENT ON FUNCTION wals_metric_plot(text, regclass, bigint, bigint, bigint, text)
IS 'a metric of every version, or of one version for every k, drawn with characters; a line a row';

CREATE FUNCTION wals_metric_svg(
	metric text,
	model regclass DEFAULT NULL,
	version bigint DEFAULT NULL,
	width bigint DEFAULT 640,
	height bigint DEFAULT 360
) RETURNS text
LANGUAGE C STABLE PARALLEL SAFE COST 1000
AS 'MODULE_PATHNAME', 'wals_metric_svg';
COMMENT ON FUNCTION wals_metric_svg(text, regclass, bigint, bigint, bigint)
IS 'a metric of every version, or of one version for every k, as an SVG';

CREATE FUNCTION wals_map(model regclass DEFAULT NULL, n bigint DEFAULT 200)
RETURNS TABLE (item_id text, x real, y real, n_entries bigint, likes bigint)
LANGUAGE C STABLE PARALLEL SAFE COST 10000 ROWS 200
SUPPORT _wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_map';
COMMENT ON FUNCTION wals_map(regclass, bigint)
IS 'the n items with the most likes as points of a plane in which those liked alike lie together, ids as text';

CREATE FUNCTION wals_map_bigint(model regclass DEFAULT NULL, n bigint DEFAULT 200)
RETURNS TABLE (item_id bigint, x real, y real, n_entries bigint, likes bigint)
LANGUAGE C STABLE PARALLEL SAFE COST 10000 ROWS 200
SUPPORT _wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_map';
COMMENT ON FUNCTION wals_map_bigint(regclass, bigint)
IS 'the n items with the most likes as points of a plane in which those liked alike lie together; models with integer item ids';

CREATE FUNCTION wals_map_uuid(model regclass DEFAULT NULL, n bigint DEFAULT 200)
RETURNS TABLE (item_id uuid, x real, y real, n_entries bigint, likes bigint)
LANGUAGE C STABLE PARALLEL SAFE COST 10000 ROWS 200
SUPPORT _wals_recommend_support
AS 'MODULE_PATHNAME', 'wals_map';
COMMENT ON FUNCTION wals_map_uuid(regclass, bigint)
IS 'the n items with the most likes as points of a plane in which those liked alike lie together; models with uuid item ids';

CREATE FUNCTION wals_map_svg(
	model regclass DEFAULT NULL,
	n bigint DEFAULT 200,
	labels regclass DEFAULT NULL,
	id_col name DEFAULT 'id',
	label_col name DEFAULT 'name',
	width bigint DEFAULT 800,
	height bigint DEFAULT 600,
	color_col name DEFAULT NULL
) RETURNS text
LANGUAGE C STABLE PARALLEL RESTRICTED COST 10000
AS 'MODULE_PATHNAME', 'wals_map_svg';
COMMENT ON FUNCTION wals_map_svg(regclass, bigint, regclass, name, name, bigint, bigint, name)
IS 'the items with the most likes drawn as a map, as an SVG with labels and colours from a relation of yours';

-- the triggers that keep others from writing to a model's tables
CREATE FUNCTION _wals_guard() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'wals_guard';
COMMENT ON FUNCTION _wals_guard()
IS 'trigger on the tables of a model: refuses writes without the owner''s rights, and gives versions whose rows are changed new identities';

-- a NULL is an error, not nothing done
ALTER FUNCTION wals_set_default(regclass) CALLED ON NULL INPUT;
ALTER FUNCTION wals_drop(regclass) CALLED ON NULL INPUT;
ALTER FUNCTION wals_queue_enable(regclass) CALLED ON NULL INPUT;
ALTER FUNCTION wals_queue_disable(regclass) CALLED ON NULL INPUT;

-- ---------------------------------------------------------------------------
-- What may read a source stays out of parallel workers, which cannot read
-- temporary tables; scores of what is stored do not.
-- ---------------------------------------------------------------------------

CREATE FUNCTION _wals_score_support(internal) RETURNS internal
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'wals_score_support';
COMMENT ON FUNCTION _wals_score_support(internal)
IS 'planner support: a call that does not fold in may run in parallel workers';

CREATE FUNCTION _wals_score_stored(user_id bigint, item_id bigint, model regclass)
RETURNS real
LANGUAGE C STABLE PARALLEL SAFE COST 100
AS 'MODULE_PATHNAME', 'wals_score';
COMMENT ON FUNCTION _wals_score_stored(bigint, bigint, regclass)
IS 'wals_score without folding in: the planner puts it in its place';

CREATE FUNCTION _wals_score_stored(user_id text, item_id text, model regclass)
RETURNS real
LANGUAGE C STABLE PARALLEL SAFE COST 100
AS 'MODULE_PATHNAME', 'wals_score';
COMMENT ON FUNCTION _wals_score_stored(text, text, regclass)
IS 'wals_score without folding in: the planner puts it in its place';

CREATE FUNCTION _wals_score_stored(user_id uuid, item_id uuid, model regclass)
RETURNS real
LANGUAGE C STABLE PARALLEL SAFE COST 100
AS 'MODULE_PATHNAME', 'wals_score';
COMMENT ON FUNCTION _wals_score_stored(uuid, uuid, regclass)
IS 'wals_score without folding in: the planner puts it in its place';

ALTER FUNCTION wals_score(bigint, bigint, regclass, text) PARALLEL RESTRICTED SUPPORT _wals_score_support;
ALTER FUNCTION wals_score(text, text, regclass, text) PARALLEL RESTRICTED SUPPORT _wals_score_support;
ALTER FUNCTION wals_score(uuid, uuid, regclass, text) PARALLEL RESTRICTED SUPPORT _wals_score_support;
ALTER FUNCTION wals_user_factors(bigint, regclass, text) PARALLEL RESTRICTED;
ALTER FUNCTION wals_user_factors(text, regclass, text) PARALLEL RESTRICTED;
ALTER FUNCTION wals_user_factors(uuid, regclass, text) PARALLEL RESTRICTED;

-- ---------------------------------------------------------------------------
-- A version names its source by name and identity, so that it can be restored
-- without it, and says how far times were looked at.  Attributes are added, no
-- row is written anew, so neither views on them nor anybody's code is in the way.
-- Names are filled in where no code of an owner's would run with our rights; the
-- others get them by the next command of their owner.
-- ---------------------------------------------------------------------------

ALTER TYPE wals_model ADD ATTRIBUTE source_name text CASCADE;
ALTER TYPE wals_model ADD ATTRIBUTE source_id text CASCADE;
ALTER TYPE wals_model ADD ATTRIBUTE row_weights_id text CASCADE;
ALTER TYPE wals_model ADD ATTRIBUTE col_weights_id text CASCADE;
ALTER TYPE wals_model ADD ATTRIBUTE newest_time text CASCADE;
ALTER TYPE wals_model ADD ATTRIBUTE newest_rows bigint CASCADE;
COMMENT ON COLUMN wals_model.source IS 'relation the ratings are read from now, in wals_models; in a model''s rows NULL, but as 0.1.0 wrote it: see source_name';
COMMENT ON COLUMN wals_model.source_name IS 'relation the ratings were read from, by its name with its schema; NULL: none is known';
COMMENT ON COLUMN wals_model.source_id IS 'its identity where it was read: server, database, OID, owner';
COMMENT ON COLUMN wals_model.row_weights_id IS 'the same of the table of row_weights, whose name stands in options';
COMMENT ON COLUMN wals_model.col_weights_id IS 'the same of the table of col_weights';
COMMENT ON COLUMN wals_model.newest_time IS 'newest time of the rows that were looked at, as the time column has it: where the next refresh goes on';
COMMENT ON COLUMN wals_model.newest_rows IS 'rows about that time, which tell whether more have come';

DO $names$
DECLARE
	here text;
	model pg_catalog.oid;
BEGIN
	SELECT pg_catalog.format('%s/%s/', system_identifier, d.oid) INTO here
	FROM pg_catalog.pg_control_system(), pg_catalog.pg_database AS d
	WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database();
	-- their tables are locked since they have these columns
	FOR model IN
		SELECT c.oid FROM pg_catalog.pg_class AS c
		WHERE c.reloftype OPERATOR(pg_catalog.=) 'wals_model'::pg_catalog.regtype
			AND c.relkind OPERATOR(pg_catalog.=) 'r'
			AND NOT c.relhasrules AND NOT c.relrowsecurity
			AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger AS t
				WHERE t.tgrelid OPERATOR(pg_catalog.=) c.oid)
			AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint AS k
				WHERE k.conrelid OPERATOR(pg_catalog.=) c.oid
					-- primary key, NOT NULL
					AND k.contype OPERATOR(pg_catalog.<>) ALL (ARRAY['p', 'n']::pg_catalog."char"[]))
			AND NOT EXISTS (SELECT FROM pg_catalog.pg_index AS i
				WHERE i.indrelid OPERATOR(pg_catalog.=) c.oid
					AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL))
			AND NOT EXISTS (SELECT FROM pg_catalog.pg_statistic_ext AS s
				WHERE s.stxrelid OPERATOR(pg_catalog.=) c.oid)
	LOOP
		EXECUTE pg_catalog.format(
			'UPDATE %s AS v SET source = NULL,'
			' source_name = pg_catalog.format(''%%I.%%I'', n.nspname, c.relname),'
			' source_id = pg_catalog.format(''%%s%%s/%%s'', $1, c.oid, pg_catalog.pg_get_userbyid(c.relowner))'
			' FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n'
			' ON n.oid OPERATOR(pg_catalog.=) c.relnamespace'
			' WHERE c.oid OPERATOR(pg_catalog.=) v.source',
			model::pg_catalog.regclass) USING here;
	END LOOP;
END
$names$;

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

CREATE FUNCTION wals_warm(
	model regclass DEFAULT NULL,
	version bigint DEFAULT NULL
) RETURNS bigint
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000
AS 'MODULE_PATHNAME', 'wals_warm';
COMMENT ON FUNCTION wals_warm(regclass, bigint)
IS 'make the files that sessions share of users and items of a version, the active one by default, unless they are there: after a restart, and on a standby; returns their bytes';

-- ---------------------------------------------------------------------------
-- Tuning and evaluations as jobs that commit
-- ---------------------------------------------------------------------------

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
