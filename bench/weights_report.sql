-- The tables of bench/weights: for each set the best settings of each weight,
-- then all sets side by side.

\pset footer off
\pset null ''
CREATE TEMPORARY TABLE line AS
SELECT set, label, 0 AS place, b.w0, b.lambda, avg(recall) AS recall, avg(ndcg) AS ndcg,
	CASE WHEN count(*) > 1 THEN (max(recall) - min(recall)) / 2 END AS recall_spread,
	CASE WHEN count(*) > 1 THEN (max(ndcg) - min(ndcg)) / 2 END AS ndcg_spread
FROM weights_best AS b JOIN weights_result USING (set, label, w0, lambda)
GROUP BY set, label, b.w0, b.lambda;
UPDATE line SET place = tried.place
FROM (SELECT label, dense_rank() OVER (ORDER BY min(at)) AS place
	FROM weights_result GROUP BY label) AS tried
WHERE tried.label = line.label;
INSERT INTO line (set, label, place, recall, ndcg)
SELECT set, 'most popular, no model', 0, max(popular_recall), max(popular_ndcg)
FROM weights_result GROUP BY set;

SELECT set, label AS weights, w0, lambda, round(recall::numeric, 4) AS "Recall@20",
	round(ndcg::numeric, 4) AS "NDCG@20", round(recall_spread::numeric, 4) AS "Recall +-",
	round(ndcg_spread::numeric, 4) AS "NDCG +-"
FROM line JOIN (SELECT set, min(at) AS at FROM weights_result GROUP BY set) AS started USING (set)
ORDER BY started.at, place;

\echo
SELECT place, label AS weights, set, to_char(recall, '0.0000') || to_char(ndcg, '0.0000') AS figures
FROM line ORDER BY place
\crosstabview weights set figures
