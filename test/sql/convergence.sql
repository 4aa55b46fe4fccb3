-- Trainings that end with directions killed by regularization, or kept alive by
-- none: every one of them ends, whatever the solver.
\set SHOW_CONTEXT never
SET client_min_messages = error; -- most of these models cannot tell items apart
CREATE SCHEMA convergence;
SET search_path = convergence, public;

CREATE TABLE ratings AS
SELECT u AS user_id, i AS item_id, 1 + (u * 7 + i * 3 + u * i) % 5 AS rating
FROM generate_series(1, 300) AS u, generate_series(1, 150) AS i
WHERE (u * 7919 + i * 104729 + u * i * 31) % 500 < 500 / (2 + i);

-- ---------------------------------------------------------------------------
-- Any regularization, any number of factors, any solver
-- ---------------------------------------------------------------------------

CREATE TABLE outcomes (options text, outcome text, loss float8, finite boolean);
CREATE PROCEDURE attempt(options text) LANGUAGE plpgsql AS
$$
DECLARE
	loss float8;
	finite boolean;
BEGIN
	EXECUTE 'SELECT wals_train(''m'', ''ratings'', keep_versions => 1, ' || options || ')';
	SELECT m.loss INTO loss FROM m;
	-- and none below the normal range of real
	SELECT count(*) = count(*) FILTER (WHERE abs(f) < 1e10 AND (f = 0 OR abs(f) >= 1.17549435e-38)) INTO finite
	FROM (SELECT factors FROM m_users UNION ALL SELECT factors FROM m_items) AS x, unnest(factors) AS f;
	INSERT INTO outcomes VALUES (options, 'trained', loss, finite);
EXCEPTION WHEN OTHERS THEN
	INSERT INTO outcomes VALUES (options, SQLSTATE || ' ' || SQLERRM, NULL, NULL);
END;
$$;
DO $$
DECLARE o text;
BEGIN
	FOR o IN
		SELECT format('factors => %s, regularization => %s, solver => %L', k, lambda, solver)
		FROM unnest('{5,64,129}'::int[]) AS k,
			unnest('{0.001,0.01,0.05,0.1,0.3,1,3,10,100,1000}'::numeric[]) AS lambda,
			unnest('{cholesky,cg,block}'::text[]) AS solver
		WHERE k <> 129 OR (solver = 'cg') = (lambda < 1)
		UNION ALL
		SELECT format('factors => 1024, regularization => %s, iterations => 2', lambda)
		FROM unnest('{0.1,3}'::numeric[]) AS lambda
		UNION ALL
		SELECT format('factors => 64, regularization => %s, feedback => %L, value_col => ''rating''', lambda, feedback)
		FROM unnest('{0.001,0.1,1,10,1000}'::numeric[]) AS lambda,
			unnest('{explicit,weighted}'::text[]) AS feedback
	LOOP
		CALL attempt(o);
	END LOOP;
END $$;
SELECT outcome, finite, count(*) FROM outcomes GROUP BY outcome, finite ORDER BY 1, 2;
SELECT * FROM outcomes WHERE outcome <> 'trained' OR NOT finite;

-- ---------------------------------------------------------------------------
-- Thirty nights: each training begins where the one before ended
-- ---------------------------------------------------------------------------

CREATE TABLE nights (regularization numeric, night int, loss float8);
DO $$
DECLARE lambda numeric;
BEGIN
	FOREACH lambda IN ARRAY '{0.03,0.1}'::numeric[] LOOP
		PERFORM wals_train('n', 'ratings', factors => 64, regularization => lambda, iterations => 3,
			keep_versions => 1);
		INSERT INTO nights SELECT lambda, 0, loss FROM n;
		FOR night IN 1 .. 30 LOOP
			PERFORM wals_train('n', 'ratings', factors => 64, regularization => lambda, iterations => 3,
				keep_versions => 1, warm_start => true);
			INSERT INTO nights SELECT lambda, night, loss FROM n;
		END LOOP;
		PERFORM wals_drop('n');
	END LOOP;
END $$;
SELECT regularization, count(*), bool_and(loss <= before * (1 + 1e-5)) AS falls
FROM (SELECT *, lag(loss) OVER (PARTITION BY regularization ORDER BY night) AS before FROM nights) AS x
GROUP BY regularization ORDER BY regularization;

-- ---------------------------------------------------------------------------
-- Ratings of which one is a billion times the others
-- ---------------------------------------------------------------------------

CREATE TABLE outlier AS
SELECT u AS user_id, i AS item_id, CASE WHEN u = 7 AND i = 9 THEN 1e9 ELSE 1 + (u * 7 + i * 3) % 5 END AS value
FROM generate_series(1, 200) AS u, generate_series(1, 60) AS i
WHERE (u * 7919 + i * 104729 + u * i * 31) % 101 < 30 OR (u = 7 AND i = 9);
CREATE TABLE spread (k int, lambda float8, outcome text, finite boolean, near boolean);
DO $$
DECLARE
	lambda float8;
	k int;
	finite boolean;
	near boolean;
BEGIN
	FOREACH lambda IN ARRAY '{1e-12,1e-9,1e-6,1e-3,1}'::float8[] LOOP
		FOREACH k IN ARRAY '{8,32}'::int[] LOOP
			BEGIN
				PERFORM wals_train('o', 'outlier', value_col => 'value', feedback => 'explicit',
					factors => k, regularization => lambda, keep_versions => 1);
				SELECT count(*) = count(*) FILTER (WHERE abs(f) < 1e20) INTO finite
				FROM (SELECT factors FROM o_users UNION ALL SELECT factors FROM o_items) AS x, unnest(factors) AS f;
				-- the reasons of a score add up to it
				SELECT abs(sum(contribution) - s.score) <= 1e-3 * (1 + max(abs(contribution)) + abs(s.score)) INTO near
				FROM wals_explain(7, 9, 100, 'o'), (SELECT wals_score(7, 9, 'o') AS score) AS s GROUP BY s.score;
				INSERT INTO spread VALUES (k, lambda, 'trained', finite, near);
			EXCEPTION WHEN OTHERS THEN
				INSERT INTO spread VALUES (k, lambda, SQLSTATE || ' ' || SQLERRM);
			END;
		END LOOP;
	END LOOP;
END $$;
SELECT * FROM spread ORDER BY k, lambda;

DROP SCHEMA convergence CASCADE;
