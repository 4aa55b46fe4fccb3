-- The events, and a call that survives its timeout.  Variables: users, items.

CREATE TABLE events AS
SELECT u::bigint AS user_id,
	1 + CASE WHEN j <= 4 THEN (u::bigint - 1) * 4 + j - 1
		ELSE u::bigint * 7919 + j * j * 104729 + j * 31 END % :items AS item_id
FROM generate_series(1, :users) AS u, generate_series(1, 10) AS j
ORDER BY u * 7919::bigint % 1000003;
CREATE INDEX ON events (user_id);
CREATE INDEX ON events (item_id);
CREATE SCHEMA versions;
CREATE UNLOGGED TABLE asked (answered boolean, at timestamptz);
CREATE FUNCTION ask(u bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	PERFORM count(*) FROM wals_recommend(u, 10, 'versions.m');
	RETURN true;
EXCEPTION WHEN query_canceled THEN
	RETURN false;
END $$;
