-- The table of the section threads.

CREATE TEMP VIEW lines AS
SELECT split_part(line, ' ', 2)::int AS threads,
	max(value) FILTER (WHERE name = 'solve') AS solve,
	max(value) FILTER (WHERE name = 'iteration') AS iteration,
	max(value) FILTER (WHERE name = 'loss') AS loss
FROM medians WHERE line LIKE 'threads %' GROUP BY line;

\pset footer off
SELECT lines.threads, round(lines.solve::numeric, 2) AS "all sweeps and losses, s",
	round((one.solve / lines.solve)::numeric, 2) AS "times one thread",
	round(lines.iteration::numeric, 3) AS "one iteration, s",
	round((one.iteration / lines.iteration)::numeric, 2) AS "times one thread ",
	lines.loss = one.loss AS "same loss"
FROM lines, lines AS one
WHERE one.threads = 1
ORDER BY lines.threads;
