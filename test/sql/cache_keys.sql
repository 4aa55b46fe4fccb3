-- Whatever is kept between calls is found by all that it was made from.  A
-- model's row and its tables are changed in every way under an identity that the
-- session has answered from, and each answer must be that of a session which has
-- kept nothing: a copy of the model under new identities stands in for it.
\set SHOW_CONTEXT never
SET client_min_messages = error;
SET jit = off;
CREATE ROLE regress_wals_keys;
CREATE ROLE regress_wals_keys_reader;
CREATE SCHEMA cache_keys AUTHORIZATION regress_wals_keys;
CREATE SCHEMA cache_keys_other AUTHORIZATION regress_wals_keys;
GRANT USAGE ON SCHEMA cache_keys TO PUBLIC;
SET ROLE regress_wals_keys;
SET search_path = cache_keys, public;
SET wals.threads = 1;

CREATE TABLE rated AS
SELECT u AS user_id, i AS item_id, (u * 3 + i * 5) % 5 + 1 AS stars,
	timestamptz '2025-01-01 00:00:00+00' + ((u * 7 + i * 11) % 100) * interval '1 day' AS at
FROM generate_series(1, 40) AS u, generate_series(1, 30) AS i
WHERE (u * u + i * i + u * i) % 7 < 2;
INSERT INTO rated SELECT 99, i, i % 5 + 1, '2025-03-01' FROM generate_series(2, 30, 7) AS i;
CREATE TABLE user_trust AS SELECT u AS user_id, 0.5 + u % 3 AS weight FROM generate_series(1, 40) AS u;
CREATE TABLE item_trust AS SELECT i AS item_id, 0.5 + i % 4 AS weight FROM generate_series(5, 30) AS i;
CREATE TABLE test AS SELECT u AS user_id, (u * 5) % 30 + 1 AS item_id, 1 + u % 5 AS stars FROM generate_series(1, 40) AS u;
SELECT wals_train('m', 'rated', value_col => 'stars', time_col => 'at', factors => 12, iterations => 3,
	weighting => 'linear', half_life => '30 days', row_weights => 'user_trust', col_weights => 'item_trust');
SELECT wals_train('e', 'rated', value_col => 'stars', feedback => 'explicit', factors => 12, iterations => 3);
SELECT wals_train('wide', 'rated', factors => 256, iterations => 1);
SELECT wals_train('third', 'rated', factors => 3, iterations => 1);
-- user 99 is not in the models
DELETE FROM m_users WHERE id = 99;
DELETE FROM e_users WHERE id = 99;

-- What becomes of a question: rows, or the error.
CREATE FUNCTION answer(question text) RETURNS text LANGUAGE plpgsql AS
$$
DECLARE
	result text;
BEGIN
	EXECUTE format('SELECT array_agg(q)::text FROM (%s) AS q', question) INTO result;
	RETURN result;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END;
$$;

CREATE FUNCTION answers(model text) RETURNS TABLE (question text, answer text) LANGUAGE sql AS
$$
	SELECT q, answer(replace(q, '$', quote_literal(model))) FROM unnest(ARRAY[
		'SELECT u, r.* FROM generate_series(1, 9) AS u, wals_recommend(u, 4, $, fold_in => ''never'') AS r',
		'SELECT u, r.* FROM generate_series(1, 9) AS u, wals_recommend(u, 4, $, fold_in => ''always'') AS r',
		'SELECT * FROM wals_recommend(99, 4, $)',
		'SELECT * FROM wals_recommend(3, 4, $, diversity => 0.5, popularity_penalty => 0.1)',
		'SELECT * FROM wals_recommend(3, 4, $, explore => 1)',
		'SELECT * FROM wals_recommend(99, 4, $, explore => 1, diversity => 0.2)',
		'SELECT * FROM wals_recommend(3, 4, $, candidates => ARRAY[1, 3, 5, 7]::bigint[])',
		'SELECT * FROM wals_recommend_for(ARRAY[2, 5]::bigint[], ''{1, 5}''::real[], 4, $)',
		'SELECT * FROM wals_recommend_users(3, 4, $)',
		'SELECT * FROM wals_recommend_all(2, $)',
		'SELECT * FROM wals_recommend_all(30, $)',
		'SELECT * FROM wals_similar_items(3, 4, $)',
		'SELECT * FROM wals_similar_users(3, 4, $)',
		'SELECT u, wals_score(u, 3, $) FROM generate_series(1, 9) AS u',
		'SELECT wals_score(u, 3, $, fold_in => ''always'') FROM generate_series(1, 9) AS u',
		'SELECT wals_user_factors(3, $)',
		'SELECT wals_user_factors(99, $)',
		'SELECT wals_fold_in(ARRAY[2, 5]::bigint[], ''{1, 5}''::real[], NULL, $)',
		'SELECT * FROM wals_explain(3, 5, 4, $)',
		'SELECT * FROM wals_popular(4, $)',
		'SELECT * FROM wals_map($, 20)',
		'SELECT * FROM wals_evaluate(''test'', $, ARRAY[5])',
		'SELECT * FROM wals_compare(''test'', $, ''third'', k => ARRAY[5])']) AS q
$$;

CREATE TABLE cold OF wals_model;

-- All answers after a change, when the caches are full of what was before.
CREATE FUNCTION after(model text, change text) RETURNS text LANGUAGE plpgsql AS
$$
DECLARE
	before text[];
	warm text[];
	fresh text[];
	questions text[];
	states text;
	n integer;
BEGIN
	PERFORM * FROM answers(model);
	before := ARRAY(SELECT a.answer FROM answers(model) AS a);
	BEGIN
		EXECUTE change;
		warm := ARRAY(SELECT a.answer FROM answers(model) AS a);
		DELETE FROM cold;
		EXECUTE format('INSERT INTO cold SELECT * FROM %I', model);
		UPDATE cold SET version_id = gen_random_uuid(), items_id = CASE WHEN items_id IS NULL THEN NULL ELSE gen_random_uuid() END;
		SELECT array_agg(a.answer), array_agg(a.question) INTO fresh, questions FROM answers('cold') AS a;
		RAISE EXCEPTION USING ERRCODE = '00001';
	EXCEPTION WHEN SQLSTATE '00001' THEN
	END;
	SELECT string_agg(questions[i], E'\n  ') INTO states FROM generate_series(1, cardinality(fresh)) AS i
	WHERE warm[i] IS DISTINCT FROM fresh[i];
	IF states IS NOT NULL THEN
		RETURN E'other answers:\n  ' || states;
	END IF;
	-- and what was before is there again
	IF before IS DISTINCT FROM ARRAY(SELECT a.answer FROM answers(model) AS a) THEN
		RETURN 'not what it was';
	END IF;
	n := (SELECT count(*) FROM generate_series(1, cardinality(fresh)) AS i WHERE fresh[i] IS DISTINCT FROM before[i]);
	SELECT string_agg(format('%s times %s', s.n, s.state), ', ') INTO states
	FROM (SELECT fresh[i] AS state, count(*) AS n FROM generate_series(1, cardinality(fresh)) AS i
		WHERE length(fresh[i]) = 5 GROUP BY 1 ORDER BY 1) AS s;
	RETURN CASE WHEN n > 0 THEN 'right, changed' ELSE 'right, unchanged' END || COALESCE(', ' || states, '');
END;
$$;

-- ---------------------------------------------------------------------------
-- Another number of factors than what is kept has
-- ---------------------------------------------------------------------------

SELECT change, after('wide', change) AS "what comes of it" FROM unnest(ARRAY[
	'SELECT 1', 'UPDATE wide SET factors = 1', 'UPDATE wide SET factors = 255', 'UPDATE wide SET factors = 1024']) AS change;
SELECT change, after('m', change) AS "what comes of it" FROM unnest(ARRAY[
	'SELECT 1', 'UPDATE m SET factors = 1', 'UPDATE m SET factors = 11', 'UPDATE m SET factors = 13', 'UPDATE m SET factors = 1024']) AS change;
-- and the rows of the users agree, but not those of the items, or the other way
SELECT after('m', 'UPDATE m SET factors = 4; UPDATE m_users SET factors = factors[1:4]') AS "what comes of it"
UNION ALL SELECT after('m', 'UPDATE m SET factors = 4; UPDATE m_items SET factors = factors[1:4]')
UNION ALL SELECT after('m', 'UPDATE m SET factors = 4; UPDATE m_users SET factors = factors[1:4]; UPDATE m_items SET factors = factors[1:4]');

-- ---------------------------------------------------------------------------
-- Another objective
-- ---------------------------------------------------------------------------

SELECT change, after('m', 'UPDATE m SET ' || change) AS "what comes of it" FROM unnest(ARRAY[
	'options = options || ''{"regularization": 5}''',
	'options = options || ''{"reg_exponent": 0}''',
	'options = options || ''{"alpha": 40}''',
	'options = options || ''{"count_weight": 2}''',
	'options = options || ''{"unobserved_weight": 0.9}''',
	'options = options || ''{"unobserved_weighting": "popularity"}''',
	'options = options || ''{"unobserved_weighting": "popularity", "popularity_exponent": 0.9}''',
	'options = options || ''{"weighting": "constant"}''',
	'options = options || ''{"row_weight_exponent": 0.7}''',
	'options = options || ''{"col_weight_exponent": -0.7}''',
	'options = options || ''{"weight_normalize": false}''',
	'options = options || ''{"half_life_units": 10}''',
	'options = options || ''{"half_life_seconds": 0}''',
	'options = options || ''{"newest_time": 0}''',
	'options = options || ''{"row_weights": null}''',
	'options = options || ''{"col_weights": null}''',
	'options = options || ''{"feedback": "weighted"}'', feedback = ''weighted''',
	'options = ''{}''',
	'options = NULL',
	'global_mean = 3',
	'biases = true',
	'value_col = NULL',
	'source = ''user_trust'', user_col = ''user_id'', item_col = ''user_id''']) WITH ORDINALITY AS c(change, nr) ORDER BY nr;
SELECT change, after('e', 'UPDATE e SET ' || change) AS "what comes of it" FROM unnest(ARRAY[
	'global_mean = 1', 'biases = false', 'options = options || ''{"regularization": 5}''',
	'options = options || ''{"feedback": "implicit"}''']) AS change;

-- the kernel does its share in the last digits
SET wals.kernel = 'portable';
SELECT after('m', 'SELECT set_config(''wals.kernel'', ''auto'', true)') LIKE 'right, %' AS "kernel is in the key";
RESET wals.kernel;

-- ---------------------------------------------------------------------------
-- Other tables, another version
-- ---------------------------------------------------------------------------

INSERT INTO m_users SELECT 2, id, factors, bias, n, norm, weight FROM m_users WHERE id < 30;
INSERT INTO m_items SELECT 2, id, factors[2:12] || factors[1], bias, n, norm, weight FROM m_items WHERE id < 25;
SELECT change, after('m', 'UPDATE m SET ' || change) AS "what comes of it" FROM unnest(ARRAY[
	'version = 2', 'version = 3', 'version = -2147483648',
	'users_table = ''e_users''', 'items_table = ''e_items''', 'users_table = ''e_users'', items_table = ''e_items''',
	'users_table = items_table', 'items_table = users_table', 'users_table = items_table, items_table = users_table',
	'users_table = ''wide_users''', 'items_table = ''wide_items''', 'users_table = ''m''',
	'version_id = (SELECT version_id FROM e)', 'version_id = (SELECT version_id FROM e), users_table = ''e_users'', items_table = ''e_items''',
	'items_id = NULL', 'items_id = version_id', 'version_id = ''00000000-0000-0000-0000-000000000000''']) WITH ORDINALITY AS c(change, nr) ORDER BY nr;
-- two models that say different things of the same tables and identities
CREATE TABLE twin OF wals_model;
INSERT INTO twin SELECT * FROM m;
UPDATE twin SET factors = 5;
SELECT after('twin', 'UPDATE twin SET factors = 12') AS "what comes of it"
UNION ALL SELECT after('m', 'UPDATE twin SET version = 2, factors = 12; SELECT * FROM answers(''twin'')')
UNION ALL SELECT after('twin', 'UPDATE twin SET version = 2, factors = 12; SELECT * FROM answers(''m'')');

-- ---------------------------------------------------------------------------
-- Tables with other columns, or others' rows, under one storage
-- ---------------------------------------------------------------------------

SELECT change, after('m', change) AS "what comes of it" FROM unnest(ARRAY[
	'TRUNCATE m_items', 'TRUNCATE m_users',
	'ALTER TABLE m_items NOT OF; ALTER TABLE m_items DROP COLUMN likes; ALTER TABLE m_items ADD COLUMN likes integer DEFAULT 9; ALTER TABLE m_items OF wals_factors_bigint',
	'ALTER TABLE m_items NOT OF; ALTER TABLE m_items DROP COLUMN n, DROP COLUMN norm, DROP COLUMN weight, DROP COLUMN likes;
	ALTER TABLE m_items ADD COLUMN n integer DEFAULT 3, ADD COLUMN norm real, ADD COLUMN weight real, ADD COLUMN likes integer; ALTER TABLE m_items OF wals_factors_bigint',
	'ALTER TABLE m_items NOT OF'])
	WITH ORDINALITY AS c(change, nr) ORDER BY nr;
-- what inherits says nothing when it changes
CREATE TABLE more (CHECK (version = 1)) INHERITS (m_items);
SELECT after('m', 'INSERT INTO more SELECT 1, 77, factors, bias, 1000, norm, weight FROM m_items WHERE id = 3 AND version = 1') AS "what comes of it";
DROP TABLE more;

-- ---------------------------------------------------------------------------
-- What a transaction has changed itself, and taken back
-- ---------------------------------------------------------------------------

CREATE FUNCTION digest(model text) RETURNS text LANGUAGE sql AS
$$ SELECT md5(string_agg(COALESCE(a.answer, ''), '|' ORDER BY a.question)) FROM answers(model) AS a $$;
SELECT digest('m') AS before \gset
BEGIN;
SAVEPOINT part;
UPDATE m SET items_id = '11111111-1111-1111-1111-111111111111';
UPDATE m_items SET factors = factors[3:12] || factors[1:2], weight = 7;
SELECT digest('m') <> :'before' AS changed;
ROLLBACK TO part;
UPDATE m SET items_id = '11111111-1111-1111-1111-111111111111';
SELECT digest('m') = :'before' AS "as it was";
COMMIT;
SELECT digest('m') = :'before' AS "as it was";
-- weights alone: the fold is made in this transaction, and no other sees it
BEGIN;
UPDATE m_items SET weight = 7;
UPDATE m SET options = options || '{"regularization": 3}';
SELECT digest('m') <> :'before' AS changed;
ROLLBACK;
UPDATE m SET options = options || '{"regularization": 3}';
DELETE FROM cold;
INSERT INTO cold SELECT * FROM m;
UPDATE cold SET version_id = gen_random_uuid(), items_id = NULL;
SELECT digest('m') = digest('cold') AS "as without a cache";

-- ---------------------------------------------------------------------------
-- Policies that ask while items are read for somebody
-- ---------------------------------------------------------------------------

CREATE TABLE wide_twin OF wals_model;
INSERT INTO wide_twin SELECT * FROM wide;
UPDATE wide_twin SET version_id = gen_random_uuid();
GRANT SELECT ON ALL TABLES IN SCHEMA cache_keys TO regress_wals_keys_reader;
CREATE FUNCTION asks() RETURNS boolean LANGUAGE plpgsql AS
$$
BEGIN
	-- the rows of the users, which the call has before it reads the items
	PERFORM * FROM wals_similar_users(3, 1, 'wide_twin');
	RETURN true;
END;
$$;
CREATE POLICY asks ON wide_items TO regress_wals_keys_reader USING (asks());
SET ROLE regress_wals_keys_reader;
SELECT md5(string_agg(r::text, '|' ORDER BY r)) AS whole FROM wals_recommend_all(3, 'wide') AS r \gset
SET ROLE regress_wals_keys;
ALTER TABLE wide_items ENABLE ROW LEVEL SECURITY;
SET ROLE regress_wals_keys_reader;
SELECT md5(string_agg(r::text, '|' ORDER BY r)) = :'whole' AS "the same" FROM wals_recommend_all(3, 'wide') AS r;
SELECT md5(string_agg(r::text, '|' ORDER BY r)) = :'whole' AS "the same" FROM wals_recommend_all(3, 'wide') AS r;

-- ---------------------------------------------------------------------------
-- A score for each row of a query, while the name means another model
-- ---------------------------------------------------------------------------

SET ROLE regress_wals_keys;
CREATE TABLE cache_keys_other.named OF wals_model;
CREATE TABLE named OF wals_model;
INSERT INTO named SELECT * FROM m;
INSERT INTO cache_keys_other.named SELECT * FROM e;
SET wals.default_model = 'named';
SELECT count(DISTINCT s) AS "two models" FROM (
	SELECT wals_score(3, 3) AS s, set_config('search_path', CASE WHEN i = 1 THEN 'cache_keys_other, public' ELSE 'cache_keys, public' END, false)
	FROM generate_series(1, 2) AS i) AS x;
RESET wals.default_model;
RESET ROLE;

DROP SCHEMA cache_keys_other CASCADE;
DROP SCHEMA cache_keys CASCADE;
DROP ROLE regress_wals_keys, regress_wals_keys_reader;
