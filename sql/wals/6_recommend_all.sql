-- ---------------------------------------------------------------------------
-- Answers for all users at once.  The type of the result cannot tell overloads
-- apart, so its name is part of the function's.
-- ---------------------------------------------------------------------------

CREATE FUNCTION _wals_recommend_all_support(internal) RETURNS internal
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'wals_recommend_all_support';
COMMENT ON FUNCTION _wals_recommend_all_support(internal)
IS 'planner support: n rows for each of the users';

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
