--
-- wals_tune with a limit of time and no number of trials: batches as long as
-- there is time; what it tries of itself, within wals.max_memory.
--
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA tune_time;
SET search_path = tune_time, public;
CREATE TABLE ratings AS
SELECT u AS user_id, i AS item_id
FROM generate_series(1, 90) AS u, generate_series(1, 40) AS i
WHERE (u * i + u * u * 3 + i * i) % 7 = 0 OR (u % 3 = i % 3 AND (u + i) % 2 = 0);

-- a list is gone through to its end, in batches of twenty, of which seven run
-- all of the iterations
CREATE TABLE listed AS
SELECT * FROM wals_tune('ratings', '{"factors": [2, 3, 4, 5, 6, 7, 8], "regularization": [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1], "iterations": 9}',
	max_seconds => 3600);
SELECT count(*) AS trials, count(DISTINCT options) AS different, count(*) FILTER (WHERE best) AS best FROM listed;
SELECT (trial - 1) / 20 AS batch, iterations, count(*) FROM listed GROUP BY 1, 2 ORDER BY 1, 2;
-- the best is the best of those that were run to their end, of any batch
SELECT iterations = 9 AS is_whole, value = (SELECT max(value) FROM listed WHERE iterations = 9) AS is_best
FROM listed AS l WHERE best;
-- one batch is what as many trials are
SELECT count(*) AS trials, bool_and(l.options = t.options AND l.value = t.value AND l.iterations = t.iterations) AS same
FROM listed AS l JOIN wals_tune('ratings', '{"factors": [2, 3, 4, 5, 6, 7, 8], "regularization": [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1], "iterations": 9}',
	trials => 20, search => 'model') AS t USING (trial) WHERE trial <= 20;
-- more of them than a model is made of; none is tried twice
SELECT count(*) AS trials, count(DISTINCT options) AS different
FROM wals_tune('ratings', '{"factors": [1, 2], "iterations": 1, "regularization": [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 2, 5],
	"unobserved_weight": [0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.6, 1]}', max_seconds => 3600, max_users => 20);
-- few of them are a grid, and one that is asked for is gone through in order
SELECT count(*) AS trials, min(iterations) FROM wals_tune('ratings', '{"factors": [2, 3, 4], "iterations": 3}', max_seconds => 3600);
SELECT count(*) AS trials, min(iterations), max(trial) FILTER (WHERE options ->> 'factors' = '2') AS last_of_first
FROM wals_tune('ratings', '{"factors": [2, 3], "iterations": 1, "regularization": [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 3, 4, 5, 6]}',
	max_seconds => 3600, search => 'grid');
-- a number of trials holds, with time and without
SELECT count(*) FROM wals_tune('ratings', '{"factors": {"min": 2, "max": 8}, "iterations": 1}', trials => 5, max_seconds => 3600);
SELECT count(*) FROM wals_tune('ratings', '{"factors": {"min": 2, "max": 200}, "iterations": 1}', max_users => 5);

-- what it tries of itself reaches 512 factors, and no more than fit
SELECT count(*) AS trials, max((options ->> 'factors')::integer) = 512 AS reaches
FROM wals_tune('ratings', trials => 20, max_users => 20) AS t;
-- and whatever it finds is no worse than the defaults, which run to their end,
-- also where others are ahead after the first round
SELECT seed, min(iterations) FILTER (WHERE trial = 1) AS of_defaults,
	max(value) FILTER (WHERE best) >= max(value) FILTER (WHERE trial = 1) AS no_worse
FROM generate_series(0, 3) AS s (seed), LATERAL wals_tune('ratings', trials => 20, seed => s.seed) AS t
GROUP BY seed ORDER BY seed;
SET wals.threads = 1;
SET wals.max_memory = '4MB';
SELECT count(*) AS trials, max((options ->> 'factors')::integer) AS most, count(*) FILTER (WHERE value IS NULL) AS failed
FROM wals_tune('ratings', trials => 20, max_users => 20) AS t;
RESET wals.max_memory;
RESET wals.threads;

DROP SCHEMA tune_time CASCADE;
