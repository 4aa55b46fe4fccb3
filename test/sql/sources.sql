--
-- Sources: every kind of relation gives the model of the plain table with the
-- same rows, and what happens when a source changes after the training.
--
SET client_min_messages = warning;
CREATE SCHEMA wals_sources;
SET search_path = wals_sources, public;

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
CREATE TABLE plain AS
SELECT u AS user_id, i AS item_id, (u * u + i * 3) % 5 + 1 AS value
FROM generate_series(1, 12) AS u, generate_series(1, 9) AS i
WHERE (u * u + u * i + 2 * i * i) % 7 < 3;
SELECT wals_train('reference', 'plain', value_col => 'value',
	weighting => 'linear', factors => 3, iterations => 3);

-- Does training on this relation give the same bits, and the same answers?
CREATE FUNCTION same(source text, user_col text DEFAULT 'user_id',
	item_col text DEFAULT 'item_id', value_col text DEFAULT 'value')
RETURNS bool LANGUAGE plpgsql AS $$
DECLARE
	result bool;
BEGIN
	PERFORM wals_train('m', source, user_col, item_col, value_col,
		weighting => 'linear', factors => 3, iterations => 3, keep_versions => 1);
	SELECT (SELECT count(*) FROM m_users JOIN reference_users
			USING (id, factors, bias, n, norm)) = 12 AND
		(SELECT count(*) FROM m_items JOIN reference_items
			USING (id, factors, bias, n, norm)) = 9 AND
		(SELECT loss = (SELECT loss FROM reference) FROM m) AND
		NOT EXISTS (SELECT FROM plain AS p, LATERAL
			((SELECT * FROM wals_recommend(p.user_id, 9, 'm') EXCEPT
			  SELECT * FROM wals_recommend(p.user_id, 9, 'reference'))) AS r) AND
		EXISTS (SELECT FROM wals_recommend(1, 9, 'm'))
	INTO result;
	RETURN result;
END $$;
\pset format unaligned
\pset tuples_only on

-- kinds of relations
CREATE VIEW a_view AS SELECT p.*, 'x' AS other FROM plain AS p;
CREATE MATERIALIZED VIEW a_matview AS SELECT * FROM plain;
CREATE TABLE partitioned (LIKE plain) PARTITION BY LIST (user_id);
CREATE TABLE part_1 PARTITION OF partitioned FOR VALUES IN (1, 3, 5, 7, 9, 11);
CREATE TABLE part_2 (value int, item_id int, gone int, user_id int);
ALTER TABLE part_2 DROP COLUMN gone;
ALTER TABLE partitioned ATTACH PARTITION part_2 DEFAULT;
INSERT INTO partitioned SELECT * FROM plain;
CREATE TABLE parent AS SELECT * FROM plain WHERE item_id < 4;
CREATE TABLE child (extra int) INHERITS (parent);
INSERT INTO child SELECT p.*, 1 FROM plain AS p WHERE item_id >= 4;
CREATE TEMP TABLE temporary AS SELECT * FROM plain;
CREATE UNLOGGED TABLE unlogged AS SELECT * FROM plain;
SELECT r, same(r) FROM unnest('{plain,a_view,a_matview,partitioned,parent,'
	'temporary,unlogged}'::text[]) AS r;

-- a foreign table, where there is one to be had
SELECT count(*) > 0 AND bool_and(rolsuper) AS file_fdw
FROM pg_available_extensions, pg_roles
WHERE name = 'file_fdw' AND rolname = current_user \gset
\if :file_fdw
CREATE EXTENSION file_fdw;
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
DO $$
BEGIN
	EXECUTE (SELECT format('CREATE FOREIGN TABLE remote (user_id int, '
		'item_id int, value int) SERVER files '
		'OPTIONS (program %L, format ''csv'')', 'echo ' ||
		string_agg(concat_ws(',', user_id, item_id, value), '; echo ')) FROM plain);
END $$;
SELECT same('remote') AS remote \gset
DROP FOREIGN TABLE remote;
\else
\set remote t
\endif
SELECT 'foreign', :'remote';

-- dropped, added, generated columns; ids that are not in line; 1600 columns
CREATE TABLE changed (a int, user_id int, b text, value2 int, item_id int,
	c int);
INSERT INTO changed SELECT 0, user_id, 'x', 2 * value, item_id, 0 FROM plain
WHERE user_id < 7;
ALTER TABLE changed DROP COLUMN a, DROP COLUMN b,
	ADD value int GENERATED ALWAYS AS (value2 / 2) STORED;
ALTER TABLE changed ADD late int DEFAULT 4, DROP COLUMN c;
INSERT INTO changed (user_id, value2, item_id)
SELECT user_id, 2 * value, item_id FROM plain WHERE user_id >= 7;
SELECT same('changed');
-- a column added with a default, which old rows do not store
CREATE TABLE defaulted AS SELECT user_id, item_id FROM plain;
ALTER TABLE defaulted ADD value int DEFAULT 7, ADD value2 int;
UPDATE defaulted SET value2 = 7;
SELECT wals_train('d', 'defaulted', value_col => c, feedback => 'weighted',
	factors => 3, iterations => 2) FROM unnest('{value,value2}'::text[]) AS c;
SELECT count(DISTINCT losses) FROM d;
DO $$
BEGIN
	EXECUTE 'CREATE TABLE wide (user_id int, ' || (SELECT string_agg('c' || n ||
		' bool', ', ') FROM generate_series(1, 1597) AS n) ||
		', value int, item_id int)';
END $$;
INSERT INTO wide (user_id, item_id, value)
SELECT user_id, item_id, value FROM plain;
SELECT same('wide');
CREATE TABLE toasted (user_id text, item_id text);
ALTER TABLE toasted ALTER user_id SET STORAGE EXTERNAL,
	ALTER item_id SET STORAGE EXTERNAL;
INSERT INTO toasted SELECT repeat('u' || user_id, 900 / length('u' || user_id)),
	repeat(md5(item_id::text), 60) FROM plain;
CREATE VIEW not_toasted AS
SELECT user_id || '' AS user_id, item_id || '' AS item_id FROM toasted;
SELECT wals_train('t', r, factors => 3, iterations => 2)
FROM unnest('{toasted,not_toasted}'::text[]) AS r;
SELECT count(DISTINCT losses), max(n_users), max(n_items),
	pg_relation_size((SELECT reltoastrelid FROM pg_class
		WHERE oid = 'toasted'::regclass)) > 0 AS toasted FROM t;

-- names that want quotes, of columns, tables and schemas
CREATE SCHEMA "wals sources 2; --";
CREATE TABLE "wals sources 2; --"."we;ird "" tbl' /* \ $1 %s" (
	"user ""id""" int, "select" int, "valu'e" int);
CREATE TABLE "new
line" AS SELECT user_id AS "User", item_id AS "it
em", value AS " " FROM plain;
CREATE TABLE "x23456789012345678901234567890123456789012345678901234567890123"
AS SELECT
	user_id AS "u23456789012345678901234567890123456789012345678901234567890123",
	item_id AS "i23456789012345678901234567890123456789012345678901234567890123",
	value AS "v23456789012345678901234567890123456789012345678901234567890123"
FROM plain;
INSERT INTO "wals sources 2; --"."we;ird "" tbl' /* \ $1 %s"
SELECT * FROM plain;
SELECT same('"wals sources 2; --"."we;ird "" tbl'' /* \ $1 %s"', 'user "id"',
	'select', 'valu''e');
SELECT source_name FROM m;
SELECT same('"new
line"', 'User', 'it
em', ' ');
SELECT same('x23456789012345678901234567890123456789012345678901234567890123',
	'u23456789012345678901234567890123456789012345678901234567890123',
	'i23456789012345678901234567890123456789012345678901234567890123',
	'v23456789012345678901234567890123456789012345678901234567890123');
SELECT getdatabaseencoding() = 'UTF8' AS utf8 \gset
\if :utf8
DO $$
BEGIN
	EXECUTE format('CREATE TABLE %I AS SELECT user_id AS %I, item_id, value '
		'FROM plain', U&'\00FCber\+01F3BB', U&'b\00E9n\00E9vole');
END $$;
SELECT same(quote_ident(U&'\00FCber\+01F3BB'), U&'b\00E9n\00E9vole') AS utf8
\gset
\else
\set utf8 t
\endif
SELECT 'multi-byte', :'utf8';
-- a name is folded and truncated by nobody
SELECT outcome($$SELECT wals_train('m', '"new
line"', user_col => 'user')$$);

-- what cannot be read as ratings
CREATE INDEX an_index ON plain (user_id);
CREATE SEQUENCE a_sequence;
CREATE TYPE a_type AS (user_id int, item_id int);
CREATE INDEX a_partitioned_index ON partitioned (user_id);
SELECT outcome($$SELECT wals_train('m', 'an_index')$$);
SELECT o FROM unnest('{a_sequence,a_type,a_partitioned_index}'::text[]) AS r,
	outcome(format('SELECT wals_train(''m'', %L)', r)) AS o WHERE o NOT LIKE ' %';
SELECT count(*) FROM pg_class, outcome(format('SELECT wals_train(''m'', %s, '
	'''chunk_seq'', ''chunk_seq'')', reltoastrelid)) AS o
WHERE pg_class.oid = 'toasted'::regclass AND o LIKE '42809 %';
-- a catalog is a table like others
SELECT outcome($$SELECT wals_train('catalog', 'pg_catalog.pg_attribute',
	'attnum', 'attlen', factors => 1, iterations => 1) = 1$$);
-- an empty materialized view, a view that fails: the server's own words
CREATE MATERIALIZED VIEW unpopulated AS SELECT * FROM plain WITH NO DATA;
SELECT outcome($$SELECT wals_train('m', 'unpopulated')$$);
CREATE VIEW failing AS SELECT user_id, item_id, 1 / (item_id - 5) AS value
FROM plain;
SELECT outcome($$SELECT wals_train('m', 'failing', value_col => 'value')$$);
-- tables of models: this one's, another one's
SELECT o FROM unnest('{m,m_users,m_items,reference_items}'::text[]) AS r,
	outcome(format('SELECT wals_train(''m'', %L, ''id'', ''n'')', r)) AS o;
-- columns
SELECT outcome($$SELECT wals_train('m', 'plain', item_col => 'movie')$$);
SELECT outcome($$SELECT wals_train('m', 'plain', item_col => 'ctid')$$);
SELECT outcome($$SELECT wals_train('m', 'changed', value_col => 'b')$$);
SELECT o FROM outcome($$SELECT wals_train('m', 'wide', weight_col => 'w')$$)
	AS o LIMIT 1;
SELECT outcome($$SELECT wals_train('m', 'plain', time_col => '')$$);
SELECT count(*), bool_and(active) FROM m;

-- after the training the source is known by identity, its columns by name
CREATE TABLE moving AS SELECT user_id, item_id, value FROM plain;
SELECT wals_train('r', 'moving', value_col => 'value', weighting => 'linear',
	factors => 3, iterations => 3);
CREATE VIEW unseen AS
SELECT user_id, count(*) FROM generate_series(1, 3) AS u(user_id),
	LATERAL wals_recommend(user_id, 99, 'r') AS r GROUP BY 1;
TABLE unseen ORDER BY 1;
ALTER TABLE moving RENAME TO moved;
ALTER TABLE moved SET SCHEMA "wals sources 2; --";
TABLE unseen ORDER BY 1;
SELECT source FROM wals_models WHERE model = 'r'::regclass;
-- a new table of the old name is the source, until another one is named
CREATE TABLE moving (user_id int, item_id int, value int);
TABLE unseen ORDER BY 1;
SELECT wals_set_source('r', '"wals sources 2; --".moved');
-- rows that came and went since count
INSERT INTO "wals sources 2; --".moved SELECT 1, item_id, 1 FROM plain;
DELETE FROM "wals sources 2; --".moved WHERE user_id = 2;
TABLE unseen ORDER BY 1;
-- a column renamed, retyped (to another integer: no matter), dropped
ALTER TABLE "wals sources 2; --".moved ALTER item_id TYPE bigint,
	ALTER user_id TYPE smallint;
TABLE unseen ORDER BY 1;
ALTER TABLE "wals sources 2; --".moved ALTER item_id TYPE text;
SELECT outcome('TABLE unseen');
SELECT outcome($$SELECT wals_train('r', '"wals sources 2; --".moved')$$);
ALTER TABLE "wals sources 2; --".moved
	ALTER item_id TYPE int USING item_id::int;
ALTER TABLE "wals sources 2; --".moved RENAME user_id TO person;
SELECT outcome('TABLE unseen');
ALTER TABLE "wals sources 2; --".moved DROP COLUMN value;
ALTER TABLE "wals sources 2; --".moved RENAME person TO user_id;
TABLE unseen ORDER BY 1;
DROP TABLE "wals sources 2; --".moved;
SELECT outcome('TABLE unseen');
-- the model still answers without it
SELECT count(*), bool_and(basis = 'model')
FROM wals_recommend(1, 99, 'r', exclude_seen => false);
SELECT wals_score(1, 1, 'r') = wals_score(1, 1, 'reference');
INSERT INTO moving SELECT * FROM plain;
SELECT wals_train('r', 'moving', factors => 2, iterations => 1);
TABLE unseen ORDER BY 1;

\pset tuples_only off
\pset format aligned
SET client_min_messages = error;
DROP SCHEMA "wals sources 2; --" CASCADE;
DROP SCHEMA wals_sources CASCADE;
