-- For each fold train on the other four and predict.  A prediction is the score
-- within 1 to 5; where the user or the item is unknown it is the mean of the
-- training ratings and the bias of the one that is known, as in Surprise.
-- Variables: label, options, seed, target.

SET client_min_messages = warning;

SELECT format($$CREATE OR REPLACE VIEW folds_train AS
		SELECT user_id, item_id, rating FROM folds WHERE fold <> %1$s;
	SELECT wals_train('folds_model', 'folds_train', value_col => 'rating', seed => %2$s %3$s);
	INSERT INTO folds_result
	SELECT %4$L, %2$s, %1$s, sqrt(avg((rating - prediction) ^ 2)), avg(abs(rating - prediction)),
		count(*) FILTER (WHERE score IS NULL), (SELECT seconds FROM folds_model), %5$L
	FROM (
		SELECT rating, score, greatest(1, least(5, coalesce(score,
			(SELECT global_mean FROM folds_model) + coalesce(u.bias, 0) + coalesce(i.bias, 0)))) AS prediction
		FROM (
			SELECT rating, user_id, item_id,
				wals_score(user_id, item_id, 'folds_model')::double precision AS score
			FROM folds WHERE fold = %1$s
			OFFSET 0) AS scored
		LEFT JOIN folds_model_users AS u ON u.id = user_id
		LEFT JOIN folds_model_items AS i ON i.id = item_id) AS predicted;
	SELECT wals_drop('folds_model')$$,
	fold, :seed, :'options', :'label', :'target')
FROM generate_series(1, 5) AS fold
\o /dev/null
\gexec
