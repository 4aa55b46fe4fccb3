-- warm_start: a training that begins with the items of the active version.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE ROLE regress_wals_warm;
CREATE SCHEMA warm_start AUTHORIZATION regress_wals_warm;
SET ROLE regress_wals_warm;
SET search_path = warm_start, public;

CREATE FUNCTION outcome(statement text) RETURNS text
LANGUAGE plpgsql AS
$$
DECLARE
	detail text;
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'fine';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN SQLSTATE || ': ' || SQLERRM || E'\n  detail: ' || detail || E'\n  hint: ' || hint;
END;
$$;

CREATE TABLE seen AS
SELECT u AS user_id, i AS item_id, 1 + (u * 7 + i * 3 + u * i) % 5 AS value
FROM generate_series(1, 60) AS u, generate_series(1, 40) AS i
WHERE (u * 7919 + i * 104729 + u * i * 31) % 101 < 20 + 30 * (u % 3 = i % 3)::integer;

-- ---------------------------------------------------------------------------
-- Nothing to start from: cold, and it says so
-- ---------------------------------------------------------------------------

SET client_min_messages = notice;
SELECT wals_train('m', 'seen', factors => 8, iterations => 40, tolerance => 0.001, keep_versions => 99, warm_start => true);
SET client_min_messages = warning;
SELECT wals_train('cold', 'seen', factors => 8, iterations => 40, tolerance => 0.001);
SELECT m.losses = cold.losses AS same, m.started_from, m.options -> 'warm_start' AS warm_start FROM m, cold;
SELECT started_from, options -> 'warm_start' AS warm_start FROM cold;

-- no version is active
SELECT wals_train('passive', 'seen', factors => 2, iterations => 1, activate => 'no');
SET client_min_messages = notice;
SELECT wals_train('passive', 'seen', factors => 2, iterations => 1, activate => 'no', warm_start => true);
SET client_min_messages = warning;

-- ---------------------------------------------------------------------------
-- The same rows: it goes on where the version ended, with fewer iterations
-- ---------------------------------------------------------------------------

CREATE VIEW starts AS
SELECT new.version, new.started_from,
	new.losses[1] <= old.loss * (1 + 1e-6) AS goes_on,
	new.losses[1] > old.loss * 0.95 AS from_there,
	new.iterations < old.iterations AS sooner,
	new.stop_reason
FROM m AS new LEFT JOIN m AS old ON old.version = new.started_from
ORDER BY new.version;

SET client_min_messages = notice;
SELECT wals_train('m', 'seen', factors => 8, iterations => 40, tolerance => 0.001, keep_versions => 99, warm_start => true);
SET client_min_messages = warning;
SELECT * FROM starts;
SELECT options -> 'warm_start' AS warm_start FROM m WHERE active;
-- from the active version, which need not be the newest; the same again gives
-- the same
SELECT wals_activate('m', 1);
SELECT wals_train('m', 'seen', factors => 8, iterations => 40, tolerance => 0.001, keep_versions => 99, warm_start => true);
SELECT * FROM starts WHERE version = 3;
SELECT (SELECT losses FROM m WHERE version = 2) = (SELECT losses FROM m WHERE version = 3) AS same_losses,
	(SELECT array_agg(factors ORDER BY id) FROM m_items WHERE version = 2)
	= (SELECT array_agg(factors ORDER BY id) FROM m_items WHERE version = 3) AS same_items,
	(SELECT array_agg(factors ORDER BY id) FROM m_users WHERE version = 2)
	= (SELECT array_agg(factors ORDER BY id) FROM m_users WHERE version = 3) AS same_users;
-- the seed is without effect when all items are known
SELECT wals_activate('m', 1);
SELECT wals_train('m', 'seen', factors => 8, iterations => 40, tolerance => 0.001, keep_versions => 99, warm_start => true, seed => 5);
SELECT (SELECT losses FROM m WHERE version = 2) = (SELECT losses FROM m WHERE version = 4) AS same_losses;
-- a version trained in the same statement is seen
SELECT min(wals_train('twice', 'seen', factors => 2, iterations => 1 + n, warm_start => n > 1))
FROM generate_series(1, 2) AS n;
SELECT version, started_from FROM twice ORDER BY version;

-- ---------------------------------------------------------------------------
-- Items that came, items that went
-- ---------------------------------------------------------------------------

CREATE VIEW changed AS
SELECT user_id, item_id FROM seen WHERE item_id > 5
UNION ALL SELECT user_id, 1000 + item_id FROM seen WHERE item_id <= 3 AND user_id < 50
UNION ALL SELECT 100 + user_id, item_id FROM seen WHERE item_id > 20 AND user_id < 5;
SELECT wals_activate('m', 1);
SET client_min_messages = notice;
SELECT wals_train('m', 'changed', factors => 8, iterations => 40, tolerance => 0.001, keep_versions => 99, warm_start => true);
SET client_min_messages = warning;
SELECT wals_train('cold', 'changed', factors => 8, iterations => 40, tolerance => 0.001, keep_versions => 99);
SELECT m.losses[1] < cold.losses[1] AS ahead, m.iterations < cold.iterations AS sooner,
	m.loss < cold.loss * 1.01 AS as_good, m.n_items = cold.n_items AS all_items
FROM m, cold WHERE m.active AND cold.active;
SELECT count(*) AS items, count(*) FILTER (WHERE id > 1000) AS new, count(*) FILTER (WHERE id <= 5) AS gone
FROM m_items WHERE version = (SELECT version FROM m WHERE active);
-- new items begin as in a cold training: a start that knows no item is one
CREATE VIEW others AS SELECT user_id, item_id + 5000 AS item_id FROM seen;
SET client_min_messages = notice;
SELECT wals_train('m', 'others', factors => 8, iterations => 3, keep_versions => 99, warm_start => true, seed => 3);
SET client_min_messages = warning;
SELECT wals_train('cold', 'others', factors => 8, iterations => 3, keep_versions => 99, seed => 3);
SELECT m.losses = cold.losses AS same FROM m, cold WHERE m.active AND cold.active;

-- ---------------------------------------------------------------------------
-- Other ids, biases
-- ---------------------------------------------------------------------------

CREATE VIEW as_text AS SELECT 'u' || user_id AS user_id, 'i' || item_id AS item_id FROM seen;
CREATE VIEW as_uuid AS SELECT md5('u' || user_id)::uuid AS user_id, md5('i' || item_id)::uuid AS item_id FROM seen;
SELECT wals_train(source || '_model', source::regclass, factors => 4, iterations => 5, warm_start => n > 1)
FROM unnest('{as_text,as_uuid}'::text[]) AS s(source), generate_series(1, 2) AS n;
SELECT new.started_from, new.losses[1] <= old.loss * (1 + 1e-6) AS goes_on
FROM as_text_model AS new, as_text_model AS old WHERE new.version = 2 AND old.version = 1;
SELECT new.started_from, new.losses[1] <= old.loss * (1 + 1e-6) AS goes_on
FROM as_uuid_model AS new, as_uuid_model AS old WHERE new.version = 2 AND old.version = 1;

SELECT wals_train('stars', 'seen', value_col => 'value', feedback => 'explicit', factors => 3,
	iterations => 30, warm_start => n > 1)
FROM generate_series(1, 2) AS n;
SELECT new.started_from, new.losses[1] <= old.loss * (1 + 1e-6) AS goes_on
FROM stars AS new, stars AS old WHERE new.version = 2 AND old.version = 1;
-- without the biases it would not be
UPDATE stars_items SET bias = 0 WHERE version = 2;
SELECT wals_train('stars', 'seen', value_col => 'value', feedback => 'explicit', factors => 3,
	iterations => 1, warm_start => true, keep_versions => 9);
SELECT new.losses[1] > old.loss * (1 + 1e-6) AS biases_matter
FROM stars AS new, stars AS old WHERE new.version = 3 AND old.version = 2;

-- ---------------------------------------------------------------------------
-- A version of another kind
-- ---------------------------------------------------------------------------

-- reading this is an error of its own
CREATE VIEW unreadable AS SELECT user_id, item_id / (user_id - user_id) AS item_id, value FROM seen;
\pset format unaligned
\pset tuples_only on
SELECT outcome('SELECT wals_train(''' || model || ''', ''unreadable'', warm_start => true, ' || options || ')')
FROM (VALUES (1, 'cold', 'factors => 9'), (2, 'cold', 'factors => 64'),
	(3, 'cold', 'factors => 8, feedback => ''weighted'', value_col => ''value'''),
	(4, 'stars', 'factors => 3, feedback => ''explicit'', value_col => ''value'', biases => false'),
	(5, 'stars', 'factors => 3')) AS t(n, model, options) ORDER BY n;
\pset format aligned
\pset tuples_only off
-- what does not change the shape may differ
SELECT wals_train('cold', 'seen', value_col => 'value', factors => 8, iterations => 2, warm_start => true,
	weighting => 'log', alpha => 3, regularization => 0.1, unobserved_weighting => 'popularity');
SELECT started_from FROM cold WHERE active;

-- ---------------------------------------------------------------------------
-- Hostile and damaged rows
-- ---------------------------------------------------------------------------

SELECT wals_train('h', 'seen', factors => 2, iterations => 3);
ALTER TABLE h DROP CONSTRAINT h_pkey;
ALTER TABLE h_items_1 DROP CONSTRAINT h_items_1_pkey;
ALTER TABLE h_items DROP CONSTRAINT h_items_pkey, ALTER factors DROP NOT NULL, ALTER id DROP NOT NULL;
-- a training after a change, undone again
CREATE FUNCTION after(change text, OUT result text) LANGUAGE plpgsql AS
$$
BEGIN
	EXECUTE change;
	result := outcome('SELECT wals_train(''h'', ''seen'', factors => 2, iterations => 3, warm_start => true)');
	RAISE EXCEPTION USING ERRCODE = 'UND00';
EXCEPTION WHEN SQLSTATE 'UND00' THEN
	RETURN;
END;
$$;
\pset format unaligned
\pset tuples_only on
SELECT c, after(c) FROM (VALUES
	(1, 'UPDATE h_items SET norm = NULL, n = NULL, bias = NULL'),
	(2, 'UPDATE h_items SET factors = NULL WHERE id = 7'),
	(3, 'UPDATE h_items SET factors = ''{}'' WHERE id = 7'),
	(4, 'UPDATE h_items SET factors = ''{1}'' WHERE id = 7'),
	(5, 'UPDATE h_items SET factors = ''{1,2,3}'' WHERE id = 7'),
	(6, 'UPDATE h_items SET factors = ''{{1},{2}}'' WHERE id = 7'),
	(7, 'UPDATE h_items SET factors = ''{1,NULL}'' WHERE id = 7'),
	(8, 'UPDATE h_items SET factors = ''{1,NaN}'' WHERE id = 7'),
	(9, 'UPDATE h_items SET factors = ''{-Infinity,1}'' WHERE id = 7'),
	(10, 'UPDATE h_items SET bias = ''NaN'' WHERE id = 7'),
	(11, 'INSERT INTO h_items SELECT * FROM h_items WHERE id = 7'),
	(12, 'UPDATE h_items SET id = NULL WHERE id = 7'),
	(14, 'UPDATE h SET factors = 3'),
	(15, 'UPDATE h SET factors = NULL'),
	(16, 'UPDATE h SET feedback = NULL'),
	(17, 'UPDATE h SET feedback = ''weighted'''),
	(18, 'UPDATE h SET biases = true'),
	(19, 'UPDATE h SET format = 2'),
	(20, 'UPDATE h SET items_table = ''seen''::regclass'),
	(21, 'UPDATE h SET items_table = ''as_text_model_items''::regclass'),
	(22, 'INSERT INTO h SELECT h.* FROM h'),
	-- rows of ids the source does not have are none of its business
	(23, 'INSERT INTO h_items (version, id, factors) VALUES (1, 999, ''{1}'')'))
	AS t(n, c) ORDER BY n;
-- finite, but too large to compute with: an error like any other
SELECT left(after('UPDATE h_items SET factors = ''{3e38,3e38}'''), 2);
SELECT left(after('UPDATE h SET feedback = repeat(''implicit'', 100)'), 5);
\pset format aligned
\pset tuples_only off
-- zeros would stay zeros: they are no start
UPDATE h_items SET factors = '{0,0}' WHERE id <= 10;
SET client_min_messages = notice;
SELECT wals_train('h', 'seen', factors => 2, iterations => 3, warm_start => true);
SET client_min_messages = warning;
SELECT bool_and(norm > 0) AS alive FROM h_items WHERE version = 2;

SET client_min_messages = error;
RESET ROLE;
DROP SCHEMA warm_start CASCADE;
DROP ROLE regress_wals_warm;
