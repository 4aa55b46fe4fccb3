-- The table of full ranking.  Published rows are those of the leaderboard BARS,
-- with 64 factors where there are factors.

\pset footer off
\pset null ''
SELECT format('Full ranking, Gowalla: %s users, %s items', count(DISTINCT user_id), count(DISTINCT item_id)) AS title
FROM gowalla_train \gset
\echo :title
SELECT label AS method, round(recall::numeric, 4) AS "Recall@20", round(ndcg::numeric, 4) AS "NDCG@20",
	round(recall_spread::numeric, 4) AS "Recall +-", round(ndcg_spread::numeric, 4) AS "NDCG +-",
	round(seconds::numeric, 1) AS seconds, target, source
FROM (
	SELECT 1 AS part, label, avg(recall) AS recall, avg(ndcg) AS ndcg,
		CASE WHEN count(*) > 1 THEN (max(recall) - min(recall)) / 2 END AS recall_spread,
		CASE WHEN count(*) > 1 THEN (max(ndcg) - min(ndcg)) / 2 END AS ndcg_spread,
		avg(seconds) AS seconds, max(target) AS target, 'this run' AS source
	FROM gowalla_result GROUP BY label
	UNION ALL
	SELECT 0, 'most popular', max(popular_recall), max(popular_ndcg), NULL, NULL, NULL, NULL, 'this run' FROM gowalla_result
	UNION ALL
	SELECT 2, published.*
	FROM (VALUES
		('NeuMF', 0.1399, 0.1212, NULL::numeric, NULL::numeric, NULL::numeric, NULL, 'BARS'),
		('ENMF', 0.1523, 0.1315, NULL, NULL, NULL, NULL, 'BARS'),
		('ItemCF', 0.1570, 0.1214, NULL, NULL, NULL, NULL, 'BARS'),
		('NGCF', 0.1570, 0.1327, NULL, NULL, NULL, NULL, 'BARS'),
		('MF-BPR', 0.1627, 0.1378, NULL, NULL, NULL, NULL, 'BARS'),
		('Mult-VAE', 0.1641, 0.1335, NULL, NULL, NULL, NULL, 'BARS'),
		('SLIM', 0.1699, 0.1382, NULL, NULL, NULL, NULL, 'BARS'),
		('EASE^R', 0.1765, 0.1467, NULL, NULL, NULL, NULL, 'BARS'),
		('LightGCN', 0.1820, 0.1547, NULL, NULL, NULL, NULL, 'BARS'),
		('MF-CCL', 0.1837, 0.1493, NULL, NULL, NULL, NULL, 'BARS'),
		('GF-CF', 0.1849, 0.1518, NULL, NULL, NULL, NULL, 'BARS'),
		('UltraGCN', 0.1862, 0.1580, NULL, NULL, NULL, NULL, 'BARS'),
		('SimpleX', 0.1872, 0.1557, NULL, NULL, NULL, NULL, 'BARS')) AS published
	) AS line
ORDER BY part, recall;
