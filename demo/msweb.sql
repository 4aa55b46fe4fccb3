-- What demo/run shows.  psql runs it in the folder with the unpacked data, and
-- it leaves the map there.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
\set ECHO queries
\pset pager off
\pset null '-'
\set VERBOSITY terse

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

\echo '== 2. Is a model better than a list of what is popular?'
\echo '      Hide a fifth of the visits, train on the others, look for the hidden ones.'
\echo

CREATE EXTENSION wals;

CREATE VIEW visits_train AS
SELECT * FROM visits WHERE NOT wals_holdout(user_id, item_id, 0.2);
CREATE VIEW visits_test AS
SELECT * FROM visits WHERE wals_holdout(user_id, item_id, 0.2);

SELECT wals_train('judged', 'visits_train') AS version;

SELECT metric || '@' || k AS metric, round(value::numeric, 3) AS model,
       round(popular_baseline::numeric, 3) AS popularity
FROM wals_evaluate('visits_test', 'judged')
WHERE metric IN ('recall', 'ndcg', 'coverage');

\echo '== 3. Train on everything: any table or view with a user and an item column'
\echo

\set ECHO none
RESET client_min_messages;
\set ECHO queries
SELECT wals_train('web', 'visits') AS version;

\echo '-- of the two models there are now, this is to answer where none is named'
\o /dev/null
SELECT wals_set_default('web');
\o
\echo

\echo '== 4. What visitor 77 looked at, and what the model recommends'
\echo

SELECT h.title AS "has visited", s.title AS "might like", s.score
FROM (SELECT row_number() OVER (ORDER BY a.title) AS rank, a.title
      FROM visits AS v JOIN areas AS a USING (item_id)
      WHERE v.user_id = 77) AS h
FULL JOIN (SELECT r.rank, a.title, round(r.score::numeric, 2) AS score
           FROM wals_recommend(77, 8, model => 'web') AS r
           JOIN areas AS a USING (item_id)) AS s USING (rank)
ORDER BY rank;

\echo '== 5. Why "NT Server Support"?'
\echo

SELECT because.title AS "because of", round(100 * x.share::numeric) AS "per cent"
FROM areas AS a,
     wals_explain(77, a.item_id, 3, 'web') AS x
     JOIN areas AS because ON because.item_id = x.because_item_id
WHERE a.title = 'NT Server Support'
ORDER BY x.share DESC;

\echo '== 6. A new visitor looks at two areas: answered at once, nothing is trained'
\echo

INSERT INTO visits
SELECT 40000, item_id FROM areas WHERE title IN ('Games', 'MSHome Kids Stuff');

SELECT r.rank, a.title, r.basis
FROM wals_recommend(40000, 5, model => 'web') AS r JOIN areas AS a USING (item_id)
ORDER BY r.rank;

\echo '== 7. Somebody nobody knows yet: what is popular'
\echo

SELECT r.rank, a.title, r.basis
FROM wals_recommend(50000, 5, model => 'web') AS r JOIN areas AS a USING (item_id)
ORDER BY r.rank;

\echo '== 8. What is like "MS Word"?'
\echo

SELECT s.rank, a.title, round(s.similarity::numeric, 2) AS similarity
FROM areas AS a0,
     wals_similar_items(a0.item_id, 5, 'web') AS s JOIN areas AS a USING (item_id)
WHERE a0.title = 'MS Word'
ORDER BY s.rank;

\echo '   And who visits it also visits'
\echo

SELECT s.rank, a.title
FROM areas AS a0,
     wals_similar_items(a0.item_id, 5, 'web', metric => 'together') AS s
     JOIN areas AS a USING (item_id)
WHERE a0.title = 'MS Word'
ORDER BY s.rank;

\echo '== 9. A map: areas that the same people visit lie together'
\echo

SELECT wals_map_svg('web', n => 100, labels => 'areas', id_col => 'item_id',
                    label_col => 'title') \g (format=unaligned tuples_only=on) map.svg
\echo '    \\g (format=unaligned tuples_only=on) map.svg'
