--
-- Options of wals_train: ranges, agreement with each other, NULL, and what is
-- recorded of them.  Wrong options fail before the source is read.
--
SET client_min_messages = warning;
CREATE SCHEMA wals_options;
SET search_path = wals_options, public;

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
SELECT u AS user_id, i AS item_id, u % 3 + i AS value, 1 AS weight, u * i AS at
FROM generate_series(1, 5) AS u, generate_series(1, 4) AS i
WHERE (u + i) % 3 <> 0;
-- reading this is an error of its own
CREATE VIEW unreadable AS
SELECT user_id, item_id, value, weight / (user_id - user_id) AS weight, at
FROM ratings;

-- the message and detail of a call with these options
CREATE FUNCTION refused(options text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT o FROM outcome('SELECT wals_train(''m'', ''unreadable'', '
		'weight_col => ''weight'', ' || options || ')') AS o
	WHERE o NOT LIKE '  HINT: The reference lists%'
$$;
\pset format unaligned
\pset tuples_only on
SELECT refused('seed => 0');

-- ranges
SELECT outcome($$SELECT wals_train('m', 'unreadable', factors => 0)$$);
SELECT refused(format('%s => %s', o, v))
FROM (VALUES (1, 'factors', '{-1,1025,2147483647}'::text[]),
	(2, 'iterations', '{0,-1,1001}'),
	(3, 'regularization', '{-1,''NaN'',''Infinity'',''-Infinity''}'),
	(4, 'reg_exponent', '{-0.1,1.1,''NaN''}'),
	(5, 'unobserved_weight', '{-1,''NaN'',''Infinity''}'),
	(6, 'alpha', '{0,-1,''NaN'',''Infinity''}'),
	(7, 'epsilon', '{0,-1,''NaN'',''Infinity''}'),
	(8, 'row_weight_exponent', '{-10.5,11,''NaN''}'),
	(9, 'col_weight_exponent', '{-10.5,11,''NaN''}'),
	(10, 'popularity_exponent', '{-10.5,11,''NaN''}'),
	(11, 'min_user_rows', '{0,-1}'), (12, 'min_item_rows', '{0,-1}'),
	(13, 'keep_versions', '{0,-1}'), (16, 'cg_steps', '{0,-1,101}'),
	(14, 'tolerance', '{-0.1,1.1,''NaN''}'), (15, 'max_seconds', '{0,-1}')) AS t(n, o, vs),
	unnest(vs) WITH ORDINALITY AS u(v, place) ORDER BY n, place;
SELECT refused('time_col => ''at'', half_life => ' || quote_literal(h))
FROM unnest('{0,-1 day,1 mon -30 days}'::text[]) AS h;

-- words
SELECT refused(format('%s => %L', o, v))
FROM (VALUES (1, 'feedback', 'Implicit'), (2, 'weighting', 'uniform'),
	(3, 'unobserved_weighting', ''), (4, 'duplicates', 'first'),
	(5, 'activate', 'maybe'), (6, 'solver', 'lu')) AS t(n, o, v) ORDER BY n;

-- options that contradict each other or could have no effect
SELECT refused(o) FROM (VALUES
	(1, 'feedback => ''explicit'''),
	(2, 'feedback => ''weighted'''),
	(3, 'value_col => ''value'', feedback => ''explicit'', '
		'unobserved_weight => 1'),
	(4, 'value_col => ''value'', feedback => ''explicit'', '
		'unobserved_weighting => ''popularity'''),
	(5, 'biases => true'),
	(6, 'value_col => ''value'', feedback => ''weighted'', biases => true'),
	(7, 'value_col => ''value'', feedback => ''weighted'', weighting => ''log'''),
	(8, 'value_col => ''value'', feedback => ''explicit'', weighting => ''none'''),
	(9, 'weighting => ''none'', unobserved_weight => 0'),
	(10, 'weighting => ''none'', row_weight_exponent => 1'),
	(11, 'weighting => ''counts'', col_weight_exponent => 0.5'),
	(12, 'half_life => ''1 day'''),
	(13, 'duplicates => ''last'''),
	(14, 'solver => ''cholesky'', cg_steps => 4'),
	(15, 'solver => ''block'', cg_steps => 1')) AS t(n, o) ORDER BY n;
-- nothing was created
SELECT to_regclass('m'), to_regclass('m_users'), to_regclass('m_items');

-- the ends of the ranges are legal
SELECT outcome('SELECT wals_train(''m'', ''ratings'', value_col => ''value'', '
	'factors => 1, iterations => 1, ' || o || ')') FROM (VALUES
	(2, 'regularization => 0'),
	(3, 'reg_exponent => 0'), (4, 'reg_exponent => 1'),
	(5, 'unobserved_weight => 1e-30'), (6, 'alpha => 1e-30'),
	(7, 'row_weight_exponent => -10, col_weight_exponent => 10'),
	(8, 'unobserved_weighting => ''popularity'', popularity_exponent => -10'),
	(9, 'keep_versions => 2147483647'),
	(10, 'feedback => ''explicit'', unobserved_weight => 0, biases => false'))
	AS t(n, o) ORDER BY n;
SELECT wals_train('m', 'ratings', factors => 1, iterations => 1000);
SELECT cardinality(losses), cardinality(iteration_seconds) FROM m WHERE active;
SELECT wals_drop('m');

-- NULL means the default
SELECT wals_train('n', 'ratings', NULL, NULL, NULL, NULL, NULL, NULL, NULL,
	NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
	NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
	NULL, NULL);
SELECT wals_train('n', 'ratings');
SELECT count(DISTINCT options), count(DISTINCT losses),
	count(DISTINCT objective) FROM n;
SELECT jsonb_pretty(options - 'dense') FROM n WHERE active;
SELECT wals_drop('n');
SELECT outcome('SELECT wals_train(NULL, ''ratings'')');
SELECT outcome('SELECT wals_train(''m'', NULL)');
-- what is recorded of options that were given
CREATE TABLE w AS SELECT n AS user_id, n AS item_id, 2 AS weight
FROM generate_series(1, 9) AS n;
SELECT wals_train('m', 'ratings', value_col => 'value', weight_col => 'weight',
	time_col => 'at', factors => 3, iterations => 2, regularization => 0.25,
	reg_exponent => 0.5, unobserved_weight => 0.75,
	unobserved_weighting => 'popularity', popularity_exponent => 0.25,
	weighting => 'log', alpha => 1.5, epsilon => 2.5, row_weight_exponent => 0.125,
	col_weight_exponent => -0.125, weight_normalize => false, row_weights => 'w',
	col_weights => 'w', half_life => '1 minute', duplicates => 'max',
	min_user_rows => 2, min_item_rows => 2, biases => false,
	tolerance => 0.0625, max_seconds => 3600, seed => -7,
	solver => 'cg', cg_steps => 5,
	activate => 'no', keep_versions => 3);
SELECT jsonb_pretty(options - 'dense') FROM m;
SELECT version, active, is_default, source_name, user_col, item_col, value_col,
	weight_col, time_col, feedback, factors, biases, iterations FROM m;
-- not activated: it does not answer
SELECT outcome($$SELECT * FROM wals_recommend(1, 1, 'm')$$);

-- tables of weights
CREATE FUNCTION try_weights(weights text, id_type text DEFAULT 'int')
RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE VIEW v AS SELECT id::%s AS user_id, weight FROM '
		'(VALUES %s) AS x(id, weight)', id_type, weights);
	RETURN QUERY SELECT outcome('SELECT wals_train(''m'', ''ratings'', '
		'factors => 2, iterations => 1, row_weights => ''v'')');
	DROP VIEW v;
END $$;
SELECT try_weights('(1, 2), (NULL, 3), (2, NULL), (99, 4)');
SELECT try_weights('(1, 2), (1, 2)');
SELECT try_weights('(1, -1)');
SELECT try_weights('(1, ''NaN''::float8)');
SELECT try_weights('(1, 1e39)');
SELECT try_weights('(1, true)');
SELECT try_weights('(1, 1)', 'text');
SELECT try_weights('(1, 0), (2, 0), (3, 0), (4, 0), (5, 0)');
SELECT outcome('SELECT wals_train(''m'', ''ratings'', '
	'col_weights => ''unreadable'')');
CREATE VIEW unnamed AS SELECT 1 AS user_id;
SELECT outcome($$SELECT wals_train('m', 'ratings', row_weights => 'unnamed')$$);
SELECT outcome($$SELECT wals_train('m', 'ratings', col_weights => 'unnamed')$$);
\pset tuples_only off
\pset format aligned

SET client_min_messages = error;
DROP SCHEMA wals_options CASCADE;
