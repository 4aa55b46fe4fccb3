-- What a first try runs into, and whether the answer says the next step.
CREATE SCHEMA messages;
SET search_path = messages, public;
CREATE TABLE ratings AS
SELECT u AS user_id, i AS item_id, 1 + (u * i) % 5 AS stars, (u + i) % 2 = 0 AS liked, 0 AS nothing,
	NULL::integer AS empty, 0::real AS weightless, now() AS at
FROM generate_series(1, 12) AS u, generate_series(1, 9) AS i WHERE (u * u + i) % 3 < 2;

-- an option needs a column: which there are
SELECT wals_train('m', 'ratings', feedback => 'explicit');
SELECT wals_train('m', 'ratings', feedback => 'weighted');
SELECT wals_train('m', 'ratings', half_life => '30 days');
SELECT wals_train('m', 'ratings', duplicates => 'last');
SELECT wals_train('m', 'ratings', weighting => 'log', duplicates => 'max');
SELECT wals_train('m', 'ratings', factors => 0);
SELECT wals_train('m', 'ratings', alpha => 3);
-- a boolean, which has no cast to numeric
SELECT wals_train('m', 'ratings', value_col => 'liked');
CREATE VIEW liked AS SELECT user_id, item_id, liked::int AS liked FROM ratings;
-- nothing is left: why
SELECT wals_train('m', 'ratings', value_col => 'nothing');
SELECT wals_train('m', 'ratings', value_col => 'empty');
SELECT wals_train('m', 'ratings', weight_col => 'weightless');
SELECT wals_train('m', 'ratings', min_user_rows => 100);
SELECT wals_train('m', 'ratings', min_user_rows => 8, min_item_rows => 8, holdout => 0.5);
CREATE VIEW nobody AS SELECT * FROM ratings WHERE false;
SELECT wals_train('m', 'nobody');
CREATE VIEW one AS SELECT * FROM ratings WHERE user_id = 1;
SELECT wals_train('m', 'one');
-- the first thing a new user sees
SELECT wals_train('m', 'liked', value_col => 'liked', factors => 2, iterations => 1);
-- a model stays, its temporary source does not
CREATE TEMPORARY TABLE passing AS SELECT * FROM ratings;
SELECT wals_train('messages.stays', 'passing', factors => 2, iterations => 1);
-- ids of another type
SELECT count(*) FROM wals_recommend(gen_random_uuid(), 5, 'm');
SELECT count(*) FROM wals_similar_items(gen_random_uuid(), 5, 'm');
-- a table of values and a model that does not predict them
SELECT count(*) FROM wals_evaluate('ratings', 'm', value_col => 'stars') WHERE metric = 'rmse';
SELECT count(*) FROM wals_evaluate('ratings', 'm', value_col => 'stars', relevance_threshold => 3) WHERE metric = 'ndcg';
-- figures that nobody has attached
SELECT * FROM wals_metric_plot('ndcg@10', 'm');
SELECT wals_metric_svg('ndcg@10', 'm') ~ 'There is no ndcg@10 yet: wals_set_metrics';
-- counts of plays
CREATE TABLE plays AS
SELECT u AS user_id, u * 7 % 40 + 40 * i AS item_id, 1 + 5000 * u / i / i AS times
FROM generate_series(1, 40) AS u, generate_series(1, 9) AS i
UNION ALL SELECT u, i, 20 FROM generate_series(1, 9) AS u, generate_series(1, 20) AS i;
SELECT note FROM wals_profile('plays', value_col => 'times') WHERE property = 'advice';
-- what a hint says runs, wherever the extension is
SET search_path = messages;
SELECT public.wals_train('m', 'ratings', factors => 0);
SELECT count(*) FROM public.wals_recommend(gen_random_uuid(), 5, 'm');
SELECT count(*) FROM public.wals_recommend(1, 5, 'ratings');
SELECT * FROM public.wals_metric_plot('ndcg@10', 'm');
SET client_min_messages = warning;
SELECT substring(call from '^SELECT [^(]*') FROM public.wals_tune('ratings', '{"factors": [2]}', fraction => 0.3) WHERE best;
RESET client_min_messages;
SET search_path = messages, public;
-- which of several models a message is about
CREATE ROLE regress_wals_messages;
GRANT CREATE, USAGE ON SCHEMA messages TO regress_wals_messages;
GRANT SELECT ON ratings TO regress_wals_messages;
SET ROLE regress_wals_messages;
SET client_min_messages = error;
SELECT wals_train('messages.first', 'ratings', factors => 2, iterations => 3, unobserved_weight => 1e-9, tolerance => 1);
SELECT wals_train('messages.second', 'ratings', factors => 2, iterations => 3, unobserved_weight => 1e-9);
SET client_min_messages = notice;
\set VERBOSITY terse
CALL wals_retrain();
\set VERBOSITY default
RESET ROLE;

SET client_min_messages = warning;
DROP OWNED BY regress_wals_messages;
DROP ROLE regress_wals_messages;
DROP SCHEMA messages CASCADE;
