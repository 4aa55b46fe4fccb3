-- The table of the section load.

\pset footer off
SELECT l.line AS ids, round((n.value / 1e6 / p.value)::numeric, 2) AS "million rows/s",
	round(s.value::numeric, 2) AS "SELECT sum(rating), s",
	round(l.value::numeric, 2) AS "rows of users, s",
	round((l.value / s.value)::numeric, 2) AS "to sum",
	round(p.value::numeric, 2) AS "both sides, s",
	round((p.value / s.value)::numeric, 2) AS "to sum "
FROM medians AS l
JOIN medians AS s ON s.line = l.line AND s.name = 'scan'
JOIN medians AS p ON p.line = l.line AND p.name = 'prepare'
JOIN medians AS n ON n.line = l.line AND n.name = 'rows'
WHERE l.name = 'load'
ORDER BY l.line;
