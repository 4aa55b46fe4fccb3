-- Draws for different purposes are independent of each other: what wals_holdout
-- has drawn, a training's holdout, the gate and wals_tune draw from as from any
-- other relation, with whatever seeds.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA draws;
SET search_path = draws, public;

CREATE TABLE likes AS
SELECT u AS user_id, i AS item_id FROM generate_series(1, 300) AS u, generate_series(1, 80) AS i
WHERE u % 5 = i % 5 OR (u * 31 + i * 17) % 7 = 0;
SELECT count(*) FROM likes;

-- Whether n of N drawn with probability p is what a binomial expects: within
-- four standard deviations, which is missed once in 16,000 draws; these are fixed.
CREATE FUNCTION expected(n bigint, of bigint, p double precision) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$ SELECT abs(n - of * p) <= 4 * sqrt(of * p * (1 - p)) $$;

-- what a training on a view holds out: what it did not train on
CREATE FUNCTION held_out(source regclass, fraction double precision, holdout_seed bigint, OUT drawn bigint, OUT of bigint)
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM wals_train('drawn', source, factors => 1, iterations => 1, holdout => fraction, holdout_seed => held_out.holdout_seed);
	SELECT n_rows - n_entries, n_rows INTO drawn, of FROM drawn WHERE active;
	PERFORM wals_drop('drawn');
END $$;

-- views of either part, of the same and of other seeds
CREATE VIEW test_0 AS SELECT * FROM likes WHERE wals_holdout(user_id, item_id, 0.2);
CREATE VIEW train_0 AS SELECT * FROM likes WHERE NOT wals_holdout(user_id, item_id, 0.2);
CREATE VIEW test_7 AS SELECT * FROM likes WHERE wals_holdout(user_id, item_id, 0.2, 7);
CREATE VIEW train_7 AS SELECT * FROM likes WHERE NOT wals_holdout(user_id, item_id, 0.2, 7);
SELECT v.source, f.fraction, s.seed, expected(h.drawn, h.of, f.fraction) AS binomial
FROM unnest(ARRAY['likes', 'test_0', 'train_0', 'test_7', 'train_7']::regclass[]) AS v(source),
	unnest(ARRAY[0.1, 0.2, 0.4]::double precision[]) AS f(fraction), unnest(ARRAY[0, 7]) AS s(seed), held_out(v.source, f.fraction, s.seed) AS h
ORDER BY 1, 2, 3;

-- the pairs are those the reference names, by the option and by the column metrics
SELECT wals_train('m', 'train_0', factors => 2, iterations => 2, holdout => 0.1, holdout_seed => 3);
SELECT options -> 'holdout' AS holdout, options -> 'holdout_seed' AS holdout_seed,
	(metrics #>> '{holdout,seed}')::bigint = (3 # 1752132708) AS seed,
	n_rows - n_entries = (SELECT count(*) FROM train_0 WHERE wals_holdout(user_id, item_id, 0.1, (m.metrics #>> '{holdout,seed}')::bigint)) AS those
FROM m;
-- a retraining keeps them, unless it is told otherwise; another seed draws others
CALL wals_retrain('m');
CALL wals_retrain('m', holdout_seed => 4);
CALL wals_retrain('m', holdout => 0.1);
SELECT version, options -> 'holdout_seed' AS holdout_seed, started_from FROM m ORDER BY 1;
SELECT expected(count(*) FILTER (WHERE wals_holdout(user_id, item_id, 0.1, 3 # 1752132708)), count(*), 0.1) AS independent
FROM likes WHERE wals_holdout(user_id, item_id, 0.1, 4 # 1752132708);
-- a version of a release without the option drew as wals_holdout does without a
-- seed; what comes after it holds out the same pairs, so that neither has seen them
SELECT wals_train('old', 'likes', factors => 2, iterations => 2, holdout => 0.1, holdout_seed => 1752132708);
UPDATE old SET options = options - 'holdout_seed';
CALL wals_retrain('old', activate => 'if_better', margin => 1);
SELECT version, metrics -> 'gate' -> 'active_saw_holdout' AS saw, metrics #> '{holdout,seed}' AS seed,
	n_rows - n_entries = (SELECT count(*) FROM likes WHERE wals_holdout(user_id, item_id, 0.1)) AS those
FROM old ORDER BY 1;
-- on a view that wals_holdout drew from it found nothing; the hint helps
UPDATE m SET options = options - 'holdout_seed';
CALL wals_retrain('m');
CALL wals_retrain('m', holdout_seed => 1);
SELECT expected(n_rows - n_entries, n_rows, 0.1) AS binomial FROM m WHERE active;

-- tuning, training and the gate on views of either part, all with the default
-- seeds: each finds something to measure, on as many pairs as it should
CREATE FUNCTION tuned(source regclass, seed bigint, OUT trials bigint, OUT measured boolean)
LANGUAGE sql AS $$
	SELECT count(*), bool_and(value IS NOT NULL) AND bool_or(test_value IS NOT NULL)
	FROM wals_tune(source, '{"factors": [2, 4], "iterations": 2}', seed => tuned.seed)
$$;
SELECT v.source, s.seed, t.* FROM unnest(ARRAY['test_0', 'train_0', 'test_7', 'train_7']::regclass[]) AS v(source),
	unnest(ARRAY[0, 7]) AS s(seed), tuned(v.source, s.seed) AS t ORDER BY 1, 2;
SELECT wals_train('gated', 'train_0', factors => 4, holdout => 0.1);
CALL wals_retrain('gated', activate => 'if_better', margin => 1);
SELECT version, active, metrics -> 'gate' -> 'active_saw_holdout' AS saw,
	expected(n_rows - n_entries, n_rows, 0.1) AS binomial, (metrics #>> '{holdout,n_users}')::integer > 200 AS users
FROM gated ORDER BY 1;
-- a test drawn by wals_holdout is held out of none of the versions of the whole
SELECT wals_train('whole', 'likes', factors => 2, iterations => 2, holdout => 0.2);
SELECT expected(count(*) FILTER (WHERE wals_holdout(t.user_id, t.item_id, 0.2, (w.metrics #>> '{holdout,seed}')::bigint)), count(*), 0.2) AS independent
FROM test_0 AS t, whole AS w;

\set VERBOSITY terse
SELECT wals_train('m', 'likes', holdout => 1e-9);
\set VERBOSITY default
CREATE TABLE tiny AS SELECT 1 AS user_id, 1 AS item_id UNION ALL SELECT 2, 2;
SELECT wals_train('m', 'tiny', holdout => 0.0001);
SELECT * FROM wals_tune('tiny', '{"factors": [2]}', fraction => 0.4);

SET client_min_messages = error;
DROP SCHEMA draws CASCADE;
