-- wals_score in the middle of queries: what it keeps between the rows of a query
-- never outlives what it depends on.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET jit = off;
CREATE SCHEMA score;
SET search_path = score, public;

CREATE TABLE seen AS
SELECT u AS user_id, i AS item_id
FROM generate_series(1, 60) AS u, generate_series(1, 40) AS i
WHERE (u * u + i * i + u * i) % 7 < 2 AND (u % 3 = i % 3 OR (u + i) % 9 = 0);
CREATE TABLE seen_text AS SELECT 'u' || user_id AS user_id, 'i' || item_id AS item_id FROM seen;
CREATE TABLE seen_uuid AS
SELECT lpad(user_id::text, 32, '0')::uuid AS user_id, lpad(item_id::text, 32, 'a')::uuid AS item_id FROM seen;
SELECT wals_train('m', 'seen', factors => 8, iterations => 3);
SELECT wals_train('other', 'seen', factors => 4, iterations => 3, seed => 5);
SELECT wals_train('texts', 'seen_text', factors => 8, iterations => 3);
SELECT wals_train('uuids', 'seen_uuid', factors => 8, iterations => 3);
SET wals.default_model = 'm';
-- every pair, with the model's own number
CREATE FUNCTION stored(who bigint, what bigint) RETURNS float8 LANGUAGE plpgsql STABLE AS
$$
BEGIN
	-- planned anew when a version comes, which a function in SQL is not
	RETURN (SELECT sum(a::float8 * b) FROM m JOIN m_users AS u USING (version) JOIN m_items AS i USING (version),
		LATERAL unnest(u.factors, i.factors) AS f(a, b) WHERE m.active AND u.id = who AND i.id = what);
END;
$$;

-- ---------------------------------------------------------------------------
-- Users and items in every order
-- ---------------------------------------------------------------------------

SELECT count(*) AS pairs, count(*) FILTER (WHERE NOT abs(wals_score(u, i) - stored(u, i)) < 1e-5) AS wrong
FROM generate_series(1, 60) AS u, generate_series(1, 40) AS i;
SELECT count(*) AS pairs, count(*) FILTER (WHERE NOT abs(wals_score(u, i) - stored(u, i)) < 1e-5) AS wrong
FROM (SELECT u, i FROM generate_series(1, 60) AS u, generate_series(1, 40) AS i ORDER BY i, u) AS x;
-- known, unknown and NULL by turns
SELECT u, i, wals_score(u, i) IS NOT NULL AS known FROM unnest(ARRAY[1, 1, 999, 999, 1, NULL, 1, 1]) WITH ORDINALITY AS a(u, place)
JOIN unnest(ARRAY[1, 999, 1, 999, 2, 1, NULL, 3]) WITH ORDINALITY AS b(i, place) USING (place) ORDER BY place;
SELECT count(*) AS pairs, count(*) FILTER (WHERE wals_score('u' || u, 'i' || i, 'texts') IS NULL) AS unknown, count(DISTINCT wals_score('u' || u, 'i' || i, 'texts')) > 100 AS differ
FROM generate_series(1, 60) AS u, generate_series(1, 40) AS i;
SELECT count(*) AS pairs, count(*) FILTER (WHERE wals_score(lpad(u::text, 32, '0')::uuid, lpad(i::text, 32, 'a')::uuid, 'uuids')
	IS DISTINCT FROM wals_score(lpad(u::text, 32, '0'), lpad(i::text, 32, 'a'), 'uuids')) AS wrong
FROM generate_series(1, 60) AS u, generate_series(1, 40) AS i;
-- in WHERE and ORDER BY
SELECT array_agg(i) = ARRAY(SELECT item_id FROM wals_recommend(7, 5, exclude_seen => false)) AS same
FROM (SELECT i::bigint FROM generate_series(1, 50) AS i WHERE wals_score(7, i) > -10 ORDER BY wals_score(7, i) DESC NULLS LAST LIMIT 5) AS x;

-- ---------------------------------------------------------------------------
-- One place in a query, several models
-- ---------------------------------------------------------------------------

SELECT count(*) AS pairs, count(*) FILTER (WHERE wals_score(7, i, model) IS DISTINCT FROM CASE model WHEN 'm'::regclass THEN wals_score(7, i, 'm') ELSE wals_score(7, i, 'other') END) AS wrong,
	count(DISTINCT wals_score(7, i, model)) > 40 AS two_models
FROM generate_series(1, 40) AS i CROSS JOIN unnest(ARRAY['m', 'other']::regclass[]) AS model;
-- the default changes between two rows
SELECT i, wals_score(7, 3) = wals_score(7, 3, (CASE i % 2 WHEN 0 THEN 'm' ELSE 'other' END)::regclass) AS as_set
FROM (SELECT i, set_config('wals.default_model', CASE i % 2 WHEN 0 THEN 'm' ELSE 'other' END, false) FROM generate_series(1, 4) AS i OFFSET 0) AS x;
SET wals.default_model = 'm';

-- ---------------------------------------------------------------------------
-- One expression, several versions: the loop of a function keeps its state
-- ---------------------------------------------------------------------------

CREATE FUNCTION scores_while(statement text) RETURNS TABLE (step integer, right_one boolean) LANGUAGE plpgsql AS
$$
DECLARE
	score real;
BEGIN
	FOR i IN 1 .. 4 LOOP
		score := wals_score(7, 3);
		step := i;
		right_one := abs(score - stored(7, 3)) < 1e-5;
		RETURN NEXT;
		IF i = 2 THEN
			EXECUTE statement;
		END IF;
	END LOOP;
END;
$$;
SELECT * FROM scores_while('SELECT wals_train(''m'', ''seen'', factors => 8, iterations => 3, seed => 9)');
SELECT * FROM scores_while('SELECT wals_activate(''m'', 1)');
BEGIN;
SELECT * FROM scores_while('UPDATE m_users SET factors = array_fill(0.5::real, ARRAY[8]) WHERE id = 7');
ROLLBACK;
SELECT abs(wals_score(7, 3) - stored(7, 3)) < 1e-5 AS right_one;
-- rolled back inside: what was seen then is not seen any more
CREATE FUNCTION scores_undone() RETURNS TABLE (step integer, right_one boolean) LANGUAGE plpgsql AS
$$
DECLARE
	score real;
BEGIN
	FOR i IN 1 .. 4 LOOP
		BEGIN
			IF i = 2 THEN
				UPDATE m_users SET factors = array_fill(0.5::real, ARRAY[8]) WHERE id = 7;
			END IF;
			score := wals_score(7, 3);
			step := i;
			right_one := abs(score - stored(7, 3)) < 1e-5;
			RETURN NEXT;
			RAISE EXCEPTION 'undo';
		EXCEPTION WHEN raise_exception THEN
			NULL;
		END;
	END LOOP;
END;
$$;
SELECT * FROM scores_undone();
-- also when the transaction's snapshot stays
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT * FROM scores_undone();
ROLLBACK;
BEGIN;
SAVEPOINT a;
UPDATE m_users SET factors = array_fill(0.5::real, ARRAY[8]) WHERE id = 7;
SELECT abs(wals_score(7, 3) - stored(7, 3)) < 1e-5 AS right_one;
ROLLBACK TO a;
SELECT abs(wals_score(7, 3) - stored(7, 3)) < 1e-5 AS right_one;
ROLLBACK;
-- dropped and trained anew, and gone
CREATE FUNCTION scores_anew() RETURNS SETOF boolean LANGUAGE plpgsql AS
$$
BEGIN
	FOR i IN 1 .. 3 LOOP
		PERFORM wals_train('fleeting', 'seen', factors => i + 1, iterations => 1);
		RETURN NEXT (SELECT bool_and(wals_score(7, item) IS NOT NULL) FROM generate_series(1, 40) AS item);
		PERFORM wals_drop('fleeting');
	END LOOP;
	PERFORM wals_score(7, 3, 'fleeting');
EXCEPTION WHEN undefined_table THEN
	RETURN NEXT NULL;
END;
$$;
SET wals.default_model = 'fleeting';
SELECT * FROM scores_anew();
SET wals.default_model = 'm';
-- damage that is seen, and repaired
BEGIN;
UPDATE m_users SET factors = '{NaN,0,0,0,0,0,0,0}' WHERE id = 7;
SAVEPOINT a;
SELECT wals_score(7, 3);
ROLLBACK TO a;
SELECT wals_score(8, 3) IS NOT NULL AS others;
ROLLBACK;
BEGIN;
UPDATE m_users SET factors = array_fill('3e38'::real, ARRAY[8]) WHERE id = 7;
UPDATE m_items SET factors = array_fill(2::real, ARRAY[8]) WHERE id = 3;
SELECT wals_activate('m', 1);
SELECT wals_score(7, 3);
ROLLBACK;

-- ---------------------------------------------------------------------------
-- Rights
-- ---------------------------------------------------------------------------

CREATE ROLE regress_wals_scorer;
GRANT USAGE ON SCHEMA score TO regress_wals_scorer;
GRANT SELECT ON m, m_users, m_items TO regress_wals_scorer;
-- one expression, two roles: rights are those of the moment
CREATE FUNCTION scores_as(role name) RETURNS text LANGUAGE plpgsql AS
$$
DECLARE
	score real;
	result text := '';
BEGIN
	FOR i IN 1 .. 2 LOOP
		score := wals_score(7, 3, 'other');
		result := result || CASE WHEN score IS NULL THEN 'null ' ELSE 'score ' END;
		EXECUTE format('SET LOCAL ROLE %I', role);
	END LOOP;
	RETURN result;
EXCEPTION WHEN insufficient_privilege THEN
	RETURN 'refused: ' || SQLERRM;
END;
$$;
SELECT scores_as(current_user);
SELECT scores_as('regress_wals_scorer');
-- taken away between two statements of one transaction
BEGIN;
SET LOCAL ROLE regress_wals_scorer;
SELECT wals_score(7, 3) IS NOT NULL AS allowed;
RESET ROLE;
REVOKE SELECT ON m_items FROM regress_wals_scorer;
SET LOCAL ROLE regress_wals_scorer;
SELECT wals_score(7, 3);
ROLLBACK;
-- row security: of the users, of the items, by a setting that changes
ALTER TABLE m_users ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON m_users USING (id % 2 = current_setting('score.parity')::integer);
ALTER TABLE m_items ENABLE ROW LEVEL SECURITY;
CREATE POLICY low ON m_items USING (id <= 20);
SET ROLE regress_wals_scorer;
SET score.parity = 0;
SELECT count(wals_score(u, i)) AS known, count(wals_score(u, i)) FILTER (WHERE u % 2 = 1 OR i > 20) AS hidden
FROM generate_series(1, 60) AS u, generate_series(1, 40) AS i;
SELECT p, count(wals_score(7, i)) AS known
FROM (SELECT p, set_config('score.parity', p::text, false) FROM generate_series(0, 2) AS p OFFSET 0) AS x CROSS JOIN LATERAL (SELECT i FROM generate_series(1, 40) AS i WHERE p >= 0) AS y
GROUP BY 1 ORDER BY 1;
RESET ROLE;
SELECT count(wals_score(u, i)) AS the_owner_sees FROM generate_series(1, 60) AS u, generate_series(1, 40) AS i;
-- the same scores by the item's key as from memory
SET score.parity = 1;
CREATE TABLE by_owner AS SELECT i, wals_score(7, i) AS score FROM generate_series(1, 20) AS i;
GRANT SELECT ON by_owner TO regress_wals_scorer;
SET ROLE regress_wals_scorer;
SELECT count(*) AS pairs, count(*) FILTER (WHERE wals_score(7, i) IS DISTINCT FROM score) AS wrong FROM by_owner;
RESET ROLE;
ALTER TABLE m_users DISABLE ROW LEVEL SECURITY;
ALTER TABLE m_items DISABLE ROW LEVEL SECURITY;

-- ---------------------------------------------------------------------------
-- Parallel query, generic plans
-- ---------------------------------------------------------------------------

CREATE TABLE pairs AS SELECT u, i, wals_score(u, i) AS score FROM generate_series(1, 60) AS u, generate_series(1, 40) AS i;
ANALYZE pairs;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT count(*) FROM pairs WHERE wals_score(u, i) IS DISTINCT FROM score;
SELECT count(*) AS wrong FROM pairs WHERE wals_score(u, i) IS DISTINCT FROM score;
RESET max_parallel_workers_per_gather;
-- calls that fold in between calls that keep what they know
SELECT count(*) AS wrong FROM pairs
WHERE NOT abs(wals_score(u, i, fold_in => CASE i % 3 WHEN 0 THEN 'never' WHEN 1 THEN 'auto' ELSE 'always' END) - score) < 1e-4;
SET plan_cache_mode = force_generic_plan;
PREPARE generic(bigint) AS SELECT count(*) AS wrong FROM pairs WHERE u = $1 AND wals_score($1, i) IS DISTINCT FROM score;
EXECUTE generic(7);
EXECUTE generic(8);
DEALLOCATE generic;
RESET ALL;

SET client_min_messages = warning;
DROP SCHEMA score CASCADE;
DROP ROLE regress_wals_scorer;
