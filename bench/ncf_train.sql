-- Train once and rank the lists.  Variables: label, options, seed,
-- target.

SET client_min_messages = warning;

SELECT wals_train('ncf', 'ncf_ratings', seed => :seed :options) AS version \gset
INSERT INTO ncf_result
SELECT :'label', :seed, max(value) FILTER (WHERE metric = 'hit_rate'), max(value) FILTER (WHERE metric = 'ndcg'),
	(SELECT seconds FROM ncf), :'target'
FROM wals_evaluate('ncf_test', 'ncf', k => '{10}', candidates => 'ncf_candidates', exclude_seen => false,
	max_users => NULL);
SELECT wals_drop('ncf') AS dropped \gset
