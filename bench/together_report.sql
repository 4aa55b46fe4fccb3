-- NDCG@10 of each way, and beside counting who has both.
\pset footer off

SELECT set || ', k = ' || factors || ', ' || queries || ' questions' AS "set", way, round(ndcg::numeric, 3) AS "NDCG@10",
	round((ndcg / max(ndcg) FILTER (WHERE way LIKE 'counts: both, or%') OVER (PARTITION BY set))::numeric, 2) AS "/ counts"
FROM together_result ORDER BY set, ndcg DESC;
