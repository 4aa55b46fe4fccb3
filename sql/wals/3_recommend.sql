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
