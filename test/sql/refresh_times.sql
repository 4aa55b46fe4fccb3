-- wals_refresh by a time column: rows are compared with the newest time that was
-- seen in it, whatever the column's type and the session's time zone.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
CREATE SCHEMA refresh_times;
SET search_path = refresh_times, public;

-- A source whose times have this type, written at a moment by a clock in a zone.
CREATE PROCEDURE make(type text) LANGUAGE plpgsql AS
$$
BEGIN
	SET client_min_messages = error;
	DROP TABLE IF EXISTS t;
	RESET client_min_messages;
	SET client_min_messages = warning;
	EXECUTE format('CREATE TABLE t (user_id int, item_id int, at %s)', type);
END
$$;
CREATE FUNCTION clock(type text, moment timestamptz, zone text) RETURNS text LANGUAGE sql AS
$$
SELECT CASE type WHEN 'timestamptz' THEN moment::text
	WHEN 'timestamp' THEN (moment AT TIME ZONE zone)::text
	WHEN 'date' THEN (moment AT TIME ZONE zone)::date::text
	ELSE floor(extract(epoch FROM moment))::text END
$$;
CREATE PROCEDURE write(type text, who int, moment timestamptz, zone text) LANGUAGE plpgsql AS
$$
BEGIN
	EXECUTE format('INSERT INTO t SELECT %s, i, %L FROM generate_series(1, 5) AS i', who, clock(type, moment, zone));
END
$$;
-- How many users a refresh in a session of a zone has added.
CREATE FUNCTION added(zone text) RETURNS bigint LANGUAGE plpgsql AS
$$
DECLARE
	n bigint;
BEGIN
	PERFORM set_config('timezone', zone, true);
	SELECT users_added INTO n FROM wals_refresh('m');
	RETURN n;
END
$$;

-- Rows arrive now, one after the other, from writers and for readers in all kinds
-- of zones; every one of them is seen by the next refresh, and nothing twice.
CREATE FUNCTION arrivals(type text) RETURNS text LANGUAGE plpgsql AS
$$
DECLARE
	zones text[] := ARRAY['UTC', 'Europe/Vienna', 'Pacific/Kiritimati', 'Etc/GMT+12', 'UTC', 'America/New_York'];
	readers text[] := ARRAY['Europe/Vienna', 'UTC', 'Etc/GMT+12', 'Pacific/Kiritimati', 'Asia/Tokyo', 'America/New_York'];
	found text;
	i int;
BEGIN
	CALL make(type);
	EXECUTE format('INSERT INTO t SELECT u, i, %L FROM generate_series(1, 60) AS u, generate_series(1, 20) AS i WHERE (u + i) %% 3 = 0',
		clock(type, '2024-01-01 00:00:00+00', 'UTC'));
	PERFORM set_config('timezone', 'America/New_York', true);
	PERFORM wals_train('m', 't', time_col => 'at', factors => 4, iterations => 2);
	FOR i IN 1..6 LOOP
		CALL write(type, 900 + i, clock_timestamp(), zones[i]);
		found := concat_ws(', ', found, added(readers[i]));
	END LOOP;
	found := found || '; nothing new: ' || added('UTC');
	found := found || ', touched ' || (SELECT users_updated FROM wals_refresh('m'));
	PERFORM wals_drop('m');
	RETURN found;
END
$$;
SELECT type, arrivals(type) FROM unnest(ARRAY['timestamptz', 'timestamp', 'date', 'bigint', 'integer']) AS type;
-- what was seen is written in the column's own terms
CREATE FUNCTION newest(type text, written text) RETURNS text LANGUAGE plpgsql AS
$$
DECLARE
	result text;
BEGIN
	CALL make(type);
	EXECUTE format('INSERT INTO t SELECT u, i, %L FROM generate_series(1, 30) AS u, generate_series(1, 20) AS i WHERE (u + i) %% 3 = 0', written);
	PERFORM wals_train('m', 't', time_col => 'at', factors => 4, iterations => 1);
	SELECT concat_ws(' | ', newest_time, newest_rows = n_rows) INTO result FROM m;
	PERFORM wals_drop('m');
	RETURN result;
END
$$;
SET timezone = 'Asia/Tokyo';
SET datestyle = 'German, DMY';
SELECT type, newest(type, written) FROM (VALUES
	('timestamptz', '01.02.2024 00:00:00.123456 +09'), ('timestamp', '01.02.2024 00:00:00.123456'), ('date', '01.02.2024'),
	('bigint', '1700000000000'), ('integer', '-5'), ('smallint', '7'), ('timestamptz', '0044-03-15 12:00:00+00 BC'),
	('timestamp', '0044-03-15 BC'), ('date', '0044-03-15 BC'), ('date', '300000-01-01')) AS v (type, written);
-- and read again so
CALL make('timestamptz');
INSERT INTO t SELECT u, i, '2024-02-01 00:00+00' FROM generate_series(1, 30) AS u, generate_series(1, 20) AS i WHERE (u + i) % 3 = 0;
SELECT wals_train('m', 't', time_col => 'at', factors => 4, iterations => 1);
INSERT INTO t SELECT 901, i, '2024-01-31 23:59:59+00' FROM generate_series(1, 5) AS i;
SELECT added('Asia/Tokyo');
INSERT INTO t SELECT 902, i, '2024-02-01 00:00:01+00' FROM generate_series(1, 5) AS i;
SELECT added('America/New_York');
SELECT newest_time, newest_rows FROM m;
RESET datestyle;
SET timezone = 'UTC';

-- summer time ends: clocks show an hour twice
CALL make('timestamp');
INSERT INTO t SELECT u, i, '2025-10-26 00:00' FROM generate_series(1, 30) AS u, generate_series(1, 20) AS i WHERE (u + i) % 3 = 0;
SELECT wals_train('m', 't', time_col => 'at', factors => 4, iterations => 1);
CALL write('timestamp', 901, '2025-10-26 00:50+00', 'Europe/Vienna');
SELECT added('Europe/Vienna'), newest_time FROM m;
CALL write('timestamp', 902, '2025-10-26 01:10+00', 'Europe/Vienna');
SELECT max(at) FILTER (WHERE user_id = 902) < max(at) AS earlier FROM t;
SELECT added('Europe/Vienna');
SELECT added('Europe/Vienna');

-- several rows of one time, and of one day
SELECT wals_drop('m');
CALL make('date');
INSERT INTO t SELECT u, i, '2025-10-26' FROM generate_series(1, 30) AS u, generate_series(1, 20) AS i WHERE (u + i) % 3 = 0;
SELECT wals_train('m', 't', time_col => 'at', factors => 4, iterations => 1);
SELECT added('UTC');
CALL write('date', 901, '2025-10-26 10:00+00', 'UTC');
SELECT added('UTC');
CALL write('date', 902, '2025-10-26 11:00+00', 'UTC');
SELECT added('UTC');

-- a row of the far future does not hide those that come before it
SELECT wals_drop('m');
CREATE FUNCTION with_future(type text) RETURNS text LANGUAGE plpgsql AS
$$
DECLARE
	found text;
BEGIN
	CALL make(type);
	EXECUTE format('INSERT INTO t SELECT u, i, %L FROM generate_series(1, 30) AS u, generate_series(1, 20) AS i WHERE (u + i) %% 3 = 0',
		clock(type, '2024-01-01 00:00:00+00', 'UTC'));
	CALL write(type, 2099, '2100-01-01 00:00:00+00', 'UTC');
	PERFORM wals_train('m', 't', time_col => 'at', factors => 4, iterations => 1);
	CALL write(type, 901, clock_timestamp(), 'UTC');
	found := added('Europe/Vienna');
	CALL write(type, 902, clock_timestamp(), 'UTC');
	found := found || ', ' || added('UTC');
	PERFORM wals_drop('m');
	RETURN found;
END
$$;
SELECT type, with_future(type) FROM unnest(ARRAY['timestamptz', 'timestamp', 'date', 'bigint']) AS type;
-- integers count what they like
CALL make('bigint');
INSERT INTO t SELECT u, i, 1700000000000 + u FROM generate_series(1, 30) AS u, generate_series(1, 20) AS i WHERE (u + i) % 3 = 0;
SELECT wals_train('m', 't', time_col => 'at', factors => 4, iterations => 1);
INSERT INTO t SELECT 901, i, 1800000000000 FROM generate_series(1, 5) AS i;
SELECT users_added, users_updated FROM wals_refresh('m');
INSERT INTO t SELECT 902, i, 1800000000001 FROM generate_series(1, 5) AS i;
SELECT users_added, users_updated FROM wals_refresh('m');
SELECT users_added, users_updated FROM wals_refresh('m');

-- since is a moment, or what a clock of the session's zone shows; it leaves what
-- was seen as it was
SELECT wals_drop('m');
CALL make('timestamp');
INSERT INTO t SELECT u, i, timestamp '2024-01-01' + u * interval '1 day' FROM generate_series(1, 30) AS u, generate_series(1, 20) AS i WHERE (u + i) % 3 = 0;
SELECT wals_train('m', 't', time_col => 'at', factors => 4, iterations => 1);
SELECT newest_time FROM m;
SET timezone = 'Asia/Tokyo';
SELECT users_updated FROM wals_refresh('m', since => '2024-01-26');
SET timezone = 'America/New_York';
SELECT users_updated FROM wals_refresh('m', since => '2024-01-26');
INSERT INTO t SELECT 901, i, '2024-02-01 12:00' FROM generate_series(1, 5) AS i;
INSERT INTO t SELECT 902, i, '2024-02-02 12:00' FROM generate_series(1, 5) AS i;
SELECT users_added, newest_time FROM wals_refresh('m', since => '2024-02-02'), m;
SELECT added('UTC');
SELECT newest_time FROM m;

-- a version that does not say what it saw, as those of 0.1.0: any clock is allowed for
UPDATE m SET newest_time = NULL, newest_rows = NULL, trained_at = now(), refreshed_at = NULL;
CALL write('timestamp', 903, now(), 'Etc/GMT+12');
SELECT added('Pacific/Kiritimati');
-- another type than the one that was seen
UPDATE m SET newest_time = '2026-01-01 00:00:00';
ALTER TABLE t ALTER at TYPE timestamptz;
SELECT wals_refresh('m');
SELECT users_updated > 0 FROM wals_refresh('m', since => '2024-01-01');
UPDATE m SET newest_time = 'no: time';
ALTER TABLE t ALTER at TYPE timestamp;
SELECT wals_refresh('m');

SET client_min_messages = error;
DROP SCHEMA refresh_times CASCADE;
