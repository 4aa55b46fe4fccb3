-- Whose code a call runs: a superuser's runs nobody else's, unless the relation is
-- named in the call.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE ROLE regress_wals_eve;
CREATE ROLE regress_wals_root SUPERUSER;
CREATE ROLE regress_wals_bob;
CREATE SCHEMA strange;
GRANT ALL ON SCHEMA strange TO regress_wals_eve;
GRANT USAGE ON SCHEMA strange TO PUBLIC;
SET ROLE regress_wals_eve;
SET search_path = strange, public;
CREATE FUNCTION outcome(query text) RETURNS text LANGUAGE plpgsql AS
$$
DECLARE
	detail text;
	hint text;
BEGIN
	EXECUTE query;
	RETURN 'fine';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN SQLSTATE || ': ' || SQLERRM || COALESCE(E'\n  detail: ' || NULLIF(detail, ''), '')
		|| COALESCE(E'\n  hint: ' || NULLIF(hint, ''), '');
END;
$$;
CREATE TABLE traces (who name);
GRANT INSERT ON traces TO PUBLIC;
CREATE FUNCTION leave_trace() RETURNS boolean LANGUAGE sql VOLATILE AS
	$$INSERT INTO strange.traces VALUES (current_user) RETURNING true$$;
CREATE FUNCTION spring(x integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
	$$BEGIN RETURN strange.leave_trace(); END$$;
CREATE TABLE r AS
SELECT u AS user_id, i AS item_id, 1 + (u + i) % 3 AS stars FROM generate_series(1, 30) u, generate_series(1, 12) i WHERE (u * u + i) % 3 = 0;
CREATE VIEW v AS SELECT * FROM r WHERE spring(user_id);
CREATE VIEW harmless AS SELECT * FROM r;
CREATE MATERIALIZED VIEW data AS SELECT * FROM v;
GRANT SELECT ON r, v, harmless, data TO PUBLIC;
SELECT wals_train('m', 'v', factors => 4, iterations => 2);
SELECT wals_train('h', 'harmless', factors => 4, iterations => 2);
SELECT wals_train('d', 'data', factors => 4, iterations => 2);
SELECT wals_train('t', 'r', factors => 4, iterations => 2);
GRANT SELECT ON ALL TABLES IN SCHEMA strange TO PUBLIC;
TRUNCATE traces;

SET ROLE regress_wals_root;
CREATE TABLE tests AS SELECT user_id, 13 - item_id AS item_id FROM r;
-- every function that would read the source
SELECT query, split_part(outcome(query), E'\n', 1) AS outcome FROM unnest(ARRAY[
	$$SELECT * FROM wals_recommend(1, 3, 'm')$$,
	$$SELECT * FROM wals_recommend('1', 3, 'm')$$,
	$$SELECT * FROM wals_recommend(999, 3, 'm')$$,
	$$SELECT * FROM wals_recommend(1, 3, 'm', exclude_seen => false, fold_in => 'always')$$,
	$$SELECT * FROM wals_recommend_users(3, 3, 'm')$$,
	$$SELECT * FROM wals_recommend_all(3, 'm')$$,
	$$SELECT * FROM wals_recommend_all(3, 'm', users => '{1,2}')$$,
	$$SELECT wals_score(1, 2, 'm', fold_in => 'always')$$,
	$$SELECT wals_user_factors(1, 'm', fold_in => 'always')$$,
	$$SELECT * FROM wals_explain(1, 3, 3, 'm')$$,
	$$SELECT * FROM wals_evaluate('tests', 'm')$$,
	$$SELECT * FROM wals_compare('tests', 'd', 'm')$$]) AS query;
SELECT outcome($$SELECT * FROM wals_recommend(1, 3, 'm')$$);
SELECT outcome($$SELECT * FROM wals_explain(1, 3, 3, 'h')$$);
TABLE traces;
-- what does not, and what is only data
SELECT query, split_part(outcome(query), E'\n', 1) AS outcome FROM unnest(ARRAY[
	$$SELECT * FROM wals_recommend(1, 3, 'm', exclude_seen => false, fold_in => 'never')$$,
	$$SELECT * FROM wals_recommend_all(3, 'm', exclude_seen => false)$$,
	$$SELECT * FROM wals_similar_items(3, 3, 'm')$$,
	$$SELECT wals_score(1, 2, 'm')$$,
	$$SELECT * FROM wals_recommend_for('{1,2}', n => 3, model => 'm')$$,
	$$SELECT * FROM wals_popular(3, 'm')$$,
	$$SELECT * FROM wals_map('m')$$,
	$$SELECT * FROM wals_evaluate('tests', 'm', exclude_seen => false)$$,
	$$SELECT * FROM wals_recommend(1, 3, 'd')$$,
	$$SELECT * FROM wals_recommend(1, 3, 't')$$,
	$$SELECT * FROM wals_models$$, $$SELECT * FROM wals_training_log$$]) AS query;
TABLE traces;
-- the role itself asks, and others, with their own rights
SET ROLE regress_wals_eve;
SELECT count(*) FROM wals_recommend(1, 3, 'm');
SET ROLE regress_wals_bob;
SELECT count(*) FROM wals_recommend(1, 3, 'm');
SET ROLE regress_wals_eve;
SELECT DISTINCT who FROM traces ORDER BY 1;
TRUNCATE traces;

-- a model of the superuser's own on a view of hers: named in a training, and in
-- nothing else
SET ROLE regress_wals_root;
CREATE TABLE weights AS SELECT user_id, 1.5 AS weight FROM r GROUP BY 1;
SELECT wals_train('mine', 'strange.harmless', factors => 4, iterations => 2);
SELECT query, split_part(outcome(query), E'\n', 1) AS outcome FROM unnest(ARRAY[
	$$SELECT * FROM wals_recommend(1, 3, 'mine')$$, $$CALL wals_retrain('mine')$$,
	$$SELECT wals_refresh('mine', since => '2020-01-01')$$, $$SELECT wals_forget(1, 'mine', delete_rows => true)$$]) AS query;
SET ROLE regress_wals_eve;
CREATE VIEW weights_of_hers AS SELECT user_id, 1.5 AS weight FROM r GROUP BY 1;
SET ROLE regress_wals_root;
SELECT wals_train('mine', 'r', factors => 4, iterations => 2, row_weights => 'strange.weights_of_hers');
SELECT outcome($$CALL wals_retrain('mine')$$);
SELECT wals_drop('mine');

-- in a table it is what the planner computes beforehand
SELECT wals_train('mine', 'strange.r', factors => 4, iterations => 2);
SELECT outcome($$SELECT * FROM wals_recommend(1, 3, 'mine')$$);
SET ROLE regress_wals_eve;
CREATE INDEX evil ON r (item_id) WHERE spring(1);
TRUNCATE traces;
-- such an index is run by a plan of any SELECT
\c -
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET ROLE regress_wals_root;
SET search_path = strange, public;
BEGIN;
EXPLAIN (COSTS OFF) SELECT item_id FROM r;
SELECT count(*) > 0 AS ran FROM traces;
ROLLBACK;
SELECT outcome($$SELECT * FROM wals_recommend(1, 3, 'mine')$$);
SELECT split_part(outcome($$SELECT * FROM wals_recommend_all(3, 't')$$), E'\n', 1);
SET ROLE regress_wals_eve;
DROP INDEX evil;
-- found harmless, and then no more
SET ROLE regress_wals_root;
SELECT count(*) FROM generate_series(1, 3) AS u, LATERAL wals_recommend(u, 3, 'mine') AS r;
SET ROLE regress_wals_eve;
CREATE INDEX evil ON r (item_id) WHERE spring(1);
SET ROLE regress_wals_root;
SELECT split_part(outcome($$SELECT * FROM wals_recommend(1, 3, 'mine')$$), E'\n', 1);
SET ROLE regress_wals_eve;
DROP INDEX evil;
-- one of the server's own functions does no harm
CREATE INDEX fine ON r (abs(item_id)) WHERE abs(user_id) > 3;
ALTER TABLE r ADD CHECK (abs(stars) > 0);
SET ROLE regress_wals_root;
SELECT outcome($$SELECT * FROM wals_recommend(1, 3, 'mine')$$);
SET ROLE regress_wals_eve;
ALTER TABLE r ADD CONSTRAINT evil CHECK (spring(1));
SET ROLE regress_wals_root;
SELECT split_part(outcome($$SELECT * FROM wals_recommend(1, 3, 'mine')$$), E'\n', 1);
SET ROLE regress_wals_eve;
ALTER TABLE r DROP CONSTRAINT evil;
CREATE STATISTICS evil ON (spring(1) AND user_id > 3), item_id FROM r;
SET ROLE regress_wals_root;
SELECT split_part(outcome($$SELECT * FROM wals_recommend(1, 3, 'mine')$$), E'\n', 1);
SET ROLE regress_wals_eve;
DROP STATISTICS evil;
CREATE FUNCTION equal(integer, integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT strange.spring($1)';
CREATE OPERATOR === (LEFTARG = integer, RIGHTARG = integer, FUNCTION = equal);
CREATE INDEX evil ON r (user_id) WHERE 1 === 1;
SET ROLE regress_wals_root;
SELECT split_part(outcome($$SELECT * FROM wals_recommend(1, 3, 'mine')$$), E'\n', 1);
SET ROLE regress_wals_eve;
DROP INDEX evil;
-- in partitions and children
CREATE TABLE parts (user_id integer, item_id integer) PARTITION BY LIST (user_id);
CREATE TABLE part_1 PARTITION OF parts DEFAULT;
INSERT INTO parts SELECT user_id, item_id FROM r;
SET ROLE regress_wals_root;
SELECT wals_train('parted', 'strange.parts', factors => 4, iterations => 2);
SELECT outcome($$SELECT * FROM wals_recommend(1, 3, 'parted')$$);
SET ROLE regress_wals_eve;
CREATE INDEX evil ON part_1 (item_id) WHERE spring(1);
SET ROLE regress_wals_root;
SELECT outcome($$SELECT * FROM wals_recommend(1, 3, 'parted')$$);
SET ROLE regress_wals_eve;
DROP INDEX evil;
SET ROLE regress_wals_root;
CREATE FOREIGN DATA WRAPPER regress_wals_nothing;
CREATE SERVER regress_wals_nowhere FOREIGN DATA WRAPPER regress_wals_nothing;
GRANT USAGE ON FOREIGN SERVER regress_wals_nowhere TO regress_wals_eve;
SET ROLE regress_wals_eve;
CREATE FOREIGN TABLE part_2 PARTITION OF parts FOR VALUES IN (1000) SERVER regress_wals_nowhere;
SET ROLE regress_wals_root;
SELECT split_part(outcome($$SELECT * FROM wals_recommend(1, 3, 'parted')$$), E'\n', 1);
DROP FOREIGN DATA WRAPPER regress_wals_nothing CASCADE;
SELECT wals_drop('parted');
-- in the tables of a model: it is not listed either
SET ROLE regress_wals_eve;
CREATE INDEX evil_row ON t (version) WHERE spring(1);
CREATE INDEX evil_items ON d_items (n) WHERE spring(1);
TRUNCATE traces;
\c -
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET ROLE regress_wals_root;
SET search_path = strange, public;
SELECT outcome($$SELECT * FROM wals_recommend(1, 3, 't', exclude_seen => false)$$);
SELECT outcome($$SELECT * FROM wals_similar_items(3, 3, 'd')$$);
SELECT model FROM wals_models WHERE owner = 'regress_wals_eve' ORDER BY model::text COLLATE "C";
SELECT DISTINCT model FROM wals_training_log WHERE model = 't'::regclass;
TABLE traces;
SET ROLE regress_wals_eve;
SELECT model FROM wals_models WHERE model = 't'::regclass;
RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA strange CASCADE;
DROP ROLE regress_wals_eve, regress_wals_root, regress_wals_bob;
