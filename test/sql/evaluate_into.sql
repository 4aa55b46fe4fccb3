-- CALL wals_evaluate_into: the rows of wals_evaluate in a table, evaluation after
-- evaluation; rights, wrong tables, transaction blocks.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET jit = off;
CREATE ROLE regress_wals_into;
CREATE ROLE regress_wals_into_other;
CREATE SCHEMA evaluate_into;
GRANT ALL ON SCHEMA evaluate_into TO regress_wals_into, regress_wals_into_other;
SET search_path = evaluate_into, public;
SET ROLE regress_wals_into;
CREATE TABLE ratings AS
SELECT u AS user_id, i AS item_id, 1 + (u * 7 + i * 5 + (u % 3) * (i % 3) * 4 + (u * i) % 3) % 5 AS rating
FROM generate_series(1, 120) AS u, generate_series(1, 60) AS i
WHERE (u * i + u * u * 3 + i * i) % 7 IN (0, 1) OR (u % 3 = i % 3 AND (u + i) % 2 = 0);
CREATE VIEW train AS SELECT * FROM ratings WHERE NOT wals_holdout(user_id, item_id, 0.2);
CREATE VIEW test AS SELECT * FROM ratings WHERE wals_holdout(user_id, item_id, 0.2);
CREATE VIEW listed AS SELECT * FROM ratings WHERE item_id <= 40;
SELECT wals_train('liked', 'train', factors => 4, iterations => 3);
SELECT wals_train('liked', 'train', factors => 4, iterations => 9);
SELECT wals_train('rated', 'train', value_col => 'rating', feedback => 'explicit', factors => 3, iterations => 3);

-- the arguments of wals_evaluate, with the same defaults, after a table
SELECT replace(pg_get_function_arguments('wals_evaluate_into'::regproc), 'IN ', '') =
	'results_table text, ' || pg_get_function_arguments('wals_evaluate'::regproc) AS same_arguments;

CREATE TABLE cases (name text, arguments text);
INSERT INTO cases VALUES
	('ranks', $$'test', 'liked'$$),
	('cuts', $$'test', 'liked', '{5,20}', version => 1, max_users => 50, seed => 3$$),
	('lists', $$'test', 'evaluate_into.liked', candidates => 'listed'$$),
	('drawn', $$'test', 'liked', negatives => 10, exclude_seen => false$$),
	('rates', $$'test', 'rated', relevance_threshold => 4$$);
SELECT format('CALL wals_evaluate_into(%L, %s)', name || '_figures', arguments) FROM cases ORDER BY name \gexec
CREATE FUNCTION compare(name text) RETURNS TABLE (figures bigint, differ bigint) LANGUAGE plpgsql AS
$$
DECLARE
	columns text := 'metric, k, value, std_error, popular_baseline, n_users, n_skipped';
	arguments text := (SELECT c.arguments FROM cases AS c WHERE c.name = compare.name);
BEGIN
	RETURN QUERY EXECUTE format('SELECT (SELECT count(*) FROM %3$I), (SELECT count(*) FROM (
		(SELECT %1$s FROM wals_evaluate(%2$s) EXCEPT ALL SELECT %1$s FROM %3$I)
		UNION ALL (SELECT %1$s FROM %3$I EXCEPT ALL SELECT %1$s FROM wals_evaluate(%2$s))) AS d)', columns, arguments, name || '_figures');
END;
$$;
SELECT name, figures > 3 AS some, differ FROM cases, compare(name) ORDER BY name;
SELECT DISTINCT test, model, version FROM ranks_figures UNION ALL SELECT DISTINCT test, model, version FROM cuts_figures ORDER BY version;
-- one table for many
CALL wals_evaluate_into('ranks_figures', 'test', 'rated');
SELECT row_number() OVER (ORDER BY evaluated_at) AS evaluation, model, version, count(*) > 3 AS some FROM ranks_figures GROUP BY evaluated_at, model, version ORDER BY 1;
SELECT c.reloftype::regtype, r.rolname, obj_description(c.oid) FROM pg_class AS c JOIN pg_roles AS r ON r.oid = c.relowner WHERE c.oid = 'ranks_figures'::regclass;

-- ---------------------------------------------------------------------------
-- What is wrong
-- ---------------------------------------------------------------------------

CALL wals_evaluate_into(NULL, 'test', 'liked');
CALL wals_evaluate_into('f', NULL, 'liked');
CALL wals_evaluate_into('ratings', 'test', 'liked');
CALL wals_evaluate_into('f', 'test', 'test');
CALL wals_evaluate_into('f', 'test', 'liked', version => 7);
CALL wals_evaluate_into('pg_temp.f', 'test', 'liked');
CREATE TABLE trials OF public.wals_trial;
CALL wals_evaluate_into('trials', 'test', 'liked');
CALL wals_tune_into('ranks_figures', 'ratings');
SELECT to_regclass('f') AS left_behind;
GRANT ALL ON ALL TABLES IN SCHEMA evaluate_into TO regress_wals_into_other;
SET ROLE regress_wals_into_other;
CALL wals_evaluate_into('ranks_figures', 'test', 'liked');
-- whoever may read the model may evaluate it
CALL wals_evaluate_into('other_figures', 'test', 'liked');
SELECT count(*) > 3 AS some FROM other_figures;
SET ROLE regress_wals_into;
REVOKE ALL ON liked_items FROM regress_wals_into_other;
SET ROLE regress_wals_into_other;
CALL wals_evaluate_into('other_figures', 'test', 'liked');
-- with row-level security the items are read anew, in the transaction of the ranking
RESET ROLE;
GRANT ALL ON evaluate_into.liked_items TO regress_wals_into_other;
ALTER TABLE liked_items ENABLE ROW LEVEL SECURITY;
CREATE POLICY some_items ON liked_items USING (id <= 50);
SET ROLE regress_wals_into_other;
CALL wals_evaluate_into('limited_figures', 'test', 'liked');
SELECT count(*) AS differ FROM (SELECT metric, k, value, n_users FROM wals_evaluate('test', 'liked') EXCEPT SELECT metric, k, value, n_users FROM limited_figures) AS d;
RESET ROLE;
ALTER TABLE liked_items DISABLE ROW LEVEL SECURITY;
SET ROLE regress_wals_into;

SET client_min_messages = notice;
BEGIN;
CALL wals_evaluate_into('block_figures', 'test', 'liked');
SELECT count(*) > 3 AS some FROM block_figures;
ROLLBACK;
SET client_min_messages = warning;
SELECT to_regclass('block_figures');
BEGIN READ ONLY;
CALL wals_evaluate_into('f', 'test', 'liked');
ROLLBACK;
DO $$BEGIN CALL wals_evaluate_into('do_figures', 'test', 'liked'); CALL wals_evaluate_into('do_figures', 'test', 'liked', version => 1); END$$;
SELECT version, count(*) > 3 AS some FROM do_figures GROUP BY version ORDER BY 1;
CREATE FUNCTION in_function() RETURNS void LANGUAGE plpgsql AS $$BEGIN CALL wals_evaluate_into('do_figures', 'test', 'liked'); END$$;
SELECT in_function();
SELECT version, count(DISTINCT evaluated_at) FROM do_figures GROUP BY version ORDER BY 1;

SET client_min_messages = error;
RESET ROLE;
DROP SCHEMA evaluate_into CASCADE;
DROP ROLE regress_wals_into, regress_wals_into_other;
