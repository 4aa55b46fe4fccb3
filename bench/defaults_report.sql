-- The defaults beside what a tuning found, set by set.

\pset footer off
\pset null ''
\echo Recall@20 and NDCG@20 of the defaults, and of what wals_tune found
SELECT d.set, d.users, d.items, d.entries, round(d.popular_recall::numeric, 4) || ' ' || round(d.popular_ndcg::numeric, 4) AS popular,
	round(d.recall::numeric, 4) || ' ' || round(d.ndcg::numeric, 4) AS defaults, d.options ->> 'factors' AS k,
	round((d.options ->> 'regularization')::numeric, 4) AS lambda, round(d.seconds::numeric) AS seconds,
	round(t.recall::numeric, 4) || ' ' || round(t.ndcg::numeric, 4) AS tuned, t.options ->> 'factors' AS "k ",
	round((t.options ->> 'regularization')::numeric, 4) AS "lambda ", round((t.options ->> 'unobserved_weight')::numeric, 3) AS w0, t.trials,
	round(100 * (d.recall / t.recall - 1)::numeric, 1) || ' % ' || round(100 * (d.ndcg / t.ndcg - 1)::numeric, 1) || ' %' AS behind
FROM defaults_result AS d JOIN defaults_result AS t USING (set)
WHERE d.label = 'defaults' AND t.label = 'tuned'
ORDER BY d.entries;
