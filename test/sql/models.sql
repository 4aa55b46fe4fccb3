-- Models and their versions: trained, made active, pruned, dropped, renamed,
-- rolled back.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
-- a role of its own, so that only the models made here are its own
CREATE ROLE regress_wals_models;
CREATE SCHEMA models AUTHORIZATION regress_wals_models;
CREATE SCHEMA "models; ""DROP--" AUTHORIZATION regress_wals_models;
SET ROLE regress_wals_models;
SET search_path = models, public;

CREATE FUNCTION outcome(statement text) RETURNS text
LANGUAGE plpgsql AS
$$
DECLARE
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'fine';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN SQLSTATE || ': ' || SQLERRM || COALESCE(E'\n  hint: ' || NULLIF(hint, ''), '');
END;
$$;

CREATE TABLE seen AS
SELECT u AS user_id, i AS item_id
FROM generate_series(1, 30) AS u, generate_series(1, 20) AS i
WHERE (u * u + i * i + u * i) % 7 < 2 OR (u + i) % 9 = 0;

-- the versions of a model and the rows that belong to them
CREATE FUNCTION versions(model regclass) RETURNS TABLE (version integer, active boolean, factors integer, users bigint, items bigint)
LANGUAGE plpgsql AS
$$
BEGIN
	RETURN QUERY EXECUTE format(
		'SELECT m.version, m.active, m.factors,
			(SELECT count(*) FROM %1$I.%3$I AS u WHERE u.version = m.version AND cardinality(u.factors) = m.factors),
			(SELECT count(*) FROM %1$I.%4$I AS i WHERE i.version = m.version AND cardinality(i.factors) = m.factors)
		FROM %1$I.%2$I AS m ORDER BY 1',
		nspname, relname, relname || '_users', relname || '_items')
	FROM (SELECT nspname, relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace
		WHERE c.oid = model) AS names(nspname, relname);
END;
$$;

-- whether the model answers from the factors of that version: the best item's
-- score is that of the stored rows
CREATE FUNCTION answers_from(v integer) RETURNS boolean LANGUAGE plpgsql AS
$$
BEGIN
	RETURN bool_and(abs(r.score - (SELECT sum(a::float8 * b::float8) FROM unnest(u.factors, i.factors) AS f(a, b))) < 1e-5)
	FROM m_users AS u, LATERAL wals_recommend(u.id, 3, 'm') AS r JOIN m_items AS i ON i.id = r.item_id
	WHERE u.version = v AND i.version = v;
END;
$$;

-- ---------------------------------------------------------------------------
-- What training leaves
-- ---------------------------------------------------------------------------

SELECT wals_train('m', 'seen', factors => 4, iterations => 3);
SELECT * FROM versions('m');
SELECT relname, relkind, reloftype::regtype, pg_get_userbyid(relowner) = current_user AS mine, relpersistence
FROM pg_class WHERE relname IN ('m', 'm_users', 'm_items') AND relnamespace = 'models'::regnamespace ORDER BY 1;
SELECT attname, attstorage FROM pg_attribute WHERE attrelid = 'm_items'::regclass AND attnum > 0 AND attlen = -1;
-- from PostgreSQL 18 on NOT NULL is a constraint too
SELECT conrelid::regclass, pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = 'models'::regnamespace AND contype <> 'n' ORDER BY 1, 2;
SELECT obj_description('m'::regclass) IS NOT NULL AS model, obj_description('m_users'::regclass) IS NOT NULL AS users,
	obj_description('m_items'::regclass) IS NOT NULL AS items;
SELECT version, version_id IS NOT NULL AS id, active, is_default, format, wals_version = wals_version() AS library,
	trained_at BETWEEN now() - interval '1 hour' AND now() + interval '1 hour' AS at, trained_by = current_user AS by,
	source, source_name, user_col, item_col, value_col, weight_col, time_col, users_table, items_table, feedback, factors, biases, global_mean
FROM m;
SELECT n_users, n_items, n_entries = n_rows AS entries, n_rows = (SELECT count(*) FROM seen) AS rows, n_skipped, iterations,
	cardinality(losses) AS losses, cardinality(iteration_seconds) AS times, loss > 0 AS loss,
	loss <= losses[3] AND losses[3] <= losses[2] AND losses[2] <= losses[1] AS falling,
	load_seconds >= 0 AND solve_seconds >= 0 AND write_seconds >= 0
		AND seconds >= load_seconds + solve_seconds + write_seconds AS seconds, metrics
FROM m;
SELECT options ->> 'factors' AS factors, options ->> 'iterations' AS iterations, options ->> 'seed' AS seed,
	options ->> 'feedback' AS feedback, (options ->> 'regularization')::float8 > 0 AS resolved FROM m;
SELECT count(*), bool_and(n = (SELECT count(*) FROM seen WHERE item_id = id)) AS entries,
	bool_and(abs(norm - sqrt((SELECT sum(f * f) FROM unnest(factors) AS f))) < 1e-5) AS norms,
	bool_and(bias = 0) AS unbiased FROM m_items;

-- ---------------------------------------------------------------------------
-- Versions
-- ---------------------------------------------------------------------------

-- training again adds a version, which answers from then on
SELECT answers_from(1);
SELECT wals_train('m', 'seen', factors => 5, iterations => 3, seed => 1);
SELECT * FROM versions('m');
SELECT answers_from(2);
-- no more than keep_versions stay
SELECT wals_train('m', 'seen', factors => 6, iterations => 3);
SELECT * FROM versions('m');
SELECT wals_train('m', 'seen', factors => 7, iterations => 3, keep_versions => 3);
SELECT * FROM versions('m');
SELECT outcome($$SELECT wals_train('m', 'seen', keep_versions => 0)$$);
-- not made active, only stored
SELECT wals_train('m', 'seen', factors => 3, iterations => 3, activate => 'no', keep_versions => 4);
SELECT * FROM versions('m');
SELECT answers_from(4), answers_from(5);
SELECT wals_activate('m', 5);
SELECT answers_from(4), answers_from(5);
SELECT wals_activate('m', 2);
SELECT answers_from(2);
SELECT wals_activate('m', 99);
SELECT wals_activate('m', NULL);
SELECT * FROM versions('m');
-- the active version stays, however old
SELECT wals_prune('m', 1);
SELECT * FROM versions('m');
SELECT wals_prune('m');
SELECT wals_prune('m', 0);
SELECT count(*) FILTER (WHERE version NOT IN (2, 5)) AS orphans FROM (TABLE m_users UNION ALL TABLE m_items) AS f;
SELECT answers_from(2);
-- also when the newest of all is only stored
SELECT wals_train('m', 'seen', factors => 3, iterations => 3, activate => 'no', keep_versions => 1);
SELECT * FROM versions('m');

-- the very first one only stored: nothing answers
SELECT wals_train('quiet', 'seen', factors => 3, iterations => 3, activate => 'no');
SELECT * FROM wals_recommend(1, 3, 'quiet');
SELECT model, active_version, versions, trained_at FROM wals_models WHERE model = 'quiet'::regclass;
SELECT wals_activate('quiet', 1);
SELECT count(*) FROM wals_recommend(1, 3, 'quiet');

-- the same training gives the same factors
SELECT wals_train('twin', 'seen', factors => 3, iterations => 3);
SELECT count(*) AS differences FROM quiet_items AS a FULL JOIN twin_items AS b USING (id)
WHERE (a.factors, a.n, a.norm) IS DISTINCT FROM (b.factors, b.n, b.norm);
SELECT wals_train('twin', 'seen', factors => 3, iterations => 3, seed => 7);
SELECT count(*) > 0 AS other_seed_differs FROM twin_items AS a JOIN twin_items AS b USING (id)
WHERE a.version = 1 AND b.version = 2 AND a.factors <> b.factors;
SELECT wals_drop('twin');

-- ---------------------------------------------------------------------------
-- wals_models, wals_training_log, the default
-- ---------------------------------------------------------------------------

SELECT model, owner = current_user AS mine, is_default, versions, active_version, age >= interval '0' AS aged, source, feedback,
	factors, n_users, n_items, iterations FROM wals_models ORDER BY model;
SELECT model, version, active, iteration, loss > 0 AS loss,
	(rel_change IS NULL) = (iteration = 1) AS change_known, rel_change > 0 AS rising, seconds >= 0 AS timed
FROM wals_training_log WHERE model = 'quiet'::regclass ORDER BY iteration;
SELECT version, count(*) FROM wals_training_log WHERE model = 'm'::regclass GROUP BY 1 ORDER BY 1;

-- how many rows came since, by the server's statistics; and how large it is
CREATE TABLE grown (user_id integer, item_id integer) WITH (autovacuum_enabled = off);
INSERT INTO grown SELECT user_id, item_id FROM seen;
-- what is not counted before an ANALYZE is added to its figure afterwards
SELECT pg_stat_force_next_flush();
SELECT wals_train('grown_model', 'grown', factors => 2, iterations => 1);
CREATE FUNCTION since() RETURNS bigint LANGUAGE sql AS
$$ SELECT rows_since FROM public.wals_models WHERE model = 'models.grown_model'::regclass $$;
ANALYZE grown;
SELECT since();
INSERT INTO grown SELECT 500, i FROM generate_series(1, 7) AS i;
SELECT pg_stat_force_next_flush();
ANALYZE grown;
SELECT since();
-- rows are counted without an ANALYZE, too
INSERT INTO grown SELECT 501, i FROM generate_series(1, 4) AS i;
SELECT pg_stat_force_next_flush();
SELECT since();
-- and by the last ANALYZE when the counts are lost
RESET ROLE;
SELECT pg_stat_reset_single_table_counters('grown'::regclass);
SELECT since();
SET ROLE regress_wals_models;
DELETE FROM grown WHERE item_id = 1;
SELECT pg_stat_force_next_flush();
ANALYZE grown;
SELECT since() = 11 - (SELECT count(*) FROM seen WHERE item_id = 1) - 2 AS less;
-- a later training begins anew
SELECT wals_train('grown_model', 'grown', factors => 2, iterations => 1);
SELECT since();
-- what has no such statistics, or says something else than a training reads
BEGIN;
CREATE TABLE fresh AS TABLE grown;
UPDATE grown_model SET source = 'fresh';
SELECT since() IS NULL AS unknown;
ROLLBACK;
BEGIN;
ALTER TABLE grown ENABLE ROW LEVEL SECURITY;
SELECT since() IS NULL AS unknown;
ROLLBACK;
BEGIN;
CREATE TABLE grown_child () INHERITS (grown);
SELECT since() IS NULL AS unknown;
ROLLBACK;
BEGIN;
DROP TABLE grown;
SELECT since() IS NULL AS unknown;
ROLLBACK;
CREATE VIEW grown_view AS TABLE grown;
SELECT wals_train('grown_model', 'grown_view', factors => 2, iterations => 1);
SELECT since() IS NULL AS unknown;
CREATE TABLE parted (user_id integer, item_id integer) PARTITION BY LIST (user_id);
CREATE TABLE parted_all PARTITION OF parted DEFAULT;
INSERT INTO parted TABLE grown;
ANALYZE parted;
SELECT wals_train('grown_model', 'parted', factors => 2, iterations => 1);
SELECT since() IS NULL AS unknown;
-- with the tables of its versions
CREATE FUNCTION size_of(factor_table regclass) RETURNS numeric LANGUAGE sql AS
$$SELECT sum(pg_total_relation_size(oid)) FROM pg_class
WHERE oid = factor_table OR oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = factor_table)$$;
SELECT bytes = pg_total_relation_size('grown_model') + size_of('grown_model_users')
	+ size_of('grown_model_items') AS all_three
FROM wals_models WHERE model = 'grown_model'::regclass;
-- hostile rows: nothing overflows, and tables of others are not looked at
BEGIN;
UPDATE grown_model SET n_rows = -9223372036854775808, source = 'grown', items_table = 'pg_proc';
SELECT rows_since, bytes = pg_total_relation_size('grown_model') + size_of('grown_model_users') AS own_two
FROM wals_models WHERE model = 'grown_model'::regclass;
UPDATE grown_model SET active = false;
SELECT rows_since, bytes FROM wals_models WHERE model = 'grown_model'::regclass;
ROLLBACK;
SELECT wals_drop('grown_model');
DROP FUNCTION since();
DROP VIEW grown_view;
DROP TABLE grown, parted;

-- several models, none marked
SELECT outcome('SELECT * FROM wals_recommend(1)');
SELECT wals_set_default('quiet');
SELECT model, is_default FROM wals_models ORDER BY model;
SELECT count(*) FROM wals_recommend(1);
-- the mark goes to later versions
SELECT wals_train('quiet', 'seen', factors => 3, iterations => 3);
SELECT version, active, is_default FROM quiet ORDER BY 1;
SELECT model, is_default FROM wals_models ORDER BY model;
-- there is only one
SELECT wals_set_default('m');
SELECT model, is_default FROM wals_models ORDER BY model;
-- the setting comes first
SET wals.default_model = 'models.quiet';
SELECT model, is_default FROM wals_models ORDER BY model;
SELECT array_agg(item_id ORDER BY rank) = (SELECT array_agg(item_id ORDER BY rank) FROM wals_recommend(1, model => 'quiet')) AS same
FROM wals_recommend(1);
SET wals.default_model = 'nowhere';
SELECT * FROM wals_recommend(1);
SELECT count(*) FILTER (WHERE is_default) AS defaults FROM wals_models;
SELECT outcome($$SET wals.default_model = 'no.such.thing.here'$$);
SET wals.default_model = 'seen';
SELECT outcome('SELECT * FROM wals_recommend(1)');
RESET wals.default_model;
SELECT outcome($$SELECT wals_set_default('seen')$$);
SELECT wals_set_default(NULL);
-- one model left is the default without a mark
SELECT wals_drop('m');
UPDATE quiet SET is_default = false;
SELECT count(*) AS own FROM wals_models;
SELECT model, is_default FROM wals_models;
SELECT count(*) FROM wals_recommend(1);
SELECT outcome($$SELECT wals_drop('m')$$);
SELECT to_regclass('m_users') IS NULL AND to_regclass('m_items') IS NULL AND to_regclass('m') IS NULL AS gone;
SELECT wals_drop('quiet');
SELECT * FROM wals_recommend(1);
SELECT count(*) FROM wals_models;
SELECT count(*) FROM wals_training_log;

-- ---------------------------------------------------------------------------
-- Names
-- ---------------------------------------------------------------------------

SELECT outcome($$SELECT wals_train('seen', 'seen')$$);
CREATE VIEW looks AS TABLE seen;
SELECT outcome($$SELECT wals_train('looks', 'seen')$$);
CREATE TABLE taken_users (x integer);
SELECT outcome($$SELECT wals_train('taken', 'seen')$$);
CREATE VIEW viewed_items AS TABLE seen;
SELECT outcome($$SELECT wals_train('viewed', 'seen')$$);
SELECT to_regclass('taken') IS NULL AND to_regclass('viewed') IS NULL AS nothing_left;
SELECT outcome(format($$SELECT wals_train('%s', 'seen')$$, repeat('x', 58)));
SELECT outcome($$SELECT wals_train('', 'seen')$$);
SELECT outcome($$SELECT wals_train('a..b', 'seen')$$);
SELECT outcome($$SELECT wals_train('a b', 'seen')$$);
SELECT outcome($$SELECT wals_train('elsewhere.m', 'seen')$$);
SELECT outcome($$SELECT wals_train('other.models.m', 'seen')$$);
SELECT outcome($$SELECT wals_train('pg_temp.m', 'seen')$$);
SELECT outcome($$SELECT wals_train('pg_catalog.m', 'seen')$$);
SELECT outcome($$SELECT wals_train(NULL, 'seen')$$);
SELECT outcome($$SELECT wals_train('m', NULL)$$);

CREATE TABLE "models; ""DROP--"."it's ""seen""" AS SELECT user_id AS "the 'user'", item_id AS "the ""item""" FROM seen;
SELECT wals_train('"models; ""DROP--"."my $$ ""model'' --"', '"models; ""DROP--"."it''s ""seen"""',
	user_col => 'the ''user''', item_col => 'the "item"', factors => 3, iterations => 2);
SELECT wals_train('"models; ""DROP--"."my $$ ""model'' --"', '"models; ""DROP--"."it''s ""seen"""',
	user_col => 'the ''user''', item_col => 'the "item"', factors => 4, iterations => 2, activate => 'no');
SELECT * FROM versions('"models; ""DROP--"."my $$ ""model'' --"');
SELECT model, source, active_version FROM wals_models;
SELECT count(*) FROM wals_recommend(1, 4);
SELECT wals_activate('"models; ""DROP--"."my $$ ""model'' --"', 2);
SELECT wals_set_default('"models; ""DROP--"."my $$ ""model'' --"');
SELECT wals_prune('"models; ""DROP--"."my $$ ""model'' --"', 1);
SET wals.default_model = '"models; ""DROP--"."my $$ ""model'' --"';
SELECT count(*) FROM wals_recommend(1, 4);
RESET wals.default_model;
-- a hint with a name can be pasted
UPDATE "models; ""DROP--"."my $$ ""model' --" SET active = false;
SELECT * FROM wals_recommend(1, 4);
SELECT wals_drop('"models; ""DROP--"."my $$ ""model'' --"');
SELECT count(*) FROM pg_class WHERE relnamespace = '"models; ""DROP--"'::regnamespace;
-- upper case must be quoted, as everywhere
SELECT wals_train('Mixed', 'seen', factors => 2, iterations => 1);
SELECT wals_train('"Mixed"', 'seen', factors => 2, iterations => 1);
SELECT model FROM wals_models ORDER BY model::text COLLATE "C";
SELECT wals_drop('mixed'), wals_drop('"Mixed"');
-- 57 bytes are the longest name
SELECT wals_train(repeat('x', 57), 'seen', factors => 2, iterations => 1);
SELECT count(*) FROM wals_recommend(1, 3);
SELECT wals_drop(repeat('x', 57)::regclass);

-- ---------------------------------------------------------------------------
-- The tables are guarded, but may be renamed and moved
-- ---------------------------------------------------------------------------

SELECT wals_train('m', 'seen', factors => 4, iterations => 3);
ALTER TABLE m ADD COLUMN note text;
ALTER TABLE m_items DROP COLUMN bias;
\set VERBOSITY sqlstate
-- as of PostgreSQL 18 the message shows the place
ALTER TABLE m_items ALTER COLUMN factors TYPE float8[];
\set VERBOSITY default
ALTER TABLE m_users RENAME COLUMN n TO entries;
SELECT answers_from(1);
CREATE VIEW best AS SELECT * FROM wals_recommend(1, 3, 'm');
SELECT count(*) FROM best;
ALTER TABLE m RENAME TO films;
SELECT count(*) FROM best;
ALTER TABLE m_users RENAME TO people;
ALTER TABLE m_items RENAME TO pictures;
ALTER TABLE people SET SCHEMA "models; ""DROP--";
SELECT count(*) FROM best;
SELECT users_table, items_table FROM films;
SELECT wals_train('films', 'seen', factors => 5, iterations => 3);
SELECT version, active, users_table, items_table FROM films ORDER BY 1;
SELECT version, count(*) FROM pictures GROUP BY 1 ORDER BY 1;
SELECT to_regclass('films_users') IS NULL AND to_regclass('films_items') IS NULL AS no_new_tables;
SELECT count(*) FROM best;
SELECT wals_prune('films', 1);
SELECT version, count(*) FROM "models; ""DROP--".people GROUP BY 1 ORDER BY 1;
SELECT outcome($$SELECT wals_drop('films')$$);
DROP VIEW best;
-- the name m is free again; its tables are others
SELECT wals_train('m', 'seen', factors => 4, iterations => 3);
SELECT answers_from(1);
SELECT wals_drop('films'), wals_drop('m');
SELECT relname FROM pg_class WHERE reltype = ANY (ARRAY(SELECT reltype FROM pg_class WHERE reloftype IN
	('wals_model'::regtype, 'wals_factors_bigint'::regtype)));

-- The same name for other things in one session: nothing kept from the first
-- model may be used for the next.
CREATE TABLE seen_text AS SELECT 'u' || user_id AS user_id, 'i' || item_id AS item_id FROM seen;
SELECT wals_train('m', 'seen', factors => 3, iterations => 2);
SELECT count(*) FROM wals_recommend(1, 3);
SELECT wals_drop('m');
SELECT wals_train('m', 'seen_text', factors => 3, iterations => 2);
SELECT count(*) FROM wals_recommend('u1', 3);
SELECT outcome($$SELECT wals_train('m', 'seen')$$);
SELECT wals_drop('m');
SELECT wals_train('m', 'seen', factors => 3, iterations => 2);
SELECT count(*), min(pg_typeof(item_id)::text) FROM wals_recommend(1, 3);
-- nor a plan for a source that got other columns
DROP TABLE seen_text;
CREATE TABLE seen_text AS SELECT user_id, item_id::smallint FROM seen;
SELECT wals_train('m', 'seen_text', factors => 3, iterations => 2);
SELECT count(*) FROM wals_recommend(1, 3);
ALTER TABLE seen_text ALTER item_id TYPE bigint, ALTER user_id TYPE smallint;
SELECT count(*) FROM wals_recommend(1, NULL) AS r JOIN seen USING (item_id) WHERE seen.user_id = 1;
SELECT wals_drop('m');

-- more models than a session keeps plans for
DO
$$
BEGIN
	FOR i IN 1 .. 24 LOOP
		PERFORM wals_train('many_' || i, 'seen', factors => 1 + i % 3, iterations => 1);
	END LOOP;
END;
$$;
SELECT count(*), sum(factors) FROM wals_models;
SELECT count(*) FROM wals_models AS m, LATERAL wals_recommend(1, 3, m.model);
SELECT count(*) FROM wals_models AS m, LATERAL wals_recommend(1, 3, m.model);
SELECT wals_set_default('many_3');
SELECT count(*) FROM wals_recommend(1, 3);
SELECT count(wals_drop(model)) FROM wals_models;
SELECT count(*) FROM wals_models;

-- ---------------------------------------------------------------------------
-- Transactions
-- ---------------------------------------------------------------------------

-- trained and used in one transaction
BEGIN;
SELECT wals_train('m', 'seen', factors => 4, iterations => 3);
SELECT answers_from(1);
SELECT wals_train('m', 'seen', factors => 5, iterations => 3);
SELECT answers_from(2);
SELECT * FROM versions('m');
ROLLBACK;
SELECT to_regclass('m') IS NULL AS gone;
SELECT outcome('SELECT * FROM wals_recommend(1)');

-- A version that is rolled back leaves nothing, not even in the session's
-- memory: the next one has its number but its own factors.
SELECT wals_train('m', 'seen', factors => 4, iterations => 3);
BEGIN;
SELECT wals_train('m', 'seen', factors => 4, iterations => 3, seed => 1);
SELECT answers_from(2);
ROLLBACK;
SELECT * FROM versions('m');
SELECT answers_from(1);
SELECT wals_train('m', 'seen', factors => 4, iterations => 3, seed => 2);
SELECT answers_from(2);
BEGIN;
SAVEPOINT a;
SELECT wals_train('m', 'seen', factors => 4, iterations => 3, seed => 3);
SELECT answers_from(3);
ROLLBACK TO a;
SELECT answers_from(2);
SELECT * FROM versions('m');
SAVEPOINT b;
SELECT wals_train('m', 'seen', factors => 4, iterations => 3, seed => 4);
RELEASE b;
SELECT answers_from(3);
COMMIT;
SELECT answers_from(3);
SELECT * FROM versions('m');
BEGIN;
SELECT wals_activate('m', 2);
SELECT answers_from(2);
ROLLBACK;
SELECT answers_from(3);
BEGIN;
SELECT wals_drop('m');
SELECT outcome($$SELECT * FROM wals_recommend(1, 3)$$);
ROLLBACK;
SELECT answers_from(3);

-- in an exception block
CREATE PROCEDURE fail_after_training(v integer) LANGUAGE plpgsql AS
$$
DECLARE
	trained integer;
BEGIN
	BEGIN
		trained := wals_train('m', 'seen', factors => 4, iterations => 3, seed => 100 + v);
		RAISE EXCEPTION 'version % is not good enough', trained;
	EXCEPTION WHEN raise_exception THEN
		RAISE WARNING '%', SQLERRM;
	END;
	BEGIN
		PERFORM wals_train('m', 'seen', value_col => 'nothing');
	EXCEPTION WHEN undefined_column THEN
		RAISE WARNING '%', SQLERRM;
	END;
	trained := wals_train('m', 'seen', factors => 4, iterations => 3, seed => v);
	RAISE WARNING 'version % is', trained;
END;
$$;
CALL fail_after_training(9);
SELECT answers_from(4);
SELECT * FROM versions('m');

-- read-only
BEGIN READ ONLY;
SELECT count(*) FROM wals_recommend(1, 3);
SELECT count(*) FROM wals_models;
SELECT wals_train('m', 'seen');
ROLLBACK;
SET default_transaction_read_only = on;
SELECT outcome($$SELECT wals_train('m', 'seen')$$);
SELECT outcome($$SELECT wals_activate('m', 3)$$);
SELECT outcome($$SELECT wals_prune('m')$$);
SELECT outcome($$SELECT wals_set_default('m')$$);
SELECT outcome($$SELECT wals_drop('m')$$);
SELECT answers_from(4);
RESET default_transaction_read_only;

-- DISCARD ALL and a new session
DISCARD ALL;
SET search_path = models, public;
SET client_min_messages = warning;
SET ROLE regress_wals_models;
SELECT answers_from(4);
\c -
\set SHOW_CONTEXT never
SET search_path = models, public;
SET client_min_messages = warning;
SET ROLE regress_wals_models;
SELECT answers_from(4);

-- vacuumed, rewritten, re-indexed
VACUUM FULL m_items;
CLUSTER m_users USING m_users_pkey;
REINDEX TABLE m_items;
ANALYZE m, m_items, m_users;
SELECT answers_from(4);
-- emptied by hand: nothing left to recommend, and no error
BEGIN;
TRUNCATE m_items;
SELECT count(*) FROM wals_recommend(1, 3);
ROLLBACK;
SELECT answers_from(4);

-- ---------------------------------------------------------------------------
-- The largest rows
-- ---------------------------------------------------------------------------

CREATE TABLE long_ids AS
SELECT left(string_agg(md5(u::text || '/' || g), ''), 2000) AS user_id, 'i' || i AS item_id
FROM generate_series(1, 4) AS u, generate_series(1, 3) AS i, generate_series(1, 63) AS g
WHERE (u + i) % 3 > 0 GROUP BY u, i;
SELECT wals_train('wide', 'long_ids', factors => 1024, iterations => 1);
SELECT count(*), min(octet_length(id)) AS id, min(cardinality(factors)) AS factors, min(pg_column_size(factors)) AS bytes FROM wide_users;
SELECT count(*), min(answers) FROM (SELECT count(r.item_id) AS answers FROM (SELECT DISTINCT user_id FROM long_ids) AS w
	LEFT JOIN LATERAL wals_recommend(w.user_id, 3, 'wide', exclude_seen => false) AS r ON true GROUP BY w.user_id) AS c;
UPDATE long_ids SET user_id = user_id || 'x';
SELECT outcome($$SELECT wals_train('wide', 'long_ids', factors => 1024, iterations => 1)$$);
SELECT * FROM versions('wide');
SELECT wals_drop('wide');

-- ---------------------------------------------------------------------------
-- Factors whose model row was deleted by hand do not get in the way
-- ---------------------------------------------------------------------------

BEGIN;
DELETE FROM m WHERE version = (SELECT max(version) FROM m);
SELECT wals_train('m', 'seen', factors => 2, iterations => 1) > (SELECT max(version) FROM m WHERE NOT active) AS next;
ROLLBACK;

-- ---------------------------------------------------------------------------
-- The extension stays while there are models
-- ---------------------------------------------------------------------------

RESET ROLE;
SELECT outcome('DROP EXTENSION wals');
BEGIN;
DROP EXTENSION wals CASCADE;
-- the tables went with their types
SELECT to_regclass('m') IS NULL AS gone;
ROLLBACK;
SELECT answers_from(4);

DROP SCHEMA "models; ""DROP--" CASCADE;
DROP SCHEMA models CASCADE;
DROP ROLE regress_wals_models;
