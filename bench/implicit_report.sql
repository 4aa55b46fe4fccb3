-- The table of the section implicit.

CREATE TEMP VIEW lines AS
SELECT 1 AS place, 'wals, exact' AS way, m.run,
	max(value) FILTER (WHERE name = 'iterations') AS iterations,
	max(value) FILTER (WHERE name = 'solve') AS seconds,
	max(value) FILTER (WHERE name = 'loss') AS loss
FROM measure AS m WHERE line = 'implicit' GROUP BY m.run
UNION ALL
SELECT 2, way, run, iterations, seconds, loss FROM peer;

CREATE TEMP VIEW by_way AS
SELECT place, way, percentile_cont(0.5) WITHIN GROUP (ORDER BY iterations) AS iterations,
	percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds / iterations) AS each,
	percentile_cont(0.5) WITHIN GROUP (ORDER BY loss) AS loss
FROM lines GROUP BY place, way;

\pset footer off
SELECT by_way.way, by_way.iterations, round((by_way.each * by_way.iterations)::numeric, 2) AS seconds,
	round(by_way.each::numeric, 3) AS "per iteration, s",
	round((by_way.each / wals.each)::numeric, 2) AS "times wals",
	round(by_way.loss::numeric, 0) AS loss
FROM by_way, by_way AS wals
WHERE wals.place = 1
ORDER BY by_way.place, by_way.way;
