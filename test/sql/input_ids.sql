--
-- Ids of users and items: types, extremes, equality.
--
SET client_min_messages = warning;
CREATE SCHEMA wals_ids;
SET search_path = wals_ids, public;

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
-- Six users and five items by number; views give them ids of other types.
CREATE TABLE plain AS
SELECT u AS user_id, i AS item_id
FROM generate_series(1, 6) AS u, generate_series(1, 5) AS i
WHERE (u * u + u * i + 2 * i * i) % 7 < 4;
CREATE FUNCTION to_uuid(int) RETURNS uuid IMMUTABLE LANGUAGE sql
RETURN lpad(to_hex($1 * 37), 32, '0')::uuid;

-- every type that can be an id gives the same ranking, in its own type
CREATE DOMAIN small AS smallint;
CREATE DOMAIN number AS int CHECK (VALUE > 0);
CREATE DOMAIN big AS bigint;
CREATE DOMAIN word AS text;
CREATE DOMAIN key AS uuid;
CREATE FUNCTION try_type(type text, expression text)
RETURNS TABLE (stored text, ids_back bool, users bigint, scores bool,
	ranking text)
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TABLE source AS SELECT CAST(%s AS %s) AS user_id, '
		'CAST(%s AS %s) AS item_id FROM plain', format(expression, 'user_id'),
		type, format(expression, 'item_id'), type);
	PERFORM wals_train('m', 'source', factors => 2, iterations => 3);
	RETURN QUERY EXECUTE format('SELECT '
		'(SELECT format_type(atttypid, NULL) FROM pg_attribute '
			'WHERE attrelid = ''m_users''::regclass AND attname = ''id''), '
		'NOT EXISTS (SELECT id::text FROM m_users EXCEPT '
			'SELECT user_id::text FROM source), '
		'(SELECT count(*) FROM m_users), '
		'(SELECT bool_and(wals_score(user_id::text, item_id::text, ''m'') '
			'IS NOT NULL) FROM source), '
		'(SELECT string_agg(item_id::text, '' '' ORDER BY rank) FROM '
			'wals_recommend(%s::text, NULL, ''m''))', format(expression, 1));
	PERFORM wals_drop('m');
	DROP TABLE source;
END $$;
SELECT type, r.* FROM (VALUES (1, 'smallint', '%s'), (2, 'int', '%s'),
	(3, 'bigint', '%s'), (4, 'text', '''k'' || %s'),
	(5, 'varchar', '''k'' || %s'), (6, 'varchar(5)', '''k'' || %s'),
	(7, 'uuid', 'to_uuid(%s)'), (8, 'small', '%s'), (9, 'number', '%s'),
	(10, 'big', '%s'), (11, 'word', '''k'' || %s'), (12, 'key', 'to_uuid(%s)'))
	AS v(n, type, expression), LATERAL try_type(type, expression) AS r
ORDER BY n;

-- the others are refused
CREATE TYPE mood AS ENUM ('1', '2', '3', '4', '5', '6');
CREATE TYPE pair AS (a int, b int);
CREATE DOMAIN money_id AS numeric;
\pset format unaligned
\pset tuples_only on
CREATE FUNCTION try_refused(type text, expression text) RETURNS SETOF text
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TABLE source AS SELECT CAST(%s AS %s) AS user_id, '
		'CAST(%s AS %s) AS item_id FROM plain', format(expression, 'user_id'),
		type, format(expression, 'item_id'), type);
	RETURN QUERY SELECT outcome('SELECT wals_train(''m'', ''source'')');
	DROP TABLE source;
END $$;
SELECT try_refused('numeric', '%s');
SELECT n, r FROM (VALUES (1, 'char(5)', '''k'' || %s'),
	(2, '"char"', '%s::text'), (3, 'name', '''k'' || %s'), (4, 'mood', '%s::text'),
	(5, 'bytea', '%s::text::bytea'), (6, 'pair', 'ROW(%s, 1)'),
	(7, 'float8', '%s'), (8, 'money_id', '%s'), (9, 'boolean', '%s > 2'),
	(10, 'int[]', 'ARRAY[%s]'), (11, 'oid', '%s'), (12, 'json', '%s::text'),
	(13, 'date', 'date ''2024-01-01'' + %s'))
	AS v(n, type, expression), LATERAL try_refused(type, expression)
	WITH ORDINALITY AS t(r, line) WHERE line = 1 ORDER BY n;
SELECT to_regclass('m'), to_regclass('m_users'), to_regclass('m_items');
\pset tuples_only off
\pset format aligned

-- the ends of the integers, and order by value, not by text
CREATE TABLE integers (user_id bigint, item_id smallint);
INSERT INTO integers
SELECT u, i FROM unnest(
	'{-9223372036854775808,-1,0,1,10,2,9223372036854775807}'::bigint[])
	WITH ORDINALITY AS x(u, n), unnest('{-32768,-1,0,32767}'::smallint[])
	WITH ORDINALITY AS y(i, l) WHERE (n + l) % 3 <> 0;
SELECT wals_train('n', 'integers', factors => 2, iterations => 3);
SELECT array_agg(id ORDER BY id) FROM n_users;
SELECT array_agg(id ORDER BY id) FROM n_items;
SELECT user_id, array_agg(r.item_id ORDER BY r.item_id) AS unseen
FROM unnest('{-9223372036854775808,0,9223372036854775807}'::bigint[])
	AS user_id, LATERAL wals_recommend(user_id, 10, 'n') AS r
GROUP BY 1 ORDER BY 1;
SELECT bool_and(wals_score(user_id, item_id, 'n') =
				wals_score(user_id::text, item_id::text, 'n')) FROM integers;
CREATE TABLE small_integers AS
SELECT u AS user_id, i::smallint AS item_id
FROM unnest('{-2147483648,0,2147483647}'::int[]) AS u,
	unnest('{-32768,32767}'::int[]) AS i;
SELECT wals_train('n', 'small_integers', factors => 2, iterations => 3);
SELECT array_agg(id ORDER BY id) FROM n_users WHERE version = 2;

-- the ends of the uuids
CREATE TABLE uuids AS
SELECT u AS user_id, to_uuid(i) AS item_id FROM unnest(ARRAY[
	'00000000-0000-0000-0000-000000000000', '00000000-0000-0000-0000-000000000001',
	'80000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'
	]::uuid[]) WITH ORDINALITY AS x(u, n), generate_series(1, 3) AS i
WHERE (n + i) % 4 <> 0;
SELECT wals_train('u', 'uuids', factors => 2, iterations => 3);
SELECT id FROM u_users ORDER BY id;
SELECT count(*) FROM uuids WHERE wals_score(user_id, item_id, 'u') =
	wals_score(user_id::text, item_id::text, 'u');

-- the empty string, blanks, case, quotes, a long one; equal only if = says so
CREATE TABLE words AS
SELECT u AS user_id, i AS item_id
FROM unnest(ARRAY['', ' ', '  ', 'a', 'A', 'a ', 'ab', 'b', '''', '"', '\',
	'NULL', '{}', repeat('x', 1999) || 'y',
	(SELECT left(string_agg(md5(n::text), ''), 2000)
	 FROM generate_series(1, 63) AS n)])
	WITH ORDINALITY AS x(u, n),
	unnest(ARRAY['', 'item', E'new\nline', repeat('z', 2000)])
	WITH ORDINALITY AS y(i, l)
WHERE (n + l) % 3 <> 0;
CREATE VIEW longer AS SELECT user_id, item_id || 'z' AS item_id FROM words;
SELECT wals_train('w', 'words', factors => 2, iterations => 3);
SELECT n_users, n_items FROM w;
SELECT count(*) FROM w_users JOIN (SELECT DISTINCT user_id FROM words) AS s
	ON id = user_id;
SELECT bool_and(wals_score(user_id, item_id, 'w') IS NOT NULL) FROM words;
SELECT length, array_agg(length(r.item_id) ORDER BY r.item_id) AS unseen
FROM (SELECT DISTINCT user_id, length(user_id) FROM words
	  WHERE user_id = '' OR user_id LIKE 'c4ca%') AS u,
	LATERAL wals_recommend(user_id, 9, 'w') AS r GROUP BY 1 ORDER BY 1;
\pset format unaligned
\pset tuples_only on
SELECT outcome($$SELECT wals_train('w', 'longer')$$);
\pset tuples_only off
\pset format aligned

-- more rows and more bytes than are looked up at a time, some left out
CREATE TABLE blocks AS
SELECT repeat('x', u * 37 % 1990) || u AS user_id,
	CASE WHEN (u + i) % 29 > 0 THEN md5(i::text)::uuid END AS item_id
FROM generate_series(1, 700) AS u, generate_series(1, 12) AS i
WHERE i <= 2 + u % 11;
SELECT wals_train('b', 'blocks', factors => 2, iterations => 3);
SELECT n_users, n_items, n_entries FROM b;
SELECT count(*), bool_and(b.n = s.n) FROM b_users AS b
JOIN (SELECT user_id, count(item_id) AS n FROM blocks GROUP BY 1) AS s ON user_id = id;
SELECT count(*), bool_and(b.n = s.n) FROM b_items AS b
JOIN (SELECT item_id, count(*) AS n FROM blocks GROUP BY 1) AS s ON item_id = id;

-- characters outside ASCII are bytes: 2, 3 and 4 of them, combining forms
SELECT getdatabaseencoding() = 'UTF8' AS utf8 \gset
\if :utf8
CREATE TABLE unicode AS
SELECT u AS user_id, 'i' || i AS item_id
FROM unnest(ARRAY[U&'\00E9', U&'e\0301', U&'\20AC', U&'\+01F3BB', U&'\+10FFFD',
	U&'\FFFD', 'e']) WITH ORDINALITY AS x(u, n), generate_series(1, 3) AS i
WHERE (n + i) % 3 <> 0;
SELECT wals_train('x', 'unicode', factors => 2, iterations => 3) AS v \gset
SELECT count(*) = 7 AND bool_and(u.id IS NOT NULL) AS utf8_ids
FROM (SELECT DISTINCT user_id FROM unicode) AS s
LEFT JOIN x_users AS u ON u.id = s.user_id \gset
SELECT NOT EXISTS (SELECT FROM unicode AS s WHERE s.item_id IN
	(SELECT item_id FROM wals_recommend(s.user_id, 10, 'x'))) AND :'utf8_ids'
	AS utf8_ids \gset
\else
\set utf8_ids t
\endif
SELECT :'utf8_ids' AS utf8_ids;

-- a nondeterministic collation calls different bytes equal: refused
SELECT count(*) > 0 AS icu FROM pg_collation WHERE collprovider = 'i' AND
	:'utf8' \gset
\if :icu
CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2',
	deterministic = false);
CREATE TABLE folded AS
SELECT 'u' || user_id AS user_id, ('i' || item_id) COLLATE any_case AS item_id
FROM plain;
SELECT string_agg(o, E'\n') = '0A000 column "item_id" has a nondeterministic '
	'collation' || E'\n  DETAIL: Ids are compared by their bytes.\n  HINT: Use '
	'a view with a deterministic collation, for example item_id COLLATE "C".'
	AS refused
FROM outcome($$SELECT wals_train('f', 'folded')$$) AS o \gset
\else
\set refused t
\endif
SELECT :'refused' AS refused;

-- users and items of different types: ids as text
CREATE VIEW mixed AS SELECT user_id, to_uuid(item_id) AS item_id FROM plain;
SELECT wals_train('mixed_model', 'mixed', factors => 2, iterations => 3);
SELECT item_id, rank FROM wals_recommend('1', 2, 'mixed_model');
\pset format unaligned
\pset tuples_only on
SELECT outcome($$SELECT * FROM wals_recommend(1, 2, 'mixed_model')$$);
SELECT outcome($$SELECT * FROM wals_recommend('one'::text, 2, 'mixed_model')$$);
SELECT outcome($$SELECT wals_score('1', '5', 'mixed_model')$$);
-- the type of the ids of a model stays
SELECT outcome($$SELECT wals_train('mixed_model', 'plain')$$);
SELECT version, active FROM mixed_model;
-- another model under the same names is another matter, in the same session
SELECT wals_drop('mixed_model');
DROP VIEW mixed;
CREATE VIEW mixed AS SELECT 'u' || user_id AS user_id, item_id FROM plain;
SELECT outcome($$SELECT wals_train('mixed_model', 'mixed', factors => 2,
	iterations => 3)$$);
SELECT outcome($$SELECT item_id, rank FROM
	wals_recommend('u1', 2, 'mixed_model')$$);
SELECT outcome($$SELECT wals_score('u1', '5', 'mixed_model') IS NOT NULL$$);
\pset tuples_only off
\pset format aligned

SET client_min_messages = error;
DROP SCHEMA wals_ids CASCADE;
