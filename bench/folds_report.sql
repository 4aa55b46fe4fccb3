-- The table of rating prediction.  Published rows are those of the README of the
-- library Surprise, whose five folds are random.

\pset footer off
\pset null ''
INSERT INTO folds_result
SELECT 'mean of the training ratings', 0, test.fold, sqrt(avg((rating - mean) ^ 2)),
	avg(abs(rating - mean))
FROM folds AS test
JOIN (
	SELECT f AS fold, avg(rating) FILTER (WHERE fold <> f) AS mean
	FROM folds, generate_series(1, 5) AS f GROUP BY f) AS trained USING (fold)
GROUP BY test.fold;

SELECT format('Rating prediction, ML-100K: mean of folds u1 to u5, clipped to 1..5; in %s of %s '
	'predictions user or item is unknown: mean and the other bias stand in',
	max(unknown), (SELECT count(*) FROM folds)) AS title
FROM (SELECT sum(unknown) AS unknown FROM folds_result GROUP BY label, seed) AS u \gset
\echo :title
SELECT label AS method, round(rmse::numeric, 4) AS "RMSE", round(mae::numeric, 4) AS "MAE",
	round(spread::numeric, 4) AS "RMSE +-", round(seconds::numeric, 1) AS "seconds a fold", target, source
FROM (
	SELECT 1 AS part, label, avg(rmse) AS rmse, avg(mae) AS mae,
		CASE WHEN count(*) > 1 THEN (max(rmse) - min(rmse)) / 2 END AS spread,
		avg(seconds) AS seconds, max(target) AS target, 'this run' AS source
	FROM (
		SELECT label, seed, avg(rmse) AS rmse, avg(mae) AS mae, avg(seconds) AS seconds, max(target) AS target
		FROM folds_result GROUP BY label, seed) AS by_seed
	GROUP BY label
	UNION ALL
	SELECT 2, published.*
	FROM (VALUES
		('NMF', 0.963, NULL::numeric, NULL::numeric, NULL::numeric, NULL, 'Surprise'),
		('biases only', 0.944, NULL, NULL, NULL, NULL, 'Surprise'),
		('SVD', 0.934, NULL, NULL, NULL, NULL, 'Surprise'),
		('k-NN with baseline', 0.931, NULL, NULL, NULL, NULL, 'Surprise'),
		('SVD++', 0.919, NULL, NULL, NULL, NULL, 'Surprise')) AS published
	) AS line
ORDER BY part, rmse DESC;
