-- Measure the model :model on the test and drop it.  Variables: set, label, users,
-- trials.

INSERT INTO defaults_result
SELECT :'set', :'label', t.n_users, t.n_items, t.n_entries, t.options,
	max(value) FILTER (WHERE metric = 'recall'), max(value) FILTER (WHERE metric = 'ndcg'),
	max(popular_baseline) FILTER (WHERE metric = 'recall'), max(popular_baseline) FILTER (WHERE metric = 'ndcg'),
	t.seconds, :trials
FROM :model AS t, wals_evaluate('defaults_test', :'model', k => '{20}', max_users => :users)
WHERE t.active
GROUP BY t.version, t.n_users, t.n_items, t.n_entries, t.seconds, t.options;
SELECT wals_drop(:'model') AS dropped \gset
