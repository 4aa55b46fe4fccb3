--
-- What a training minimizes: each objective against plain float8 arithmetic.
--
-- The helpers below write the full matrices A (targets) and W (weights) of a
-- small problem from the documented formulas, add the loss up cell by cell, and
-- solve the system of every row by Gaussian elimination.  A training ends with
-- an exact half sweep over the users, so each stored user must solve its
-- system; after enough iterations so does each item.
--
SET client_min_messages = warning;
CREATE SCHEMA wals_objectives;
SET search_path = wals_objectives, public;

-- 7 users, 6 items, 26 entries; values 1 to 5, in "signed" also 0 and below
CREATE TABLE ratings AS
SELECT u AS user_id, i AS item_id,
	(u * u * 3 + i * 5 + u * i * i) % 11 % 5 + 1 AS value,
	(u * u * 3 + i * 5 + u * i * i) % 11 % 8 - 3 AS signed,
	1 AS one, ((u + 2 * i) % 4 + 1) / 2.0 AS weight,
	date '2024-01-01' + (u * 5 + i * 11) % 23 AS day
FROM generate_series(1, 7) AS u, generate_series(1, 6) AS i
WHERE (u * 4 + i * i + u * i) % 7 < u % 4 + 2;
CREATE TABLE row_weights AS
SELECT u AS user_id, 0.5 + u % 3 AS weight FROM generate_series(1, 6) AS u;
CREATE TABLE col_weights AS
SELECT i AS item_id, 2.5 - i % 3 AS weight FROM generate_series(2, 6) AS i;
SELECT user_id, string_agg(CASE WHEN r.user_id IS NULL THEN '.'
						   ELSE r.value::text END, ' ' ORDER BY i.item_id) AS items
FROM (SELECT DISTINCT user_id FROM ratings) AS u
CROSS JOIN (SELECT DISTINCT item_id FROM ratings) AS i
LEFT JOIN ratings AS r USING (user_id, item_id)
GROUP BY user_id ORDER BY user_id;

CREATE TABLE entries (user_id int, item_id int, r float8, c float8,
	share float8, rows float8, cols float8);
CREATE TABLE cells (user_id int, item_id int, a float8, w float8);
CREATE TABLE lambdas (side text, id int, lambda float8, bias_lambda float8);

-- A, W and the lambdas from the options of a training.
CREATE FUNCTION build_cells(o jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	feedback text := COALESCE(o->>'feedback', 'implicit');
	weighting text := COALESCE(o->>'weighting', 'constant');
	p float8 := COALESCE((o->>'row_weight_exponent')::float8, 0);
	q float8 := COALESCE((o->>'col_weight_exponent')::float8, 0);
	normalize bool := COALESCE((o->>'weight_normalize')::bool, true);
	alpha float8 := COALESCE((o->>'alpha')::float8, 1);
	epsilon float8 := COALESCE((o->>'epsilon')::float8, 1);
	w0 float8 := (o->>'unobserved_weight')::float8;
	e float8 := COALESCE((o->>'popularity_exponent')::float8, 0.5);
	lambda float8 := (o->>'regularization')::float8;
	nu float8 := COALESCE((o->>'reg_exponent')::float8, 1);
	chosen jsonb := (SELECT options FROM m WHERE active);
	half_life float8 := extract(epoch FROM (o->>'half_life')::interval) / 86400;
	power_mean float8;
	mean float8 := 0;
BEGIN
	DELETE FROM entries;
	DELETE FROM cells;
	DELETE FROM lambdas;
	EXECUTE format('INSERT INTO entries SELECT user_id, item_id, %s, %s, %s '
				   'FROM ratings', COALESCE(o->>'value_col', '1'),
				   COALESCE(o->>'weight_col', '1'),
				   CASE WHEN half_life IS NULL THEN '1' ELSE
				   format('2 ^ (((SELECT max(day) FROM ratings) - day) / -%s::float8)',
						  half_life) END);
	UPDATE entries SET c = c * share;
	IF feedback = 'implicit' THEN
		DELETE FROM entries WHERE r = 0;
	END IF;
	UPDATE entries AS x SET
		rows = (SELECT count(*) FROM entries AS y WHERE y.user_id = x.user_id),
		cols = (SELECT count(*) FROM entries AS y WHERE y.item_id = x.item_id);

	-- c_ij = g(r_ij) weight_ij R_i^p C_j^q / mean
	IF weighting = 'counts' THEN
		p := 1;
		q := 1;
		normalize := false;
	END IF;
	SELECT CASE WHEN normalize THEN avg(rows ^ p * cols ^ q) ELSE 1 END
	FROM entries INTO power_mean;
	UPDATE entries AS x SET c = c * rows ^ p * cols ^ q / power_mean *
		CASE weighting WHEN 'none' THEN 0 WHEN 'linear' THEN alpha * abs(r)
			WHEN 'log' THEN alpha * ln(1 + abs(r) / epsilon) ELSE 1 END;
	IF o ? 'row_weights' THEN
		UPDATE entries AS x SET c = c * v.weight
		FROM row_weights AS v WHERE v.user_id = x.user_id;
	END IF;
	IF o ? 'col_weights' THEN
		UPDATE entries AS x SET c = c * v.weight
		FROM col_weights AS v WHERE v.item_id = x.item_id;
	END IF;

	IF feedback = 'explicit' THEN
		w0 := 0;
		SELECT sum(c * r) / sum(c) FROM entries INTO mean;
	ELSIF w0 IS NULL THEN
		-- all unobserved cells together weigh 16 times the observed ones
		SELECT least(16 * sum(c) / (count(DISTINCT user_id) *
								   count(DISTINCT item_id)), avg(c))
		FROM entries INTO w0;
	END IF;
	INSERT INTO cells
	SELECT u.user_id, i.item_id, CASE WHEN x.user_id IS NULL THEN 0
			ELSE CASE feedback WHEN 'implicit' THEN (x.r > 0)::int ELSE x.r - mean END
				* (w0 * i.t * x.share + x.c) / (w0 * i.t + x.c) END,
		w0 * i.t + COALESCE(x.c, 0)
	FROM (SELECT DISTINCT user_id FROM entries) AS u
	CROSS JOIN (SELECT item_id, CASE o->>'unobserved_weighting'
			WHEN 'popularity' THEN max(cols) ^ e / avg(max(cols) ^ e) OVER ()
			ELSE 1 END AS t
		FROM entries GROUP BY item_id) AS i
	LEFT JOIN entries AS x USING (user_id, item_id);
	-- weighted: in the unit of the values; explicit: what the training found in
	-- them, as what it regularizes biases with
	IF lambda IS NULL AND feedback = 'explicit' THEN
		lambda := chosen->>'regularization';
		nu := chosen->>'reg_exponent';
	ELSIF lambda IS NULL AND feedback = 'weighted' THEN
		SELECT 0.03 * sqrt(sum(c * r * r) / sum(c)) FROM entries INTO lambda;
	ELSIF lambda IS NULL THEN
		lambda := 0.03;
	END IF;
	INSERT INTO lambdas
	SELECT 'user', user_id, lambda * sum(w) ^ nu, (chosen->>'user_bias_regularization')::float8 FROM cells GROUP BY user_id
	UNION ALL
	SELECT 'item', item_id, lambda * sum(w) ^ nu, (chosen->>'item_bias_regularization')::float8 FROM cells GROUP BY item_id;
END $$;

-- x of A x = b, by Gaussian elimination with row pivots.
CREATE FUNCTION gauss(a float8[], b float8[]) RETURNS float8[]
LANGUAGE plpgsql AS $$
DECLARE
	n int := cardinality(b);
	best int;
	swap float8;
	f float8;
BEGIN
	FOR p IN 1 .. n LOOP
		best := p;
		FOR r IN p + 1 .. n LOOP
			IF abs(a[r][p]) > abs(a[best][p]) THEN
				best := r;
			END IF;
		END LOOP;
		FOR c IN 1 .. n LOOP
			swap := a[p][c]; a[p][c] := a[best][c]; a[best][c] := swap;
		END LOOP;
		swap := b[p]; b[p] := b[best]; b[best] := swap;
		FOR r IN 1 .. n LOOP
			CONTINUE WHEN r = p;
			f := a[r][p] / a[p][p];
			FOR c IN 1 .. n LOOP
				a[r][c] := a[r][c] - f * a[p][c];
			END LOOP;
			b[r] := b[r] - f * b[p];
		END LOOP;
	END LOOP;
	FOR p IN 1 .. n LOOP
		b[p] := b[p] / a[p][p];
	END LOOP;
	RETURN b;
END $$;

-- Factors of the version that answers; with biases the bias is one of them.
CREATE TABLE stored (side text, id int, x float8[], bias float8);
CREATE FUNCTION read_stored() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM stored;
	INSERT INTO stored
	SELECT f.side, f.id, f.factors::float8[] ||
		CASE WHEN m.biases THEN ARRAY[f.bias::float8] END, f.bias
	FROM m CROSS JOIN LATERAL (
		SELECT 'user' AS side, * FROM m_users
		UNION ALL SELECT 'item', * FROM m_items) AS f
	WHERE m.active AND f.version = m.version;
END $$;

-- Largest relative distance of the stored rows of a side to the solutions of
--   (sum_j W_ij v_j v_j' + lambda_i I) x = sum_j W_ij a_ij v_j
-- With biases v_j is (v_j, 1), the last lambda that of biases, and a_ij is a_ij
-- less the other side's bias.
CREATE FUNCTION distance(p_side text, p_biases bool) RETURNS float8
LANGUAGE plpgsql AS $$
DECLARE
	result float8 := 0;
	this record;
	cell record;
	v float8[];
	a float8[];
	b float8[];
	k int;
BEGIN
	FOR this IN SELECT s.x, s.id, l.lambda, l.bias_lambda FROM stored AS s
		JOIN lambdas AS l USING (side, id) WHERE side = p_side
	LOOP
		k := cardinality(this.x);
		a := array_fill(0::float8, ARRAY[k, k]);
		b := array_fill(0::float8, ARRAY[k]);
		FOR cell IN SELECT c.a, c.w, s.x, s.bias FROM cells AS c JOIN stored AS s
			ON s.side <> p_side AND
				s.id = CASE p_side WHEN 'user' THEN c.item_id ELSE c.user_id END
			WHERE this.id = CASE p_side WHEN 'user' THEN c.user_id ELSE c.item_id END
		LOOP
			v := cell.x;
			IF p_biases THEN
				v[k] := 1;
			END IF;
			FOR p IN 1 .. k LOOP
				FOR q IN 1 .. k LOOP
					a[p][q] := a[p][q] + cell.w * v[p] * v[q];
				END LOOP;
				b[p] := b[p] + cell.w * (cell.a - cell.bias) * v[p];
			END LOOP;
		END LOOP;
		FOR p IN 1 .. k LOOP
			a[p][p] := a[p][p] + CASE WHEN p_biases AND p = k THEN this.bias_lambda ELSE this.lambda END;
		END LOOP;
		b := gauss(a, b);
		SELECT greatest(result, max(abs(s - t)) / (max(abs(s)) + 1e-12))
		FROM unnest(b, this.x) AS d(s, t) INTO result;
	END LOOP;
	RETURN result;
END $$;

-- The objective, added up over all cells and rows.
CREATE FUNCTION brute_loss(p_biases bool) RETURNS float8 LANGUAGE sql AS $$
	SELECT (SELECT sum(c.w * (c.a - d.p) ^ 2)
		FROM cells AS c
		JOIN stored AS u ON u.side = 'user' AND u.id = c.user_id
		JOIN stored AS v ON v.side = 'item' AND v.id = c.item_id,
		LATERAL (SELECT sum(s * t) + CASE WHEN p_biases THEN
				u.bias + v.bias - u.bias * v.bias ELSE 0 END AS p
			FROM unnest(u.x, v.x) AS d(s, t)) AS d)
	+ (SELECT sum(l.lambda * d.square + CASE WHEN p_biases THEN (l.bias_lambda - l.lambda) * s.bias ^ 2 ELSE 0 END)
		FROM stored AS s
		JOIN lambdas AS l USING (side, id),
		LATERAL (SELECT sum(t * t) AS square FROM unnest(s.x) AS t) AS d)
$$;

-- Train with these options, print the objective, hold it against the above.
CREATE FUNCTION check_objective(o jsonb)
RETURNS TABLE (objective text, entries_ok bool, users_ok bool, items_ok bool,
	loss_ok bool, falls bool, scores_ok bool)
LANGUAGE plpgsql AS $$
DECLARE
	biases bool;
	loss float8;
	mean float8;
BEGIN
	EXECUTE (SELECT format('SELECT wals_train(''m'', ''ratings'', '
						   'keep_versions => 1, %s)',
						   string_agg(format('%I => %L', key, value), ', '))
			 FROM jsonb_each_text('{"factors": 2, "iterations": 400}' || o));
	PERFORM build_cells(o);
	PERFORM read_stored();
	SELECT m.objective, m.biases, m.loss, m.global_mean,
		m.n_entries = (SELECT count(*) FROM entries)
	FROM m INTO objective, biases, loss, mean, entries_ok;
	entries_ok := entries_ok AND NOT EXISTS (
		SELECT FROM m_users FULL JOIN
			(SELECT user_id, count(*) FROM entries GROUP BY 1) AS c ON id = user_id
		WHERE n IS DISTINCT FROM count)
		AND (biases OR NOT EXISTS (SELECT FROM stored WHERE bias <> 0));
	users_ok := distance('user', biases) < 2e-5;
	items_ok := distance('item', biases) < 1e-4;
	loss_ok := abs(brute_loss(biases) - loss) < 2e-6 * loss;
	SELECT (SELECT m.loss < 1.000005 * losses[iterations] FROM m) AND
		COALESCE(bool_and(rel_change < 5e-6), true) FROM wals_training_log
	WHERE model = 'm'::regclass AND iteration > 1 INTO falls;
	SELECT bool_and(abs(wals_score(c.user_id, c.item_id, 'm') - least((options ->> 'highest_value')::float8,
				greatest((options ->> 'lowest_value')::float8, d.p))) < 5e-6)
	FROM m CROSS JOIN cells AS c
	JOIN stored AS u ON u.side = 'user' AND u.id = c.user_id
	JOIN stored AS v ON v.side = 'item' AND v.id = c.item_id,
	LATERAL (SELECT mean + u.bias + v.bias +
				sum(s * t) FILTER (WHERE n <= m.factors) AS p
		FROM unnest(u.x, v.x) WITH ORDINALITY AS d(s, t, n)) AS d
	INTO scores_ok;
	RETURN NEXT;
END $$;

\x on

-- plain ALS over all cells
SELECT * FROM check_objective('{"feedback": "weighted", "value_col": "value",
	"weighting": "none", "unobserved_weight": 1, "regularization": 0.5,
	"reg_exponent": 0}');

-- the same against its closed form U = A V (V'V + lambda I)^-1, written out
-- for two factors
WITH v AS (SELECT id, x[1] AS v1, x[2] AS v2 FROM stored WHERE side = 'item'),
gram AS (SELECT sum(v1 * v1) + 0.5 AS g11, sum(v1 * v2) AS g12,
	sum(v2 * v2) + 0.5 AS g22 FROM v),
av AS (SELECT user_id, sum(value * v1) AS b1, sum(value * v2) AS b2
	FROM ratings JOIN v ON id = item_id GROUP BY user_id)
SELECT count(*) AS users,
	bool_and(abs(x[1] - (g22 * b1 - g12 * b2) / (g11 * g22 - g12 * g12)) < 1e-4 AND
			 abs(x[2] - (g11 * b2 - g12 * b1) / (g11 * g22 - g12 * g12)) < 1e-4)
		AS closed_form
FROM stored JOIN av ON user_id = id CROSS JOIN gram WHERE side = 'user';

-- W_ij = w0 + R_i C_j, the raw counts
SELECT * FROM check_objective('{"feedback": "weighted", "value_col": "value",
	"weighting": "counts", "unobserved_weight": 5, "regularization": 0.05}');
-- the same with 1 as every value, and by its long name
SELECT * FROM check_objective('{"feedback": "weighted", "value_col": "one",
	"weighting": "counts", "unobserved_weight": 5}');
SELECT * FROM check_objective('{"feedback": "weighted", "value_col": "value",
	"row_weight_exponent": 1, "col_weight_exponent": 1, "weight_normalize": false,
	"unobserved_weight": 5, "regularization": 0.5, "reg_exponent": 0.5}');
-- negatives that hardly count: a warning
SELECT objective FROM check_objective('{"weighting": "counts",
	"unobserved_weight": 0.25}');

-- powers of the counts, with mean 1 over the entries
SELECT * FROM check_objective('{"feedback": "weighted", "value_col": "value",
	"row_weight_exponent": -0.5, "col_weight_exponent": 0.75,
	"unobserved_weight": 0.5}');
SELECT * FROM check_objective('{"col_weight_exponent": 2, "regularization": 1,
	"reg_exponent": 0}');

-- a weight for each row of the source, for users, for items (missing ones: 1)
SELECT * FROM check_objective('{"feedback": "weighted", "value_col": "value",
	"weight_col": "weight", "unobserved_weight": 0.25, "regularization": 0.05}');
SELECT * FROM check_objective('{"feedback": "weighted", "value_col": "value",
	"row_weights": "row_weights", "unobserved_weight": 0.25,
	"regularization": 0.2, "reg_exponent": 0.5}');
SELECT * FROM check_objective('{"weight_col": "weight",
	"row_weights": "row_weights", "col_weights": "col_weights",
	"row_weight_exponent": 1}');
-- ages: half as much weight every ten days
SELECT * FROM check_objective('{"time_col": "day", "half_life": "10 days",
	"duplicates": "sum"}');

-- implicit feedback: every entry the same, by value, by its logarithm;
-- negative values are dislikes (target 0), value 0 is no entry
SELECT * FROM check_objective('{}');
SELECT * FROM check_objective('{"unobserved_weight": 1, "factors": 3}');
SELECT * FROM check_objective('{"value_col": "value", "weighting": "linear",
	"alpha": 0.75, "regularization": 0.02}');
SELECT * FROM check_objective('{"value_col": "signed", "weighting": "linear",
	"unobserved_weight": 1, "regularization": 0.1, "reg_exponent": 0.5}');
SELECT * FROM check_objective('{"value_col": "signed", "weighting": "log",
	"alpha": 2, "epsilon": 0.5, "unobserved_weight": 0.5}');
SELECT * FROM check_objective('{"value_col": "signed", "weighting": "none",
	"unobserved_weight": 2, "regularization": 0}');

-- popular items nobody touched count more as negatives
SELECT * FROM check_objective('{"unobserved_weight": 0.5,
	"unobserved_weighting": "popularity"}');
SELECT * FROM check_objective('{"feedback": "weighted", "value_col": "value",
	"unobserved_weighting": "popularity", "popularity_exponent": 1,
	"row_weight_exponent": 0.5, "regularization": 0.2, "reg_exponent": 0.5}');

-- observed cells only, with mean and biases, without biases, weighted
SELECT * FROM check_objective('{"feedback": "explicit", "value_col": "value"}');
SELECT * FROM check_objective('{"feedback": "explicit", "value_col": "value",
	"biases": false, "regularization": 0.2}');
SELECT * FROM check_objective('{"feedback": "explicit", "value_col": "signed",
	"weight_col": "weight", "col_weights": "col_weights", "factors": 1,
	"regularization": 0.3, "reg_exponent": 0.5}');
SELECT * FROM check_objective('{"feedback": "explicit", "value_col": "value",
	"weighting": "counts", "regularization": 2, "reg_exponent": 0}');

-- after one iteration the users solve their systems all the same: stored
-- scores are those of folding in
SELECT users_ok, loss_ok, scores_ok
FROM check_objective('{"iterations": 1, "value_col": "value"}');
SELECT users_ok, loss_ok, scores_ok FROM check_objective('{"iterations": 2,
	"feedback": "explicit", "value_col": "value"}');

-- few entries: the weight of the unobserved cells follows from the density
TRUNCATE ratings;
INSERT INTO ratings
SELECT u, (u * 5 + n * (u + 3)) % 12 + 1, n + 1, 1, 1, 1, date '2024-01-01'
FROM generate_series(1, 24) AS u, generate_series(0, (u % 6 = 0)::int) AS n;
SELECT count(*) AS entries, count(DISTINCT user_id) AS users,
	count(DISTINCT item_id) AS items FROM ratings;
SELECT * FROM check_objective('{"regularization": 0.1}');
SELECT * FROM check_objective('{"value_col": "value", "weighting": "log",
	"regularization": 0.1, "reg_exponent": 0.5}');

-- the checks can fail: options that were not trained with
SELECT build_cells('{"value_col": "value", "weighting": "log",
	"regularization": 0.101, "reg_exponent": 0.5}');
SELECT distance('user', false) < 2e-5 AS users_ok,
	abs(brute_loss(false) - loss) < 2e-6 * loss AS loss_ok FROM m;

\x off
SELECT wals_drop('m');
DROP SCHEMA wals_objectives CASCADE;
