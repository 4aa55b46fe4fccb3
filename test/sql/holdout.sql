-- wals_holdout: the split that never changes.
\set SHOW_CONTEXT never
\set VERBOSITY terse
CREATE SCHEMA holdout;
SET search_path = holdout, public;

-- ---------------------------------------------------------------------------
-- The documented arithmetic, in numeric
-- ---------------------------------------------------------------------------

CREATE FUNCTION shift_xor(x numeric, bits integer) RETURNS numeric
LANGUAGE sql IMMUTABLE AS $$
	-- x # (x >> bits), of unsigned numbers of 64 bits
	SELECT CASE WHEN v < 0 THEN v + 18446744073709551616.0 ELSE v END
	FROM (SELECT ((CASE WHEN x >= 9223372036854775808 THEN x - 18446744073709551616 ELSE x END)::bigint
		# div(x, 2::numeric ^ bits)::bigint)::numeric AS v) AS s
$$;
CREATE FUNCTION mix(x numeric) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	x := shift_xor(x, 30) * 13787848793156543929 % 18446744073709551616;
	x := shift_xor(x, 27) * 10723151780598845931 % 18446744073709551616;
	RETURN trunc(shift_xor(x, 31));
END $$;
CREATE FUNCTION unsigned(x bigint) RETURNS numeric
LANGUAGE sql IMMUTABLE AS $$ SELECT CASE WHEN x < 0 THEN x + 18446744073709551616 ELSE x::numeric END $$;
CREATE FUNCTION xor(a numeric, b numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE AS $$
	SELECT unsigned((CASE WHEN a >= 9223372036854775808 THEN a - 18446744073709551616 ELSE a END)::bigint
		# (CASE WHEN b >= 9223372036854775808 THEN b - 18446744073709551616 ELSE b END)::bigint)
$$;
CREATE FUNCTION add(a numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE AS $$ SELECT (a + 11400714819323198485) % 18446744073709551616 $$;
CREATE FUNCTION fnv(bytes bytea) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	h numeric := 14695981039346656037;
BEGIN
	FOR i IN 0 .. length(bytes) - 1 LOOP
		h := xor(h, get_byte(bytes, i)) * 1099511628211 % 18446744073709551616;
	END LOOP;
	RETURN h;
END $$;
CREATE FUNCTION draw(seed bigint, a numeric, b numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE AS $$
	SELECT mix(add(xor(mix(add(xor(mix(add(unsigned(seed))), a))), b))) / 18446744073709551616
$$;

SELECT draw(0, 1, 2)::numeric(12, 10), draw(7, 1, 2)::numeric(12, 10), fnv('foobar')::text;

SELECT count(*) AS pairs,
	count(*) FILTER (WHERE wals_holdout(u, i, f, s) <> (draw(s, unsigned(u), unsigned(i)) < f::numeric)) AS differences
FROM unnest(ARRAY[0, 1, -1, 42, 9223372036854775807, -9223372036854775808]) AS u,
	unnest(ARRAY[0, 3, -7, 1000000007]) AS i,
	unnest(ARRAY[0, 0.1, 0.5, 0.77, 1]::double precision[]) AS f,
	unnest(ARRAY[0, 1, -5]::bigint[]) AS s;
SELECT count(*) AS pairs, count(*) FILTER (WHERE wals_holdout(u, i, 0.5) <> (draw(0, u, i) < 0.5)) AS differences
FROM generate_series(1, 60) AS u, generate_series(1, 60) AS i;
SELECT count(*) AS pairs,
	count(*) FILTER (WHERE wals_holdout(u, i, f) <> (draw(0, fnv(convert_to(u, 'UTF8')), fnv(convert_to(i, 'UTF8'))) < f::numeric)) AS differences
FROM unnest(ARRAY['', 'a', 'listener-42', repeat('x', 100)]) AS u,
	unnest(ARRAY['', 'b', 'track-17']) AS i,
	unnest(ARRAY[0.1, 0.5, 0.77]::double precision[]) AS f;
SELECT count(*) AS pairs,
	count(*) FILTER (WHERE wals_holdout(u, i, f) <> (draw(0, fnv(uuid_send(u)), fnv(uuid_send(i))) < f::numeric)) AS differences
FROM (SELECT md5(n::text)::uuid FROM generate_series(1, 5) AS n) AS a(u),
	(SELECT md5(n::text)::uuid FROM generate_series(6, 9) AS n) AS b(i),
	unnest(ARRAY[0.1, 0.5, 0.77]::double precision[]) AS f;

-- ---------------------------------------------------------------------------
-- Ways to call it
-- ---------------------------------------------------------------------------

SELECT pg_typeof(wals_holdout(1, 2)), wals_holdout(1::smallint, 2::bigint, 1), wals_holdout('1', '2', 1),
	wals_holdout('a'::varchar, 'b', fraction => 1), wals_holdout(md5('1')::uuid, md5('2')::uuid, 1);
-- 1 and 2 as numbers are not 1 and 2 as text
SELECT bool_or(wals_holdout(u, 1, 0.5) <> wals_holdout(u::text, '1', 0.5)) AS differ FROM generate_series(1, 50) AS u;
-- NULL belongs to neither part
SELECT wals_holdout(NULL, 1) IS NULL, wals_holdout(1, NULL) IS NULL, wals_holdout(1, 1, NULL) IS NULL,
	wals_holdout(1, 1, 0.5, NULL) IS NULL;
SELECT wals_holdout(1, 1, -0.1);
SELECT wals_holdout(1, 1, 1.1);
SELECT wals_holdout(1, 1, 'NaN');
SELECT wals_holdout(1, 'x');
SELECT wals_holdout(1, 'x'::text);
PREPARE untyped AS SELECT wals_holdout($1, $2, 1);
EXECUTE untyped('1', 'x');

-- ---------------------------------------------------------------------------
-- A split
-- ---------------------------------------------------------------------------

CREATE TABLE ratings AS SELECT u AS user_id, i AS item_id FROM generate_series(1, 200) AS u, generate_series(1, 100) AS i;
CREATE VIEW test AS SELECT * FROM ratings WHERE wals_holdout(user_id, item_id, 0.25);
CREATE VIEW train AS SELECT * FROM ratings WHERE NOT wals_holdout(user_id, item_id, 0.25);
SELECT (SELECT count(*) FROM test) BETWEEN 4750 AND 5250 AS a_quarter,
	(SELECT count(*) FROM test) + (SELECT count(*) FROM train) AS all_of_them;
-- the smaller part is within the larger, another seed draws another
SELECT count(*) FILTER (WHERE wals_holdout(user_id, item_id, 0.1) AND NOT wals_holdout(user_id, item_id, 0.25)) AS outside,
	count(*) FILTER (WHERE wals_holdout(user_id, item_id, 0.1, 1) AND wals_holdout(user_id, item_id, 0.1)) BETWEEN 150 AND 250 AS independent
FROM ratings;
-- in a generated column and in an index
CREATE TABLE stored (user_id bigint, item_id bigint, held_out boolean GENERATED ALWAYS AS (wals_holdout(user_id, item_id)) STORED);
INSERT INTO stored SELECT * FROM ratings;
SELECT count(*) FILTER (WHERE held_out <> wals_holdout(user_id, item_id)) AS differences, count(*) FILTER (WHERE held_out) > 0 AS some FROM stored;
CREATE INDEX ON stored (user_id) WHERE wals_holdout(user_id, item_id);

-- the last one of each user, as the README has it
CREATE TABLE events AS
SELECT u AS user_id, i AS item_id, timestamptz '2025-01-01 00:00+00' + (u * i * 7 % 13) * interval '1 day' AS at
FROM generate_series(1, 5) AS u, generate_series(1, 6) AS i;
CREATE VIEW numbered AS
SELECT *, row_number() OVER (PARTITION BY user_id ORDER BY at DESC, item_id DESC) = 1 AS held_out FROM events;
SELECT count(*), count(DISTINCT user_id) FROM numbered WHERE held_out;
SELECT count(*) AS later FROM numbered AS t JOIN numbered AS l USING (user_id) WHERE l.held_out AND NOT t.held_out AND t.at > l.at;

\set VERBOSITY default
DROP SCHEMA holdout CASCADE;
