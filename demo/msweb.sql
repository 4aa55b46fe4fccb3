-- What demo/run shows.  psql runs it in the folder with the unpacked data.
\set ON_ERROR_STOP on
\set ECHO queries
\pset pager off
\pset null '-'

\echo
\echo '== 1. The data: who visited which area of a web site in one week of 1998'
\echo

CREATE TABLE areas (item_id integer PRIMARY KEY, title text NOT NULL);
CREATE TABLE visits (user_id integer, item_id integer REFERENCES areas,
                     PRIMARY KEY (user_id, item_id));
\set ECHO none
\copy areas from 'areas.tsv' with (format text, header)
\copy visits from 'visits.tsv' with (format text, header)
\set ECHO queries
\echo '-- the bundled data is copied into both'
ANALYZE areas, visits;

SELECT count(*) AS visits, count(DISTINCT user_id) AS users,
       count(DISTINCT item_id) AS areas
FROM visits;

\echo '== 2. Training: any table or view with a user and an item column will do'
\echo

CREATE EXTENSION wals;

SELECT wals_train('web', 'visits') AS version;

\echo '== 3. The training log: the loss after each iteration'
\echo

SELECT iteration, round(loss::numeric, 1) AS loss,
       round(rel_change::numeric, 6) AS rel_change,
       round(seconds::numeric, 3) AS seconds
FROM wals_training_log
WHERE model = 'web'::regclass
ORDER BY iteration;

\echo '== 4. Somebody with a decent history, and what they might like besides'
\echo

SELECT user_id AS someone
FROM visits
GROUP BY user_id
HAVING count(*) = 8
ORDER BY user_id
LIMIT 1 \gset

\echo 'Our user is' :someone
\echo

SELECT seen.title AS "visited", made.title AS "recommended",
       round(made.score::numeric, 2) AS score, made.basis
FROM (SELECT row_number() OVER (ORDER BY a.title) AS rank, a.title
      FROM visits v JOIN areas a USING (item_id)
      WHERE v.user_id = :someone) AS seen
FULL JOIN (SELECT r.rank, a.title, r.score, r.basis
           FROM wals_recommend(:someone, 8) r JOIN areas a USING (item_id)) AS made
USING (rank)
ORDER BY rank;

\echo '== 5. Somebody nobody knows yet: what is popular'
\echo

SELECT r.rank, a.title, r.basis
FROM wals_recommend(0, 5) r JOIN areas a USING (item_id)
ORDER BY r.rank;

\echo '== 6. One user, one item: the score by itself'
\echo

SELECT a.title, round(wals_score(:someone, a.item_id)::numeric, 2) AS score
FROM areas a
WHERE a.title IN ('Windows NT Server', 'NT Server Support', 'Games')
ORDER BY score DESC NULLS LAST;
