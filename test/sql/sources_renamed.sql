-- Relations that a model names and that are renamed, moved, rebuilt, exchanged
-- or dropped: one rule for the source and for tables of weights.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
CREATE SCHEMA sources_renamed;
SET search_path = sources_renamed, public;
-- one schema is open to everybody, another one is somebody's
CREATE ROLE regress_wals_builder;
CREATE ROLE regress_wals_planter;
CREATE SCHEMA sources_open;
CREATE SCHEMA sources_built AUTHORIZATION regress_wals_builder;
GRANT CREATE, USAGE ON SCHEMA sources_open, sources_built TO regress_wals_planter, regress_wals_builder;
CREATE ROLE regress_wals_trainer;
GRANT USAGE ON SCHEMA sources_renamed TO regress_wals_builder, regress_wals_planter;
GRANT ALL ON SCHEMA sources_renamed, sources_open, sources_built TO regress_wals_trainer;
SET ROLE regress_wals_trainer;

-- what a statement comes to
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
CREATE FUNCTION ratings() RETURNS TABLE (user_id int, item_id int) LANGUAGE sql AS
$$SELECT u, i FROM generate_series(1, 60) AS u, generate_series(1, 20) AS i WHERE (u * u + i) % 3 = 0$$;
-- the same, but user 1 has seen all items except 12
CREATE FUNCTION rebuilt() RETURNS TABLE (user_id int, item_id int) LANGUAGE sql AS
$$SELECT * FROM ratings() WHERE user_id <> 1 UNION ALL SELECT 1, i FROM generate_series(1, 20) AS i WHERE i <> 12$$;
-- an ordinary rename, and a move: nothing else takes the name
CREATE TABLE r AS SELECT * FROM ratings();
SELECT wals_train('m', 'r', factors => 4, iterations => 3, seed => 7);
SELECT source IS NULL, source_name FROM m;
-- what is left for user 1, by the means there are
CREATE VIEW left_over AS
SELECT (SELECT array_agg(item_id ORDER BY item_id) FROM wals_recommend(1, NULL, 'm')) AS recommend,
	(SELECT array_agg(item_id ORDER BY item_id) FROM wals_recommend_all_bigint(NULL, 'm', users => ARRAY[1])) AS recommend_all,
	(SELECT bool_or(user_id = 1) FROM wals_recommend_users(12, NULL, 'm')) AS user_1_of_12,
	(SELECT bool_or(user_id = 1) FROM wals_recommend_users(3, NULL, 'm')) AS user_1_of_3,
	(SELECT source FROM wals_models WHERE model = 'm'::regclass) AS source;
TABLE left_over;
ALTER TABLE r RENAME TO r2;
TABLE left_over;
ALTER TABLE r2 SET SCHEMA sources_open;
TABLE left_over;
ALTER TABLE sources_open.r2 SET SCHEMA sources_renamed;
ALTER TABLE r2 RENAME TO r;

-- exchanged, as a blue-green deployment does
CREATE TABLE r_new AS SELECT * FROM rebuilt();
BEGIN; ALTER TABLE r RENAME TO r_backup; ALTER TABLE r_new RENAME TO r; COMMIT;
TABLE left_over;
-- whoever asks is not told; its owner's commands tell, once
SET client_min_messages = notice;
SELECT item_id FROM wals_recommend(1, 3, 'm');
SELECT count(*) FROM wals_evaluate('r_backup', 'm');
SELECT outcome($$SELECT wals_refresh('m', since => now())$$);
SET client_min_messages = warning;
SELECT wals_train('m', 'r_backup', factors => 4, iterations => 3, seed => 7, time_col => NULL);
SELECT wals_activate('m', 1);
SET client_min_messages = notice;
CALL wals_retrain('m', warm_start => false);
SET client_min_messages = warning;
SELECT version, active, source_name, options ->> 'factors', options ->> 'iterations', options ->> 'seed', n_rows = (SELECT count(*) FROM r) AS rebuilt FROM m ORDER BY 1;
SET client_min_messages = notice;
CALL wals_retrain('m', warm_start => false);
SET client_min_messages = warning;

-- rebuilt by dbt: another one under its name, and the old one is dropped
CREATE TABLE r__dbt_tmp AS SELECT * FROM ratings();
BEGIN;
ALTER TABLE r RENAME TO r__dbt_backup; ALTER TABLE r__dbt_tmp RENAME TO r; DROP TABLE r__dbt_backup;
COMMIT;
TABLE left_over;
SET client_min_messages = notice;
CALL wals_retrain('m', warm_start => false);
SET client_min_messages = warning;
-- dropped and created, table or view, and a view in the place of a table
DROP TABLE r;
SELECT outcome($$TABLE left_over$$);
SELECT outcome($$CALL wals_retrain('m')$$);
SELECT outcome($$SELECT wals_refresh('m', since => now())$$);
SELECT outcome($$SELECT wals_queue_enable('m')$$);
SELECT outcome($$SELECT wals_evaluate('r_backup', 'm')$$);
SELECT outcome($$SELECT wals_explain(1, 3, NULL, 'm')$$);
SELECT source IS NULL AS none FROM wals_models WHERE model = 'm'::regclass;
CREATE VIEW r AS SELECT * FROM rebuilt();
TABLE left_over;
DROP VIEW r;
CREATE VIEW r AS SELECT * FROM rebuilt();
TABLE left_over;
SET client_min_messages = notice;
CALL wals_retrain('m', warm_start => false);
SET client_min_messages = warning;
-- of another shape it is the source, too, and is refused as such
DROP VIEW r;
CREATE TABLE r AS SELECT user_id AS person, item_id FROM rebuilt();
SELECT outcome($$SELECT wals_recommend(1, 3, 'm')$$);
SELECT outcome($$CALL wals_retrain('m')$$);
-- a whole schema exchanged
RESET ROLE;
CREATE SCHEMA sources_live AUTHORIZATION regress_wals_trainer;
CREATE SCHEMA sources_next AUTHORIZATION regress_wals_trainer;
SET ROLE regress_wals_trainer;
CREATE TABLE sources_live.r AS SELECT * FROM ratings();
CREATE TABLE sources_next.r AS SELECT * FROM rebuilt();
SELECT wals_set_source('m', 'sources_live.r');
RESET ROLE;
ALTER SCHEMA sources_live RENAME TO sources_old;
ALTER SCHEMA sources_next RENAME TO sources_live;
SET ROLE regress_wals_trainer;
TABLE left_over;
RESET ROLE;
DROP SCHEMA sources_live CASCADE;
ALTER SCHEMA sources_old RENAME TO sources_live;
SET ROLE regress_wals_trainer;
TABLE left_over;

-- named anew: options and columns stay, for all versions that named the same
SELECT wals_set_source('m', 'r_backup');
SELECT count(*), bool_and(options ->> 'seed' = '7') FROM m WHERE source_name = 'sources_renamed.r_backup';
CALL wals_retrain('m', warm_start => false);
SELECT options ->> 'factors', options ->> 'iterations', options ->> 'seed' FROM m WHERE active;
-- and checked
CREATE VIEW as_text AS SELECT user_id::text, item_id::text FROM r_backup;
SELECT outcome($$SELECT wals_set_source('m', 'r')$$);
SELECT outcome($$SELECT wals_set_source('m', 'as_text')$$);
SELECT outcome($$SELECT wals_set_source('m', 'm_items')$$);
SELECT outcome($$SELECT wals_set_source('m', NULL)$$);
SELECT outcome($$SELECT wals_set_source(NULL, 'r_backup')$$);
SELECT outcome($$SELECT wals_set_source('m', 'r_backup', row_weights => 'r')$$);
SELECT outcome($$SELECT wals_set_source('r', 'r_backup')$$);
SET ROLE regress_wals_planter;
SELECT outcome($$SELECT wals_set_source('m', 'r_backup')$$);
SET ROLE regress_wals_trainer;

-- trained again by wals_train: what it is not given has its default, and it says so
SET client_min_messages = notice;
SELECT wals_train('m', 'r_backup');
SELECT wals_train('m', 'r_backup');
SET client_min_messages = warning;

-- ---------------------------------------------------------------------------
-- Weights
-- ---------------------------------------------------------------------------

CREATE TABLE w AS SELECT DISTINCT user_id, 1 AS weight FROM r_backup;
CREATE TABLE quality AS SELECT DISTINCT item_id, 1 AS weight FROM r_backup;
SELECT wals_train('weighted', 'r_backup', factors => 4, iterations => 1, row_weights => 'w', col_weights => 'quality');
SELECT options ->> 'row_weights', options ->> 'col_weights', row_weights_id IS NOT NULL, col_weights_id IS NOT NULL FROM weighted;
ALTER TABLE w RENAME TO w_old;
CALL wals_retrain('weighted');
SELECT options ->> 'row_weights' FROM weighted WHERE active;
CREATE TABLE w_new AS SELECT user_id, CASE user_id WHEN 2 THEN 5 ELSE 1 END AS weight FROM w_old;
BEGIN; ALTER TABLE w_old RENAME TO w_older; ALTER TABLE w_new RENAME TO w_old; COMMIT;
SET client_min_messages = notice;
CALL wals_retrain('weighted', warm_start => false);
SET client_min_messages = warning;
SELECT u.id, u.weight FROM weighted_users AS u JOIN weighted AS v USING (version) WHERE v.active AND u.id IN (1, 2) ORDER BY 1;
-- a refresh, too, and it is told of once
BEGIN; ALTER TABLE quality RENAME TO quality_old; CREATE TABLE quality AS SELECT item_id, 3 AS weight FROM quality_old; COMMIT;
INSERT INTO r_backup VALUES (1, 99);
INSERT INTO quality VALUES (99, 4);
ALTER TABLE r_backup ADD at timestamptz DEFAULT now();
SELECT wals_queue_enable('weighted');
INSERT INTO r_backup VALUES (2, 99);
SET client_min_messages = notice;
SELECT items_added FROM wals_refresh('weighted');
SELECT items_added FROM wals_refresh('weighted');
SET client_min_messages = warning;
SELECT i.id, i.weight FROM weighted_items AS i JOIN weighted AS v USING (version) WHERE v.active AND i.id = 99;
DROP TABLE quality;
SELECT outcome($$CALL wals_retrain('weighted')$$);
SELECT outcome($$SELECT wals_set_source('weighted', 'r_backup', col_weights => 'w_older')$$);
SELECT wals_set_source('weighted', 'r_backup', row_weights => 'w_older', col_weights => 'quality_old');
CALL wals_retrain('weighted');
SELECT options ->> 'row_weights', options ->> 'col_weights' FROM weighted WHERE active;

-- ---------------------------------------------------------------------------
-- Queues hang on a relation
-- ---------------------------------------------------------------------------

CREATE TABLE q AS SELECT * FROM ratings();
SELECT wals_train('queued', 'q', factors => 4, iterations => 1);
SELECT wals_queue_enable('queued');
BEGIN; ALTER TABLE q RENAME TO q_old; CREATE TABLE q AS SELECT * FROM ratings(); COMMIT;
INSERT INTO q SELECT 1001, i FROM generate_series(1, 5) AS i;
SET client_min_messages = notice;
SELECT users_added FROM wals_refresh('queued');
INSERT INTO q SELECT 1002, i FROM generate_series(1, 5) AS i;
SELECT users_added FROM wals_refresh('queued');
SELECT users_added FROM wals_refresh('queued');
SET client_min_messages = warning;
SELECT tgrelid::regclass, count(*) FROM pg_trigger WHERE tgname LIKE 'wals%queued%' GROUP BY 1;
-- what is no table cannot have one
DROP TABLE q;
CREATE VIEW q AS SELECT * FROM q_old;
SELECT outcome($$SELECT wals_refresh('queued')$$);
SELECT wals_queue_disable('queued');

-- ---------------------------------------------------------------------------
-- Whose a name is
-- ---------------------------------------------------------------------------

-- somebody takes the name of a relation that was dropped
CREATE TABLE sources_open.r AS SELECT * FROM ratings();
SELECT wals_train('o', 'sources_open.r', factors => 4, iterations => 1);
DROP TABLE sources_open.r;
SET ROLE regress_wals_planter;
CREATE FUNCTION sources_open.evil() RETURNS int LANGUAGE plpgsql AS
$$BEGIN RAISE EXCEPTION 'as %', current_user; END$$;
CREATE VIEW sources_open.r AS SELECT sources_open.evil() AS user_id, 1 AS item_id;
GRANT SELECT ON sources_open.r TO PUBLIC;
SET ROLE regress_wals_trainer;
SELECT outcome($$SELECT wals_recommend(1, 3, 'o')$$);
SELECT outcome($$SELECT count(*) FROM wals_recommend_all(3, 'o')$$);
SELECT outcome($$CALL wals_retrain('o')$$);
SELECT outcome($$SELECT wals_refresh('o', since => now())$$);
SELECT outcome($$SELECT wals_evaluate('r_backup', 'o')$$);
SELECT source IS NULL AS none FROM wals_models WHERE model = 'o'::regclass;
-- its owner may name it all the same
SELECT wals_set_source('o', 'sources_open.r');
SELECT outcome($$SELECT wals_recommend(1, 3, 'o')$$);
-- of one that was renamed it is not the successor
SET ROLE regress_wals_planter;
DROP VIEW sources_open.r;
SET ROLE regress_wals_trainer;
CREATE TABLE sources_open.r AS SELECT * FROM ratings();
SELECT wals_set_source('o', 'sources_open.r');
ALTER TABLE sources_open.r RENAME TO r_old;
SET ROLE regress_wals_planter;
CREATE VIEW sources_open.r AS SELECT sources_open.evil() AS user_id, 1 AS item_id;
SET ROLE regress_wals_trainer;
SELECT count(*) > 0 AS answers FROM wals_recommend(1, 3, 'o');
CALL wals_retrain('o');
SELECT source_name FROM o WHERE active;
SELECT source FROM wals_models WHERE model = 'o'::regclass;
-- nor in weights
CREATE TABLE sources_open.w AS SELECT DISTINCT user_id, 1 AS weight FROM r_backup;
SELECT wals_train('ow', 'r_backup', factors => 4, iterations => 1, row_weights => 'sources_open.w');
DROP TABLE sources_open.w;
SET ROLE regress_wals_planter;
CREATE VIEW sources_open.w AS SELECT sources_open.evil() AS user_id, 1 AS weight;
GRANT SELECT ON sources_open.w TO PUBLIC;
SET ROLE regress_wals_trainer;
SELECT outcome($$CALL wals_retrain('ow')$$);
-- one who builds tables for others, and whose schema it is
SET ROLE regress_wals_builder;
CREATE TABLE sources_built.r AS SELECT * FROM sources_renamed.ratings();
GRANT SELECT ON sources_built.r TO PUBLIC;
CREATE TABLE sources_open.mart AS SELECT * FROM sources_renamed.ratings();
GRANT SELECT ON sources_open.mart TO PUBLIC;
SET ROLE regress_wals_trainer;
SELECT wals_train('m', 'sources_built.r', factors => 4, iterations => 1);
SELECT wals_train('o', 'sources_open.mart', factors => 4, iterations => 1);
SET ROLE regress_wals_builder;
DROP TABLE sources_built.r, sources_open.mart;
CREATE TABLE sources_built.r AS SELECT * FROM sources_renamed.rebuilt();
CREATE TABLE sources_open.mart AS SELECT * FROM sources_renamed.rebuilt();
GRANT SELECT ON sources_built.r, sources_open.mart TO PUBLIC;
SET ROLE regress_wals_trainer;
TABLE left_over;
SELECT array_agg(item_id) FROM wals_recommend(1, NULL, 'o');
-- rights are the caller's
SET ROLE regress_wals_builder;
REVOKE SELECT ON sources_built.r FROM PUBLIC;
SET ROLE regress_wals_trainer;
SELECT outcome($$TABLE left_over$$);

-- ---------------------------------------------------------------------------
-- Rows that name their source as 0.1.0 did, by OID, or that somebody edits so
-- ---------------------------------------------------------------------------

CREATE TABLE early AS SELECT * FROM ratings();
SELECT wals_train('e', 'early', factors => 4, iterations => 1);
UPDATE e SET source = 'early', source_name = NULL, source_id = NULL, newest_time = NULL;
SELECT count(*) > 0 AS answers FROM wals_recommend(1, 3, 'e');
ALTER TABLE early RENAME TO early_2;
SELECT count(*) > 0 AS answers FROM wals_recommend(1, 3, 'e');
CALL wals_retrain('e');
SELECT version, source, source_name, source_id IS NOT NULL AS identity FROM e ORDER BY 1;
UPDATE e SET source = 'r_backup' WHERE active;
SELECT source FROM wals_models WHERE model = 'e'::regclass;
SELECT wals_queue_enable('e');
SELECT users_updated >= 0 FROM wals_refresh('e');
SELECT version, source, source_name FROM e ORDER BY 1;

SET client_min_messages = error;
RESET ROLE;
DROP SCHEMA sources_renamed, sources_open, sources_built, sources_live CASCADE;
DROP ROLE regress_wals_builder, regress_wals_planter, regress_wals_trainer;
