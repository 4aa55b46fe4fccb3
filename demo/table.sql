-- What demo/run --table shows, after the statement of demo/read-table that makes
-- the table "ratings": user_id, item_id, if :has_values value, which :value names,
-- and if :has_times rated_at; :liked says which rows are no dislikes.  psql runs it
-- in the folder where it leaves the map.
\set ON_ERROR_STOP on
DROP TABLE raw;
CREATE INDEX ON ratings (user_id, item_id);
ANALYZE ratings;
\set ECHO queries
\pset pager off
\pset null '-'
\set VERBOSITY terse

\echo
\echo '== 1. The data'
\echo

SELECT count(*) AS rows, count(DISTINCT user_id) AS users,
       count(DISTINCT item_id) AS items
FROM ratings;

\echo '== 2. Training'
\echo

CREATE EXTENSION wals;

SELECT wals_train('demo', 'ratings', value_col => :value) AS version;

\set ECHO none
\if :has_values
\echo '-- What people have chosen decides here, and of its values the sign alone.  To'
\echo '-- predict the values:  SELECT wals_train(''stars'', ''ratings'','
\echo '--     value_col => ''value'', feedback => ''explicit'');'
\echo
\endif

-- somebody with about 8 items, the item most have, what the former may like best
SELECT user_id AS someone FROM ratings
GROUP BY user_id ORDER BY abs(count(DISTINCT item_id) - 8), user_id LIMIT 1 \gset
SELECT item_id AS popular FROM wals_popular(1, 'demo') \gset
SELECT coalesce((SELECT item_id FROM wals_recommend(:'someone'::text, 1, 'demo')), :'popular') AS best \gset
\set ECHO queries

\echo '== 3. What' :someone 'has, and what the model recommends'
\echo

SELECT h.item_id AS has, r.item_id AS "might like", round(r.score::numeric, 3) AS score, r.basis
FROM (SELECT row_number() OVER (ORDER BY item_id) AS rank, item_id::text
      FROM (SELECT DISTINCT item_id FROM ratings
            WHERE user_id::text = :'someone') AS mine
      LIMIT 12) AS h
FULL JOIN wals_recommend(:'someone'::text, 8, 'demo') AS r USING (rank)
ORDER BY rank;

\echo '== 4. Why' :best '?'
\echo

SELECT because_item_id AS "because of", round(100 * share::numeric) AS "per cent"
FROM wals_explain(:'someone'::text, :'best', 3, 'demo')
ORDER BY share DESC;

\echo '== 5. Somebody new, who has only' :popular 'yet: nothing is trained for that'
\echo

SELECT rank, item_id, basis
FROM wals_recommend_for(ARRAY[:'popular'], n => 5, model => 'demo')
ORDER BY rank;

\echo '== 6. What is like' :popular '?'
\echo

SELECT rank, item_id, round(similarity::numeric, 2) AS similarity
FROM wals_similar_items(:'popular'::text, 5, 'demo')
ORDER BY rank;

\echo '== 7. A map: what the same users have lies together'
\echo

SELECT wals_map_svg('demo', n => 100) \g (format=unaligned tuples_only=on) map.svg
\echo '    \\g (format=unaligned tuples_only=on) map.svg'
\echo

\set ECHO none
SELECT greatest(1, least(10, n_items / 10)) AS k FROM demo WHERE active \gset
\if :has_times
\echo '== 8. Is the model better than a list of what is popular?'
\echo '      Hide the newest item of each user, train on the others, look for the hidden.'
\echo
\set ECHO queries
CREATE TABLE pairs AS
SELECT user_id, item_id, row_number() OVER newest = 1 AND count(*) OVER (PARTITION BY user_id) > 1 AS hidden
FROM (SELECT user_id, item_id, min(rated_at) AS first_time
      FROM ratings WHERE rated_at IS NOT NULL AND :liked
      GROUP BY user_id, item_id) AS p
WINDOW newest AS (PARTITION BY user_id ORDER BY first_time DESC, item_id);
\set ECHO none
\else
\echo '== 8. Is the model better than a list of what is popular?'
\echo '      Hide a fifth of the pairs, train on the others, look for the hidden ones.'
\echo
\set ECHO queries
CREATE TABLE pairs AS
SELECT DISTINCT user_id, item_id, wals_holdout(user_id::text, item_id::text, 0.2) AS hidden
FROM ratings WHERE :liked;
\set ECHO none
\endif
SELECT count(*) FILTER (WHERE hidden) > 0
       AND count(DISTINCT user_id) FILTER (WHERE NOT hidden) > 1
       AND count(DISTINCT item_id) FILTER (WHERE NOT hidden) > 1 AS enough
FROM pairs \gset
\if :enough
SET client_min_messages = warning;
\set ECHO queries
CREATE INDEX ON pairs (user_id);
CREATE VIEW pairs_train AS SELECT * FROM pairs WHERE NOT hidden;
CREATE VIEW pairs_test AS SELECT * FROM pairs WHERE hidden;
SELECT wals_train('judged', 'pairs_train') AS version;

CREATE TABLE judgement AS
SELECT metric || '@' || k AS metric, round(value::numeric, 3) AS model,
       round(popular_baseline::numeric, 3) AS popularity,
       round(std_error::numeric, 3) AS "std error", n_users AS users
FROM wals_evaluate('pairs_test', 'judged', k => ARRAY[:k])
WHERE metric IN ('recall', 'ndcg', 'coverage');
TABLE judgement;
\set ECHO none
RESET client_min_messages;
SELECT wals_set_default('demo') \g /dev/null
SELECT coalesce(model > popularity + 2 * "std error", false) AS better
FROM judgement WHERE metric LIKE 'ndcg%' \gset
\if :better
\echo 'The model is better than popularity.'
\else
\echo 'The model is not clearly better than popularity here.  More rows help, fewer'
\echo 'factors may, and so may other options:  SELECT * FROM wals_tune(''ratings'');'
\endif
\else
\echo 'There is too little to hide some of it.'
\endif
