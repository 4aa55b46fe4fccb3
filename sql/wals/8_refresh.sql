-- ---------------------------------------------------------------------------
-- Between trainings: refreshing and forgetting
-- ---------------------------------------------------------------------------

CREATE FUNCTION wals_refresh(
	model regclass DEFAULT NULL,
	since timestamp with time zone DEFAULT NULL,
	items text DEFAULT 'new',
	OUT users_updated bigint,
	OUT users_added bigint,
	OUT users_removed bigint,
	OUT items_updated bigint,
	OUT items_added bigint,
	OUT items_removed bigint
) RETURNS record
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000
AS 'MODULE_PATHNAME', 'wals_refresh';
COMMENT ON FUNCTION wals_refresh(regclass, timestamp with time zone, text)
IS 'solve the users whose rows have changed, and new items, anew in the active version; owner only';

CREATE FUNCTION wals_forget(
	user_id bigint,
	model regclass DEFAULT NULL,
	delete_rows boolean DEFAULT false,
	items text DEFAULT 'rated',
	OUT versions integer,
	OUT rows_deleted bigint,
	OUT items_updated bigint,
	OUT items_removed bigint,
	OUT users_updated bigint
) RETURNS record
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000
AS 'MODULE_PATHNAME', 'wals_forget';
COMMENT ON FUNCTION wals_forget(bigint, regclass, boolean, text)
IS 'take a user out of all versions of a model and solve the items of his rows, or all, without them; owner only';

CREATE FUNCTION wals_forget(
	user_id text,
	model regclass DEFAULT NULL,
	delete_rows boolean DEFAULT false,
	items text DEFAULT 'rated',
	OUT versions integer,
	OUT rows_deleted bigint,
	OUT items_updated bigint,
	OUT items_removed bigint,
	OUT users_updated bigint
) RETURNS record
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000
AS 'MODULE_PATHNAME', 'wals_forget';
COMMENT ON FUNCTION wals_forget(text, regclass, boolean, text)
IS 'take a user out of all versions of a model and solve the items of his rows, or all, without them; owner only';

CREATE FUNCTION wals_forget(
	user_id uuid,
	model regclass DEFAULT NULL,
	delete_rows boolean DEFAULT false,
	items text DEFAULT 'rated',
	OUT versions integer,
	OUT rows_deleted bigint,
	OUT items_updated bigint,
	OUT items_removed bigint,
	OUT users_updated bigint
) RETURNS record
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000
AS 'MODULE_PATHNAME', 'wals_forget';
COMMENT ON FUNCTION wals_forget(uuid, regclass, boolean, text)
IS 'take a user out of all versions of a model and solve the items of his rows, or all, without them; owner only';

CREATE FUNCTION wals_queue_touched() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'wals_queue_touched';
COMMENT ON FUNCTION wals_queue_touched()
IS 'trigger that notes down in a model''s queue which users and items were touched; wals_queue_enable creates its triggers';

CREATE FUNCTION wals_queue_enable(model regclass) RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'wals_queue_enable';
COMMENT ON FUNCTION wals_queue_enable(regclass)
IS 'create a queue of touched users and items and the triggers on the source that fill it; owner of model and source only';

CREATE FUNCTION wals_queue_disable(model regclass) RETURNS boolean
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'wals_queue_disable';
COMMENT ON FUNCTION wals_queue_disable(regclass)
IS 'drop a model''s queue and its triggers; false if there was none; owner only';
