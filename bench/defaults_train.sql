-- One set, whose ratings are in defaults_rating: train with nothing said, tune on
-- what that was trained on, and train what the tuning says.  Variables: set, users,
-- seconds, draws: true where the test is to be drawn.

SET client_min_messages = warning;
UPDATE defaults_rating SET is_test = wals_holdout(user_id, item_id, 0.2, 7) WHERE :draws;
VACUUM ANALYZE defaults_rating;
\set model defaults_train_model
\set trials 1

\set label defaults
SELECT wals_train(:'model', 'defaults_train') AS version \gset
\ir defaults_measure.sql

\set label tuned
SELECT max(call) AS call, count(value) AS trials
FROM wals_tune('defaults_train', metric => 'ndcg@20', max_users => 5000, max_seconds => :seconds) \gset
\o /dev/null
:call
\o
\ir defaults_measure.sql
TRUNCATE defaults_rating;
