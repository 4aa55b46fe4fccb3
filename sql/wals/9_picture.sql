-- ---------------------------------------------------------------------------
-- What people would rather look at
-- ---------------------------------------------------------------------------

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
