-- Solvers: one objective, near losses, an exact end.
SET client_min_messages = warning;
CREATE SCHEMA solvers;
SET search_path = solvers, public;

-- users like items of their own kind, and some others
CREATE TABLE ratings AS
SELECT u AS user_id, i AS item_id, 1 + (u * 7 + i * 3) % 5 AS rating
FROM generate_series(1, 300) AS u, generate_series(1, 600) AS i
WHERE (u % 6 = i % 6 AND (u * i) % 7 < 5) OR (u * 31 + i * 17) % 23 = 0;

CREATE TABLE runs (options text, solver text, model text);
INSERT INTO runs
SELECT o, s, format('m%s%s', n, s) FROM (VALUES (1, 'factors => 130'),
	(2, 'factors => 130, weighting => ''linear'', alpha => 2'),
	(3, 'factors => 130, feedback => ''explicit'', regularization => 0.5')) AS x(n, o),
	unnest('{auto,cholesky,cg,block}'::text[]) AS s;
DO $$
DECLARE r record;
BEGIN
	FOR r IN SELECT * FROM runs LOOP
		EXECUTE format('SELECT wals_train(%L, ''ratings'', value_col => ''rating'', '
			'iterations => 8, solver => %L, %s)', r.model, r.solver, r.options);
	END LOOP;
END $$;
CREATE TABLE results (model text, loss float8, losses float8[], options jsonb);
DO $$
DECLARE r record;
BEGIN
	FOR r IN SELECT * FROM runs LOOP
		EXECUTE format('INSERT INTO results SELECT %L, loss, losses, options FROM %I',
			r.model, r.model);
	END LOOP;
END $$;
-- recorded as asked; the loss only falls; auto is cg; all come near the exact one
SELECT runs.options, solver, r.options->>'solver' AS recorded,
	r.options->>'cg_steps' AS cg_steps,
	(SELECT bool_and(b <= a * (1 + 1e-6)) FROM (SELECT l AS b, lag(l) OVER (ORDER BY n) AS a
		FROM unnest(r.losses) WITH ORDINALITY AS t(l, n)) AS x) AS falls,
	solver = 'auto' AND r.losses = (SELECT losses FROM results WHERE model = replace(r.model, 'auto', 'cg')) AS as_cg,
	r.losses = (SELECT losses FROM results WHERE model = replace(r.model, solver, 'cholesky')) AS as_exact,
	abs(r.loss / (SELECT loss FROM results WHERE model = replace(r.model, solver, 'cholesky')) - 1) < 0.02 AS near
FROM runs JOIN results AS r USING (model) ORDER BY runs.options COLLATE "C", solver COLLATE "C";

-- few factors: auto is exact
SELECT wals_train('few', 'ratings', factors => 127, iterations => 2);
SELECT wals_train('few', 'ratings', factors => 127, iterations => 2, solver => 'cholesky');
SELECT wals_train('few', 'ratings', factors => 127, iterations => 2, solver => 'cg');
SELECT count(DISTINCT losses) FROM few WHERE version <= 2;
SELECT a.losses <> b.losses AS differ FROM few AS a, few AS b
WHERE a.version = 2 AND b.version = 3;

-- one step from zero is far from a solution, but the users are exact at the end:
-- their part of the gradient is 0
SELECT wals_train('one', 'ratings', value_col => 'rating', factors => 64, iterations => 1,
	feedback => 'explicit', biases => false, regularization => 0.5, solver => 'cg', cg_steps => 1);
SELECT max(abs(g)) < 1e-3 AS exact FROM (
	SELECT sum((wals_score(u.id, r.item_id, 'one') - r.rating) * i.factors[f]) + 0.5 * count(*) * u.factors[f] AS g
	FROM one_users AS u JOIN ratings AS r ON r.user_id = u.id JOIN one_items AS i ON i.id = r.item_id,
		generate_series(1, 64) AS f
	WHERE u.id <= 3 GROUP BY u.id, u.factors, f) AS x;
-- a warm start goes on where the exact end was
SELECT wals_train('one', 'ratings', value_col => 'rating', factors => 64, iterations => 2,
	feedback => 'explicit', biases => false, regularization => 0.5, solver => 'cg', cg_steps => 1,
	warm_start => true);
SELECT b.losses[1] <= a.loss AND b.losses[2] <= b.losses[1] AS goes_on FROM one AS a, one AS b
WHERE a.version = 1 AND b.version = 2;

DROP SCHEMA solvers CASCADE;
