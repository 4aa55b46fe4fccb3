-- Arguments as drivers send them: typed by whoever binds them, or not at all.
CREATE SCHEMA argument_types;
SET search_path = argument_types, public;
\set VERBOSITY terse
CREATE TABLE ratings AS
SELECT u AS user_id, i AS item_id, 1 + (u * i) % 5 AS stars
FROM generate_series(1, 40) AS u, generate_series(1, 30) AS i WHERE (u * u + i * 3 + u * i) % 7 < 2;
SET client_min_messages = warning;
SELECT wals_train('m', 'ratings', factors => 8::bigint, iterations => 3::bigint, min_user_rows => 1::smallint,
	keep_versions => 3::bigint, max_seconds => 1000::bigint, cg_steps => 3::bigint, value_col => 'stars');

-- nothing is declared narrower than what a driver may send; wals_retrain's
-- version is what it returns
SELECT p.oid::regprocedure AS narrow
FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid JOIN pg_proc AS p ON p.oid = d.objid
WHERE e.extname = 'wals' AND d.deptype = 'e' AND d.classid = 'pg_proc'::regclass
	AND p.proargtypes::oid[] && '{int2,int4,float4,int2[],int4[],float4[]}'::regtype[]::oid[]
ORDER BY 1;

-- every spelling of a number gives the same list
CREATE FUNCTION list(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE 'SELECT string_agg(item_id::text, '','' ORDER BY rank) FROM ' || call INTO result;
	RETURN result;
EXCEPTION WHEN OTHERS THEN
	RETURN sqlstate || ': ' || sqlerrm;
END $$;
SELECT call, list(format(call, n, f)) = list(format(call, '5', '0.25')) AS same, list(format(call, n, f)) ~ '^[0-9,]+$' AS answered
FROM (VALUES ($$wals_recommend(1, %1$s, 'm', diversity => %2$s)$$),
	($$wals_recommend(1, %1$s, 'm', popularity_penalty => %2$s)$$),
	($$wals_recommend('1', %1$s, 'm', explore => %2$s)$$),
	($$wals_recommend(1, %1$s, 'm', min_score => - %2$s)$$),
	($$wals_recommend_for(ARRAY[1, 2]::bigint[], n => %1$s, model => 'm', min_score => %2$s)$$),
	($$wals_recommend_for(ARRAY[1, 2]::smallint[], ARRAY[1, %2$s], n => %1$s, model => 'm')$$),
	($$wals_recommend_for('{1,2}'::bigint[], weights => ARRAY[%2$s, 1], n => %1$s, model => 'm')$$),
	($$wals_similar_items(1, %1$s, 'm')$$),
	($$wals_popular(%1$s, 'm')$$)) AS c (call),
	(VALUES ('5::bigint', '0.25::double precision'), ('5::smallint', '0.25::real'), ('5', '0.25::numeric'),
		('''5''', '''0.25''')) AS spelling (n, f)
WHERE NOT (call ~ 'ARRAY|- ' AND f = '''0.25''')
ORDER BY call COLLATE "C", n, f;

-- LIMIT takes bigint, and so does n
SELECT count(*) FROM wals_recommend(1, 9223372036854775807, 'm');
SELECT count(*) FROM wals_recommend(1, 2147483648, 'm') HAVING count(*) = (SELECT count(*) FROM wals_recommend(1, NULL, 'm'));
SELECT count(*) FROM wals_recommend(1, -9223372036854775808, 'm');
SELECT count(*) FROM wals_popular((SELECT count(*) FROM generate_series(1, 4)), 'm');
-- and the planner knows it
CREATE FUNCTION estimated(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	EXECUTE 'EXPLAIN ' || query INTO line;
	RETURN substring(line from 'rows=(\d+)');
END $$;
SELECT estimated($$SELECT * FROM wals_recommend(1, 7::bigint, 'm')$$), estimated($$SELECT * FROM wals_recommend(1, 7, 'm')$$),
	estimated($$SELECT * FROM wals_recommend(1, 9223372036854775807, 'm')$$);

-- whole numbers beyond what a model can have
\set VERBOSITY default
SELECT wals_train('m', 'ratings', factors => 5000000000);
SELECT * FROM wals_profile('ratings', factors => 5000000000);
SELECT wals_train('m', 'ratings', keep_versions => -5000000000);
SELECT wals_activate('m', 5000000000);
SELECT wals_prune('m', 5000000000);
SELECT * FROM wals_evaluate('ratings', 'm', k => '{5000000000}');
SELECT * FROM wals_evaluate('ratings', 'm', version => 5000000000);
SELECT * FROM wals_tune('ratings', trials => 5000000000);
SELECT wals_loss_svg('m', width => 5000000000);
SELECT wals_loss_svg('m', version => 5000000000);
-- and fractions beyond single precision
SELECT * FROM wals_recommend_for('{1,2}'::bigint[], '{1e39,1}', 3, 'm');
SELECT * FROM wals_recommend_for('{1,2}'::bigint[], '{inf,1}', 3, 'm');
SELECT wals_fold_in('{1,2}'::bigint[], NULL, '{1,-1e39}', 'm');
SELECT count(*) FROM wals_recommend(1, 5, 'm', min_score => 1e300);
SELECT count(*) FROM wals_recommend(1, 5, 'm', min_score => -1e300);
SELECT count(*) FROM wals_recommend(1, 5, 'm', min_score => 'NaN');
SELECT * FROM wals_recommend(1, 5, 'm', diversity => 1e300);
SELECT count(*) FROM wals_recommend(1, 5, 'm', diversity => 1e-300);
-- min_score is rounded as scores are: what prints the same passes
SELECT count(*) >= 5 AS passes
FROM wals_recommend(1, 5, 'm') AS r, LATERAL wals_recommend(1, 5, 'm', min_score => r.score::text::double precision) AS again
WHERE again.item_id = r.item_id;

-- arrays without a type: the text of an array, ids as text
SELECT list($$wals_recommend_for('{1,2}', n => 5, model => 'm')$$) = list($$wals_recommend_for('{1,2}'::bigint[], n => 5, model => 'm')$$) AS same;
PREPARE untyped AS SELECT pg_typeof(item_id), count(*) FROM wals_recommend_for($1, $2, $3, $4) GROUP BY 1;
EXECUTE untyped('{1,2}', '{5,4}', 5, 'm');
EXECUTE untyped('{1,NULL}', NULL, 5, 'm');
EXECUTE untyped(NULL, NULL, 5, 'm');
EXECUTE untyped('{1,2}', '{5}', 5, 'm');
EXECUTE untyped('1,2', NULL, 5, 'm');
EXECUTE untyped('{{1},{2}}', NULL, 5, 'm');
DEALLOCATE untyped;
SELECT wals_fold_in('{1,2}', '{5,4}', model => 'm') = wals_fold_in('{1,2}'::bigint[], '{5,4}', model => 'm') AS same;
-- with a type they are as they were
SELECT DISTINCT pg_typeof(item_id) FROM wals_recommend_for(ARRAY[1, 2], n => 5, model => 'm');
SELECT DISTINCT pg_typeof(item_id) FROM wals_recommend_for(ARRAY['1', '2'], n => 5, model => 'm');
-- parameters without a type, everywhere at once
PREPARE untyped AS
SELECT count(*) FROM wals_recommend($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12);
EXECUTE untyped('1', '5', 'm', NULL, '{3}', 'true', '-5', 'popular', 'auto', '0.5', '0.25', '0');
DEALLOCATE untyped;

DROP SCHEMA argument_types CASCADE;
