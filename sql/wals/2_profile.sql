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
	factors bigint DEFAULT NULL
) RETURNS TABLE (property text, value numeric, note text)
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000000 ROWS 30
AS 'MODULE_PATHNAME', 'wals_profile';
COMMENT ON FUNCTION wals_profile(regclass, name, name, name, name, name, bigint)
IS 'what is in a relation of ratings, what training on it would take, and what is odd about it';
