-- ---------------------------------------------------------------------------
-- Answers.  One overload per id type: polymorphic result columns do not go
-- together with defaulted and named arguments.  The text overload serves every
-- id type, and models whose users and items differ in type.
-- ---------------------------------------------------------------------------

CREATE FUNCTION _wals_recommend_support(internal) RETURNS internal
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'wals_recommend_support';
COMMENT ON FUNCTION _wals_recommend_support(internal)
IS 'planner support: a call with a constant n is estimated at n rows';

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

CREATE FUNCTION wals_score(user_id bigint, item_id bigint, model regclass DEFAULT NULL, fold_in text DEFAULT 'never')
RETURNS real
LANGUAGE C STABLE PARALLEL RESTRICTED COST 100
SUPPORT _wals_score_support
AS 'MODULE_PATHNAME', 'wals_score';
COMMENT ON FUNCTION wals_score(bigint, bigint, regclass, text)
IS 'score of one item for one user, NULL when either is unknown; models with integer ids';

CREATE FUNCTION wals_score(user_id text, item_id text, model regclass DEFAULT NULL, fold_in text DEFAULT 'never')
RETURNS real
LANGUAGE C STABLE PARALLEL RESTRICTED COST 100
SUPPORT _wals_score_support
AS 'MODULE_PATHNAME', 'wals_score';
COMMENT ON FUNCTION wals_score(text, text, regclass, text)
IS 'score of one item for one user, NULL when either is unknown; models with any id type, ids as text';

CREATE FUNCTION wals_score(user_id uuid, item_id uuid, model regclass DEFAULT NULL, fold_in text DEFAULT 'never')
RETURNS real
LANGUAGE C STABLE PARALLEL RESTRICTED COST 100
SUPPORT _wals_score_support
AS 'MODULE_PATHNAME', 'wals_score';
COMMENT ON FUNCTION wals_score(uuid, uuid, regclass, text)
IS 'score of one item for one user, NULL when either is unknown; models with uuid ids';

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
