-- ---------------------------------------------------------------------------
-- Answers about items and users alike
-- ---------------------------------------------------------------------------

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
