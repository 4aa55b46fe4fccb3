-- The options in a version's row, damaged: whoever reads one says the same.
SET client_min_messages = warning;
CREATE SCHEMA stored_options;
SET search_path = stored_options, public;

CREATE TABLE r AS
SELECT u AS user_id, i AS item_id, (1 + (u * 3 + i) % 5)::real AS value, timestamptz '2026-01-01' + u * interval '1 hour' AS at
FROM generate_series(1, 12) AS u, generate_series(1, 10) AS i WHERE (u * u + i + u * i) % 3 > 0;
CREATE TABLE w AS SELECT u AS user_id, (1 + u % 2)::real AS weight FROM generate_series(1, 12) AS u;
SELECT wals_train('m', 'r', value_col => 'value', time_col => 'at', feedback => 'weighted', factors => 3, iterations => 2,
	seed => 9223372036854775807, row_weights => 'w', holdout => 0.1, holdout_seed => '-9223372036854775808');

-- what comes of a query after the options were changed; all of it undone
CREATE FUNCTION after(change text, query text) RETURNS text
LANGUAGE plpgsql AS
$$
DECLARE
	state text;
	message text;
	detail text;
BEGIN
	EXECUTE 'UPDATE m SET options = ' || change;
	EXECUTE query;
	RAISE EXCEPTION USING ERRCODE = '00001', MESSAGE = 'fine';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
	RETURN CASE WHEN state = '00001' THEN message ELSE concat_ws(E'\n', state || ': ' || message, detail) END;
END;
$$;
CREATE TABLE readers (nr integer, reader text, query text);
INSERT INTO readers VALUES
	(1, 'train again', 'CALL wals_retrain(''m'')'),
	(2, 'refresh', 'SELECT wals_refresh(''m'', since => ''-infinity'')'),
	(3, 'fold in', 'SELECT * FROM wals_recommend(3, 5, ''m'', fold_in => ''always'')');
SELECT reader, after('options', query) FROM readers ORDER BY nr;

-- the options of the objective: all of them, in the same words
SELECT change, count(DISTINCT outcome) AS outcomes, min(outcome) AS outcome
FROM unnest(ARRAY[
	'options - ''weighting''', 'options || ''{"weighting": "heavy"}''', 'options || ''{"weighting": null}''',
	'options || ''{"alpha": "1"}''', 'options || ''{"alpha": 0}''', 'options || ''{"epsilon": 1e400}''',
	'options || ''{"popularity_exponent": 11}''', 'options || ''{"weight_normalize": 1}''',
	'options - ''half_life_seconds''', 'options || ''{"half_life_seconds": -1}''',
	'options || ''{"holdout": 1}''', 'options || ''{"holdout_seed": 0.5}''', 'options || ''{"holdout_seed": 9223372036854775808}''',
	'''[1]''', '''"x"''']) WITH ORDINALITY AS c(change, nr),
	readers, after(change, query) AS outcome
GROUP BY change, c.nr ORDER BY c.nr;

-- what only a training needs: whole numbers are whole, and in range
SELECT change, after('options || ' || quote_literal(change), 'CALL wals_retrain(''m'')') AS outcome
FROM unnest(ARRAY['{"factors": 64.5}', '{"factors": 3.0}', '{"factors": 0}', '{"factors": -2147483648}', '{"factors": "3"}', '{"factors": true}',
	'{"iterations": 2.5}', '{"iterations": 1e30}', '{"iterations": 1001}', '{"iterations": null}',
	'{"seed": 0.5}', '{"seed": -9223372036854775809}', '{"seed": -9223372036854775808}',
	'{"max_seconds": null}', '{"max_seconds": 5}', '{"max_seconds": 0}', '{"max_seconds": 4294967297}',
	'{"keep_versions": 0}', '{"keep_versions": 1.25}', '{"keep_versions": null}', '{"tolerance": 2}', '{"tolerance": "0"}',
	'{"warm_start": 0}', '{"solver": "lu"}', '{"cg_steps": 101}', '{"min_user_rows": 0.9}', '{"biases": 0}',
	'{"row_weights": true}', '{"row_weights": null}', '{"col_weights": {}}', '{"chosen": null}', '{"chosen": {"factors": 1}}']) WITH ORDINALITY AS c(change, nr)
ORDER BY nr;
SELECT after('options - ''seed''', 'CALL wals_retrain(''m'')');
SELECT after('options - ''row_weights''', 'CALL wals_retrain(''m'')');

-- what is chosen anew need not be there
SELECT options -> 'chosen' AS chosen FROM m;
SELECT after('options - ''regularization''', 'CALL wals_retrain(''m'')');

-- and what was read is what was written, to the last digit
CALL wals_retrain('m', warm_start => false, activate => 'no');
SELECT count(DISTINCT options) AS options, min(options ->> 'seed') AS seed, min(options ->> 'holdout_seed') AS holdout_seed FROM m;

SET client_min_messages = warning;
DROP SCHEMA stored_options CASCADE;
