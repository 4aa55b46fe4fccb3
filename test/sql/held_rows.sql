-- A version that holds out pairs was solved without them, and so are a folded-in
-- user it knows, an explanation and a refresh: all of them give the stored score.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET jit = off;
CREATE SCHEMA held_rows;
SET search_path = held_rows, public;

CREATE TABLE seen AS
SELECT u AS user_id, i AS item_id, ((u * 3 + i * 5) % 5 + 1)::real AS stars, timestamp '2025-01-01' + (u * i) % 97 * interval '1 day' AS at
FROM generate_series(1, 60) AS u, generate_series(1, 30) AS i
WHERE (u * u + i * i + u * i) % 7 < 2 OR (u + i) % 9 = 0;
CREATE VIEW named AS SELECT 'u' || user_id AS user_id, md5(item_id::text)::uuid AS item_id, stars FROM seen;

-- For the users of a version and its items: the stored score, the folded-in one,
-- and the sum of the explanation.  apart: largest differences; all must be tiny.
CREATE FUNCTION apart(model regclass, ids text, users text[] DEFAULT NULL)
RETURNS TABLE (pairs bigint, stored_known boolean, folded boolean, explained boolean)
LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT count(*), bool_and(s IS NOT NULL), bool_and(abs(s - f) < 2e-5 * (1 + abs(s))), bool_and(abs(s - e) < 2e-5 * (1 + abs(s)))
		FROM (SELECT wals_score(u.id%2$s, i.id%2$s, %1$L) AS s, wals_score(u.id%2$s, i.id%2$s, %1$L, fold_in => ''always'') AS f,
			(SELECT sum(contribution) FROM wals_explain(u.id%2$s, i.id%2$s, NULL, %1$L)) AS e
		FROM %1$s_users AS u JOIN %1$s AS v ON v.active AND v.version = u.version JOIN %1$s_items AS i ON i.version = v.version
		WHERE (hashtext(u.id::text)::bigint + hashtext(i.id::text)) %% 3 = 0 AND (%3$L::text[] IS NULL OR u.id::text = ANY (%3$L::text[]))) AS x', model, ids, users);
END $$;

SELECT wals_train('implicit', 'seen', value_col => 'stars', weighting => 'linear', factors => 6, iterations => 4, holdout => 0.3);
SELECT wals_train('explicit', 'seen', value_col => 'stars', feedback => 'explicit', factors => 4, iterations => 4, holdout => 0.3, holdout_seed => 2);
SELECT wals_train('weighted', 'seen', value_col => 'stars', feedback => 'weighted', factors => 4, iterations => 4, holdout => 0.3);
SELECT wals_train('fading', 'seen', time_col => 'at', half_life => '30 days', factors => 4, iterations => 4, holdout => 0.3);
SELECT wals_train('worded', 'named', value_col => 'stars', factors => 4, iterations => 4, holdout => 0.3);
SELECT 'implicit' AS model, * FROM apart('implicit', '') UNION ALL SELECT 'explicit', * FROM apart('explicit', '')
UNION ALL SELECT 'weighted', * FROM apart('weighted', '') UNION ALL SELECT 'fading', * FROM apart('fading', '')
UNION ALL SELECT 'worded', * FROM apart('worded', '::text');
-- a release before the option had a seed drew as wals_holdout does
SELECT wals_train('older', 'seen', factors => 4, iterations => 4, holdout => 0.3, holdout_seed => 1752132708);
UPDATE older SET options = options - 'holdout_seed';
SELECT * FROM apart('older', '');

-- an explanation has what was trained on, and a NOTICE says what it has not
SELECT count(*) AS differences FROM (SELECT because_item_id FROM wals_explain(7, 3, NULL, 'implicit')) AS x
FULL JOIN (SELECT item_id FROM seen WHERE user_id = 7 AND NOT wals_holdout(user_id, item_id, 0.3, 1752132708)) AS s ON s.item_id = x.because_item_id
WHERE s.item_id IS NULL OR x.because_item_id IS NULL;
SET client_min_messages = notice;
SELECT count(*) FROM wals_explain(7, 3, NULL, 'implicit');
SET client_min_messages = warning;
-- what is held out was seen, so it is not recommended, folded in or not
SELECT count(*) > 500 AS some, count(*) FILTER (WHERE s.item_id IS NOT NULL) AS seen,
	count(*) FILTER (WHERE r.item_id IS DISTINCT FROM f.item_id) AS differences
FROM generate_series(1, 60) AS u, LATERAL wals_recommend(u, 30, 'implicit') AS r
LEFT JOIN LATERAL (SELECT f.item_id FROM wals_recommend(u, 30, 'implicit', fold_in => 'always') AS f WHERE f.rank = r.rank) AS f ON true
LEFT JOIN LATERAL (SELECT s.item_id FROM seen AS s WHERE s.user_id = u AND s.item_id = r.item_id LIMIT 1) AS s ON true;
-- factors, and exploring, which needs the rows of users it knows
SELECT count(*) AS users, bool_and((SELECT max(abs(a - b)) FROM unnest(u.factors, wals_user_factors(u.id, 'implicit', 'always')) AS x(a, b)) < 1e-4) AS same
FROM implicit_users AS u;
SELECT count(*) > 0 AS explores FROM wals_recommend(7, 5, 'implicit', explore => 1);

-- Who is not in the version is answered from all rows: 900 has none that was
-- trained on.
INSERT INTO seen SELECT 900, i, 5, '2025-02-01' FROM generate_series(1, 30) AS i WHERE wals_holdout(900, i, 0.3, 1752132708);
SELECT count(*) > 3 AS rows FROM seen WHERE user_id = 900;
SELECT DISTINCT basis FROM wals_recommend(900, 5, 'implicit');
SELECT bool_and(abs(wals_score(900, i, 'implicit', fold_in => 'auto') - (SELECT sum(contribution) FROM wals_explain(900, i, NULL, 'implicit'))) < 1e-5) AS explained,
	min((SELECT count(*) FROM wals_explain(900, i, NULL, 'implicit'))) = (SELECT count(*) FROM seen WHERE user_id = 900) AS all_rows
FROM generate_series(1, 30) AS i;

-- ---------------------------------------------------------------------------
-- A refresh leaves out the same, so the version stays one that has not seen it
-- ---------------------------------------------------------------------------

SELECT wals_queue_enable('implicit'), wals_queue_enable('explicit');
INSERT INTO seen SELECT u, i, 4, '2025-03-01' FROM generate_series(3, 60, 9) AS u, generate_series(1, 30, 4) AS i WHERE (u + i) % 2 = 0;
INSERT INTO seen SELECT 901, i, 4, '2025-03-01' FROM generate_series(1, 20) AS i;
INSERT INTO seen SELECT 902, i, 5, '2025-02-01' FROM generate_series(1, 30) AS i WHERE wals_holdout(902, i, 0.3, 1752132708);
INSERT INTO seen SELECT u, 77, 3, '2025-03-01' FROM generate_series(1, 60, 5) AS u;
SELECT users_added, items_added FROM wals_refresh('implicit', items => 'touched');
SELECT users_added, items_added FROM wals_refresh('explicit');
SELECT v.version, v.options ? 'holdout_seen' AS seen, v.n_users = (SELECT count(*) FROM implicit_users) AS n_users,
	v.n_entries = (SELECT count(DISTINCT (user_id, item_id)) FROM seen WHERE user_id < 900 AND NOT wals_holdout(user_id, item_id, 0.3, 1752132708))
		+ (SELECT count(*) FROM seen WHERE user_id = 901 AND NOT wals_holdout(user_id, item_id, 0.3, 1752132708)) AS n_entries
FROM implicit AS v;
-- all users it solved: the touched ones, and who has rows of the touched items
SELECT * FROM apart('implicit', '', (SELECT array_agg(id::text) FROM implicit_users));
SELECT * FROM apart('explicit', '', (SELECT array_agg(DISTINCT user_id::text) FROM seen WHERE at = '2025-03-01'));
SELECT EXISTS (SELECT FROM implicit_users WHERE id = 901) AS known, EXISTS (SELECT FROM implicit_users WHERE id = 902) AS only_held_out,
	(SELECT DISTINCT basis FROM wals_recommend(902, 5, 'implicit')) AS basis;
-- forgetting solves its items again
SELECT items_updated > 0 AS items FROM wals_forget(12, 'implicit', delete_rows => true);
SELECT options ? 'holdout_seen' AS seen FROM implicit;
SELECT * FROM apart('implicit', '', (SELECT array_agg(DISTINCT user_id::text) FROM seen WHERE item_id IN (SELECT item_id FROM seen WHERE user_id = 3)));
-- and the next gate is fair
CALL wals_retrain('implicit', activate => 'if_better', margin => 1);
SELECT version, started_from, metrics -> 'gate' -> 'active_saw_holdout' AS saw FROM implicit ORDER BY 1;

SET client_min_messages = error;
DROP SCHEMA held_rows CASCADE;
