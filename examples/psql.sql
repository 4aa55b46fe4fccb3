-- psql -v user=42 -f examples/psql.sql
\set ON_ERROR_STOP on
\if :{?user}
\else
	\set user 42
\endif

\echo What user :user might like
SELECT f.title, f.genre, r.score
FROM wals_recommend(:user, 5, model => 'movies') AS r
JOIN films AS f ON f.id = r.item_id
ORDER BY r.rank;

\echo The same for three users, side by side
SELECT r.rank, 'user ' || u.id AS "user", f.title
FROM users AS u
CROSS JOIN LATERAL wals_recommend(u.id, 3, model => 'movies') AS r
JOIN films AS f ON f.id = r.item_id
WHERE u.id IN (1, 2, 42)
ORDER BY 1, 2
\crosstabview

-- while a training runs in another session: SELECT * FROM wals_progress \watch 2
