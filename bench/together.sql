-- From one item of a user to his others, by several ways.  Input: the table
-- together_rating.  Variables: set, options, queries.

SET client_min_messages = warning;

-- the users put aside, and what is asked of them
CREATE TEMP TABLE train AS
SELECT DISTINCT user_id, item_id FROM together_rating WHERE abs(hashint8(user_id)::bigint) % 5 <> 0;
CREATE TEMP TABLE test AS
SELECT DISTINCT user_id, item_id FROM together_rating
WHERE abs(hashint8(user_id)::bigint) % 5 = 0 AND item_id IN (SELECT item_id FROM train);
CREATE TEMP TABLE query AS
SELECT user_id, item_id, others FROM (
	SELECT *, count(*) OVER (PARTITION BY user_id) - 1 AS others,
		row_number() OVER (PARTITION BY user_id ORDER BY hashint8(user_id * 1000003 + item_id), item_id) AS place
	FROM test) AS drawn
WHERE others > 0 AND place <= 3 ORDER BY hashint8(user_id * 7 + item_id), user_id, item_id LIMIT :queries;
CREATE TEMP TABLE asked AS SELECT DISTINCT item_id FROM query;
CREATE INDEX ON train (user_id);
CREATE INDEX ON train (item_id);
CREATE INDEX ON test (user_id, item_id);
ANALYZE train, test, query, asked;

-- how many have both, plainly and each user weighing less with more items
CREATE TEMP TABLE item AS SELECT item_id, count(*)::float8 AS n FROM train GROUP BY 1;
CREATE TEMP TABLE both_of AS
SELECT counted.item_id, other, both_have, weighted, i.n AS n, j.n AS n_other, m
FROM (
	SELECT a.item_id, b.item_id AS other, count(*)::float8 AS both_have, sum(1 / ln(1 + r.rows)) AS weighted
	FROM asked JOIN train AS a USING (item_id)
		JOIN (SELECT user_id, count(*)::float8 AS rows FROM train GROUP BY 1) AS r USING (user_id)
		JOIN train AS b ON b.user_id = a.user_id AND b.item_id <> a.item_id
	GROUP BY 1, 2) AS counted
	JOIN item AS i ON i.item_id = counted.item_id JOIN item AS j ON j.item_id = other,
	(SELECT count(DISTINCT user_id)::float8 AS m FROM train) AS users;

CREATE INDEX ON both_of (item_id);
ANALYZE both_of;

SELECT format('SELECT wals_train(%L, %L %s)', 'together_model', 'train', :'options')
\o /dev/null
\gexec
\o

-- the ten best by each way
CREATE TEMP TABLE answer (way text, item_id bigint, other bigint, place bigint);
INSERT INTO answer
SELECT 'popularity', asked.item_id, p.item_id, row_number() OVER (PARTITION BY asked.item_id ORDER BY n DESC, p.item_id)
FROM asked, LATERAL (SELECT * FROM item WHERE item.item_id <> asked.item_id ORDER BY n DESC, item_id LIMIT 10) AS p;
INSERT INTO answer
SELECT format('wals_similar_items, metric %s', metric), asked.item_id, s.item_id, s.rank
FROM asked, unnest(ARRAY['cosine', 'dot', 'euclidean', 'together']) AS metric,
	wals_similar_items(asked.item_id, 10, 'together_model', metric => metric) AS s;
INSERT INTO answer
SELECT format('wals_recommend_for, one item of weight %s', weight), asked.item_id, s.item_id, s.rank
FROM asked, unnest(ARRAY[1, 100]) AS weight,
	wals_recommend_for(ARRAY[asked.item_id], n => 10, model => 'together_model', weights => ARRAY[weight]) AS s;
INSERT INTO answer
SELECT 'counts: ' || way, asked.item_id, t.other, row_number() OVER (PARTITION BY way, asked.item_id ORDER BY number DESC, other)
FROM asked CROSS JOIN unnest(ARRAY['both, or both / (n + shrinkage)', 'both, a user of R items weighing 1 / log(1 + R)',
		'both / n_other^0.2', 'cosine, both / sqrt(n n_other)', 'Jaccard', 'lift, both m / (n n_other)',
		'lift shrunk, both / (n_other + 100)', 'both - n n_other / m', 'both log(lift)']) WITH ORDINALITY AS formula(way, number_of),
	LATERAL (
		SELECT other, CASE number_of
			WHEN 1 THEN both_have
			WHEN 2 THEN weighted
			WHEN 3 THEN both_have / n_other ^ 0.2::float8
			WHEN 4 THEN both_have / sqrt(n * n_other)
			WHEN 5 THEN both_have / (n + n_other - both_have)
			WHEN 6 THEN both_have * m / (n * n_other)
			WHEN 7 THEN both_have / (n_other + 100)
			WHEN 8 THEN both_have - n * n_other / m
			WHEN 9 THEN both_have * ln(both_have * m / (n * n_other)) END AS number
		FROM both_of WHERE both_of.item_id = asked.item_id
		ORDER BY number DESC, other LIMIT 10) AS t;
CREATE INDEX ON answer (item_id);
ANALYZE answer;

-- NDCG@10: gain 1 / log2(1 + place), the best order first
INSERT INTO together_result
SELECT :'set', way, (SELECT factors FROM together_model WHERE active), sum(gain / best) / max(asked), max(asked)
FROM (
	SELECT way, user_id, query.item_id, sum(1 / ln(1 + place)) AS gain,
		(SELECT sum(1 / ln(1 + place)) FROM generate_series(1, least(others, 10)) AS place) AS best
	FROM query JOIN answer USING (item_id) JOIN test USING (user_id)
	WHERE test.item_id = other
	GROUP BY way, user_id, query.item_id, others) AS found,
	(SELECT count(*) AS asked FROM query) AS all_of_them
GROUP BY way;

\o /dev/null
SELECT wals_drop('together_model');
\o
