-- Train once and rank all items.  Variables: set, label, options, w0, lambda,
-- mean, seed, factors, iterations, users.

SET client_min_messages = error;

SELECT rtrim(:'w0', 'x')::float8 * CASE WHEN :'w0' LIKE '%x'
	THEN :mean * count(*)::float8 / count(DISTINCT user_id) / count(DISTINCT item_id) ELSE 1 END AS weight,
	rtrim(:'lambda', 'x')::float8 * CASE WHEN :'lambda' LIKE '%x'
	THEN least(0.5 / sqrt(least(count(DISTINCT user_id), count(DISTINCT item_id))), 0.03) ELSE 1 END AS strength
FROM weights_fit \gset

-- Weights that are too uneven for the numbers of a model are reported and left
-- out.
\set ON_ERROR_STOP 0
SELECT wals_train('weights', 'weights_fit', factors => :factors, iterations => :iterations,
	unobserved_weight => :weight, regularization => :strength, seed => :seed :options) AS version \gset
\set ON_ERROR_STOP 1
\if :ERROR
\echo :set, :label, w0 :w0, lambda :lambda:
\echo '    no model: ' :LAST_ERROR_MESSAGE
\quit
\endif
INSERT INTO weights_result
SELECT :'set', :'label', :'w0', :'lambda', :seed, max(value) FILTER (WHERE metric = 'recall'),
	max(value) FILTER (WHERE metric = 'ndcg'), max(popular_baseline) FILTER (WHERE metric = 'recall'),
	max(popular_baseline) FILTER (WHERE metric = 'ndcg')
FROM wals_evaluate('weights_choose', 'weights', k => '{20}', max_users => :users);
SELECT wals_drop('weights') AS dropped \gset
