-- The table of the section growth.

CREATE TEMP VIEW lines AS
SELECT line,
	max(value) FILTER (WHERE name = 'k') AS k,
	max(value) FILTER (WHERE name = 'users') AS users,
	max(value) FILTER (WHERE name = 'items') AS items,
	max(value) FILTER (WHERE name = 'entries') AS entries,
	max(value) FILTER (WHERE name = 'load') AS load,
	max(value) FILTER (WHERE name = 'iteration') AS iteration
FROM medians
WHERE line = 'all' OR line ~ '^(entries|users|factors) '
GROUP BY line;

\pset footer off
SELECT part.line AS part, part.users, part.items, part.entries, part.k,
	round(part.load::numeric, 2) AS "load, s",
	round((part.load / whole.load)::numeric, 3) AS "of all",
	round((part.entries / whole.entries)::numeric, 3) AS "entries of all",
	round(part.iteration::numeric, 3) AS "iteration, s",
	round((part.iteration / whole.iteration)::numeric, 3) AS "of all ",
	round(((flops(part.entries, part.users, part.k) + flops(part.entries, part.items, part.k))
		/ (flops(whole.entries, whole.users, whole.k)
			+ flops(whole.entries, whole.items, whole.k)))::numeric, 3) AS "work of all"
FROM lines AS part, lines AS whole
WHERE whole.line = 'all'
ORDER BY split_part(part.line, ' ', 1), part.entries, part.k;
