--
-- Values, weights and times of the source: what counts, what is left out,
-- what is refused.
--
SET client_min_messages = warning;
CREATE SCHEMA wals_values;
SET search_path = wals_values, public;

-- What becomes of a statement: its result, or SQLSTATE, message, detail, hint.
CREATE FUNCTION outcome(statement text) RETURNS SETOF text
LANGUAGE plpgsql AS $$
DECLARE
	state text;
	message text;
	detail text;
	hint text;
BEGIN
	RETURN QUERY EXECUTE format('SELECT x::text FROM (%s) AS x', statement);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state := RETURNED_SQLSTATE,
		message := MESSAGE_TEXT, detail := PG_EXCEPTION_DETAIL,
		hint := PG_EXCEPTION_HINT;
	RETURN NEXT state || ' ' || message;
	RETURN QUERY SELECT l FROM (VALUES ('  DETAIL: ' || NULLIF(detail, '')),
		('  HINT: ' || NULLIF(hint, ''))) AS v(l) WHERE l IS NOT NULL;
END $$;
-- A good table, a model of it, and a way to train that model from a query that
-- adds rows to the good ones.
CREATE TABLE good AS
SELECT u AS user_id, i AS item_id, (u * 3 + i * 5) % 4 + 1 AS value,
	1.5::float8 AS weight, timestamptz '2024-03-01 00:00+00' + (u * i % 5) *
		interval '1 day' AS at
FROM generate_series(1, 6) AS u, generate_series(1, 5) AS i
WHERE (u + 2 * i) % 3 <> 0;
SELECT wals_train('m', 'good', value_col => 'value', factors => 3,
	iterations => 2);
CREATE VIEW state AS
SELECT (SELECT count(*) FROM m) AS versions,
	(SELECT md5(string_agg(f::text, ' ' ORDER BY version, id))
	 FROM m_users AS f) AS users,
	(SELECT md5(string_agg(f::text, ' ' ORDER BY version, id))
	 FROM m_items AS f) AS items;
CREATE TABLE before AS SELECT * FROM state;

CREATE FUNCTION try(rows text, options text DEFAULT '') RETURNS SETOF text
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE 'CREATE TEMP VIEW bad AS SELECT user_id, item_id, value::float8, '
		'weight, at FROM good UNION ALL SELECT * FROM (VALUES ' || rows ||
		') AS v(user_id, item_id, value, weight, at)';
	RETURN QUERY SELECT outcome('SELECT wals_train(''m'', ''bad'', '
		'value_col => ''value'', weight_col => ''weight'', '
		'time_col => ''at'', factors => 3, iterations => 2' || options || ')');
	DROP VIEW bad;
END $$;
\pset format unaligned
\pset tuples_only on

-- not finite
SELECT try($$ (7, 2, 'NaN'::float8, 1, timestamptz '2024-03-02') $$);
SELECT try($$ (7, 2, 'Infinity'::float8, 1, timestamptz '2024-03-02') $$);
SELECT try($$ (7, 2, '-Infinity'::float8, 1, timestamptz '2024-03-02') $$);
SELECT try($$ (7, 2, 1, 'NaN'::float8, timestamptz '2024-03-02') $$);
SELECT try($$ (7, 2, 1, 'Infinity'::float8, timestamptz '2024-03-02') $$);
SELECT try($$ (7, 2, 1, 1, timestamptz 'infinity') $$);
SELECT try($$ (7, 2, 1, 1, timestamptz '-infinity') $$);
-- too large for float4
SELECT try($$ (7, 2, 1e39, 1, timestamptz '2024-03-02') $$);
SELECT try($$ (7, 2, -1e39, 1, timestamptz '2024-03-02') $$);
SELECT try($$ (7, 2, 1, 1e39, timestamptz '2024-03-02') $$);
-- large values that add up, or whose weights multiply, to more than float4
SELECT try($$ (7, 2, 3e38, 1, timestamptz '2024-03-02'),
	(7, 2, 3e38, 1, timestamptz '2024-03-03') $$);
SELECT try($$ (7, 2, 3e38, 1, timestamptz '2024-03-02') $$,
	$$, weighting => 'linear', alpha => 10$$);
SELECT try($$ (7, 2, 3e38, 3e38, timestamptz '2024-03-02') $$,
	$$, weighting => 'linear'$$);
-- negative weight
SELECT try($$ (7, 2, 1, -0.5, timestamptz '2024-03-02') $$);
SELECT * FROM state EXCEPT SELECT * FROM before;

-- the same for numeric and real
CREATE VIEW numerics AS SELECT user_id, item_id,
	CASE WHEN user_id = 1 THEN 'NaN' ELSE value::numeric END AS nan,
	CASE WHEN user_id = 1 THEN 'Infinity' ELSE value::numeric END AS infinite,
	CASE WHEN user_id = 1 THEN 1e39 ELSE value::numeric END AS large,
	CASE WHEN user_id = 1 THEN 1e400 ELSE value::numeric END AS larger,
	CASE WHEN user_id = 1 THEN '-Infinity' ELSE value::real END AS real
FROM good WHERE item_id <> 2 OR user_id <> 1;
SELECT outcome(format('SELECT wals_train(''m'', ''numerics'', value_col => %L)',
	c)) FROM unnest('{nan,infinite,large,larger,real}'::text[])
	WITH ORDINALITY AS u(c, n) ORDER BY n;
SELECT * FROM state EXCEPT SELECT * FROM before;

-- tiny and huge numbers, all equal, all zero: finite factors or a refusal
CREATE FUNCTION try_scale(value text, options text) RETURNS SETOF text
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TEMP VIEW bad AS SELECT user_id, item_id, '
		'%s::float8 AS value FROM good', value);
	RETURN QUERY SELECT outcome('SELECT wals_train(''scaled'', ''bad'', '
		'value_col => ''value'', factors => 3, iterations => 3, '
		'keep_versions => 1' || options || ')');
	IF to_regclass('scaled') IS NOT NULL THEN
		RETURN QUERY EXECUTE $q$ SELECT CASE WHEN bool_and(abs(x) < 'Infinity')
			THEN 'finite' ELSE 'not finite' END FROM (
			SELECT unnest(factors || bias || norm) AS x FROM scaled_users UNION ALL
			SELECT unnest(factors || bias || norm) FROM scaled_items) AS f $q$;
		PERFORM wals_drop('scaled');
	END IF;
	DROP VIEW bad;
END $$;
SELECT n, result FROM (VALUES
	(1, '1', ', feedback => ''explicit'''),
	(2, '0', ', feedback => ''explicit'''),
	(3, '0', ', feedback => ''weighted'''),
	(4, '0', ''),
	(5, 'value * 1e-30', ', feedback => ''explicit'''),
	(6, 'value * 1e-30', ', weighting => ''linear'''),
	(7, 'value * 1e-320', ', feedback => ''weighted'''),
	(8, 'value * 1e-40', ', feedback => ''weighted'''),
	(9, 'value * 1e-320', ', weighting => ''linear'''),
	(10, 'value * 1e18', ', feedback => ''explicit'''),
	(11, 'value * 1e30', ', feedback => ''explicit'''),
	(12, 'value * 1e30', ', feedback => ''weighted'''),
	(13, 'value * 1e30', ', weighting => ''linear'''),
	(14, 'value * 1e30', ', weighting => ''log''')) AS v(n, v, o),
LATERAL try_scale(v, o) WITH ORDINALITY AS t(result, line)
WHERE result NOT LIKE '  %' ORDER BY n, line;

-- NULLs are left out and counted, all in one notice; so are weight 0 and, for
-- implicit feedback, value 0
CREATE TABLE holes AS SELECT user_id, item_id, value, weight, at FROM good;
INSERT INTO holes VALUES
	(NULL, 1, 1, 1, '2024-03-01'), (1, NULL, 1, 1, '2024-03-01'),
	(7, 1, NULL, 1, '2024-03-01'), (8, 2, 1, NULL, '2024-03-01'),
	(9, 3, 1, 1, NULL), (NULL, NULL, NULL, NULL, NULL),
	(10, 9, 1, 0, '2024-03-01'), (1, 9, 2, 0, '2024-03-01'),
	(11, 4, 0, 1, '2024-03-01');
SET client_min_messages = notice;
SELECT wals_train('h', 'holes', value_col => 'value', weight_col => 'weight',
	time_col => 'at', factors => 3, iterations => 2);
SET client_min_messages = warning;
SELECT n_rows, n_skipped, n_entries, n_users, n_items FROM h;
SELECT count(*), max(id) FROM h_users;
-- without the other columns their NULLs do not matter
SELECT wals_train('h', 'holes', factors => 3, iterations => 2);
SELECT n_rows, n_skipped, n_users, n_items FROM h WHERE active;
-- explicit zeros are values
SELECT wals_train('h', 'holes', value_col => 'value', feedback => 'explicit',
	factors => 3, iterations => 2);
SELECT n_rows, n_skipped, n_users, n_items FROM h WHERE active;
-- a row of weight 0 adds nothing, but its item counts as seen
CREATE TABLE seen AS SELECT user_id, item_id, weight FROM good;
INSERT INTO seen SELECT 1, item_id, 0 FROM good
WHERE item_id NOT IN (SELECT item_id FROM good WHERE user_id = 1) LIMIT 1;
SELECT wals_train('s', 'seen', weight_col => 'weight', factors => 2,
	iterations => 2);
SELECT (SELECT count(*) FROM wals_recommend(1, 10, 's')) =
	(SELECT n_items - (SELECT count(*) FROM seen WHERE user_id = 1) FROM s);

-- the type of the value column does not matter, only its numbers
CREATE DOMAIN stars AS smallint;
CREATE DOMAIN more_stars AS stars;
CREATE VIEW typed AS SELECT user_id, item_id, value, value::smallint AS int2,
	value::bigint AS int8, value::real AS float4, value::float8 AS float8,
	value::numeric AS numeric, value::more_stars AS domain,
	value > 2 AS boolean, value::text AS text, value::text::money AS money,
	value * interval '1 day' AS interval, ARRAY[value] AS array
FROM good;
SELECT wals_train('t', 'typed', value_col => 'value', feedback => 'explicit',
	factors => 3, iterations => 2);
CREATE TABLE expected AS SELECT id, factors FROM t_users;
SELECT c, outcome(format('SELECT wals_train(''t'', ''typed'', value_col => %L, '
		'feedback => ''explicit'', factors => 3, iterations => 2, '
		'keep_versions => 9)', c))
FROM unnest('{int2,int8,float4,float8,numeric,domain,boolean,text,money,'
	'interval,array}'::text[]) WITH ORDINALITY AS u(c, n) ORDER BY n;
SELECT version, count(*) FROM expected JOIN t_users USING (id, factors)
GROUP BY version ORDER BY version;

-- times: all types count the same, integers as seconds; ages count back from
-- the newest row, so the distant past and the future do as well
CREATE VIEW timed AS SELECT user_id, item_id, at,
	at AT TIME ZONE 'UTC' AS plain,
	(at AT TIME ZONE 'UTC')::date AS date, extract(epoch FROM at)::bigint AS epoch,
	extract(epoch FROM at)::int AS epoch4, at::text AS text, at::time AS time,
	at - interval '3000 years' AS bc, at + interval '3000 years' AS future
FROM good;
SELECT wals_train('d', 'timed', time_col => 'at', half_life => '36 hours',
	factors => 3, iterations => 2);
CREATE TABLE expected_times AS SELECT id, factors[1] AS f, version FROM d_users;
SELECT c, outcome(format('SELECT wals_train(''d'', ''timed'', time_col => %L, '
		'half_life => ''36 hours'', factors => 3, iterations => 2, '
		'keep_versions => 9)', c))
FROM unnest('{plain,date,epoch,epoch4,bc,future,text,time}'::text[])
	WITH ORDINALITY AS u(c, n) ORDER BY n;
SELECT u.version, bool_and(abs(u.factors[1] - e.f) < 1e-5)
FROM expected_times AS e JOIN d_users AS u USING (id)
GROUP BY u.version ORDER BY u.version;
-- too old to count at all is not an error
CREATE VIEW ages AS SELECT user_id, item_id, timestamptz '2024-01-01' -
	(user_id - 1) * interval '5000 years' / 6 AS at FROM good;
SELECT outcome($$SELECT wals_train('a', 'ages', time_col => 'at',
	half_life => '1 microsecond', factors => 3, iterations => 2)$$);
SELECT bool_and(norm < 'Infinity') FROM a_users;
-- and neither are the ends of the range; whose rows have all faded has no factors
CREATE VIEW ends AS SELECT user_id, item_id,
	CASE WHEN user_id < 3 THEN timestamptz '4714-11-24 00:00 BC'
		ELSE '294276-12-31 00:00' END AS at,
	CASE WHEN user_id < 3 THEN -9223372036854775808
		ELSE 9223372036854775807 END AS epoch FROM good;
SELECT outcome(format($$SELECT wals_train('a', 'ends', time_col => %L,
	half_life => '3000 years', factors => 3, iterations => 2)$$, c))
FROM unnest('{at,epoch}'::text[]) AS c;
SELECT version, bool_and(norm < 'Infinity'), count(*) FILTER (WHERE norm > 0)
FROM a_users GROUP BY version ORDER BY version;

\pset tuples_only off
\pset format aligned
DROP SCHEMA wals_values CASCADE;
