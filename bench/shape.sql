-- The shape of the table "ratings" in words.

WITH u AS (SELECT count(*) AS n FROM ratings GROUP BY user_id),
	i AS (SELECT count(*) AS n FROM ratings GROUP BY item_id)
SELECT format('%s ratings (%s); %s users with %s (min), %s (median), %s (max) each; '
	'%s items with %s, %s, %s',
	(SELECT sum(n) FROM u), pg_size_pretty(pg_relation_size('ratings')),
	(SELECT count(*) FROM u), (SELECT min(n) FROM u),
	(SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY n) FROM u),
	(SELECT max(n) FROM u),
	(SELECT count(*) FROM i), (SELECT min(n) FROM i),
	(SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY n) FROM i),
	(SELECT max(n) FROM i));
