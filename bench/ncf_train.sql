-- Train once and rank the lists.  Variables: label, options, seed.

SET client_min_messages = warning;

SELECT wals_train('ncf', 'ncf_ratings', seed => :seed :options) AS version \gset
INSERT INTO ncf_result
SELECT :'label', :seed, avg((r.rank IS NOT NULL)::int), avg(coalesce(ln(2) / ln(r.rank + 1), 0)),
	(SELECT seconds FROM ncf)
FROM ncf_lists l
LEFT JOIN LATERAL (
	SELECT w.rank
	FROM wals_recommend(l.user_id, 10, 'ncf', candidates => l.test_item || l.negatives,
		exclude_seen => false) w
	WHERE w.item_id = l.test_item) r ON true;
SELECT wals_drop('ncf') AS dropped \gset
