-- What bench/weights measures, and the best settings of each weight: those with
-- the highest sum of both figures, with seed 0.

CREATE TABLE weights_result (set text, label text, w0 text, lambda text, seed int,
	recall double precision, ndcg double precision, popular_recall double precision,
	popular_ndcg double precision, at timestamptz DEFAULT clock_timestamp());

CREATE VIEW weights_best AS
SELECT DISTINCT ON (set, label) set, label, w0, lambda
FROM weights_result
WHERE seed = 0
ORDER BY set, label, recall + ndcg DESC;
