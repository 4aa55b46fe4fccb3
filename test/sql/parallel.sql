-- Parallel plans and temporary tables: what reads the source stays in the leader,
-- scores of what is stored do not.
\set SHOW_CONTEXT never
SET client_min_messages = error;
SET jit = off;
CREATE SCHEMA parallel;
SET search_path = parallel, public;
SET wals.threads = 1;

CREATE TEMPORARY TABLE clicks AS
SELECT u AS user_id, (u * i * 7 + i * i) % 40 AS item_id, 1 + (u + i) % 5 AS n
FROM generate_series(1, 60) AS u, generate_series(1, 12) AS i;
CREATE VIEW pg_temp.over_clicks AS SELECT * FROM clicks;
CREATE TEMPORARY TABLE test AS SELECT DISTINCT user_id, (item_id + 1) % 39 AS item_id, 3 AS n FROM clicks WHERE user_id % 3 = 0;
CREATE TEMPORARY TABLE names AS SELECT i AS id, 'item ' || i AS name FROM generate_series(0, 39) AS i;
-- of users some have no factors, and are folded in
SELECT wals_train('m', 'clicks', factors => 4, iterations => 2);
SELECT wals_train('v', 'over_clicks', value_col => 'n', feedback => 'explicit', factors => 2, iterations => 2);
INSERT INTO clicks SELECT 61, i, 1 FROM generate_series(1, 5) AS i;
CREATE TABLE many AS SELECT 1 + g % 62 AS u, g % 40 AS i, (1 + g % 62)::text AS ut, (g % 40)::text AS it FROM generate_series(1, 4000) AS g;
ANALYZE many;
SET wals.default_model = 'm';

-- what can be parallel is, and everything is tried in a worker
SELECT count(set_config(name, CASE vartype WHEN 'enum' THEN 'on' ELSE setting END, false)) FROM pg_settings
WHERE name IN ('force_parallel_mode', 'debug_parallel_query');
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SET enable_material = off;

-- is it in a worker that a function is called?
CREATE FUNCTION place(statement text) RETURNS text LANGUAGE plpgsql AS
$$
DECLARE
	line text;
	depth integer;
	gather integer := 1000; -- depth of the node whose children workers run
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF, VERBOSE) ' || statement LOOP
		depth := length(substring(line FROM '^ *'));
		IF depth <= gather THEN
			gather := CASE WHEN line ~ 'Gather' THEN depth ELSE 1000 END;
		END IF;
		IF line ~ '(Filter|Function Call):.*wals_' THEN
			RETURN CASE WHEN depth > gather THEN 'worker' ELSE 'leader' END;
		END IF;
	END LOOP;
END;
$$;
SELECT place('SELECT count(*) FROM many WHERE wals_score(u, i) > 0') AS score,
	place('SELECT count(*) FROM many WHERE wals_score(ut, it, ''m'') > 0') AS text,
	place('SELECT count(*) FROM many WHERE wals_score(u, i, fold_in => ''never'') > 0') AS never,
	place('SELECT count(*) FROM many WHERE wals_score(u, i, fold_in => ''auto'') > 0') AS auto,
	place('SELECT count(*) FROM many WHERE wals_score(u, i, fold_in => ut) > 0') AS unknown,
	place('SELECT count(*) FROM many, LATERAL wals_recommend(u, 3)') AS recommend,
	place('SELECT count(*) FROM many, LATERAL wals_similar_items(i, 3)') AS similar;
-- the one that is put in its place is no way around its rights
REVOKE EXECUTE ON FUNCTION wals_score(bigint, bigint, regclass, text) FROM PUBLIC;
CREATE ROLE regress_wals_scorer;
GRANT USAGE ON SCHEMA parallel TO regress_wals_scorer;
GRANT SELECT ON m, m_users, m_items, many TO regress_wals_scorer;
SET ROLE regress_wals_scorer;
SELECT count(*) FROM many WHERE wals_score(u, i) > 0;
RESET ROLE;
GRANT EXECUTE ON FUNCTION wals_score(bigint, bigint, regclass, text) TO PUBLIC;
REVOKE EXECUTE ON FUNCTION _wals_score_stored(bigint, bigint, regclass) FROM PUBLIC;
SET ROLE regress_wals_scorer;
SELECT count(*) > 0 FROM many WHERE wals_score(u, i) > 0;
RESET ROLE;
GRANT EXECUTE ON FUNCTION _wals_score_stored(bigint, bigint, regclass) TO PUBLIC;
DROP OWNED BY regress_wals_scorer;
DROP ROLE regress_wals_scorer;

-- everything that reads a source, and what reads the model alone
SELECT count(*) FILTER (WHERE wals_score(u, i) IS NOT NULL) AS stored,
	count(*) FILTER (WHERE wals_score(u, i, fold_in => 'auto') IS NOT NULL) AS auto,
	count(*) FILTER (WHERE wals_score(ut, it, 'v', 'always') IS NOT NULL) AS always FROM many;
SELECT count(*) FROM many WHERE wals_score(u, i, fold_in => 'auto') IS NOT NULL;
SELECT count(*) FROM many, LATERAL wals_recommend(u, 3);
SELECT count(*) FROM many, LATERAL wals_recommend(ut, 3, 'v', fold_in => 'always');
SELECT count(*) FROM many, LATERAL wals_recommend_users(i, 3);
SELECT count(*) > 0 FROM many, LATERAL wals_explain(u, i, model => 'v');
SELECT count(wals_user_factors(u)), count(wals_user_factors(ut, 'v', 'always')) FROM many;
SELECT count(*) FROM wals_recommend_all(3);
SELECT count(*) FROM wals_recommend_all_bigint(3, 'v');
SELECT count(*) FROM many, LATERAL wals_similar_items(i, 3);
SELECT count(*) FROM many, LATERAL wals_similar_users(u, 3) WHERE u < 60;
SELECT count(*) FROM many, LATERAL wals_recommend_for(ARRAY[i], n => 3);
SELECT count(wals_fold_in(ARRAY[i])) FROM many;
SELECT count(*) FROM many, LATERAL wals_popular(3);
SELECT count(*) FROM wals_map('m');
SELECT length(wals_map_svg('m', labels => 'names')) > 0;
SELECT count(*) > 0 FROM wals_evaluate('test', 'v', candidates => 'test');
SELECT count(*) > 0 FROM wals_compare('test', 'm', 'v');
SELECT count(*) > 0 FROM wals_profile('clicks');
SELECT count(*) FROM wals_models WHERE source = 'clicks'::regclass;
RESET ALL;

-- a model itself is not temporary: other sessions could not list it
SET client_min_messages = error;
SET search_path = parallel, public;
SELECT wals_train('pg_temp.t', 'clicks');
CREATE TEMPORARY TABLE t OF wals_model;
INSERT INTO t SELECT * FROM m;
SELECT wals_recommend(1, 3, 't');
SELECT model FROM wals_models WHERE model = 't'::regclass;
CREATE TEMPORARY TABLE u OF wals_factors_bigint;
ALTER TABLE m DISABLE TRIGGER wals_guard;
UPDATE m SET users_table = 'u';
SELECT wals_score(1, 3, 'm');

DROP SCHEMA parallel CASCADE;
