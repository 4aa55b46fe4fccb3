-- What demo/run --table shows once it has loaded the table "ratings" with the
-- columns user_id, item_id and, unless :value is NULL, value.
\set ON_ERROR_STOP on
\set ECHO queries
\pset pager off
\pset null '-'

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

\echo '== 3. The training log: the loss after each iteration'
\echo

SELECT iteration, loss::real, rel_change::real,
       round(seconds::numeric, 3) AS seconds
FROM wals_training_log
WHERE model = 'demo'::regclass
ORDER BY iteration;

\echo '== 4. Somebody with a decent history, and what they might like besides'
\echo

SELECT user_id AS someone
FROM ratings
WHERE user_id IS NOT NULL
GROUP BY user_id
ORDER BY abs(count(*) - 8), user_id
LIMIT 1 \gset

\echo 'Our user is' :'someone'
\echo

SELECT seen.item_id AS "has", made.item_id AS "recommended", made.score, made.basis
FROM (SELECT row_number() OVER (ORDER BY item_id) AS rank, item_id::text
      FROM (SELECT DISTINCT item_id FROM ratings
            WHERE user_id::text = :'someone') AS mine
      LIMIT 12) AS seen
FULL JOIN wals_recommend(:'someone'::text, 8) AS made USING (rank)
ORDER BY rank;

\echo '== 5. Somebody nobody knows yet: what is popular'
\echo

SELECT rank, item_id, basis
FROM wals_recommend(:'stranger'::text, 5)
ORDER BY rank;

\echo '== 6. One user, one item: the score by itself'
\echo

SELECT item_id, wals_score(:'someone'::text, item_id) AS score
FROM wals_popular(3);
