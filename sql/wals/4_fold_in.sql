-- ---------------------------------------------------------------------------
-- Folding in: users the version does not know, ratings that are in no table,
-- and what a score is made of.
-- ---------------------------------------------------------------------------

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

-- An array as a literal, or a parameter without a type, would not tell the three
-- above apart: it arrives here, as the text it is.
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

CREATE FUNCTION wals_user_factors(user_id bigint, model regclass DEFAULT NULL, fold_in text DEFAULT 'auto')
RETURNS real[]
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000
AS 'MODULE_PATHNAME', 'wals_user_factors';
COMMENT ON FUNCTION wals_user_factors(bigint, regclass, text)
IS 'factors of a user, stored or folded in; models with integer user ids';

CREATE FUNCTION wals_user_factors(user_id text, model regclass DEFAULT NULL, fold_in text DEFAULT 'auto')
RETURNS real[]
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000
AS 'MODULE_PATHNAME', 'wals_user_factors';
COMMENT ON FUNCTION wals_user_factors(text, regclass, text)
IS 'factors of a user, stored or folded in; models with any id type, ids as text';

CREATE FUNCTION wals_user_factors(user_id uuid, model regclass DEFAULT NULL, fold_in text DEFAULT 'auto')
RETURNS real[]
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000
AS 'MODULE_PATHNAME', 'wals_user_factors';
COMMENT ON FUNCTION wals_user_factors(uuid, regclass, text)
IS 'factors of a user, stored or folded in; models with uuid user ids';

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
