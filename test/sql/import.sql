-- Importing: factors that were trained elsewhere answer as those of a training,
-- and what is not known of them is refused.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET jit = off;
CREATE SCHEMA import;
SET search_path = import, public;
SET wals.threads = 1;

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
	RETURN SQLSTATE || ': ' || SQLERRM || COALESCE(E'\n  detail: ' || NULLIF(detail, ''), '')
		|| COALESCE(E'\n  hint: ' || NULLIF(hint, ''), '');
END;
$$;

CREATE TABLE rated AS
SELECT u AS user_id, i AS item_id, 1 + (u * 3 + i * 5) % 5 AS stars
FROM generate_series(1, 40) AS u, generate_series(1, 25) AS i
WHERE (u * u + i * i + u * i) % 7 < 2 OR i <= u % 4;
INSERT INTO rated SELECT 41, i, 3 FROM generate_series(1, 10) AS i;

-- ---------------------------------------------------------------------------
-- There and back: the same bit for bit
-- ---------------------------------------------------------------------------

CREATE TABLE seen AS SELECT * FROM rated WHERE user_id <= 40;
SELECT wals_train('m', 'seen', factors => 5, iterations => 4, regularization => 0.02, unobserved_weight => 0.3);
-- out as text, as COPY does it, and in again
CREATE TABLE users_text AS SELECT id::text, factors::text, bias::text, n::text FROM m_users;
CREATE TABLE items_text AS SELECT id::text, factors::text, bias::text, n::text FROM m_items;
CREATE VIEW users_in AS SELECT id::bigint, factors::real[], n::integer FROM users_text;
CREATE VIEW items_in AS SELECT id::bigint, factors::real[], n::integer FROM items_text;
SET client_min_messages = notice;
SELECT wals_import('again', 'users_in', 'items_in', 'rated', regularization => 0.02, unobserved_weight => 0.3);
SET client_min_messages = warning;
CREATE FUNCTION same(a regclass, b regclass) RETURNS TABLE (rows bigint, differ bigint) LANGUAGE sql AS
$$
	WITH x AS (SELECT u, r.* FROM generate_series(1, 40) AS u, wals_recommend(u, NULL, a) AS r),
	y AS (SELECT u, r.* FROM generate_series(1, 40) AS u, wals_recommend(u, NULL, b) AS r)
	SELECT (SELECT count(*) FROM x), (SELECT count(*) FROM (TABLE x EXCEPT TABLE y UNION ALL (TABLE y EXCEPT TABLE x)) AS d)
$$;
SELECT * FROM same('m', 'again');
SELECT count(*) AS differ FROM (SELECT id, factors, n, norm, bias FROM m_users EXCEPT SELECT id, factors, n, norm, bias FROM again_users) AS d;
-- users nobody has trained on, and why
SELECT basis, count(*) FROM wals_recommend(41, NULL, 'again') GROUP BY 1;
SELECT wals_user_factors(41, 'again') = wals_fold_in(ARRAY(SELECT item_id::bigint FROM rated WHERE user_id = 41), model => 'm') AS as_there;
SELECT abs(sum(contribution) - wals_score(1, 20, 'again')) < 1e-5 AS explained FROM wals_explain(1, 20, NULL, 'again');
SELECT array_agg(item_id) = (SELECT array_agg(item_id) FROM wals_popular(5, 'm')) AS popular FROM wals_popular(5, 'again');
SELECT version, active, source_name, user_col, feedback, objective, factors, biases, global_mean, n_users, n_items, n_entries = (SELECT n_entries FROM m) AS entries,
	iterations, stop_reason, loss, losses, options ->> 'unobserved_weight' AS w0 FROM again;
-- it is a model as others are: refreshed, trained again, rolled back
\set VERBOSITY terse
SELECT wals_queue_enable('again');
INSERT INTO rated VALUES (42, 3), (42, 4);
SELECT users_added FROM wals_refresh('again');
CALL wals_retrain('again');
SELECT wals_activate('again', 1);
\set VERBOSITY default

-- double precision, explicit feedback with biases and a mean
SELECT wals_train('e', 'rated', value_col => 'stars', feedback => 'explicit', factors => 3, iterations => 4);
CREATE VIEW users_double AS SELECT id::integer, factors::double precision[], bias::double precision FROM e_users;
CREATE VIEW items_double AS SELECT id::integer, factors::double precision[], bias FROM e_items;
DO $$
BEGIN
	PERFORM wals_import('e2', 'users_double', 'items_double', 'rated', value_col => 'stars', feedback => 'explicit',
		global_mean => global_mean, regularization => (options ->> 'regularization')::float8,
		reg_exponent => (options ->> 'reg_exponent')::float8,
		user_bias_regularization => (options ->> 'user_bias_regularization')::float8,
		item_bias_regularization => (options ->> 'item_bias_regularization')::float8) FROM e;
END
$$;
-- of imported factors nobody knows the scale
UPDATE e SET options = options - 'lowest_value' - 'highest_value';
SELECT * FROM same('e', 'e2');
SELECT biases, abs((SELECT sum(contribution) FROM wals_explain(1, 20, NULL, 'e2')) - wals_score(1, 20, 'e2')) < 1e-4 AS explained FROM e2;

-- a second version of a model, not active
SELECT wals_import('again', 'users_in', 'items_in', 'rated', activate => 'no', keep_versions => 5);
SELECT version, active, options IS NULL AS no_objective FROM again ORDER BY version;

-- text and uuid
CREATE VIEW users_uuid AS SELECT md5(id::text)::uuid AS id, factors FROM m_users;
CREATE VIEW items_varchar AS SELECT ('i' || id)::varchar(20) AS id, factors FROM m_items;
SELECT wals_import('mixed', 'users_uuid', 'items_varchar');
SELECT item_id, rank, basis FROM wals_recommend(md5('3')::uuid::text, 3, 'mixed', exclude_seen => false);
SELECT count(*) AS differ FROM wals_recommend(md5('3')::uuid::text, NULL, 'mixed', exclude_seen => false) AS a
FULL JOIN wals_recommend(3, NULL, 'm', exclude_seen => false) AS b ON a.item_id = 'i' || b.item_id WHERE a.score IS DISTINCT FROM b.score;

-- ---------------------------------------------------------------------------
-- What is not known is refused when it is asked for
-- ---------------------------------------------------------------------------

SELECT wals_import('bare', 'users_in', 'items_in');
SELECT count(*) FROM wals_recommend(1, 5, 'bare', exclude_seen => false);
SELECT count(*) FROM wals_similar_items(1, 5, 'bare');
SELECT outcome($$SELECT * FROM wals_recommend(1, 5, 'bare')$$);
SELECT outcome($$SELECT * FROM wals_recommend_all(5, 'bare')$$);
SELECT outcome($$SELECT * FROM wals_recommend(99, 5, 'bare', exclude_seen => false)$$);
SELECT count(*) FROM wals_recommend(99, 5, 'bare', exclude_seen => false, fold_in => 'never');
SELECT outcome($$SELECT wals_fold_in(ARRAY[1, 2], model => 'bare')$$);
SELECT outcome($$SELECT * FROM wals_explain(1, 2, 5, 'bare')$$);
SELECT outcome($$SELECT * FROM wals_evaluate('rated', 'bare')$$);
SELECT outcome($$SELECT wals_refresh('bare')$$);
SELECT outcome($$SELECT wals_queue_enable('bare')$$);
SELECT versions, rows_deleted FROM wals_forget(1, 'bare', delete_rows => true);
SELECT wals_import('sourced', 'users_in', 'items_in', 'rated');
SELECT outcome($$SELECT wals_refresh('sourced')$$);
SELECT split_part(outcome($$SELECT wals_forget(1, 'sourced')$$), E'\n', 1);
BEGIN;
SELECT versions, rows_deleted > 0 AS rows, items_updated FROM wals_forget(1, 'sourced', delete_rows => true);
ROLLBACK;
SELECT outcome($$CALL wals_retrain('sourced')$$);
SELECT outcome($$CALL wals_retrain('sourced', min_new_rows => 1)$$);
SELECT outcome($$CALL wals_retrain('bare', if_older_than => '1 day', min_new_rows => 1)$$);
-- an objective without a source folds baskets in
SELECT wals_import('basket', 'users_in', 'items_in', regularization => 0.02, unobserved_weight => 0.3);
SELECT wals_fold_in(ARRAY[1, 2]::bigint[], model => 'basket') = wals_fold_in(ARRAY[1, 2]::bigint[], model => 'm') AS same;
SELECT outcome($$CALL wals_retrain('basket')$$);
-- options that are damaged are something else
BEGIN;
UPDATE sourced SET options = '{}';
SELECT outcome($$CALL wals_retrain('sourced')$$);
ROLLBACK;
-- a training says what they leave open; a job over all models goes on without
CREATE ROLE regress_import;
GRANT ALL ON SCHEMA import TO regress_import;
GRANT SELECT ON users_in, items_in, rated TO regress_import;
SET ROLE regress_import;
SELECT wals_import('a_bare', 'users_in', 'items_in');
SELECT wals_import('b_sourced', 'users_in', 'items_in', 'rated');
SELECT wals_train('c_trained', 'rated', factors => 2, iterations => 1, regularization => 0.03, unobserved_weight => 1);
SET client_min_messages = notice;
\set VERBOSITY terse
CALL wals_retrain();
\set VERBOSITY default
SET client_min_messages = warning;
SELECT wals_train('b_sourced', 'rated', factors => 2, iterations => 1);
CALL wals_retrain('b_sourced');
RESET ROLE;
-- half of an objective is none
SELECT outcome($$SELECT wals_import('bad', 'users_in', 'items_in', regularization => 0.1)$$);
SELECT outcome($$SELECT wals_import('bad', 'users_in', 'items_in', unobserved_weight => 0.1)$$);
SELECT outcome($$SELECT wals_import('bad', 'users_double', 'items_double', regularization => 0.1, unobserved_weight => 1)$$);
SELECT outcome($$SELECT wals_import('bad', 'users_double', 'items_double', feedback => 'explicit', regularization => 0.1)$$);
SELECT outcome($$SELECT wals_import('bad', 'users_in', 'items_in', regularization => -1, unobserved_weight => 1)$$);
SELECT outcome($$SELECT wals_import('bad', 'users_in', 'items_in', global_mean => 'NaN')$$);
SELECT outcome($$SELECT wals_import('bad', 'users_in', 'items_in', global_mean => 1e300)$$);
SELECT outcome($$SELECT wals_import('bad', 'users_in', 'items_in', keep_versions => 0)$$);
SELECT outcome($$SELECT wals_import('bad', 'users_in', 'items_in', feedback => 'loud')$$);

-- ---------------------------------------------------------------------------
-- What is no factors
-- ---------------------------------------------------------------------------

CREATE FUNCTION import_rows(rows text) RETURNS text LANGUAGE sql AS
$$
	SELECT outcome(format('DROP VIEW IF EXISTS rows_in; CREATE VIEW rows_in AS %s; SELECT wals_import(''bad'', ''rows_in'', ''items_in'')', rows))
$$;
SELECT r.rows, import_rows(r.rows)
FROM unnest(ARRAY[
	$$SELECT NULL::bigint AS id, '{1,2,3,4,5}'::real[] AS factors$$,
	$$SELECT 7 AS id, NULL::real[] AS factors$$,
	$$SELECT 7 AS id, '{1,2,NULL,4,5}'::real[] AS factors$$,
	$$SELECT 7 AS id, '{}'::real[] AS factors$$,
	$$SELECT 7 AS id, '{{1,2},{3,4}}'::real[] AS factors$$,
	$$SELECT 7 AS id, array_fill(1::real, ARRAY[1025]) AS factors$$,
	$$SELECT 7 AS id, '{1,2,3,4,NaN}'::real[] AS factors$$,
	$$SELECT 7 AS id, '{1,2,3,4,Infinity}'::float8[] AS factors$$,
	$$SELECT 7 AS id, '{1,2,3,4,1e39}'::float8[] AS factors$$,
	$$SELECT 7 AS id, '{1,2,3}'::real[] AS factors$$,
	$$SELECT id, CASE id WHEN 7 THEN '{1,2,3}' ELSE '{1,2,3,4,5}' END::real[] AS factors FROM generate_series(6, 7) AS id$$,
	$$SELECT id, CASE id WHEN 7 THEN '{{1,2,3,4,5}}' ELSE '{1,2,3,4,5}' END::real[] AS factors FROM generate_series(6, 7) AS id$$,
	$$SELECT 7 AS id, '{1,2,3,4,5}'::real[] AS factors FROM generate_series(1, 2)$$,
	$$SELECT 7 AS id, '{1,2,3,4,5}'::real[] AS factors WHERE false$$,
	$$SELECT 7 AS id, '{1,2,3,4,5}'::real[] AS factors, 'NaN'::real AS bias$$,
	$$SELECT 7 AS id, '{1,2,3,4,5}'::real[] AS factors, 1e300::float8 AS bias$$,
	$$SELECT 7 AS id, '{1,2,3,4,5}'::real[] AS factors, 'x'::text AS bias$$,
	$$SELECT 7 AS id, '{1,2,3,4,5}'::real[] AS factors, -1 AS n$$,
	$$SELECT 7 AS id, '{1,2,3,4,5}'::real[] AS factors, 3e9::bigint AS n$$,
	$$SELECT 7.5 AS id, '{1,2,3,4,5}'::real[] AS factors$$,
	$$SELECT 7 AS id, '{1,2,3,4,5}'::int[] AS factors$$,
	$$SELECT 7 AS id, '[1,2,3,4,5]'::text AS factors$$,
	$$SELECT 7 AS user_id, '{1,2,3,4,5}'::real[] AS factors$$,
	$$SELECT 7 AS id, '{1,2,3,4,5}'::real[] AS vector$$,
	$$SELECT repeat('x', 3000) AS id, '{1,2,3,4,5}'::real[] AS factors$$]) AS r (rows);
SELECT to_regclass('bad') IS NULL AS nothing_made;
-- NULL in what need not be there is 0
SELECT import_rows($$SELECT 7 AS id, '{1,2,3,4,5}'::real[] AS factors, NULL::real AS bias, NULL::int AS n$$);
SELECT version, id, factors, bias, n FROM bad_users;
SELECT wals_drop('bad');

-- sources that do not fit, models that do not, and who may not
CREATE TABLE text_rated AS SELECT user_id::text, item_id FROM rated;
SELECT outcome($$SELECT wals_import('bad', 'users_in', 'items_in', 'text_rated')$$);
SELECT outcome($$SELECT wals_import('bad', 'users_in', 'items_in', 'rated', user_col => 'who')$$);
SELECT outcome($$SELECT wals_import('mixed', 'users_in', 'items_in')$$);
SELECT outcome($$SELECT wals_import('rated', 'users_in', 'items_in')$$);
SELECT outcome($$SELECT wals_import(NULL, 'users_in', 'items_in')$$);
SELECT outcome($$SELECT wals_import('bad', NULL, 'items_in')$$);
SELECT outcome($$SELECT wals_import('bad', 0, 'items_in')$$);
BEGIN READ ONLY;
SELECT outcome($$SELECT wals_import('bad', 'users_in', 'items_in')$$);
ROLLBACK;
CREATE ROLE regress_wals_import_reader;
GRANT USAGE, CREATE ON SCHEMA import TO regress_wals_import_reader;
SET ROLE regress_wals_import_reader;
SELECT outcome($$SELECT wals_import('bad', 'users_in', 'items_in')$$);
RESET ROLE;
GRANT SELECT ON users_in, items_in TO regress_wals_import_reader;
SET ROLE regress_wals_import_reader;
SELECT split_part(outcome($$SELECT wals_import('m', 'users_in', 'items_in')$$), E'\n', 1);
SELECT wals_import('theirs', 'users_in', 'items_in');
RESET ROLE;
SET wals.max_memory = '1MB';
CREATE VIEW many AS SELECT id, '{1,2,3,4,5}'::real[] AS factors FROM generate_series(1, 100000) AS id;
SELECT split_part(outcome($$SELECT wals_import('bad', 'many', 'items_in')$$), ' ', 1);
RESET wals.max_memory;

SET client_min_messages = error;
DROP SCHEMA import CASCADE;
DROP ROLE regress_wals_import_reader, regress_import;
