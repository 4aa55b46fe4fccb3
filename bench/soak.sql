-- The model that bench/soak retrains, and the check its readers make.
CREATE TABLE ratings AS
SELECT u AS user_id, (u * 7 + i * i * 13 + u * i) % 3000 AS item_id,
	now() - interval '1 day' AS rated_at
FROM generate_series(1, 6000) AS u, generate_series(1, 20) AS i;
CREATE INDEX ON ratings (user_id, item_id);
CREATE INDEX ON ratings (item_id);
CREATE INDEX ON ratings (rated_at);
VACUUM ANALYZE ratings;

CREATE FUNCTION dot(a real[], b real[]) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS 'SELECT sum(x::double precision * y) FROM unnest(a, b) AS p(x, y)';

-- Rows of a new user, one of them of a new item, and one more of a user who is there.
CREATE SEQUENCE writes;
CREATE FUNCTION soak_write() RETURNS void
BEGIN ATOMIC
	WITH w AS MATERIALIZED (SELECT nextval('writes') AS n)
	INSERT INTO ratings SELECT 100000 + n, i, now() FROM w,
		LATERAL (VALUES (n % 3000), (n * 7 % 3000), (n * 31 % 3000), (100000 + n)) AS rows (i)
	UNION ALL SELECT n % 6000 + 1, n * 17 % 3000, now() FROM w;
END;

-- When a refresh was refused because the model was being trained.
CREATE TABLE busy (refused_at timestamptz DEFAULT now());
CREATE PROCEDURE soak_refresh() LANGUAGE plpgsql AS $$
BEGIN
	PERFORM wals_refresh('m');
EXCEPTION WHEN lock_not_available THEN
	INSERT INTO busy DEFAULT VALUES;
END
$$;

SET client_min_messages = warning;
SELECT wals_train('m', 'ratings', time_col => 'rated_at', iterations => 5) IS NOT NULL AS trained \gset
