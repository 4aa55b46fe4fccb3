-- Train once and rank all items for all users.  Variables: label, options,
-- seed, target.

SET client_min_messages = warning;

SELECT wals_train('gowalla', 'gowalla_train', seed => :seed :options) AS version \gset
INSERT INTO gowalla_result
SELECT :'label', :seed, max(value) FILTER (WHERE metric = 'recall'), max(value) FILTER (WHERE metric = 'ndcg'),
	max(popular_baseline) FILTER (WHERE metric = 'recall'), max(popular_baseline) FILTER (WHERE metric = 'ndcg'),
	(SELECT seconds FROM gowalla), :'target'
FROM wals_evaluate('gowalla_test', 'gowalla', k => '{20}', max_users => NULL);
SELECT wals_drop('gowalla') AS dropped \gset
