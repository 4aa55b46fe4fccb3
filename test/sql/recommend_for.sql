-- wals_recommend_for and wals_fold_in: ratings that are in no table.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET jit = off;
CREATE SCHEMA recommend_for;
SET search_path = recommend_for, public;

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

CREATE TABLE seen AS
SELECT u AS user_id, i AS item_id, (u * 3 + i * 5) % 5 + 1 AS stars, (u + i) % 3 + 1 AS trust
FROM generate_series(1, 40) AS u, generate_series(1, 25) AS i
WHERE (u * u + i * i + u * i) % 7 < 2 OR (u + i) % 9 = 0;
CREATE TABLE seen_text AS SELECT user_id, 'sku-' || item_id AS item_id FROM seen;
CREATE TABLE seen_uuid AS SELECT lpad(user_id::text, 32, '0')::uuid AS user_id, lpad(item_id::text, 32, 'a')::uuid AS item_id FROM seen;
SELECT wals_train('m', 'seen', value_col => 'stars', weight_col => 'trust', weighting => 'log', factors => 6, iterations => 5);
SELECT wals_train('e', 'seen', value_col => 'stars', feedback => 'explicit', factors => 6, iterations => 5);
SELECT wals_train('mixed', 'seen_text', factors => 6, iterations => 5);
SELECT wals_train('u', 'seen_uuid', factors => 6, iterations => 5);
SET wals.default_model = 'm';

-- ---------------------------------------------------------------------------
-- The rows of a user, as a basket, are answered like the user
-- ---------------------------------------------------------------------------

SELECT m.model, count(*) AS rows, bool_and(a.item_id = b.item_id AND abs(a.score - b.score) < 1e-5) AS same,
	string_agg(DISTINCT a.basis, ' ') AS basis
FROM unnest(ARRAY['m', 'e']::regclass[]) AS m(model), generate_series(1, 40) AS user_id,
	LATERAL (SELECT array_agg(s.item_id::bigint ORDER BY s.item_id) AS items, array_agg(s.stars::real ORDER BY s.item_id) AS stars,
		array_agg(s.trust::real ORDER BY s.item_id) AS trust FROM seen AS s WHERE s.user_id = user_id.user_id) AS basket,
	LATERAL wals_recommend_for(items, stars, 10, m.model, weights => CASE m.model::text WHEN 'm' THEN trust END) AS a
	LEFT JOIN LATERAL wals_recommend(user_id.user_id, 10, m.model) AS b USING (rank)
GROUP BY 1 ORDER BY 1::text;
-- and have the user's factors
SELECT bool_and((SELECT bool_and(abs(x - y) < 1e-5) FROM unnest(f.factors, wals_user_factors(u, 'm')) AS z(x, y))) AS same
FROM generate_series(1, 40) AS u,
	LATERAL (SELECT wals_fold_in(array_agg(item_id::bigint), array_agg(stars::real), array_agg(trust::real), 'm') AS factors
		FROM seen WHERE user_id = u) AS f;
-- in any order
SELECT wals_fold_in(ARRAY[3, 9, 5], ARRAY[1, 2, 3]) = wals_fold_in(ARRAY[5, 3, 9], ARRAY[3, 1, 2]) AS same;

-- ---------------------------------------------------------------------------
-- Arguments
-- ---------------------------------------------------------------------------

SELECT basis, count(*), bool_and(item_id NOT IN (3, 5)) AS without_the_basket FROM wals_recommend_for(ARRAY[3, 5]) GROUP BY 1;
SELECT count(*), bool_or(item_id IN (3, 5)) AS with_it FROM wals_recommend_for(ARRAY[3, 5], n => NULL, exclude_seen => false);
SELECT count(*) FROM wals_recommend_for(ARRAY[3, 5], n => 0);
SELECT array_agg(item_id ORDER BY item_id) FROM wals_recommend_for(ARRAY[3, 5], candidates => ARRAY[3, 7, 8, 999], exclude => ARRAY[8]);
SELECT bool_and(score >= 0.2) FROM wals_recommend_for(ARRAY[3, 5], min_score => 0.2);
-- values and weights matter
SELECT wals_fold_in(ARRAY[3, 5]) <> wals_fold_in(ARRAY[3, 5], ARRAY[1, 4]) AS by_value,
	wals_fold_in(ARRAY[3, 5]) <> wals_fold_in(ARRAY[3, 5], weights => ARRAY[1, 4]) AS by_weight,
	wals_fold_in(ARRAY[3, 5]) = wals_fold_in(ARRAY[3, 5], ARRAY[1, 1], ARRAY[1, 1]) AS default_is_one;
-- duplicates are merged as in the training: log(1 + 2), weights of 1 change nothing
SELECT wals_fold_in(ARRAY[3, 3, 5]) = wals_fold_in(ARRAY[3, 5], ARRAY[2, 1]) AS added_up,
	wals_fold_in(ARRAY[3, 3, 5], weights => ARRAY[1, 1, 1]) = wals_fold_in(ARRAY[3, 5], ARRAY[2, 1]) AS weights_too;
-- unknown items, NULLs and weight 0 are left out
SELECT wals_fold_in(ARRAY[3, 999, NULL, 5, 7, 8], ARRAY[1, 1, 1, 1, NULL, 1], ARRAY[1, 1, 1, 1, 1, 0]) = wals_fold_in(ARRAY[3, 5]) AS same;
SELECT wals_fold_in(ARRAY[999]) IS NULL AS unknown, wals_fold_in('{}'::bigint[]) IS NULL AS empty, wals_fold_in(NULL::bigint[]) IS NULL AS null_array,
	wals_fold_in(ARRAY[NULL]::bigint[]) IS NULL AS null_item;
SELECT DISTINCT basis FROM wals_recommend_for(ARRAY[999]);
-- min_score is about scores, not about popularity
SELECT count(*), min(basis) AS basis FROM wals_recommend_for(ARRAY[999], min_score => 1e30);
SELECT DISTINCT basis FROM wals_recommend_for('{}'::bigint[]);
SELECT count(*) FROM wals_recommend_for(NULL::bigint[]);
SELECT count(*) FROM wals_recommend_for(ARRAY[999], cold_start => 'none');
SELECT outcome($$SELECT * FROM wals_recommend_for(ARRAY[999], cold_start => 'error')$$);
SELECT outcome($$SELECT * FROM wals_recommend_for(ARRAY[3], cold_start => 'error')$$);
-- what makes no sense
SELECT outcome($$SELECT * FROM wals_recommend_for(ARRAY[3, 5], ARRAY[1])$$);
SELECT outcome($$SELECT * FROM wals_recommend_for(ARRAY[3, 5], weights => '{}')$$);
SELECT outcome($$SELECT * FROM wals_recommend_for(ARRAY[3, 5], ARRAY[1, 'NaN']::real[])$$);
SELECT outcome($$SELECT wals_fold_in(ARRAY[3, 5], ARRAY['-Infinity', 1]::real[])$$);
SELECT outcome($$SELECT wals_fold_in(ARRAY[3, 5], weights => ARRAY[1, -1])$$);
SELECT outcome($$SELECT wals_fold_in(ARRAY[3, 5], weights => ARRAY['NaN', 1]::real[])$$);
SELECT outcome($$SELECT wals_fold_in(ARRAY[[3, 5], [7, 8]])$$);
SELECT outcome($$SELECT wals_fold_in(ARRAY[3, 5], ARRAY[[1, 2]])$$);
SELECT outcome($$SELECT wals_fold_in(ARRAY[3, 3], ARRAY[3e38, 3e38])$$);
SELECT outcome($$SELECT * FROM wals_recommend_for(ARRAY[3], n => -1)$$);
SELECT outcome($$SELECT * FROM wals_recommend_for(ARRAY[3], min_score => 'NaN')$$);
SELECT outcome($$SELECT * FROM wals_recommend_for(ARRAY[3], cold_start => '')$$);
-- explicit feedback has no value to guess
SELECT outcome($$SELECT * FROM wals_recommend_for(ARRAY[3, 5], model => 'e')$$);
SELECT count(*) FROM wals_recommend_for(ARRAY[3, 5], ARRAY[5, 1], model => 'e');
-- duplicates last: the later in the array
SELECT wals_train('l', 'seen', value_col => 'stars', time_col => 'trust', feedback => 'weighted', factors => 4, iterations => 2, half_life => '1 s');
SELECT wals_fold_in(ARRAY[3, 5, 3], ARRAY[1, 2, 4], model => 'l') = wals_fold_in(ARRAY[5, 3], ARRAY[2, 4], model => 'l') AS last_one,
	wals_fold_in(ARRAY[3, 5, 3], ARRAY[4, 2, 1], model => 'l') = wals_fold_in(ARRAY[5, 3], ARRAY[2, 1], model => 'l') AS whatever_the_value;

-- ---------------------------------------------------------------------------
-- Types: only that of the items counts
-- ---------------------------------------------------------------------------

SELECT pg_typeof(item_id), basis, count(*) FROM wals_recommend_for(ARRAY['sku-3', 'sku-5'], n => 3, model => 'mixed') GROUP BY 1, 2;
SELECT pg_typeof(item_id), count(*) FROM wals_recommend_for(ARRAY['3', '5'], n => 3) GROUP BY 1;
SELECT pg_typeof(item_id), count(*) FROM wals_recommend_for(ARRAY[3, 5]::smallint[], n => 3) GROUP BY 1;
SELECT pg_typeof(item_id), count(*)
FROM wals_recommend_for(ARRAY[lpad('3', 32, 'a')]::uuid[], n => 3, model => 'u') GROUP BY 1;
SELECT outcome($$SELECT * FROM wals_recommend_for(ARRAY[3, 5], model => 'mixed')$$);
SELECT outcome($$SELECT * FROM wals_recommend_for(ARRAY['three'])$$);
-- an array without a type is taken by its text
SELECT outcome($$SELECT * FROM wals_recommend_for('{3,5}')$$);
PREPARE typed(bigint[]) AS SELECT count(*) FROM wals_recommend_for($1, n => 4);
EXECUTE typed('{3,5}');
-- the rights on the model are enough
CREATE ROLE regress_wals_for;
GRANT USAGE ON SCHEMA recommend_for TO regress_wals_for;
SET ROLE regress_wals_for;
SELECT outcome($$SELECT * FROM wals_recommend_for(ARRAY[3, 5], model => 'm')$$);
RESET ROLE;
GRANT SELECT ON m, m_users, m_items TO regress_wals_for;
SET ROLE regress_wals_for;
SELECT outcome($$SELECT * FROM wals_recommend_for(ARRAY[3, 5], model => 'm')$$);
RESET ROLE;
DROP OWNED BY regress_wals_for;
DROP ROLE regress_wals_for;

-- a large basket, and one that does not fit what is kept
SELECT count(*) > 0 AS answered FROM wals_recommend_for(ARRAY(SELECT i % 30 FROM generate_series(1, 100000) AS i), n => 3, exclude_seen => false);
SET wals.cache_mem = '1MB';
SELECT count(*) > 0 AS answered FROM wals_recommend_for(ARRAY(SELECT i % 30 FROM generate_series(1, 100000) AS i), n => 3, exclude_seen => false);
SELECT wals_fold_in(ARRAY[3, 5]) IS NOT NULL AS then_again;
RESET wals.cache_mem;

DROP SCHEMA recommend_for CASCADE;
