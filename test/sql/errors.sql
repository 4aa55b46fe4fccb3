--
-- Errors of the functions: SQLSTATE, message, detail and hint.  (Options and
-- columns of a source have their own files: options, sources, input_*.)
--
SET client_min_messages = warning;
CREATE SCHEMA wals_errors;
SET search_path = wals_errors, public;

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
CREATE TABLE ratings AS
SELECT u AS user_id, i AS item_id, u + i AS value
FROM generate_series(1, 6) AS u, generate_series(1, 5) AS i
WHERE (u * u + u * i + 2 * i * i) % 7 < 4;
-- left over when an earlier run failed
DROP ROLE IF EXISTS regress_wals_err_owner, regress_wals_err_other;
CREATE ROLE regress_wals_err_owner;
CREATE ROLE regress_wals_err_other;
GRANT USAGE, CREATE ON SCHEMA wals_errors TO regress_wals_err_owner;
GRANT USAGE ON SCHEMA wals_errors TO regress_wals_err_other;
ALTER TABLE ratings OWNER TO regress_wals_err_owner;
SET ROLE regress_wals_err_owner;
\pset format unaligned
\pset tuples_only on

-- no model at all
SELECT outcome('SELECT * FROM wals_recommend(1)');
SELECT o FROM unnest('{SELECT wals_score(1\, 1),SELECT * FROM wals_popular(),'
	'SELECT * FROM wals_recommend(''u'')}'::text[]) AS q, outcome(q) AS o
WHERE o NOT LIKE ' %';
-- two, none marked; the setting names one, or nothing
SELECT wals_train('m', 'ratings', factors => 2, iterations => 2);
SELECT wals_train('"Other ""m"""', 'ratings', factors => 2, iterations => 2);
SELECT outcome('SELECT * FROM wals_recommend(1)');
SET wals.default_model = 'm';
SELECT count(*) > 0 FROM wals_recommend(1);
SET wals.default_model = 'missing';
SELECT outcome('SELECT * FROM wals_recommend(1)');
SET wals.default_model = 'ratings';
SELECT outcome('SELECT * FROM wals_recommend(1)');
-- names that cannot be any are refused where they are set
SET wals.default_model = 'a.b.c.d';
SET wals.default_model = '"';
SET wals.default_model = 'a..b';
RESET wals.default_model;
SELECT wals_set_default('m');
SELECT count(*) > 0 FROM wals_recommend(1);
SET wals.no_such_setting = 1;

-- not a model, not there
SELECT outcome($$SELECT * FROM wals_recommend(1, 1, 'ratings')$$);
SELECT outcome($$SELECT * FROM wals_recommend(1, 1, 'm_items')$$);
SELECT outcome($$SELECT * FROM wals_recommend(1, 1, 'missing')$$);
SELECT outcome($$SELECT * FROM wals_recommend(1, 1, 4294967295)$$);
SELECT o FROM unnest(ARRAY['SELECT wals_score(1, 1, ''ratings'')',
	'SELECT * FROM wals_popular(1, ''ratings'')',
	'SELECT wals_set_default(''ratings'')', 'SELECT wals_activate(''ratings'', 1)',
	'SELECT wals_prune(''ratings'')', 'SELECT wals_drop(''ratings'')',
	'SELECT wals_drop(''m_users'')', 'SELECT wals_drop(4294967295)'])
	WITH ORDINALITY AS q(q, n), outcome(q) AS o WHERE o NOT LIKE ' %' ORDER BY n;

-- types of ids
SELECT outcome($$SELECT * FROM
	wals_recommend('00000000-0000-0000-0000-000000000001'::uuid, 1, 'm')$$);
SELECT outcome($$SELECT wals_score('00000000-0000-0000-0000-000000000001'::uuid,
	'00000000-0000-0000-0000-000000000002'::uuid, 'm')$$);
SELECT outcome($$SELECT * FROM wals_recommend('x'::text, 1, 'm')$$);
SELECT outcome($$SELECT wals_score('1', '9223372036854775808', 'm')$$);
-- n
SELECT outcome($$SELECT * FROM wals_recommend(1, -1, 'm')$$);
SELECT outcome($$SELECT * FROM wals_popular(-2147483648, 'm')$$);
-- arrays, scores, words
SELECT outcome($$SELECT * FROM
	wals_recommend(1, 1, 'm', exclude => '{{1,2}}')$$);
SELECT outcome($$SELECT * FROM wals_recommend(1, 1, 'm', min_score => 'NaN')$$);
SELECT outcome($$SELECT * FROM
	wals_recommend(1, 1, 'm', cold_start => 'fold')$$);
-- unknown users
SELECT outcome($$SELECT * FROM
	wals_recommend(-7, 1, 'm', cold_start => 'error')$$);
SELECT outcome($$SELECT * FROM
	wals_recommend('00', 1, 'm', cold_start => 'error')$$);
SELECT wals_score(-7, 1, 'm') IS NULL, wals_score(1, -7, 'm') IS NULL;
SELECT count(*) FROM wals_recommend(-7, 3, 'm', cold_start => 'none');
-- no user is no row, not even for popular items; wrong arguments are errors
-- all the same
SELECT count(*) FROM wals_recommend(NULL::bigint, 3, 'm');
SELECT count(*) FROM wals_recommend(NULL::text, 3, 'm', cold_start => 'error');
SELECT wals_score(NULL, 1, 'm') IS NULL, wals_score(1, NULL, 'm') IS NULL;
SELECT outcome($$SELECT * FROM wals_recommend(NULL::bigint, -1, 'm')$$);
SELECT u, count(item_id) FROM (VALUES (1), (NULL)) AS v(u)
LEFT JOIN LATERAL wals_recommend(u, 9, 'm') ON true GROUP BY u ORDER BY u;

-- versions
SELECT outcome($$SELECT wals_activate('m', 2)$$);
SELECT outcome($$SELECT wals_activate('m', -2147483648)$$);
SELECT outcome($$SELECT wals_prune('m', 0)$$);
SELECT outcome($$SELECT wals_prune('m', -1)$$);
SELECT version, active FROM m;

-- names of models
SELECT outcome($$SELECT wals_train('', 'ratings')$$);
SELECT outcome($$SELECT wals_train('a b', 'ratings')$$);
SELECT outcome($$SELECT wals_train('a.b.c.d', 'ratings')$$);
SELECT outcome($$SELECT wals_train('missing.m', 'ratings')$$);
SELECT outcome($$SELECT wals_train('pg_temp.m', 'ratings')$$);
SELECT outcome($$SELECT wals_train('ratings', 'ratings')$$);
SELECT outcome($$SELECT wals_train('m_users', 'ratings')$$);
SELECT outcome($$SELECT wals_train(
	'n2345678901234567890123456789012345678901234567890123456789', 'ratings')$$);
SELECT outcome($$SELECT wals_train(
	'n23456789012345678901234567890123456789012345678901234567', 'ratings',
	factors => 1, iterations => 1)$$);
CREATE TABLE half_items ();
SELECT outcome($$SELECT wals_train('half', 'ratings')$$);
SELECT to_regclass('half'), to_regclass('half_users');
SELECT outcome($$SELECT wals_train('m', 'missing')$$);
SELECT outcome($$SELECT wals_train('m', 4294967295)$$);

-- memory: the estimate names its parts; blocks of one side are counted as they
-- are allocated
CREATE VIEW large AS SELECT n / 50 AS user_id, n % 50 AS item_id
FROM generate_series(0, 39999) AS n;
SET wals.max_memory = '3MB';
SELECT outcome($$SELECT wals_train('large_model', 'large', factors => 1024)$$);
SET wals.max_memory = '1kB';
SELECT regexp_replace(outcome($$SELECT wals_train('large_model', 'large',
	factors => 8)$$), '\d+ kB were', '... kB were');
SELECT to_regclass('large_model');
SET wals.max_memory = '4MB';
SELECT outcome($$SELECT wals_train('large_model', 'large', factors => 8,
	iterations => 1)$$);
SET wals.max_memory = 0;
SELECT outcome($$SELECT wals_train('large_model', 'large', factors => 8,
	iterations => 1)$$);
SELECT wals_drop('large_model');
RESET wals.max_memory;

-- transactions that only read
BEGIN READ ONLY;
SELECT outcome($$SELECT wals_train('m', 'ratings')$$);
SELECT outcome($$SELECT wals_train('missing', 'ratings', factors => -1)$$);
SELECT o FROM unnest('{SELECT wals_set_default(''m''),SELECT wals_prune(''m''),'
	'SELECT wals_drop(''m'')}'::text[]) AS q, outcome(q) AS o;
SELECT outcome($$SELECT wals_activate('m', 1)$$);
SELECT count(*) > 0 FROM wals_recommend(1, 1, 'm');
COMMIT;

-- rights: another role, without any, with some; and a superuser
RESET ROLE;
SET ROLE regress_wals_err_other;
SELECT outcome($$SELECT * FROM wals_recommend(1)$$);
SELECT outcome($$SELECT * FROM wals_recommend(1, 1, 'm')$$);
SELECT outcome($$SELECT wals_score(1, 1, 'm')$$);
SELECT outcome($$SELECT wals_train('m', 'ratings')$$);
SELECT outcome($$SELECT wals_train('mine', 'ratings')$$);
SELECT outcome($$SELECT wals_train('wals_errors.mine', 'ratings')$$);
SELECT o FROM unnest('{SELECT wals_set_default(''m''),SELECT wals_prune(''m''),'
	'SELECT wals_drop(''m'')}'::text[]) AS q, outcome(q) AS o
WHERE o NOT LIKE ' %';
RESET ROLE;
GRANT CREATE ON SCHEMA wals_errors TO regress_wals_err_other;
GRANT SELECT ON m, m_users, m_items TO regress_wals_err_other;
SET ROLE regress_wals_err_other;
SELECT outcome($$SELECT wals_train('mine', 'ratings')$$);
SELECT outcome($$SELECT * FROM wals_recommend(1, 1, 'm')$$);
SELECT count(*) FROM wals_recommend(1, 1, 'm', exclude_seen => false);
-- the only model one may read, but somebody else's: not the default
SELECT outcome($$SELECT * FROM wals_recommend(1)$$);
SELECT outcome($$SELECT wals_activate('m', 1)$$);
RESET ROLE;
REVOKE SELECT ON m_items FROM regress_wals_err_other;
SET ROLE regress_wals_err_other;
SELECT outcome($$SELECT * FROM
	wals_recommend(1, 1, 'm', exclude_seen => false)$$);
SELECT outcome($$SELECT * FROM wals_popular(1, 'm')$$);
RESET ROLE;
SELECT outcome($$SELECT wals_train('m', 'ratings')$$);
SELECT outcome($$SELECT wals_drop('m')$$);
SELECT count(*) FROM wals_recommend(1, 1, 'm');

-- a model that something depends on stays
SET ROLE regress_wals_err_owner;
CREATE VIEW depends AS SELECT version FROM m;
SELECT outcome($$SELECT wals_drop('m')$$);
DROP VIEW depends;
SELECT wals_drop('m');
SELECT to_regclass('m'), to_regclass('m_users'), to_regclass('m_items');
SELECT outcome($$SELECT wals_drop('m')$$);
\pset tuples_only off
\pset format aligned

RESET ROLE;
SET client_min_messages = error;
DROP SCHEMA wals_errors CASCADE;
DROP ROLE regress_wals_err_owner, regress_wals_err_other;
