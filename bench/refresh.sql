-- What a refresh costs beside a training: one user in a hundred rates an item
-- more, then also a new item appears.  Prints one table of seconds.
--
--	psql -v users=20000 -v items=3000 -f bench/refresh.sql
\set QUIET on
SET client_min_messages = warning;
CREATE SCHEMA bench_refresh;
SET search_path = bench_refresh, public;
CREATE TABLE ratings AS
SELECT u AS user_id, (i * i / :items) AS item_id, now() - interval '1 day' AS at
FROM generate_series(1, :users) AS u, generate_series(0, :items - 1) AS i
WHERE (u::bigint * 7919 + i::bigint * 104729 + u::bigint * i * 31) % 1009 < 70;
CREATE INDEX ON ratings (user_id);
CREATE INDEX ON ratings (item_id);
CREATE INDEX ON ratings (at);
ANALYZE ratings;
CREATE TABLE results (place serial, what text, seconds float8, rows text);
CREATE FUNCTION timed(what text, statement text) RETURNS void LANGUAGE plpgsql AS
$$
DECLARE
	start timestamptz := clock_timestamp();
	result text;
BEGIN
	EXECUTE statement INTO result;
	INSERT INTO results (what, seconds, rows) VALUES (what, extract(epoch FROM clock_timestamp() - start), result);
END;
$$;
SELECT timed('training', $$SELECT wals_train('m', 'ratings', time_col => 'at', factors => 64)$$) \g /dev/null
INSERT INTO ratings SELECT u, 7, now() + interval '1 hour' FROM generate_series(1, :users, 100) AS u;
SELECT timed('users, 1 in 100', $$SELECT wals_refresh('m')::text$$) \g /dev/null
INSERT INTO ratings SELECT u, :items + 1, now() + interval '2 hours' FROM generate_series(1, :users, 1000) AS u;
SELECT timed('and a new item', $$SELECT wals_refresh('m')::text$$) \g /dev/null
SELECT timed('items too', $$SELECT wals_refresh('m', items => 'touched')::text$$) \g /dev/null
SELECT timed('a user forgotten', $$SELECT wals_forget(77, 'm', delete_rows => true)::text$$) \g /dev/null
SELECT what, round(seconds::numeric, 2) AS seconds, round((100 * seconds / first_value(seconds) OVER (ORDER BY place))::numeric, 1) AS "% of training", rows
FROM results ORDER BY place;
SELECT n_users, n_items, n_entries, iterations FROM m;
SET client_min_messages = error;
DROP SCHEMA bench_refresh CASCADE;
