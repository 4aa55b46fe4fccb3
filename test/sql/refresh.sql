-- Refreshing: users whose rows have changed, and new items, are solved exactly
-- in the version that answers.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET jit = off;
SET timezone = 'UTC';
CREATE SCHEMA refresh;
SET search_path = refresh, public;
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

CREATE TABLE rated (user_id int, item_id int, stars int, at timestamptz);
CREATE INDEX ON rated (user_id);
CREATE FUNCTION fill() RETURNS void LANGUAGE sql AS
$$
	DELETE FROM rated;
	INSERT INTO rated
	SELECT u, i, (u * 3 + i * 5) % 7 - 1, timestamptz '2025-01-01 00:00:00+00' + (u * 7 + i * 11) % 100 * interval '1 day'
	FROM generate_series(1, 60) AS u, generate_series(1, 30) AS i
	WHERE (u * u + i * i + u * i) % 7 < 2 OR i <= u % 4;
$$;
SELECT fill();

-- Do stored scores, folded-in scores and sums of explanations of these users agree?
CREATE FUNCTION agrees(model regclass, users int[]) RETURNS TABLE (scores bigint, folded boolean, explained boolean)
LANGUAGE sql AS
$$
	WITH s AS MATERIALIZED (
		SELECT u, i, wals_score(u, i, model, fold_in => 'never') AS stored, wals_score(u, i, model, fold_in => 'always') AS folded
		FROM unnest(users) AS u, generate_series(1, 40, 3) AS i)
	SELECT count(*), bool_and(abs(s.stored - s.folded) <= 1e-5 * (1 + abs(s.stored))),
		bool_and(abs(s.folded - e.sum) <= 1e-5 * (1 + abs(s.folded)))
	FROM s, LATERAL (SELECT sum(contribution) FROM wals_explain(s.u, s.i, NULL, model)) AS e
	WHERE s.stored IS NOT NULL
$$;

-- What changed in a model's tables since a copy was made of them
CREATE FUNCTION keep_copy(model text) RETURNS void LANGUAGE plpgsql AS
$$
BEGIN
	DROP TABLE IF EXISTS m_copy, users_copy, items_copy;
	EXECUTE format('CREATE TABLE m_copy AS SELECT * FROM %I', model);
	EXECUTE format('CREATE TABLE users_copy AS SELECT * FROM %I', model || '_users');
	EXECUTE format('CREATE TABLE items_copy AS SELECT * FROM %I', model || '_items');
END;
$$;

-- ---------------------------------------------------------------------------
-- By time
-- ---------------------------------------------------------------------------

SELECT wals_train('m', 'rated', time_col => 'at', factors => 4, iterations => 5);
SELECT * FROM agrees('m', '{1,2,3,50}');
SELECT keep_copy('m');
SET client_min_messages = notice;
SELECT * FROM wals_refresh('m');
SET client_min_messages = warning;
SELECT m = c AS untouched FROM m, m_copy AS c;

-- rows of two users, one new, on items the model has; and an old row, late
INSERT INTO rated VALUES (7, 1, 5, now() + interval '1 day'), (7, 2, 5, now() + interval '1 day'),
	(100, 3, 5, now() + interval '1 day'), (100, 4, 1, now() + interval '1 day'),
	(8, 1, 5, '2025-01-01 00:00:00+00');
SELECT * FROM wals_refresh('m');
SELECT * FROM agrees('m', '{7,100}');
SELECT array_agg(id) AS changed FROM (SELECT id FROM (SELECT * FROM m_users EXCEPT SELECT * FROM users_copy) AS x ORDER BY id) AS y;
SELECT count(*) AS changed_items FROM (SELECT * FROM m_items EXCEPT SELECT * FROM items_copy) AS x;
SELECT m.version_id <> c.version_id AS users_are_new, COALESCE(m.items_id, m.version_id) = c.version_id AS items_are_kept,
	m.n_users - c.n_users AS users, m.n_items - c.n_items AS items, m.n_entries - c.n_entries AS entries,
	m.refreshed_at > m.trained_at AS refreshed
FROM m, m_copy AS c;
-- what is in the table is what it should have
SELECT n_users = (SELECT count(*) FROM m_users) AS users, n_entries = (SELECT sum(n) FROM m_users) AS entries,
	(SELECT bool_and(abs(norm - (SELECT sqrt(sum(f * f)) FROM unnest(factors) AS f)) < 1e-6) FROM m_users) AS norms
FROM m;
-- the items are read anew once the guard is back
SELECT bool_or(item_id = 9) AS there FROM wals_recommend(2, NULL, 'm', exclude_seen => false);
BEGIN;
-- unseen by the guard; the next refresh puts it back, and nobody knows what was written
ALTER TABLE m_items DISABLE TRIGGER wals_guard;
DELETE FROM m_items WHERE id = 9;
INSERT INTO rated VALUES (7, 3, 5, now() + interval '1 day');
SELECT users_updated > 0 AS users, items_added FROM wals_refresh('m');
SELECT bool_or(item_id = 9) AS there FROM wals_recommend(2, NULL, 'm', exclude_seen => false);
SELECT items_updated > 0 AS items FROM wals_refresh('m', items => 'touched');
SELECT bool_or(item_id = 9) AS there FROM wals_recommend(2, NULL, 'm', exclude_seen => false);
ROLLBACK;
-- the late row waits for a time that includes it
SELECT (SELECT n FROM m_users WHERE id = 8) = (SELECT n FROM users_copy WHERE id = 8) AS as_before;
SELECT users_updated, users_added, items_added FROM wals_refresh('m', since => '2000-01-01 00:00:00+00');
SELECT (SELECT n FROM m_users WHERE id = 8) - (SELECT n FROM users_copy WHERE id = 8) AS more;
SELECT * FROM agrees('m', ARRAY(SELECT id::int FROM m_users));
SELECT item_id IN (3, 4) AS seen, basis FROM wals_recommend(100, 1, 'm');

-- times of other types
CREATE VIEW at_stamp AS SELECT user_id, item_id, at AT TIME ZONE 'UTC' AS at FROM rated;
CREATE VIEW at_date AS SELECT user_id, item_id, (at AT TIME ZONE 'UTC')::date AS at FROM rated;
CREATE VIEW at_second AS SELECT user_id, item_id, extract(epoch FROM at)::bigint AS at FROM rated;
SELECT count(DISTINCT user_id) AS expected FROM rated WHERE at >= '2025-04-04';
SELECT wals_train('t', 'at_stamp', time_col => 'at', factors => 3, iterations => 2);
SELECT users_updated FROM wals_refresh('t', since => '2025-04-04');
SELECT wals_train('t', 'at_date', time_col => 'at', factors => 3, iterations => 2);
SELECT users_updated FROM wals_refresh('t', since => '2025-04-04');
SELECT wals_train('t', 'at_second', time_col => 'at', factors => 3, iterations => 2);
SELECT users_updated FROM wals_refresh('t', since => '2025-04-04');
SELECT wals_drop('t');

-- ---------------------------------------------------------------------------
-- New items
-- ---------------------------------------------------------------------------

-- The equations of an item in float8, against the users in "before": how far is
-- each side from the other?
CREATE TABLE before (id bigint, factors real[]);
CREATE FUNCTION residual(item int, w0 float8, lambda float8, nu float8) RETURNS float8
LANGUAGE sql AS
$$
	WITH u AS (SELECT id, factors::float8[] AS f FROM before),
	r AS (SELECT u.f, (SELECT count(*) FROM u) AS users, count(*) OVER () AS entries FROM u JOIN rated ON user_id = id AND item_id = item),
	v AS (SELECT factors::float8[] AS f FROM m_items WHERE version = (SELECT version FROM m WHERE active) AND id = item),
	side AS (
		SELECT p,
			(SELECT sum(w0 * u.f[p] * (SELECT sum(u.f[q] * v.f[q]) FROM generate_series(1, 4) AS q)) FROM u)
			+ (SELECT sum(r.f[p] * (SELECT sum(r.f[q] * v.f[q]) FROM generate_series(1, 4) AS q)) FROM r)
			+ (SELECT lambda * power(w0 * users + entries, nu) * v.f[p] FROM r LIMIT 1) AS l,
			(SELECT sum((w0 + 1) * r.f[p]) FROM r) AS r
		FROM v, generate_series(1, 4) AS p)
	SELECT sqrt(sum((l - r) ^ 2)) / sqrt(sum(r ^ 2)) FROM side
$$;
SELECT fill();
SELECT wals_train('m', 'rated', time_col => 'at', factors => 4, iterations => 5, regularization => 0.03,
	unobserved_weight => 0.2, reg_exponent => 0.5, keep_versions => 1);
SELECT keep_copy('m');
-- two items of old users and a new one; users 11 and 12 rate only known ones
INSERT INTO rated SELECT u, 40, 5, now() + interval '1 day' FROM generate_series(1, 30, 5) AS u;
INSERT INTO rated VALUES (200, 40, 5, now() + interval '1 day'), (200, 2, 5, now() + interval '1 day'), (3, 37, 5, now() + interval '1 day'),
	(11, 1, 5, now() + interval '1 day'), (12, 2, 5, now() + interval '1 day');
-- a row of item 40 from before: its user is solved, too
INSERT INTO rated VALUES (50, 40, 5, '2025-01-01 00:00:00+00');
-- the items are solved against the touched users as they are without these items
INSERT INTO before
SELECT id, wals_user_factors(id, 'm', fold_in => 'always') AS factors
FROM (SELECT id FROM m_users UNION SELECT 200) AS u;
SELECT * FROM wals_refresh('m');
SELECT * FROM agrees('m', '{1,6,3,11,12,200,50}');
SELECT residual(40, 0.2, 0.03, 0.5) < 1e-5 AS item_40, residual(37, 0.2, 0.03, 0.5) < 1e-5 AS item_37;
SELECT id, n FROM m_items WHERE id > 30 ORDER BY id;
SELECT COALESCE(m.items_id, m.version_id) <> c.version_id AS items_are_new, m.n_items - c.n_items AS items, m.n_entries - c.n_entries AS entries FROM m, m_copy AS c;
SELECT n_entries = (SELECT sum(n) FROM m_users) AS entries FROM m;
SELECT count(*) AS changed_items FROM (SELECT * FROM m_items WHERE id <= 30 EXCEPT SELECT * FROM items_copy) AS x;
-- it is recommended at once, and the session knows the items that are new
SELECT bool_or(item_id IN (37, 40)) AS recommended FROM wals_recommend(2, NULL, 'm');
-- ---------------------------------------------------------------------------
-- A queue
-- ---------------------------------------------------------------------------

SELECT fill();
SELECT wals_train('q', 'rated', value_col => 'stars', factors => 4, iterations => 5, min_user_rows => 2);
SELECT outcome($$SELECT wals_refresh('q')$$);
SELECT wals_queue_enable('q');
SELECT outcome($$SELECT wals_queue_enable('q')$$);
SELECT attname, atttypid::regtype FROM pg_attribute WHERE attrelid = 'q_queue'::regclass AND attnum > 0 ORDER BY attnum;
SELECT tgname, regexp_replace(pg_get_triggerdef(oid), '''[0-9a-f-]{36}''', 'token') FROM pg_trigger WHERE tgrelid IN ('rated'::regclass, 'q_queue'::regclass) ORDER BY 1;
SELECT keep_copy('q');
INSERT INTO rated SELECT u, 1 + u % 3, 4, now() FROM generate_series(300, 304) AS u;
INSERT INTO rated SELECT 305, i, 4, now() FROM generate_series(1, 9) AS i;
UPDATE rated SET user_id = 9, stars = 5 WHERE user_id = 11 AND item_id = 3;
UPDATE rated SET stars = 5 WHERE user_id = 14;
DELETE FROM rated WHERE user_id = 20;
INSERT INTO rated VALUES (NULL, 1, 4, now()), (1, NULL, 4, now());
DELETE FROM rated WHERE user_id = -1;
SELECT user_id, count(*) FROM q_queue GROUP BY 1 ORDER BY 1;
SELECT * FROM wals_refresh('q');
SELECT count(*) AS left_over FROM q_queue;
SELECT * FROM agrees('q', '{9,11,14,305}');
SELECT id FROM q_users WHERE id IN (20, 300, 301, 305) ORDER BY 1;
SELECT array_agg(id ORDER BY id) AS changed FROM (SELECT id FROM (SELECT * FROM q_users EXCEPT SELECT * FROM users_copy) AS x
	UNION SELECT id FROM users_copy WHERE id NOT IN (SELECT id FROM q_users)) AS y;
SET client_min_messages = notice;
SELECT * FROM wals_refresh('q');
SET client_min_messages = warning;

-- what is rolled back is queued again
UPDATE rated SET stars = 1 WHERE user_id = 14;
SELECT keep_copy('q');
BEGIN;
SELECT users_updated FROM wals_refresh('q');
ROLLBACK;
SELECT q = c AS untouched FROM q, m_copy AS c;
SELECT users_updated FROM wals_refresh('q');

-- items that have changed, too
INSERT INTO rated VALUES (14, 5, 4, now());
SELECT keep_copy('q');
SELECT * FROM wals_refresh('q', items => 'touched');
SELECT array_agg(id ORDER BY id) AS changed FROM (SELECT * FROM q_items EXCEPT SELECT * FROM items_copy) AS x;
SELECT * FROM agrees('q', ARRAY(SELECT user_id FROM rated WHERE item_id = 5 AND user_id IN (SELECT id FROM q_users)));
-- an item that nobody has rows of any more
DELETE FROM rated WHERE item_id = 29;
SELECT items_removed, items_updated FROM wals_refresh('q', items => 'touched');
SELECT count(*) FROM q_items WHERE id = 29;
-- nothing is left
CREATE TABLE rated_copy AS TABLE rated;
BEGIN;
TRUNCATE rated;
SELECT users_updated, users_added, users_removed = (SELECT n_users FROM m_copy) AS all_removed FROM wals_refresh('q');
SELECT n_users, n_entries, (SELECT count(*) FROM q_users) FROM q;
ROLLBACK;
SELECT count(*) AS left_over FROM q_queue;
DROP TABLE rated_copy;

-- ---------------------------------------------------------------------------
-- Every kind of objective
-- ---------------------------------------------------------------------------

CREATE TABLE user_trust AS SELECT u AS user_id, 0.5 + u % 3 AS weight FROM generate_series(1, 320) AS u;
CREATE TABLE item_trust AS SELECT i AS item_id, 0.5 + i % 4 AS weight FROM generate_series(5, 50) AS i;
CREATE FUNCTION refreshed(options text) RETURNS TABLE (users bigint, items bigint, folded boolean, explained boolean)
LANGUAGE plpgsql AS
$$
BEGIN
	PERFORM fill();
	DROP TABLE IF EXISTS form, form_users, form_items CASCADE;
	EXECUTE format('SELECT wals_train(''form'', ''rated'', factors => 6, iterations => 4%s)',
		COALESCE(', ' || NULLIF(options, ''), ''));
	DELETE FROM q_queue;
	PERFORM wals_queue_enable('form');
	INSERT INTO rated SELECT u, 41 + u % 2, 3, '2025-05-05' FROM generate_series(1, 9, 2) AS u;
	INSERT INTO rated SELECT 310, i, 1 + i % 4, '2025-05-05' FROM generate_series(1, 41, 4) AS i;
	SELECT users_updated + users_added, items_added FROM wals_refresh('form') INTO users, items;
	SELECT a.folded, a.explained FROM agrees('form', '{1,3,5,7,9,310}') AS a INTO folded, explained;
	PERFORM wals_queue_disable('form');
	RETURN NEXT;
END;
$$;
SELECT o.options, r.*
FROM unnest(ARRAY[
	'',
	$$value_col => 'stars'$$,
	$$value_col => 'stars', weighting => 'linear', alpha => 3$$,
	$$value_col => 'stars', weighting => 'log', alpha => 3, epsilon => 0.5$$,
	$$weighting => 'counts'$$,
	$$weighting => 'none'$$,
	$$value_col => 'stars', feedback => 'weighted', weighting => 'none', unobserved_weight => 0.7$$,
	$$row_weight_exponent => 0.5, col_weight_exponent => 0.7$$,
	$$row_weights => 'user_trust', col_weights => 'item_trust'$$,
	$$unobserved_weighting => 'popularity', popularity_exponent => 0.8, reg_exponent => 0.5$$,
	$$unobserved_weight => 0, regularization => 0.2, reg_exponent => 0$$,
	$$time_col => 'at', half_life => '20 days'$$,
	$$value_col => 'stars', duplicates => 'last', time_col => 'at'$$,
	$$value_col => 'stars', feedback => 'explicit'$$,
	$$value_col => 'stars', feedback => 'explicit', biases => false$$]) AS o (options), refreshed(o.options) AS r;
-- weights that were given count for who is new, too
SELECT folded FROM refreshed($$row_weights => 'user_trust', col_weights => 'item_trust'$$);
SELECT id, weight FROM form_users WHERE id IN (1, 310) ORDER BY id;
SELECT id, weight FROM form_items WHERE id IN (5, 41, 42) ORDER BY id;

-- ---------------------------------------------------------------------------
-- Who may, and what else is refused
-- ---------------------------------------------------------------------------

SELECT outcome($$SELECT wals_refresh('q', items => 'all')$$);
SELECT outcome($$SELECT wals_refresh('rated')$$);
BEGIN READ ONLY;
SELECT outcome($$SELECT wals_refresh('q')$$);
ROLLBACK;
CREATE ROLE regress_wals_refresh_writer;
CREATE ROLE regress_wals_refresh_reader;
GRANT USAGE ON SCHEMA refresh TO regress_wals_refresh_writer, regress_wals_refresh_reader;
GRANT INSERT, SELECT, DELETE ON rated TO regress_wals_refresh_writer;
GRANT SELECT ON rated, q, q_users, q_items TO regress_wals_refresh_reader;
-- granted before the queue is there: the role may write to it
SELECT wals_queue_disable('q'), wals_queue_enable('q');
SET ROLE regress_wals_refresh_writer;
INSERT INTO rated VALUES (15, 5, 4, now());
SELECT outcome('SELECT * FROM q_queue');
RESET ROLE;
SELECT * FROM q_queue;
-- and afterwards: it is told what is missing
REVOKE INSERT ON q_queue FROM regress_wals_refresh_writer;
SET ROLE regress_wals_refresh_writer;
SELECT outcome('INSERT INTO rated VALUES (15, 6, 4, now())');
RESET ROLE;
SET ROLE regress_wals_refresh_reader;
SELECT split_part(outcome($$SELECT wals_refresh('q')$$), E'\n', 1);
SELECT split_part(outcome($$SELECT wals_queue_enable('q')$$), E'\n', 1);
SELECT split_part(outcome($$SELECT wals_queue_disable('q')$$), E'\n', 1);
RESET ROLE;
-- a source that belongs to somebody else, and one that is no table
CREATE VIEW seen AS SELECT * FROM rated;
SELECT wals_train('v', 'seen', factors => 2, iterations => 1);
SELECT outcome($$SELECT wals_queue_enable('v')$$);
GRANT CREATE ON SCHEMA refresh TO regress_wals_refresh_reader;
SET ROLE regress_wals_refresh_reader;
SELECT wals_train('foreign_source', 'rated', factors => 2, iterations => 1);
SELECT outcome($$SELECT wals_queue_enable('foreign_source')$$);
RESET ROLE;
-- a table that takes the queue's place is not written to
SELECT wals_queue_disable('q');
SELECT wals_queue_enable('q');
DROP TABLE q_queue;
SET ROLE regress_wals_refresh_reader;
CREATE TABLE q_queue (user_id bigint, item_id bigint);
GRANT INSERT ON q_queue TO PUBLIC;
RESET ROLE;
INSERT INTO rated VALUES (16, 5, 4, now());
SELECT count(*) FROM q_queue;
SELECT wals_queue_disable('q');
DROP TABLE q_queue;
-- a trigger of another kind
CREATE TRIGGER each_row AFTER INSERT ON item_trust FOR EACH ROW EXECUTE FUNCTION wals_queue_touched('a', 'b', 'c', 'd');
SELECT outcome('INSERT INTO item_trust VALUES (90, 1)');
SELECT outcome('SELECT wals_queue_touched()');
-- a model goes with its queue
CREATE TABLE rated_again AS TABLE rated;
SELECT wals_train('gone', 'rated_again', factors => 2, iterations => 1);
SELECT wals_queue_enable('gone');
SELECT wals_drop('gone');
SELECT to_regclass('gone_queue'), (SELECT count(*) FROM pg_trigger WHERE tgrelid = 'rated_again'::regclass) AS triggers;
-- columns and types that have changed
SELECT wals_train('gone', 'rated_again', factors => 2, iterations => 1);
SELECT wals_queue_enable('gone');
INSERT INTO rated_again VALUES (1, 2, 3, now());
ALTER TABLE rated_again RENAME user_id TO who;
SELECT outcome($$SELECT wals_refresh('gone')$$);
ALTER TABLE rated_again RENAME who TO user_id;
ALTER TABLE rated_again ALTER user_id TYPE text;
SELECT outcome($$SELECT wals_refresh('gone')$$);
DROP TABLE rated_again;
SELECT split_part(outcome($$SELECT wals_refresh('gone')$$), ' ', 1);

SET client_min_messages = error;
DROP SCHEMA refresh CASCADE;
DROP ROLE regress_wals_refresh_writer, regress_wals_refresh_reader;
