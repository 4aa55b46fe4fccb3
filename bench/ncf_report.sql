-- The table of the NCF protocol.  Published rows are numbers read in the named
-- sources: FULL_RESULTS is that of the reproducibility study of Ferrari Dacrema
-- et al. (RecSys 2019), the last two rows are the paper's own as quoted in the
-- README of guoyang9/NCF.  They are left out if the variable published is 0:
-- then a validation part was ranked.

\pset footer off
\pset null ''
SELECT format('NCF protocol, ML-1M%s: %s users, test item among %s to %s others (in %s lists the '
	'test item is also a negative: it counts once)',
	CASE :published WHEN 0 THEN ', validation part' END, count(*), min(cardinality(negatives)),
	max(cardinality(negatives)), sum(duplicates)) AS title
FROM ncf_lists \gset
\echo :title
SELECT label AS method, round(hits::numeric, 4) AS "HR@10", round(ndcg::numeric, 4) AS "NDCG@10",
	round(hits_spread::numeric, 4) AS "HR +-", round(ndcg_spread::numeric, 4) AS "NDCG +-",
	round(seconds::numeric, 1) AS seconds, target, source
FROM (
	SELECT 1 AS part, label, avg(hits) AS hits, avg(ndcg) AS ndcg,
		CASE WHEN count(*) > 1 THEN (max(hits) - min(hits)) / 2 END AS hits_spread,
		CASE WHEN count(*) > 1 THEN (max(ndcg) - min(ndcg)) / 2 END AS ndcg_spread,
		avg(seconds) AS seconds, max(target) AS target, 'this run' AS source
	FROM ncf_result GROUP BY label
	UNION ALL
	SELECT 2, published.*
	FROM (VALUES
		('most popular', 0.4531, 0.2542, NULL::numeric, NULL::numeric, NULL::numeric, NULL, 'FULL_RESULTS'),
		('ItemKNN', 0.6596, 0.3900, NULL, NULL, NULL, NULL, 'FULL_RESULTS'),
		('UserKNN', 0.6705, 0.3908, NULL, NULL, NULL, NULL, 'FULL_RESULTS'),
		('RP3beta', 0.6715, 0.3991, NULL, NULL, NULL, NULL, 'FULL_RESULTS'),
		('NeuMF, run again, 8 factors', 0.6725, 0.4011, NULL, NULL, NULL, NULL, 'FULL_RESULTS'),
		('PureSVD, 60 factors', 0.6896, 0.4294, NULL, NULL, NULL, NULL, 'FULL_RESULTS'),
		('NeuMF, 32 factors', 0.701, 0.425, NULL, NULL, NULL, NULL, 'NCF paper'),
		('NeuMF, 32 factors, pre-trained', 0.726, 0.445, NULL, NULL, NULL, NULL, 'NCF paper')) AS published
	WHERE :published = 1
	) AS line
ORDER BY part, hits;
